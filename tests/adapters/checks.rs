//! The checks that every adapter must pass. Each function checks one behaviour.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_lite::future::block_on;
use sealed_session::{
    Counters, FailurePolicy, Key, KeyRing, MemoryRevocations, MismatchPolicy, Session, SessionConfig, SystemClock,
    UnixTime,
};

use crate::common::{Send, Small, act, be, config, held, logged, manager, ran, visits, with_backends};
pub(crate) use crate::errors::{
    a_handler_without_an_error_answers_as_it_wants,
    a_route_without_a_layer_is_a_500_that_says_why_to_the_log_and_to_the_developer,
    an_error_of_a_handler_is_an_empty_500_and_its_reason_is_in_the_log,
};
use crate::helpers::{KEY, OTHER_KEY};
pub(crate) use crate::several::a_route_that_is_polled_keeps_no_session_alive;

/// Visits the application once, and returns the cookie.
fn visited(send: &Send) -> String {
    send("/visit", &[], false).cookie().to_owned()
}

pub(crate) fn a_session_nobody_looks_at_adds_no_header(send: &Send) {
    for cookies in [&[][..], &["sid=garbage"], &[visited(send).as_str()]] {
        let reply = send("/untouched", cookies, false);
        assert_eq!((reply.status, reply.body.as_str()), (200, "untouched"));
        for header in ["set-cookie", "vary", "cache-control"] {
            assert!(reply.all(header).is_empty(), "{reply:?}");
        }
    }
}

pub(crate) fn a_session_that_is_read_varies_by_cookie_and_sends_none(send: &Send) {
    let reply = send("/read", &[&visited(send)], false);
    assert_eq!((reply.status, reply.body.as_str()), (200, "1"));
    assert_eq!(reply.all("vary"), ["Cookie"]);
    assert!(reply.all("set-cookie").is_empty() && reply.all("cache-control").is_empty(), "{reply:?}");
}

pub(crate) fn a_change_is_sealed_and_kept_from_caches(send: &Send) {
    let reply = send("/visit", &[&visited(send)], false);
    assert_eq!(visits(reply.cookie()), Some(2));
    assert_eq!((reply.all("vary"), reply.all("cache-control")), (vec!["Cookie"], vec!["private, no-store"]));
    assert_eq!((reply.status, reply.body.as_str()), (200, "2"));
}

pub(crate) fn what_the_handler_says_of_caching_stands(send: &Send) {
    for (own, sent) in [
        ("private", "private"),
        ("no-store", "no-store"),
        ("private,+max-age=60", "private, max-age=60"),
        ("no-cache,+no-store", "no-cache, no-store"),
        // A shared cache may store these as they are.
        ("max-age=60", "private, max-age=60"),
        ("no-cache", "private, no-cache"),
    ] {
        let reply = send(&format!("/answer?do=visit&cache-control={own}"), &[], false);
        assert_eq!(reply.all("cache-control"), [sent]);
        assert_eq!(visits(reply.cookie()), Some(1));
    }
    assert_eq!(send("/cached", &[], false).all("cache-control"), ["private, max-age=60"]);
    let reply = send("/answer?do=read&cache-control=max-age=60", &[], false);
    assert_eq!(reply.all("cache-control"), ["max-age=60"], "no cookie is sent");
    assert_eq!(logged(), []);
}

/// Headers with which a response is meant for everybody.
const SHARED: [&str; 10] = [
    "cache-control=public",
    "cache-control=public,+max-age=60",
    "cache-control=max-age=60,+s-maxage=600",
    "cache-control=private&cdn-cache-control=max-age=600",
    "surrogate-control=max-age=600",
    "cache-control=no-store&cloudflare-cdn-cache-control=public,+max-age=600",
    "netlify-cdn-cache-control=public&vercel-cdn-cache-control=public",
    "edge-control=!no-store,+max-age=600&deno-cdn-cache-control=no-store",
    "cache-control=private&x-accel-expires=600",
    "x-litespeed-cache-control=public,max-age=600",
];

/// Ways to ask and to answer: caches store redirects and what a HEAD says, and update what they stored by a 304.
const WAYS: [(&str, u16); 5] = [("", 200), ("HEAD ", 200), ("", 304), ("", 301), ("", 308)];

/// A clock that is this many seconds ahead.
pub(crate) fn clock_ahead() -> (Arc<AtomicU64>, impl Fn() -> UnixTime + Clone + std::marker::Send + Sync + 'static) {
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&ahead);
    let now = move || {
        let now = sealed_session::Clock::now(&SystemClock).as_secs();
        UnixTime::from_secs(now.saturating_add(clock.load(Ordering::SeqCst))).unwrap()
    };
    (ahead, now)
}

/// Makes the applications of this test use a manager whose clock is this many seconds ahead.
pub(crate) fn be_ahead(change: impl FnOnce(SessionConfig) -> SessionConfig) -> Arc<AtomicU64> {
    let (ahead, now) = clock_ahead();
    be(change(config().clock(now)).build().unwrap());
    ahead
}

/// Checks that a session which is due is sealed again by every response but those that are meant for everybody.
fn is_left_out_of_what_is_shared(send: &Send, cookie: &str) {
    for ((method, status), shared) in WAYS.into_iter().flat_map(|way| SHARED.map(|shared| (way, shared))) {
        let reply = send(&format!("{method}/answer?do=read&status={status}&{shared}"), &[cookie], false);
        assert_eq!((reply.status, reply.all("set-cookie").len()), (status, 0), "{method}{shared}: {reply:?}");
        assert_eq!(reply.all("vary"), ["Cookie"]);
        for (name, value) in shared.split('&').filter_map(|header| header.split_once('=')) {
            assert_eq!(reply.all(name), [value.replace('+', " ")], "what the handler said stands");
        }
    }
    assert_eq!(logged(), []);
    for own in
        ["", "&cache-control=private", "&cache-control=max-age=60", "&cdn-cache-control=no-store", "&x-accel-expires=0"]
    {
        let reply = send(&format!("/answer?do=read{own}"), &[cookie], false);
        assert_eq!(visits(reply.cookie()), Some(1), "it waited for this one: {own}");
    }
}

pub(crate) fn an_extension_waits_for_a_response_that_is_not_shared(send: &Send) {
    for has_backends in [false, true] {
        let ahead = be_ahead(|config| {
            if has_backends { config.store(Small::default()).revocations(MemoryRevocations::new()) } else { config }
        });
        let cookie = visited(send);
        ahead.store(3 * 3600, Ordering::SeqCst);
        is_left_out_of_what_is_shared(send, &cookie);
    }
}

pub(crate) fn a_new_key_waits_for_a_response_that_is_not_shared(send: &Send) {
    let cookie = visited(send);
    let [old, new] = [KEY, OTHER_KEY].map(|digits| Key::from_hex(digits).unwrap());
    be(SessionConfig::new(KeyRing::new(new, vec![old]).unwrap()).cookie_name("sid").build().unwrap());
    is_left_out_of_what_is_shared(send, &cookie);
}

pub(crate) fn what_must_be_sent_makes_a_shared_response_private_and_is_told_in_the_log(send: &Send) {
    for ((method, status), shared) in WAYS.into_iter().flat_map(|way| SHARED.map(|shared| (way, shared))) {
        for what in ["visit", "login", "logout"] {
            let cookie = visited(send);
            assert_eq!(logged(), []);
            let reply = send(&format!("{method}/answer?do={what}&status={status}&{shared}"), &[&cookie], false);
            assert_eq!(reply.status, status);
            assert_ne!(reply.cookie(), cookie);
            assert_eq!(reply.all("cache-control"), ["private, no-store"], "{method}{status} {shared}");
            let targets = ["cdn", "surrogate", "edge", "accel", "litespeed"];
            let is_targeted = |(name, _): &&(String, String)| targets.iter().any(|target| name.contains(target));
            assert_eq!(reply.headers.iter().find(is_targeted), None, "a CDN or a proxy would obey it");
            let [(log::Level::Warn, line)] = &logged()[..] else { panic!("one warning") };
            assert!(line.contains("private, no-store") && !line.contains("600"), "{line}");
        }
    }
}

/// Configurations without a backend, with a list of revocations, and with a store and a list.
fn placements() -> [SessionConfig; 3] {
    let list = || config().revocations(MemoryRevocations::new());
    [config(), list(), list().store(Small::default())]
}

/// Makes the applications of this test use a manager of this configuration. Returns a count of the sessions that were
/// changed too late.
fn be_watched(config: SessionConfig) -> impl Fn() -> u64 {
    let counters = Counters::new();
    be(config.observer(counters.clone()).build().unwrap());
    move || counters.snapshot().changed_too_late
}

pub(crate) fn a_stream_that_is_the_first_to_look_gets_its_headers(send: &Send) {
    for has_backends in [false, true] {
        let ahead = be_ahead(|config| {
            if has_backends { config.store(Small::default()).revocations(MemoryRevocations::new()) } else { config }
        });
        let reply = send("/stream?do=read", &[], false);
        assert_eq!(
            (reply.body.as_str(), reply.all("vary"), reply.all("set-cookie")),
            ("streamed", vec!["Cookie"], vec![])
        );
        let cookie = visited(send);
        let reply = send("/stream?do=read", &[&cookie], false);
        assert_eq!((reply.all("vary"), reply.all("set-cookie")), (vec!["Cookie"], vec![]), "it is not due");
        ahead.store(3 * 3600, Ordering::SeqCst);
        let reply = send("/stream?do=read", &[&cookie], false);
        assert_eq!((reply.body.as_str(), reply.all("vary")), ("streamed", vec!["Cookie"]));
        assert_eq!(visits(reply.cookie()), Some(1), "it is extended");
    }
    assert_eq!(logged(), []);
}

/// Checks that a change was told once, to the log and to the observers.
fn is_told_once(changed_too_late: &impl Fn() -> u64) {
    assert_eq!(changed_too_late(), 1);
    let [(log::Level::Warn, line)] = &logged()[..] else { panic!("one warning") };
    assert!(line.contains("after the headers of its response"), "{line}");
}

pub(crate) fn a_change_in_a_stream_is_lost_and_told_once(send: &Send) {
    for (acts, is_changed) in [("nothing", false), ("read", false), ("visit", true), ("login", true), ("logout", true)]
    {
        for config in placements() {
            let changed_too_late = be_watched(config);
            let cookie = visited(send);
            let reply = send(&format!("/stream?do=read&do={acts}&do={acts}"), &[&cookie], false);
            assert_eq!((reply.body.as_str(), reply.all("set-cookie")), ("streamed", vec![]));
            if is_changed {
                is_told_once(&changed_too_late);
            }
            assert_eq!((changed_too_late(), logged()), (u64::from(is_changed), vec![]));
            assert_eq!(visits(&cookie), Some(1));
        }
    }
}

pub(crate) fn a_change_in_a_task_is_lost_and_told_once(send: &Send) {
    for config in placements() {
        let changed_too_late = be_watched(config);
        let cookie = visited(send);
        // What came before the response is in its cookie.
        let reply = send("/answer?do=visit&do=hold", &[&cookie], false);
        assert_eq!(visits(reply.cookie()), Some(2));
        let session = held();
        act(&session, "read");
        let clone = session.clone();
        drop(session);
        assert_eq!((changed_too_late(), logged()), (0, vec![]));
        act(&clone, "visit");
        assert_eq!((changed_too_late(), logged()), (0, vec![]), "it may still be committed");
        drop(clone);
        is_told_once(&changed_too_late);
    }
}

pub(crate) fn what_a_backend_keeps_is_kept_by_a_commit_in_a_stream(send: &Send) {
    let [_, list, store] = placements();
    let changed_too_late = be_watched(store);
    let cookie = visited(send);
    let reply = send("/stream?do=visit&do=commit&do=visit&do=commit", &[&cookie], false);
    assert!(reply.all("set-cookie").is_empty());
    assert_eq!((visits(&cookie), changed_too_late()), (Some(3), 0));
    send("/stream?do=logout&do=commit", &[&cookie], false);
    assert_eq!((visits(&cookie), changed_too_late()), (None, 0));
    let changed_too_late = be_watched(list);
    let cookie = visited(send);
    send("/stream?do=logout&do=commit", &[&cookie], false);
    assert_eq!((visits(&cookie), changed_too_late(), logged()), (None, 0, vec![]));
}

pub(crate) fn a_commit_in_a_stream_gives_the_clients_cookie_no_longer_life(send: &Send) {
    for more in ["nothing", "extend"] {
        let counters = Counters::new();
        let ahead = be_ahead(|config| config.store(Small::default()).observer(counters.clone()));
        let cookie = visited(send);
        send("/answer?do=read&do=hold", &[&cookie], false);
        let connection = held();
        ahead.store(20 * 3600, Ordering::SeqCst);
        for what in ["visit", more, "commit", "visit", "commit"] {
            act(&connection, what);
        }
        let recheck = || block_on(manager().recheck(&connection)).unwrap();
        assert_eq!((visits(&cookie), recheck()), (Some(3), None));
        assert_eq!(counters.snapshot().changed_too_late, u64::from(more == "extend"));
        ahead.store(25 * 3600, Ordering::SeqCst);
        assert_eq!(visits(&cookie), None);
        assert!(recheck().is_some_and(|reason| reason.is_expired()), "the client's cookie is over: {more}");
    }
}

pub(crate) fn what_needs_a_cookie_is_too_late_for_a_commit_in_a_stream(send: &Send) {
    for ([first, second], placement) in [
        (["visit", "nothing"], 0),
        (["logout", "nothing"], 0),
        (["login", "nothing"], 0),
        (["visit", "nothing"], 1),
        (["login", "nothing"], 1),
        (["login", "nothing"], 2),
        (["logout", "visit"], 2),
    ] {
        let [none, list, store] = placements();
        let changed_too_late = be_watched([none, list, store].into_iter().nth(placement).unwrap());
        let cookie = visited(send);
        send(&format!("/stream?do={first}&do={second}&do=commit&do={first}&do=commit"), &[&cookie], false);
        is_told_once(&changed_too_late);
    }
    let changed_too_late = be_watched(placements().into_iter().last().unwrap());
    send("/stream?do=visit&do=commit", &[], false);
    is_told_once(&changed_too_late);
    // Without a backend, a commit need not wait.
    let changed_too_late = be_watched(placements().into_iter().next().unwrap());
    send("/stream?do=visit&do=commit_at_once", &[], false);
    is_told_once(&changed_too_late);
}

/// The things that can be done to a session between two layers and inside of them.
const ACTS: [&str; 5] = ["nothing", "read", "visit", "login", "logout"];

pub(crate) fn a_layer_inside_of_another_one_leaves_the_commit_to_it(send: &Send) {
    for before in ACTS {
        for (inside, after) in
            ACTS.into_iter().flat_map(|inside| ["nothing", "visit", "logout"].map(|after| (inside, after)))
        {
            // The same is done to one session without any layer.
            let [alone, ours] = [visited(send), visited(send)];
            let manager = manager();
            let session = block_on(manager.load_async([&alone])).unwrap();
            for what in [before, inside, after] {
                act(&session, what);
            }
            let expected: Vec<String> = block_on(manager.commit_async(&session)).unwrap().into_iter().collect();
            assert!(expected.len() <= 1);

            let path = format!("/twice/{before}/{inside}/{after}");
            let reply = send(&path, &[&ours], false);
            assert_eq!(reply.all("set-cookie").len(), expected.len(), "{path}: {reply:?}");
            assert_eq!(reply.all("vary"), ["Cookie"], "{path}: each of the handlers took the session");
            if let Some(line) = expected.first() {
                let is_deletion = line.starts_with("sid=;");
                assert_eq!(reply.cookie() == "sid=", is_deletion, "{path}");
                let found = |cookie: &str| -> (Option<u64>, Option<u64>) {
                    let session: Session = block_on(manager.load_async([cookie])).unwrap();
                    (session.get("visits").unwrap(), session.get("user").unwrap())
                };
                assert_eq!(found(reply.cookie()), found(line.split(';').next().unwrap()), "{path}");
            }
        }
    }
}

pub(crate) fn a_layer_inside_of_another_one_asks_no_backend_again(send: &Send) {
    let store = Small::default();
    let loads = Arc::clone(&store.loads);
    be(config().store(store).build().unwrap());
    let cookie = visited(send);
    loads.store(0, Ordering::SeqCst);
    send("/twice/nothing/read/nothing", &[&cookie], false);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

/// Two managers with cookies of their own.
pub(crate) fn two_managers() -> [sealed_session::SessionManager; 2] {
    let ours = config().build().unwrap();
    let theirs = SessionConfig::new(Key::from_hex(OTHER_KEY).unwrap()).cookie_name("theirs").build().unwrap();
    [ours, theirs]
}

/// Three layers of two managers, from the innermost to the outermost, in each order; and the name of the cookie of the
/// innermost one.
#[cfg(any(feature = "axum", feature = "actix-web"))]
pub(crate) fn orders<M: Clone>(ours: &M, theirs: &M) -> Vec<([M; 3], &'static str)> {
    let pick = |number: u8, bit: u8| if number >> bit & 1 == 0 { ours.clone() } else { theirs.clone() };
    let orders = (0..8).map(|number: u8| {
        let innermost = if number & 1 == 0 { "sid" } else { "theirs" };
        ([0, 1, 2].map(|bit| pick(number, bit)), innermost)
    });
    orders.collect()
}

/// Checks that a handler inside of layers of two managers visits the session of the innermost one. A middleware inside
/// of the outermost layer, which is one of ours, visits our session before.
#[cfg(any(feature = "axum", feature = "actix-web"))]
pub(crate) fn visits_both_or_one_twice(send: &dyn Fn(&[&str]) -> crate::common::Reply, innermost: &str) {
    let mut cookies = Vec::new();
    let bodies = if innermost == "sid" { ["2", "4", "6"] } else { ["1", "2", "3"] };
    for body in bodies {
        let borrowed: Vec<&str> = cookies.iter().map(String::as_str).collect();
        let reply = send(&borrowed);
        assert_eq!((reply.status, reply.body.as_str()), (200, body));
        let pairs = reply.headers.iter().filter(|(name, _)| name == "set-cookie");
        cookies = pairs.map(|(_, line)| line.split(';').next().unwrap().to_owned()).collect();
        let mut names: Vec<&str> = cookies.iter().filter_map(|pair| pair.split('=').next()).collect();
        names.sort_unstable();
        assert_eq!(names, if innermost == "sid" { vec!["sid"] } else { vec!["sid", "theirs"] });
    }
}

pub(crate) fn a_response_to_an_error_or_to_a_panic_keeps_what_was_set(send: &Send) {
    for (path, status) in [("/refused", 418), ("/panic", 500), ("/failing", 418)] {
        let cookie = visited(send);
        let reply = send(path, &[&cookie], false);
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(visits(reply.cookie()), Some(2), "{path}");
        assert_eq!((reply.all("vary"), reply.all("cache-control")), (vec!["Cookie"], vec!["private, no-store"]));
    }
}

pub(crate) fn a_handler_that_ran_is_not_answered_for(send: &Send) {
    let cookie = break_under_fail(send);
    for (path, hooked) in [("/untouched", false), ("/untouched", true), ("/visit", false), ("/visit", true)] {
        let reply = send(path, &[&cookie], hooked);
        match ran() {
            0 => assert_eq!((reply.status, reply.body.as_str()), if hooked { (507, "full") } else { (500, "") }),
            1 => assert_eq!((reply.status, reply.body.as_str(), path), (200, "untouched", "/untouched")),
            more => panic!("{more} handlers ran"),
        }
        assert_eq!(reply.all("set-cookie").len(), 0);
    }
}

/// Breaks the store of the applications of this test, which answer with an error then, and returns a cookie that needs
/// it.
pub(crate) fn break_under_fail(send: &Send) -> String {
    let is_broken = breakable(|config| config.on_backend_failure(FailurePolicy::Fail));
    let cookie = visited(send);
    is_broken.store(true, Ordering::SeqCst);
    assert_eq!(ran(), 1);
    cookie
}

pub(crate) fn the_cookie_comes_back_whichever_header_it_is_in(send: &Send) {
    let cookie = visited(send);
    for cookies in [[cookie.as_str(), "theme=dark"], ["theme=dark", &cookie], ["sid=garbage", &cookie]] {
        assert_eq!(send("/read", &cookies, false).body, "1", "{cookies:?}");
    }
}

pub(crate) fn a_handler_that_fails_keeps_its_changes(send: &Send) {
    let reply = send("/failing", &[], false);
    assert_eq!(reply.status, 418);
    assert_eq!(visits(reply.cookie()), Some(1));
}

pub(crate) fn a_logout_deletes(send: &Send) {
    let reply = send("/logout", &[&visited(send)], false);
    assert_eq!(reply.cookie(), "sid=");
    assert!(reply.all("set-cookie").iter().all(|line| line.contains("; Max-Age=0")), "{reply:?}");
    assert_eq!(reply.all("cache-control"), ["private, no-store"]);
}

pub(crate) fn a_session_that_can_not_be_kept_is_an_empty_500_and_no_cookie(send: &Send) {
    let reply = send("/fill", &[&visited(send)], false);
    assert_eq!((reply.status, reply.body.as_str()), (500, ""));
    assert!(reply.all("set-cookie").is_empty() && reply.all("x-handler").is_empty(), "{reply:?}");
    assert_eq!(reply.all("vary"), ["Cookie"]);
}

pub(crate) fn the_application_may_answer_that_in_its_own_way(send: &Send) {
    let reply = send("/fill", &[], true);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (507, "full", 0));
    assert_eq!(send("/visit", &[], true).body, "1", "and is asked for nothing else");
}

pub(crate) fn a_typed_session_is_read_and_saved(send: &Send) {
    let reply = send("/typed", &[&visited(send)], false);
    assert_eq!(reply.body, "2");
    assert_eq!(visits(reply.cookie()), Some(2));
}

pub(crate) fn values_of_another_type_are_an_empty_500_and_stay(send: &Send) {
    let reply = send("/other", &[&visited(send)], false);
    assert_eq!((reply.status, reply.all("set-cookie").len()), (500, 0));
    assert!(!reply.body.contains("visits"), "{reply:?}");
}

pub(crate) fn values_of_another_type_begin_anew_on_request(send: &Send) {
    let counters = Counters::new();
    be(config().on_mismatch(MismatchPolicy::BeginAnew).observer(counters.clone()).build().unwrap());
    let reply = send("/other", &[&visited(send)], false);
    assert_eq!(reply.status, 200);
    assert!(matches!(&reply.all("set-cookie")[..], [one] if one.contains("Max-Age=0")), "{reply:?}");
    assert_eq!(counters.snapshot().begun_anew, 1);
}

/// Makes the applications of this test use a store, and returns the switch that breaks the store.
fn breakable(change: impl FnOnce(SessionConfig) -> SessionConfig) -> Arc<std::sync::atomic::AtomicBool> {
    let store = Small::default();
    let is_broken = Arc::clone(&store.is_broken);
    be(change(config().store(store)).build().unwrap());
    is_broken
}

pub(crate) fn the_values_go_to_the_store_before_the_cookie_goes_out(send: &Send) {
    be(with_backends());
    let cookie = visited(send);
    assert_eq!(send("/visit", &[&cookie], false).body, "2");
    assert_eq!(visits(&cookie), Some(2), "under the same id");
}

pub(crate) fn a_logout_ends_every_copy_of_the_cookie(send: &Send) {
    be(with_backends());
    let cookie = visited(send);
    assert_eq!(send("/logout", &[&cookie], false).cookie(), "sid=");
    let reply = send("/read", &[&cookie], false);
    assert_eq!((reply.body.as_str(), reply.all("set-cookie").len()), ("0", 0));
}

/// Checks that one error was logged that begins with this text. Rocket's guard logs the reason of its own refusal, too.
fn is_in_the_log(start: &str) {
    let lines = logged();
    let errors = lines.iter().filter(|(level, line)| *level == log::Level::Error && line.starts_with(start));
    assert_eq!(errors.count(), 1, "{lines:?}");
}

pub(crate) fn a_store_that_fails_gives_an_empty_session_in_which_nothing_can_be_kept(send: &Send) {
    let is_broken = breakable(|config| config);
    let cookie = visited(send);
    is_broken.store(true, Ordering::SeqCst);
    let reply = send("/read", &[&cookie], false);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (200, "0", 0));
    drop(logged());
    let reply = send("/visit", &[&cookie], false);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (500, "", 0));
    is_in_the_log("session not kept: session backend ");
    assert_eq!(send("/visit", &[&cookie], true).status, 507);
    assert_eq!(send("/untouched", &[&cookie], false).body, "untouched");
    is_broken.store(false, Ordering::SeqCst);
    assert_eq!(send("/visit", &[&cookie], false).body, "2");
}

pub(crate) fn a_store_that_fails_is_an_error_without_a_handler_on_request(send: &Send) {
    let is_broken = breakable(|config| config.on_backend_failure(FailurePolicy::Fail));
    let cookie = visited(send);
    is_broken.store(true, Ordering::SeqCst);
    drop(logged());
    let reply = send("/visit", &[&cookie], false);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (500, "", 0));
    is_in_the_log("session not loaded: session backend ");
    assert_eq!(reply.all("vary"), ["Cookie"], "no cache may give it to those who bring no session");
    let reply = send("/visit", &[&cookie], true);
    assert_eq!((reply.status, reply.all("vary")), (507, vec!["Cookie"]));
    assert_eq!(send("/read", &[], false).body, "0", "who brings no session needs no store");
    is_broken.store(false, Ordering::SeqCst);
    assert_eq!(send("/visit", &[&cookie], false).body, "2");
}

pub(crate) fn a_session_that_another_request_ended_is_an_empty_409(send: &Send) {
    let store = Small::default();
    let is_overtaken = Arc::clone(&store.is_overtaken);
    be(config().store(store).build().unwrap());
    let cookie = visited(send);
    is_overtaken.store(true, Ordering::SeqCst);
    let reply = send("/visit", &[&cookie], false);
    assert_eq!((reply.status, reply.body.as_str(), reply.all("set-cookie").len()), (409, "", 0));
    is_overtaken.store(false, Ordering::SeqCst);
    assert_eq!(send("/read", &[&cookie], false).body, "0");
}
