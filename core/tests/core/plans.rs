//! Every page that a screen can ask for is answered from an index: SQLite is asked how it would, without statistics.

use usher_core::model::Status;
use usher_core::query::{Expr, FieldTest, NamedField, PageFrom, SortBy, TextOp, UsersPage};

use crate::org::Org;

const SORTS: [SortBy; 4] = [SortBy::Name, SortBy::Email, SortBy::Status, SortBy::Created];

/// How the pages of a query are answered, in both directions from both ends, with one line a page.
fn plans(query: &Expr, sorts: &[SortBy]) -> Vec<String> {
    let org = Org::new(9);
    org.create("ana bo cleo");
    let cli = org.cli();
    let read = cli.read().unwrap();
    let mut plans = Vec::new();
    for sort in sorts {
        for descending in [false, true] {
            for from in [PageFrom::Start, PageFrom::End] {
                let page = UsersPage {
                    query: query.clone(),
                    sort: *sort,
                    descending,
                    from,
                    limit: 100,
                };
                let steps = read.explain(&page).unwrap().join("; ");
                plans.push(format!("{sort:?} {descending}: {steps}"));
            }
        }
    }
    plans
}

fn assert_none(plans: &[String], words: &str) {
    for plan in plans {
        assert!(!plan.contains(words), "{words} in {plan}");
    }
}

/// Whether the table is read from end to end without an index. In the order of creation that is the index.
fn scans(plan: &str) -> bool {
    let mut steps = plan.split([':', ';']).map(str::trim);
    !plan.starts_with("Created") && steps.any(|it| it == "SCAN users")
}

#[test]
fn a_page_of_everybody_comes_from_the_index_of_its_order() {
    let plans = plans(&Expr::Everybody, &SORTS);
    assert_none(&plans, "TEMP B-TREE");
    for plan in &plans {
        assert!(!scans(plan), "{plan}");
    }
}

#[test]
fn those_who_have_what_a_list_is_in_the_order_of_come_from_an_index_and_the_others_in_the_order_of_creation()
 {
    let two_parts = [
        (SortBy::Seen, "users_by_seen"),
        (SortBy::Area, "users_by_area"),
        (SortBy::Title, "users_by_title"),
        (SortBy::Region, "users_by_region"),
        (SortBy::Language, "users_by_language"),
        (SortBy::Labels, "users_by_labels"),
    ];
    for (sort, index) in two_parts {
        for query in [Expr::Everybody, Expr::Status(vec![Status::Active])] {
            let plans = plans(&query, &[sort]);
            assert_none(&plans, "TEMP B-TREE");
            for plan in &plans {
                assert!(plan.contains(index), "{plan}");
            }
        }
    }
}

#[test]
fn a_page_of_one_status_in_an_index_order_is_neither_scanned_nor_sorted() {
    for status in Status::ALL {
        let query = Expr::Status(vec![status]);
        let in_order = plans(&query, &[SortBy::Name, SortBy::Status]);
        assert_none(&in_order, "TEMP B-TREE");
        for plan in &in_order {
            assert!(plan.contains("users_by_status (status=?)"), "{plan}");
        }
        for plan in plans(&query, &SORTS) {
            assert!(!scans(&plan), "{plan}");
        }
    }
}

#[test]
fn a_page_of_a_word_is_found_by_the_text_index() {
    let query = Expr::Text("alvarez".into());
    for plan in plans(&query, &SORTS) {
        assert!(!scans(&plan), "{plan}");
        assert!(plan.contains("users_text VIRTUAL TABLE INDEX"), "{plan}");
    }
}

#[test]
fn labels_custom_fields_and_mismatches_are_found_by_their_indexes() {
    let field = NamedField {
        id: "01931b2c-7d5e-7000-8000-0123456789ab".parse().unwrap(),
        key: "x".into(),
    };
    let day = Some("2026-01-01".parse().unwrap());
    let custom = |test| Expr::Custom {
        field: field.clone(),
        test,
    };
    let cases = [
        (Expr::Label("x".into()), "user_labels_by_key (key=?)"),
        (
            custom(FieldTest::Text {
                op: TextOp::StartsWith,
                value: "x".into(),
            }),
            "field_values_by_key (field=? AND key>? AND key<?)",
        ),
        (
            custom(FieldTest::Days {
                from: day,
                to: None,
            }),
            "field_values_by_key (field=? AND key>?)",
        ),
        (custom(FieldTest::Set), "field_values_by_key (field=?)"),
        (Expr::SsoMismatch, "users_with_other_address"),
    ];
    for (query, index) in cases {
        for plan in plans(&query, &SORTS) {
            assert!(!scans(&plan) && plan.contains(index), "{plan}");
        }
    }
}

/// What lists the people of each field of the query language; of those without, the list is walked for a while in its
/// order, and then the table is read.
const LISTED_BY: [(&str, &str); 40] = [
    ("email:alvarez", "users_text VIRTUAL TABLE INDEX"),
    ("email:=a@b.example", "users_email_key (email_key=?)"),
    ("user_name:alvarez", "users_text VIRTUAL TABLE INDEX"),
    ("first_name:alv*", "users_text VIRTUAL TABLE INDEX"),
    ("last_name:=li", "users_text VIRTUAL TABLE INDEX"),
    ("display_name:alvarez", "users_text VIRTUAL TABLE INDEX"),
    ("functional_area:=zz", "users_text VIRTUAL TABLE INDEX"),
    ("title:=Zzz", "users_text VIRTUAL TABLE INDEX"),
    ("region:emea", "users_text VIRTUAL TABLE INDEX"),
    ("language:de", "users_terms VIRTUAL TABLE INDEX"),
    ("name:alvarez", "users_text VIRTUAL TABLE INDEX"),
    (
        "created:<2020-01-01",
        "INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
    ),
    ("updated:>90d", "users_by_updated"),
    ("seen:>1h", "users_by_seen (last_seen_at>?"),
    ("deactivate_on:<30d", "users_deactivate_on"),
    ("delete_on:<30d", "users_delete_on"),
    ("send_on:<30d", "invitations_send_on"),
    ("status:active", "users_by_status (status=?)"),
    ("status:cancelled,inactive", "users_by_status (status=?)"),
    ("manager:a@b.example", "users_by_manager (manager=?)"),
    ("below:a@b.example", "users_by_manager (manager=?)"),
    ("group:Sales", "memberships_by_group (member_of=?)"),
    (
        "role:coach",
        "memberships_by_group (member_of=? AND role=?)",
    ),
    ("training:Onboarding", "assignments_by_training (training=?"),
    (
        "assignment:started",
        "assignments_by_training (training=? AND state=?)",
    ),
    (
        "pool:studio:consumed",
        "add_on_licenses USING PRIMARY KEY (pool=? AND state=?)",
    ),
    ("pool:access:queued", "licenses_queue (pool=?)"),
    ("connection:okta", "links_external_id (connection=?)"),
    ("label:mentor", "user_labels_by_key (key=?)"),
    ("is:protected", "users_protected"),
    ("is:admin", "permissions"),
    ("no:email", "users_without_email"),
    ("no:seen", "SCAN unseen"),
    ("has:region", "users_text VIRTUAL TABLE INDEX"),
    ("no:region", "users_text VIRTUAL TABLE INDEX"),
    ("no:name", "users_text VIRTUAL TABLE INDEX"),
    ("no:manager", "users_without_manager"),
    ("has:manager", "users_by_manager"),
    ("title:q", "users_terms VIRTUAL TABLE INDEX"),
    ("q", "users_terms VIRTUAL TABLE INDEX"),
];

#[test]
fn every_field_of_the_query_language_is_listed_by_an_index_or_walked_for_a_while() {
    let org = Org::new(9);
    org.create("ana bo cleo");
    for (query, index) in LISTED_BY {
        let parsed = usher_core::query::parse(query, org.directory.now()).unwrap();
        for plan in plans(&parsed, &SORTS) {
            assert!(!scans(&plan), "{query}: {plan}");
            assert!(
                plan.contains(index),
                "{query} is not listed by {index}: {plan}"
            );
        }
    }
    let told: Vec<&str> = LISTED_BY
        .iter()
        .map(|it| it.0.split(':').next().unwrap())
        .collect();
    let words = usher_core::query::keys();
    let same = |word: &str| {
        let parse =
            |key: &str| usher_core::query::parse(&format!("has:{key}"), org.directory.now());
        told.iter()
            .any(|it| parse(it).ok() == parse(word).ok() && parse(it).is_ok())
    };
    let left: Vec<&str> = words.filter(|it| !told.contains(it) && !same(it)).collect();
    // Other words for the same, and what one look-up answers.
    let others = [
        "under",
        "groups",
        "trainings",
        "assignments",
        "license",
        "licenses",
        "idp",
        "labels",
        "external_id",
        "id",
    ];
    assert_eq!(
        left, others,
        "each field is to be among those that are listed by something"
    );
}

#[test]
fn what_somebody_did_is_read_from_the_index_of_their_batches() {
    use usher_core::model::Actor;
    let org = Org::new(2);
    let ana = org.user("owner").id;
    let cli = org.cli();
    let read = cli.read().unwrap();
    let cases = [
        (Actor::Scheduler, "batches_by_doer"),
        (Actor::FileOwner, "batches_by_doer"),
        (Actor::Person(ana), "batches_by_doer"),
        (Actor::Administrator(ana), "batches_by_administrator"),
    ];
    for (actor, index) in cases {
        let steps = read.explain_history_of(actor).unwrap().join("; ");
        assert!(
            steps.contains(index) && !steps.contains("TEMP B-TREE"),
            "{steps}"
        );
    }
}

#[test]
fn no_statistics_of_a_small_roster_outlive_it() {
    let mut org = Org::new(9);
    org.create("ana bo cleo");
    let kept = |org: &Org| -> i64 {
        let conn = rusqlite::Connection::open(&org.path).unwrap();
        let sql = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'sqlite_stat%'";
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    for _ in 0..3 {
        // The writer before it ends here.
        org.reopen();
        assert_eq!(kept(&org), 0);
    }
}
