//! What a login and what comes after it need: the timeouts of the standards.

use std::time::Duration;

use sealed_session::{SessionManager, TimeoutPreset};

use crate::common::{TestClock, commit, cookie_of, manager_with, sealed};

/// Each preset with the idle and the absolute timeout that its standard names, in seconds.
const PRESETS: [(TimeoutPreset, u64, u64); 5] = [
    (TimeoutPreset::OwaspHighValue, 5 * 60, 4 * 3600),
    (TimeoutPreset::OwaspLowRisk, 30 * 60, 8 * 3600),
    (TimeoutPreset::NistAal1, 30 * 24 * 3600, 30 * 24 * 3600),
    (TimeoutPreset::NistAal2, 3600, 24 * 3600),
    (TimeoutPreset::NistAal3, 15 * 60, 12 * 3600),
];

/// Whether the cookie opens at this time.
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
