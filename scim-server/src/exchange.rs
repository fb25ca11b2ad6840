//! The page of a file that goes in or out of a console without a folder on this machine: `/exchange/TOKEN`. Looking at it
//! uses nothing, so that whoever previews links takes nothing; a button fetches or sends the file, once. What never was,
//! has ended or was used looks the same.

mod form;

use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use usher_core::Error;
use usher_core::model::{Purpose, Transfer};

use crate::answer::{self, Answer};
use crate::fault::Fault;
use crate::json::Json;
use crate::log;
use crate::peer;
use crate::route::{self, App};

/// Largest file that can be sent, in bytes.
const LARGEST_FILE: usize = route::LARGEST_LIST;
/// The page loads nothing, runs nothing, is in nobody's frame, and sends its form to itself only.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}\
    button,input{font:inherit;padding:.5rem 1rem;margin:.25rem 0}";

/// Answers a request to a page.
pub(crate) async fn answer(
    app: &App,
    head: &Parts,
    token: &str,
    body: Incoming,
) -> Result<Answer, Fault> {
    let is_reading = matches!(head.method, Method::GET | Method::HEAD);
    if !is_reading && head.method != Method::POST {
        return Err(Fault::method_not_allowed("GET, HEAD, POST"));
    }
    let Some(transfer) = app.directory.transfer_of(token)? else {
        let wrong = app.pace.wrong_token(peer::of(app, head));
        wrong.map_err(Fault::too_many_wrong_tokens)?;
        return Ok(ended());
    };
    log::from(transfer.actor);
    match (is_reading, transfer.purpose) {
        (true, _) => Ok(offered(&transfer)),
        (false, Purpose::Download) => {
            let fetched = tokio::task::block_in_place(|| app.directory.fetch(token))?;
            Ok(fetched.map_or_else(ended, |it| file(&it.name, it.bytes)))
        }
        (false, Purpose::Upload) => {
            let kind = head.headers.get(header::CONTENT_TYPE);
            let boundary = kind.and_then(|it| form::boundary(it.to_str().ok()?));
            let body: Bytes = route::arrived(body, LARGEST_FILE + form::FRAME).await?;
            let sent = boundary.and_then(|it| form::file(&body, &it));
            let Some((name, bytes)) = sent.filter(|it| !it.1.is_empty()) else {
                return Ok(again("Choose a file that is not empty."));
            };
            let taken = tokio::task::block_in_place(|| app.directory.receive(token, &name, bytes));
            match taken {
                Ok(true) => Ok(said(
                    StatusCode::OK,
                    "The file has arrived",
                    "<p>Go back to the console; it is there.</p>",
                )),
                Ok(false) => Ok(ended()),
                Err(error @ Error::Invalid { .. }) => Ok(again(&error.to_string())),
                Err(error) => Err(error.into()),
            }
        }
    }
}

fn offered(transfer: &Transfer) -> Answer {
    let until = transfer.expires_at;
    let body = match transfer.purpose {
        // Names of files are of letters, digits, - and _ only.
        Purpose::Download => format!(
            "<p>{}, once, until {until}.</p><form method=\"post\"><button>Download</button></form>",
            transfer.name
        ),
        Purpose::Upload => format!(
            "<p>A .csv, .xlsx, .xls or .ods, once, until {until}.</p><form method=\"post\" enctype=\"multipart/form-data\">\
             <p><label>File<br><input type=\"file\" name=\"file\" accept=\".csv,.xlsx,.xls,.ods\" required></label></p>\
             <button>Send</button></form>"
        ),
    };
    let title = match transfer.purpose {
        Purpose::Download => "Your file from Usher",
        Purpose::Upload => "A file for Usher",
    };
    said(StatusCode::OK, title, &body)
}

fn ended() -> Answer {
    said(
        StatusCode::NOT_FOUND,
        "There is nothing here",
        "<p>This page was used, or its ten minutes are over. Ask for another in the console.</p>",
    )
}

/// The form once more, with what was wrong: words of ours only.
fn again(why: &str) -> Answer {
    let body = format!("<p>{why}</p><p><a href=\"\">Try again</a></p>");
    said(StatusCode::BAD_REQUEST, "That did not work", &body)
}

fn said(status: StatusCode, title: &str, body: &str) -> Answer {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>\n"
    );
    let answer = answer::written(status, Json(page.into_bytes()));
    let answer = answer::with(answer, header::CONTENT_TYPE, "text/html; charset=utf-8");
    private(answer::with(
        answer,
        header::CONTENT_SECURITY_POLICY,
        POLICY,
    ))
}

fn file(name: &str, bytes: Vec<u8>) -> Answer {
    let kind = match name.rsplit('.').next() {
        Some("csv") => "text/csv; charset=utf-8",
        Some("json") => "application/json",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    let answer = answer::written(StatusCode::OK, Json(bytes));
    let answer = answer::with(answer, header::CONTENT_TYPE, kind);
    let disposition = format!("attachment; filename=\"{name}\"");
    private(answer::with(
        answer,
        header::CONTENT_DISPOSITION,
        disposition,
    ))
}

/// Nobody on the way keeps it, and no other page is told the address.
fn private(answer: Answer) -> Answer {
    let headers: [(HeaderName, &'static str); 4] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    headers.into_iter().fold(answer, |answer, (name, value)| {
        answer::with(answer, name, value)
    })
}
