//! What is copied of people: all of them, on the screen or not, or nothing.

use usher_core::model::UserId;
use usher_core::query::Expr;
use usher_core::{Read, Selection};

use crate::backend::LONGEST_COPY;
use crate::overlay::menu::Clip;
use crate::words;

/// How many people's addresses are read at a time.
const PAGE: usize = 1_000;

/// What these people are called, one a line; refuses more than a clipboard takes.
pub(crate) fn lines(read: &Read<'_>, clip: Clip, who: &Selection) -> Result<String, String> {
    let people = people(read, who).map_err(|it| it.to_string())?;
    let mut lines = Vec::new();
    let mut length = 0;
    for page in people.chunks(PAGE) {
        let called = match clip {
            Clip::Emails => {
                let labels = read.labels_of(page).map_err(|it| it.to_string())?;
                let mut labels: Vec<_> = labels.into_values().collect();
                labels.sort_unstable();
                labels
            }
            _ => page.iter().map(UserId::to_string).collect(),
        };
        length += called.iter().map(|it| it.len() + 1).sum::<usize>();
        if length > LONGEST_COPY {
            return Err(format!(
                "nothing is copied: {} are more than a terminal's clipboard takes; E writes them to a file",
                words::people(people.len())
            ));
        }
        lines.extend(called);
    }
    Ok(lines.join("\n"))
}

fn people(read: &Read<'_>, who: &Selection) -> usher_core::Result<Vec<UserId>> {
    let (query, except) = match who {
        Selection::Ids(people) => return Ok(people.clone()),
        Selection::Query { query, except } => (query.clone(), except),
    };
    let except = except.iter().map(|it| Expr::Not(Box::new(Expr::Id(*it))));
    read.ids_of(&Expr::And(std::iter::once(query).chain(except).collect()))
}
