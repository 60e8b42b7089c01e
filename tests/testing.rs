//! The module `testing`, which the feature `test-util` gives to the tests of applications.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use sealed_session::testing::{SetCookieError, TestBrowser, TestClock, TestCookies, read_set_cookie};
use sealed_session::{
    Clock, DecodeError, Key, MemoryStore, SessionConfig, SessionManager, StaleLogin, Status, TimeoutPreset, UnixTime,
};

use crate::helpers::{KEY, START, at};

mod helpers;

fn manager_with(change: impl FnOnce(SessionConfig) -> SessionConfig) -> (SessionManager, TestClock) {
    let clock = TestClock::fixed(at(START));
    let config = SessionConfig::new(Key::from_hex(KEY).unwrap()).clock(clock.clone());
    (change(config).build().unwrap(), clock)
}

/// Managers with different configurations, so that everything on which a cookie depends differs somewhere.
fn managers() -> [(SessionManager, TestClock); 4] {
    [
        manager_with(|config| config),
        manager_with(|config| config.cookie_name("__Host-session").audience("shop").schema(3).padding_block(1)),
        manager_with(|config| config.timeouts(TimeoutPreset::NistAal1).not_before(at(START))),
        manager_with(|config| config.idle_timeout(Duration::from_secs(1)).max_cookie_bytes(4200)),
    ]
}

fn refusal(manager: &SessionManager, cookie: &str) -> Option<DecodeError> {
    let session = manager.load([cookie]);
    assert_eq!(session.candidates(), 1, "{cookie}");
    session.rejected()
}

#[test]
fn a_fixed_clock_stands_still_until_it_is_set_and_its_clones_with_it() {
    let clock = TestClock::fixed(at(100));
    let other = clock.clone();
    assert_eq!((clock.now(), clock.now(), other.now()), (at(100), at(100), at(100)));
    other.advance(Duration::from_millis(2_999));
    assert_eq!(clock.now(), at(102));
    clock.set(at(50));
    assert_eq!(other.now(), at(50));
}

#[test]
fn a_stepping_clock_goes_on_with_each_reading() {
    let clock = TestClock::stepping(at(100), Duration::from_secs(10));
    assert_eq!([clock.now(), clock.now(), clock.now()], [at(100), at(110), at(120)]);
    clock.advance(Duration::from_secs(5));
    assert_eq!(clock.clone().now(), at(135));
    clock.set(at(0));
    assert_eq!([clock.now(), clock.now()], [at(0), at(10)]);
}

#[test]
fn a_clock_stops_at_the_latest_time() {
    let clock = TestClock::stepping(UnixTime::MAX, Duration::MAX);
    assert_eq!((clock.now(), clock.now()), (UnixTime::MAX, UnixTime::MAX));
    clock.advance(Duration::MAX);
    assert_eq!(clock.now(), UnixTime::MAX);
}

#[test]
fn two_threads_never_read_one_time_from_a_stepping_clock() {
    let clock = TestClock::stepping(at(0), Duration::from_secs(1));
    let readings =
        |clock: TestClock| thread::spawn(move || (0..1_000).map(|_| clock.now().as_secs()).collect::<Vec<_>>());
    let readers: Vec<_> = (0..4).map(|_| readings(clock.clone())).collect();
    let all: BTreeSet<u64> = readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect();
    assert!(all.into_iter().eq(0..4_000));
}

#[test]
fn a_logged_in_cookie_opens_with_its_values_and_is_of_a_login_just_now() {
    for (manager, clock) in managers() {
        let cookies = TestCookies::new(&manager).with("user_id", 42).with("roles", ["editor"]);
        clock.advance(Duration::from_secs(3 * 24 * 3600)); // each cookie is made when it is asked for, after this
        let (first, second) = (manager.load([cookies.logged_in()]), manager.load([cookies.logged_in()]));
        assert_eq!((first.status(), first.keys()), (Status::Loaded, vec!["user_id".to_owned(), "roles".to_owned()]));
        assert_eq!(first.get("user_id"), Ok(Some(42)));
        assert_eq!(first.created_at(), clock.now());
        assert_eq!(first.require_recent(Duration::from_secs(1)), Ok(()));
        assert_ne!(first.id().unwrap(), second.id().unwrap());
    }
}

#[test]
fn each_bad_cookie_is_refused_for_its_reason() {
    for (manager, _) in managers() {
        let cookies = TestCookies::new(&manager).with("user_id", 42);
        for _ in 0..50 {
            assert!(matches!(refusal(&manager, &cookies.expired()), Some(DecodeError::Expired { .. })));
            assert_eq!(refusal(&manager, &cookies.tampered()), Some(DecodeError::NotAuthentic));
            assert!(matches!(refusal(&manager, &cookies.foreign_key()), Some(DecodeError::UnknownKey { .. })));
            assert_eq!(refusal(&manager, &cookies.other_name()), Some(DecodeError::NotAuthentic));
        }
    }
}

#[test]
fn cookies_are_as_large_as_the_configuration_allows() {
    let (manager, _) = manager_with(|config| config.max_cookie_bytes(4_200));
    let cookies = TestCookies::new(&manager).with("draft", "x".repeat(2_800));
    assert_eq!(refusal(&manager, &cookies.logged_in()), None);
    assert!(matches!(refusal(&manager, &cookies.foreign_key()), Some(DecodeError::UnknownKey { .. })));
    assert_eq!(refusal(&manager, &cookies.other_name()), Some(DecodeError::NotAuthentic));
}

#[test]
fn every_cookie_of_a_session_that_just_fits_can_be_made_whatever_the_padding() {
    for two_cookies in [false, true] {
        for padding in [1, 32, 1024] {
            let (manager, _) = manager_with(|config| {
                config.max_cookie_bytes(usize::MAX).padding_block(padding).two_cookies(two_cookies)
            });
            let room = manager.load(None::<&str>).remaining_bytes();
            let cookies = TestCookies::new(&manager).with("a", "x".repeat(room - "_a__".len() - 2));
            assert_eq!(manager.load([cookies.logged_in()]).remaining_bytes(), 0);
            assert_eq!(refusal(&manager, &cookies.foreign_key()).unwrap().as_str(), "unknown_key", "{padding}");
            assert!(refusal(&manager, &cookies.expired()).unwrap().is_expired());
            assert!(
                refusal(&manager, &cookies.tampered()).is_some() && refusal(&manager, &cookies.other_name()).is_some()
            );
        }
    }
}

#[test]
fn a_cookie_of_another_name_is_good_under_that_name() {
    let (manager, _) = manager_with(|config| config);
    let (other, _) = manager_with(|config| config.cookie_name("tideway_session-other"));
    let cookie = TestCookies::new(&manager).with("user_id", 42).other_name();
    let (_, value) = cookie.split_once('=').unwrap();
    assert_eq!(other.load([format!("tideway_session-other={value}")]).get("user_id"), Ok(Some(42)));
}

#[test]
fn an_expired_cookie_was_good_one_second_before() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = TestCookies::new(&manager).expired();
    clock.set(at(START - 1));
    assert_eq!(refusal(&manager, &cookie), None);
}

#[test]
fn a_cookie_expires_at_the_start_of_time_too() {
    let (manager, clock) = manager_with(|config| config);
    clock.set(UnixTime::MIN);
    let cookie = TestCookies::new(&manager).expired();
    assert!(refusal(&manager, &cookie).unwrap().is_expired());
}

#[test]
#[should_panic(expected = "the session should fit into a cookie")]
fn cookies_of_a_session_that_is_too_large_panic() {
    let (manager, _) = manager_with(|config| config);
    let _ = TestCookies::new(&manager).with("draft", "x".repeat(5_000)).logged_in();
}

#[test]
#[should_panic(expected = "a session should take this value")]
fn a_value_that_no_session_takes_panics() {
    let (manager, _) = manager_with(|config| config);
    let _ = TestCookies::new(&manager).with("", 1);
}

#[test]
fn a_browser_sends_back_what_it_got_until_a_response_deletes_it() {
    let (manager, clock) = manager_with(|config| config);
    let mut browser = TestBrowser::new(&manager);
    browser.commit(&browser.load()).unwrap();
    assert_eq!(browser.cookie(), None, "a new session without a value needs no cookie");
    let session = browser.load();
    session.set("user_id", 42).unwrap();
    browser.commit(&session).unwrap();
    let cookie = browser.cookie().unwrap().to_owned();
    browser.commit(&browser.load()).unwrap();
    assert_eq!(browser.cookie(), Some(cookie.as_str()), "nothing changed");
    clock.advance(Duration::from_secs(3 * 3600));
    let session = browser.load();
    assert_eq!(session.get("user_id"), Ok(Some(42)));
    browser.commit(&session).unwrap();
    assert_ne!(browser.cookie(), Some(cookie.as_str()), "due for extension");
    let limit = Duration::from_secs(3600);
    let refused = StaleLogin::TooOld { age: Duration::from_secs(3 * 3600), limit };
    assert_eq!(browser.load().require_recent(limit), Err(refused));
    let session = browser.load();
    session.destroy();
    browser.commit(&session).unwrap();
    assert_eq!(browser.cookie(), None);
}

#[test]
fn a_browser_takes_the_manager_s_cookie_only_wherever_it_stands() {
    let (manager, _) = manager_with(|config| config);
    let mut browser = TestBrowser::new(&manager);
    browser.receive(["theme=dark; Path=/", "tideway_sessions=1", "TIDEWAY_SESSION=2", "tideway_session", "=3"]);
    assert_eq!(browser.cookie(), None);
    browser.receive(["theme=dark", " tideway_session = a=b ; max-age=06; Path=/"]);
    assert_eq!(browser.cookie(), Some("tideway_session=a=b"));
    browser.receive(vec!["theme=; Max-Age=0".to_owned()]);
    assert_eq!(browser.cookie(), Some("tideway_session=a=b"));
    browser.receive(["tideway_session=; Path=/;max-age=0"]);
    assert_eq!(browser.cookie(), None);
}

#[cfg(feature = "dbsc")]
#[test]
fn a_browser_takes_the_bound_cookie_too_if_the_manager_binds_sessions() {
    for (binds, expected) in [(true, Some("tideway_session-bound=x")), (false, None)] {
        let bound = |config: SessionConfig| config.device_binding(sealed_session::DeviceBinding::new());
        let (manager, _) = manager_with(|config| if binds { bound(config) } else { config });
        let mut browser = TestBrowser::new(&manager);
        browser.receive(["tideway_session-bound=x; Path=/; Max-Age=600", "theme=dark; Path=/"]);
        assert_eq!(browser.cookie(), expected);
    }
}

#[test]
fn a_set_cookie_is_read_back_or_says_why_not() {
    let (manager, clock) = manager_with(|config| config);
    let session = manager.load(None::<&str>);
    session.set("user_id", 42).unwrap();
    let set_cookie = manager.commit(&session).unwrap().into_iter().next().unwrap();
    let data = read_set_cookie(&manager, &set_cookie).unwrap();
    assert_eq!((data.get("user_id"), data.id()), (Ok(Some(42)), session.id().unwrap()));

    clock.advance(Duration::from_secs(24 * 3600));
    let error = read_set_cookie(&manager, &set_cookie).unwrap_err();
    assert!(matches!(error, SetCookieError::Refused(DecodeError::Expired { .. })));
    assert!(error.to_string().starts_with("Set-Cookie must hold a session: "));

    session.destroy();
    let set_cookie = manager.commit(&session).unwrap().into_iter().next().unwrap();
    let error = read_set_cookie(&manager, &set_cookie).unwrap_err();
    assert_eq!(error, SetCookieError::Deletion);
    assert_eq!(error.to_string(), "Set-Cookie must hold a session, found a deletion");

    let error = read_set_cookie(&manager, "s3cret").unwrap_err();
    let expected = "tideway_session".to_owned();
    assert_eq!(error, SetCookieError::OtherName { expected, found: String::new() });
}

#[test]
fn debug_shows_no_cookie_and_no_value() {
    let (manager, _) = manager_with(|config| config);
    let cookies = TestCookies::new(&manager).with("token", "s3cret");
    let browser = TestBrowser::new(&manager).with_cookie("tideway_session=s3cret");
    let text = format!("{cookies:?} {browser:?}");
    assert!(!text.contains("s3cret") && text.contains("has_cookie: true"), "{text}");
}

#[test]
fn a_session_over_two_cookies_lives_in_the_browser_and_in_the_cookies_of_tests() {
    let (manager, _) = manager_with(|config| config.two_cookies(true));
    let mut browser = TestBrowser::new(&manager);
    let session = browser.load();
    session.set("text", "x".repeat(4000)).unwrap();
    browser.commit(&session).unwrap();
    let names = |browser: &TestBrowser| -> BTreeSet<String> {
        let pairs = browser.cookie().unwrap_or_default().split("; ");
        pairs.filter_map(|pair| Some(pair.split_once('=')?.0.to_owned())).collect()
    };
    let both = BTreeSet::from(["tideway_session".to_owned(), "tideway_session-2".to_owned()]);
    assert_eq!(names(&browser), both);
    let session = browser.load();
    assert_eq!(session.get("text"), Ok(Some("x".repeat(4000))));
    session.set("text", "short").unwrap();
    browser.commit(&session).unwrap();
    assert_eq!(names(&browser).len(), 1);
    assert_eq!(browser.load().get("text"), Ok(Some("short".to_owned())));

    let cookies = TestCookies::new(&manager).with("text", "x".repeat(4000));
    let mut browser = browser.with_cookie(cookies.logged_in());
    assert_eq!(names(&browser), both);
    assert!(browser.load().contains("text"));
    let session = browser.load();
    session.destroy();
    browser.commit(&session).unwrap();
    assert_eq!(browser.cookie(), None);
    let reason = |cookie: String| refusal(&manager, &cookie).unwrap().as_str();
    assert_eq!(reason(cookies.expired()), "expired_idle");
    assert_eq!(reason(cookies.foreign_key()), "unknown_key");
    assert_eq!(reason(cookies.tampered()), "incomplete");
    assert_eq!(reason(cookies.other_name()), "incomplete");
}

#[test]
fn a_browser_keeps_the_cookie_of_a_session_that_is_in_a_store() {
    futures_lite::future::block_on(async {
        let (manager, clock) = manager_with(|config| config.store(MemoryStore::new()));
        let mut browser = TestBrowser::new(&manager);
        let session = browser.load_async().await.unwrap();
        session.set("draft", "x".repeat(5000)).unwrap();
        assert!(browser.commit(&session).is_err(), "a store has to be asked");
        assert_eq!(browser.cookie(), None);
        browser.commit_async(&session).await.unwrap();
        assert!(browser.load_async().await.unwrap().contains("draft"));
        assert_eq!(browser.load().rejected(), Some(DecodeError::NotAsked));
        clock.advance(Duration::from_secs(24 * 60 * 60));
        assert!(browser.load_async().await.unwrap().rejected().unwrap().is_expired());
    });
}
