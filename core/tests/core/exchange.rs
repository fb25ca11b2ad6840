//! Files in and out of consoles without a folder: once, in time, for whoever asked.

use std::path::PathBuf;

use usher_core::Error;
use usher_core::command::Command;
use usher_core::exchange::Page;
use usher_core::model::{Permission, Purpose};
use usher_core::report::{Kind, Report, Subject};

use crate::org::{Org, assert_error};

fn company() -> Org {
    let org = Org::new(20);
    org.create("admin ana bo");
    org.permit("admin", Permission::ManageUsers);
    org
}

fn token(page: &Page) -> &str {
    page.url.rsplit('/').next().unwrap()
}

fn users() -> Report {
    Report::of(Subject::One(Kind::Users))
}

impl Org {
    fn files(&self) -> Vec<PathBuf> {
        let folder = format!("{}.exchange", self.path.display());
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        files.map(|it| it.path()).collect()
    }
}

#[test]
fn a_report_is_fetched_once_and_then_gone() {
    let org = company();
    let (page, written) = org
        .acting("admin")
        .hand_out(&users(), "../people.csv")
        .unwrap();
    assert_eq!(written.rows, [(Kind::Users, 4)]);
    assert!(page.url.contains("/exchange/usher_file_"), "{}", page.url);
    let offered = org.directory.transfer_of(token(&page)).unwrap().unwrap();
    assert_eq!(
        (offered.name.as_str(), offered.purpose),
        ("people.csv", Purpose::Download)
    );
    assert!(
        !org.directory.receive(token(&page), "x.csv", b"a").unwrap(),
        "another purpose"
    );
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&org.files()[0]).unwrap());
    assert_eq!(mode & 0o077, 0, "nobody else reads it");
    let bytes = std::fs::read(&org.path).unwrap();
    let secret = token(&page).as_bytes();
    assert!(
        !bytes.windows(secret.len()).any(|it| it == secret),
        "only a hash is kept"
    );
    let fetched = org.directory.fetch(token(&page)).unwrap().unwrap();
    assert!(String::from_utf8(fetched.bytes).unwrap().contains("ana@"));
    assert!(org.directory.fetch(token(&page)).unwrap().is_none());
    assert!(org.directory.transfer_of(token(&page)).unwrap().is_none());
    assert_eq!(org.files(), Vec::<PathBuf>::new());
    assert_error(
        org.acting("admin").hand_out(&users(), "people.exe"),
        "says no format",
    );
}

#[test]
fn two_who_fetch_at_once_do_not_both_get_it() {
    let org = company();
    let (page, _) = org.cli().hand_out(&users(), "people.csv").unwrap();
    let got: usize = std::thread::scope(|scope| {
        let fetch = || usize::from(org.directory.fetch(token(&page)).unwrap().is_some());
        let both: Vec<_> = (0..8).map(|_| scope.spawn(fetch)).collect();
        both.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(got, 1);
}

#[test]
fn a_page_ends_after_ten_minutes_and_with_whoever_asked_for_it() {
    let org = company();
    let (late, _) = org.acting("admin").hand_out(&users(), "late.csv").unwrap();
    org.tick(10 * 60 * 1000);
    assert!(org.directory.fetch(token(&late)).unwrap().is_none());
    let (page, _) = org
        .acting("admin")
        .hand_out(&users(), "people.csv")
        .unwrap();
    let upload = org.acting("admin").take_in().unwrap();
    org.deactivate("admin");
    assert!(org.directory.fetch(token(&page)).unwrap().is_none());
    assert!(
        !org.directory
            .receive(token(&upload), "x.csv", b"a")
            .unwrap()
    );
    assert_error(org.acting("admin").take_in(), "not an active administrator");
    for wrong in [
        "",
        "usher_file_x",
        token(&page).trim_end_matches(char::is_alphanumeric),
    ] {
        assert!(
            org.directory.transfer_of(wrong).unwrap().is_none(),
            "{wrong}"
        );
    }
}

#[test]
fn a_file_that_is_sent_arrives_for_whoever_asked_and_nobody_else() {
    let org = company();
    org.permit("bo", Permission::ManageUsers);
    let admin = org.acting("admin");
    let page = admin.take_in().unwrap();
    assert!(admin.arrived(page.id).unwrap().is_none());
    assert_error(
        org.directory.receive(token(&page), "x.exe", b"MZ"),
        "says no format",
    );
    assert!(
        org.directory.fetch(token(&page)).unwrap().is_none(),
        "another purpose"
    );
    assert!(
        org.directory
            .receive(token(&page), "a/people.csv", b"email\n")
            .unwrap()
    );
    assert!(
        !org.directory
            .receive(token(&page), "again.csv", b"email\n")
            .unwrap()
    );
    let arrived = admin.arrived(page.id).unwrap().unwrap();
    assert_eq!(arrived.name, "people.csv");
    assert_eq!(std::fs::read(arrived.path).unwrap(), b"email\n");
    let others = org.acting("bo").arrived(page.id);
    assert!(matches!(others, Err(Error::NotFound { .. })), "{others:?}");
}

#[test]
fn erasing_somebody_empties_the_folder() {
    let org = company();
    let (page, _) = org.cli().hand_out(&users(), "people.csv").unwrap();
    assert_eq!(org.files().len(), 1);
    org.apply(Command::Delete { who: org.who("bo") });
    org.apply(Command::Erase { who: org.who("bo") });
    assert_eq!(org.files(), Vec::<PathBuf>::new());
    assert!(org.directory.fetch(token(&page)).unwrap().is_none());
}
