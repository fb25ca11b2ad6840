//! Undoing what an identity provider did with groups: adding, renaming, filling, emptying and removing them.

use usher_core::command::{Command, GroupTarget, PoolEdit, ProvisionGroup, WhenFull};
use usher_core::model::{
    ConnectionId, Door, GroupId, GroupRole, NewPeople, Status, TrainingKind, UserId,
};
use usher_core::{Applied, Result};

use crate::org::{Org, create, skips};

impl Org {
    fn provision_group(
        &self,
        connection: ConnectionId,
        provision: ProvisionGroup,
    ) -> Result<Applied> {
        self.tick(1);
        let actor = usher_core::model::Actor::Connection(connection);
        let session = self.directory.as_actor(actor, Door::Scim);
        session.apply(session.request(Command::ProvisionGroup(provision)), None)
    }

    /// The id of a group that is there.
    fn group_id(&self, name: &str) -> GroupId {
        self.cli().read().unwrap().group(name).unwrap().id
    }

    /// What the connection calls a group.
    fn called(&self, connection: ConnectionId, name: &str) -> Option<String> {
        let cli = self.cli();
        let read = cli.read().unwrap();
        let found = read.provided_group_named(connection, name).unwrap();
        found.unwrap().external_id
    }

    fn groups(&self) -> Vec<String> {
        let groups = self.cli().read().unwrap().groups().unwrap();
        groups.into_iter().map(|it| it.name).collect()
    }
}

fn group(target: GroupTarget) -> ProvisionGroup {
    ProvisionGroup {
        target,
        name: None,
        external_id: None,
        only: false,
        add: Vec::new(),
        remove: Vec::new(),
    }
}

fn new(name: &str, external_id: &str, add: Vec<UserId>) -> ProvisionGroup {
    ProvisionGroup {
        name: Some(name.into()),
        external_id: Some(Some(external_id.into())),
        add,
        ..group(GroupTarget::New)
    }
}

fn existing(group: GroupId) -> GroupTarget {
    GroupTarget::Existing {
        group,
        version: None,
    }
}

fn provided() -> (Org, ConnectionId) {
    let org = Org::new(20);
    org.create("ana bo cara");
    let (connection, _) = org.connect("okta", NewPeople::Active);
    (org, connection)
}

#[test]
fn undoing_a_group_that_a_provider_added_takes_its_members_out_and_removes_it() {
    let (org, okta) = provided();
    let before = org.state();
    let added = org
        .provision_group(okta, new("Sales", "g-1", org.ids("ana bo")))
        .unwrap();
    assert_eq!(org.groups(), ["Sales"]);
    let undone = org.undo(&added);
    assert_eq!(skips(&undone.plan), Vec::<String>::new());
    assert_eq!(org.groups(), Vec::<String>::new());
    // But for the row of the group, which stays for the history, everything is as it was.
    let but_for_the_group = |text: String| {
        let of_group = format!("Text({:?})", b"group");
        let lines = text.lines().filter(|it| !it.starts_with(&of_group));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(but_for_the_group(org.state()), but_for_the_group(before));
    // The provider may add it again, by the same name and the same externalId.
    org.provision_group(okta, new("Sales", "g-1", org.ids("ana")))
        .unwrap();
    assert_eq!(org.called(okta, "Sales").as_deref(), Some("g-1"));
    // And undoing the undoing finds its name taken.
    assert_eq!(
        skips(&org.undo(&undone).plan),
        [
            "Sales: the name is another group's now",
            "Sales: the group was removed since",
            "ana: the group was removed since",
            "bo: the group was removed since",
        ]
    );
    org.assert_chain();
}

#[test]
fn a_group_in_which_somebody_else_is_by_now_stays_when_its_adding_is_undone() {
    let (org, okta) = provided();
    let added = org
        .provision_group(okta, new("Sales", "g-1", org.ids("ana")))
        .unwrap();
    org.join("cara", "Sales", GroupRole::Coach);
    let undone = org.undo(&added);
    assert_eq!(
        skips(&undone.plan),
        ["Sales: the group has members; remove it instead"]
    );
    assert_eq!(org.groups(), ["Sales"]);
    let cli = org.cli();
    let memberships = |name: &str| {
        let read = cli.read().unwrap();
        read.memberships_of(org.user(name).id).unwrap().len()
    };
    assert_eq!((memberships("ana"), memberships("cara")), (0, 1));
}

#[test]
fn undoing_an_update_puts_name_external_id_and_members_back_with_what_they_got() {
    let (org, okta) = provided();
    org.add_training("Intro", TrainingKind::Course, None);
    org.provision_group(okta, new("Sales", "g-1", org.ids("ana bo")))
        .unwrap();
    org.carry("Sales", "Intro", "");
    let before = org.state();
    let updated = org
        .provision_group(
            okta,
            ProvisionGroup {
                name: Some("Sales EMEA".into()),
                external_id: Some(Some("g-2".into())),
                only: true,
                add: org.ids("bo cara"),
                ..group(existing(org.group_id("Sales")))
            },
        )
        .unwrap();
    assert_eq!(org.called(okta, "Sales EMEA").as_deref(), Some("g-2"));
    assert_eq!(org.learns("cara"), "Intro:assigned");
    let undone = org.undo(&updated);
    assert_eq!(skips(&undone.plan), Vec::<String>::new());
    assert_eq!(org.state(), before);
    assert_eq!(org.called(okta, "Sales").as_deref(), Some("g-1"));
    let again = org.undo(&undone);
    assert_eq!(skips(&again.plan), Vec::<String>::new());
    assert_eq!(org.called(okta, "Sales EMEA").as_deref(), Some("g-2"));
    org.assert_chain();
}

#[test]
fn undoing_a_removal_brings_the_group_back_with_its_link_its_members_and_what_it_carries() {
    let (org, okta) = provided();
    org.add_training("Intro", TrainingKind::Course, None);
    org.provision_group(okta, new("Sales", "g-1", org.ids("ana bo")))
        .unwrap();
    org.carry("Sales", "Intro", "");
    let before = org.state();
    let target = GroupTarget::Removed {
        group: org.group_id("Sales"),
        version: None,
    };
    let removed = org.provision_group(okta, group(target)).unwrap();
    assert_eq!(org.groups(), Vec::<String>::new());
    assert_eq!(skips(&org.undo(&removed).plan), Vec::<String>::new());
    assert_eq!(org.state(), before);
    assert_eq!(org.called(okta, "Sales").as_deref(), Some("g-1"));
    org.assert_chain();
}

#[test]
fn what_moved_on_meanwhile_is_left_alone_and_said() {
    let (org, okta) = provided();
    let added = org
        .provision_group(okta, new("Sales", "g-1", org.ids("ana")))
        .unwrap();
    let sales = org.group_id("Sales");
    let called = |name: &str, external_id: &str| ProvisionGroup {
        name: Some(name.into()),
        external_id: Some(Some(external_id.into())),
        ..group(existing(sales))
    };
    let renamed = org.provision_group(okta, called("Selling", "g-2")).unwrap();
    // The former name and externalId are another group's by now.
    org.provision_group(okta, new("Sales", "g-1", Vec::new()))
        .unwrap();
    assert_eq!(
        skips(&org.undo(&renamed).plan),
        [
            "Selling: what the provider calls the group changed since",
            "Selling: the former name is another group's now",
        ]
    );
    assert_eq!(org.called(okta, "Selling").as_deref(), Some("g-2"));
    let target = GroupTarget::Removed {
        group: sales,
        version: None,
    };
    let removed = org.provision_group(okta, group(target)).unwrap();
    assert_eq!(
        skips(&org.undo(&added).plan),
        [
            "Selling: what the provider calls the group changed since",
            "ana: group changed since",
            "Sales: already removed",
        ]
    );
    // Another group of its name: it stays removed, and nothing is hung on it.
    org.add_group("Selling");
    assert_eq!(
        skips(&org.undo(&removed).plan),
        [
            "Selling: the name is another group's now",
            "Selling: the group was removed since",
            "ana: the group was removed since",
        ]
    );
    org.assert_chain();
}

#[test]
fn a_promotion_that_would_come_again_at_once_is_not_undone() {
    let org = Org::new(3);
    org.create("ana bo");
    let waits = WhenFull::QueueRest;
    org.apply_when_full(create("cara"), waits);
    let freed = org.deactivate("ana");
    let promotion = Command::Undo {
        batch: freed.promotions[0],
    };
    let before = org.state();
    let refused = org.apply(promotion.clone());
    assert!(skips(&refused.plan)[0].contains("would be promoted again at once"));
    assert_eq!((refused.batch, org.state()), (None, before));
    // With fewer purchased there is no room, and they wait again.
    org.set_pool(
        "access",
        PoolEdit {
            purchased: Some(2),
            ..PoolEdit::default()
        },
    );
    let undone = org.apply(promotion);
    assert_eq!(skips(&undone.plan), Vec::<String>::new());
    assert_eq!(org.user("cara").status, Status::Queued);
    assert_eq!(org.seats("access"), (2, 0, 1));
}
