//! What can be done with people, as a value: the command, its words, and the command line that repeats it.

use usher_core::Selection;
use usher_core::command::{Command, Edit};
use usher_core::model::{Permission, PoolName, SshKey};

use crate::words::quoted;

/// What an administrator wants to do with people.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verb {
    /// Take them off their seats.
    Deactivate,
    /// Bring them back.
    Reactivate {
        /// Whether with the assignments that ended when they were taken off.
        restore_assignments: bool,
    },
    /// Mail them a new invitation.
    Resend,
    /// Withdraw their invitations.
    Cancel,
    /// Remove them.
    Delete,
    /// Destroy the personal data of deleted people.
    Erase,
    /// Set fields of theirs; whom the edit names is not looked at.
    Edit(Box<Edit>),
    /// Give them an add-on license.
    Grant(PoolName),
    /// Take a reserved add-on license back.
    Release(PoolName),
    /// Give them something to learn.
    Assign(String),
    /// End an assignment.
    Unassign(String),
    /// Let them hold a session.
    Instruct(String),
    /// Let them hold a session no longer.
    StopInstructing(String),
    /// Mail them a link to choose a password.
    MailPasswordLink,
    /// Give them permissions.
    Permit(Vec<Permission>),
    /// Take permissions from them.
    Forbid(Vec<Permission>),
    /// Let them come in over SSH by this key.
    AddKey(Box<SshKey>),
}

impl Verb {
    /// The command for these people.
    pub(crate) fn command(&self, who: Selection) -> Command {
        match self.clone() {
            Self::Deactivate => Command::Deactivate { who },
            Self::Reactivate {
                restore_assignments,
            } => Command::Reactivate {
                who,
                restore_assignments,
            },
            Self::Resend => Command::Resend { who, mail: true },
            Self::Cancel => Command::Cancel { who },
            Self::Delete => Command::Delete { who },
            Self::Erase => Command::Erase { who },
            Self::Edit(edit) => Command::Edit(Edit { who, ..*edit }),
            Self::Grant(pool) => Command::Grant {
                who,
                pool,
                until: None,
            },
            Self::Release(pool) => Command::Release { who, pool },
            Self::Assign(training) => Command::Assign { who, training },
            Self::Unassign(training) => Command::Unassign { who, training },
            Self::Instruct(training) => Command::SetInstructors {
                training,
                who,
                are: true,
            },
            Self::StopInstructing(training) => Command::SetInstructors {
                training,
                who,
                are: false,
            },
            Self::MailPasswordLink => Command::MailPasswordLink { who },
            Self::Permit(permissions) => Command::GrantPermissions { who, permissions },
            Self::Forbid(permissions) => Command::RevokePermissions { who, permissions },
            Self::AddKey(key) => Command::AddSshKey { who, key: *key },
        }
    }

    /// What is done to them, as a heading.
    pub(crate) fn heading(&self, who: &str) -> String {
        match self {
            Self::Deactivate => format!("Deactivate {who}"),
            Self::Reactivate { .. } => format!("Reactivate {who}"),
            Self::Resend => format!("Resend the invitations of {who}"),
            Self::Cancel => format!("Cancel the invitations of {who}"),
            Self::Delete => format!("Delete {who}"),
            Self::Erase => format!("Erase {who} for ever"),
            Self::Edit(_) => format!("Edit {who}"),
            Self::Grant(pool) => format!("Give {who} a license of {pool}"),
            Self::Release(pool) => format!("Take the license of {pool} from {who}"),
            Self::Assign(training) => format!("Assign {training} to {who}"),
            Self::Unassign(training) => format!("End {training} for {who}"),
            Self::Instruct(training) => format!("Let {who} hold {training}"),
            Self::StopInstructing(training) => format!("Let {who} hold {training} no longer"),
            Self::MailPasswordLink => format!("Mail {who} a link to choose a password"),
            Self::Permit(_) => format!("Give permissions to {who}"),
            Self::Forbid(_) => format!("Take permissions from {who}"),
            Self::AddKey(_) => format!("Let {who} come in by a key"),
        }
    }

    /// The command line that does this to whom its words name.
    pub(crate) fn line(&self, who: &str) -> String {
        match self {
            Self::Deactivate => format!("usher deactivate {who}"),
            Self::Reactivate {
                restore_assignments,
            } => {
                let option = if *restore_assignments {
                    " --restore-assignments"
                } else {
                    ""
                };
                format!("usher reactivate {who}{option}")
            }
            Self::Resend => format!("usher resend {who}"),
            Self::Cancel => format!("usher cancel {who}"),
            Self::Delete => format!("usher delete {who}"),
            Self::Erase => format!("usher erase {who}"),
            Self::Edit(edit) => format!("usher edit {who}{}", edit_options(edit)),
            Self::Grant(pool) => format!("usher pool grant {pool} {who}"),
            Self::Release(pool) => format!("usher pool release {pool} {who}"),
            Self::Assign(training) => format!("usher assign {who} {}", quoted(training)),
            Self::Unassign(training) => format!("usher unassign {who} {}", quoted(training)),
            Self::Instruct(training) => {
                format!("usher training instructor add {} {who}", quoted(training))
            }
            Self::StopInstructing(training) => {
                format!(
                    "usher training instructor remove {} {who}",
                    quoted(training)
                )
            }
            Self::MailPasswordLink => format!("usher password --mail {who}"),
            Self::Permit(permissions) => {
                format!("usher admin grant {} {who}", permission_words(permissions))
            }
            Self::Forbid(permissions) => {
                format!("usher admin revoke {} {who}", permission_words(permissions))
            }
            Self::AddKey(key) => format!("usher admin key add {who} {}", quoted(&key.to_string())),
        }
    }

    /// Whether the number of people is always to be typed.
    pub(crate) fn is_grave(&self) -> bool {
        matches!(self, Self::Delete | Self::Erase)
    }
}

fn permission_words(permissions: &[Permission]) -> String {
    let words: Vec<_> = permissions.iter().map(|it| it.as_str()).collect();
    words.join(",")
}

/// What an edit sets, as options of the command line.
fn edit_options(edit: &Edit) -> String {
    let mut options = String::new();
    let mut option = |name: &str, value: &str| {
        options.push_str(&format!(" --{name} {}", quoted(value)));
    };
    for (field, value) in &edit.set {
        option(
            "set",
            &format!("{}={}", field.as_str(), value.as_deref().unwrap_or("")),
        );
    }
    for (field, value) in &edit.fields {
        option(
            "field",
            &format!("{field}={}", value.as_deref().unwrap_or("")),
        );
    }
    for label in &edit.add_labels {
        option("label", &format!("+{label}"));
    }
    for label in &edit.remove_labels {
        option("label", &format!("-{label}"));
    }
    if let Some(Some(manager)) = &edit.manager {
        option("manager", manager);
    }
    for (group, role) in &edit.add_groups {
        option("group", &format!("{group}:{}", role.as_str()));
    }
    for group in &edit.remove_groups {
        option("no-group", group);
    }
    if let Some(day) = edit.send_on {
        option(
            "send-on",
            &day.map_or_else(|| "none".to_owned(), |it| it.to_string()),
        );
    }
    if edit.manager == Some(None) {
        options.push_str(" --no-manager");
    }
    if edit.overriding {
        options.push_str(" --override");
    }
    match edit.protected {
        Some(true) => options.push_str(" --protect"),
        Some(false) => options.push_str(" --no-protect"),
        None => {}
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;
    use usher_core::model::{Field, GroupRole};

    #[test]
    fn an_edit_is_told_as_its_command_line() {
        let mut edit = Edit::of(Vec::new());
        edit.set = vec![
            (Field::Title, Some("Head of o'clock".into())),
            (Field::Region, None),
        ];
        edit.add_groups = vec![("Sales".into(), GroupRole::Coach)];
        edit.manager = Some(None);
        let line = Verb::Edit(Box::new(edit)).line("ana@acme.example");
        assert_eq!(
            line,
            r"usher edit ana@acme.example --set 'title=Head of o'\''clock' --set region= --group Sales:coach --no-manager"
        );
    }
}
