//! For every row of the table: the command, as it is given to somebody of a circle.

use std::collections::BTreeSet;
use std::sync::Arc;

use usher_core::command::{
    Accept, ChoosePassword, Command, ConnectionEdit, Create, Edit, FieldEdit, GroupEdit,
    GroupTarget, HeldWho, Import, Invite, InviteToSession, Join, OwnRecords, PoolEdit,
    ProgressReport, ProvisionGroup, SetPassword, TrainingEdit,
};
use usher_core::import::{Mode, Sheet, Table, review_individuals};
use usher_core::model::{
    Brake, ConnectionPolicy, DueKind, Field, FieldKind, GroupRole, Permission, PoolName, Progress,
    Setting, TrainingKind, UserId,
};
use usher_core::policy::Role;
use usher_core::waste::{Reason, Wasteful};

use super::company::{Company, ssh_key};
use super::{Circle, Does};
use crate::org::{address, create, newcomer, people};

fn pool(name: &str) -> PoolName {
    name.parse().unwrap()
}

fn to_group(group: &str) -> Invite {
    Invite {
        people: people("newcomer"),
        groups: vec![(group.into(), GroupRole::Learner)],
        pools: Vec::new(),
        mail: false,
        send_on: None,
    }
}

impl Company {
    /// What a row is for somebody of a circle; none where the two have nothing to do with each other.
    pub(crate) fn case(&self, row: &str, role: Role, circle: Circle) -> Option<Does> {
        match circle {
            Circle::Whole => self.of_the_whole(row),
            _ => self.of_people(row, role, circle),
        }
    }

    fn of_people(&self, row: &str, role: Role, circle: Circle) -> Option<Does> {
        let state = match row {
            "cancel" | "resend" | "accept" | "invitation_ask" => 'w',
            "reactivate" => 'i',
            "erase" => 'd',
            _ => 'a',
        };
        match (row, circle) {
            ("invite", Circle::Group) => {
                return Some(Does::Anything(Command::Invite(to_group("Sales"))));
            }
            ("invite", Circle::Outside) => {
                return Some(Does::Anything(Command::Invite(to_group("Service"))));
            }
            ("import", Circle::Group) => return Some(Does::Anything(from_file("Sales"))),
            ("import", Circle::Outside) => return Some(Does::Anything(from_file("Service"))),
            ("invite_session", Circle::Session | Circle::Outside) => {
                let session = if circle == Circle::Session {
                    "Mine"
                } else {
                    "Theirs"
                };
                return Some(Does::Anything(Command::InviteToSession(InviteToSession {
                    session: session.into(),
                    invite: to_group("Sales"),
                })));
            }
            ("undo", Circle::Own | Circle::Outside) => {
                let own = self.own.iter().find(|it| it.0 == role);
                let batch = match circle {
                    Circle::Own => own?.1,
                    _ => self.others,
                };
                return Some(Does::Anything(Command::Undo { batch }));
            }
            ("admin_key_add" | "admin_key_remove", Circle::Own | Circle::Outside) => {
                let name = match circle {
                    Circle::Own => self.somebody(role, circle, 'a')?,
                    _ => "other".to_owned(),
                };
                let who = self.id(&name);
                let command = if row == "admin_key_add" {
                    Command::AddSshKey {
                        who: who.into(),
                        key: ssh_key(9_999),
                    }
                } else {
                    Command::RemoveSshKeys {
                        who: who.into(),
                        fingerprint: None,
                    }
                };
                return Some(Does::To(who, command));
            }
            ("accept" | "password_choose" | "invitation_ask" | "password_forget", Circle::Own)
                if role == Role::Person =>
            {
                let name = if state == 'w' { "out-w" } else { "out-a" };
                let who = self.id(name);
                return Some(Does::By(who, who, self.by_themself(row, name)));
            }
            ("accept" | "password_choose" | "invitation_ask" | "password_forget", Circle::Own) => {
                return None;
            }
            ("join", Circle::Own) if role == Role::Person => {
                return Some(Does::By(self.wish, self.wish, self.joins()));
            }
            ("join", Circle::Outside) => {
                return Some(Does::By(self.id("misc"), self.wish, self.joins()));
            }
            ("join", _) => return None,
            ("accept" | "password_choose" | "invitation_ask" | "password_forget", _) => {
                let name = self.somebody(role, circle, state)?;
                let command = self.by_themself(row, &name);
                return Some(Does::By(self.id("misc"), self.id(&name), command));
            }
            _ => {}
        }
        let name = self.somebody(role, circle, state)?;
        let who = self.id(&name);
        if row == "see" {
            return Some(Does::Shows(who));
        }
        Some(Does::To(who, self.to_one(row, &name, who)?))
    }

    fn joins(&self) -> Command {
        Command::Join(Join {
            wish: self.wish,
            generation: 1,
            set: Vec::new(),
            fields: Vec::new(),
            password: None,
        })
    }

    fn by_themself(&self, row: &str, name: &str) -> Command {
        match row {
            "accept" => Command::Accept(Accept {
                user: self.id(name),
                generation: None,
                set: Vec::new(),
                fields: Vec::new(),
                password: None,
                records: OwnRecords::StartFresh,
            }),
            "invitation_ask" => Command::AskForInvitation {
                user: self.id(name),
            },
            "password_forget" => Command::ForgetPassword {
                user: self.id(name),
            },
            _ => Command::ChoosePassword(ChoosePassword {
                user: self.id(name),
                generation: self.link_of(name),
                password: self.hash.clone(),
            }),
        }
    }

    fn to_one(&self, row: &str, name: &str, id: UserId) -> Option<Command> {
        let who = || id.into();
        Some(match row {
            "cancel" => Command::Cancel { who: who() },
            "resend" => Command::Resend {
                who: who(),
                mail: false,
            },
            "edit" => Command::Edit(Edit {
                set: vec![(Field::Title, Some("Chief".into()))],
                ..Edit::of(id)
            }),
            "edit_protect" => Command::Edit(Edit {
                protected: Some(true),
                ..Edit::of(id)
            }),
            "password_set" => Command::SetPassword(SetPassword {
                user: id,
                password: Some(self.hash.clone()),
            }),
            "password_mail" => Command::MailPasswordLink { who: who() },
            "deactivate" => Command::Deactivate { who: who() },
            "reactivate" => Command::Reactivate {
                who: who(),
                restore_assignments: false,
            },
            "delete" => Command::Delete { who: who() },
            "erase" => Command::Erase { who: who() },
            "grant" => Command::Grant {
                who: who(),
                pool: pool("method"),
                until: None,
            },
            "release" => Command::Release {
                who: who(),
                pool: pool("lib"),
            },
            "queue_move" => Command::MoveInQueue {
                pool: pool("full"),
                who: who(),
                position: 1,
            },
            "assign" => Command::Assign {
                who: who(),
                training: "Intro".into(),
            },
            "unassign" => Command::Unassign {
                who: who(),
                training: "Basics".into(),
            },
            "progress" => Command::Progress {
                reports: vec![ProgressReport {
                    who: address(name),
                    training: "Basics".into(),
                    step: Progress::Started,
                }],
            },
            "admin_grant" => Command::GrantPermissions {
                who: who(),
                permissions: vec![Permission::ManageReports, Permission::ManageAssignments],
            },
            _ => return None,
        })
    }

    fn of_the_whole(&self, row: &str) -> Option<Does> {
        let who = |name: &str| self.org.who(name);
        let due = |kind| Command::DoDue {
            kind,
            day: match kind {
                DueKind::Erase => "2027-01-15".parse().unwrap(),
                _ => "2027-01-20".parse().unwrap(),
            },
        };
        let pool_set = |set| Command::SetPool {
            name: pool("method"),
            set,
        };
        let command = match row {
            // To somebody.
            "see" | "accept" | "cancel" | "resend" | "edit" | "edit_protect" | "password_set"
            | "password_mail" | "password_choose" | "deactivate" | "reactivate" | "delete"
            | "erase" | "grant" | "release" | "queue_move" | "assign" | "unassign" | "progress"
            | "admin_grant" | "admin_key_add" | "admin_key_remove" | "invite"
            | "invite_session" | "import" | "undo" | "invitation_ask" | "password_forget"
            | "join" => {
                return None;
            }
            "see_administrators_fields" => return Some(Does::ShowsFields),
            "idp_replay" => {
                return Some(Does::InPlace(Command::Provision(newcomer("newcomer", "9"))));
            }
            "create" => match create("newcomer") {
                Command::Create(it) => Command::Create(Create { mail: false, ..it }),
                other => other,
            },
            "provision" => Command::Provision(newcomer("newcomer", "9")),
            "provision_group" => Command::ProvisionGroup(ProvisionGroup {
                target: GroupTarget::New,
                name: Some("Provided".into()),
                external_id: None,
                only: false,
                add: Vec::new(),
                remove: Vec::new(),
            }),
            "reclaim" => Command::Reclaim(Wasteful {
                reasons: BTreeSet::from([Reason::NotAccepted]),
                not_seen_since: self.org.directory.now(),
                invited_before: self.org.directory.now(),
                pool: None,
                except: BTreeSet::new(),
                limit: 5,
            }),
            "pool_add" => Command::AddPool {
                name: pool("another"),
                set: PoolEdit {
                    purchased: Some(0),
                    ..PoolEdit::default()
                },
            },
            "pool_set" => pool_set(PoolEdit {
                at_capacity: Some("refuse".parse().unwrap()),
                ..PoolEdit::default()
            }),
            "pool_raise" => pool_set(PoolEdit {
                purchased: Some(500),
                ..PoolEdit::default()
            }),
            "promote" => Command::Promote,
            "progress_again" => Command::ProgressAgain,
            "due_deactivate" => due(DueKind::Deactivate),
            "due_license_end" => due(DueKind::LicenseEnd),
            "due_delete" => due(DueKind::Delete),
            "due_send" => due(DueKind::Send),
            "due_erase" => due(DueKind::Erase),
            "group_add" => Command::AddGroup {
                name: "Another".into(),
            },
            "group_set" => Command::EditGroup {
                group: "Service".into(),
                set: GroupEdit {
                    name: Some("Services".into()),
                    ..GroupEdit::default()
                },
            },
            "group_remove" => Command::RemoveGroup {
                group: "Service".into(),
            },
            "group_budget" => Command::SetGroupBudget {
                group: "Service".into(),
                seats: Some(3),
            },
            "training_add" => Command::AddTraining {
                name: "Another".into(),
                kind: TrainingKind::Course,
                pool: None,
                held_on: None,
            },
            "training_set" => Command::SetTraining {
                training: "Intro".into(),
                set: TrainingEdit {
                    name: Some("Introduction".into()),
                    ..TrainingEdit::default()
                },
            },
            "training_remove" => Command::RemoveTraining {
                training: "Intro".into(),
            },
            "training_instructors" => Command::SetInstructors {
                training: "Theirs".into(),
                who: who("out-a"),
                are: true,
            },
            "admin_revoke" => Command::RevokePermissions {
                who: who("mr"),
                permissions: vec![Permission::ManageReports],
            },
            "admin_link" => Command::LinkSystemUser {
                system_user: "another".into(),
                who: who("mu"),
            },
            "admin_unlink" => Command::UnlinkSystemUser {
                system_user: "linked".into(),
            },
            "approve" => Command::Approve {
                approval: self.approval,
            },
            "reject" => Command::Reject {
                approval: self.approval,
            },
            "individuals_import" => {
                let table = Table::read(b"email,training\nanother@acme.example,Intro\n").unwrap();
                Command::ImportIndividuals {
                    accounts: review_individuals(&table).unwrap().accounts,
                }
            }
            "individuals_transfer" => Command::TransferIndividual {
                email: address("out-a"),
                trainings: Vec::new(),
            },
            "individuals_erase" => Command::EraseIndividual {
                email: address("stranger"),
            },
            "field_add" => Command::AddField {
                name: "Another".into(),
                kind: FieldKind::Text,
                set: FieldEdit::default(),
            },
            "field_set" => Command::SetField {
                name: "Shirt".into(),
                set: FieldEdit {
                    name: Some("Blouse".into()),
                    ..FieldEdit::default()
                },
            },
            "field_remove" => Command::RemoveField {
                name: "Shirt".into(),
            },
            "label_rename" => Command::RenameLabel {
                label: "blue".into(),
                to: Some("green".into()),
            },
            "label_remove" => Command::RenameLabel {
                label: "blue".into(),
                to: None,
            },
            "mail_text" => Command::SetMailText {
                template: usher_core::plan::Template::Invitation,
                language: usher_core::model::Language::English,
                text: Some(usher_core::mail::MailText {
                    subject: "Come in".into(),
                    body: "{link}".into(),
                }),
            },
            "setting" => Command::SetSetting {
                setting: Setting::IdleMinutes,
                value: Some("7".into()),
            },
            "join_set" => Command::SetJoinPage {
                set: vec![(Setting::JoinGroup, Some("Sales".into()))],
            },
            "idp_add" => Command::AddConnection {
                name: "another".into(),
                policy: ConnectionPolicy::default(),
            },
            "idp_set" => Command::SetConnection {
                name: "okta".into(),
                set: ConnectionEdit {
                    mails: Some(true),
                    ..ConnectionEdit::default()
                },
            },
            "idp_map" => Command::MapAttributes {
                name: "okta".into(),
                set: vec![("region".into(), Some("nickName".into()))],
            },
            "idp_own" => Command::OwnFields {
                name: "okta".into(),
                fields: Some(vec!["title".into()]),
            },
            "idp_relink" => Command::Relink {
                name: "okta".into(),
                who: who("held"),
            },
            "idp_rotate" => Command::RotateToken {
                name: "okta".into(),
                overlap_ms: 0,
            },
            "idp_revoke" => Command::RevokeConnection {
                name: "okta".into(),
            },
            "idp_brake" => Command::SetBrake {
                name: "entra".into(),
                brake: Some(Brake {
                    floor: 77,
                    ..Brake::default()
                }),
            },
            "brake_release" => Command::ReleaseHeld { who: HeldWho::All },
            "brake_reject" => Command::RejectHeld { who: HeldWho::All },
            "token_add" => Command::AddPlatform {
                name: "another".into(),
                scopes: "access".parse().unwrap(),
            },
            "token_rotate" => Command::RotatePlatformToken {
                name: "lms".into(),
                overlap_ms: 0,
            },
            "token_revoke" => Command::RevokePlatform { name: "lms".into() },
            unknown => panic!(
                "{unknown} is in the table; give it a case here, in core/tests/core/matrix/cases.rs"
            ),
        };
        Some(Does::Anything(command))
    }
}

/// A file that invites somebody to a group.
fn from_file(group: &str) -> Command {
    let row = format!("newcomer@acme.example|{group}");
    let sheet = Sheet::of_texts(["email|groups", &row].map(|it| it.split('|')));
    Command::Import(Import {
        mail: false,
        ..Import::of(Arc::new(sheet), Mode::Invite)
    })
}
