//! [`Visitors`]: the browsers that take turns on one connection. Their accounts are their own, so it is known here what
//! each request must be answered with, and every response is checked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::application::DONE;
use crate::browser::{Browser, Cookies};
use crate::random::Random;
use crate::server::IDLE;
use crate::tally::Answered;
use crate::wire::{Answer, Wire};

pub struct Visitors {
    wire: Wire,
    number: u32,
    random: Random,
    browsers: Vec<Browser>,
    accounts: usize,
    /// Cookies of sessions that were ended: copies that an attacker may have.
    ended: VecDeque<Cookies>,
    /// Cookies of browsers that went away, and when they did.
    left: VecDeque<(Instant, Cookies)>,
    foreign: Cookies,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Untouched,
    Login,
    Logout,
    Revoke,
    /// The visitor goes away, and another one begins a session.
    Begin,
    /// The browser finds out that its session was ended.
    FindOut,
    /// The cookies of a session that was ended, from a copy.
    Copy,
    Expired,
    Tampered,
    Garbage,
    /// The browser's cookies behind 50 KB of others.
    Foreign,
    NoCookie,
}

/// The kinds of requests, and the share of each.
const MIX: [(Kind, usize); 12] = [
    (Kind::Read, 480),
    (Kind::Write, 200),
    (Kind::Untouched, 60),
    (Kind::Login, 50),
    (Kind::Logout, 30),
    (Kind::Revoke, 10),
    (Kind::Begin, 40),
    (Kind::Copy, 30),
    (Kind::Expired, 30),
    (Kind::Tampered, 20),
    (Kind::Garbage, 20),
    (Kind::Foreign, 10),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Good,
    Gone,
    /// A timeout is near.
    Either,
}

impl Visitors {
    pub async fn new(server: SocketAddr, number: u32) -> Self {
        Self {
            wire: Wire::connect(server).await,
            number,
            random: Random::new(number),
            browsers: (0..BROWSERS).map(|_| Browser::new(0)).collect(),
            accounts: 0,
            ended: VecDeque::new(),
            left: VecDeque::new(),
            foreign: (0..1000).map(|number| (format!("foreign_{number:03}"), "v".repeat(40))).collect(),
        }
    }

    /// Sends one request, and checks its response.
    pub async fn request(&mut self) -> Answered {
        let at = self.random.below(BROWSERS);
        let kind = self.kind(at);
        let account = self.account(at);
        let browser = &self.browsers[at];
        let own = if browser.must_be_good() { Expected::Good } else { Expected::Either };
        let value = self.random.below(1000);
        let value = format!("{value:0width$}", width = browser.second.len());
        let read = format!("/read/{}", browser.content);
        let mut content = 0;
        let (path, cookies, expected) = match kind {
            Kind::Read => (read, browser.cookies.clone(), own),
            Kind::Write => (format!("/write/{}/{value}", browser.content), browser.cookies.clone(), own),
            Kind::Untouched => ("/untouched".to_owned(), browser.cookies.clone(), Expected::Good),
            Kind::Login => (format!("/login/{account}"), browser.cookies.clone(), own),
            Kind::Logout => ("/logout".to_owned(), browser.cookies.clone(), Expected::Good),
            Kind::Revoke => (format!("/revoke/{account}"), browser.cookies.clone(), Expected::Good),
            Kind::Begin => {
                content = [0, 0, 0, 1][self.random.below(4)];
                (format!("/seed/{content}"), Vec::new(), Expected::Good)
            }
            Kind::FindOut => (read, browser.cookies.clone(), Expected::Gone),
            Kind::Copy => (read, self.ended.pop_front().unwrap_or_default(), Expected::Gone),
            Kind::Expired => (read, self.left.pop_front().map_or_else(Vec::new, |(_, left)| left), Expected::Gone),
            Kind::Tampered => (read, self.tampered(at), Expected::Gone),
            Kind::Garbage => {
                let name = |(name, _): &(String, String)| (name.clone(), "garbage".repeat(20));
                (read, browser.cookies.iter().map(name).collect(), Expected::Gone)
            }
            Kind::Foreign => (read, [&self.foreign[..], &browser.cookies].concat(), own),
            Kind::NoCookie => (read, Vec::new(), Expected::Gone),
        };
        let answer = self.wire.get(&path, &cookies).await;
        let wrong = self.wrong(&answer, kind, at, expected).map(|wrong| format!("{kind:?}, {path}: {wrong}"));
        let status = answer.status;
        self.then(kind, at, answer, Next { account, value, content });
        Answered { status, wrong }
    }

    /// Chooses what a browser does. One without a session can do little.
    fn kind(&mut self, at: usize) -> Kind {
        let mut number = self.random.below(MIX.iter().map(|(_, often)| often).sum());
        let chosen = MIX.iter().find(|(_, often)| {
            let is_it = number < *often;
            number = number.saturating_sub(*often);
            is_it
        });
        let kind = chosen.expect("the number is below the sum").0;
        let browser = &self.browsers[at];
        let has_expired = self.left.front().is_some_and(|(since, _)| since.elapsed() > IDLE + SURELY);
        match kind {
            Kind::Copy if self.ended.is_empty() => Kind::NoCookie,
            Kind::Expired if !has_expired => Kind::NoCookie,
            Kind::Copy | Kind::Expired => kind,
            _ if !browser.is_alive && browser.cookies.is_empty() => Kind::Begin,
            _ if !browser.is_alive => Kind::FindOut,
            Kind::Read if browser.account.is_none() && number.is_multiple_of(3) => Kind::Login,
            Kind::Logout | Kind::Revoke if browser.account.is_none() => Kind::Login,
            kind => kind,
        }
    }

    /// Returns the account of a browser; of one that logs in, that of its neighbour, if that is logged in, or a new
    /// one.
    fn account(&mut self, at: usize) -> String {
        let neighbour = &self.browsers[at ^ 1];
        let accounts = [&self.browsers[at].account, if neighbour.must_be_good() { &neighbour.account } else { &None }];
        accounts.into_iter().flatten().next().cloned().unwrap_or_else(|| {
            self.accounts += 1;
            format!("account-{}-{}", self.number, self.accounts)
        })
    }

    /// Returns the browser's cookies with one character changed.
    fn tampered(&mut self, at: usize) -> Cookies {
        let mut cookies = self.browsers[at].cookies.clone();
        for (_, value) in &mut cookies {
            let place = self.random.below(value.len());
            let other = if value[place..].starts_with('A') { "B" } else { "A" };
            value.replace_range(place..=place, other);
        }
        cookies
    }

    /// Says what is wrong with a response, if anything is.
    fn wrong(&self, answer: &Answer, kind: Kind, at: usize, expected: Expected) -> Option<String> {
        let body = self.wire.body(answer);
        let is_read = matches!(kind, Kind::Read | Kind::Foreign);
        let is_right = match answer.status {
            200 if is_read => expected != Expected::Gone && body == self.browsers[at].text(),
            200 => expected != Expected::Gone && body == DONE,
            410 => expected != Expected::Good,
            _ => false,
        };
        (!is_right).then(|| format!("{} with {body:?}", answer.status))
    }

    /// Does what the browser does with a response.
    fn then(&mut self, kind: Kind, at: usize, answer: Answer, next: Next) {
        let browser = &mut self.browsers[at];
        let is_good = answer.status == 200;
        let before = browser.cookies.clone();
        match kind {
            // The cookies were not those of this browser.
            Kind::Copy | Kind::Expired | Kind::Tampered | Kind::Garbage | Kind::NoCookie => return,
            Kind::Begin => {
                if browser.is_alive && self.left.len() < KEPT {
                    self.left.push_back((Instant::now(), before));
                }
                *browser = Browser::new(next.content);
                browser.begin();
            }
            Kind::FindOut => browser.cookies.clear(),
            Kind::Logout => {
                browser.is_alive = false;
                self.ended.push_back(before);
            }
            Kind::Revoke => {
                self.ended.push_back(before);
                let of_it = |browser: &&mut Browser| browser.account.as_ref() == Some(&next.account);
                self.browsers.iter_mut().filter(of_it).for_each(|browser| browser.is_alive = false);
                return; // none of the cookies is worth anything now
            }
            Kind::Login if is_good => {
                self.ended.push_back(before);
                browser.account = Some(next.account);
                browser.begin();
            }
            Kind::Write if is_good => browser.second = next.value,
            Kind::Untouched => return browser.take(answer.set_cookies),
            _ => {}
        }
        // Older copies are over by their timeout as well, and show less.
        self.ended.drain(..self.ended.len().saturating_sub(KEPT));
        browser.take(answer.set_cookies);
        browser.touch();
        if !is_good {
            browser.is_alive = false;
        }
    }
}

/// The state of a browser after a request that was answered as it wished.
struct Next {
    account: String,
    value: String,
    content: usize,
}

const BROWSERS: usize = 8;
/// The number of cookies that are kept of each kind: of sessions that were ended, and of those that were left.
const KEPT: usize = 32;
/// A cookie that is older than its timeout by this much is over.
const SURELY: Duration = Duration::from_secs(3);
