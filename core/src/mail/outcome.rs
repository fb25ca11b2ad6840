//! What became of the rows of a file, in a sentence of each language: nothing is said of what did not happen.

use serde_json::Value;

use crate::model::Language;

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) all: u64,
    pub(super) arrived: u64,
    /// Of those who arrived, how many wait for a seat.
    pub(super) queued: u64,
    pub(super) updated: u64,
    pub(super) unchanged: u64,
    pub(super) left_out: u64,
    pub(super) wrong: u64,
}

impl Rows {
    /// As the row of the outbox has them; nothing where it says nothing of rows.
    pub(super) fn of(about: &Value) -> Option<Self> {
        let count = |name: &str| about.get(name).and_then(Value::as_u64);
        let of = |name: &str| count(name).unwrap_or(0);
        Some(Self {
            all: count("rows")?,
            arrived: of("arrived"),
            queued: of("queued"),
            updated: of("updated"),
            unchanged: of("unchanged"),
            left_out: of("left_out"),
            // Both were told as one before they were told apart.
            wrong: of("wrong").saturating_sub(of("left_out")),
        })
    }

    /// `The file had 3 rows: 2 brought somebody in (1 waits for a seat), and 1 was wrong and was left out.`
    pub(super) fn sentence(&self, language: Language) -> String {
        let words = words(language);
        let waits = match (self.queued, self.all) {
            (0, _) => String::new(),
            (_, 1) => format!(" ({})", words.who_waits),
            (n, _) => format!(" ({n} {})", words.wait.of(n)),
        };
        let parts = [
            (self.arrived, words.arrived, waits.as_str()),
            (self.updated, words.updated, ""),
            (self.unchanged, words.unchanged, ""),
            (self.left_out, words.left_out, ""),
            (self.wrong, words.wrong, ""),
        ];
        let parts = parts.into_iter().filter(|it| it.0 > 0);
        if self.all == 1 {
            let said: Vec<String> = parts
                .map(|(_, said, waits)| format!("{}{waits}", said.one))
                .collect();
            return match said.is_empty() {
                true => format!("{}.", words.one_row),
                false => format!("{} {}.", words.the_row, said.join(", ")),
            };
        }
        let mut said: Vec<String> = parts
            .map(|(n, said, waits)| format!("{n} {}{waits}", said.of(n)))
            .collect();
        let last = said.pop().unwrap_or_default();
        let list = match (said.is_empty(), last.is_empty()) {
            (true, true) => String::new(),
            (true, false) => format!("{}{last}", words.colon),
            (false, _) => format!("{}{}, {} {last}", words.colon, said.join(", "), words.and),
        };
        format!("{} {} {}{list}.", words.the_file_had, self.all, words.rows)
    }
}

/// What is said of one row, and of several.
#[derive(Clone, Copy)]
struct Said {
    one: &'static str,
    many: &'static str,
}

impl Said {
    const fn of(self, n: u64) -> &'static str {
        if n == 1 { self.one } else { self.many }
    }
}

const fn said(one: &'static str, many: &'static str) -> Said {
    Said { one, many }
}

/// What the sentence is made of.
struct Words {
    the_file_had: &'static str,
    rows: &'static str,
    colon: &'static str,
    and: &'static str,
    one_row: &'static str,
    the_row: &'static str,
    arrived: Said,
    wait: Said,
    who_waits: &'static str,
    updated: Said,
    unchanged: Said,
    left_out: Said,
    wrong: Said,
}

const fn words(language: Language) -> Words {
    match language {
        Language::English => Words {
            the_file_had: "The file had",
            rows: "rows",
            colon: ": ",
            and: "and",
            one_row: "The file had one row",
            the_row: "The file's only row",
            arrived: said("brought somebody in", "brought somebody in"),
            wait: said("waits for a seat", "wait for a seat"),
            who_waits: "who waits for a seat",
            updated: said("changed somebody", "changed somebody"),
            unchanged: said("changed nothing", "changed nothing"),
            left_out: said(
                "found no free seat and was left out",
                "found no free seat and were left out",
            ),
            wrong: said("was wrong and was left out", "were wrong and were left out"),
        },
        Language::French => Words {
            the_file_had: "Le fichier avait",
            rows: "lignes",
            colon: " : ",
            and: "et",
            one_row: "Le fichier avait une ligne",
            the_row: "La seule ligne du fichier",
            arrived: said("a fait entrer quelqu’un", "ont fait entrer quelqu’un"),
            wait: said("attend une place", "attendent une place"),
            who_waits: "qui attend une place",
            updated: said("a modifié quelqu’un", "ont modifié quelqu’un"),
            unchanged: said("n’a rien changé", "n’ont rien changé"),
            left_out: said(
                "n’a pas trouvé de place libre et a été laissée de côté",
                "n’ont pas trouvé de place libre et ont été laissées de côté",
            ),
            wrong: said(
                "était fausse et a été laissée de côté",
                "étaient fausses et ont été laissées de côté",
            ),
        },
        Language::German => Words {
            the_file_had: "Die Datei hatte",
            rows: "Zeilen",
            colon: ": ",
            and: "und",
            one_row: "Die Datei hatte eine Zeile",
            the_row: "Die einzige Zeile der Datei",
            arrived: said("brachte jemanden herein", "brachten jemanden herein"),
            wait: said("wartet auf einen Platz", "warten auf einen Platz"),
            who_waits: "wartet auf einen Platz",
            updated: said("änderte jemanden", "änderten jemanden"),
            unchanged: said("änderte nichts", "änderten nichts"),
            left_out: said(
                "fand keinen freien Platz und wurde ausgelassen",
                "fanden keinen freien Platz und wurden ausgelassen",
            ),
            wrong: said(
                "war falsch und wurde ausgelassen",
                "waren falsch und wurden ausgelassen",
            ),
        },
        Language::Spanish => Words {
            the_file_had: "El archivo tenía",
            rows: "filas",
            colon: ": ",
            and: "y",
            one_row: "El archivo tenía una fila",
            the_row: "La única fila del archivo",
            arrived: said("trajo a alguien", "trajeron a alguien"),
            wait: said("espera una plaza", "esperan una plaza"),
            who_waits: "que espera una plaza",
            updated: said("cambió a alguien", "cambiaron a alguien"),
            unchanged: said("no cambió nada", "no cambiaron nada"),
            left_out: said(
                "no encontró plaza libre y se omitió",
                "no encontraron plaza libre y se omitieron",
            ),
            wrong: said(
                "era incorrecta y se omitió",
                "eran incorrectas y se omitieron",
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: [u64; 6]) -> Rows {
        let [arrived, queued, updated, unchanged, left_out, wrong] = counts;
        Rows {
            all: arrived + updated + unchanged + left_out + wrong,
            arrived,
            queued,
            updated,
            unchanged,
            left_out,
            wrong,
        }
    }

    fn check(counts: [u64; 6], expected: [&str; 4]) {
        let rows = of(counts);
        let said = [
            Language::English,
            Language::French,
            Language::German,
            Language::Spanish,
        ]
        .map(|it| rows.sentence(it));
        assert_eq!(said, expected, "{counts:?}");
    }

    #[test]
    fn one_row_is_told_as_one() {
        check(
            [1, 0, 0, 0, 0, 0],
            [
                "The file's only row brought somebody in.",
                "La seule ligne du fichier a fait entrer quelqu’un.",
                "Die einzige Zeile der Datei brachte jemanden herein.",
                "La única fila del archivo trajo a alguien.",
            ],
        );
        check(
            [1, 1, 0, 0, 0, 0],
            [
                "The file's only row brought somebody in (who waits for a seat).",
                "La seule ligne du fichier a fait entrer quelqu’un (qui attend une place).",
                "Die einzige Zeile der Datei brachte jemanden herein (wartet auf einen Platz).",
                "La única fila del archivo trajo a alguien (que espera una plaza).",
            ],
        );
        check(
            [0, 0, 1, 0, 0, 0],
            [
                "The file's only row changed somebody.",
                "La seule ligne du fichier a modifié quelqu’un.",
                "Die einzige Zeile der Datei änderte jemanden.",
                "La única fila del archivo cambió a alguien.",
            ],
        );
    }

    #[test]
    fn one_of_each_is_told_in_the_singular_and_several_in_the_plural() {
        check(
            [2, 1, 1, 1, 1, 1],
            [
                "The file had 6 rows: 2 brought somebody in (1 waits for a seat), 1 changed somebody, 1 changed nothing, 1 found \
                 no free seat and was left out, and 1 was wrong and was left out.",
                "Le fichier avait 6 lignes : 2 ont fait entrer quelqu’un (1 attend une place), 1 a modifié quelqu’un, 1 n’a rien \
                 changé, 1 n’a pas trouvé de place libre et a été laissée de côté, et 1 était fausse et a été laissée de côté.",
                "Die Datei hatte 6 Zeilen: 2 brachten jemanden herein (1 wartet auf einen Platz), 1 änderte jemanden, 1 änderte \
                 nichts, 1 fand keinen freien Platz und wurde ausgelassen, und 1 war falsch und wurde ausgelassen.",
                "El archivo tenía 6 filas: 2 trajeron a alguien (1 espera una plaza), 1 cambió a alguien, 1 no cambió nada, 1 no \
                 encontró plaza libre y se omitió, y 1 era incorrecta y se omitió.",
            ],
        );
        check(
            [5, 2, 2, 2, 2, 2],
            [
                "The file had 13 rows: 5 brought somebody in (2 wait for a seat), 2 changed somebody, 2 changed nothing, 2 found \
                 no free seat and were left out, and 2 were wrong and were left out.",
                "Le fichier avait 13 lignes : 5 ont fait entrer quelqu’un (2 attendent une place), 2 ont modifié quelqu’un, 2 \
                 n’ont rien changé, 2 n’ont pas trouvé de place libre et ont été laissées de côté, et 2 étaient fausses et ont \
                 été laissées de côté.",
                "Die Datei hatte 13 Zeilen: 5 brachten jemanden herein (2 warten auf einen Platz), 2 änderten jemanden, 2 änderten \
                 nichts, 2 fanden keinen freien Platz und wurden ausgelassen, und 2 waren falsch und wurden ausgelassen.",
                "El archivo tenía 13 filas: 5 trajeron a alguien (2 esperan una plaza), 2 cambiaron a alguien, 2 no cambiaron \
                 nada, 2 no encontraron plaza libre y se omitieron, y 2 eran incorrectas y se omitieron.",
            ],
        );
    }

    #[test]
    fn what_did_not_happen_is_not_told() {
        check(
            [12, 0, 0, 0, 0, 0],
            [
                "The file had 12 rows: 12 brought somebody in.",
                "Le fichier avait 12 lignes : 12 ont fait entrer quelqu’un.",
                "Die Datei hatte 12 Zeilen: 12 brachten jemanden herein.",
                "El archivo tenía 12 filas: 12 trajeron a alguien.",
            ],
        );
        check(
            [1, 0, 0, 2, 0, 0],
            [
                "The file had 3 rows: 1 brought somebody in, and 2 changed nothing.",
                "Le fichier avait 3 lignes : 1 a fait entrer quelqu’un, et 2 n’ont rien changé.",
                "Die Datei hatte 3 Zeilen: 1 brachte jemanden herein, und 2 änderten nichts.",
                "El archivo tenía 3 filas: 1 trajo a alguien, y 2 no cambiaron nada.",
            ],
        );
    }

    #[test]
    fn a_mail_that_was_written_before_rows_were_told_apart_tells_them_as_one() {
        let before = serde_json::json!({"rows": 3, "arrived": 1, "wrong": 2});
        let said = Rows::of(&before).map(|it| it.sentence(Language::English));
        let expected =
            "The file had 3 rows: 1 brought somebody in, and 2 were wrong and were left out.";
        assert_eq!(said.as_deref(), Some(expected));
        assert_eq!(Rows::of(&serde_json::json!({"batch": "1"})), None);
        let apart = serde_json::json!({"rows": 3, "arrived": 1, "wrong": 2, "left_out": 2});
        assert_eq!(
            Rows::of(&apart).map(|it| (it.left_out, it.wrong)),
            Some((2, 0))
        );
    }
}
