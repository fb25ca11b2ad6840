//! `usher join`: the page on which people join by themselves.

use serde_json::json;
use usher_core::command::Command;
use usher_core::model::Setting;

use crate::args::{Format, JoinCommand, JoinSetArgs};
use crate::confirm::carry_out;
use crate::desk::Desk;
use crate::failure::Result;
use crate::handout;
use crate::output::{say, write_one};

pub(crate) fn run(desk: &Desk, command: JoinCommand) -> Result<()> {
    match command {
        JoinCommand::Show => show(desk),
        JoinCommand::Set(args) => set(desk, args),
        JoinCommand::Sheet(args) => handout::join_sheet(desk, &args),
    }
}

fn set(desk: &Desk, args: JoinSetArgs) -> Result<()> {
    let on = (args.on || args.off).then(|| if args.on { "on" } else { "off" }.to_owned());
    let given = |setting, value: Option<String>| value.map(|it| (setting, Some(it)));
    let reset = |setting, said: bool| said.then_some((setting, None));
    let set = [
        given(Setting::JoinPage, on),
        given(Setting::JoinSlug, args.slug),
        given(Setting::JoinAllow, args.allow),
        given(Setting::JoinGroup, args.group),
        reset(Setting::JoinGroup, args.no_group),
        given(Setting::JoinText, args.text),
        reset(Setting::JoinText, args.no_text),
    ];
    let set = set.into_iter().flatten().collect();
    carry_out(desk, Command::SetJoinPage { set }, &args.plan)
}

fn show(desk: &Desk) -> Result<()> {
    let read = desk.read()?;
    let settings = read.settings()?;
    let group = read.setting(Setting::JoinGroup)?.value;
    drop(read);
    let page = settings.join;
    let base = desk.session.directory().public_url()?;
    let address = page.slug.as_deref().map(|it| format!("{base}/join/{it}"));
    if desk.format != Format::Table {
        return write_one(
            desk.format,
            &[
                ("on", json!(page.on)),
                ("address", json!(address)),
                ("slug", json!(page.slug)),
                ("allow", json!(page.allow.entries())),
                ("group", json!(group)),
                ("text", json!(page.text)),
            ],
        );
    }
    let state = match (page.on, &address) {
        (false, _) => "off; `usher join set --on --allow DOMAIN` turns it on".to_owned(),
        (true, Some(address)) => address.clone(),
        (true, None) => {
            "on, without an address; `usher join set --slug NAME` gives it one".to_owned()
        }
    };
    let allow = match page.allow.entries() {
        [] => "nobody; `usher join set --allow DOMAIN` says who".to_owned(),
        _ if page.allow.is_everybody() => "everybody who has an address".to_owned(),
        entries => entries.join(", "),
    };
    let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    for (what, value) in [
        ("join page", state),
        ("may join", allow),
        ("group", shown(group)),
        ("words", shown(page.text.map(|it| it.replace('\n', " / ")))),
    ] {
        say(desk.format, &format!("{what:<11}{value}"))?;
    }
    Ok(())
}
