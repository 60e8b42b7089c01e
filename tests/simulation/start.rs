//! Makes the sessions and cookies that there are before the first request, by the real code too, with time to spare.

use std::sync::Arc;

use sealed_session::SessionManager;

use crate::browser::{Browser, value_of};
use crate::fleet::{self, COOKIE, Fleet};
use crate::handler::LONG;
use crate::ledger::Cookie;
use crate::network::at_once;
use crate::setting::{IDLE, Setting, Start};
use crate::world::{START, World};

/// Makes the sessions that there are at the start; the browsers have their cookies.
pub(crate) fn prepare(world: &Arc<World>, fleet: &Fleet) -> Vec<Browser> {
    let node = fleet.node(0);
    let mut browsers = vec![Browser::default(); 2];
    let age = if world.setting.start == Start::Expired { IDLE + 1 } else { world.setting.age };
    world.set_time(START - age);
    match world.setting.start {
        Start::Nobody => {}
        Start::Anonymous => browsers[0].cookie = Some(anonymous(world, node)),
        Start::User | Start::Expired => browsers[0].cookie = Some(user(world, node)),
        Start::Spilled => browsers[0].cookie = Some(large(world, node)),
        Start::Legacy => browsers[0].cookie = Some(user(world, &fleet::without_backends(world))),
        Start::Devices => browsers.iter_mut().for_each(|browser| browser.cookie = Some(user(world, node))),
        Start::Damaged => {
            browsers[0].cookie = Some(user(world, node));
            let mut state = world.state();
            let id = state.ledger.cookies[0].id;
            state.shelves.damage(id);
        }
        Start::Twice => {
            browsers[0].another = Some(user(world, node));
            world.set_time(START - age + 1);
            browsers[0].cookie = Some(user(world, node));
        }
        Start::Planted => {
            browsers[0].cookie = Some(user(world, node));
            world.set_time(START - age + 1);
            let planted = user(world, node);
            browsers[0].another = Some(planted);
            end(world, node, planted);
        }
    }
    world.set_time(START);
    browsers
}

fn anonymous(world: &World, node: &SessionManager) -> usize {
    let session = at_once(node.load_async(None::<&str>)).unwrap();
    if world.setting.has_subject {
        session.set("a", 0).unwrap();
    } else {
        session.csrf_token().unwrap(); // a value would make it somebody's
    }
    keep(world, node, &session)
}

fn user(world: &World, node: &SessionManager) -> usize {
    let session = at_once(node.load_async(None::<&str>)).unwrap();
    fill(&session);
    keep(world, node, &session)
}

fn large(world: &World, node: &SessionManager) -> usize {
    let session = at_once(node.load_async(None::<&str>)).unwrap();
    fill(&session);
    session.set("big", format!("0{}", "x".repeat(LONG))).unwrap();
    keep(world, node, &session)
}

fn fill(session: &sealed_session::Session) {
    session.set("user_id", 1).unwrap();
    session.set("login", 0).unwrap();
    session.set("a", 0).unwrap();
}

fn keep(world: &World, node: &SessionManager, session: &sealed_session::Session) -> usize {
    let set_cookies = at_once(node.commit_async(session)).unwrap();
    let value = value_of(set_cookies.iter().last().unwrap()).to_owned();
    let data = node.codec().decode(&value).unwrap();
    let mut state = world.state();
    state.ledger.cookies.push(Cookie {
        id: data.id(),
        created_at: data.created_at().as_secs(),
        expires_at: data.expires_at().as_secs(),
        has_values: !data.is_empty(),
        by: None,
        value,
    });
    state.names.of(data.id(), None);
    let number = state.ledger.cookies.len();
    state.story.line(|story| format!("     cookie #{number} of {} is out, {}", story.id(data.id()), place(&data)));
    number - 1
}

fn place(data: &sealed_session::SessionData) -> &'static str {
    if data.is_empty() { "without values" } else { "with its values" }
}

fn end(world: &World, node: &SessionManager, cookie: usize) {
    let header = format!("{COOKIE}={}", world.state().ledger.cookies[cookie].value);
    let session = at_once(node.load_async([header])).unwrap();
    session.destroy();
    assert!(!at_once(node.commit_async(&session)).unwrap().is_empty());
    let mut state = world.state();
    state.story.line(|_| format!("     the session of cookie #{} was ended", cookie + 1));
}

impl Setting {
    /// The head of a story.
    pub(crate) fn told(&self) -> String {
        let place = format!("{:?}", self.place).to_lowercase();
        let list = match (self.has_list, self.recheck_after) {
            (false, _) => String::new(),
            (true, 0) => " and list".to_owned(),
            (true, window) => format!(" and list, asked again after {window} s"),
        };
        let subject = if self.has_subject { ", subject user_id" } else { "" };
        let clocks: Vec<String> =
            self.offsets.iter().enumerate().map(|(node, ahead)| format!("node {} +{ahead} s", node + 1)).collect();
        let order = if self.is_in_order { "; answers come in order" } else { "" };
        let all: Vec<String> = self.plans.iter().map(|plan| plan.kind.name()).collect();
        format!(
            "in the {place}{list}{subject}; start: {:?}, {} s old; clocks: {}; requests: {}{order}",
            self.start,
            self.age,
            clocks.join(", "),
            all.join(", "),
        )
    }
}
