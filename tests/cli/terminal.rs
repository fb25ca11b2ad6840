//! The real program at a terminal: large work that says how far it is and is taken back whole, and a file imported at the
//! console through the process that reads files.

use portable_pty::CommandBuilder;

use crate::program::Org;
use crate::pseudo_terminal::Terminal;

/// The program at a terminal, with this organization's database.
fn at_terminal(org: &Org, args: &[&str]) -> Terminal {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_usher"));
    command.args(args);
    command.cwd(org.dir.path());
    command.env("TERM", "xterm-256color");
    command.env_remove("USHER_DB");
    Terminal::start(command)
}

#[test]
fn what_takes_long_says_how_far_it_is_and_is_taken_back_whole_by_one_key() {
    let org = Org::with_seats(50_000);
    let rows: String = (0..40_000)
        .map(|i| format!("p{i}@corp.example,First{i},Last{i},Sales\n"))
        .collect();
    let file = format!("email,first name,last name,area\n{rows}");
    std::fs::write(org.path("many.csv"), file).unwrap();
    let import = [
        "import",
        "many.csv",
        "--mode",
        "create",
        "--no-mail",
        "--yes",
    ];
    let mut terminal = at_terminal(&org, &import);
    terminal.shows("Ctrl-C cancels");
    terminal.press("\x03");
    assert_eq!(terminal.end(), 1);
    terminal.shows("cancelled: nothing was changed");
    assert_eq!(org.json("users").as_array().unwrap().len(), 1);
    assert_eq!(org.json("seats")[0]["held"], 1);
    assert_eq!(org.json("imports").as_array().unwrap().len(), 0);
    assert!(org.type_in("audit verify").ok().contains("whole"));
}

#[test]
fn a_file_is_imported_at_the_console_and_taken_back() {
    let org = Org::with_seats(20);
    let rows = "email;first name\nkim@corp.example;Kim\nnobody;Lee\n";
    std::fs::write(org.path("joiners.csv"), rows).unwrap();
    let mut terminal = at_terminal(&org, &[]);
    terminal.shows("owner@acme.example");
    terminal.press("I");
    terminal.shows("Import people");
    terminal.press("no-such.csv\r");
    terminal.shows("cannot be opened");
    terminal.press("\x1b");
    terminal.shows("? help");
    terminal.press("I");
    terminal.shows("Import people");
    terminal.press("joiners.csv\r");
    terminal.shows("1 wrong");
    terminal.press("P");
    terminal.shows("wrong left out");
    terminal.press("y");
    terminal.shows("Apply this?");
    terminal.press("y");
    terminal.shows("imported: 1 invited · 1 left out");
    let imports = org.json("imports");
    assert_eq!(imports[0]["file"], "joiners.csv");
    assert_eq!(imports[0]["wrong"], 1);
    let batches = org.json("batches");
    assert_eq!(batches[0]["door"], "import");
    terminal.press("z");
    terminal.shows("Undo batch");
    terminal.press("y");
    terminal.shows("access 1/20");
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}
