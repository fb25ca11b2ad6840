//! The console played without a terminal: keys in, screen out, against a real organization in a temporary file.

mod acting;
mod arriving;
mod boards;
mod finding;
mod flows;
mod golden;
mod held;
mod importing;
mod looks;
mod marking;
mod org;
mod play;
mod properties;
mod providers;
mod screens;
mod scripts;
mod texts;
#[path = "../../tests/wcwidth/mod.rs"]
mod wcwidth;
mod whole;
mod widgets;
