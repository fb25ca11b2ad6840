//! The console played without a terminal: keys in, screen out, against a real organization in a temporary file.

mod boards;
mod flows;
mod golden;
mod held;
mod importing;
mod looks;
mod org;
mod play;
mod properties;
mod screens;
mod texts;
mod widgets;
