//! Deeds in the words of the core.

use std::collections::BTreeSet;

use usher_core::Selection;
use usher_core::Session;
use usher_core::command::{
    Accept, ChoosePassword, Command, Create, Edit, GroupEdit, GroupTarget, HeldWho, Invite,
    NewPerson, OwnRecords, PoolEdit, ProgressReport, Provision, ProvisionGroup, ProvisionTarget,
    SetPassword,
};
use usher_core::model::{
    Actor, Brake, Field, GroupRole, NewIndividual, Part, PoolTerms, Profile, Progress, Record,
    RecordState, Setting, UserId,
};
use usher_core::query::Expr;
use usher_core::waste::{Reason, Wasteful};

use super::World;
use super::deeds::{Deed, How, Which, Who};
use super::keys::a_password;
use super::roster::{CONNECTIONS, DAY_MS, FIELDS, ZONES, day_text};

impl World {
    /// The deed in the words of the core, with whoever does it.
    pub(super) fn spoken(&self, deed: &Deed, how: How, ids: &[UserId]) -> (Session, Command) {
        let by = how
            .by
            .map_or(Actor::FileOwner, |it| Actor::Administrator(ids[it]));
        let whoever = || self.session(by, how);
        let provider = |by: usize| self.session(Actor::Connection(self.connections[by]), how);
        let selection = |who: &Who| match who {
            Who::These(who) => Selection::Ids(who.iter().map(|it| ids[*it]).collect()),
            Who::Everybody => Selection::from(Expr::Everybody),
        };
        let roster = &self.model.roster;
        let pool = |pool: usize| roster.pools[pool].name.parse().unwrap();
        let name = |who: usize| ids[who].to_string();
        let groups = self.tables.group_ids();
        let day = |ahead: i64| day_text(self.model.today() + ahead).parse().unwrap();
        let group_id = |group: usize| groups[group].to_string();
        let command = match deed {
            Deed::Join {
                active,
                emails,
                pools,
                manager,
                group,
                ahead,
            } => {
                let people = emails.iter().map(|email| NewPerson {
                    profile: Profile {
                        email: Some(email.clone()),
                        ..Profile::default()
                    },
                    manager: manager.map(name),
                    ..NewPerson::default()
                });
                let people = people.collect();
                let groups = group
                    .map(|it| (roster.groups[it].name.clone(), GroupRole::Learner))
                    .into_iter()
                    .collect();
                let pools = pools.iter().map(|it| pool(*it)).collect();
                if *active {
                    Command::Create(Create {
                        people,
                        groups,
                        pools,
                        mail: true,
                    })
                } else {
                    Command::Invite(Invite {
                        people,
                        groups,
                        pools,
                        mail: true,
                        send_on: ahead.map(day),
                    })
                }
            }
            Deed::Provision {
                by,
                name: of,
                external_id,
                active,
                manager,
            } => {
                let provision = Provision {
                    target: ProvisionTarget::New,
                    external_id: Some(Some(external_id.clone())),
                    set: vec![
                        (Field::UserName, Some(of.clone())),
                        (Field::Email, Some(of.clone())),
                    ],
                    manager: manager.map(|it| Some(name(it))),
                    active: *active,
                    spoken: manager.map(|_| Part::Manager).into_iter().collect(),
                    ..Provision::of(ProvisionTarget::New)
                };
                return (provider(*by), Command::Provision(provision));
            }
            Deed::Update {
                by,
                who,
                external_id,
                active,
                manager,
            } => {
                let provision = Provision {
                    target: ProvisionTarget::Existing {
                        user: ids[*who],
                        version: None,
                    },
                    external_id: external_id.clone().map(Some),
                    set: Vec::new(),
                    manager: manager.map(|it| it.map(name)),
                    active: *active,
                    spoken: manager.map(|_| Part::Manager).into_iter().collect(),
                    ..Provision::of(ProvisionTarget::New)
                };
                return (provider(*by), Command::Provision(provision));
            }
            Deed::Remove { by, who } => {
                return (
                    provider(*by),
                    Command::Delete {
                        who: ids[*who].into(),
                    },
                );
            }
            Deed::Accept {
                who,
                transfer,
                password,
            } => {
                let accept = Accept {
                    user: ids[*who],
                    generation: None,
                    set: Vec::new(),
                    fields: Vec::new(),
                    password: password.then(a_password),
                    records: if *transfer {
                        OwnRecords::Transfer
                    } else {
                        OwnRecords::StartFresh
                    },
                };
                return (
                    self.session(Actor::Person(ids[*who]), how),
                    Command::Accept(accept),
                );
            }
            Deed::Cancel { who } => Command::Cancel {
                who: selection(who),
            },
            Deed::Resend { who } => Command::Resend {
                who: selection(who),
                mail: true,
            },
            Deed::Edit {
                who,
                manager,
                title,
                field,
                group,
                protected,
            } => {
                let mut edit = Edit {
                    set: title
                        .iter()
                        .map(|it| (Field::Title, Some(it.clone())))
                        .collect(),
                    fields: field
                        .iter()
                        .map(|(field, value)| (FIELDS[*field].to_owned(), value.clone()))
                        .collect(),
                    manager: manager.map(|it| it.map(name)),
                    protected: *protected,
                    overriding: true,
                    ..Edit::of(selection(who))
                };
                match group {
                    Some((group, Some(role))) => edit.add_groups.push((group_id(*group), *role)),
                    Some((group, None)) => edit.remove_groups.push(group_id(*group)),
                    None => {}
                }
                Command::Edit(edit)
            }
            Deed::Require { on } => Command::SetSetting {
                setting: Setting::RequiredOnInvite,
                value: on.then(|| "title".to_owned()),
            },
            Deed::Relink { by, who } => Command::Relink {
                name: CONNECTIONS[*by].to_owned(),
                who: selection(who),
            },
            Deed::SetBrake { by, brake } => Command::SetBrake {
                name: CONNECTIONS[*by].to_owned(),
                brake: brake.map(|(share, floor)| Brake {
                    share: u8::try_from(share).unwrap(),
                    floor,
                    window_ms: 3_600_000,
                }),
            },
            Deed::ReleaseHeld { which } => Command::ReleaseHeld {
                who: held_who(which, ids),
            },
            Deed::RejectHeld { which } => Command::RejectHeld {
                who: held_who(which, ids),
            },
            Deed::SingleSignOn { on } => Command::SetSetting {
                setting: Setting::SingleSignOn,
                value: on.then(|| "on".to_owned()),
            },
            Deed::Zone { zone } => Command::SetSetting {
                setting: Setting::TimeZone,
                value: Some(ZONES[*zone].0.to_owned()),
            },
            Deed::SetPassword { who, on } => Command::SetPassword(SetPassword {
                user: ids[*who],
                password: on.then(a_password),
            }),
            Deed::MailLink { who } => Command::MailPasswordLink {
                who: selection(who),
            },
            Deed::ForgetPassword { who } => {
                return (
                    self.session(Actor::Person(ids[*who]), how),
                    Command::ForgetPassword { user: ids[*who] },
                );
            }
            Deed::ChoosePassword { who, number } => {
                let choose = ChoosePassword {
                    user: ids[*who],
                    generation: *number,
                    password: a_password(),
                };
                return (
                    self.session(Actor::Person(ids[*who]), how),
                    Command::ChoosePassword(choose),
                );
            }
            Deed::Readdress { who, email } => Command::Edit(Edit {
                set: vec![(Field::Email, Some(email.clone()))],
                overriding: true,
                ..Edit::of(Selection::from(ids[*who]))
            }),
            Deed::SendOn { who, ahead } => Command::Edit(Edit {
                send_on: Some(ahead.map(day)),
                overriding: true,
                ..Edit::of(selection(who))
            }),
            Deed::AddPlatform { name } => Command::AddPlatform {
                name: name.clone(),
                scopes: "access,seen,progress".parse().unwrap(),
            },
            Deed::RotatePlatform { platform, days } => Command::RotatePlatformToken {
                name: roster.platforms[*platform].name.clone(),
                overlap_ms: days * DAY_MS,
            },
            Deed::RevokePlatform { platform } => Command::RevokePlatform {
                name: roster.platforms[*platform].name.clone(),
            },
            Deed::Deactivate { who } => Command::Deactivate {
                who: selection(who),
            },
            Deed::Reactivate { who, restore } => Command::Reactivate {
                who: selection(who),
                restore_assignments: *restore,
            },
            Deed::Delete { who } => Command::Delete {
                who: selection(who),
            },
            Deed::Erase { who } => Command::Erase {
                who: selection(who),
            },
            Deed::Grant {
                who,
                pool: of,
                until,
            } => Command::Grant {
                who: selection(who),
                pool: pool(*of),
                until: until.map(|it| {
                    it.map(|ahead| day_text(self.model.today() + ahead).parse().unwrap())
                }),
            },
            Deed::Reclaim { left, never_came } => {
                let reasons = [(*left, Reason::Left), (*never_came, Reason::NotAccepted)];
                let soon = self.org.directory.now().plus_millis(60_000);
                Command::Reclaim(Wasteful {
                    reasons: reasons
                        .into_iter()
                        .filter(|it| it.0)
                        .map(|it| it.1)
                        .collect(),
                    not_seen_since: soon,
                    invited_before: soon,
                    pool: None,
                    except: BTreeSet::new(),
                    limit: usize::MAX,
                })
            }
            Deed::Release { who, pool: of } => Command::Release {
                who: selection(who),
                pool: pool(*of),
            },
            Deed::AddPool { name, terms } => Command::AddPool {
                name: name.parse().unwrap(),
                set: edit_of(terms),
            },
            Deed::SetPool { pool: of, terms } => Command::SetPool {
                name: pool(*of),
                set: edit_of(terms),
            },
            Deed::Move {
                pool: of,
                who,
                position,
            } => Command::MoveInQueue {
                pool: pool(*of),
                who: ids[*who].into(),
                position: *position,
            },
            Deed::Date { who, kind, ahead } => {
                let field = [Field::DeactivateOn, Field::DeleteOn][*kind];
                let day = ahead.map(|it| day_text(self.model.today() + it));
                Command::Edit(Edit {
                    set: vec![(field, day)],
                    overriding: true,
                    ..Edit::of(selection(who))
                })
            }
            Deed::Carry {
                group,
                training,
                pool: of,
                on,
            } => Command::EditGroup {
                group: group_id(*group),
                set: GroupEdit {
                    trainings: training
                        .iter()
                        .map(|it| (roster.trainings[*it].name.clone(), *on))
                        .collect(),
                    pools: of.iter().map(|it| (pool(*it), *on)).collect(),
                    ..GroupEdit::default()
                },
            },
            Deed::AddGroup { name } => Command::AddGroup { name: name.clone() },
            Deed::RenameGroup { group, name } => Command::EditGroup {
                group: group_id(*group),
                set: GroupEdit {
                    name: Some(name.clone()),
                    ..GroupEdit::default()
                },
            },
            Deed::RemoveGroup { group } => Command::RemoveGroup {
                group: group_id(*group),
            },
            Deed::ProvideGroup {
                by,
                group,
                gone,
                name,
                external_id,
                only,
                add,
                remove,
            } => {
                let version = None;
                let target = match group.map(|it| groups[it]) {
                    None => GroupTarget::New,
                    Some(group) if *gone => GroupTarget::Removed { group, version },
                    Some(group) => GroupTarget::Existing { group, version },
                };
                let people = |who: &[usize]| who.iter().map(|it| ids[*it]).collect();
                let provide = ProvisionGroup {
                    target,
                    name: name.clone(),
                    external_id: external_id.clone(),
                    only: *only,
                    add: people(add),
                    remove: people(remove),
                };
                return (provider(*by), Command::ProvisionGroup(provide));
            }
            Deed::Import { accounts } => Command::ImportIndividuals {
                accounts: accounts.iter().map(|it| account(&it.0, &it.1)).collect(),
            },
            Deed::Transfer { email, training } => Command::TransferIndividual {
                email: email.clone(),
                trainings: training.iter().cloned().collect(),
            },
            Deed::EraseAccount { email } => Command::EraseIndividual {
                email: email.clone(),
            },
            Deed::Permit {
                who,
                permission,
                on,
            } => {
                let (who, permissions) = (selection(who), vec![*permission]);
                if *on {
                    Command::GrantPermissions { who, permissions }
                } else {
                    Command::RevokePermissions { who, permissions }
                }
            }
            Deed::Decide { approval, approve } => {
                let approval = self.tables.approval_ids()[*approval];
                if *approve {
                    Command::Approve { approval }
                } else {
                    Command::Reject { approval }
                }
            }
            Deed::Budget { group, seats } => Command::SetGroupBudget {
                group: roster.groups[*group].name.clone(),
                seats: *seats,
            },
            Deed::Assign { who, training } => Command::Assign {
                who: selection(who),
                training: roster.trainings[*training].name.clone(),
            },
            Deed::Unassign { who, training } => Command::Unassign {
                who: selection(who),
                training: roster.trainings[*training].name.clone(),
            },
            Deed::Told {
                token,
                who,
                training,
                completed,
            } => {
                let (platform, _) = self.opened(*token).unwrap();
                let as_told = Deed::Progress {
                    who: *who,
                    training: *training,
                    completed: *completed,
                };
                let (_, command) = self.spoken(&as_told, how, ids);
                return (self.session(Actor::Platform(platform), how), command);
            }
            Deed::Progress {
                who,
                training,
                completed,
            } => Command::Progress {
                reports: vec![ProgressReport {
                    who: name(*who),
                    training: roster.trainings[*training].name.clone(),
                    step: if *completed {
                        Progress::Completed
                    } else {
                        Progress::Started
                    },
                }],
            },
            Deed::Undo { .. } | Deed::Seen { .. } | Deed::NextDay | Deed::Reopen => {
                unreachable!("not one of these commands")
            }
        };
        (whoever(), command)
    }
}

fn held_who(which: &Which, ids: &[UserId]) -> HeldWho {
    match which {
        Which::All => HeldWho::All,
        Which::Of(by) => HeldWho::Connection(CONNECTIONS[*by].to_owned()),
        Which::These(who) => HeldWho::Users(who.iter().map(|it| ids[*it]).collect()),
    }
}

fn account(email: &str, records: &[(String, RecordState)]) -> NewIndividual {
    let record = |it: &(String, RecordState)| Record {
        training: it.0.clone(),
        state: it.1,
        on: None,
        transferred: false,
    };
    NewIndividual {
        email: email.parse().unwrap(),
        first_name: None,
        last_name: None,
        records: records.iter().map(record).collect(),
    }
}

fn edit_of(terms: &PoolTerms) -> PoolEdit {
    PoolEdit {
        purchased: Some(terms.purchased),
        counts_from: Some(terms.counts_from),
        recoverable: Some(terms.recoverable),
        at_capacity: Some(terms.at_capacity.clone()),
        starts_on: Some(terms.starts_on),
        ends_on: Some(terms.ends_on),
        alarms: None,
    }
}
