//! Lists in every order, read page by page, forwards and backwards, in both directions.

use usher_core::Read;
use usher_core::command::{Command, Edit};
use usher_core::model::{Field, UserId};
use usher_core::query::{Expr, PageFrom, SortBy, UsersPage, parse};

use crate::org::Org;

fn page(
    read: &Read<'_>,
    query: &Expr,
    order: (SortBy, bool),
    from: PageFrom,
    limit: usize,
) -> Vec<UserId> {
    let page = UsersPage {
        query: query.clone(),
        sort: order.0,
        descending: order.1,
        from,
        limit,
    };
    let users = read.users(&page).unwrap();
    users.into_iter().map(|it| it.id).collect()
}

/// Some of whom have no area, title, region or language, and some the same in other letters.
fn company() -> Org {
    let org = Org::new(30);
    org.create("ana bo cleo dan eve fay gus hal ida jo");
    let set = |names: &str, field, value: &str| {
        org.apply(Command::Edit(Edit {
            set: vec![(field, Some(value.into()))],
            ..Edit::of(org.who(names))
        }));
    };
    set("ana bo cleo", Field::FunctionalArea, "Sales");
    set("dan eve", Field::FunctionalArea, "sales");
    set("fay", Field::FunctionalArea, "Design");
    set("bo dan", Field::Title, "Lead");
    set("gus hal ida", Field::Region, "EMEA");
    set("ida jo", Field::Language, "de");
    set("ana", Field::Language, "EN");
    org
}

#[test]
fn pages_in_every_order_join_without_gap_or_repetition_in_both_directions() {
    let org = company();
    let cli = org.cli();
    let read = cli.read().unwrap();
    let queries = [
        "",
        "area:sales",
        "title:lead",
        "-area:sales",
        "status:active",
        "a",
    ];
    for query in queries.map(|it| parse(it, read.now()).unwrap()) {
        for (_, sort) in SortBy::NAMED {
            for descending in [false, true] {
                let order = (sort, descending);
                let all = page(&read, &query, order, PageFrom::Start, 100);
                assert_eq!(
                    all.len(),
                    usize::try_from(read.count_users(&query).unwrap()).unwrap()
                );
                for limit in [1, 3] {
                    let mut forwards = page(&read, &query, order, PageFrom::Start, limit);
                    while let Some(last) = forwards.last().copied() {
                        let more = page(&read, &query, order, PageFrom::After(last), limit);
                        if more.is_empty() {
                            break;
                        }
                        forwards.extend(more);
                    }
                    assert_eq!(forwards, all, "{order:?} {query:?}");
                    let mut backwards = page(&read, &query, order, PageFrom::End, limit);
                    while let Some(first) = backwards.first().copied() {
                        let mut more = page(&read, &query, order, PageFrom::Before(first), limit);
                        if more.is_empty() {
                            break;
                        }
                        more.extend(backwards);
                        backwards = more;
                    }
                    assert_eq!(backwards, all, "{order:?} backwards {query:?}");
                }
                for (i, user) in all.iter().enumerate() {
                    let at = page(&read, &query, order, PageFrom::At(*user), 2);
                    assert_eq!(at, all[i..(i + 2).min(all.len())], "{order:?}");
                }
            }
        }
    }
}

#[test]
fn who_has_none_comes_last_whichever_way_round_and_letters_do_not_matter() {
    let org = company();
    let cli = org.cli();
    let read = cli.read().unwrap();
    let areas = |descending| -> Vec<String> {
        let page = UsersPage {
            query: Expr::Everybody,
            sort: SortBy::Area,
            descending,
            from: PageFrom::Start,
            limit: 8,
        };
        let users = read.users(&page).unwrap().into_iter();
        users
            .map(|it| {
                it.profile
                    .functional_area
                    .unwrap_or_default()
                    .to_lowercase()
            })
            .collect()
    };
    let (sales, design, none) = ("sales", "design", "");
    assert_eq!(
        areas(false),
        [design, sales, sales, sales, sales, sales, none, none]
    );
    assert_eq!(
        areas(true),
        [sales, sales, sales, sales, sales, design, none, none]
    );
}
