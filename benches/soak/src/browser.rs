//! [`Browser`]: the cookies of one visitor, and what the server must know of the visitor.

use std::time::{Duration, Instant};

use crate::server::{ABSOLUTE, EXTEND_AFTER, IDLE};
use crate::sessions::Content;

/// Names and values.
pub type Cookies = Vec<(String, String)>;

pub struct Browser {
    pub cookies: Cookies,
    pub content: usize,
    /// The second value of the session, as it was last written.
    pub second: String,
    pub account: Option<String>,
    /// False once the session was ended, by whomever, or was never begun.
    pub is_alive: bool,
    /// The time of the latest beginning: the first request, or a login.
    began: Instant,
    used: Instant,
}

impl Browser {
    /// A visitor who never came.
    pub fn new(content: usize) -> Self {
        let second = Content::at(content).map(|content| content.text(content.second).to_owned()).expect("there is one");
        let now = Instant::now();
        Self { cookies: Vec::new(), content, second, account: None, is_alive: false, began: now, used: now }
    }

    pub fn begin(&mut self) {
        (self.is_alive, self.began) = (true, Instant::now());
        self.touch();
    }

    pub fn touch(&mut self) {
        self.used = Instant::now();
    }

    /// True if the session must be good: it was not ended, and neither timeout is near.
    pub fn must_be_good(&self) -> bool {
        let unused = IDLE - EXTEND_AFTER - MARGIN;
        self.is_alive && self.used.elapsed() < unused && self.began.elapsed() < ABSOLUTE - MARGIN
    }

    /// Does what the Set-Cookie lines of a response say.
    pub fn take(&mut self, set_cookies: Vec<String>) {
        for line in set_cookies {
            let (name, rest) = line.split_once('=').expect("a Set-Cookie has a name");
            let (value, attributes) = rest.split_once(';').expect("and attributes");
            self.cookies.retain(|(held, _)| held != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Returns what a read must be answered with.
    pub fn text(&self) -> String {
        format!("{} {}", Content::at(self.content).expect("there is one").first(), self.second)
    }
}

/// Sessions are timed in whole seconds, and a request may wait.
const MARGIN: Duration = Duration::from_secs(4);
