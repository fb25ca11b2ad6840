//! What stands in a mail: its headers, its language, the organization's own words and logo.

use usher_core::command::{Command, Import};
use usher_core::import::Mode;
use usher_core::model::{Actor, Door, Field, Language, Setting};
use usher_core::plan::Template;

use super::{edit, willing};
use crate::imports::sheet;
use crate::org::Org;

#[test]
fn headers_say_who_writes_and_that_nobody_need_answer() {
    let org = Org::new(5);
    let (config, taken) = willing();
    org.apply(Command::SetSetting {
        setting: Setting::OrganizationName,
        value: Some("Äcme \"Süd\" & <Söhne>".into()),
    });
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let text = String::from_utf8(taken[0].bytes.clone()).unwrap();
    assert!(text.is_ascii());
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    for header in [
        "To: ana@acme.example\r\n",
        "Reply-To: people@acme.example\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Language: en\r\n",
        "MIME-Version: 1.0\r\n",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    assert!(head.contains(&format!("Message-ID: {}\r\n", taken[0].message_id)));
    assert!(head.contains("From: =?utf-8?") && head.contains("<usher@acme.example>"));
    assert!(!head.contains("List-Unsubscribe"));
    assert_eq!(body.matches("Content-Type: text/").count(), 2);
    assert!(head.lines().chain(body.lines()).all(|it| it.len() <= 998));
    // What is markup in the name is text in the mail.
    assert!(body.contains("&lt;S=C3=B6hne&gt;"), "{body}");
}

#[test]
fn people_are_written_to_in_their_language_and_else_in_the_organizations() {
    let org = Org::new(9);
    let (config, taken) = willing();
    for (name, tag) in [("ana", "de-AT"), ("bo", "fr"), ("cy", "ja")] {
        org.invite(name);
        edit(&org, name, Field::Language, Some(tag));
    }
    org.apply(Command::SetSetting {
        setting: Setting::Language,
        value: Some("es".into()),
    });
    org.directory.bring_out(&config).unwrap();
    let subjects: Vec<String> = taken
        .lock()
        .unwrap()
        .iter()
        .map(|it| it.subject.clone())
        .collect();
    assert_eq!(
        subjects,
        [
            "Ihre Einladung zu Acme",
            "Votre invitation à rejoindre Acme",
            "Su invitación a Acme"
        ]
    );
}

#[test]
fn mails_speak_in_the_organizations_own_words_until_these_are_taken_back() {
    use usher_core::mail::MailText;
    use usher_core::model::Language;
    use usher_core::plan::Template;
    let org = Org::new(9);
    let (config, taken) = willing();
    let own = |text: Option<&str>| Command::SetMailText {
        template: Template::Invitation,
        language: Language::English,
        text: text.map(|it| MailText {
            subject: "Welcome to {organization}".into(),
            body: it.into(),
        }),
    };
    let refused = org.try_apply(own(Some("come in"))).unwrap_err().to_string();
    assert!(refused.contains("has no link"), "{refused}");
    let applied = org.apply(own(Some("Dear {first_name},\n\ncome in <b>:\n{link}")));
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    {
        let taken = taken.lock().unwrap();
        assert_eq!(taken[0].subject, "Welcome to Acme");
        assert!(
            taken[0].text.starts_with("Dear ana,\n\ncome in <b>:\nhttp"),
            "{}",
            taken[0].text
        );
        assert!(String::from_utf8_lossy(&taken[0].bytes).contains("come in &lt;b&gt;"));
    }
    org.undo(&applied);
    org.invite("bo");
    org.directory.bring_out(&config).unwrap();
    assert!(
        taken.lock().unwrap()[1]
            .subject
            .starts_with("Your invitation")
    );
    assert!(
        org.plan(own(None)).unwrap().is_empty(),
        "nothing to take back"
    );
}

#[test]
fn a_logo_is_in_the_mail_itself_and_whom_to_ask_is_said_where_it_is_set() {
    let org = Org::new(9);
    let (config, taken) = willing();
    let picture = usher_core::model::Logo::new(b"\x89PNG\r\n\x1a\n0000".to_vec()).unwrap();
    for (setting, value) in [
        (Setting::Logo, picture.to_string()),
        (Setting::HelpContact, "help@acme.example".to_owned()),
    ] {
        org.apply(Command::SetSetting {
            setting,
            value: Some(value),
        });
    }
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let text = String::from_utf8(taken[0].bytes.clone()).unwrap();
    assert!(text.contains("multipart/related") && text.contains("Content-ID: <logo>"));
    assert!(text.contains("cid:logo") && !text.contains("src=3D\"http"));
    assert!(taken[0].text.contains("write to help@acme.example"));
}

#[test]
fn a_link_within_a_sentence_can_be_pressed() {
    use usher_core::mail::MailText;
    use usher_core::model::Language;
    use usher_core::plan::Template;
    let org = Org::new(9);
    let (config, taken) = willing();
    org.apply(Command::SetMailText {
        template: Template::Invitation,
        language: Language::English,
        text: Some(MailText {
            subject: "Come in".into(),
            body: "Go to {link} & come in.".into(),
        }),
    });
    org.invite("ana");
    org.directory.bring_out(&config).unwrap();
    let taken = taken.lock().unwrap();
    let whole = String::from_utf8(taken[0].bytes.clone()).unwrap();
    let whole = whole.replace("=\r\n", "").replace("=3D", "=");
    let link = taken[0].text.split_whitespace().nth(2).unwrap();
    let pressed = format!("Go to <a href=\"{link}\">{link}</a> &amp; come in.");
    assert!(whole.contains(&pressed), "{whole}");
}

#[test]
fn whoever_imported_is_told_what_became_of_the_rows_in_their_language() {
    let org = Org::new(3);
    let owner = Actor::Administrator(org.user("owner").id);
    let session = org.directory.as_actor(owner, Door::Import);
    let import = |text: &str| Import {
        file: Some("people.csv".into()),
        partial: true,
        ..Import::of(sheet(text), Mode::Invite)
    };
    let several =
        "email\nana@acme.example\nbo@acme.example\nowner@acme.example\nno address\ncy@acme.example";
    for (language, rows, said) in [
        (
            "en",
            several,
            "Your import of people.csv is done. The file had 5 rows: 2 brought somebody in, 1 changed nothing, 1 found no free seat and was \
             left out, and 1 was wrong and was left out. The import is batch",
        ),
        (
            "de",
            "email\nana@acme.example",
            "Ihr Import von people.csv ist fertig. Die einzige Zeile der Datei brachte jemanden herein. Der Import ist der Stapel",
        ),
    ] {
        edit(&org, "owner", Field::Language, Some(language));
        let (config, taken) = willing();
        let applied = session
            .apply(session.request(Command::Import(import(rows))), None)
            .unwrap();
        org.directory.bring_out(&config).unwrap();
        let taken = taken.lock().unwrap();
        let letter = taken.iter().find(|it| it.template == Template::ImportDone);
        let text = letter.unwrap().text.split_whitespace();
        let text = text.collect::<Vec<_>>().join(" ");
        assert!(text.contains(said), "{text}");
        org.undo(&applied);
    }
}

#[test]
fn a_preview_leaves_no_paragraph_out() {
    let org = Org::new(3);
    let (config, _) = willing();
    for template in Template::ALL {
        for language in Language::ALL {
            let (text, _) = org.directory.mail_text(template, language).unwrap();
            let preview = org
                .directory
                .mail_preview(&config, template, language, None);
            let shown = preview.unwrap().1;
            let paragraphs = |it: &str| it.trim().split("\n\n").count();
            assert!(
                paragraphs(&shown) >= paragraphs(&text.body),
                "{template:?} {language}: {shown}"
            );
        }
    }
}
