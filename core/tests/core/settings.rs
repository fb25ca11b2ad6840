//! What the organization sets about itself, and what follows from it.

use usher_core::command::{Command, Edit, Invite, NewPerson};
use usher_core::model::{Field, GroupRole, Profile, Setting, Status};

use crate::org::{Org, assert_error, create, invite, people, skips};

pub(crate) fn set(setting: Setting, value: &str) -> Command {
    Command::SetSetting {
        setting,
        value: Some(value.into()),
    }
}

fn reset(setting: Setting) -> Command {
    Command::SetSetting {
        setting,
        value: None,
    }
}

#[test]
fn a_setting_is_set_undone_reset_and_survives_a_restart() {
    let mut org = Org::new(5);
    let value = |org: &Org| org.cli().read().unwrap().settings().unwrap().retention_days;
    assert_eq!(value(&org), 30);
    let batch = org.apply(set(Setting::RetentionDays, "90")).batch.unwrap();
    org.reopen();
    assert_eq!(value(&org), 90);
    org.apply(Command::Undo { batch });
    assert_eq!(value(&org), 30);
    let first = org.apply(set(Setting::RetentionDays, "7")).batch.unwrap();
    org.apply(set(Setting::RetentionDays, "8"));
    let plan = org.plan(Command::Undo { batch: first }).unwrap();
    assert_eq!(skips(&plan), ["retention-days: the setting changed since"]);
    org.apply(reset(Setting::RetentionDays));
    assert_eq!(value(&org), 30);
    assert_error(
        org.plan(set(Setting::RetentionDays, "soon")),
        "whole number",
    );
    assert_error(org.plan(reset(Setting::TimeZone)), "no default");
    org.assert_chain();
}

#[test]
fn the_name_and_the_zone_of_the_organization_are_settings() {
    let org = Org::new(5);
    let zone = org
        .apply(set(Setting::TimeZone, "Asia/Tokyo"))
        .batch
        .unwrap();
    org.apply(set(Setting::OrganizationName, "Acme & Sons"));
    let organization = || org.cli().read().unwrap().organization().unwrap();
    assert_eq!(organization().name, "Acme & Sons");
    assert_eq!(organization().time_zone.to_string(), "Asia/Tokyo");
    org.apply(Command::Undo { batch: zone });
    assert_eq!(organization().time_zone.to_string(), "Europe/Berlin");
}

#[test]
fn an_address_alone_is_enough_until_somebody_sets_what_is_required() {
    let org = Org::new(9);
    org.invite("ana");
    org.apply(set(
        Setting::RequiredOnInvite,
        "email, first name, last name, functional area",
    ));
    let plan = org.plan(invite("bo")).unwrap();
    assert_eq!(
        skips(&plan),
        [
            "bo: last name and functional area are required; give what is missing, or change the setting required-on-invite"
        ]
    );
    assert!(org.plan(create("bo")).unwrap().is_empty());
    let complete = NewPerson {
        profile: Profile {
            last_name: Some("Ek".into()),
            functional_area: Some("Sales".into()),
            ..people("bo").remove(0).profile
        },
        ..NewPerson::default()
    };
    org.apply(Command::Invite(Invite {
        people: vec![complete],
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
        send_on: None,
    }));
    assert_eq!(org.user("bo").status, Status::Waiting);
    // Who comes back is known already.
    org.apply(Command::Cancel { who: org.who("bo") });
    org.invite("bo");
    assert_eq!(org.user("bo").status, Status::Waiting);
    // Whoever is there already is told so, and not what would be required.
    assert_eq!(
        skips(&org.plan(invite("ana")).unwrap()),
        ["ana: already waiting"]
    );
    org.apply(reset(Setting::RequiredOnInvite));
    org.invite("carl");
}

#[test]
fn a_group_and_a_manager_can_be_required() {
    let org = Org::new(9);
    org.apply(Command::AddGroup {
        name: "Sales".into(),
    });
    org.apply(set(Setting::RequiredOnInvite, "group,manager"));
    assert_eq!(
        skips(&org.plan(invite("ana")).unwrap()),
        [
            "ana: manager and group are required; give what is missing, or change the setting required-on-invite"
        ]
    );
    let mut described = people("ana");
    described[0].manager = Some("owner@acme.example".into());
    org.apply(Command::Invite(Invite {
        people: described,
        groups: vec![("sales ".into(), GroupRole::Learner)],
        pools: Vec::new(),
        mail: false,
        send_on: None,
    }));
    assert_eq!(org.user("ana").status, Status::Waiting);
    // What is required to come in is not required to stay: editing goes on.
    let mut edit = Edit::of(org.who("ana"));
    edit.set = vec![(Field::Title, Some("Lead".into()))];
    org.apply(Command::Edit(edit));
}

#[test]
fn an_invitation_works_for_as_many_days_as_are_set() {
    let org = Org::new(9);
    org.apply(set(Setting::InvitationDays, "2"));
    org.invite("ana bo");
    org.tick(2 * 24 * 3600 * 1000 - 60_000);
    org.accept("ana").unwrap();
    org.tick(60_000);
    assert_error(org.accept("bo"), "expired");
}

#[test]
fn reminders_that_would_come_when_the_link_is_dead_are_refused() {
    let org = Org::new(3);
    let set = |days: &str| {
        org.try_apply(Command::SetSetting {
            setting: Setting::Reminders,
            value: Some(days.into()),
        })
    };
    let error = set("3,14").unwrap_err().to_string();
    assert!(error.contains("works for 14"), "{error}");
    set("3,13").unwrap();
    let shorter = || {
        org.try_apply(Command::SetSetting {
            setting: Setting::InvitationDays,
            value: Some("13".into()),
        })
    };
    let error = shorter().unwrap_err().to_string();
    assert!(error.contains("reminder after 13 days"), "{error}");
    set("off").unwrap();
    shorter().unwrap();
}
