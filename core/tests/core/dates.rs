//! Dates that act by themselves (DESIGN §4 and §5): each at the first instant of its day, once, also after downtime.

use usher_core::change::Change;
use usher_core::command::{Command, Create, Edit, Invite, PoolEdit, WhenFull};
use usher_core::directory::{DuePage, HistoryPage};
use usher_core::model::{
    Actor, Date, Door, DueWhat, Field, Setting, Status, TimeZoneName, Timestamp, TrainingKind,
};
use usher_core::{Applied, Directory};

use crate::org::{Org, address, assert_error, create, invite, people, short, skips};

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

impl Org {
    /// Moves the clock to an instant.
    pub(crate) fn at(&self, instant: &str) {
        let at: Timestamp = instant.parse().unwrap();
        self.clock
            .0
            .store(at.as_millis(), std::sync::atomic::Ordering::SeqCst);
    }

    pub(crate) fn do_due(&self) -> usize {
        self.directory.do_due().unwrap().batches.len()
    }

    pub(crate) fn set_date(&self, names: &str, field: Field, date: &str) -> Applied {
        self.apply(self.date_edit(names, field, date))
    }

    pub(crate) fn date_edit(&self, names: &str, field: Field, date: &str) -> Command {
        let mut edit = Edit::of(self.who(names));
        edit.set = vec![(field, field.parse(date).unwrap())];
        Command::Edit(edit)
    }

    fn zone(&self, zone: &str) {
        self.apply(Command::SetSetting {
            setting: Setting::TimeZone,
            value: Some(zone.to_owned()),
        });
    }

    pub(crate) fn grant_until(&self, names: &str, until: Option<Option<Date>>) -> Command {
        Command::Grant {
            who: self.who(names),
            pool: "pro".parse().unwrap(),
            until,
        }
    }

    fn mails(&self, name: &str) -> Vec<String> {
        let conn = rusqlite::Connection::open(&self.path).unwrap();
        let user = self.user(name).id;
        let mut statement = conn
            .prepare("SELECT template FROM outbox WHERE user = ?1 ORDER BY seq")
            .unwrap();
        let rows = statement
            .query_map([user.as_bytes()], |row| row.get(0))
            .unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// What is coming, as `day kind who`.
    pub(crate) fn coming(&self) -> Vec<String> {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let page = DuePage {
            limit: 100,
            ..DuePage::default()
        };
        let said = |what: &DueWhat| match what {
            DueWhat::Person { user, .. } => {
                let user = read.user(*user).unwrap().unwrap();
                format!("{} {}", what.as_str(), short(&user.label()))
            }
            _ => what.as_str().to_owned(),
        };
        let due = read.due(&page).unwrap();
        due.iter()
            .map(|it| format!("{} {}", it.day, said(&it.what)))
            .collect()
    }
}

fn invite_on(names: &str, date: &str) -> Command {
    Command::Invite(Invite {
        people: people(names),
        groups: Vec::new(),
        pools: Vec::new(),
        mail: true,
        send_on: Some(day(date)),
    })
}

#[test]
fn dates_act_at_the_first_instant_of_that_day_in_the_organization_s_time_zone() {
    let org = Org::new(9);
    org.create("ana bo");
    org.set_date("ana", Field::DeactivateOn, "2027-02-01");
    org.set_date("bo", Field::DeleteOn, "2027-02-01");
    org.at("2027-01-31T22:59:59.999Z");
    assert_eq!(org.do_due(), 0, "in Berlin it is still January");
    org.at("2027-01-31T23:00:00Z");
    assert_eq!(org.do_due(), 2);
    assert_eq!(org.user("ana").status, Status::Inactive);
    assert_eq!(org.user("bo").status, Status::Deleted);
    let batches = org.cli().read().unwrap().batches(None, 2).unwrap();
    for (batch, command) in batches.iter().rev().zip(["due_deactivate", "due_delete"]) {
        assert_eq!(
            (batch.command.as_str(), batch.actor, batch.door),
            (command, Actor::Scheduler, Door::Schedule)
        );
    }
    assert_eq!(org.do_due(), 0, "once");
    org.assert_chain();
}

#[test]
fn a_day_without_a_midnight_begins_when_the_clock_goes_on() {
    for (zone, date, before, first) in [
        (
            "America/Sao_Paulo",
            "2018-11-04",
            "2018-11-04T02:59:59.999Z",
            "2018-11-04T03:00:00Z",
        ),
        (
            "America/Havana",
            "2018-11-04",
            "2018-11-04T03:59:59.999Z",
            "2018-11-04T04:00:00Z",
        ),
        (
            "Pacific/Apia",
            "2011-12-30",
            "2011-12-30T09:59:59.999Z",
            "2011-12-30T10:00:00Z",
        ),
        (
            "America/St_Johns",
            "2010-11-07",
            "2010-11-07T02:29:59.999Z",
            "2010-11-07T02:30:00Z",
        ),
    ] {
        let org = Org::new(9);
        org.at("2010-01-01T00:00:00Z");
        org.zone(zone);
        org.create("ana");
        org.set_date("ana", Field::DeactivateOn, date);
        org.at(before);
        assert_eq!(org.do_due(), 0, "{zone}");
        org.at(first);
        assert_eq!(org.do_due(), 1, "{zone}");
        let zone: TimeZoneName = zone.parse().unwrap();
        assert_eq!(day(date).start_in(&zone), org.directory.now());
        // The clock of St. John's goes back over midnight a minute later: what was done stays done.
        org.tick(70 * 60_000);
        assert_eq!(org.do_due(), 0);
    }
}

#[test]
fn changing_the_zone_computes_pending_dates_anew() {
    let org = Org::new(9);
    org.create("ana bo");
    org.set_date("ana", Field::DeactivateOn, "2027-02-01");
    let next = || {
        org.cli()
            .read()
            .unwrap()
            .next_due()
            .unwrap()
            .unwrap()
            .to_string()
    };
    assert_eq!(next(), "2027-01-31T23:00:00.000Z");
    org.zone("Pacific/Kiritimati");
    assert_eq!(next(), "2027-01-31T10:00:00.000Z");
    org.at("2027-01-31T10:00:00Z");
    assert_eq!(org.do_due(), 1);
    // Back in the west the day has not begun, and it does not act again when it does.
    org.zone("Pacific/Pago_Pago");
    org.set_date("bo", Field::DeactivateOn, "2027-02-01");
    org.at("2027-02-01T10:59:59Z");
    assert_eq!(org.do_due(), 0);
    org.at("2027-02-01T11:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert_eq!(org.user("bo").status, Status::Inactive);
}

#[test]
fn each_acts_once_also_after_downtime_overdue_ones_first() {
    let mut org = Org::new(9);
    org.create("ana bo cleo");
    org.set_date("ana", Field::DeactivateOn, "2027-03-01");
    org.set_date("bo", Field::DeactivateOn, "2027-02-01");
    org.set_date("cleo", Field::DeleteOn, "2027-02-15");
    org.at("2027-06-01T12:00:00Z");
    org.reopen();
    assert_eq!(
        org.coming(),
        [
            "2027-02-01 deactivate bo",
            "2027-02-15 delete cleo",
            "2027-03-01 deactivate ana"
        ]
    );
    assert_eq!(org.do_due(), 3);
    let batches = org.cli().read().unwrap().batches(None, 3).unwrap();
    let order: Vec<&str> = batches.iter().rev().map(|it| it.command.as_str()).collect();
    assert_eq!(order, ["due_deactivate", "due_delete", "due_deactivate"]);
    org.reopen();
    assert_eq!(org.do_due(), 0);
}

#[test]
fn a_clock_that_goes_back_makes_nothing_happen_twice_or_early() {
    let org = Org::new(9);
    org.create("ana bo");
    org.set_date("ana", Field::DeactivateOn, "2027-02-01");
    org.set_date("bo", Field::DeactivateOn, "2027-02-02");
    org.at("2027-02-01T12:00:00Z");
    assert_eq!(org.do_due(), 1);
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    org.at("1970-01-01T00:00:00Z");
    assert_eq!(org.do_due(), 0);
    org.at("2027-02-01T12:00:00Z");
    assert_eq!(org.do_due(), 0);
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(org.user("bo").status, Status::Active);
}

#[test]
fn a_date_is_cancelled_by_editing_it() {
    let org = Org::new(9);
    org.create("ana bo");
    org.set_date("ana bo", Field::DeleteOn, "2027-02-01");
    org.set_date("ana", Field::DeleteOn, "");
    org.set_date("bo", Field::DeleteOn, "2027-03-01");
    org.at("2027-02-10T00:00:00Z");
    assert_eq!(org.do_due(), 0);
    org.at("2027-03-10T00:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(org.user("bo").status, Status::Deleted);
}

#[test]
fn a_day_that_has_begun_cannot_be_set() {
    let org = Org::new(9);
    org.create("ana");
    let edit = |date| org.plan(org.date_edit("ana", Field::DeactivateOn, date));
    assert_error(edit("2027-01-15"), "has begun already");
    assert_error(edit("2020-01-01"), "has begun already");
    assert_error(org.plan(invite_on("bo", "2027-01-15")), "has begun already");
    let mut cleo = people("cleo");
    cleo[0].profile.delete_on = Some("2027-01-15".into());
    let command = Command::Create(Create {
        people: cleo,
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    });
    assert_error(org.plan(command), "has begun already");
    org.add_pool("pro", 2);
    assert_error(
        org.plan(org.grant_until("ana", Some(Some(day("2027-01-01"))))),
        "has begun already",
    );
}

#[test]
fn an_invitation_is_mailed_on_its_day_and_works_as_long_as_any() {
    let org = Org::new(9);
    org.apply(invite_on("ana bo", "2027-02-01"));
    assert_eq!(org.seats("access"), (3, 6, 0), "the seat is taken at once");
    assert!(org.mails("ana").is_empty());
    let invitation = |name: &str| {
        let user = org.user(name).id;
        org.cli().read().unwrap().invitation(user).unwrap().unwrap()
    };
    assert_eq!(
        invitation("ana").expires_at.to_string(),
        "2027-02-14T23:00:00.000Z"
    );
    let mut edit = Edit::of(org.who("bo"));
    edit.send_on = Some(Some(day("2027-02-03")));
    org.apply(Command::Edit(edit));
    org.at("2027-02-01T08:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert_eq!(org.mails("ana"), ["invitation"]);
    assert!(org.mails("bo").is_empty());
    assert_eq!(
        invitation("ana").expires_at.to_string(),
        "2027-02-15T08:00:00.001Z".replace(".001", ".000")
    );
    assert_eq!(invitation("ana").send_on, None);
    let mut edit = Edit::of(org.who("bo"));
    edit.send_on = Some(None);
    org.apply(Command::Edit(edit));
    org.at("2027-02-10T08:00:00Z");
    assert_eq!(org.do_due(), 0, "cancelled by editing the date");
    let plan = org.plan(Command::Undo {
        batch: last_scheduled(&org, "due_send"),
    });
    assert_eq!(
        skips(&plan.unwrap()),
        ["ana: the invitation was mailed; that does not come back"]
    );
}

pub(crate) fn last_scheduled(org: &Org, command: &str) -> usher_core::model::BatchId {
    let batches = org.cli().read().unwrap().batches(None, 50).unwrap();
    let found = batches
        .iter()
        .find(|it| it.command == command && it.actor == Actor::Scheduler);
    found.unwrap().id
}

#[test]
fn who_waits_for_a_seat_is_mailed_on_the_day_or_when_a_seat_is_free_after_it() {
    let org = Org::new(2);
    org.create("ana");
    org.apply_when_full(invite_on("bo cleo", "2027-02-01"), WhenFull::QueueRest);
    org.deactivate("ana");
    assert_eq!(org.user("bo").status, Status::Waiting);
    assert!(org.mails("bo").is_empty(), "promoted before the day");
    org.at("2027-02-01T08:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert_eq!(org.mails("bo"), ["invitation"]);
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(3),
            ..PoolEdit::default()
        },
    );
    assert_eq!(org.mails("cleo"), ["invitation"], "promoted after the day");
}

#[test]
fn a_cancelled_or_accepted_invitation_is_not_mailed_and_resending_mails_at_once() {
    let org = Org::new(9);
    org.apply(invite_on("ana bo cleo", "2027-02-01"));
    org.apply(Command::Cancel {
        who: org.who("ana"),
    });
    org.accept("bo").unwrap();
    org.apply(Command::Resend {
        who: org.who("cleo"),
        mail: true,
    });
    assert_eq!(org.mails("cleo"), ["invitation"]);
    assert!(org.coming().is_empty());
    org.at("2027-02-01T08:00:00Z");
    assert_eq!(org.do_due(), 0);
}

#[test]
fn a_temporary_license_returns_on_its_day_and_moves_the_queue_up() {
    let org = Org::new(9);
    org.add_pool("pro", 1);
    org.create("ana bo");
    org.apply(org.grant_until("ana", Some(Some(day("2027-02-01")))));
    org.apply_when_full(org.grant_until("bo", None), WhenFull::QueueRest);
    assert_eq!(org.coming(), ["2027-02-01 license_end ana"]);
    let plan = org
        .plan(org.grant_until("ana", Some(Some(day("2027-02-01")))))
        .unwrap();
    assert_eq!(skips(&plan), ["ana: already reserved"]);
    org.apply(org.grant_until("ana", Some(Some(day("2027-03-01")))));
    assert_eq!(org.coming(), ["2027-03-01 license_end ana"], "another end");
    org.at("2027-03-01T08:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert!(
        org.roster()
            .contains("ana active access:consumed\nbo active access:consumed pro:reserved")
    );
    let batch = last_scheduled(&org, "due_license_end");
    let plan = org.plan(Command::Undo { batch }).unwrap();
    assert_eq!(skips(&plan), ["ana: no free seat in pro"]);
    org.set_pool(
        "pro",
        PoolEdit {
            purchased: Some(2),
            ..PoolEdit::default()
        },
    );
    org.apply(Command::Undo { batch });
    assert!(
        org.roster()
            .contains("ana active access:consumed pro:reserved")
    );
    assert_eq!(org.do_due(), 0, "it does not end again on that day");
    org.apply(org.grant_until("ana", Some(None)));
    org.assert_chain();
}

#[test]
fn what_was_used_of_a_pool_that_is_not_recoverable_stays_used_at_its_end() {
    let org = Org::new(9);
    org.add_pool("pro", 2);
    org.create("ana");
    org.apply(org.grant_until("ana", Some(Some(day("2027-02-01")))));
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    conn.execute("UPDATE licenses SET state = 'consumed'", [])
        .unwrap();
    org.at("2027-02-01T08:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert!(
        org.roster()
            .contains("ana active access:consumed pro:consumed")
    );
    assert_eq!(said(&org, "ana", "due license_end pro"), ["consumed"]);
}

/// What the history says of a kind of change of a person.
pub(crate) fn said(org: &Org, name: &str, what: &str) -> Vec<String> {
    let cli = org.cli();
    let read = cli.read().unwrap();
    let page = HistoryPage {
        user: Some(org.user(name).id),
        limit: 1000,
        ..HistoryPage::default()
    };
    let changes: Vec<Change> = read
        .history(&page)
        .unwrap()
        .into_iter()
        .filter_map(|it| it.change)
        .collect();
    let names = read.names_for(changes.iter()).unwrap();
    let found = changes.iter().map(|it| it.described(&names));
    found
        .filter(|it| it.what == what)
        .map(|it| it.after.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn undo_of_a_scheduled_batch_works_like_any_other_and_the_action_does_not_fire_again_for_that_date()
{
    let org = Org::new(9);
    org.create("boss ana");
    org.set_manager("ana", "boss");
    org.set_date("boss", Field::DeactivateOn, "2027-02-01");
    org.at("2027-02-01T08:00:00Z");
    org.do_due();
    assert_eq!(org.manager("ana"), None);
    org.apply(Command::Undo {
        batch: last_scheduled(&org, "due_deactivate"),
    });
    let boss = org.user("boss");
    assert_eq!(
        (boss.status, boss.profile.deactivate_on),
        (Status::Active, None)
    );
    assert_eq!(org.manager("ana").as_deref(), Some("boss"));
    assert_eq!(org.do_due(), 0);
    org.tick(30 * 86_400_000);
    assert_eq!(org.do_due(), 0);
    org.set_date("boss", Field::DeactivateOn, "2027-09-01");
    org.at("2027-09-01T08:00:00Z");
    assert_eq!(org.do_due(), 1, "another date is another action");
}

#[test]
fn the_last_owner_and_protected_people_are_skipped_with_the_reason_in_the_history() {
    let org = Org::new(9);
    org.create("ana");
    let plan = org
        .plan(org.date_edit("owner", Field::DeleteOn, "2027-02-01"))
        .unwrap();
    assert_eq!(skips(&plan), ["owner: the last owner"]);
    org.set_date("ana", Field::DeactivateOn, "2027-02-01");
    let mut edit = Edit::of(org.who("ana"));
    edit.protected = Some(true);
    org.apply(Command::Edit(edit));
    org.at("2027-02-01T08:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(said(&org, "ana", "due deactivate"), ["protected"]);
    assert_eq!(org.do_due(), 0);
}

#[test]
fn who_is_brought_back_after_a_day_does_not_leave_by_it() {
    let org = Org::new(9);
    org.create("ana bo");
    org.set_date("ana", Field::DeactivateOn, "2027-02-01");
    org.set_date("bo", Field::DeleteOn, "2027-02-01");
    org.deactivate("ana");
    org.apply(Command::Delete { who: org.who("bo") });
    // The server was down on the day; both come back before it runs again.
    org.at("2027-02-03T08:00:00Z");
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    org.apply(invite("bo"));
    org.do_due();
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(org.user("bo").status, Status::Waiting);
    assert_eq!(org.user("ana").profile.deactivate_on, None);
}

#[test]
fn who_comes_back_by_an_undo_does_not_leave_on_a_day_that_has_begun() {
    let org = Org::new(9);
    org.create("ana bo cleo dan");
    let ahead = "2027-09-01";
    for (name, field, date) in [
        ("ana", Field::DeactivateOn, "2027-02-01"),
        ("ana", Field::DeleteOn, ahead),
        ("bo", Field::DeleteOn, "2027-02-01"),
        ("cleo", Field::DeactivateOn, ahead),
        ("dan", Field::DeactivateOn, "2027-02-02"),
    ] {
        org.set_date(name, field, date);
    }
    let left = org.deactivate("ana bo cleo");
    // The server was down on the day of one, and has found the others away already.
    org.at("2027-02-01T08:00:00Z");
    org.do_due();
    let late = org.deactivate("dan");
    org.at("2027-02-03T08:00:00Z");
    let undo = |of: &Applied| Command::Undo {
        batch: of.batch.unwrap(),
    };
    let plan = org.plan(undo(&left)).unwrap();
    assert_eq!(
        skips(&plan),
        [
            "bo: deleted now",
            "ana: the day of deactivation, 2027-02-01, has begun and does not come back"
        ],
    );
    let back = org.apply(undo(&left));
    org.apply(undo(&late));
    org.do_due();
    org.tick(86_400_000);
    org.do_due();
    let dates = |name: &str| {
        let it = org.user(name);
        (it.status, it.profile.deactivate_on, it.profile.delete_on)
    };
    let ahead = Some(ahead.to_owned());
    assert_eq!(dates("ana"), (Status::Active, None, ahead.clone()));
    assert_eq!(
        dates("bo").0,
        Status::Deleted,
        "it was not the undone batch that has deleted them"
    );
    assert_eq!(dates("cleo"), (Status::Active, ahead, None));
    assert_eq!(dates("dan"), (Status::Active, None, None));
    // Taken back, they are off with the day that they had.
    org.undo(&back);
    let was = Some("2027-02-01".to_owned());
    assert_eq!((dates("ana").0, dates("ana").1), (Status::Inactive, was));
    org.assert_chain();
}

#[test]
fn who_is_wanted_back_does_not_leave_on_a_day_that_was_set_before() {
    let org = Org::new(9);
    org.create("ana bo");
    org.invite("cleo");
    for name in ["ana", "bo", "cleo"] {
        org.set_date(name, Field::DeleteOn, "2027-12-01");
        org.set_date(name, Field::DeactivateOn, "2027-11-01");
    }
    org.deactivate("ana");
    // Set while they are away it says no more about who is wanted back.
    org.set_date("ana", Field::DeleteOn, "2027-12-24");
    org.apply(Command::Delete { who: org.who("bo") });
    org.apply(Command::Cancel {
        who: org.who("cleo"),
    });
    let back = org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    let dropped = back.plan.changes.iter().filter(|it| {
        matches!(
            **it,
            Change::Profile {
                field: Field::DeactivateOn | Field::DeleteOn,
                after: None,
                ..
            }
        )
    });
    assert_eq!(dropped.count(), 2, "the plan says so");
    org.apply(invite("bo cleo"));
    assert_eq!(org.coming(), [""; 0]);
    for name in ["ana", "bo", "cleo"] {
        let profile = org.user(name).profile;
        assert_eq!((profile.deactivate_on, profile.delete_on), (None, None));
    }
    org.apply(Command::Undo {
        batch: back.batch.unwrap(),
    });
    assert_eq!(
        org.user("ana").profile.delete_on.as_deref(),
        Some("2027-12-24")
    );
    assert_eq!(
        org.coming(),
        ["2027-11-01 deactivate ana", "2027-12-24 delete ana"]
    );
    // Undoing that somebody left gives back what was: nobody has wanted anything else.
    let left = org.deactivate("bo");
    org.set_date("bo", Field::DeleteOn, "2027-12-25");
    org.apply(Command::Undo {
        batch: left.batch.unwrap(),
    });
    assert_eq!(
        org.user("bo").profile.delete_on.as_deref(),
        Some("2027-12-25")
    );
    org.assert_chain();
}

#[test]
fn deleted_people_are_erased_after_the_retention_days() {
    let org = Org::new(9);
    for name in ["ana", "bo", "cleo"] {
        org.create(name);
    }
    let (ana, bo) = (org.user("ana").id, org.user("bo").id);
    org.apply(Command::Delete {
        who: org.who("ana bo cleo"),
    });
    org.apply(create("cleo"));
    assert_eq!(
        org.coming(),
        ["2027-02-15 erase ana", "2027-02-15 erase bo"]
    );
    org.at("2027-02-14T22:59:59Z");
    assert_eq!(org.do_due(), 0);
    let days = |value: &str| {
        org.apply(Command::SetSetting {
            setting: Setting::RetentionDays,
            value: Some(value.into()),
        })
    };
    days("40");
    org.at("2027-02-20T00:00:00Z");
    assert_eq!(org.do_due(), 0, "the setting of now holds");
    days("30");
    assert_eq!(org.do_due(), 1);
    let cli = org.cli();
    let read = cli.read().unwrap();
    for id in [ana, bo] {
        assert_eq!(read.user(id).unwrap().unwrap().status, Status::Erased);
    }
    drop(read);
    assert_eq!(org.user("cleo").status, Status::Active);
    assert_eq!(org.do_due(), 0);
    org.assert_chain();
}

#[test]
fn erasing_destroys_dates_too() {
    let org = Org::new(9);
    org.add_pool("pro", 2);
    org.create("ana");
    let ana = org.user("ana").id;
    org.set_date("ana", Field::DeactivateOn, "2027-02-01");
    org.set_date("ana", Field::DeleteOn, "2027-03-01");
    org.apply(org.grant_until("ana", Some(Some(day("2027-04-01")))));
    org.at("2027-05-05T08:00:00Z");
    org.do_due();
    org.apply(Command::Erase { who: ana.into() });
    let conn = rusqlite::Connection::open(&org.path).unwrap();
    for sql in [
        "SELECT count(*) FROM due",
        "SELECT count(*) FROM due_done",
        "SELECT count(*) FROM license_ends",
        "SELECT count(*) FROM users WHERE deactivate_on IS NOT NULL OR delete_on IS NOT NULL",
    ] {
        let left: i64 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{sql}");
    }
    assert_eq!(org.do_due(), 0);
}

#[test]
fn a_start_promotes_and_outside_a_pool_s_dates_nothing_is_handed_out_and_nobody_is_evicted() {
    let org = Org::new(5);
    org.add_pool("pro", 1);
    org.set_pool(
        "pro",
        PoolEdit {
            starts_on: Some(Some(day("2027-02-01"))),
            ends_on: Some(Some(day("2027-03-01"))),
            ..PoolEdit::default()
        },
    );
    org.create("ana bo");
    org.apply_when_full(org.grant_until("ana bo", None), WhenFull::QueueRest);
    assert_eq!(org.seats("pro"), (0, 0, 2));
    assert_eq!(
        org.coming(),
        ["2027-02-01 pool_start", "2027-03-01 pool_end"]
    );
    let next = org.cli().read().unwrap().next_due().unwrap().unwrap();
    assert_eq!(next.to_string(), "2027-01-31T23:00:00.000Z");
    org.at("2027-01-31T23:00:00Z");
    assert_eq!(org.do_due(), 1);
    assert_eq!(org.seats("pro"), (1, 0, 1));
    org.at("2027-03-01T00:00:00Z");
    org.apply(Command::Release {
        who: org.who("ana"),
        pool: "pro".parse().unwrap(),
    });
    assert_eq!(org.do_due(), 0);
    assert_eq!(
        org.seats("pro"),
        (0, 0, 1),
        "the end: nothing more is handed out"
    );
}

#[test]
fn two_servers_on_one_database_do_nothing_twice() {
    let org = Org::new(900);
    let names: Vec<String> = (0..300).map(|it| format!("p{it}")).collect();
    org.create(&names.join(" "));
    org.set_date(&names.join(" "), Field::DeactivateOn, "2027-02-01");
    org.at("2027-02-01T08:00:00Z");
    let servers: Vec<Directory> = (0..3)
        .map(|_| Directory::open(&org.path, org.options.clone()).unwrap())
        .collect();
    let threads: Vec<_> = servers
        .into_iter()
        .map(|it| std::thread::spawn(move || it.do_due().unwrap().batches.len()))
        .collect();
    let batches: usize = threads.into_iter().map(|it| it.join().unwrap()).sum();
    assert_eq!(batches, 1);
    assert_eq!(org.statuses()[&Status::Inactive], 300);
    org.assert_chain();
}

#[test]
fn only_the_scheduler_and_owners_do_what_is_due() {
    let org = Org::new(9);
    org.create("ana");
    let ana = org
        .directory
        .as_actor(Actor::Administrator(org.user("ana").id), Door::Cli);
    assert_error(ana.plan(&ana.request(Command::Promote)), "not allowed");
    let scheduler = org.directory.as_actor(Actor::Scheduler, Door::Schedule);
    let command = Command::Deactivate {
        who: org.who("ana"),
    };
    assert_error(scheduler.plan(&scheduler.request(command)), "not allowed");
}

#[test]
fn what_is_coming_is_paged_and_asked_for_by_query() {
    let org = Org::new(90);
    let names: Vec<String> = (0..20).map(|it| format!("p{it}")).collect();
    org.create(&names.join(" "));
    for (i, name) in names.iter().enumerate() {
        let field = if i % 3 == 0 {
            Field::DeleteOn
        } else {
            Field::DeactivateOn
        };
        org.set_date(name, field, &format!("2027-02-{:02}", 1 + i % 5));
    }
    org.apply(Command::Delete {
        who: org.who("p1 p2"),
    });
    let cli = org.cli();
    let read = cli.read().unwrap();
    let whole = read
        .due(&DuePage {
            limit: 100,
            ..DuePage::default()
        })
        .unwrap();
    assert_eq!(whole.len(), 22);
    let mut paged = Vec::new();
    let mut page = DuePage {
        limit: 3,
        ..DuePage::default()
    };
    loop {
        let found = read.due(&page).unwrap();
        let Some(last) = found.last() else { break };
        page.after = Some(*last);
        paged.extend(found);
    }
    assert_eq!(paged, whole);
    let query = usher_core::query::parse(&format!("={}", address("p3")), read.now()).unwrap();
    let page = DuePage {
        query: Some(query),
        limit: 9,
        ..DuePage::default()
    };
    assert_eq!(read.due(&page).unwrap().len(), 1);
}

#[test]
fn people_are_found_by_the_days_that_lie_ahead() {
    let org = Org::new(9);
    org.create("ana bo");
    org.apply(invite_on("cleo dora", "2027-02-01"));
    org.apply(Command::Cancel {
        who: org.who("dora"),
    });
    org.set_date("ana", Field::DeactivateOn, "2027-02-10");
    org.set_date("bo", Field::DeleteOn, "2027-03-10");
    let found = |query: &str| {
        let cli = org.cli();
        let read = cli.read().unwrap();
        let query = usher_core::query::parse(query, read.now()).unwrap();
        let people = read.users_from(&query, 1, 9).unwrap().0;
        let names: Vec<String> = people.iter().map(|it| short(&it.label())).collect();
        names.join(" ")
    };
    assert_eq!(found("deactivate_on:<30d"), "ana");
    assert_eq!(found("delete_on:<30d"), "");
    assert_eq!(found("delete_on:2027-03"), "bo");
    assert_eq!(found("send_on:<30d"), "cleo");
    assert_eq!(found("has:delete_on or has:deactivate_on"), "ana bo");
    assert_eq!(found("no:deactivate_on status:active"), "owner bo");
}

#[test]
fn a_license_that_was_taken_back_takes_its_end_with_it() {
    let org = Org::new(9);
    org.add_pool("pro", 3);
    org.add_training("Reading", TrainingKind::PreWork, Some("pro"));
    org.create("ana");
    let pool = || "pro".parse().unwrap();
    org.apply(Command::Grant {
        who: org.who("ana"),
        pool: pool(),
        until: Some(Some(day("2027-02-01"))),
    });
    let released = org.apply(Command::Release {
        who: org.who("ana"),
        pool: pool(),
    });
    let due = || org.cli().read().unwrap().forecasts().unwrap()[1].leavers;
    org.apply(Command::Undo {
        batch: released.batch.unwrap(),
    });
    assert_eq!((org.seats("pro").0, due()), (1, 1), "undone with its end");
    org.apply(Command::Release {
        who: org.who("ana"),
        pool: pool(),
    });
    org.assign("ana", "Reading");
    org.tick(60 * 86_400_000);
    org.directory.do_due().unwrap();
    assert_eq!(org.seats("pro").0, 1, "the pre-work's license is for good");
}

#[test]
fn a_date_that_has_acted_is_refused_when_the_zone_has_moved_back_before_it() {
    let org = Org::new(9);
    org.add_pool("pro", 9);
    org.create("ana bo");
    org.zone("Pacific/Kiritimati");
    org.set_date("ana", Field::DeactivateOn, "2027-02-01");
    org.apply(org.grant_until("bo", Some(Some(day("2027-02-01")))));
    org.at("2027-01-31T10:00:00Z");
    assert_eq!(org.do_due(), 2);
    org.zone("Pacific/Honolulu");
    // It is still to come there, and will not act again: who comes back does not keep it.
    org.apply(Command::Reactivate {
        who: org.who("ana"),
        restore_assignments: false,
    });
    assert_eq!(org.user("ana").profile.deactivate_on, None);
    let why = "2027-02-01 has begun once before, and was carried out; no date acts twice: choose a later one";
    let again = org.date_edit("ana bo", Field::DeactivateOn, "2027-02-01");
    let plan = org.plan(again).unwrap();
    assert_eq!(skips(&plan), [format!("ana: {why}")]);
    let again = org.grant_until("ana bo", Some(Some(day("2027-02-01"))));
    let plan = org.plan(again).unwrap();
    assert_eq!(skips(&plan), [format!("bo: {why}")]);
    // Whoever was deleted meanwhile and comes anew is told so, too.
    org.apply(Command::Delete {
        who: org.who("ana"),
    });
    let mut person = people("ana");
    person[0].profile.deactivate_on = Some("2027-02-01".into());
    let plan = org.plan(Command::Create(Create {
        people: person,
        groups: vec![],
        pools: vec![],
        mail: false,
    }));
    assert_eq!(skips(&plan.unwrap()), [format!("ana: {why}")]);
    // The next day does act.
    org.set_date("bo", Field::DeactivateOn, "2027-02-02");
    org.at("2027-02-02T10:00:00Z");
    assert_eq!(org.do_due(), 1);
}

#[test]
fn the_plan_of_another_zone_says_which_dates_act_at_another_instant() {
    let org = Org::new(9);
    org.create("ana bo cleo dora");
    org.at("2027-01-31T12:00:00Z");
    for (name, day) in [
        ("ana", "2027-02-01"),
        ("bo", "2027-02-03"),
        ("cleo", "2027-02-02"),
        ("dora", "2027-02-04"),
    ] {
        org.set_date(name, Field::DeleteOn, day);
    }
    let zone = |zone: &str| Command::SetSetting {
        setting: Setting::TimeZone,
        value: Some(zone.to_owned()),
    };
    let plan = org.plan(zone("Pacific/Kiritimati")).unwrap();
    let dates = plan.effects.dates;
    assert_eq!((dates.moved, dates.at_once), (4, 1));
    let first: Vec<String> = dates
        .first
        .iter()
        .map(|it| {
            format!(
                "{} {} {} {}",
                short(it.whose()),
                it.day,
                it.before,
                it.after
            )
        })
        .collect();
    assert_eq!(
        first,
        [
            "ana 2027-02-01 2027-01-31T23:00:00.000Z 2027-01-31T10:00:00.000Z",
            "cleo 2027-02-02 2027-02-01T23:00:00.000Z 2027-02-01T10:00:00.000Z",
            "bo 2027-02-03 2027-02-02T23:00:00.000Z 2027-02-02T10:00:00.000Z",
        ]
    );
    // Who was deleted is erased some days later, on a day that moves as well; and undo moves them back.
    org.apply(Command::Delete {
        who: org.who("dora"),
    });
    let moved = org.apply(zone("Pacific/Honolulu"));
    assert_eq!(
        (
            moved.plan.effects.dates.moved,
            moved.plan.effects.dates.at_once
        ),
        (5, 0)
    );
    let back = org.plan(Command::Undo {
        batch: moved.batch.unwrap(),
    });
    assert_eq!(back.unwrap().effects.dates.moved, 5);
    assert_eq!(org.plan(create("eve")).unwrap().effects.dates.moved, 0);
    // Midnight is the same instant there.
    org.apply(zone("Europe/Berlin"));
    let same = org.plan(zone("Europe/Paris")).unwrap();
    assert_eq!(same.effects.dates, Default::default());
}
