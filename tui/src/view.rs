//! Draws the state. Reads only.

use ratatui::Frame;

use crate::app::App;
use crate::chrome::clear;
use crate::overlay::form_view;
use crate::overlay::plan_view::{self, SheetView};
use crate::screen::{board_view, import_view, users_view};
use crate::theme::Theme;

/// Draws a whole frame.
pub(crate) fn draw(app: &App, theme: Theme, frame: &mut Frame<'_>) {
    let layout = app.layout();
    match (app.import_on_top(), app.board()) {
        (Some(importing), _) => import_view::draw(app, importing, theme, &layout, frame),
        (None, Some(board)) => board_view::draw(app, board, theme, &layout, frame),
        (None, None) => users_view::draw(app, theme, &layout, frame),
    }
    let plain = app.settings.plain;
    if let Some(text) = &app.text {
        text.draw(theme, layout.overlay, frame);
    }
    if let Some(form) = &app.form {
        form_view::draw_form(form, theme, plain, layout.overlay, frame);
    }
    if let Some(menu) = &app.menu {
        form_view::draw_menu(menu, theme, plain, layout.overlay, frame);
    }
    if let Some(note) = &app.note {
        note.draw(theme, layout.overlay, frame);
    }
    if let Some(help) = &app.help {
        clear(layout.overlay, frame.buffer_mut());
        help.draw(theme, layout.overlay, frame.buffer_mut());
        frame.set_cursor_position(layout.overlay.as_position());
    }
    if let Some(sheet) = &app.sheet {
        // How many are marked may only be known after the sheet was opened.
        let target = if sheet.of_marks && app.board().is_none() {
            app.users.marks_in_words()
        } else {
            sheet.target.clone()
        };
        let sheet = SheetView {
            sheet,
            target: &target,
            planned: app.planning.seen().done,
            theme,
            plain: app.settings.plain,
        };
        plan_view::draw(&sheet, layout.overlay, frame);
    }
}
