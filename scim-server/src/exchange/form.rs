//! The one file of a form (RFC 7578), read from a body that is there whole.

/// What a form adds to its file, at most, in bytes.
pub(super) const FRAME: usize = 16 * 1024;

/// The line between the parts, by the content type.
pub(super) fn boundary(kind: &str) -> Option<String> {
    let (kind, parameters) = kind.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = parameters.split(';').find_map(|it| {
        let (name, value) = it.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    })?;
    let named = named.trim_matches('"');
    // RFC 2046 §5.1.1.
    (1..=70).contains(&named.len()).then(|| named.to_owned())
}

/// The name and the bytes of the first part that is a file.
pub(super) fn file<'a>(body: &'a [u8], boundary: &str) -> Option<(String, &'a [u8])> {
    let line = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut rest = after(body, line.as_bytes())?;
    loop {
        rest = rest.strip_prefix(b"\r\n")?;
        let (head, content) = split(rest, b"\r\n\r\n")?;
        let (part, next) = split(content, between.as_bytes())?;
        if let Some(name) = file_name(head) {
            return Some((name, part));
        }
        rest = next;
    }
}

fn file_name(head: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(head);
    let disposition = head.lines().find_map(|it| {
        let (name, value) = it.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    let (_, name) = disposition.split_once("filename=\"")?;
    let name = name.split('"').next()?;
    Some(name.to_owned())
}

fn after<'a>(bytes: &'a [u8], sign: &[u8]) -> Option<&'a [u8]> {
    split(bytes, sign).map(|it| it.1)
}

/// What is before and after the first of a sign.
fn split<'a>(bytes: &'a [u8], sign: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *sign.first()?;
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = from + rest.iter().position(|it| *it == first)?;
        if let Some(after) = bytes.get(at..)?.strip_prefix(sign) {
            return Some((bytes.get(..at)?, after));
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_form_comes_out_as_it_went_in() {
        let kind = "multipart/form-data; boundary=\"--x\"";
        let boundary = boundary(kind).expect("a boundary");
        let content = "a,b\r\n----\r\n--x\r\n1,2";
        let body = format!(
            "preamble\r\n----x\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\nb\r\n----x\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"../p \u{fc}.csv\"\r\nContent-Type: text/csv\r\n\r\n\
             {content}\r\n----x--\r\n"
        );
        let found = file(body.as_bytes(), &boundary).expect("a file");
        assert_eq!(found, ("../p \u{fc}.csv".to_owned(), content.as_bytes()));
        for end in 0..body.len() - 6 {
            assert!(
                file(&body.as_bytes()[..end], &boundary).is_none(),
                "cut at {end}"
            );
        }
    }

    #[test]
    fn what_is_no_form_has_no_file() {
        for kind in [
            "text/csv",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "application/json; boundary=x",
        ] {
            assert_eq!(boundary(kind), None, "{kind}");
        }
        for body in [
            "",
            "--x",
            "--x--",
            "--x\r\n",
            "--x\r\n\r\n\r\n--x--",
            "--x\r\na: b\r\n\r\nc\r\n--x--",
        ] {
            assert_eq!(file(body.as_bytes(), "x"), None, "{body:?}");
        }
    }
}
