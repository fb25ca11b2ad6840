//! People without an address: by SCIM only, and found as such (DESIGN §4).

use usher_core::command::{Command, Create, Edit, NewPerson, Provision, ProvisionTarget};
use usher_core::model::{Field, NewPeople, Profile, ProviderHold, Status};
use usher_core::query::{PageFrom, SortBy, UsersPage, parse};

use crate::org::{Org, assert_error, newcomer, skips, switch};

fn without_address(org: &Org) -> Vec<String> {
    let cli = org.cli();
    let read = cli.read().unwrap();
    let page = UsersPage {
        query: parse("no:email", read.now()).unwrap(),
        sort: SortBy::Created,
        descending: false,
        from: PageFrom::Start,
        limit: 10,
    };
    let users = read.users(&page).unwrap();
    users.iter().map(|it| it.label()).collect()
}

#[test]
fn no_email_is_allowed_by_scim_only_and_flagged_by_a_query() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let nameless = Provision {
        set: vec![(Field::UserName, Some("E-4711".into()))],
        ..Provision::of(ProvisionTarget::New)
    };
    org.provision(okta, nameless).unwrap();
    assert_eq!(without_address(&org), ["E-4711"]);
    // Nobody comes without one by another door, and nobody loses theirs.
    let nobody = Command::Create(Create {
        people: vec![NewPerson {
            profile: Profile {
                user_name: Some("e-4712".into()),
                ..Profile::default()
            },
            ..NewPerson::default()
        }],
        groups: Vec::new(),
        pools: Vec::new(),
        mail: false,
    });
    assert_error(org.try_apply(nobody), "is missing");
    org.create("ana");
    let cleared = org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, None)],
        ..Edit::of(org.who("ana"))
    }));
    assert_eq!(
        skips(&cleared.plan),
        ["ana: everybody keeps an address; set another instead"]
    );
    // Whoever gets one is flagged no longer.
    let id = org.cli().read().unwrap().find_user("e-4711").unwrap().id;
    org.apply(Command::Edit(Edit {
        set: vec![(Field::Email, Some("bo@acme.example".into()))],
        overriding: true,
        ..Edit::of(id)
    }));
    assert_eq!(without_address(&org), Vec::<String>::new());
}

#[test]
fn a_deactivation_by_a_person_holds_until_a_person_reactivates() {
    let org = Org::new(9);
    let (okta, _) = org.connect("okta", NewPeople::Active);
    let ana = org
        .provision(okta, newcomer("ana", "1"))
        .unwrap()
        .user
        .unwrap();
    org.deactivate("ana");
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Inactive, "it holds");
    org.apply(Command::Reactivate {
        who: ana.into(),
        restore_assignments: false,
    });
    assert_eq!(org.user("ana").status, Status::Active);
    assert_eq!(org.user("ana").provider_hold, ProviderHold::Free);
    // From then on the provider says again who is in.
    org.provision(okta, switch(ana, false)).unwrap();
    assert_eq!(org.user("ana").status, Status::Inactive);
    org.provision(okta, switch(ana, true)).unwrap();
    assert_eq!(org.user("ana").status, Status::Active);
}
