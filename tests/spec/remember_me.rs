//! "Remember me": a longer idle timeout of one session that slides; and requests that do not keep a session alive.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::{
    DecodeError, EncodeError, KeyRing, MemoryRevocations, MemoryStore, Session, SessionConfig, SessionManager,
    ValueError,
};

use crate::backends::{commit, load, user_id};
use crate::common::{FIRST_KEY, SECOND_KEY, START, TestClock, at, key, manager_with};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
const TWO_WEEKS: Duration = Duration::from_secs(14 * DAY);

/// Managers with the same timeouts in each placement, with a store that is as old as the clock says. The absolute
/// timeout is a year, the idle timeout a day, and `extend_after` a tenth of it.
fn placements() -> Vec<(SessionManager, TestClock)> {
    type Change = fn(SessionConfig) -> SessionConfig;
    let changes: [Change; 4] = [
        |config| config,
        |config| config.store(MemoryStore::new().clock(|| at(START))),
        |config| config.spill(MemoryStore::new().clock(|| at(START))),
        |config| config.revocations(MemoryRevocations::new().clock(|| at(START))).subject("user_id"),
    ];
    let year = Duration::from_secs(365 * DAY);
    changes.map(|change| manager_with(|config| change(config.absolute_timeout(year)))).into()
}

/// Logs in, and returns the cookie.
fn log_in(manager: &SessionManager, remember: bool) -> String {
    let session = load(manager, "");
    session.regenerate().unwrap();
    session.set("user_id", 42).unwrap();
    if remember {
        session.set_idle_timeout(TWO_WEEKS).unwrap();
    }
    commit(manager, &session).unwrap()
}

/// Reads the session of this cookie as a request does, and returns the cookie that the browser has then.
fn visit(manager: &SessionManager, cookie: String) -> Option<String> {
    let session = load(manager, &cookie);
    user_id(&session)?;
    Some(commit(manager, &session).unwrap_or(cookie))
}

#[test]
fn a_visitor_who_comes_every_week_is_remembered_until_the_absolute_timeout() {
    for (manager, clock) in placements() {
        let mut cookie = log_in(&manager, true);
        for week in 1..=52 {
            clock.set(week * 7 * DAY);
            cookie = visit(&manager, cookie).unwrap_or_else(|| panic!("out in week {week}"));
        }
        assert!(cookie.contains("; Max-Age=691200"), "in week 51, 8 days are left of the year: {cookie}");
        clock.set(365 * DAY);
        assert_eq!(visit(&manager, cookie), None, "the absolute timeout holds");
    }
}

#[test]
fn a_visitor_who_stays_away_for_the_longer_timeout_is_out() {
    for (manager, clock) in placements() {
        let cookie = log_in(&manager, true);
        assert!(cookie.contains("; Max-Age=1209600"), "{cookie}");
        clock.set(14 * DAY - 1);
        assert!(visit(&manager, cookie.clone()).is_some());
        clock.set(14 * DAY);
        assert!(load(&manager, &cookie).rejected().unwrap().is_expired());
    }
}

#[test]
fn one_who_is_not_remembered_is_out_after_the_configured_timeout() {
    for (manager, clock) in placements() {
        let cookie = log_in(&manager, false);
        clock.set(DAY);
        assert_eq!(visit(&manager, cookie), None);
    }
}

#[test]
fn a_remembered_session_is_sealed_at_most_once_per_extend_after() {
    for (manager, clock) in placements() {
        let mut cookie = log_in(&manager, true);
        let mut seals = 0;
        for minute in (0..=24 * 60).step_by(5) {
            clock.set(minute * 60);
            let session = load(&manager, &cookie);
            session.set_idle_timeout(TWO_WEEKS).unwrap(); // an application may say so each time
            if let Some(sealed) = commit(&manager, &session) {
                cookie = sealed;
                seals += 1;
            }
        }
        assert_eq!(seals, 9, "every 2.4 hours, which a request comes for every 5 minutes, so 2 h 25 min");
    }
}

#[test]
fn the_timeout_of_the_configuration_takes_the_longer_one_back() {
    for (manager, clock) in placements() {
        let cookie = log_in(&manager, true);
        clock.set(HOUR);
        let session = load(&manager, &cookie);
        assert_eq!(session.idle_timeout(), TWO_WEEKS);
        session.set_idle_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(session.idle_timeout(), Duration::from_secs(DAY), "none is shorter than the configured one");
        assert_eq!(session.expires_at(), at(START + HOUR + DAY));
        let cookie = commit(&manager, &session).unwrap();
        clock.set(HOUR + DAY);
        assert_eq!(visit(&manager, cookie), None);
    }
}

#[test]
fn a_login_that_is_remembered_lasts_beyond_the_browser_whatever_an_earlier_login_said() {
    let log_in = |session: &Session, remember: bool| {
        session.regenerate().unwrap();
        session.set("user_id", 42).unwrap();
        session.set_persistent(remember);
        if remember {
            session.set_idle_timeout(TWO_WEEKS).unwrap();
        }
    };
    for (manager, _) in placements() {
        let session = load(&manager, "");
        log_in(&session, false);
        let cookie = commit(&manager, &session).unwrap();
        assert!(!cookie.contains("Max-Age"), "{cookie}");
        let session = load(&manager, &cookie);
        log_in(&session, true);
        let cookie = commit(&manager, &session).unwrap();
        assert!(cookie.contains("; Max-Age=1209600"), "{cookie}");
    }
}

#[test]
fn another_login_in_the_same_browser_is_not_remembered() {
    for (manager, _) in placements() {
        let cookie = log_in(&manager, true);
        let session = load(&manager, &cookie);
        session.regenerate().unwrap();
        session.set("user_id", 43).unwrap();
        assert_eq!(session.idle_timeout(), Duration::from_secs(DAY));
        let cookie = commit(&manager, &session).unwrap();
        assert!(cookie.contains("; Max-Age=86400"), "{cookie}");
        assert_eq!(load(&manager, &cookie).idle_timeout(), Duration::from_secs(DAY));
    }
}

#[test]
fn the_timeout_is_no_value_and_no_value_touches_it() {
    for (manager, _) in placements() {
        let session = load(&manager, "");
        session.set_idle_timeout(TWO_WEEKS).unwrap();
        assert!(session.is_empty() && session.keys().is_empty());
        assert_eq!(commit(&manager, &session), None, "it begins no session by itself");
        session.set("user_id", 42).unwrap();
        session.set_data(&std::collections::BTreeMap::from([("user_id", 43)])).unwrap();
        session.clear();
        session.set("user_id", 44).unwrap();
        assert_eq!(session.idle_timeout(), TWO_WEEKS);
        let reserved = ValueError::Reserved { key: "~idle".to_owned() };
        assert_eq!(session.set("~idle", 1), Err(reserved));
        let cookie = commit(&manager, &session).unwrap();
        assert_eq!(load(&manager, &cookie).idle_timeout(), TWO_WEEKS);
        assert_eq!(session.destroy().map(|_| session.idle_timeout()), Some(Duration::from_secs(DAY)));
    }
}

#[test]
fn a_timeout_that_the_format_can_not_carry_is_an_error_and_changes_nothing() {
    let (manager, _) = manager_with(|config| config);
    let session = load(&manager, "");
    for timeout in [Duration::ZERO, Duration::from_millis(999), Duration::MAX] {
        assert_eq!(session.set_idle_timeout(timeout), Err(EncodeError::TimeOutOfRange));
    }
    assert_eq!(session.status(), sealed_session::Status::New);
}

/// A request that counts as no use of the session.
fn poll(manager: &SessionManager, cookie: &str, act: impl FnOnce(&Session)) -> Option<String> {
    let session = load(manager, cookie);
    session.keep_expiry();
    act(&session);
    commit(manager, &session)
}

#[test]
fn polling_does_not_keep_a_session_alive() {
    for (manager, clock) in placements() {
        let cookie = log_in(&manager, false);
        for hour in 1..24 {
            clock.set(hour * HOUR);
            assert_eq!(poll(&manager, &cookie, |session| assert_eq!(user_id(session), Some(42))), None);
        }
        clock.set(DAY);
        assert!(load(&manager, &cookie).rejected().unwrap().is_expired());
    }
}

#[test]
fn a_change_while_polling_is_kept_and_moves_no_end() {
    for (manager, clock) in placements() {
        let mut cookie = log_in(&manager, false);
        for hour in 1..24 {
            clock.set(hour * HOUR);
            cookie = poll(&manager, &cookie, |session| session.set("hour", hour).unwrap()).unwrap();
            let session = load(&manager, &cookie);
            assert_eq!((session.get("hour"), session.expires_at()), (Ok(Some(hour)), at(START + DAY)));
        }
        clock.set(DAY);
        assert!(load(&manager, &cookie).rejected().unwrap().is_expired());
    }
}

#[test]
fn a_visit_right_after_a_poll_that_changed_something_extends_the_session() {
    for (manager, clock) in placements() {
        let cookie = log_in(&manager, false);
        clock.set(12 * HOUR);
        let cookie = poll(&manager, &cookie, |session| session.set("seen", true).unwrap()).unwrap();
        clock.set(12 * HOUR + 1);
        let cookie = visit(&manager, cookie).unwrap();
        clock.set(DAY + 12 * HOUR);
        assert!(visit(&manager, cookie).is_some(), "a day after the visit less a second");
    }
}

#[test]
fn visits_between_polls_that_change_something_remember_a_visitor_for_the_whole_idle_timeout() {
    for (manager, clock) in placements() {
        let mut cookie = log_in(&manager, true);
        for hour in 1..=100 {
            clock.set(hour * HOUR);
            cookie = poll(&manager, &cookie, |session| session.set("hour", hour).unwrap()).unwrap();
            cookie = visit(&manager, cookie).unwrap();
        }
        // The cookie is sealed again once its end would move by a tenth of a day.
        clock.set((100 - 2) * HOUR + 14 * DAY - 1);
        assert!(visit(&manager, cookie).is_some(), "two weeks after the last visit but one");
    }
}

#[test]
fn slow_visits_between_polls_that_change_something_keep_a_session_alive() {
    let (manager, clock) = manager_with(|config| config);
    let mut cookie = log_in(&manager, false);
    for hour in 1..48 {
        clock.set(hour * HOUR);
        cookie = poll(&manager, &cookie, |session| session.set("hour", hour).unwrap()).unwrap();
        let session = load(&manager, &cookie);
        assert_eq!(user_id(&session), Some(42), "{hour}");
        clock.set(hour * HOUR + 3);
        cookie = commit(&manager, &session).unwrap_or(cookie);
    }
}

#[test]
fn what_a_polling_request_asks_for_itself_is_taken() {
    for (manager, clock) in placements() {
        let cookie = log_in(&manager, false);
        clock.set(12 * HOUR);
        let extended =
            poll(&manager, &cookie, |session| session.extend(Duration::from_secs(2 * DAY)).unwrap()).unwrap();
        assert_eq!(load(&manager, &extended).expires_at(), at(START + 12 * HOUR + 2 * DAY));
        let remembered = poll(&manager, &extended, |session| session.set_idle_timeout(TWO_WEEKS).unwrap()).unwrap();
        assert_eq!(load(&manager, &remembered).expires_at(), at(START + 12 * HOUR + 14 * DAY));
        let begun = poll(&manager, "", |session| session.set("user_id", 43).unwrap()).unwrap();
        assert_eq!(
            load(&manager, &begun).expires_at(),
            at(START + 12 * HOUR + DAY),
            "a session that begins has a life"
        );
        let renewed = poll(&manager, &remembered, |session| _ = session.regenerate().unwrap()).unwrap();
        assert_eq!(load(&manager, &renewed).expires_at(), at(START + 12 * HOUR + DAY), "so has one of a login");
    }
}

#[test]
fn to_say_that_a_request_is_no_use_opens_no_session() {
    let (manager, _) = manager_with(|config| config);
    let session = manager.load([log_in(&manager, false)]);
    session.keep_expiry();
    assert!(!session.is_opened());
}

#[test]
fn a_new_key_is_sent_to_a_polling_client_without_a_later_end() {
    use crate::common::{FIRST_KEY, SECOND_KEY, ring};
    let clock = TestClock::new();
    let build = |keys| SessionConfig::new(keys).clock(clock.reader()).build().unwrap();
    let [before, after] = [build(ring(FIRST_KEY, &[])), build(ring(SECOND_KEY, &[FIRST_KEY]))];
    let cookie = log_in(&before, false);
    clock.set(12 * HOUR);
    let rekeyed = poll(&after, &cookie, |session| assert_eq!(user_id(session), Some(42))).unwrap();
    assert_eq!(load(&after, &rekeyed).expires_at(), at(START + DAY));
}

#[test]
fn of_a_login_that_is_remembered_and_a_read_at_once_the_session_stays_remembered() {
    let store = Arc::new(MemoryStore::new().clock(|| at(START)));
    let (manager, clock) = manager_with(|config| config.store(Arc::clone(&store)));
    let cookie = log_in(&manager, false);
    clock.set(12 * HOUR);
    let reading = load(&manager, &cookie);
    let session = load(&manager, &cookie);
    session.set_idle_timeout(TWO_WEEKS).unwrap();
    commit(&manager, &session).unwrap();
    // The read was due for an extension, and its answer may come last.
    let _ = user_id(&reading);
    let last = commit(&manager, &reading).unwrap_or(cookie);
    clock.set(13 * HOUR);
    let next = visit(&manager, last).unwrap();
    assert_eq!(load(&manager, &next).expires_at(), at(START + 13 * HOUR + 14 * DAY));
}

#[test]
fn the_previous_key_is_needed_until_the_longest_idle_timeout_of_a_session_has_passed() {
    for (manager, clock) in placements() {
        let (remembered, other) = (log_in(&manager, true), log_in(&manager, false));
        manager.set_keys(KeyRing::new(key(SECOND_KEY), vec![key(FIRST_KEY)]).unwrap());
        clock.set(DAY + 1); // past the idle timeout of the configuration
        assert_eq!(user_id(&load(&manager, &other)), None, "it has ended");
        assert_eq!(user_id(&load(&manager, &remembered)), Some(42), "it still needs the previous key");
        manager.set_keys(key(SECOND_KEY));
        assert!(matches!(load(&manager, &remembered).rejected(), Some(DecodeError::UnknownKey { .. })));
    }
}
