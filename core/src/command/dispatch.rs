//! Each command's name in the history, and who plans it.

use super::{
    Command, administrator, approval, assign, brake, cancel, connection, deactivate, delete, due,
    erase, field, grant, group, individual, label, mail_text, ownership, password, platform, pool,
    progress, promote, queue, reactivate, reclaim, relink, resend, setting, ssh_key, training,
    undo,
};
use crate::error::Result;
use crate::model::DueKind;
use crate::planner::Planner;

impl Command {
    /// The command's name in the history.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Invite(_) => "invite",
            Self::InviteToSession(_) => "invite_session",
            Self::Create(_) => "create",
            Self::Provision(_) => "provision",
            Self::ProvisionGroup(_) => "provision_group",
            Self::Accept(_) => "accept",
            Self::Join(_) => "join",
            Self::Cancel { .. } => "cancel",
            Self::Resend { .. } => "resend",
            Self::SetPassword(_) => "password_set",
            Self::MailPasswordLink { .. } => "password_mail",
            Self::ChoosePassword(_) => "password_choose",
            Self::ForgetPassword { .. } => "password_forget",
            Self::AskForInvitation { .. } => "invitation_ask",
            Self::Edit(_) => "edit",
            Self::Deactivate { .. } => "deactivate",
            Self::Reactivate { .. } => "reactivate",
            Self::Delete { .. } => "delete",
            Self::Erase { .. } => "erase",
            Self::Grant { .. } => "grant",
            Self::Release { .. } => "release",
            Self::AddPool { .. } => "pool_add",
            Self::SetPool { .. } => "pool_set",
            Self::Import(_) => "import",
            Self::ImportIndividuals { .. } => "individuals_import",
            Self::TransferIndividual { .. } => "individuals_transfer",
            Self::EraseIndividual { .. } => "individuals_erase",
            Self::AddField { .. } => "field_add",
            Self::SetField { .. } => "field_set",
            Self::RemoveField { .. } => "field_remove",
            Self::RenameLabel { to: Some(_), .. } => "label_rename",
            Self::RenameLabel { to: None, .. } => "label_remove",
            Self::SetMailText { .. } => "mail_text",
            Self::SetSetting { .. } => "setting",
            Self::SetJoinPage { .. } => "join_set",
            Self::AddGroup { .. } => "group_add",
            Self::EditGroup { .. } => "group_set",
            Self::RemoveGroup { .. } => "group_remove",
            Self::AddTraining { .. } => "training_add",
            Self::SetTraining { .. } => "training_set",
            Self::RemoveTraining { .. } => "training_remove",
            Self::SetInstructors { .. } => "training_instructors",
            Self::Assign { .. } => "assign",
            Self::Unassign { .. } => "unassign",
            Self::Progress { .. } => "progress",
            Self::ProgressAgain => "progress_again",
            Self::SetGroupBudget { .. } => "group_budget",
            Self::GrantPermissions { .. } => "admin_grant",
            Self::RevokePermissions { .. } => "admin_revoke",
            Self::LinkSystemUser { .. } => "admin_link",
            Self::UnlinkSystemUser { .. } => "admin_unlink",
            Self::AddSshKey { .. } => "admin_key_add",
            Self::RemoveSshKeys { .. } => "admin_key_remove",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::AddConnection { .. } => "idp_add",
            Self::SetConnection { .. } => "idp_set",
            Self::MapAttributes { .. } => "idp_map",
            Self::OwnFields { .. } => "idp_own",
            Self::Relink { .. } => "idp_relink",
            Self::RotateToken { .. } => "idp_rotate",
            Self::SetBrake { .. } => "idp_brake",
            Self::ReleaseHeld { .. } => "brake_release",
            Self::RejectHeld { .. } => "brake_reject",
            Self::RevokeConnection { .. } => "idp_revoke",
            Self::AddPlatform { .. } => "token_add",
            Self::RotatePlatformToken { .. } => "token_rotate",
            Self::RevokePlatform { .. } => "token_revoke",
            Self::MoveInQueue { .. } => "queue_move",
            Self::DoDue { kind, .. } => match kind {
                DueKind::Deactivate => "due_deactivate",
                DueKind::LicenseEnd => "due_license_end",
                DueKind::Delete => "due_delete",
                DueKind::Send => "due_send",
                DueKind::Erase => "due_erase",
            },
            Self::Promote => "promote",
            Self::Reclaim(_) => "reclaim",
            Self::Undo { .. } => "undo",
        }
    }

    /// Plans the command into the planner.
    pub(crate) fn plan(&self, planner: &mut Planner<'_>) -> Result<()> {
        match self {
            Self::Invite(it) => it.plan(planner),
            Self::InviteToSession(it) => it.plan(planner),
            Self::Create(it) => it.plan(planner),
            Self::Provision(it) => it.plan(planner),
            Self::ProvisionGroup(it) => it.plan(planner),
            Self::Accept(it) => it.plan(planner),
            Self::Join(it) => it.plan(planner),
            Self::Cancel { who } => cancel::plan(planner, who),
            Self::Resend { who, mail } => resend::plan(planner, who, *mail),
            Self::SetPassword(it) => it.plan(planner),
            Self::MailPasswordLink { who } => password::mail(planner, who),
            Self::ChoosePassword(it) => it.plan(planner),
            Self::ForgetPassword { user } => password::forget_own(planner, *user),
            Self::AskForInvitation { user } => resend::ask(planner, *user),
            Self::Edit(it) => it.plan(planner),
            Self::Deactivate { who } => deactivate::plan(planner, who),
            Self::Reactivate {
                who,
                restore_assignments,
            } => reactivate::plan(planner, who, *restore_assignments),
            Self::Delete { who } => delete::plan(planner, who),
            Self::Erase { who } => erase::plan(planner, who),
            Self::Grant { who, pool, until } => grant::grant(planner, who, pool, *until),
            Self::Release { who, pool } => grant::release(planner, who, pool),
            Self::AddPool { name, set } => pool::add(planner, name, set),
            Self::SetPool { name, set } => pool::set(planner, name, set),
            Self::Import(it) => it.plan(planner),
            Self::ImportIndividuals { accounts } => individual::import(planner, accounts),
            Self::TransferIndividual { email, trainings } => {
                individual::transfer(planner, email, trainings)
            }
            Self::EraseIndividual { email } => individual::erase(planner, email),
            Self::AddField { name, kind, set } => field::add(planner, name, *kind, set),
            Self::SetField { name, set } => field::set(planner, name, set),
            Self::RemoveField { name } => field::remove(planner, name),
            Self::RenameLabel { label, to } => label::plan(planner, label, to.as_deref()),
            Self::SetMailText {
                template,
                language,
                text,
            } => mail_text::plan(planner, *template, *language, text.as_ref()),
            Self::SetSetting { setting, value } => {
                setting::plan(planner, *setting, value.as_deref())
            }
            Self::SetJoinPage { set } => setting::join_page(planner, set),
            Self::AddGroup { name } => group::add(planner, name).map(|_| ()),
            Self::EditGroup { group, set } => group::edit(planner, group, set),
            Self::RemoveGroup { group } => group::remove(planner, group),
            Self::AddTraining {
                name,
                kind,
                pool,
                held_on,
            } => training::add(planner, name, *kind, pool.as_ref(), *held_on),
            Self::SetTraining { training, set } => training::set(planner, training, set),
            Self::RemoveTraining { training } => training::remove(planner, training),
            Self::SetInstructors { training, who, are } => {
                training::instructors(planner, training, who, *are)
            }
            Self::Assign { who, training } => assign::assign(planner, who, training),
            Self::Unassign { who, training } => assign::unassign(planner, who, training),
            Self::Progress { reports } => progress::progress(planner, reports),
            Self::ProgressAgain => progress::again(planner),
            Self::SetGroupBudget { group, seats } => group::budget(planner, group, *seats),
            Self::GrantPermissions { who, permissions } => {
                administrator::grant(planner, who, permissions)
            }
            Self::RevokePermissions { who, permissions } => {
                administrator::revoke(planner, who, permissions)
            }
            Self::LinkSystemUser { system_user, who } => {
                administrator::link(planner, system_user, who)
            }
            Self::UnlinkSystemUser { system_user } => administrator::unlink(planner, system_user),
            Self::AddSshKey { who, key } => ssh_key::add(planner, who, key),
            Self::RemoveSshKeys { who, fingerprint } => {
                ssh_key::remove(planner, who, fingerprint.as_deref())
            }
            Self::Approve { approval } => approval::approve(planner, *approval),
            Self::Reject { approval } => approval::reject(planner, *approval),
            Self::AddConnection { name, policy } => connection::add(planner, name, *policy),
            Self::SetConnection { name, set } => ownership::set(planner, name, set),
            Self::MapAttributes { name, set } => ownership::map(planner, name, set),
            Self::OwnFields { name, fields } => ownership::own(planner, name, fields.as_deref()),
            Self::Relink { name, who } => relink::plan(planner, name, who),
            Self::RotateToken { name, overlap_ms } => {
                connection::rotate(planner, name, *overlap_ms)
            }
            Self::SetBrake { name, brake } => brake::set(planner, name, *brake),
            Self::ReleaseHeld { who } => brake::release(planner, who),
            Self::RejectHeld { who } => brake::reject(planner, who),
            Self::RevokeConnection { name } => connection::revoke(planner, name),
            Self::AddPlatform { name, scopes } => platform::add(planner, name, scopes),
            Self::RotatePlatformToken { name, overlap_ms } => {
                platform::rotate(planner, name, *overlap_ms)
            }
            Self::RevokePlatform { name } => platform::revoke(planner, name),
            Self::MoveInQueue {
                pool,
                who,
                position,
            } => queue::plan(planner, pool, who, *position),
            Self::DoDue { kind, day } => due::plan(planner, *kind, *day),
            Self::Promote => promote::all(planner),
            Self::Reclaim(wanted) => reclaim::plan(planner, wanted),
            Self::Undo { batch } => undo::plan(planner, *batch),
        }
    }
}
