//! Text in which cells are separated by a sign and quoted as RFC 4180 says, however it is encoded. Exports of the world
//! come in UTF-8, in UTF-16 and in the code page of western Windows, with commas, semicolons, tabs or bars.

use std::borrow::Cow;

use super::as_typed;
use super::limits::Limits;
use super::sheet::{Cell, LONGEST_CELL, MOST_COLUMNS, RowBuilder};
use super::wire::Bad;
use crate::error::Error;

/// Windows-1252 from 0x80 to 0x9f; the five that it leaves out are shown as what cannot be read.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];
/// How much of a text is looked at to tell what it is, in bytes.
const LOOKED_AT: usize = 4_096;

/// As what a text is read that says nothing of its encoding and is not UTF-8.
pub const GUESSED: &str = "Windows-1252";

/// What to do with a text of another encoding.
const NAME_IT: &str = "save it as CSV (UTF-8), or name its encoding with --encoding, such as windows-1250 or shift_jis";

/// Whether there is an encoding of that name, by the labels of the web's encodings (WHATWG Encoding Standard, section 4.2).
///
/// # Errors
/// [`Error::Invalid`] where there is none.
pub fn check_encoding(name: &str) -> Result<(), Error> {
    match encoding_named(name) {
        Ok(_) => Ok(()),
        Err(bad) => Err(Error::invalid(
            "encoding",
            format!("{name:?} is unknown"),
            bad.remedy,
        )),
    }
}

fn encoding_named(name: &str) -> Result<&'static encoding_rs::Encoding, Bad> {
    encoding_rs::Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| {
        Bad::new(
            format!("cannot be read: there is no encoding {name:?}"),
            "name one of the web's, such as utf-8, windows-1250, iso-8859-2, shift_jis, gb18030 or macintosh",
        )
    })
}

/// The bytes as text of an encoding that somebody has named; a byte-order mark knows better.
pub(super) fn decode_as<'b>(
    bytes: &'b [u8],
    named: Option<&str>,
) -> Result<(Cow<'b, str>, &'static str), Bad> {
    let Some(named) = named.filter(|_| encoding_rs::Encoding::for_bom(bytes).is_none()) else {
        return decode(bytes);
    };
    let encoding = encoding_named(named)?;
    match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok((text, encoding.name())),
        None => Err(Bad::new(
            format!("is not {}", encoding.name()),
            "name another encoding with --encoding, or save it as CSV (UTF-8)",
        )),
    }
}

/// The line of a place, counted from 1.
fn line_of(bytes: &[u8], place: usize) -> usize {
    let before = bytes.get(..place).unwrap_or_default();
    before.iter().filter(|it| **it == b'\n').count() + 1
}

/// Text that is UTF-8 but for a few bytes is no other encoding: what is wrong with it is told.
fn refuse_spoilt(bytes: &[u8]) -> Result<(), Bad> {
    let (mut right, mut wrong, mut first, mut place) = (0, 0, None, 0);
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().chars().filter(|it| !it.is_ascii()).count();
        place += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            wrong += 1;
            first.get_or_insert(place);
            place += chunk.invalid().len();
        }
    }
    match first.filter(|_| right >= wrong.max(1)) {
        None => Ok(()),
        Some(place) => Err(Bad::new(
            format!(
                "is UTF-8, but not so in line {}: it was put together of texts of several encodings",
                line_of(bytes, place)
            ),
            NAME_IT,
        )),
    }
}

/// The bytes as text, and how they were encoded.
pub(super) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, &'static str), Bad> {
    if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return Ok((String::from_utf8_lossy(rest), "UTF-8"));
    }
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        return Ok((Cow::Owned(wide(rest, u16::from_le_bytes)), "UTF-16"));
    }
    if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
        return Ok((Cow::Owned(wide(rest, u16::from_be_bytes)), "UTF-16"));
    }
    let looked_at = bytes.get(..bytes.len().min(LOOKED_AT)).unwrap_or_default();
    if looked_at.contains(&0) && looked_at.len() >= 8 {
        // Western text in two bytes a letter has a zero in every other one.
        let pairs = looked_at.as_chunks::<2>().0;
        let zeros = |of: usize| pairs.iter().filter(|it| it[of] == 0).count();
        let most = pairs.len() * 2 / 5;
        if zeros(1) > most && zeros(0) == 0 {
            return Ok((Cow::Owned(wide(bytes, u16::from_le_bytes)), "UTF-16"));
        }
        if zeros(0) > most && zeros(1) == 0 {
            return Ok((Cow::Owned(wide(bytes, u16::from_be_bytes)), "UTF-16"));
        }
    }
    if bytes.contains(&0) {
        return Err(Bad::new(
            "is neither a workbook nor text",
            "save it as .xlsx or as CSV (UTF-8)",
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((Cow::Borrowed(text), "UTF-8")),
        Err(_) => {
            refuse_spoilt(bytes)?;
            let is_unknown = |it: &u8| matches!(*it, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
            if let Some(place) = bytes.iter().position(is_unknown) {
                return Err(Bad::new(
                    format!(
                        "is neither UTF-8 nor {GUESSED}, by a byte in line {}",
                        line_of(bytes, place)
                    ),
                    NAME_IT,
                ));
            }
            let letter = |byte: &u8| match byte {
                0x80..=0x9f => WINDOWS
                    .get(usize::from(*byte - 0x80))
                    .copied()
                    .unwrap_or('\u{fffd}'),
                other => char::from(*other),
            };
            Ok((Cow::Owned(bytes.iter().map(letter).collect()), GUESSED))
        }
    }
}

fn wide(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|it| unit(*it));
    char::decode_utf16(units)
        .map(|it| it.unwrap_or('\u{fffd}'))
        .collect()
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
    let mut reader = Reader {
        row: RowBuilder::default(),
        cell: String::new(),
        begun: lines_before + 1,
        number: 0,
        cells: 0,
        rows: 0,
    };
    let mut line = lines_before + 1;
    let (mut quoted, mut was_quoted) = (false, false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                reader.letter('"')?;
            }
            '"' if quoted => quoted = false,
            '"' if reader.cell.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' | '\r' if !quoted => {
                was_quoted = false;
                line += 1;
                reader.end_row(line, limits, &mut hand)?;
            }
            it if it == separator && !quoted => {
                was_quoted = false;
                reader.end_cell()?;
            }
            it => {
                line += usize::from(it == '\n');
                reader.letter(it)?;
            }
        }
    }
    if quoted {
        return Err(Bad::new(
            format!("has a quote in line {} that is never closed", reader.begun),
            "close it",
        ));
    }
    reader.end_row(line, limits, &mut hand)
}

struct Reader {
    row: RowBuilder,
    cell: String,
    /// The line on which the row begins.
    begun: usize,
    /// How many rows there were, blank ones too.
    number: u32,
    cells: u64,
    rows: u32,
}

impl Reader {
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

    fn end_row(
        &mut self,
        next: usize,
        limits: &Limits,
        hand: &mut impl FnMut(u32, &[u8]) -> Result<(), Bad>,
    ) -> Result<(), Bad> {
        self.end_cell()?;
        self.begun = next;
        self.number = self.number.saturating_add(1);
        let Some(cells) = self.row.made() else {
            self.row.clear();
            return Ok(());
        };
        self.rows += 1;
        if self.rows > limits.rows {
            return Err(too_many_rows(limits.rows));
        }
        if self.cells > limits.cells {
            return Err(too_many_cells(limits.cells));
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

    use super::super::sheet::Row;
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<(u32, Vec<String>)>, Bad> {
        let (text, _) = decode(bytes)?;
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
            (text.as_ref(), encoding),
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

    proptest! {
        #[test]
        fn no_bytes_are_a_fault_of_ours(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes);
        }
    }
}
