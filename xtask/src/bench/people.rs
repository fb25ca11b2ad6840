//! The people a bench creates: what an identity provider really sends, about 1.2 KB each.
//!
//! Person `i` is the same on every run, so that two servers are sent the same bytes.

use super::http::{Client, find};
use anyhow::{Result, ensure};

const USERS: &str = "/scim/v2/Users";
const GIVEN: [&str; 8] = [
    "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Margaret",
];
const FAMILY: [&str; 8] = [
    "Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Perlman", "Hamilton",
];
const TITLE: [&str; 5] = [
    "Engineer",
    "Account Executive",
    "Product Manager",
    "Controller",
    "Recruiter",
];

/// The title of the people whom the bench deactivates in one batch.
pub(crate) const LEAVER: &str = "Leaver";

/// The user name of person `i`.
pub(crate) fn user_name(i: u64) -> String {
    let (given, family) = names(i);
    format!(
        "{}.{}.{i:07}@example.com",
        given.to_ascii_lowercase(),
        family.to_ascii_lowercase()
    )
}

/// The body that creates person `i`; those below `n_leavers` bear the leavers' title.
pub(crate) fn body(i: u64, n_leavers: u64) -> String {
    let (given, family) = names(i);
    let name = user_name(i);
    let title = if i < n_leavers {
        LEAVER
    } else {
        pick(&TITLE, i)
    };
    let street = i % 997 + 1;
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"00u{i:017x}","userName":"{name}","name":{{"formatted":"{given} {family}","givenName":"{given}","familyName":"{family}"}},"displayName":"{given} {family}","nickName":"{given}","profileUrl":"https://people.example.com/directory/{i:07}","title":"{title}","userType":"Employee","preferredLanguage":"en-US","locale":"en-US","timezone":"Europe/Berlin","active":true,"emails":[{{"value":"{name}","type":"work","primary":true}}],"phoneNumbers":[{{"value":"+1-555-{p:03}-{q:04}","type":"work"}},{{"value":"+1-556-{p:03}-{q:04}","type":"mobile"}}],"addresses":[{{"type":"work","streetAddress":"{street} Example Street","locality":"Berlin","region":"BE","postalCode":"10115","country":"DE","primary":true,"formatted":"{street} Example Street\n10115 Berlin\nDE"}},{{"type":"other","streetAddress":"{street} Sample Street","locality":"Potsdam","region":"BB","postalCode":"14467","country":"DE"}}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"E{i:07}","costCenter":"CC-{cc}","organization":"Example Corp","division":"Platform","department":"Operations"}}}}"#,
        p = i / 10_000 % 1000,
        q = i % 10_000,
        cc = 4100 + i % 60,
    )
}

/// Creates person `i` and is content with nothing but 201.
pub(crate) fn create(client: &mut Client, i: u64, n_leavers: u64) -> Result<()> {
    let answer = client.post(USERS, body(i, n_leavers).as_bytes())?;
    ensure!(
        answer.status == 201,
        "creating a person was answered {}: {}",
        answer.status,
        excerpt(answer.body)
    );
    Ok(())
}

/// Looks person `i` up by user name; true when exactly that one is there.
pub(crate) fn look_up(client: &mut Client, i: u64) -> Result<bool> {
    let name = user_name(i);
    let answer = client.get(&format!(
        "{USERS}?filter=userName%20eq%20%22{}%22",
        name.replace('@', "%40")
    ))?;
    ensure!(
        answer.status == 200,
        "a look-up was answered {}: {}",
        answer.status,
        excerpt(answer.body)
    );
    Ok(total(answer.body) == Some(1) && find(answer.body, name.as_bytes()).is_some())
}

fn total(body: &[u8]) -> Option<u64> {
    const KEY: &[u8] = b"\"totalResults\":";
    let rest = body.get(find(body, KEY)? + KEY.len()..)?;
    let digits: String = rest
        .iter()
        .map(|it| char::from(*it))
        .skip_while(|it| *it == ' ')
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}

fn names(i: u64) -> (&'static str, &'static str) {
    (pick(&GIVEN, i), pick(&FAMILY, i / 8))
}

fn pick<const N: usize>(list: &[&'static str; N], i: u64) -> &'static str {
    usize::try_from(i)
        .ok()
        .and_then(|it| list.get(it % N))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_of_the_usual_size() -> Result<()> {
        for i in [0, 7, 123_456] {
            let text = body(i, 5);
            assert!((1_100..1_500).contains(&text.len()), "{}", text.len());
            let value: serde_json::Value = serde_json::from_str(&text)?;
            assert_eq!(value["userName"], user_name(i));
            assert_eq!(value["title"] == LEAVER, i < 5);
        }
        Ok(())
    }

    #[test]
    fn reads_totals() {
        assert_eq!(total(br#"{"totalResults":1,"Resources":[]}"#), Some(1));
        assert_eq!(total(br#"{"totalResults": 20}"#), Some(20));
        assert_eq!(total(b"{}"), None);
    }
}
