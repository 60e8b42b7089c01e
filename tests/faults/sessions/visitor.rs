//! A visitor with a cookie jar, who remembers what was acknowledged and checks every answer against it.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use sealed_session::FailurePolicy;
use sealed_session::testing::TestBrowser;

use crate::connection::{Answer, Connections};
use crate::ledger::{Counts, Promise, Run};
use crate::server::PATIENCE;

pub(crate) struct Visitor {
    user: u64,
    /// The ports of the servers, which the visitor asks in turn.
    ports: Vec<u16>,
    promise: Promise,
    run: Arc<Run>,
    connections: Connections,
    /// The connections of a second tab of the same browser.
    tab: Connections,
    jar: TestBrowser,
    steps: u64,
    requests: usize,
    /// The counter that was acknowledged last, or `None` if the visitor is logged out.
    pub(crate) counter: Option<u64>,
    /// True if the list could perhaps not be asked for the generation of the visitor's user at login. The policy that
    /// admits everyone let the visitor in all the same, and the list refuses the session later if the user was revoked
    /// before.
    is_admitted_unasked: bool,
    /// Cookies of sessions whose end was acknowledged.
    ended: Vec<String>,
    pub(crate) counts: Counts,
}

/// The session that an answer showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The visitor's own session, with this counter.
    Own(u64),
    /// An empty session, because neither the store nor the list could be asked about the one in the cookie.
    Unsure,
    /// An empty session, because the one in the cookie is over.
    Ended,
    /// An empty session, because there was no cookie.
    Nobody,
    /// An error with status 409, because another request ended the session while this one was answered.
    Overtaken,
    /// An error with status 500.
    Failed,
}

impl Visitor {
    /// The visitor with this number in the run.
    pub(crate) fn new(number: usize, ports: &[u16], promise: Promise, run: &Arc<Run>) -> Self {
        Self {
            user: u64::try_from(number).unwrap(),
            ports: ports.to_vec(),
            promise,
            run: Arc::clone(run),
            connections: Connections::default(),
            tab: Connections::default(),
            jar: new_jar(),
            steps: 0,
            requests: number,
            counter: None,
            is_admitted_unasked: false,
            ended: Vec::new(),
            counts: Counts::default(),
        }
    }

    pub(crate) fn cookie(&self) -> Option<&str> {
        self.jar.cookie()
    }

    /// Does the next thing, which mostly is to raise the counter.
    pub(crate) fn step(&mut self) {
        self.steps += 1;
        match (self.counter, self.steps % 24) {
            (None, _) | (_, 8) => self.log_in(),
            (Some(counter), 1 | 13) => self.read(counter),
            (Some(counter), 2 | 14) => self.note(counter),
            (_, 3 | 9 | 15 | 21) => self.replay(),
            (_, 16) => self.log_out(),
            (Some(counter), 0) => self.log_out_everywhere(counter),
            (Some(counter), _) => self.add(counter),
        }
    }

    pub(crate) fn add(&mut self, counter: u64) {
        match self.ask("add") {
            Seen::Own(shown) => {
                assert_eq!(shown, counter + 1, "user {}", self.user);
                self.counter = Some(shown);
                self.counts.note("writes acknowledged");
            }
            Seen::Unsure => {}
            Seen::Failed => self.settle(counter, u64::from(!self.promise.in_cookie), None),
            seen => self.lost("add", seen),
        }
    }

    pub(crate) fn read(&mut self, counter: u64) {
        match self.ask("read") {
            Seen::Own(shown) => assert_eq!(shown, counter, "user {}", self.user),
            Seen::Unsure | Seen::Failed => {}
            seen => self.lost("read", seen),
        }
    }

    /// Stores a value in whatever session the request gets. If it is an empty one because a backend could not be asked,
    /// the server must refuse to keep the value. `ask` checks that.
    fn note(&mut self, counter: u64) {
        match self.ask("note") {
            Seen::Own(shown) => assert_eq!(shown, counter, "user {}", self.user),
            Seen::Failed => self.settle(counter, 0, None),
            seen => self.lost("note", seen),
        }
    }

    /// Logs in, even if the visitor is logged in already.
    pub(crate) fn log_in(&mut self) {
        let old = self.jar.cookie().filter(|_| self.counter.is_some()).map(str::to_owned);
        let phase = self.run.phase();
        match (self.ask(&format!("login/{}", self.user)), self.counter) {
            (Seen::Own(shown), counter) => {
                assert_eq!(shown, 0);
                // A session that is regenerated for the same user keeps its generation.
                if counter.is_none() {
                    self.is_admitted_unasked = self.promise.admits_unasked() && !self.was_calm(phase);
                }
                self.counter = Some(0);
                self.note_ended(old, phase);
                self.counts.note("logins");
            }
            (Seen::Failed, Some(counter)) => self.settle(counter, 0, Some("failed logins that ended the session")),
            (Seen::Failed, None) => thread::sleep(PAUSE),
            (seen, _) => self.lost("login", seen),
        }
    }

    /// Logs out while another tab changes the session. Whichever comes first, the cookie that the other tab gets must
    /// be over too.
    pub(crate) fn log_out(&mut self) {
        let old = self.jar.cookie().map(str::to_owned);
        let start = Instant::now();
        let phase = self.run.phase();
        let mut tab = std::mem::take(&mut self.tab);
        let port = self.ports[self.requests % self.ports.len()];
        let late = thread::scope(|scope| {
            let late = scope.spawn(|| tab.send(port, "add", old.as_deref()));
            while self.ask("logout") == Seen::Failed {
                assert!(start.elapsed() < PATIENCE, "no logout");
                thread::sleep(PAUSE);
            }
            late.join().unwrap()
        });
        self.tab = tab;
        let mut browser = new_jar();
        browser.receive(&late.set_cookies);
        self.counts.note(match late.status {
            200 => "changes beside a logout",
            409 => "changes refused for a logout",
            _ => {
                assert!(!self.was_calm(phase), "user {}: {} beside a logout", self.user, late.status);
                "changes that failed beside a logout"
            }
        });
        self.note_ended(browser.cookie().map(str::to_owned), phase);
        assert_eq!(self.jar.cookie(), None, "a logout deletes the cookie");
        self.counter = None;
        self.note_ended(old, phase);
        self.counts.note("logouts");
    }

    /// Logs in from a second device and then logs out from both.
    fn log_out_everywhere(&mut self, counter: u64) {
        let old = self.jar.cookie().map(str::to_owned);
        let own = std::mem::replace(&mut self.jar, new_jar());
        let other = match self.ask(&format!("login/{}", self.user)) {
            Seen::Own(_) if self.promise.has_list => self.jar.cookie().map(str::to_owned),
            _ => None,
        };
        self.jar = own;
        let phase = self.run.phase();
        match self.ask("everywhere") {
            Seen::Own(shown) => {
                assert_eq!((shown, self.jar.cookie()), (counter, None));
                self.counter = None;
                self.note_ended(old, phase);
                self.note_ended(other, phase);
                self.counts.note("logouts everywhere");
            }
            Seen::Unsure => {}
            Seen::Failed => self.settle(counter, 0, Some("failed logouts that were done")),
            seen => self.lost("everywhere", seen),
        }
    }

    /// Sends again the cookie of a session that is over.
    fn replay(&mut self) {
        let steps = usize::try_from(self.steps).unwrap();
        let Some(cookie) = self.ended.get(steps.wrapping_mul(7919) % self.ended.len().max(1)).cloned() else { return };
        self.must_be_ended(&cookie);
    }

    fn must_be_ended(&mut self, cookie: &str) {
        let phase = self.run.phase();
        let seen = self.judge(self.ports[0], "read", Some(cookie)).0;
        match seen {
            Seen::Own(_) if self.promise.admits_unasked() && !self.was_calm(phase) => {}
            Seen::Own(_) => panic!("user {}: a session came back that was over", self.user),
            Seen::Unsure | Seen::Failed => assert!(!self.was_calm(phase)),
            Seen::Ended => self.counts.note("copies refused"),
            Seen::Nobody | Seen::Overtaken => {
                panic!("user {}: a cookie of a session that is over: {seen:?}", self.user)
            }
        }
    }

    /// Checks after the last fault that everything acknowledged is there, and that no session that ended is back.
    pub(crate) fn verify(&mut self) {
        if let Some(counter) = self.counter {
            self.read(counter);
        }
        for cookie in std::mem::take(&mut self.ended) {
            self.must_be_ended(&cookie);
        }
    }

    /// Finds out what an answer that failed has done. The session may be as it was, or as it should have become. It may
    /// have ended only if `over` has a name under which to count that.
    fn settle(&mut self, counter: u64, more: u64, over: Option<&'static str>) {
        let start = Instant::now();
        loop {
            let phase = self.run.phase();
            match self.ask("read") {
                // During a fault the policy may have admitted a session that was over by then, so the visitor asks
                // again.
                Seen::Own(_) if over.is_some() && self.promise.admits_unasked() && !self.was_calm(phase) => {
                    thread::sleep(PAUSE);
                }
                // A write that was not acknowledged may be gone until the fault is over, or be there again.
                Seen::Own(_) if self.promise.fails_over && !self.was_calm(phase) => thread::sleep(PAUSE),
                Seen::Own(shown) => {
                    assert!((counter..=counter + more).contains(&shown), "user {}: {shown} after {counter}", self.user);
                    self.counts.note(if shown > counter { "errors that were done" } else { "errors that were not" });
                    self.counter = Some(shown);
                    return;
                }
                Seen::Unsure | Seen::Failed => thread::sleep(PAUSE),
                seen => {
                    match over.filter(|_| seen == Seen::Ended) {
                        Some(over) => {
                            self.counts.note(over);
                            self.counter = None;
                        }
                        None => self.lost("an error", seen),
                    }
                    return;
                }
            }
            assert!(start.elapsed() < PATIENCE, "user {}: no recovery by itself", self.user);
        }
    }

    /// Sends a request with the cookie of the jar, keeps the cookies that come back, and checks the answer.
    pub(crate) fn ask(&mut self, path: &str) -> Seen {
        self.requests += 1;
        let port = self.ports[self.requests % self.ports.len()];
        let cookie = self.jar.cookie().map(str::to_owned);
        let phase = self.run.phase();
        let (seen, answer) = self.judge(port, path, cookie.as_deref());
        self.jar.receive(&answer.set_cookies);
        let may_leave_unasked = self.promise.admits_unasked() && self.promise.in_cookie && path != "everywhere";
        match seen {
            Seen::Own(_) | Seen::Nobody => self.counts.note("right"),
            Seen::Ended => {}
            Seen::Overtaken => {
                assert_eq!((&answer.set_cookies[..], &*answer.body), (&[][..], ""), "{path}: an error sends nothing");
            }
            Seen::Unsure => {
                assert!(!self.was_calm(phase), "user {}: {path} was not asked about without a fault", self.user);
                assert!(self.promise.policy != FailurePolicy::Fail && !may_leave_unasked, "{:?}: {path}", self.promise);
                // A logout is done even if the backend could not be asked at first and could by the time of the commit.
                if path != "logout" {
                    assert!(
                        path == "read" || path == "add" || path == "everywhere",
                        "{path} took the place of a session"
                    );
                    assert_eq!(answer.set_cookies, [""; 0], "{path}: the cookie must stay");
                }
                self.counts.note("empty");
            }
            Seen::Failed => {
                assert!(!self.was_calm(phase), "user {}: {path} failed without a fault", self.user);
                assert!(!may_leave_unasked, "{:?}: {path}", self.promise);
                assert_eq!((&answer.set_cookies[..], &*answer.body), (&[][..], ""), "{path}: an error sends nothing");
                self.counts.note("500");
                self.run.note_failed();
            }
        }
        if let Seen::Own(_) = seen {
            self.run.note_right(usize::try_from(self.user).unwrap());
        }
        seen
    }

    fn judge(&mut self, port: u16, path: &str, cookie: Option<&str>) -> (Seen, Answer) {
        let answer = self.connections.send(port, path, cookie);
        match answer.status {
            500 => return (Seen::Failed, answer),
            409 => return (Seen::Overtaken, answer),
            status => assert_eq!(status, 200, "{path}"),
        }
        let [user, counter, copy, refused] = answer.body.split(' ').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(counter, copy, "{path}: a mix of two states");
        let seen = match (user, refused) {
            ("-", "unavailable") => Seen::Unsure,
            ("-", "not_stored" | "revoked") => Seen::Ended,
            ("-", "-") => Seen::Nobody,
            (user, _) => {
                assert_eq!(user, self.user.to_string(), "{path}: a wrong session, or refused for {refused}");
                Seen::Own(counter.parse().unwrap())
            }
        };
        (seen, answer)
    }

    /// Remembers the cookie of a session that ended. Under a fault, the policy that admits everyone may have let a
    /// logout pass that could not be recorded. Such a logout ends no copy, so its cookie is not remembered.
    fn note_ended(&mut self, cookie: Option<String>, phase: u64) {
        if self.was_calm(phase) || !self.promise.admits_unasked() {
            self.ended.extend(cookie);
        }
    }

    /// Tells whether there has been no fault since that phase.
    fn was_calm(&self, phase: u64) -> bool {
        phase.is_multiple_of(2) && phase == self.run.phase()
    }

    /// The session is gone. That is a loss, unless it is one that the policy admitted in a fault.
    fn lost(&mut self, what: &str, seen: Seen) {
        let is_expected = self.is_admitted_unasked && matches!(seen, Seen::Ended | Seen::Overtaken);
        assert!(is_expected, "user {}: {what} showed {seen:?} where there was {:?}", self.user, self.counter);
        self.counts.note("logins of a fault that were refused later");
        self.counter = None;
    }
}

impl Promise {
    fn admits_unasked(self) -> bool {
        self.policy == FailurePolicy::Admit && self.has_list
    }
}

fn new_jar() -> TestBrowser {
    TestBrowser::new(&crate::config().build().unwrap())
}

/// The time between two tries.
const PAUSE: Duration = Duration::from_millis(5);
