//! The events that an observer gets. It is told once of each thing that happens to a cookie, and of nothing that is
//! secret.

use std::sync::{Arc, Barrier, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sealed_session::{
    Counters, DecodeError, EncodeError, Event, KeyCounts, KeyRole, Observer, Session, SessionConfig, SessionData,
    SessionManager,
};

use crate::common::{
    FIRST_KEY, NAME, SECOND_KEY, START, TestClock, at, commit, cookie_of, fresh, key, manager_with, ring, sealed,
};

/// The ids of `FIRST_KEY` and `SECOND_KEY`.
const FIRST: &str = "KeyId(f57c76ce)";
const SECOND: &str = "KeyId(f662e4c0)";

/// An observer that keeps every event.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Event>>>);

impl Recorder {
    fn observer(&self) -> impl Fn(&Event) + Send + Sync + 'static {
        let events = Arc::clone(&self.0);
        move |event| events.lock().unwrap().push(event.clone())
    }

    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Takes the events since the last call, each as `Debug` shows it.
    fn texts(&self) -> Vec<String> {
        self.take().iter().map(|event| format!("{event:?}")).collect()
    }
}

/// A manager under `FIRST_KEY`, and a recorder that has already dropped the events of the build.
fn watched(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, TestClock, Recorder) {
    let recorder = Recorder::default();
    let (manager, clock) = manager_with(|config| change(config).observer(recorder.observer()));
    recorder.take();
    (manager, clock, recorder)
}

/// A manager under these keys, and a recorder that also has the events of the build.
fn with_ring(primary: &str, previous: &[&str]) -> (SessionManager, Recorder) {
    let recorder = Recorder::default();
    let config = SessionConfig::new(ring(primary, previous)).clock(TestClock::new().reader());
    (config.observer(recorder.observer()).build().unwrap(), recorder)
}

/// A cookie under `FIRST_KEY` whose session was created, was issued and expires at these times.
fn cookie(times: [u64; 3], change: impl FnOnce(SessionConfig) -> SessionConfig) -> String {
    let codec = manager_with(change).0.codec().clone();
    let mut data = codec.create().unwrap();
    data.set_times(at(START + times[0]), at(START + times[1]), at(START + times[2])).unwrap();
    format!("{NAME}={}", codec.encode(&data).unwrap())
}

/// A forged cookie that begins with the version and the id of a key, as a good one does.
fn forged(key_id: [u8; 4]) -> String {
    let mut envelope = vec![1];
    envelope.extend_from_slice(&key_id);
    envelope.resize(120, 7);
    format!("{NAME}={}", URL_SAFE_NO_PAD.encode(envelope))
}

#[test]
fn a_build_tells_which_keys_it_has_and_how_large_a_cookie_may_be() {
    let (manager, recorder) = with_ring(SECOND_KEY, &[FIRST_KEY]);
    let expected = format!("Started {{ primary: {SECOND}, previous: [{FIRST}], limit: 3500 }}");
    assert_eq!(recorder.texts(), [expected]);
    let _ = (manager.clone(), manager.codec().clone());
    assert!(recorder.take().is_empty(), "a clone is no new one");
}

#[test]
fn a_build_that_fails_tells_nothing() {
    let recorder = Recorder::default();
    let config = SessionConfig::new(key(FIRST_KEY)).cookie_name("").observer(recorder.observer());
    assert!(config.build().is_err());
    assert!(recorder.take().is_empty());
}

#[test]
fn nothing_is_told_of_a_session_that_nobody_looked_at() {
    let (manager, _, recorder) = watched(|config| config);
    for cookie in [sealed(&manager), forged([0; 4]), format!("{NAME}=x")] {
        recorder.take();
        let session = manager.load([cookie]);
        assert_eq!((commit(&manager, &session), session.candidates()), (None, 1));
        let _ = (format!("{session:?}"), session.is_opened());
        assert_eq!(recorder.texts(), [""; 0]);
    }
}

#[test]
fn nothing_is_told_of_a_request_without_our_cookie_that_stores_nothing() {
    let (manager, _, recorder) = watched(|config| config);
    let session = manager.load(["theme=dark"]);
    session.id().unwrap();
    assert!(session.is_empty() && commit(&manager, &session).is_none());
    assert_eq!(recorder.texts(), [""; 0]);
}

#[test]
fn an_open_is_told_once_however_often_it_is_asked_and_a_young_session_that_is_read_tells_no_more() {
    let (manager, clock, recorder) = watched(|config| config);
    let cookie = sealed(&manager);
    recorder.take();
    clock.set(30);
    let session = manager.load([cookie]);
    assert!(session.get::<u64>("user_id").unwrap().is_some() && session.len() == 1);
    assert_eq!(commit(&manager, &session), None);
    let expected = format!("Opened {{ key_id: {FIRST}, ring: Primary, at: {:?}, candidates: 1 }}", at(START + 30));
    assert_eq!(recorder.texts(), [expected]);
}

#[test]
fn an_open_tells_that_the_key_is_a_previous_one_and_the_seal_that_follows_is_rekeyed() {
    let cookie = sealed(&manager_with(|config| config).0);
    let (manager, recorder) = with_ring(SECOND_KEY, &[FIRST_KEY]);
    recorder.take();
    let session = manager.load([cookie]);
    assert!(!session.is_empty());
    commit(&manager, &session).unwrap();
    let opened = format!("Opened {{ key_id: {FIRST}, ring: Previous, at: {:?}, candidates: 1 }}", at(START));
    let rekeyed = format!("Sealed {{ key_id: {SECOND}, cause: Rekeyed, bytes: 220, limit: 3500 }}");
    assert_eq!(recorder.texts(), [opened, rekeyed]);
}

#[test]
fn a_refusal_is_told_once_with_the_reason_of_the_session_and_the_key_that_the_cookie_names() {
    let life = [0, 0, 86_400];
    let version = forged([0; 4]).replace("=A", "=B");
    let five = [format!("{NAME}=x").as_str(); 5].join("; ");
    let cases = [
        ("malformed", None, format!("{NAME}=forged")),
        ("too_long", None, format!("{NAME}={}", "A".repeat(5000))),
        ("unsupported_version", None, version),
        ("unknown_key", Some("00010203"), forged([0, 1, 2, 3])),
        ("not_authentic", Some("f57c76ce"), forged([0xf5, 0x7c, 0x76, 0xce])),
        ("not_authentic", Some("f57c76ce"), cookie(life, |config| config.audience("other"))),
        ("not_yet_valid", Some("f57c76ce"), cookie([200_000, 200_000, 300_000], |config| config)),
        ("expired_idle", Some("f57c76ce"), cookie(life, |config| config)),
        ("expired_absolute", Some("f57c76ce"), {
            let mut data = SessionData::new(at(START - 3_000_000), Duration::from_secs(9_000_000)).unwrap();
            data.set_persistent(true);
            format!("{NAME}={}", manager_with(|config| config).0.codec().encode(&data).unwrap())
        }),
        ("before_cutoff", Some("f57c76ce"), cookie([0, 50_000, 200_000], |config| config)),
        ("unsupported_schema", Some("f57c76ce"), cookie([90_000, 90_000, 200_000], |config| config.schema(9))),
        ("too_many_candidates", None, five),
    ];
    let (manager, clock, recorder) = watched(|config| config.not_before(at(START + 1)));
    clock.set(100_000);
    for (name, key_id, cookie) in cases {
        let session = manager.load([&cookie]);
        assert!(session.is_empty() && session.get::<u8>("x").unwrap().is_none());
        let rejected = session.rejected().unwrap();
        assert_eq!(rejected.as_str(), name);
        let events = recorder.take();
        let [Event::Refused { reason, key_id: told, candidates, .. }] = &events[..] else { panic!("{events:?}") };
        assert_eq!((*reason, *candidates), (rejected, session.candidates()), "{name}");
        assert_eq!(told.map(|id| id.to_string()).as_deref(), key_id, "{name}");
    }
}

#[test]
fn of_several_cookies_one_open_or_one_refusal_is_told_with_their_number() {
    let (manager, _, recorder) = watched(|config| config);
    let good = sealed(&manager);
    recorder.take();
    assert!(!manager.load([format!("{NAME}=planted; {good}")]).is_empty());
    let events = recorder.take();
    assert!(matches!(events[..], [Event::Opened { candidates: 2, .. }]), "{events:?}");
    let counters = Counters::new();
    counters.event(&events[0]);
    assert_eq!(counters.snapshot().duplicates, 1);
    // Of several reasons the observer gets the one that says the most, with the key that belongs to it.
    assert!(manager.load([format!("{NAME}=planted; {}; {NAME}=x", forged([0, 1, 2, 3]))]).is_empty());
    let events = recorder.take();
    let [Event::Refused { reason: DecodeError::UnknownKey { id }, key_id, candidates: 3, .. }] = events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((key_id, id.to_bytes()), (Some(id), [0, 1, 2, 3]));
    counters.event(&events[0]);
    assert_eq!(counters.snapshot().duplicates, 2);
}

/// Takes the events since the last call, and returns the causes of all seals and deletions.
fn causes(recorder: &Recorder) -> Vec<&'static str> {
    let cause = |event: &Event| match event {
        Event::Sealed { cause, .. } => Some(cause.as_str()),
        Event::Deleted { cause, .. } => Some(cause.as_str()),
        Event::Opened { .. } | Event::Refused { .. } => None,
        other => panic!("{other:?}"),
    };
    recorder.take().iter().filter_map(cause).collect()
}

/// A change that a request makes to its session.
type Change = fn(&Session);

#[test]
fn a_seal_tells_its_cause() {
    let (manager, clock, recorder) = watched(|config| config.schema(1).migrate(|_, _| Ok(())));
    let cases: [(&str, Change); 9] = [
        ("changed", |session| session.set("more", 1).unwrap()),
        ("changed", |session| session.set_persistent(false)),
        ("changed", |session| session.extend(Duration::from_secs(100_000)).unwrap()),
        ("regenerated", |session| _ = session.regenerate().unwrap()),
        ("regenerated", |session| {
            session.set("more", 2).unwrap();
            session.regenerate_empty().unwrap();
        }),
        ("new", |session| {
            session.destroy();
            session.set_flash("notice", "Goodbye").unwrap();
        }),
        ("destroyed", |session| _ = session.destroy()),
        ("", |session| session.set("user_id", 1).unwrap()),
        ("", |session| _ = session.id().unwrap()),
    ];
    for (expected, change) in cases {
        let session = manager.load([sealed(&manager)]);
        assert_eq!(causes(&recorder), ["new"]);
        change(&session);
        let _ = (commit(&manager, &session), commit(&manager, &session));
        assert_eq!(causes(&recorder).concat(), expected, "once");
    }
    let young = sealed(&manager);
    recorder.take();
    for (seconds, cookie, expected) in
        [(8_639, &young, ""), (8_640, &young, "extended"), (10, &cookie([0, 0, 86_400], |config| config), "migrated")]
    {
        clock.set(seconds);
        let session = manager.load([cookie]);
        let _ = (session.len(), commit(&manager, &session), commit(&manager, &session));
        assert_eq!(causes(&recorder).concat(), expected);
    }
}

#[test]
fn of_several_causes_the_first_listed_is_told() {
    let (manager, clock, recorder) = watched(|config| config.schema(1).migrate(|_, _| Ok(())));
    let old = cookie([0, 0, 86_400], |config| config);
    clock.set(20_000);
    let session = manager.load([&old]);
    session.set("more", 1).unwrap();
    commit(&manager, &session).unwrap();
    assert_eq!(causes(&recorder), ["migrated"], "it changed and was due too");
    let session = manager.load([&old]);
    session.regenerate().unwrap();
    commit(&manager, &session).unwrap();
    assert_eq!(causes(&recorder), ["regenerated"], "it was migrated too");
    let session = fresh(&manager);
    session.regenerate().unwrap();
    session.set("user_id", 1).unwrap();
    commit(&manager, &session).unwrap();
    assert_eq!(causes(&recorder), ["regenerated"], "it is new too");
}

#[test]
fn a_deletion_tells_its_cause_once() {
    let (manager, clock, recorder) = watched(|config| config.absolute_timeout(Duration::from_secs(86_400)));
    let forged = manager.load([forged([0xf5, 0x7c, 0x76, 0xce])]);
    let expired = manager.load([sealed(&manager)]);
    assert!(forged.is_empty() && !expired.is_empty());
    clock.set(86_400);
    recorder.take();
    for session in [forged, expired, fresh(&manager)] {
        assert_eq!(commit(&manager, &session), None);
        assert_eq!(recorder.texts(), [""; 0], "a cookie that is refused is not deleted");
        session.destroy();
        let _ = (commit(&manager, &session), commit(&manager, &session));
        assert_eq!(causes(&recorder), ["destroyed"]);
    }
}

#[test]
fn a_cookie_that_is_left_alone_tells_of_no_deletion() {
    let (manager, _, recorder) = watched(|config| config);
    let session = manager.load([forged([0, 1, 2, 3])]);
    assert!(session.is_empty() && commit(&manager, &session).is_none());
    assert_eq!(recorder.take().len(), 1, "the refusal");
}

#[test]
fn a_commit_that_fails_tells_what_the_caller_gets_each_time_and_a_later_one_tells_its_seal() {
    let (manager, _, recorder) = watched(|config| config);
    let session = fresh(&manager);
    session.set("draft", "x".repeat(4000)).unwrap();
    for _ in 0..2 {
        let error = manager.commit(&session).unwrap_err();
        let events = recorder.take();
        assert!(matches!(&events[..], [Event::Failed { error: told, .. }] if *told == error), "{events:?}");
    }
    session.set("draft", "short").unwrap();
    commit(&manager, &session).unwrap();
    assert_eq!(causes(&recorder), ["new"]);
}

#[test]
fn a_session_that_only_grew_too_large_to_be_extended_is_told_and_no_failure() {
    let large = manager_with(|config| config);
    let session = fresh(&large.0);
    session.set("draft", "x".repeat(1000)).unwrap();
    let cookie = cookie_of(&commit(&large.0, &session).unwrap());
    let counters = Counters::new();
    let (manager, clock, recorder) = watched(|config| config.max_cookie_bytes(1000).observer(counters.clone()));
    clock.set(20_000);
    let session = manager.load([cookie]);
    assert!(!session.is_empty() && commit(&manager, &session).is_none());
    let events = recorder.take();
    let [Event::Opened { .. }, Event::NotExtended { error, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(matches!(error, EncodeError::TooLarge { limit: 1000, .. }));
    let counts = counters.snapshot();
    assert_eq!((counts.not_extended, counts.failures.iter().map(|(_, n)| n).sum::<u64>()), (1, 0));
}

#[test]
fn a_seal_tells_its_size_against_the_limit_as_the_error_of_one_too_large_does() {
    let (manager, _, recorder) = watched(|config| config.padding_block(1).max_cookie_bytes(1000));
    let session = fresh(&manager);
    session.set("k", "x".repeat(session.remaining_bytes() - 6)).unwrap();
    let line = commit(&manager, &session).unwrap();
    let events = recorder.take();
    let [Event::Sealed { bytes, limit: 1000, .. }] = events[..] else { panic!("{events:?}") };
    // The size counts the longest Max-Age, which has 8 digits. The Max-Age here has 5.
    assert_eq!(bytes, line.len() + 3);
    assert!((998..=1000).contains(&bytes), "{bytes}");
    session.set("k", "x".repeat(1000)).unwrap();
    let Err(EncodeError::TooLarge { limit: 1000, .. }) = manager.commit(&session) else { panic!("it fits") };
}

#[test]
fn a_codec_that_is_used_directly_tells_the_same() {
    let (manager, clock, recorder) = watched(|config| config);
    let codec = manager.codec();
    let mut data = codec.create().unwrap();
    codec.extend(&mut data);
    assert_eq!(recorder.texts(), [""; 0]);
    let value = codec.encode(&data).unwrap();
    assert_eq!(causes(&recorder), ["encoded"]);
    codec.decode(&value).unwrap();
    let opened = format!("Opened {{ key_id: {FIRST}, ring: Primary, at: {:?}, candidates: 1 }}", at(START));
    assert_eq!(recorder.texts(), [opened]);
    clock.set(86_400);
    let error = codec.decode(&value).unwrap_err();
    let events = recorder.take();
    assert!(matches!(events[..], [Event::Refused { reason, candidates: 1, .. }] if reason == error), "{events:?}");
    data.set_schema(3);
    let error = codec.encode(&data).unwrap_err();
    let events = recorder.take();
    assert!(matches!(&events[..], [Event::Failed { error: told, .. }] if *told == error), "{events:?}");
}

#[test]
fn no_event_shows_a_key_a_cookie_a_value_or_a_whole_id() {
    let (manager, clock, recorder) = watched(|config| config);
    let mut secrets = vec!["hunter2".to_owned(), "Welcome".to_owned()];
    let mut keep = |session: &Session, cookie: Option<String>| {
        secrets.push(session.id().unwrap().to_string());
        let value = cookie.as_deref().map(|cookie| cookie_of(cookie).split_off(NAME.len() + 1));
        secrets.extend(value.filter(|value| !value.is_empty()));
        cookie.map(|cookie| cookie_of(&cookie))
    };
    let session = fresh(&manager);
    session.set("password", "hunter2").unwrap();
    session.set_flash("notice", "Welcome").unwrap();
    let cookie = keep(&session, commit(&manager, &session)).unwrap();
    clock.set(20_000);
    let session = manager.load([&cookie]);
    session.set("draft", "hunter2".repeat(1000)).unwrap();
    manager.commit(&session).unwrap_err();
    session.discard("draft");
    keep(&session, commit(&manager, &session));
    clock.set(200_000);
    let session = manager.load([&cookie]);
    assert!(session.is_empty());
    session.destroy();
    keep(&session, commit(&manager, &session));
    assert!(manager.load([cookie.replace("=A", "=B")]).is_empty());
    let events = recorder.take();
    let names: Vec<_> = events.iter().map(Event::as_str).collect();
    assert_eq!(names, ["sealed", "opened", "failed", "sealed", "refused", "deleted", "refused"]);
    // No event may show a cookie, or any longer part of one.
    let parts = secrets.iter().flat_map(|text| text.as_bytes().chunks(16).filter(|part| part.len() >= 7));
    let parts: Vec<_> = parts.map(|part| String::from_utf8(part.to_vec()).unwrap()).collect();
    assert!(parts.len() > 20);
    for text in events.iter().map(|event| format!("{event:?}").to_lowercase()) {
        for part in parts.iter().map(String::as_str).chain([&FIRST_KEY[..16], &FIRST_KEY[48..]]) {
            assert!(!text.contains(&part.to_lowercase()), "{text}");
        }
    }
}

#[test]
fn a_panic_of_an_observer_loses_nothing_and_the_others_are_told() {
    let recorder = Recorder::default();
    let (manager, _) = manager_with(|config| {
        config.observer(|event: &Event| panic!("{}", event.as_str())).observer(recorder.observer())
    });
    let session = fresh(&manager);
    session.set("user_id", 1).unwrap();
    let cookie = cookie_of(&commit(&manager, &session).unwrap());
    let session = manager.load([cookie]);
    assert_eq!(session.get("user_id"), Ok(Some(1)));
    session.set("draft", "x".repeat(4000)).unwrap();
    assert!(manager.commit(&session).is_err());
    session.destroy();
    assert!(commit(&manager, &session).is_some());
    let names: Vec<_> = recorder.take().iter().map(Event::as_str).collect();
    assert_eq!(names, ["started", "sealed", "opened", "failed", "deleted"]);
}

#[test]
fn an_observer_may_use_the_session_that_it_is_told_of() {
    let watched: Arc<OnceLock<Session>> = Arc::default();
    let lens: Arc<Mutex<Vec<(&str, usize)>>> = Arc::default();
    let (manager, _) = manager_with(|config| {
        let (watched, lens) = (Arc::clone(&watched), Arc::clone(&lens));
        config.observer(move |event: &Event| {
            if let Some(session) = watched.get() {
                lens.lock().unwrap().push((event.as_str(), session.len()));
            }
        })
    });
    let session = manager.load([sealed(&manager)]);
    assert!(watched.set(session.clone()).is_ok());
    let (sender, done) = mpsc::channel();
    // The test runs this on a thread of its own, so that a deadlock is a failure and does not hang the test.
    thread::spawn(move || {
        session.set("more", 1).unwrap();
        commit(&manager, &session).unwrap();
        session.set("draft", "x".repeat(4000)).unwrap();
        manager.commit(&session).unwrap_err();
        session.destroy();
        commit(&manager, &session).unwrap();
        sender.send(()).unwrap();
    });
    done.recv_timeout(Duration::from_secs(300)).unwrap();
    assert_eq!(*lens.lock().unwrap(), [("opened", 2), ("sealed", 2), ("failed", 3), ("deleted", 0)]);
}

#[test]
fn a_session_that_many_threads_share_is_told_of_once() {
    let (manager, _, recorder) = watched(|config| config);
    let session = manager.load([sealed(&manager)]);
    recorder.take();
    let barrier = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(session.len(), 1);
            });
        }
    });
    assert_eq!(recorder.take().len(), 1);
}

#[test]
fn every_observer_is_told_in_the_order_in_which_they_were_added() {
    let order: Arc<Mutex<Vec<u8>>> = Arc::default();
    let observer = |number| {
        let order = Arc::clone(&order);
        move |_: &Event| order.lock().unwrap().push(number)
    };
    let (manager, _) = manager_with(|config| config.observer(observer(1)).observer(observer(2)));
    sealed(&manager);
    assert_eq!(*order.lock().unwrap(), [1, 2, 1, 2]);
}

#[test]
fn counters_count_each_event_where_it_belongs() {
    let old = sealed(&manager_with(|config| config).0);
    let counters = Counters::new();
    let clock = TestClock::new();
    let config = SessionConfig::new(ring(SECOND_KEY, &[FIRST_KEY])).clock(clock.reader());
    let manager = config.observer(counters.clone()).build().unwrap();
    let counts = counters.snapshot();
    let rows = |keys: &[KeyCounts]| -> Vec<(String, &str, u64, u64, Option<u64>)> {
        let row = |key: &KeyCounts| {
            let last = key.last_opened_at.map(|at| at.as_secs() - START);
            (key.key_id.to_string(), key.ring.as_str(), key.opens, key.seals, last)
        };
        keys.iter().map(row).collect()
    };
    let [first, second] = [FIRST_KEY, SECOND_KEY].map(|digits| key(digits).id().to_string());
    assert_eq!(
        rows(&counts.keys),
        [(second.clone(), "primary", 0, 0, None), (first.clone(), "previous", 0, 0, None)],
        "zeros are there from the start"
    );
    assert_eq!((counts.limit, counts.opens(KeyRole::Previous)), (3500, 0));

    clock.set(10);
    let session = manager.load([&old]);
    assert!(!session.is_empty());
    let rekeyed = commit(&manager, &session).unwrap();
    clock.set(20);
    let session = manager.load([format!("{NAME}=planted; {}", cookie_of(&rekeyed))]);
    session.set("draft", "x".repeat(2300)).unwrap();
    let lines = [rekeyed, commit(&manager, &session).unwrap()];
    session.set("draft", "x".repeat(4000)).unwrap();
    manager.commit(&session).unwrap_err();
    let session = manager.load([forged([0xf6, 0x62, 0xe4, 0xc0])]);
    assert!(session.is_empty() && commit(&manager, &session).is_none());
    session.destroy();
    assert!(commit(&manager, &session).is_some());

    let counts = counters.snapshot();
    assert_eq!(rows(&counts.keys), [(second, "primary", 1, 2, Some(20)), (first, "previous", 1, 0, Some(10))]);
    let some = |counts: &[(&'static str, u64)]| counts.iter().copied().filter(|(_, n)| *n > 0).collect::<Vec<_>>();
    assert_eq!(some(&counts.seals), [("changed", 1), ("rekeyed", 1)]);
    assert_eq!(some(&counts.refusals), [("not_authentic", 1)]);
    assert_eq!(some(&counts.deletions), [("destroyed", 1)]);
    assert_eq!(some(&counts.failures), [("too_large", 1)]);
    assert_eq!((counts.duplicates, counts.near_limit, counts.not_extended), (1, 1, 0));
    // The size of each line counts the longest Max-Age, which has 8 digits. Those here have 5.
    assert_eq!(counts.sealed_bytes, u64::try_from(lines.iter().map(|line| line.len() + 3).sum::<usize>()).unwrap());
}

#[test]
fn each_key_has_its_own_numbers_for_what_it_is_in_each_ring_that_the_counters_watch() {
    let third = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";
    let counters = Counters::new();
    let build = |keys| {
        let config = SessionConfig::new(keys).clock(TestClock::new().reader());
        config.observer(counters.clone()).build().unwrap()
    };
    let old = build(ring(FIRST_KEY, &[]));
    let new = build(ring(SECOND_KEY, &[third, FIRST_KEY]));
    assert!(!new.load([sealed(&old)]).is_empty());
    assert!(!old.load([sealed(&old)]).is_empty());
    let counts = counters.snapshot();
    assert_eq!((counts.opens(KeyRole::Primary), counts.opens(KeyRole::Previous)), (1, 1));
    assert!(!new.load([sealed(&old)]).is_empty());
    assert_eq!(counters.snapshot().opens(KeyRole::Previous), 2);
    let rows = counts.keys;
    let rows: Vec<_> = rows.iter().map(|row| (row.key_id, row.ring.as_str(), row.opens, row.seals)).collect();
    let [first, second, third] = [FIRST_KEY, SECOND_KEY, third].map(|digits| key(digits).id());
    assert_eq!(
        rows,
        [(first, "primary", 1, 2), (second, "primary", 0, 0), (third, "previous", 0, 0), (first, "previous", 1, 0),]
    );
}

#[test]
fn what_a_forger_claims_adds_no_row_to_the_counters() {
    let counters = Counters::new();
    let (manager, _) = manager_with(|config| config.observer(counters.clone()));
    for number in 0..1000_u32 {
        assert!(manager.load([forged(number.to_be_bytes())]).is_empty());
    }
    let counts = counters.snapshot();
    assert_eq!((counts.keys.len(), counts.refusals("unknown_key")), (1, 1000));
}

#[test]
fn debug_of_a_configuration_says_how_many_observe_it() {
    let config = SessionConfig::new(key(FIRST_KEY)).observer(|_: &Event| ()).observer(Counters::new());
    assert!(format!("{config:?}").contains("Observers(2)"), "{config:?}");
}
