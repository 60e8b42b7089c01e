//! Makes one run: of a world, its requests, and at each step one of all the things that may happen next.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use crate::browser::{Answer, Browser};
use crate::choices::Choices;
use crate::event::{Event, Footprint};
use crate::fleet::Fleet;
use crate::ledger::{Broken, Outcome};
use crate::request::Request;
use crate::setting::{Setting, Trouble};
use crate::start;
use crate::world::{Fate, START, Wait, World};

/// The result of a run.
pub(crate) struct Run {
    pub(crate) broken: Option<Broken>,
    pub(crate) steps: u64,
    pub(crate) story: String,
}

pub(crate) struct Scheduler {
    pub(crate) world: Arc<World>,
    pub(crate) fleet: Fleet,
    pub(crate) browsers: Vec<Browser>,
    pub(crate) tasks: Vec<Task>,
    /// The answers that have not arrived yet, in the order in which they were handed out.
    pub(crate) answers: Vec<Answer>,
    /// The number of things that may still go wrong, of each kind.
    left: Trouble,
}

/// The progress of a request.
pub(crate) enum Task {
    Waiting,
    Running(Pin<Box<dyn Future<Output = ()>>>),
    Over,
}

pub(crate) fn run(setting: Setting, choices: &mut Choices, is_told: bool) -> Run {
    let world = World::new(setting, is_told);
    let fleet = Fleet::new(&world);
    let browsers = start::prepare(&world, &fleet);
    let tasks = world.setting.plans.iter().map(|_| Task::Waiting).collect();
    let left = world.setting.trouble;
    let mut scheduler = Scheduler { world, fleet, browsers, tasks, answers: Vec::new(), left };
    let broken = scheduler.run(choices);
    let state = scheduler.world.state();
    let story = format!("{}\n{}", scheduler.world.setting.told(), state.story.lines().join("\n"));
    Run { broken, steps: state.step, story }
}

impl Scheduler {
    fn run(&mut self, choices: &mut Choices) -> Option<Broken> {
        while let Some(event) = self.next(choices) {
            self.world.state().step += 1;
            self.happen(event, choices);
            choices.note(self.footprint(event));
            if let Some(broken) = self.look(event) {
                return Some(broken);
            }
        }
        // Whatever follows was seen in another run.
        if self.tasks.iter().any(|task| !matches!(task, Task::Over)) {
            return None;
        }
        self.end().filter(|broken| self.world.setting.is_wanted(broken.invariant))
    }

    /// Chooses what happens next; `None` if everybody is answered.
    fn next(&self, choices: &mut Choices) -> Option<Event> {
        let mut events = Vec::new();
        for (request, task) in self.tasks.iter().enumerate() {
            match task {
                Task::Waiting => events.push((8, Event::Step(request, Fate::Good))),
                Task::Running(_) => self.add_steps(request, &mut events),
                Task::Over => {}
            }
        }
        if events.is_empty() {
            return None;
        }
        // An answer matters to those that come later, and to nobody else before the end.
        let is_awaited = self.world.setting.is_in_order || self.tasks.iter().any(|task| matches!(task, Task::Waiting));
        for answer in 0..self.answers.len() {
            let is_next = !self.world.setting.is_in_order
                || self.answers[..answer].iter().all(|other| other.browser != self.answers[answer].browser);
            if is_awaited && is_next {
                events.push((6, Event::Deliver(self.answers[answer].request)));
            }
        }
        if self.left.ticks > 0 {
            events.push((2, Event::Tick));
        }
        if self.left.cleanups > 0 {
            events.push((1, Event::Clean));
        }
        if self.left.restarts > 0 {
            events.extend((0..self.fleet.len()).map(|node| (1, Event::Restart(node))));
        }
        choices.event(&events)
    }

    /// Returns what an event touched.
    fn footprint(&self, event: Event) -> Footprint {
        let Event::Step(request, Fate::Good) = event else { return Footprint::Everything };
        let mut state = self.world.state();
        let touched = std::mem::replace(&mut state.touched, Footprint::Nothing);
        let is_looked_at = state.ledger.acts[request].is_empty_handed || matches!(self.tasks[request], Task::Over);
        if is_looked_at { Footprint::Everything } else { touched }
    }

    fn add_steps(&self, request: usize, events: &mut Vec<(usize, Event)>) {
        events.push((8, Event::Step(request, Fate::Good)));
        if self.world.state().waits[request] != Wait::Handler {
            if self.left.failures > 0 {
                events.push((2, Event::Step(request, Fate::Fail)));
            }
            if self.left.drops > 0 {
                events.push((2, Event::Step(request, Fate::Drop)));
            }
        }
        if self.left.crashes > 0 {
            events.push((1, Event::Crash(request)));
        }
    }

    fn happen(&mut self, event: Event, choices: &mut Choices) {
        match event {
            Event::Step(request, fate) => self.step(request, fate),
            Event::Crash(request) => {
                self.left.crashes -= 1;
                self.crash(request);
            }
            Event::Deliver(request) => self.deliver(request),
            Event::Restart(node) => {
                self.left.restarts -= 1;
                self.tell(|| format!("node {} ends and begins anew", node + 1));
                for request in 0..self.tasks.len() {
                    if self.world.setting.plans[request].node == node && matches!(self.tasks[request], Task::Running(_))
                    {
                        self.crash(request);
                    }
                }
                self.fleet.restart(node);
            }
            Event::Tick => {
                self.left.ticks -= 1;
                self.advance(choices.one_of(&[1, 30, 61, 121, 300, 600]));
            }
            Event::Clean => {
                self.left.cleanups -= 1;
                self.clean();
            }
        }
    }

    fn step(&mut self, request: usize, fate: Fate) {
        match fate {
            Fate::Good => {}
            Fate::Fail => self.left.failures -= 1,
            Fate::Drop => {
                self.left.drops -= 1;
                self.world.tell(request, |_| "is dropped at this question".to_owned());
                self.world.state().ledger.acts[request].is_disturbed_or_late = true;
            }
        }
        if matches!(self.tasks[request], Task::Waiting) {
            let plan = self.world.setting.plans[request];
            let world = Arc::clone(&self.world);
            let task = Request { world, manager: self.fleet.node(plan.node).clone(), number: request, plan };
            self.tasks[request] = Task::Running(Box::pin(task.run(self.browsers[plan.browser].cookies())));
        }
        let Task::Running(task) = &mut self.tasks[request] else { return };
        {
            let mut state = self.world.state();
            state.runs = Some(request);
            state.is_answer_awaited = self.world.setting.is_slow || self.left.failures > 0 || self.left.drops > 0;
            state.fate = fate;
        }
        let is_over = task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        {
            let mut state = self.world.state();
            state.runs = None;
            state.fate = Fate::Good;
        }
        if is_over {
            self.tasks[request] = Task::Over;
            self.hand_out(request);
        }
    }

    fn hand_out(&mut self, request: usize) {
        let cookie = match self.world.state().ledger.acts[request].outcome {
            Some(Outcome::Cookie(cookie)) => Some(cookie),
            Some(Outcome::Deletion) => None,
            _ => return,
        };
        self.answers.push(Answer { request, browser: self.world.setting.plans[request].browser, cookie });
    }

    fn crash(&mut self, request: usize) {
        self.world.tell(request, |_| "crashes".to_owned());
        self.tasks[request] = Task::Over;
        self.world.state().ledger.acts[request].outcome = Some(Outcome::Gone);
    }

    pub(crate) fn deliver(&mut self, request: usize) {
        let answer = self.answers.iter().position(|answer| answer.request == request).unwrap();
        let Answer { request, browser, cookie } = self.answers.remove(answer);
        self.tell(|| match cookie {
            Some(cookie) => {
                format!("browser {} gets the answer to request {}: cookie #{}", browser + 1, request + 1, cookie + 1)
            }
            None => format!("browser {} gets the answer to request {}: no cookie any more", browser + 1, request + 1),
        });
        self.browsers[browser].cookie = cookie;
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.world.set_time(self.world.time() + seconds);
        self.tell(|| format!("{seconds} s pass, to {} s after the start", self.world.time() - START));
    }

    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        let mut state = self.world.state();
        let step = state.step;
        state.story.line(|_| format!("{step:>3}  {}", what()));
    }
}
