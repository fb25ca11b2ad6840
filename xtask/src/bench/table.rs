//! What a bench found: rows of ours, a reference, their ratio and the goal; printed, and written as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::stats::{median, median_ratio};

/// What a row must keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// The ratio is at least this.
    Ratio(f64),
    /// The ratio is at most this.
    RatioAtMost(f64),
    /// Our own figure is at most this.
    AtMost(f64),
    /// Shown only.
    Shown,
}

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    name: String,
    /// Nothing when it was not measured.
    ours: Option<f64>,
    /// What the reference is.
    against: &'static str,
    /// Of the same minute as ours.
    reference: Option<f64>,
    /// Ours ÷ reference, paired round by round.
    ratio: Option<f64>,
    goal: Goal,
    note: String,
}

impl Row {
    /// A figure of ours with nothing beside it.
    pub(crate) fn alone(name: impl Into<String>, ours: Option<f64>, goal: Goal) -> Row {
        Row {
            ours,
            ..Row::pair(name, &[], "", &[], goal)
        }
    }

    /// A figure of ours beside another, both round by round.
    pub(crate) fn pair(
        name: impl Into<String>,
        ours: &[f64],
        against: &'static str,
        reference: &[f64],
        goal: Goal,
    ) -> Row {
        Row {
            name: name.into(),
            ours: median(ours),
            against,
            reference: median(reference),
            ratio: median_ratio(ours, reference),
            goal,
            note: String::new(),
        }
    }

    /// The same with something to know before believing it.
    pub(crate) fn noted(self, note: impl Into<String>) -> Row {
        Row {
            note: note.into(),
            ..self
        }
    }

    /// Whether the goal is met; nothing when there is none, or it was not measured.
    fn met(&self) -> Option<bool> {
        match self.goal {
            Goal::Ratio(least) => self.ratio.map(|it| it >= least),
            Goal::RatioAtMost(most) => self.ratio.map(|it| it <= most),
            Goal::AtMost(most) => self.ours.map(|it| it <= most),
            Goal::Shown => None,
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.goal, self.met()) {
            (Goal::Shown, _) => "",
            (_, Some(true)) => "met",
            (_, Some(false)) => "MISSED",
            (_, None) => "not measured",
        }
    }
}

impl Goal {
    fn text(self) -> String {
        match self {
            Goal::Ratio(least) => format!(">= {least}"),
            Goal::RatioAtMost(most) => format!("<= {most}"),
            Goal::AtMost(most) => format!("ours <= {most}"),
            Goal::Shown => String::new(),
        }
    }
}

/// The table as text, with a line that counts the verdicts.
pub(crate) fn print(rows: &[Row]) -> String {
    let mut text = String::new();
    let mut line = |cells: [&str; 8]| {
        let [name, ours, against, reference, ratio, goal, verdict, note] = cells;
        let line = format!(
            "{name:<44} {ours:>10} {reference:>10} {against:<16} {ratio:>7} {goal:>12} {verdict:<12} {note}"
        );
        let _ = writeln!(text, "{}", line.trim_end());
    };
    line([
        "name",
        "ours",
        "(which)",
        "reference",
        "ratio",
        "goal",
        "",
        "note",
    ]);
    for row in rows {
        let [ours, reference, ratio] = [row.ours, row.reference, row.ratio].map(figure);
        line([
            &row.name,
            &ours,
            row.against,
            &reference,
            &ratio,
            &row.goal.text(),
            row.verdict(),
            &row.note,
        ]);
    }
    let count = |verdict: &str| rows.iter().filter(|row| row.verdict() == verdict).count();
    let _ = writeln!(
        text,
        "\n{} goals met, {} missed, {} not measured",
        count("met"),
        count("MISSED"),
        count("not measured")
    );
    text
}

/// The rows for machines.
pub(crate) fn to_json(rows: &[Row]) -> Value {
    let row = |row: &Row| {
        json!({
            "name": row.name, "ours": row.ours, "against": row.against, "reference": row.reference,
            "ratio": row.ratio, "goal": row.goal.text(), "met": row.met(), "note": row.note,
        })
    };
    Value::Array(rows.iter().map(row).collect())
}

/// Three figures that matter, whatever the size.
fn figure(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(it) if it == 0.0 || it.abs() >= 100.0 => thousands(it),
        Some(it) if it.abs() >= 10.0 => format!("{it:.1}"),
        Some(it) => format!("{it:.2}"),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value < 0.0 {
        "-".to_owned()
    } else {
        String::new()
    };
    for (digit_idx, digit) in digits.chars().enumerate() {
        if digit_idx > 0 && (digits.len() - digit_idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ratio: Option<f64>, goal: Goal) -> Row {
        Row {
            ratio,
            ..Row::alone("x", Some(5.0), goal)
        }
    }

    #[test]
    fn verdicts() {
        assert_eq!(row(Some(0.8), Goal::Ratio(0.75)).verdict(), "met");
        assert_eq!(row(Some(0.7), Goal::Ratio(0.75)).verdict(), "MISSED");
        assert_eq!(row(Some(1.6), Goal::RatioAtMost(1.5)).verdict(), "MISSED");
        assert_eq!(row(None, Goal::AtMost(5.0)).verdict(), "met");
        assert_eq!(row(None, Goal::Ratio(0.75)).verdict(), "not measured");
        assert_eq!(row(Some(1.0), Goal::Shown).verdict(), "");
    }

    #[test]
    fn figures_are_short() {
        let shown = [
            None,
            Some(0.0),
            Some(0.256),
            Some(12.34),
            Some(1_234_567.8),
            Some(123.4),
        ]
        .map(figure);
        assert_eq!(shown, ["-", "0", "0.26", "12.3", "1,234,568", "123"]);
    }

    #[test]
    fn the_table_ends_with_a_count_of_verdicts() {
        let rows = [
            row(Some(1.0), Goal::Ratio(0.5)),
            row(None, Goal::Ratio(0.5)),
            row(None, Goal::Shown),
        ];
        assert!(print(&rows).ends_with("1 goals met, 0 missed, 1 not measured\n"));
    }

    #[test]
    fn json_says_null_for_what_was_not_measured() {
        let json = to_json(&[row(None, Goal::Ratio(0.5))]);
        assert_eq!(json.pointer("/0/met"), Some(&Value::Null));
        assert_eq!(json.pointer("/0/ours"), Some(&json!(5.0)));
    }
}
