//! The lines that `TracingObserver` of the feature `tracing` gives to a subscriber.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{Key, KeyRing, MismatchPolicy, SessionConfig, TracingObserver, Typed};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, subscriber};

use crate::common::{FIRST_KEY, NAME, SECOND_KEY, TestClock, commit, cookie_of, fresh, key, manager_with, sealed};

/// A subscriber that keeps each event as a line of its level, its target and its fields in their order.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        panic!("it opens no span")
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().target()));
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

#[test]
fn each_event_is_written_with_its_level_and_its_fields() {
    let lines = Lines::default();
    let _guard = subscriber::set_default(lines.clone());
    let old = sealed(&manager_with(|config| config).0);
    assert_eq!(lines.take(), [""; 0], "nobody is told unless the application says so");

    let clock = TestClock::new();
    let ring = KeyRing::new(key(SECOND_KEY), vec![key(FIRST_KEY), Key::from_hex(THIRD_KEY).unwrap()]).unwrap();
    let config = SessionConfig::new(ring).clock(clock.reader()).max_cookie_bytes(1000);
    let manager = config.observer(TracingObserver).build().unwrap();
    let third = Key::from_hex(THIRD_KEY).unwrap().id();
    let started = "event=\"started\" key_id=f662e4c0 previous=f57c76ce";
    assert_eq!(
        lines.take(),
        [format!("INFO sealed_session message=sessions are sealed in cookies {started} {third} limit=1000")]
    );

    let session = manager.load([old]);
    assert_eq!(session.len(), 1);
    let cookie = cookie_of(&commit(&manager, &session).unwrap());
    assert_eq!(
        lines.take(),
        [
            "DEBUG sealed_session message=session cookie opened event=\"opened\" key_id=f57c76ce ring=\"previous\" candidates=1",
            "DEBUG sealed_session message=session sealed event=\"sealed\" key_id=f662e4c0 cause=\"rekeyed\" bytes=220 limit=1000",
        ]
    );

    let session = manager.load([format!("{cookie}; {NAME}=x")]);
    session.set("draft", "x".repeat(2000)).unwrap();
    manager.commit(&session).unwrap_err();
    session.destroy();
    commit(&manager, &session).unwrap();
    assert_eq!(
        lines.take(),
        [
            "TRACE sealed_session message=session cookie opened event=\"opened\" key_id=f662e4c0 ring=\"primary\" candidates=2",
            "ERROR sealed_session message=session not kept: session cookie must be at most 1000 bytes, found 2908; \
             largest entries: \"draft\" (2010 bytes), \"user_id\" (11 bytes) event=\"failed\" error=\"too_large\"",
            "DEBUG sealed_session message=session cookie deleted event=\"deleted\" cause=\"destroyed\"",
        ]
    );
}

const THIRD_KEY: &str = "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f";

#[test]
fn a_refusal_is_written_at_the_level_of_its_reason_with_the_key_id_if_it_is_known() {
    let good = sealed(&manager_with(|config| config).0);
    let (manager, clock) = manager_with(|config| config.observer(TracingObserver));
    let (other, _) = manager_with(|_| SessionConfig::new(key(SECOND_KEY)).observer(TracingObserver));
    let lines = Lines::default();
    let _guard = subscriber::set_default(lines.clone());
    let tampered = format!("{}{}", &good[..good.len() - 4], if good.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    assert!(manager.load([format!("{NAME}=x")]).is_empty());
    assert!(manager.load([tampered]).is_empty());
    assert!(other.load([&good]).is_empty());
    clock.set(86_400);
    assert!(manager.load([&good]).is_empty());
    let expected = [
        ("INFO", "session cookie is not in the known format", "malformed", None),
        ("WARN", "session cookie could not be authenticated", "not_authentic", Some("f57c76ce")),
        ("WARN", "session cookie is sealed under the unknown key f57c76ce", "unknown_key", Some("f57c76ce")),
        (
            "DEBUG",
            "session is past its idle timeout: ended 2023-11-15T22:13:20Z, now 2023-11-15T22:13:20Z",
            "expired_idle",
            Some("f57c76ce"),
        ),
    ];
    let expected = expected.map(|(level, message, reason, key_id)| {
        let key_id = key_id.map(|id| format!(" key_id={id}")).unwrap_or_default();
        format!("{level} sealed_session message={message} event=\"refused\" reason=\"{reason}\"{key_id} candidates=1")
    });
    assert_eq!(lines.take(), expected);
}

#[test]
fn a_session_that_is_too_large_to_be_extended_is_a_warning() {
    let (roomy, _) = manager_with(|config| config);
    let session = fresh(&roomy);
    session.set("draft", "x".repeat(1000)).unwrap();
    let cookie = cookie_of(&commit(&roomy, &session).unwrap());
    let (manager, clock) = manager_with(|config| {
        config.idle_timeout(Duration::from_secs(86_400)).max_cookie_bytes(1000).observer(TracingObserver)
    });
    clock.set(20_000);
    let lines = Lines::default();
    let _guard = subscriber::set_default(lines.clone());
    let session = manager.load([cookie]);
    assert!(session.contains("draft") && commit(&manager, &session).is_none());
    let lines = lines.take();
    assert!(
        lines[1].starts_with("WARN sealed_session message=session not extended: session cookie must be"),
        "{lines:?}"
    );
    assert!(lines[1].ends_with("event=\"not_extended\" error=\"too_large\""), "{lines:?}");
}

#[test]
fn a_session_that_begins_anew_is_a_warning_that_names_the_value() {
    let (manager, _) = manager_with(|config| config.on_mismatch(MismatchPolicy::BeginAnew).observer(TracingObserver));
    let session = fresh(&manager);
    session.set("visits", "many").unwrap();
    let lines = Lines::default();
    let _guard = subscriber::set_default(lines.clone());
    Typed::<BTreeMap<String, u32>>::new(session).unwrap();
    let line =
        "WARN sealed_session message=session begun anew: session value \"visits\" is not a u32 event=\"begun_anew\"";
    assert_eq!(lines.take(), [line]);
}

#[cfg(feature = "dbsc")]
#[test]
fn an_answer_of_the_route_of_device_binding_is_written_with_its_outcome() {
    use sealed_session::{BindingRequest, DeviceBinding};
    let config = SessionConfig::new(key(FIRST_KEY)).cookie_name(NAME).device_binding(DeviceBinding::new());
    let manager = config.observer(TracingObserver).build().unwrap();
    let lines = Lines::default();
    let _guard = subscriber::set_default(lines.clone());
    let session = manager.load(None::<&str>);
    for request in [
        BindingRequest::from_headers(|_| None),
        BindingRequest::from_headers(|name| (name == "sec-secure-session-id").then_some("unknown")),
    ] {
        let _ = futures_lite::future::block_on(manager.answer_binding(&session, &request));
    }
    let line = |level: &str, outcome: &str| {
        format!("{level} sealed_session message=device binding answered event=\"binding\" outcome=\"{outcome}\"")
    };
    assert_eq!(lines.take(), [line("WARN", "refused"), line("DEBUG", "ended")]);
}
