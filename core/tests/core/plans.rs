//! Every page that a screen can ask for is answered from an index: SQLite is asked how it would, without statistics.

use usher_core::model::{Status, Timestamp};
use usher_core::query::{
    Expr, FieldTest, HoldWord, NamedField, PageFrom, SortBy, TextField, TextOp, TimeField,
    UsersPage,
};

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

#[test]
fn what_finds_few_is_found_by_its_own_index() {
    let pool = |hold| Expr::Pool {
        name: "access".into(),
        hold,
    };
    let since = |field| Expr::When {
        field,
        from: Some(Timestamp::from_millis(1)),
        until: Some(Timestamp::from_millis(2)),
    };
    let title = Expr::Field {
        field: TextField::Title,
        op: TextOp::Equals,
        value: "Chief of everything".into(),
    };
    let never = Expr::When {
        field: TimeField::Seen,
        from: None,
        until: None,
    };
    let no = |it| Expr::Not(Box::new(it));
    let cases = [
        (Expr::Administrator, "SCAN permissions"),
        (Expr::Protected, "users_protected"),
        (pool(Some(HoldWord::Queued)), "licenses_queue (pool=?)"),
        (
            pool(Some(HoldWord::Consumed)),
            "licenses_by_pool (pool=? AND state=?)",
        ),
        (
            pool(Some(HoldWord::Reserved)),
            "licenses_by_pool (pool=? AND state=?)",
        ),
        (pool(None), "licenses_by_pool (pool=?)"),
        (
            since(TimeField::Created),
            "users_by_created (created_at>? AND created_at<?)",
        ),
        (
            since(TimeField::Updated),
            "users_by_updated (updated_at>? AND updated_at<?)",
        ),
        (no(never), "SCAN unseen"),
        (
            no(Expr::Has(TextField::Email)),
            "users_email_key (email_key=?)",
        ),
        (title, "users_text VIRTUAL TABLE INDEX"),
    ];
    for (query, index) in cases {
        // Also as a part of a query.
        let both = Expr::And(vec![Expr::Status(Status::ALL.to_vec()), query.clone()]);
        for query in [query, both] {
            for plan in plans(&query, &SORTS) {
                assert!(!scans(&plan) && plan.contains(index), "{plan}");
            }
        }
    }
}
