//! Draws the state. Reads only.

use ratatui::Frame;

use crate::app::App;
use crate::overlay::plan_view::{self, SheetView};
use crate::screen::users_view;
use crate::theme::Theme;

/// Draws a whole frame.
pub(crate) fn draw(app: &App, theme: Theme, frame: &mut Frame<'_>) {
    let layout = app.layout();
    users_view::draw(app, theme, &layout, frame);
    if let Some(help) = &app.help {
        users_view::clear(layout.overlay, frame.buffer_mut());
        help.draw(theme, layout.overlay, frame.buffer_mut());
        frame.set_cursor_position(layout.overlay.as_position());
    }
    if let Some(sheet) = &app.sheet {
        // How many are marked may only be known after the sheet was opened.
        let target = if sheet.of_marks {
            app.users.marks_in_words()
        } else {
            sheet.target.clone()
        };
        let sheet = SheetView {
            sheet,
            target: &target,
            theme,
            plain: app.settings.plain,
        };
        plan_view::draw(&sheet, layout.overlay, frame);
    }
}
