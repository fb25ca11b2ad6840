//! Text in which cells are separated by a sign and quoted as RFC 4180 says, however it is encoded. Exports of the world
//! come in UTF-8, in UTF-16 and in the code page of western Windows, with commas, semicolons, tabs or bars.

use std::io::Read;

use super::as_typed;
use super::encoding::Text;
use super::limits::Limits;
use super::sheet::{Cell, LONGEST_CELL, MOST_COLUMNS, RowBuilder};
use super::wire::Bad;

/// How much of a text is looked at, at most, to tell what stands between its cells, in bytes.
const LOOKED_AT: usize = 1 << 20;

/// Reads a text by its encoding and hands over its rows, as [`rows`] does; `found` hears before what stands between two cells.
pub(super) fn read<R: Read>(
    mut text: Text<'_, R>,
    limits: &Limits,
    found: impl FnOnce(char, &str) -> Result<(), Bad>,
    mut hand: impl FnMut(u32, &[u8]) -> Result<(), Bad>,
) -> Result<(), Bad> {
    let mut piece = String::new();
    let mut goes_on = true;
    while goes_on && piece.len() < LOOKED_AT && !has_a_line(&piece) {
        goes_on = text.more(&mut piece)?;
    }
    let (rest, before, separator) = separator(&piece);
    found(separator, rest)?;
    let mut reader = Reader::new(before, separator, limits);
    reader.read(rest, &mut hand)?;
    while goes_on {
        piece.clear();
        goes_on = text.more(&mut piece)?;
        reader.read(&piece, &mut hand)?;
    }
    reader.end(&mut hand)
}

/// Whether there is a line in it with something to be seen, and its end.
fn has_a_line(text: &str) -> bool {
    let whole = text.rsplit_once('\n').map(|it| it.0);
    whole.is_some_and(|it| !it.trim().is_empty())
}

/// The text without a first line that only names the separator, as Excel writes it, and the separator.
pub(super) fn separator(text: &str) -> (&str, usize, char) {
    let first = text.lines().next().unwrap_or_default();
    if let Some(named) = first.strip_prefix("sep=")
        && let mut letters = named.trim_matches('"').chars()
        && let (Some(sign), None) = (letters.next(), letters.next())
    {
        let rest = text.get(first.len()..).unwrap_or_default();
        let rest = rest.strip_prefix('\r').unwrap_or(rest);
        return (rest.strip_prefix('\n').unwrap_or(rest), 1, sign);
    }
    let line = text.lines().find(|it| !it.trim().is_empty());
    let mut counts = [(',', 0), (';', 0), ('\t', 0), ('|', 0)];
    let mut quoted = false;
    for letter in line.unwrap_or_default().chars() {
        quoted ^= letter == '"';
        for (_, count) in counts.iter_mut().filter(|it| it.0 == letter && !quoted) {
            *count += 1;
        }
    }
    let mut best = (',', 0);
    for it in counts {
        if it.1 > best.1 {
            best = it;
        }
    }
    (text, 0, best.0)
}

/// Hands over every row with its number, as a spreadsheet counts them: a line break within quotes begins none, a blank line is one.
pub(super) fn rows(
    text: &str,
    lines_before: usize,
    separator: char,
    limits: &Limits,
    mut hand: impl FnMut(u32, &[u8]) -> Result<(), Bad>,
) -> Result<(), Bad> {
    let mut reader = Reader::new(lines_before, separator, limits);
    reader.read(text, &mut hand)?;
    reader.end(&mut hand)
}

struct Reader<'l> {
    limits: &'l Limits,
    separator: char,
    row: RowBuilder,
    cell: String,
    /// Whether it stands within quotes, and whether the cell has had some.
    quoted: bool,
    was_quoted: bool,
    /// What stands at the end of a piece and means something else by what follows it: a quote that may end a cell, or a carriage
    /// return, which may be half of a line's end.
    waits: Option<char>,
    line: usize,
    /// The line on which the row begins.
    begun: usize,
    /// How many rows there were, blank ones too.
    number: u32,
    cells: u64,
    rows: u32,
}

impl<'l> Reader<'l> {
    fn new(lines_before: usize, separator: char, limits: &'l Limits) -> Self {
        Self {
            limits,
            separator,
            row: RowBuilder::default(),
            cell: String::new(),
            quoted: false,
            was_quoted: false,
            waits: None,
            line: lines_before + 1,
            begun: lines_before + 1,
            number: 0,
            cells: 0,
            rows: 0,
        }
    }

    /// Reads on.
    fn read(
        &mut self,
        text: &str,
        hand: &mut impl FnMut(u32, &[u8]) -> Result<(), Bad>,
    ) -> Result<(), Bad> {
        let mut letters = text.chars().peekable();
        if let Some(next) = letters.peek()
            && let Some(last) = self.waits.take()
        {
            match (last, next) {
                ('"', '"') => {
                    letters.next();
                    self.letter('"')?;
                }
                ('"', _) => self.quoted = false,
                (_, '\n') => {}
                _ => self.end_line(hand)?,
            }
        }
        while let Some(letter) = letters.next() {
            // What it means, the next piece tells.
            let is_last = letters.peek().is_none();
            if is_last && (letter == '"' && self.quoted || letter == '\r' && !self.quoted) {
                self.waits = Some(letter);
                break;
            }
            match letter {
                '"' if self.quoted && letters.peek() == Some(&'"') => {
                    letters.next();
                    self.letter('"')?;
                }
                '"' if self.quoted => self.quoted = false,
                '"' if self.cell.is_empty() && !self.was_quoted => {
                    (self.quoted, self.was_quoted) = (true, true);
                }
                '\r' if !self.quoted && letters.peek() == Some(&'\n') => {}
                '\n' | '\r' if !self.quoted => self.end_line(hand)?,
                it if it == self.separator && !self.quoted => {
                    self.was_quoted = false;
                    self.end_cell()?;
                }
                it => {
                    self.line += usize::from(it == '\n');
                    self.letter(it)?;
                }
            }
        }
        Ok(())
    }

    /// Ends with the text.
    fn end(&mut self, hand: &mut impl FnMut(u32, &[u8]) -> Result<(), Bad>) -> Result<(), Bad> {
        match self.waits.take() {
            Some('"') => self.quoted = false,
            Some(_) => self.end_line(hand)?,
            None => {}
        }
        if self.quoted {
            return Err(Bad::new(
                format!("has a quote in line {} that is never closed", self.begun),
                "close it",
            ));
        }
        self.end_row(hand)
    }

    fn end_line(
        &mut self,
        hand: &mut impl FnMut(u32, &[u8]) -> Result<(), Bad>,
    ) -> Result<(), Bad> {
        self.was_quoted = false;
        self.line += 1;
        self.end_row(hand)
    }

    fn letter(&mut self, letter: char) -> Result<(), Bad> {
        self.cell.push(letter);
        if self.cell.len() > LONGEST_CELL {
            return Err(Bad::new(
                format!("has a cell of more than 32 KiB in line {}", self.begun),
                "look for a quote that is never closed",
            ));
        }
        Ok(())
    }

    fn end_cell(&mut self) -> Result<(), Bad> {
        if self.row.columns() >= MOST_COLUMNS {
            return Err(Bad::new(
                format!(
                    "has more than {MOST_COLUMNS} columns in line {}",
                    self.begun
                ),
                "leave out what is not needed",
            ));
        }
        self.cells += 1;
        self.row.push(Cell::Text(as_typed(&self.cell)));
        self.cell.clear();
        Ok(())
    }

    fn end_row(&mut self, hand: &mut impl FnMut(u32, &[u8]) -> Result<(), Bad>) -> Result<(), Bad> {
        self.end_cell()?;
        self.begun = self.line;
        self.number = self.number.saturating_add(1);
        let Some(cells) = self.row.made() else {
            self.row.clear();
            return Ok(());
        };
        self.rows += 1;
        if self.rows > self.limits.rows {
            return Err(too_many_rows(self.limits.rows));
        }
        if self.cells > self.limits.cells {
            return Err(too_many_cells(self.limits.cells));
        }
        let handed = hand(self.number, cells);
        self.row.clear();
        handed
    }
}

pub(super) fn too_many_rows(most: u32) -> Bad {
    Bad::new(format!("has more than {most} rows"), "split it")
}

pub(super) fn too_many_cells(most: u64) -> Bad {
    Bad::new(
        format!("has more than {most} cells"),
        "split it, or leave out columns that are not needed",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encoding::{GUESSED, decode_as};
    use super::super::sheet::Row;
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<(u32, Vec<String>)>, Bad> {
        let (text, _) = decode_as(bytes, None)?;
        let (text, before, separator) = separator(&text);
        let mut found = Vec::new();
        rows(
            text,
            before,
            separator,
            &Limits::default(),
            |number, cells| {
                let row = Row::parse(number, cells).expect("a row");
                found.push((
                    number,
                    row.cells().map(|it| it.said().into_owned()).collect(),
                ));
                Ok(())
            },
        )?;
        Ok(found)
    }

    fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        let rows = read(bytes).expect("a table").into_iter();
        rows.map(|it| it.1).collect()
    }

    #[test]
    fn separators_quotes_and_line_ends_are_understood() {
        let expected = vec![vec!["a", "b"], vec!["x,;y", "say \"hi\"\nthere"]];
        for text in [
            "a,b\n\"x,;y\",\"say \"\"hi\"\"\nthere\"\n",
            "a;b\r\n\"x,;y\";\"say \"\"hi\"\"\nthere\"",
            "a\tb\r\"x,;y\"\t\"say \"\"hi\"\"\nthere\"\r",
            "a|b\n\"x,;y\"|\"say \"\"hi\"\"\nthere\"",
            "sep=;\na;b\n\"x,;y\";\"say \"\"hi\"\"\nthere\"",
            "sep=~\r\na~b\r\n\"x,;y\"~\"say \"\"hi\"\"\nthere\"",
        ] {
            assert_eq!(cells(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn every_encoding_of_the_world_says_the_same() {
        let text = "name;città\r\nJürgen;Zürich\r\n";
        let wide = |mark: &[u8], unit: fn(u16) -> [u8; 2]| {
            let units = text.encode_utf16().flat_map(unit);
            mark.iter().copied().chain(units).collect::<Vec<u8>>()
        };
        let western: Vec<u8> = text.chars().map(|it| it as u32 as u8).collect();
        let all = [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            wide(b"\xff\xfe", u16::to_le_bytes),
            wide(b"\xfe\xff", u16::to_be_bytes),
            wide(b"", u16::to_le_bytes),
            wide(b"", u16::to_be_bytes),
            western,
        ];
        for bytes in all {
            assert_eq!(
                cells(&bytes),
                [["name", "città"], ["Jürgen", "Zürich"]],
                "{bytes:x?}"
            );
        }
        assert_eq!(cells(b"a\n\x80 5 \x96 7"), [["a"], ["€ 5 – 7"]]);
    }

    #[test]
    fn what_is_in_no_encoding_is_told_by_its_line_and_a_named_one_is_read() {
        let polish = b"name,x\nZbigniew,\xa3\xf3d\x9f\n";
        let (text, encoding) = decode_as(polish, Some("windows-1250")).expect("Polish");
        assert_eq!(
            (text.as_str(), encoding),
            ("name,x\nZbigniew,Łódź\n", "windows-1250")
        );
        let (_, guessed) = decode_as(polish, None).expect("a guess");
        assert_eq!(guessed, GUESSED);
        // A mark at the beginning knows better.
        let (text, _) = decode_as("\u{feff}ö".as_bytes(), Some("windows-1250")).expect("marked");
        assert_eq!(text, "ö");
        for (bytes, named, why) in [
            (&b"a\nb\x8f"[..], None, "by a byte in line 2"),
            (
                b"Zo\xc3\xab,M\xc3\xbcller\nZo\xeb",
                None,
                "is UTF-8, but not so in line 2",
            ),
            (
                b"Zo\xc3\xab\nZo\xeb",
                None,
                "is UTF-8, but not so in line 2",
            ),
            (b"a\xff", Some("utf-8"), "is not UTF-8"),
            (b"a", Some("klingon"), "there is no encoding"),
        ] {
            let bad = decode_as(bytes, named).expect_err("no text");
            assert!(bad.why.contains(why), "{}", bad.why);
        }
    }

    #[test]
    fn rows_have_the_number_that_spreadsheets_show_and_blank_ones_are_left_out() {
        let rows = read(b"a,b\n\n1,\"x\ny\"\n , \n2,z\n").expect("a table");
        let numbers: Vec<u32> = rows.iter().map(|it| it.0).collect();
        assert_eq!(numbers, [1, 3, 5]);
    }

    #[test]
    fn what_is_no_table_says_so() {
        let wide = ",".repeat(MOST_COLUMNS + 1);
        let long = "x".repeat(LONGEST_CELL + 1);
        for (bytes, why) in [
            (&b"a,b\n\"x"[..], "line 2"),
            (b"a\0b", "neither"),
            (wide.as_bytes(), "columns"),
            (long.as_bytes(), "32 KiB"),
        ] {
            let bad = read(bytes).expect_err("no table");
            assert!(bad.why.contains(why), "{}", bad.why);
        }
    }

    #[test]
    fn what_an_apostrophe_keeps_from_being_computed_is_read_without_it() {
        let rows = cells(b"a,b,c,d\n'=1+1,''=x,'ok,'+49");
        assert_eq!(rows[1], ["=1+1", "'=x", "'ok", "+49"]);
    }

    /// As [`rows`], in pieces of so many letters.
    fn in_pieces(text: &str, size: usize) -> Result<Vec<(u32, Vec<u8>)>, Bad> {
        let limits = Limits::default();
        let mut found = Vec::new();
        let mut hand = |number, cells: &[u8]| {
            found.push((number, cells.to_vec()));
            Ok(())
        };
        let mut reader = Reader::new(0, ',', &limits);
        let letters: Vec<char> = text.chars().collect();
        for piece in letters.chunks(size) {
            reader.read(&piece.iter().collect::<String>(), &mut hand)?;
            reader.read("", &mut hand)?;
        }
        reader.end(&mut hand)?;
        Ok(found)
    }

    proptest! {
        #[test]
        fn rows_are_the_same_in_pieces_of_any_length(text in "[\"\r\na,]{0,30}", size in 1_usize..5) {
            prop_assert_eq!(in_pieces(&text, size), in_pieces(&text, 1_000));
        }

        #[test]
        fn no_bytes_are_a_fault_of_ours(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }
    }
}
