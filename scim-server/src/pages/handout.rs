//! What is handed out ahead, as files that need nothing beside them: every page that an invited person will see, and a sheet
//! with the join page's address. The pages are the real ones, of made-up values, each in a frame of its own.

use qrcode::{Color, EcLevel, QrCode};
use usher_core::command::OwnRecords;
use usher_core::model::{
    CustomField, Date, Individual, IndividualId, IndividualTerms, Language, Logo, Record,
    RecordState, Settings,
};

use super::frame::{Frame, Look};
use super::html::Html;
use super::own_fields::{self, OwnField};
use super::views::{self, Asking, Coming, Details, Welcome};
use super::words::fill;

const STYLE: &str = include_str!("handout.css");
/// The address of nobody.
const ADDRESS: &str = "ana@example.com";

/// Every page that an invited person will see, both with an account of their own and without, in one HTML file. `fields` are the
/// organization's own; those are shown that people are asked for.
pub fn guide(
    settings: &Settings,
    fields: &[CustomField],
    logo: Option<&Logo>,
    language: Language,
    today: Date,
) -> String {
    let logo = logo.map(ToString::to_string);
    let frame = Frame {
        settings,
        language,
        look: Look::Inside(logo.as_deref()),
    };
    let asked: Vec<CustomField> = fields
        .iter()
        .filter(|it| it.is_asked_for())
        .cloned()
        .collect();
    let guide = Guide {
        frame: &frame,
        own: own_fields::asked(&asked),
        until: language.day(today.plus_days(i64::from(settings.invitation_days))),
    };
    guide.file()
}

/// A sheet to print and hang up, with the address of the join page in letters and as a QR code; none when it has none.
pub fn join_sheet(
    settings: &Settings,
    logo: Option<&Logo>,
    language: Language,
    base: &str,
) -> Option<String> {
    let slug = settings.join.slug.as_deref()?;
    let address = format!("{base}/join/{slug}");
    let code = QrCode::with_error_correction_level(address.as_bytes(), EcLevel::M).ok()?;
    let logo = logo.map(ToString::to_string);
    let frame = Frame {
        settings,
        language,
        look: Look::Inside(logo.as_deref()),
    };
    let words = frame.words();
    Some(file(&frame, &frame.say(words.join_title, &[]), |it| {
        it.element("div", &[("class", "sheet")], |it| {
            frame.own_words(settings.join.text.as_deref(), it);
            it.told("p", &[], words.sheet_lead);
            it.ours(&squares(&code));
            it.told("p", &[("class", "address")], &address);
            // Single addresses are nobody's business who passes by.
            let domains: Vec<&str> = settings
                .join
                .allow
                .entries()
                .iter()
                .map(String::as_str)
                .filter(|it| !it.contains('@'))
                .collect();
            if !settings.join.allow.is_everybody() && !domains.is_empty() {
                let allow = domains.join(", ");
                it.told("p", &[], &fill(words.sheet_note, &[("allow", &allow)]));
            }
        });
    }))
}

struct Guide<'a> {
    frame: &'a Frame<'a>,
    own: Vec<OwnField>,
    until: String,
}

impl Guide<'_> {
    fn file(&self) -> String {
        let frame = self.frame;
        let words = frame.words();
        file(frame, &frame.say(words.guide_title, &[]), |it| {
            it.told("p", &[], words.guide_lead);
            it.element("ol", &[], |it| {
                it.element("li", &[], |it| {
                    it.told("h2", &[], &frame.say(words.guide_mail, &[]));
                    it.told("p", &[], words.guide_mail_lead);
                });
                self.step(words.guide_open, &[self.welcome()], it);
                self.step(words.guide_new, &[self.details(None)], it);
                self.step(words.guide_done, &[self.done()], it);
            });
            let account = account();
            self.case(words.guide_own, &[self.details(Some(&account))], it);
            let queued = views::queued(frame, 3, ADDRESS);
            self.case(words.guide_queued, &[queued], it);
            self.case(words.guide_trouble, &self.trouble(), it);
            if !frame.settings.single_sign_on {
                self.case(words.guide_password, &self.passwords(), it);
            }
            if frame.settings.join.on {
                self.case(words.guide_join, &[self.join()], it);
            }
        })
    }

    fn step(&self, title: &str, pages: &[String], it: &mut Html) {
        it.element("li", &[], |it| self.shown(title, pages, it));
    }

    fn case(&self, title: &str, pages: &[String], it: &mut Html) {
        it.element("section", &[], |it| self.shown(title, pages, it));
    }

    /// Pages beside each other, each as high as it needs.
    fn shown(&self, title: &str, pages: &[String], it: &mut Html) {
        it.told("h2", &[], &self.frame.say(title, &[]));
        it.element("div", &[("class", "pages")], |it| {
            for page in pages {
                let style = format!("height: {}px", height_of(page));
                // Nothing in it can be pressed: it is a picture.
                it.told(
                    "iframe",
                    &[
                        ("srcdoc", page),
                        ("title", title),
                        ("style", &style),
                        ("sandbox", ""),
                        ("tabindex", "-1"),
                    ],
                    "",
                );
            }
        });
    }

    fn welcome(&self) -> String {
        let page = Welcome {
            address: &views::masked(ADDRESS),
            until: &self.until,
            has_account: false,
            token: "",
            wrong: &[],
        };
        page.page(self.frame)
    }

    fn details(&self, account: Option<&Individual>) -> String {
        let frame = self.frame;
        let words = frame.words();
        let details = Details {
            first: "Ana".to_owned(),
            last: "Li".to_owned(),
            others: super::accept::lacking(frame.settings, &usher_core::model::Profile::default())
                .map(|it| (it, String::new()))
                .collect(),
            own: self.own.clone(),
            records: account.map(|_| OwnRecords::Transfer),
        };
        let page = Coming {
            title: words.details_title,
            button: &frame.say(words.details_button, &[]),
            address: ADDRESS,
            details: &details,
            asks_names: true,
            account,
            single_sign_on: frame.settings.single_sign_on,
            token: "",
            wrong: &[],
        };
        page.page(frame)
    }

    fn done(&self) -> String {
        views::done(self.frame, Some("Ana"), ADDRESS)
    }

    fn trouble(&self) -> Vec<String> {
        let frame = self.frame;
        let words = frame.words();
        let address = views::masked(ADDRESS);
        let expired = frame.say(words.expired_lead, &[("date", &self.until)]);
        let over = |title, lead: &str| views::over(frame, title, lead, &address, "");
        vec![
            over(words.expired_title, &expired),
            over(words.replaced_title, words.replaced_lead),
            views::withdrawn(frame, ""),
        ]
    }

    fn passwords(&self) -> Vec<String> {
        let frame = self.frame;
        let words = frame.words();
        let asking = Asking {
            title: words.forgot_title,
            lead: &frame.say(words.forgot_lead, &[]),
            button: words.forgot_button,
            own_words: None,
            address: ADDRESS,
            token: "",
            wrong: &[],
        };
        vec![asking.page(frame), views::choose(frame, ADDRESS, "", &[])]
    }

    fn join(&self) -> String {
        let frame = self.frame;
        let words = frame.words();
        let asking = Asking {
            title: &frame.say(words.join_title, &[]),
            lead: words.join_lead,
            button: words.join_button,
            own_words: frame.settings.join.text.as_deref(),
            address: ADDRESS,
            token: "",
            wrong: &[],
        };
        asking.page(frame)
    }
}

/// How many pixels a page needs at the width of a phone, rather too many than too few: nothing in a file without scripts can
/// measure it. By the lines of its text and what is filled in and pressed.
fn height_of(page: &str) -> usize {
    const LETTERS_A_LINE: usize = 36;
    let body = page.split_once("<body").map_or(page, |it| it.1);
    let mut height = 200;
    for piece in body.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
        let is_field = tag.starts_with("input") && !tag.contains("\"hidden\"")
            || tag.starts_with("select")
            || tag.starts_with("textarea");
        height += match tag {
            _ if is_field => 54,
            _ if tag.starts_with("button") => 50,
            _ if tag.starts_with("img") => 40,
            _ => 0,
        };
        height += text.trim().chars().count().div_ceil(LETTERS_A_LINE) * 37;
    }
    height
}

/// A file of its own, with its style in it.
fn file(frame: &Frame<'_>, title: &str, main: impl FnOnce(&mut Html)) -> String {
    let whole = Html::of(|it| {
        it.element("html", &[("lang", frame.language.tag())], |it| {
            it.element("head", &[], |it| {
                it.void("meta", &[("charset", "utf-8")]);
                let view = "width=device-width, initial-scale=1";
                it.void("meta", &[("name", "viewport"), ("content", view)]);
                it.told("title", &[], title);
                it.element("style", &[], |it| it.ours(STYLE));
            });
            it.element("body", &[], |it| {
                it.element("header", &[], |it| frame.mark(it));
                it.element("main", &[], |it| {
                    it.told("h1", &[], title);
                    main(it);
                });
                if let Some(contact) = &frame.settings.help_contact {
                    it.element("footer", &[], |it| {
                        it.text(&format!("{} {contact}", frame.words().questions));
                    });
                }
            });
        });
    });
    whole.document()
}

/// An account such as somebody may have.
fn account() -> Individual {
    let record = |training: &str, state| Record {
        training: training.to_owned(),
        state,
        on: None,
        transferred: false,
    };
    Individual {
        id: IndividualId::from_bytes([0; 16]),
        terms: IndividualTerms {
            email: ADDRESS.to_owned(),
            first_name: None,
            last_name: None,
            records: vec![
                record("A", RecordState::Completed),
                record("B", RecordState::Started),
            ],
            taken_by: None,
        },
    }
}

/// A QR code as a picture, with the quiet zone that cameras want.
fn squares(code: &QrCode) -> String {
    const QUIET: usize = 4;
    let width = code.width();
    let mut path = String::new();
    for y in 0..width {
        for x in 0..width {
            if code[(x, y)] == Color::Dark {
                path.push_str(&format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET));
            }
        }
    }
    let side = width + 2 * QUIET;
    format!(
        "<svg class=\"code\" role=\"img\" aria-label=\"QR\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    )
}
