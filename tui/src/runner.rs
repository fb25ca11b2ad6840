//! Carries out effects on threads of its own and answers with events. Each kind of reading has one thread and a short
//! queue in front of it, in which a newer request of a kind takes the place of the older one and cancels it when it has
//! begun; the state drops answers of older generations. So the newest wins and nothing ever piles up.

mod import;

use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use usher_core::command::{Command, Request};
use usher_core::directory::HistoryPage;
use usher_core::model::BatchId;
use usher_core::{Applied, Error, Progress, Result, Selection, Session};

use crate::counters::Counters;
use crate::effect::{Effect, Intent, Wish};
use crate::event::{Answer, Event, MailWords, Outcome};
use crate::summary::Proposal;
use crate::{boards, clip, names, reads, replay};

/// Carries out the effects that need the directory.
pub(crate) struct Runner {
    session: Session,
    events: Sender<Event>,
    rows: Lane,
    header: Lane,
    counts: Lane,
    plans: Lane,
    files: Lane,
}

impl Runner {
    /// A runner whose answers go there.
    pub(crate) fn start(session: &Session, events: &Sender<Event>) -> std::io::Result<Self> {
        let lane = |name| Lane::start(name, session.clone(), events.clone());
        Ok(Self {
            session: session.clone(),
            events: events.clone(),
            rows: lane("rows")?,
            header: lane("header")?,
            counts: lane("counts")?,
            plans: lane("plans")?,
            files: lane("files")?,
        })
    }

    /// Begins to carry out an effect. What is not about the directory is left to the caller and comes back.
    pub(crate) fn carry_out(&self, effect: Effect) -> Option<Effect> {
        let lane = match effect {
            Effect::ReadWindow(_) | Effect::ReadRange(_) | Effect::ReadBoard(_) => &self.rows,
            Effect::ReadCounters
            | Effect::FindPeople(_)
            | Effect::ReadDetail(_)
            | Effect::ReadFields(_) => &self.header,
            Effect::Count(_)
            | Effect::ReadEverybody(_)
            | Effect::ReadClip(..)
            | Effect::ReadNames
            | Effect::SaveView(_)
            | Effect::SaveLook(_)
            | Effect::RemoveView(_) => &self.counts,
            Effect::Plan { .. }
            | Effect::Discard(_)
            | Effect::Review(_)
            | Effect::RetryMails(_) => &self.plans,
            Effect::Export(_)
            | Effect::HandOut(_)
            | Effect::ReadWords(..)
            | Effect::Preview { .. }
            | Effect::ReadJoinLink
            | Effect::ListFiles(_)
            | Effect::ReadFile(_)
            | Effect::TakeIn
            | Effect::LookForFile(_) => &self.files,
            Effect::Apply { .. } => {
                let (events, session) = (self.events.clone(), self.session.clone());
                // A thread of its own: a large plan is made again first. It is the last that ends, so that the console may
                // be left meanwhile.
                let apply = move || {
                    if let Some(answer) = answer(&session, effect, &Arc::default()) {
                        let _ = events.send(Event::Answered(answer));
                    }
                };
                let begun = std::thread::Builder::new().name("apply".to_owned());
                if let Err(error) = begun.spawn(apply) {
                    let why = Outcome::Refused(format!("no thread to apply it: {error}"));
                    let _ = self
                        .events
                        .send(Event::Answered(Answer::Applied(Box::new(why))));
                }
                return None;
            }
            Effect::Timer(..)
            | Effect::Repaint
            | Effect::Copy(_)
            | Effect::Mouse(_)
            | Effect::Quit => {
                return Some(effect);
            }
        };
        lane.push(effect);
        None
    }
}

/// Carries out one effect and waits for it; what a lane's thread does, and tests. Reading ends early when the flag turns
/// true.
pub(crate) fn answer(
    session: &Session,
    effect: Effect,
    cancelled: &Arc<AtomicBool>,
) -> Option<Answer> {
    let worded = |it: Error| it.to_string();
    let reading = || session.read_until(Arc::clone(cancelled));
    Some(match effect {
        Effect::ReadWindow(request) => {
            let result = reading()
                .and_then(|read| reads::window(&read, &request))
                .map_err(worded);
            Answer::Window {
                generation: request.generation,
                result,
            }
        }
        Effect::ReadRange(request) => {
            let result = reading()
                .map_err(worded)
                .and_then(|read| reads::range(&read, &request));
            Answer::Range {
                generation: request.generation,
                result,
            }
        }
        Effect::ReadBoard(request) => {
            let result = reading()
                .and_then(|read| boards::read(&read, &request.topic, request.limit))
                .map(Box::new)
                .map_err(worded);
            Answer::Board {
                generation: request.generation,
                result,
            }
        }
        Effect::ReadEverybody(request) => {
            let result = reading()
                .and_then(|read| boards::everybody(&read, &request.topic, &request.filter))
                .map_err(worded);
            Answer::Everybody {
                generation: request.generation,
                result,
            }
        }
        Effect::ReadClip(clip, who) => {
            let read = reading().map_err(worded);
            Answer::Clip(read.and_then(|read| clip::lines(&read, clip, &who)))
        }
        Effect::ReadNames => {
            let result = reading().and_then(|read| names::names(&read, session.actor()));
            Answer::Names(result.map(Box::new).map_err(worded))
        }
        Effect::Export(writing) => {
            let to = writing.to.display().to_string();
            let written = writing.content.write(session, &writing.to);
            // A form has no options.
            let without = |it: Error| worded(it).replace(", or say --force", "");
            Answer::Exported(
                written
                    .map(|it| format!("wrote {to}: {it}"))
                    .map_err(without),
            )
        }
        Effect::HandOut(writing) => {
            let name = writing.to.to_string_lossy().into_owned();
            let handed_out =
                session.hand_out_by(&name, |path| writing.content.write(session, path));
            Answer::HandedOut(handed_out.map(|it| (it.0, name)).map_err(worded))
        }
        Effect::ListFiles(typed) => Answer::Files(import::files(&typed)),
        Effect::FindPeople(called) => {
            let found = reading().and_then(|read| reads::people_called(&read, &called));
            Answer::People {
                // Whom to offer is no more than a help: a fault in reading is told where it matters.
                found: found.unwrap_or_default(),
                called,
            }
        }
        Effect::ReadFile(request) => Answer::FileRead {
            generation: request.generation,
            result: import::read(session, &request).map_err(worded),
        },
        Effect::Review(request) => Answer::Reviewed {
            generation: request.generation,
            result: import::review(session, *request, cancelled),
        },
        Effect::ReadWords(template, language) => {
            let read = session.directory().mail_text(template, language);
            let words = read.map(|(text, _)| {
                Box::new(MailWords {
                    template,
                    language,
                    text,
                    is_preview: false,
                })
            });
            Answer::Words(words.map_err(worded))
        }
        Effect::Preview {
            by,
            template,
            language,
            text,
        } => {
            let filled = by.preview(session, template, language, text.as_deref());
            let words = filled.map(|text| {
                Box::new(MailWords {
                    template,
                    language,
                    text,
                    is_preview: true,
                })
            });
            Answer::Words(words.map_err(worded))
        }
        Effect::ReadJoinLink => Answer::JoinLink(join_link(session)),
        Effect::TakeIn => Answer::TakenIn(session.take_in().map_err(worded)),
        Effect::LookForFile(page) => {
            let arrived = session.arrived(page);
            Answer::Arrived(arrived.map(|it| it.is_some()).map_err(worded))
        }
        Effect::RetryMails(mails) => Answer::Retried(session.retry_mails(mails).map_err(worded)),
        Effect::SaveView(view) => {
            let name = view.name.clone();
            let saved = session.save_view(*view);
            let said = saved
                .map(|()| format!("view {name} is saved"))
                .map_err(worded);
            Answer::View(said)
        }
        Effect::SaveLook(look) => {
            let why = session.save_look(look).err()?;
            Answer::View(Err(worded(why)))
        }
        Effect::RemoveView(name) => {
            let removed = session.remove_view(&name);
            let said = removed.map(|()| format!("view {name} is gone"));
            Answer::View(said.map_err(worded))
        }
        Effect::ReadFields(user) => {
            let result = reading()
                .and_then(|read| names::fields(&read, user))
                .map(Box::new)
                .map_err(worded);
            Answer::Fields { user, result }
        }
        Effect::ReadCounters => match reading() {
            // It is read again after every commit: whoever was taken off is noticed at once.
            Err(Error::Forbidden { .. }) => Answer::ShutOut,
            read => {
                let result = read.and_then(|read| reads::counters(&read, session.actor()));
                let served = session.directory().is_served();
                let result = result.map(|it| Box::new(Counters { served, ..it }));
                Answer::Counters(result.map_err(worded))
            }
        },
        Effect::Count(request) => {
            let result = reading()
                .and_then(|read| reads::counted(&read, &request))
                .map_err(worded);
            Answer::Count {
                generation: request.generation,
                result,
            }
        }
        Effect::ReadDetail(user) => {
            let result = reading()
                .and_then(|read| reads::detail(&read, user))
                .map(Box::new)
                .map_err(worded);
            Answer::Detail { user, result }
        }
        Effect::Plan {
            generation,
            intent,
            progress,
        } => Answer::Planned {
            generation,
            result: plan(session, intent, cancelled, &progress).map(Box::new),
        },
        Effect::Apply {
            request,
            confirmed,
            intent,
            undoes,
            progress,
        } => {
            let acting = replay::acting(session, &intent.wish);
            let result = acting.apply_watched((*request).clone(), Some(confirmed), &progress);
            note_replayed(session, &intent.wish, &result);
            Answer::Applied(Box::new(outcome(session, result, *request, intent, undoes)))
        }
        Effect::Discard(sheet) => {
            drop(sheet);
            return None;
        }
        Effect::Timer(..) | Effect::Repaint | Effect::Copy(_) | Effect::Mouse(_) | Effect::Quit => {
            return None;
        }
    })
}

fn join_link(session: &Session) -> Result<String, String> {
    let settings = session.read().and_then(|it| it.settings());
    let settings = settings.map_err(|it| it.to_string())?;
    let base = session.directory().public_url();
    match (settings.join.open_slug(), base) {
        (Some(slug), Ok(base)) => Ok(format!("{base}/join/{slug}")),
        (None, _) => Err("the join page is off, or has no address".to_owned()),
        (_, Err(why)) => Err(why.to_string()),
    }
}

/// Notes by which batch a request of a provider's was carried out, so that it is not done twice.
fn note_replayed(session: &Session, wish: &Wish, result: &Result<Applied>) {
    if let (Wish::Replay { seq, .. }, Ok(applied)) = (wish, result)
        && let Some(batch) = applied.batch
    {
        // Should it fail, the inbox shows the request as it was, and the batch is there all the same.
        let _ = session.note_replayed(*seq, batch);
    }
}

fn plan(
    session: &Session,
    mut intent: Intent,
    cancelled: &Arc<AtomicBool>,
    progress: &Progress,
) -> Result<Proposal, String> {
    if let Wish::Named { verb, names } = &intent.wish {
        let who = session.read().and_then(|it| it.find_users(names));
        intent.wish = Wish::People {
            verb: verb.clone(),
            who: Selection::Ids(who.map_err(|it| it.to_string())?),
            typed: None,
        };
    }
    let (command, undoes) = match &mut intent.wish {
        Wish::Replay {
            seq,
            by,
            connection,
        } => {
            let read = session.read().map_err(|it| it.to_string())?;
            let asked = read.asked_by_number(*seq).map_err(|it| it.to_string())?;
            drop(read);
            *connection = Some(asked.connection);
            (by.command(session, &asked)?, None)
        }
        wish => command(session, wish)?,
    };
    let session = &replay::acting(session, &intent.wish);
    let mut request = session.request(command);
    request.when_full = intent.when_full;
    // A commit whose outcome is unknown can then be repeated without doing anything twice.
    request.key = Some(
        request
            .draw
            .seed
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    );
    let plan = session.plan_until(&request, Arc::clone(cancelled), progress);
    let plan = plan.map_err(|it| refused(session, &it))?;
    let doubts = reads::doubts(session, &request.command).map_err(|it| it.to_string())?;
    let mut proposal = Proposal::new(intent, request, plan, undoes);
    proposal.doubts = doubts;
    Ok(proposal)
}

fn command(session: &Session, wish: &Wish) -> Result<(Command, Option<BatchId>), String> {
    let batch = match wish {
        Wish::People { verb, who, .. } => return Ok((verb.command(who.clone()), None)),
        Wish::Order(order) => return Ok((order.command.clone(), None)),
        Wish::Replay { .. } | Wish::Named { .. } => {
            return Err("this is planned by itself".to_owned());
        }
        Wish::Undo(Some(batch)) => *batch,
        Wish::Undo(None) => {
            let last = session
                .read()
                .and_then(|it| reads::own_last_batch(&it, session.actor()));
            let last = last.map_err(|it| it.to_string())?;
            last.ok_or("you have applied nothing lately that could be undone")?
                .id
        }
    };
    Ok((Command::Undo { batch }, Some(batch)))
}

/// Why something was refused. Who was changed meanwhile, and by whom, is told by name.
fn refused(session: &Session, why: &Error) -> String {
    let named = |user| -> Result<Option<String>> {
        let read = session.read()?;
        let whom = read.labels_of(&[user])?.remove(&user);
        let newest = read.history(&HistoryPage {
            user: Some(user),
            before: Some(i64::MAX),
            limit: 1,
            ..HistoryPage::default()
        })?;
        let (Some(whom), Some(newest)) = (whom, newest.first()) else {
            return Ok(None);
        };
        let actor = read.actor_name(newest.actor)?.replace('_', " ");
        Ok(Some(format!(
            "{whom} was changed by {actor} meanwhile; look again and repeat"
        )))
    };
    let told = match why {
        Error::Changed(user) => named(*user).ok().flatten(),
        _ => None,
    };
    told.unwrap_or_else(|| why.to_string())
}

fn outcome(
    session: &Session,
    result: Result<Applied>,
    request: Request,
    intent: Intent,
    undoes: Option<BatchId>,
) -> Outcome {
    match result {
        Ok(applied) => Outcome::Done {
            batch: applied.batch,
            promoted: applied.promoted,
            token: applied.token,
        },
        Err(Error::Moved(moved)) => {
            let proposal = Box::new(Proposal::new(intent, request, moved.plan, undoes));
            Outcome::Moved {
                proposal,
                what: moved.what,
            }
        }
        Err(unknown @ Error::UnknownOutcome(_)) => Outcome::Unknown(unknown.to_string()),
        Err(Error::Cancelled) => Outcome::Cancelled,
        Err(why) => Outcome::Refused(refused(session, &why)),
    }
}

/// One thread that carries out effects one after the other. Dropping this cancels what it is doing and waits for its end.
struct Lane {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<Effect>,
    /// What is being carried out, and the flag that cancels it.
    running: Option<(Discriminant<Effect>, Arc<AtomicBool>)>,
    over: bool,
}

impl Lane {
    fn start(name: &str, session: Session, events: Sender<Event>) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let work = {
            let queue = Arc::clone(&queue);
            move || {
                while let Some((effect, cancelled)) = queue.next() {
                    let answer = carefully(&session, effect, &cancelled);
                    if cancelled.load(Ordering::Relaxed) {
                        continue;
                    }
                    if let Some(answer) = answer
                        && events.send(Event::Answered(answer)).is_err()
                    {
                        return;
                    }
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)?;
        Ok(Self {
            queue,
            thread: Some(thread),
        })
    }

    /// Takes a request; an older one of its kind is void, whether it waits or is being carried out.
    fn push(&self, effect: Effect) {
        let mut state = self.queue.lock();
        let kind = discriminant(&effect);
        let replaces = !matches!(effect, Effect::Discard(_));
        state
            .waiting
            .retain(|it| !replaces || discriminant(it) != kind);
        state.waiting.push_back(effect);
        if let Some((_, cancelled)) = state
            .running
            .as_ref()
            .filter(|(running, _)| *running == kind)
        {
            cancelled.store(true, Ordering::Relaxed);
        }
        self.queue.changed.notify_one();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next effect and its flag; none when it is over.
    fn next(&self) -> Option<(Effect, Arc<AtomicBool>)> {
        let mut state = self.lock();
        state.running = None;
        loop {
            if state.over {
                return None;
            }
            if let Some(effect) = state.waiting.pop_front() {
                let cancelled = Arc::new(AtomicBool::new(false));
                state.running = Some((discriminant(&effect), Arc::clone(&cancelled)));
                return Some((effect, cancelled));
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        {
            let mut state = self.queue.lock();
            state.over = true;
            if let Some((_, cancelled)) = &state.running {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
        self.queue.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A panic in one answer is that answer, and the console goes on.
fn carefully(session: &Session, effect: Effect, cancelled: &Arc<AtomicBool>) -> Option<Answer> {
    let broken = broken_answer(&effect);
    catch_unwind(AssertUnwindSafe(|| answer(session, effect, cancelled))).unwrap_or(broken)
}

fn broken_answer(effect: &Effect) -> Option<Answer> {
    let why = "this could not be read because of a fault in the program".to_owned();
    Some(match effect {
        Effect::ReadWindow(it) => Answer::Window {
            generation: it.generation,
            result: Err(why),
        },
        Effect::ReadRange(it) => Answer::Range {
            generation: it.generation,
            result: Err(why),
        },
        Effect::ReadBoard(it) => Answer::Board {
            generation: it.generation,
            result: Err(why),
        },
        Effect::ReadEverybody(it) => Answer::Everybody {
            generation: it.generation,
            result: Err(why),
        },
        Effect::ReadNames => Answer::Names(Err(why)),
        Effect::Export(_) | Effect::HandOut(_) => Answer::Exported(Err(why)),
        Effect::ListFiles(_) => Answer::Files(Vec::new()),
        Effect::FindPeople(called) => Answer::People {
            called: called.clone(),
            found: Vec::new(),
        },
        Effect::ReadFile(it) => Answer::FileRead {
            generation: it.generation,
            result: Err(why),
        },
        Effect::Review(it) => Answer::Reviewed {
            generation: it.generation,
            result: Err(why),
        },
        Effect::ReadClip(..) => Answer::Clip(Err(why)),
        Effect::ReadWords(..) | Effect::Preview { .. } => Answer::Words(Err(why)),
        Effect::ReadJoinLink => Answer::JoinLink(Err(why)),
        Effect::TakeIn => Answer::TakenIn(Err(why)),
        Effect::LookForFile(_) => Answer::Arrived(Err(why)),
        Effect::RetryMails(_) => Answer::Retried(Err(why)),
        Effect::SaveView(_) | Effect::SaveLook(_) | Effect::RemoveView(_) => Answer::View(Err(why)),
        Effect::ReadFields(user) => Answer::Fields {
            user: *user,
            result: Err(why),
        },
        Effect::ReadCounters => Answer::Counters(Err(why)),
        Effect::Count(it) => Answer::Count {
            generation: it.generation,
            result: Err(why),
        },
        Effect::ReadDetail(user) => Answer::Detail {
            user: *user,
            result: Err(why),
        },
        Effect::Plan { generation, .. } => Answer::Planned {
            generation: *generation,
            result: Err(why),
        },
        Effect::Apply { .. }
        | Effect::Discard(_)
        | Effect::Timer(..)
        | Effect::Repaint
        | Effect::Copy(_)
        | Effect::Mouse(_)
        | Effect::Quit => return None,
    })
}
