//! Whatever happens, in whatever order and on whatever screen: no panic, the cursor on a row, one frame after the other.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;
use usher_core::model::{Actor, Door};

use super::org::Org;
use crate::app::{App, Settings};
use crate::effect::Effect;
use crate::event::{Answer, Event, Outcome, Timer};
use crate::key::Key;
use crate::runner;
use crate::theme::Theme;
use crate::view;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Paste(String),
    Resize(u16, u16),
    Click(u16, u16),
    Wheel(bool),
    /// One of the effects under way is answered.
    Answer(usize),
    Committed,
    Timer(Timer),
}

fn step() -> impl Strategy<Value = Step> {
    let keys = Key::in_words(
        "/ vv**tmMMdrnziaeo+-pxw:1234567890yuhKJHST=<tab><delete><right><left><enter><enter><esc><esc>jjjkkggGG<ctrl-d><ctrl-u><pgdn><pgup>s?qyf019<backspace>ao:-(\"<left><ctrl-w>",
    );
    let timers = [Timer::Filter, Timer::Refresh, Timer::Recount, Timer::Age];
    prop_oneof![
        8 => proptest::sample::select(keys).prop_map(Step::Key),
        1 => any::<char>().prop_map(|c| Step::Key(Key::Char(c))),
        1 => ".{0,40}".prop_map(Step::Paste),
        1 => (1..200u16, 1..60u16).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => (0..200u16, 0..60u16).prop_map(|(x, y)| Step::Click(x, y)),
        1 => any::<bool>().prop_map(Step::Wheel),
        6 => any::<usize>().prop_map(Step::Answer),
        1 => Just(Step::Committed),
        1 => proptest::sample::select(timers.to_vec()).prop_map(Step::Timer),
    ]
}

fn org() -> &'static Org {
    static ORG: OnceLock<Org> = OnceLock::new();
    ORG.get_or_init(|| {
        let names: Vec<_> = (0..180).map(|i| format!("p{i}.n{}", i % 7)).collect();
        Org::new(200)
            .people(&names.join(" "))
            .waiting("wanda walt")
            .inactive("ina igor")
    })
}

fn check(app: &App) {
    let list = &app.users.list;
    assert!(list.rows().is_empty() || list.cursor() < list.rows().len());
    let on_screen = list.visible().any(|(place, _)| place == list.cursor());
    assert!(
        on_screen || list.rows().is_empty(),
        "the cursor is on the screen"
    );
    let Size { width, height } = app.size;
    for theme in [Theme::Terminal, Theme::Mono] {
        let mut terminal =
            Terminal::new(TestBackend::new(width, height)).expect("a screen in memory");
        terminal
            .draw(|frame| view::draw(app, theme, frame))
            .expect("a screen in memory");
        let shown = terminal.backend().buffer();
        assert!(
            !shown
                .content()
                .iter()
                .any(|it| it.symbol().chars().any(usher_core::model::is_hostile))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_can_happen_breaks_the_console(size in (1..200u16, 1..60u16), steps in proptest::collection::vec(step(), 1..60)) {
        let org = org();
        let session = org.directory.as_actor(Actor::FileOwner, Door::Console);
        let now = org.directory.now();
        let mut app = App::new(Settings::default(), Size::new(size.0, size.1), now);
        let mut under_way: VecDeque<Effect> = app.start().into();
        check(&app);
        for step in steps {
            let event = match step {
                Step::Key(key) => Event::Key(key),
                Step::Paste(text) => Event::Paste(text),
                Step::Resize(width, height) => Event::Resized(Size::new(width, height)),
                Step::Click(x, y) => Event::Click { x, y },
                Step::Wheel(down) => Event::Wheel { down },
                Step::Committed => Event::Committed,
                Step::Timer(timer) => Event::Timer(timer),
                Step::Answer(any) => {
                    let effect = under_way.remove(any.checked_rem(under_way.len()).unwrap_or(0));
                    let answer = match effect {
                        // The organization is shared; nothing is to change in it.
                        Some(Effect::Apply { .. }) => Some(Answer::Applied(Box::new(Outcome::Refused("not here".into())))),
                        Some(effect) => runner::answer(&session, effect, &Arc::default()),
                        None => None,
                    };
                    match answer {
                        Some(answer) => Event::Answered(answer),
                        None => continue,
                    }
                }
            };
            under_way.extend(app.update(event, now));
            check(&app);
        }
        // When everything is answered, the list is what was asked for.
        let mut turns = 0;
        while let Some(effect) = under_way.pop_front() {
            let answer = match effect {
                Effect::Apply { .. } => Some(Answer::Applied(Box::new(Outcome::Refused("not here".into())))),
                effect => runner::answer(&session, effect, &Arc::default()),
            };
            under_way.extend(answer.map(|it| app.update(Event::Answered(it), now)).unwrap_or_default());
            turns += 1;
            prop_assert!(turns < 2000, "the console comes to rest");
        }
        prop_assert!(!app.users.list.is_settling());
        check(&app);
    }
}
