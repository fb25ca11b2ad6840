//! People in files that LibreOffice wrote, in every format that it offers: `tests/fixtures/libreoffice/make.sh` makes them anew.

use std::path::Path;
use std::sync::Arc;

use usher_core::command::{Command, FieldEdit, Import};
use usher_core::import::{Does, Format, Limits, Mode, Sheet, read_here};
use usher_core::model::FieldKind;

use super::{apply, faults, group, review};
use crate::org::Org;

fn read(name: &str) -> Sheet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/libreoffice");
    let file = std::fs::File::open(folder.join(name)).unwrap();
    read_here(file, None, &Limits::default()).unwrap()
}

#[test]
fn what_libreoffice_saves_is_imported_alike_in_every_format() {
    for (name, format) in [
        ("people.xlsx", Format::Xlsx),
        ("people.xls", Format::Xls),
        ("people.ods", Format::Ods),
        ("people.csv", Format::Csv),
        ("people-1252.csv", Format::Csv),
    ] {
        let org = Org::new(10);
        group(&org, "Sales");
        group(&org, "Design");
        org.apply(Command::AddField {
            name: "Cost center".into(),
            kind: FieldKind::Text,
            set: FieldEdit::default(),
        });
        let sheet = read(name);
        assert_eq!(sheet.about.format, format, "{name}");
        let import = Import::of(Arc::new(sheet), Mode::Invite);
        let found = review(&org, import.clone());
        assert_eq!(faults(&found), [] as [&str; 0], "{name}");
        assert_eq!(found.columns.ignored().collect::<Vec<_>>(), ["Full time"]);
        assert_eq!(found.count(Does::Invite), 3, "{name}");
        apply(&org, import).unwrap();
        let ana = org.user("ana").profile;
        assert_eq!(ana.last_name.as_deref(), Some("Müller-Lüdenscheidt"));
        assert_eq!(ana.functional_area.as_deref(), Some("Sales"), "{name}");
        assert_eq!(ana.delete_on.as_deref(), Some("2099-01-31"), "{name}");
        assert_eq!(ana.title.as_deref(), Some("-not a formula-"), "{name}");
        let bo = org.user("bo").profile;
        assert_eq!(bo.last_name.as_deref(), Some("O'Neil, \"the\" 2nd"));
        assert_eq!(bo.delete_on.as_deref(), Some("2099-02-28"), "{name}");
        assert_eq!(bo.title.as_deref(), Some("Engineer; senior, really"));
        assert_eq!(org.user("cy").profile.first_name.as_deref(), Some("Çelik"));
        let manager = |who| org.manager(who);
        assert_eq!(manager("bo").as_deref(), Some("ana"), "{name}");
        assert_eq!(manager("cy").as_deref(), Some("ana"), "{name}");
        let session = org.cli();
        let read = session.read().unwrap();
        let costs = ["ana", "bo", "cy"].map(|who| {
            let values = read.field_values_of(org.user(who).id).unwrap();
            values.into_iter().map(|it| it.1).next()
        });
        assert_eq!(
            costs.map(|it| it.unwrap_or_default()),
            ["4711", "0042", "7.5"],
            "{name}"
        );
        let groups = |who| read.memberships_of(org.user(who).id).unwrap().len();
        assert_eq!((groups("ana"), groups("bo"), groups("cy")), (2, 1, 0));
    }
}
