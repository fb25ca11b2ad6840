//! Carries out effects on threads of its own and answers with events. Each kind of reading has one thread and a short
//! queue in front of it, in which a newer request of a kind takes the place of the older one; the state drops answers
//! of older generations. So the newest wins and nothing ever piles up.

use std::collections::VecDeque;
use std::mem::discriminant;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use usher_core::command::{Command, Request};
use usher_core::model::BatchId;
use usher_core::{Applied, Error, Result, Session};

use crate::effect::{Effect, Intent, Verb, Wish};
use crate::event::{Answer, Event, Outcome};
use crate::reads;
use crate::summary::Proposal;

/// Carries out the effects that need the directory.
pub(crate) struct Runner {
    session: Session,
    events: Sender<Event>,
    rows: Lane,
    header: Lane,
    counts: Lane,
    plans: Lane,
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
        })
    }

    /// Begins to carry out an effect. What is not about the directory is left to the caller and comes back.
    pub(crate) fn carry_out(&self, effect: Effect) -> Option<Effect> {
        let lane = match effect {
            Effect::ReadWindow(_) | Effect::ReadRange(_) => &self.rows,
            Effect::ReadCounters | Effect::ReadDetail(_) => &self.header,
            Effect::Count(_) => &self.counts,
            Effect::Plan { .. } => &self.plans,
            Effect::Apply {
                request,
                confirmed,
                intent,
                undoes,
            } => {
                let events = self.events.clone();
                self.session
                    .apply_then(*request.clone(), Some(confirmed), move |result| {
                        // The console may have been left meanwhile.
                        let _ = events.send(Event::Answered(Answer::Applied(Box::new(outcome(
                            result, *request, intent, undoes,
                        )))));
                    });
                return None;
            }
            Effect::Timer(..) | Effect::Repaint | Effect::Quit => return Some(effect),
        };
        lane.push(effect);
        None
    }
}

/// Carries out one effect and waits for it; what a lane's thread does, and tests.
pub(crate) fn answer(session: &Session, effect: Effect) -> Option<Answer> {
    let worded = |it: Error| it.to_string();
    Some(match effect {
        Effect::ReadWindow(request) => {
            let result = reads::window(session, &request).map_err(worded);
            Answer::Window {
                generation: request.generation,
                result,
            }
        }
        Effect::ReadRange(request) => Answer::Range {
            generation: request.generation,
            result: reads::range(session, &request),
        },
        Effect::ReadCounters => {
            Answer::Counters(reads::counters(session).map(Box::new).map_err(worded))
        }
        Effect::Count(request) => {
            let result = reads::counted(session, &request).map_err(worded);
            Answer::Count {
                generation: request.generation,
                result,
            }
        }
        Effect::ReadDetail(user) => {
            let result = reads::detail(session, user).map(Box::new).map_err(worded);
            Answer::Detail { user, result }
        }
        Effect::Plan { generation, intent } => Answer::Planned {
            generation,
            result: plan(session, intent).map(Box::new),
        },
        Effect::Apply {
            request,
            confirmed,
            intent,
            undoes,
        } => {
            let result = session.apply((*request).clone(), Some(confirmed));
            Answer::Applied(Box::new(outcome(result, *request, intent, undoes)))
        }
        Effect::Timer(..) | Effect::Repaint | Effect::Quit => return None,
    })
}

fn plan(session: &Session, intent: Intent) -> Result<Proposal, String> {
    let (command, undoes) = command(session, &intent.wish)?;
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
    let plan = session.plan(&request).map_err(|it| it.to_string())?;
    Ok(Proposal::new(intent, request, plan, undoes))
}

fn command(session: &Session, wish: &Wish) -> Result<(Command, Option<BatchId>), String> {
    let batch = match wish {
        Wish::People { verb, who, .. } => {
            let who = who.clone();
            let command = match verb {
                Verb::Deactivate => Command::Deactivate { who },
                Verb::Reactivate => Command::Reactivate { who },
                Verb::Resend => Command::Resend { who, mail: true },
            };
            return Ok((command, None));
        }
        Wish::Undo(Some(batch)) => *batch,
        Wish::Undo(None) => {
            let last = reads::own_last_batch(session).map_err(|it| it.to_string())?;
            last.ok_or("you have applied nothing lately that could be undone")?
                .id
        }
    };
    Ok((Command::Undo { batch }, Some(batch)))
}

fn outcome(
    result: Result<Applied>,
    request: Request,
    intent: Intent,
    undoes: Option<BatchId>,
) -> Outcome {
    match result {
        Ok(applied) => Outcome::Done {
            batch: applied.batch,
            promotions: applied.promotions.len(),
        },
        Err(Error::Moved(moved)) => {
            let proposal = Box::new(Proposal::new(intent, request, moved.plan, undoes));
            Outcome::Moved {
                proposal,
                what: moved.what,
            }
        }
        Err(unknown @ Error::UnknownOutcome) => Outcome::Unknown(unknown.to_string()),
        Err(refused) => Outcome::Refused(refused.to_string()),
    }
}

/// One thread that carries out effects one after the other. Dropping this ends it when it has done what it is doing;
/// nobody waits for that, because counting a million people must not keep an administrator from leaving.
struct Lane {
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    effects: VecDeque<Effect>,
    over: bool,
}

impl Lane {
    fn start(name: &str, session: Session, events: Sender<Event>) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let work = {
            let queue = Arc::clone(&queue);
            move || {
                while let Some(effect) = queue.next() {
                    if let Some(answer) = carefully(&session, effect)
                        && events.send(Event::Answered(answer)).is_err()
                    {
                        return;
                    }
                }
            }
        };
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)?;
        Ok(Self { queue })
    }

    fn push(&self, effect: Effect) {
        let mut waiting = self
            .queue
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting
            .effects
            .retain(|it| discriminant(it) != discriminant(&effect));
        waiting.effects.push_back(effect);
        self.queue.changed.notify_one();
    }
}

impl Queue {
    /// The next effect; none when it is over.
    fn next(&self) -> Option<Effect> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.over {
                return None;
            }
            if let Some(effect) = waiting.effects.pop_front() {
                return Some(effect);
            }
            waiting = self
                .changed
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.queue
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .over = true;
        self.queue.changed.notify_all();
    }
}

/// A panic in one answer is that answer, and the console goes on.
fn carefully(session: &Session, effect: Effect) -> Option<Answer> {
    let broken = broken_answer(&effect);
    catch_unwind(AssertUnwindSafe(|| answer(session, effect))).unwrap_or(broken)
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
        Effect::Apply { .. } | Effect::Timer(..) | Effect::Repaint | Effect::Quit => return None,
    })
}
