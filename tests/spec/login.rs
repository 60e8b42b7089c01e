//! The timeouts that the standards ask for, and the check that a login is recent.

use std::time::Duration;

use sealed_session::{SessionManager, StaleLogin, Status, TimeoutPreset};

use crate::common::{TestClock, commit, cookie_of, fresh, manager_with, next, sealed};

const LIMIT: Duration = Duration::from_secs(300);

/// The error for a login that was so many seconds ago.
fn too_old(age: u64) -> Result<(), StaleLogin> {
    Err(StaleLogin::TooOld { age: Duration::from_secs(age), limit: LIMIT })
}

/// Each preset with the idle and the absolute timeout of its standard, in seconds.
const PRESETS: [(TimeoutPreset, u64, u64); 5] = [
    (TimeoutPreset::OwaspHighValue, 5 * 60, 4 * 3600),
    (TimeoutPreset::OwaspLowRisk, 30 * 60, 8 * 3600),
    (TimeoutPreset::NistAal1, 30 * 24 * 3600, 30 * 24 * 3600),
    (TimeoutPreset::NistAal2, 3600, 24 * 3600),
    (TimeoutPreset::NistAal3, 15 * 60, 12 * 3600),
];

/// Sets the clock, and tells whether the cookie opens then.
fn opens(manager: &SessionManager, clock: &TestClock, seconds: u64, cookie: &str) -> bool {
    clock.set(seconds);
    manager.load([cookie]).rejected().is_none()
}

#[test]
fn each_preset_ends_a_session_at_the_timeouts_of_its_standard() {
    for (preset, idle, _) in PRESETS {
        let (manager, clock) = manager_with(|config| config.timeouts(preset));
        let cookie = sealed(&manager);
        assert!(opens(&manager, &clock, idle - 1, &cookie), "{preset:?}");
        assert!(!opens(&manager, &clock, idle, &cookie), "{preset:?}");
    }
}

#[test]
fn a_session_in_use_ends_at_the_absolute_timeout_of_its_preset() {
    for (preset, idle, absolute) in PRESETS {
        let (manager, clock) = manager_with(|config| config.timeouts(preset));
        let mut cookie = sealed(&manager);
        for seconds in (0..absolute).step_by(usize::try_from(idle / 2).unwrap()) {
            assert!(opens(&manager, &clock, seconds, &cookie), "{preset:?} {seconds}");
            let session = manager.load([cookie.as_str()]);
            session.set("seconds", seconds).unwrap();
            cookie = cookie_of(&commit(&manager, &session).unwrap());
        }
        assert!(opens(&manager, &clock, absolute - 1, &cookie), "{preset:?}");
        assert!(!opens(&manager, &clock, absolute, &cookie), "{preset:?}");
    }
}

#[test]
fn of_a_preset_and_a_timeout_the_later_call_counts() {
    let minute = Duration::from_secs(60);
    let preset = TimeoutPreset::NistAal2;
    let before = manager_with(|config| config.idle_timeout(minute).absolute_timeout(minute).timeouts(preset));
    let idle = manager_with(|config| config.timeouts(preset).idle_timeout(minute));
    let absolute = manager_with(|config| config.timeouts(preset).absolute_timeout(90 * minute));
    for ((manager, clock), idle, absolute) in [(before, 3600, 24 * 3600), (idle, 60, 24 * 3600), (absolute, 3600, 5400)]
    {
        let cookie = sealed(&manager);
        assert!(opens(&manager, &clock, idle - 1, &cookie));
        assert!(!opens(&manager, &clock, idle, &cookie));
        clock.set(0);
        let session = manager.load([cookie]);
        session.extend(Duration::from_secs(365 * 24 * 3600)).unwrap();
        assert_eq!(session.expires_at().as_secs() - session.created_at().as_secs(), absolute);
    }
}

#[test]
fn a_login_is_recent_until_one_second_before_the_limit() {
    let (manager, clock) = manager_with(|config| config);
    let session = fresh(&manager);
    session.regenerate().unwrap();
    assert_eq!(session.require_recent(LIMIT), Ok(()), "in the request of the login too");
    session.set("user_id", 42).unwrap();
    let cookie = cookie_of(&commit(&manager, &session).unwrap());
    for (seconds, expected) in [(0, Ok(())), (299, Ok(())), (300, too_old(300)), (301, too_old(301))] {
        clock.set(seconds);
        assert_eq!(manager.load([&cookie]).require_recent(LIMIT), expected, "{seconds}");
    }
}

#[test]
fn a_fraction_of_a_second_lets_no_older_login_in() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    let is_recent = |limit| manager.load([&cookie]).require_recent(limit).is_ok();
    assert!(!is_recent(Duration::ZERO));
    assert!(!is_recent(Duration::from_millis(999)));
    assert!(is_recent(Duration::from_secs(1)));
    clock.set(300);
    assert!(!is_recent(LIMIT + Duration::from_millis(999)));
    assert!(is_recent(Duration::MAX));
}

#[test]
fn neither_use_nor_extension_makes_a_login_recent_and_regenerate_does() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    clock.set(299);
    let session = manager.load([cookie]);
    session.set("seen", true).unwrap();
    session.extend(Duration::from_secs(7 * 24 * 3600)).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.require_recent(LIMIT), Ok(()));
    clock.set(300);
    assert_eq!(session.require_recent(LIMIT), too_old(300), "the time is that of the call");
    session.set("again", true).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.require_recent(LIMIT), too_old(300));
    session.regenerate().unwrap();
    assert_eq!(session.require_recent(LIMIT), Ok(()));
    assert_eq!(next(&manager, &session).require_recent(LIMIT), Ok(()));
}

#[test]
fn without_a_session_no_login_is_recent() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    let no_session = Err(StaleLogin::NoSession);
    assert_eq!(fresh(&manager).require_recent(Duration::MAX), no_session, "no cookie");
    assert_eq!(manager.load(["tideway_session=forged"]).require_recent(Duration::MAX), no_session, "refused");
    let session = fresh(&manager);
    session.set("user_id", 42).unwrap();
    assert_eq!(session.require_recent(Duration::MAX), no_session, "begun in this request, not by a login");
    let session = manager.load([&cookie]);
    session.destroy();
    session.set("user_id", 42).unwrap();
    assert_eq!(session.require_recent(Duration::MAX), no_session, "destroyed");
    let session = fresh(&manager);
    session.regenerate().unwrap();
    session.destroy();
    assert_eq!(session.require_recent(Duration::MAX), no_session, "logged in and out");
    clock.set(24 * 3600);
    assert_eq!(manager.load([&cookie]).require_recent(Duration::MAX), no_session, "expired");
}

#[test]
fn a_clock_that_goes_back_makes_no_login_recent() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    clock.set(300);
    let session = manager.load([cookie]);
    assert_eq!(session.status(), Status::Loaded);
    clock.set(0);
    assert_eq!(session.require_recent(LIMIT), too_old(300));
}

#[test]
fn a_stale_login_says_how_old_it_is_and_how_old_it_may_be() {
    let text = too_old(301).unwrap_err().to_string();
    assert_eq!(text, "session must have been regenerated less than 300 seconds ago, found 301");
    let text = StaleLogin::NoSession.to_string();
    assert_eq!(text, "request brought no session, and no session was regenerated in it");
}
