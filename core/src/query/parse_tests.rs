//! What queries mean, which ones are refused, and that printing and parsing agree.

use proptest::prelude::*;

use super::super::{
    DayField, Expr, FieldTest, GroupName, HoldWord, ManagerName, NamedField, TextField, TextOp,
    TimeField, TrainingName, Vocabulary,
};
use super::{MAX_DEPTH, MAX_LENGTH, parse, parse_with};
use crate::model::{
    AssignmentState, Choice, ChoiceTerms, CustomField, Date, FieldKind, FieldTerms, GroupId,
    GroupRole, Status, Timestamp, TrainingId, UserId, VisibleTo,
};

/// 2026-11-22T03:22:15Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_317_735_000);
const ID: &str = "01931b2c-7d5e-7000-8000-0123456789ab";

/// What a query means, printed; or where and why it means nothing.
fn meaning(text: &str) -> String {
    match parse(text, NOW) {
        Ok(expr) => expr.to_string(),
        Err(error) => format!("! {error}"),
    }
}

#[test]
fn a_day_that_lies_ahead_is_asked_for_by_spans_from_today() {
    let cases = [
        ("deactivate_on:<30d", "deactivate_on:2026-11-22..2026-12-21"),
        ("delete_on:<=30d", "delete_on:2026-11-22..2026-12-22"),
        ("send_on:30d", "send_on:2026-11-22..2026-12-22"),
        ("delete_on:>2w", "delete_on:>=2026-12-07"),
        ("delete_on:7d..30d", "delete_on:2026-11-29..2026-12-22"),
        ("delete_on:30d..7d", "delete_on:2026-11-29..2026-12-22"),
        ("delete_on:..7d", "delete_on:2026-11-22..2026-11-29"),
        ("delete_on:today", "delete_on:2026-11-22..2026-11-22"),
        ("delete_on:Tomorrow", "delete_on:2026-11-23..2026-11-23"),
        (
            "deactivate-on:2026-12",
            "deactivate_on:2026-12-01..2026-12-31",
        ),
        ("delete_on:2027", "delete_on:2027-01-01..2027-12-31"),
        ("delete_on:<2027-01-01", "delete_on:<2027-01-01"),
        ("delete_on:<=2027-01-01", "delete_on:<2027-01-02"),
        ("delete_on:>2027-01-01", "delete_on:>=2027-01-02"),
        ("delete_on:2027-01-01..", "delete_on:>=2027-01-01"),
        ("has:delete_on", "has:delete_on"),
        ("no:deactivate_on", "-has:deactivate_on"),
        (
            "delete_on:soon",
            "! \"soon\" is not a day; use 2026-12-31, 2026-12, today, tomorrow, <30d, >30d, <2027-01-01 or 7d..30d",
        ),
    ];
    for (text, expected) in cases {
        let said = meaning(text);
        assert!(
            said == expected || said.starts_with(expected),
            "{text}: {said}"
        );
    }
}

#[test]
fn a_query_means_what_it_says() {
    let cases = [
        ("", ""),
        ("   ", ""),
        ("*", ""),
        ("ana weber", "ana weber"),
        ("Weber, Ana", "Weber Ana"),
        ("\"best group\"", "\"best group\""),
        ("ana*", "ana"),
        ("a or b c", "a or (b c)"),
        ("a and b", "a b"),
        ("(a or b) -c", "(a or b) -c"),
        ("-(a b)", "-(a b)"),
        (
            "=ana@corp.example",
            "email:=ana@corp.example or user_name:=ana@corp.example",
        ),
        ("title:eng*", "title:eng*"),
        ("title:=Engineer", "title:=Engineer"),
        ("Area:Sales", "functional_area:Sales"),
        ("department:\"R & D\"", "functional_area:\"R & D\""),
        ("region:emea,apac", "region:emea or region:apac"),
        (
            "name:li",
            "first_name:li or last_name:li or display_name:li",
        ),
        ("no:region", "-has:region"),
        ("has:manager", "has:manager"),
        ("below:bo@corp.example", "below:bo@corp.example"),
        ("no:seen", "-has:seen"),
        (
            "status:active,pending-transfer",
            "status:active,pending_transfer",
        ),
        ("is:active", "status:active"),
        ("is:administrator is:protected", "is:admin is:protected"),
        ("pool:pro license:pro:queued", "pool:pro pool:pro:queued"),
        (
            "manager:bo@corp.example group:\"Sales EMEA\"",
            "manager:bo@corp.example group:\"Sales EMEA\"",
        ),
        (
            "connection:okta label:wave-2",
            "connection:okta label:wave-2",
        ),
        (
            "group:sales:coach group:\"Sales: north\":user-administrator role:author",
            "group:sales:coach group:\"Sales: north\":user_administrator role:author",
        ),
        (
            "group:\"a:coach\" training:Intro training:\"Day 1\":Started assignment:ended",
            "group:\"a:coach\" training:Intro training:\"Day 1\":started assignment:ended",
        ),
        ("created:<2026-01-01", "created:<2026-01-01T00:00:00.000Z"),
        ("created:>2026-01-01", "created:>=2026-01-02T00:00:00.000Z"),
        (
            "created:2026-02",
            "created:2026-02-01T00:00:00.000Z..2026-03-01T00:00:00.000Z",
        ),
        (
            "created:2025",
            "created:2025-01-01T00:00:00.000Z..2026-01-01T00:00:00.000Z",
        ),
        (
            "changed:today",
            "updated:2026-11-22T00:00:00.000Z..2026-11-23T00:00:00.000Z",
        ),
        ("seen:>90d", "seen:<2026-08-24T03:22:15.000Z"),
        ("seen:<1w", "seen:>=2026-11-15T03:22:15.001Z"),
        ("seen:7d", "seen:>=2026-11-15T03:22:15.000Z"),
        (
            "seen:7d..30d",
            "seen:2026-10-23T03:22:15.000Z..2026-11-15T03:22:15.000Z",
        ),
        (
            "seen:2026-01-01..2026-01-31",
            "seen:2026-01-01T00:00:00.000Z..2026-02-01T00:00:00.000Z",
        ),
        ("seen:..2026-01-31", "seen:<2026-02-01T00:00:00.000Z"),
    ];
    for (text, expected) in cases {
        assert_eq!(meaning(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_place_and_a_way_out() {
    let cases = [
        (
            "stat:active",
            "! there is no field \"stat\"; did you mean status:? (at position 1)",
        ),
        (
            "ana titel:x",
            "! there is no field \"titel\"; did you mean title:? (at position 5)",
        ),
        (
            "qqqqqq:x",
            "! there is no field \"qqqqqq\"; put it in quotes to look for the text (at position 1)",
        ),
        (
            "status:gone",
            "! there is no status \"gone\"; use queued, waiting, pending_transfer, active, inactive, cancelled, deleted, erased (at position 8)",
        ),
        (
            "title:",
            "! expected a value here, such as title:NAME (at position 7)",
        ),
        ("(a", "! this ( is never closed; add a ) (at position 1)"),
        (
            "a)",
            "! this ) closes nothing; remove it or put it in quotes (at position 2)",
        ),
        (
            "\"a",
            "! this quote is never closed; add a \" (at position 1)",
        ),
        (
            "a or",
            "! expected a term here, such as a name or status:active (at position 5)",
        ),
        ("a -", "! expected a term directly after - (at position 4)"),
        (
            "~webr",
            "! a word cannot begin with ~; put it in quotes (at position 1)",
        ),
        (
            "id:7",
            "! this is not an id; copy it from a listing (at position 4)",
        ),
        (
            "pool:pro:held",
            "! a license is not held \"held\"; use reserved, consumed or queued (at position 6)",
        ),
        (
            "group:sales:boss",
            "! there is no role \"boss\"; use learner, coach, author, user_administrator, administrator, or put the name in quotes (at position 7)",
        ),
        (
            "training:intro:begun",
            "! an assignment is not \"begun\"; use assigned, started, completed, ended, or put the name in quotes (at position 10)",
        ),
        ("group::coach", "! expected a name here (at position 7)"),
        (
            "seen:soon",
            "! \"soon\" is not a date; use 2026-01-31, 2026-01, today, 90d, >90d, <2026-01-01 or 7d..30d (at position 6)",
        ),
        (
            "created:2026-02-30",
            "! \"2026-02-30\" is not a date; use 2026-01-31, 2026-01, today, 90d, >90d, <2026-01-01 or 7d..30d (at position 9)",
        ),
        (
            "label:x*",
            "! only text fields can be asked for by their beginning; leave out the * (at position 7)",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(meaning(text), expected, "{text}");
    }
}

#[test]
fn an_id_is_recognized_where_people_are_named() {
    let id: UserId = ID.parse().expect("an id");
    assert_eq!(parse(&format!("={ID}"), NOW), Ok(Expr::Id(id)));
    assert_eq!(
        parse(&format!("manager:{ID}"), NOW),
        Ok(Expr::Manager(ManagerName::Id(id)))
    );
    assert_eq!(
        parse(&format!("manager:\"{ID}\""), NOW),
        Ok(Expr::Manager(ManagerName::Named(ID.into())))
    );
}

#[test]
fn size_is_capped() {
    assert!(parse(&"a".repeat(MAX_LENGTH), NOW).is_ok());
    assert!(parse(&"a".repeat(MAX_LENGTH + 1), NOW).is_err());
    assert!(
        parse(&"a ".repeat(MAX_LENGTH / 2), NOW).is_err(),
        "too many terms"
    );
    let nested = |deep: usize| format!("{}a{}", "(".repeat(deep), ")".repeat(deep));
    assert!(parse(&nested(MAX_DEPTH), NOW).is_ok());
    assert!(parse(&nested(MAX_DEPTH + 1), NOW).is_err());
    assert!(parse(&format!("{}a", "-".repeat(MAX_LENGTH - 1)), NOW).is_err());
    assert!(parse(&"-(".repeat(MAX_LENGTH / 2), NOW).is_err());
}

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(" ".to_owned()),
        prop::sample::select(vec![
            "or",
            "and",
            "-",
            "(",
            ")",
            "\"",
            ",",
            "=",
            ":",
            "*",
            "~",
            "\\",
            "<",
            ">",
            "..",
            "()",
            "status:",
            "title:",
            "name:",
            "area:",
            "seen:",
            "created:",
            "delete_on:",
            "30d",
            "manager:",
            "group:",
            "role:",
            "training:",
            "assignment:",
            "coach",
            "started",
            ":ended",
            ":coach",
            "pool:",
            "label:",
            "is:",
            "no:",
            "has:",
            "id:",
            "connection:",
            "cost_center:",
            "größe:",
            "shirt:",
            "external_id:",
            "active",
            "waiting",
            "protected",
            "admin",
            "region",
            "90d",
            "2026-01-01",
            "2026",
            "7d..30d",
            ">1w",
            "2999-12-31T23:59:59.999Z",
            "today",
            ":queued",
            ID,
        ])
        .prop_map(str::to_owned),
        "[a-zé漢 ]{1,4}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|it| it.concat())
}

const FIELD: &str = "01931b2c-7d5e-7000-8000-00000000000";

/// An organization with a field of each kind.
fn vocabulary() -> Vocabulary {
    let field = |n: char, name: &str, kind, values: &[&str]| CustomField {
        id: format!("{FIELD}{n}").parse().expect("an id"),
        terms: FieldTerms {
            name: name.into(),
            kind,
            visible_to: VisibleTo::Everybody,
            required: false,
            removed: false,
        },
        choices: values
            .iter()
            .zip('a'..)
            .map(|(name, n)| Choice {
                id: format!("{FIELD}{n}").parse().expect("an id"),
                terms: ChoiceTerms {
                    name: (*name).into(),
                    removed: false,
                },
                former: vec![format!("former {n}")],
            })
            .collect(),
        former: vec![format!("former_{n}")],
    };
    Vocabulary::new(vec![
        field('1', "Cost center", FieldKind::Text, &[]),
        field('2', "Größe", FieldKind::Date, &[]),
        field(
            '3',
            "Shirt",
            FieldKind::Choice,
            &["S", "Extra, large", "=or", "a\\\"b*"],
        ),
    ])
}

#[test]
fn a_custom_field_is_asked_for_by_its_name_or_a_former_one() {
    let cases = [
        ("Cost-Center:47", "cost_center:47"),
        ("former_1:=47", "cost_center:=47"),
        ("cost_center:a*,b", "cost_center:a* or cost_center:b"),
        ("größe:>2026-01-01", "größe:>=2026-01-02"),
        ("größe:2026-02", "größe:2026-02-01..2026-02-28"),
        ("größe:today", "größe:2026-11-22"),
        ("größe:<=2026-01-01", "größe:<=2026-01-01"),
        ("shirt:s", "shirt:S"),
        ("shirt:\"former b\"", "shirt:\"Extra, large\""),
        ("has:shirt no:cost-center", "has:shirt -has:cost_center"),
        (
            "shirt:xl",
            "! Shirt has no value \"xl\"; use S, Extra, large, =or, a\\\"b* (at position 7)",
        ),
        (
            "shirt:S*",
            "! only text can be asked for by its beginning; leave out the * (at position 7)",
        ),
        (
            "shirts:S",
            "! there is no field \"shirts\"; did you mean shirt:? (at position 1)",
        ),
        (
            "cost_center:",
            "! expected a value here, such as cost_center:TEXT (at position 13)",
        ),
    ];
    for (text, expected) in cases {
        let said = match parse_with(text, NOW, &vocabulary()) {
            Ok(expr) => expr.to_string(),
            Err(error) => format!("! {error}"),
        };
        assert_eq!(said, expected, "{text}");
    }
}

fn custom() -> impl Strategy<Value = Expr> {
    let named = |n: char, key: &str| NamedField {
        id: format!("{FIELD}{n}").parse().expect("an id"),
        key: key.into(),
    };
    let (text, date, shirt) = (
        named('1', "cost_center"),
        named('2', "größe"),
        named('3', "shirt"),
    );
    let op = prop::sample::select(vec![TextOp::Equals, TextOp::StartsWith, TextOp::Contains]);
    let day = (0..400_000_i64).prop_map(|day| {
        let at = Timestamp::from_millis(day * 86_400_000 - 5_364_662_400_000).to_string();
        at[..10].parse::<Date>().expect("a day")
    });
    let values: Vec<_> = vocabulary_values();
    let set = prop::sample::select(vec![text.clone(), date.clone(), shirt.clone()]);
    prop_oneof![
        set.prop_map(|field| (field, FieldTest::Set)),
        (op, words()).prop_map(move |(op, value)| (text.clone(), FieldTest::Text { op, value })),
        (prop::option::of(day.clone()), day, any::<bool>()).prop_map(move |(a, b, up)| {
            let (from, to) = match (a, up) {
                (Some(a), _) => (Some(a.min(b)), Some(a.max(b))),
                (None, true) => (Some(b), None),
                (None, false) => (None, Some(b)),
            };
            (date.clone(), FieldTest::Days { from, to })
        }),
        prop::sample::select(values).prop_map(move |test| (shirt.clone(), test)),
    ]
    .prop_map(|(field, test)| Expr::Custom { field, test })
}

fn vocabulary_values() -> Vec<FieldTest> {
    ["S", "Extra, large", "=or", "a\\\"b*"]
        .iter()
        .zip('a'..)
        .map(|(name, n)| FieldTest::Choice {
            id: format!("{FIELD}{n}").parse().expect("an id"),
            name: (*name).into(),
        })
        .collect()
}

fn instant() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_i64).prop_map(Timestamp::from_millis)
}

fn words() -> impl Strategy<Value = String> {
    "[ -~é漢\u{301}]{0,6}[a-z*\\\\\")]"
}

fn group_name() -> impl Strategy<Value = GroupName> {
    prop_oneof![
        words().prop_map(GroupName::Named),
        Just(ID.to_owned()).prop_map(GroupName::Named),
        any::<[u8; 16]>().prop_map(|it| GroupName::Id(GroupId::from_bytes(it))),
    ]
}

fn training_name() -> impl Strategy<Value = TrainingName> {
    prop_oneof![
        words().prop_map(TrainingName::Named),
        any::<[u8; 16]>().prop_map(|it| TrainingName::Id(TrainingId::from_bytes(it))),
    ]
}

fn role() -> impl Strategy<Value = GroupRole> {
    prop::sample::select(GroupRole::ALL.to_vec())
}

fn state() -> impl Strategy<Value = AssignmentState> {
    prop::sample::select(AssignmentState::ALL.to_vec())
}

fn leaf() -> impl Strategy<Value = Expr> {
    let text_field = prop::sample::select(vec![
        TextField::Email,
        TextField::Title,
        TextField::FunctionalArea,
    ]);
    let op = prop::sample::select(vec![TextOp::Equals, TextOp::StartsWith, TextOp::Contains]);
    let time_field = prop::sample::select(vec![
        TimeField::Created,
        TimeField::Updated,
        TimeField::Seen,
    ]);
    let id = any::<[u8; 16]>().prop_map(UserId::from_bytes);
    prop_oneof![
        Just(Expr::Everybody),
        words().prop_map(Expr::Text),
        (text_field, op, words()).prop_map(|(field, op, value)| Expr::Field { field, op, value }),
        prop::sample::subsequence(Status::ALL.to_vec(), 1..8).prop_map(Expr::Status),
        (time_field, instant(), prop::option::of(0..9_i64)).prop_map(|(field, from, span)| {
            Expr::When {
                field,
                from: Some(from),
                until: span.map(|it| from.plus_millis(it)),
            }
        }),
        Just(Expr::When {
            field: TimeField::Seen,
            from: None,
            until: None
        }),
        (
            prop::sample::select(vec![
                DayField::DeactivateOn,
                DayField::DeleteOn,
                DayField::SendOn
            ]),
            prop::option::of(-50_000..300_000_i64),
            prop::option::of(1..9_000_i64)
        )
            .prop_map(|(field, from, span)| {
                let epoch = Date::of_utc(Timestamp::from_millis(0));
                let from = from.map(|it| epoch.plus_days(it));
                let until = span.map(|it| from.unwrap_or(epoch).plus_days(it));
                Expr::Day { field, from, until }
            }),
        Just(Expr::HasManager),
        words().prop_map(|it| Expr::Below(ManagerName::Named(it))),
        words().prop_map(Expr::Group),
        (prop::option::of(group_name()), role())
            .prop_map(|(group, role)| Expr::Role { group, role }),
        (training_name(), prop::option::of(state()))
            .prop_map(|(training, state)| Expr::Training { training, state }),
        state().prop_map(Expr::Assignment),
        words().prop_map(Expr::Label),
        words().prop_map(|it| Expr::Manager(ManagerName::Named(it))),
        id.prop_map(|it| Expr::Manager(ManagerName::Id(it))),
        "[a-z]{1,5}".prop_map(|name| Expr::Pool {
            name,
            hold: Some(HoldWord::Queued)
        }),
        Just(Expr::Protected),
        Just(Expr::SsoMismatch),
        Just(Expr::Undelivered),
        custom(),
    ]
}

fn tree() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(6, 40, 4, |inner| {
        let without_everybody = inner
            .clone()
            .prop_filter("the parser drops it", |it| *it != Expr::Everybody);
        prop_oneof![
            prop::collection::vec(without_everybody, 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|it| Expr::Not(Box::new(it))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn whatever_is_typed_is_understood_or_refused_in_its_place(text in soup()) {
        match parse_with(&text, NOW, &vocabulary()) {
            Ok(expr) => prop_assert_eq!(parse_with(&expr.to_string(), NOW, &vocabulary()), Ok(expr)),
            Err(error) => prop_assert!(text.is_char_boundary(error.at)),
        }
    }

    #[test]
    fn any_text_at_all_is_survived(text in any::<String>()) {
        let _ = parse(&text, NOW);
    }

    #[test]
    fn a_printed_tree_is_read_back_as_itself(expr in tree()) {
        prop_assert_eq!(parse_with(&expr.to_string(), NOW, &vocabulary()), Ok(expr));
    }
}
