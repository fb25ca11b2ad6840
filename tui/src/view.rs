//! Draws the state. Reads only.

use ratatui::Frame;

use crate::app::App;
use crate::overlay::plan_view;
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
        plan_view::draw(sheet, theme, app.settings.plain, layout.overlay, frame);
    }
}
