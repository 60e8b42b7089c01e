//! The rules by which a commit sends a cookie or none, and the life of a session from request to request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{DecodeError, EncodeError, Event, SameSite, Session, SessionManager, Status, Timeout};

use crate::common::{
    FIRST_KEY, NAME, SECOND_KEY, START, at, commit, cookie_of, fresh, is_deletion, manager, manager_with, ring, sealed,
};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Loads a cookie and looks at the session, as a handler that only reads does.
fn looked_at(manager: &SessionManager, cookie: &str) -> Session {
    let session = manager.load([cookie]);
    let _ = session.get::<u64>("user_id");
    session
}

#[test]
fn nothing_is_sent_when_nobody_looked_at_the_session() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    clock.set(23 * HOUR);
    for header in [cookie.as_str(), "tideway_session=garbage", "a=1"] {
        let session = manager.load([header]);
        assert!(!session.is_opened());
        assert_eq!(commit(&manager, &session), None, "{header}");
        assert!(!session.is_opened());
    }
}

#[test]
fn nothing_is_sent_when_a_new_session_stayed_empty() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    session.discard("a");
    session.set_persistent(false);
    session.extend(Duration::from_secs(100_000)).unwrap();
    session.regenerate().unwrap();
    assert_eq!(session.status(), Status::New);
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn nothing_is_sent_when_a_young_session_was_only_read() {
    let manager = manager();
    let session = looked_at(&manager, &sealed(&manager));
    assert_eq!(session.status(), Status::Loaded);
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn nothing_is_sent_when_a_value_is_set_to_what_it_is() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    session.set("user_id", 1).unwrap();
    session.set_data(&std::collections::BTreeMap::from([("user_id", 1)])).unwrap();
    session.set_persistent(true);
    session.extend(Duration::from_secs(60)).unwrap();
    assert!(!session.discard("none"));
    assert_eq!(session.status(), Status::Loaded);
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn a_change_is_sealed_and_comes_back() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    session.set("user_id", 2).unwrap();
    assert_eq!(session.status(), Status::Changed);
    let line = commit(&manager, &session).unwrap();
    assert!(line.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400"), "{line}");
    assert_eq!(manager.load([cookie_of(&line)]).get("user_id"), Ok(Some(2)));
}

#[test]
fn a_commit_is_sent_once_and_again_after_the_next_change() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    assert!(commit(&manager, &session).is_some());
    assert_eq!(session.status(), Status::Loaded);
    assert_eq!(commit(&manager, &session), None);
    session.set("a", 2).unwrap();
    assert!(commit(&manager, &session).is_some());
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn what_a_commit_sends_can_be_looked_at_before_it_is_sent() {
    let manager = manager();
    let session = fresh(&manager);
    let nothing = manager.commit(&session).unwrap();
    assert!(nothing.is_empty() && nothing.iter().next().is_none());
    session.set("a", 1).unwrap();
    let one = manager.commit(&session).unwrap();
    assert!(!one.is_empty());
    let lines: Vec<String> = one.iter().map(str::to_owned).collect();
    assert_eq!(lines, one.into_iter().collect::<Vec<_>>());
    assert!(manager.load([cookie_of(&lines[0])]).contains("a"));
}

#[test]
fn a_session_that_was_looked_at_is_extended_once_it_is_due() {
    // A session is extended after 10 % of the idle timeout, which is a day.
    for (age, is_due) in [(8639, false), (8640, true), (8641, true)] {
        let (manager, clock) = manager_with(|config| config);
        let cookie = sealed(&manager);
        clock.set(age);
        let line = commit(&manager, &looked_at(&manager, &cookie));
        assert_eq!(line.is_some(), is_due, "{age}");
        if let Some(line) = line {
            let session = manager.load([cookie_of(&line)]);
            assert_eq!(session.created_at(), at(START));
            assert_eq!(session.issued_at(), at(START + age));
            assert_eq!(session.expires_at(), at(START + age + DAY));
        }
    }
}

#[test]
fn extend_after_can_be_set_and_zero_extends_at_every_look() {
    for (after, age, is_due) in [(0, 1, true), (100, 99, false), (100, 100, true)] {
        let (manager, clock) = manager_with(|config| config.extend_after(Duration::from_secs(after)));
        let cookie = sealed(&manager);
        clock.set(age);
        assert_eq!(commit(&manager, &looked_at(&manager, &cookie)).is_some(), is_due, "{after} {age}");
    }
}

#[test]
fn a_session_in_use_lives_to_its_absolute_timeout_and_no_second_longer() {
    let (manager, clock) = manager_with(|config| config.absolute_timeout(Duration::from_secs(3 * DAY)));
    let mut cookie = sealed(&manager);
    let mut now = 0;
    while now < 3 * DAY - 12 * HOUR {
        now += 12 * HOUR;
        clock.set(now);
        let session = looked_at(&manager, &cookie);
        assert_eq!(session.status(), Status::Loaded, "{now}");
        cookie = commit(&manager, &session).map_or(cookie, |line| cookie_of(&line));
    }
    clock.set(3 * DAY - 1);
    let session = looked_at(&manager, &cookie);
    assert_eq!(session.status(), Status::Loaded);
    assert_eq!(session.expires_at(), at(START + 3 * DAY));
    assert_eq!(commit(&manager, &session), None, "it can live no longer, so there is nothing to send");
    clock.set(3 * DAY);
    let expected =
        DecodeError::Expired { timeout: Timeout::Absolute, now: at(START + 3 * DAY), expires_at: at(START + 3 * DAY) };
    assert_eq!(looked_at(&manager, &cookie).status(), Status::Rejected(expected));
}

#[test]
fn an_idle_session_ends_and_its_cookie_is_left_alone() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    clock.set(DAY - 1);
    assert_eq!(looked_at(&manager, &cookie).status(), Status::Loaded);
    clock.set(DAY);
    let session = looked_at(&manager, &cookie);
    assert!(session.rejected().unwrap().is_expired());
    assert_eq!(commit(&manager, &session), None, "a deletion might come after the cookie of a login");
    session.set("user_id", 2).unwrap();
    let new = cookie_of(&commit(&manager, &session).unwrap());
    assert_eq!(manager.load([new]).get("user_id"), Ok(Some(2)));
}

#[test]
fn extend_lengthens_a_life_and_later_seals_keep_it() {
    let (manager, clock) = manager_with(|config| config);
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    session.extend(Duration::from_secs(7 * DAY)).unwrap();
    let line = commit(&manager, &session).unwrap();
    assert!(line.ends_with("; Max-Age=604800"), "{line}");
    clock.set(HOUR);
    let session = manager.load([cookie_of(&line)]);
    session.set("a", 2).unwrap();
    assert_eq!(manager.load([cookie_of(&commit(&manager, &session).unwrap())]).expires_at(), at(START + 7 * DAY));
}

#[test]
fn extend_counts_from_the_first_look_at_the_session_and_after_that_from_the_last_commit() {
    let (manager, clock) = manager_with(|config| config);
    let session = manager.load([sealed(&manager)]);
    assert!(session.contains("user_id"));
    clock.set(HOUR);
    session.extend(Duration::from_secs(7 * DAY)).unwrap();
    assert_eq!(session.expires_at(), at(START + 7 * DAY));
    commit(&manager, &session).unwrap();
    session.extend(Duration::from_secs(7 * DAY)).unwrap();
    assert_eq!(session.expires_at(), at(START + HOUR + 7 * DAY));
}

#[test]
fn extend_alone_is_a_change_and_stops_at_the_absolute_timeout() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    session.extend(Duration::from_secs(300 * DAY)).unwrap();
    assert_eq!(session.status(), Status::Changed);
    assert_eq!(session.expires_at(), at(START + 30 * DAY));
    assert!(commit(&manager, &session).unwrap().ends_with("; Max-Age=2592000"));
}

#[test]
fn extend_to_less_than_the_idle_timeout_does_not_put_off_the_extension_that_is_due() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    clock.set(3 * HOUR);
    let session = manager.load([cookie]);
    session.extend(Duration::from_secs(60)).unwrap();
    assert_eq!(session.issued_at(), at(START));
    let session = manager.load([cookie_of(&commit(&manager, &session).unwrap())]);
    assert_eq!(session.expires_at(), at(START + 3 * HOUR + DAY));
}

#[test]
fn a_session_that_nobody_changed_and_that_no_longer_fits_stays_as_it_is() {
    let (generous, _) = manager_with(|config| config.max_cookie_bytes(4096));
    let session = fresh(&generous);
    session.set("big", "x".repeat(2600)).unwrap();
    let cookie = cookie_of(&commit(&generous, &session).unwrap());
    let (strict, clock) = manager_with(|config| config);
    clock.set(3 * HOUR);
    let session = looked_at(&strict, &cookie);
    assert_eq!(commit(&strict, &session), None);
    assert_eq!(session.issued_at(), at(START));
    session.set("a", 1).unwrap();
    assert!(matches!(strict.commit(&session), Err(EncodeError::TooLarge { .. })));
}

#[test]
fn extend_by_no_second_or_by_too_many_is_an_error() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    for ttl in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(1 << 40), Duration::MAX] {
        assert_eq!(session.extend(ttl), Err(EncodeError::TimeOutOfRange), "{ttl:?}");
    }
    assert_eq!(session.status(), Status::Loaded);
}

#[test]
fn a_copy_of_a_retired_session_is_extended_no_further_than_its_deny_list_entry() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    clock.set(20 * HOUR);
    let copy = cookie_of(&commit(&manager, &looked_at(&manager, &cookie)).unwrap());
    clock.set(21 * HOUR);
    let old = manager.load([cookie]).destroy().unwrap();
    clock.set(30 * HOUR);
    assert_eq!(manager.load([copy.as_str()]).id(), Ok(old.id), "the copy lives on under the same id");
    let mut copy = copy;
    for hour in (30..30 * 24).step_by(12) {
        clock.set(hour * HOUR);
        let session = looked_at(&manager, &copy);
        assert_eq!(session.status(), Status::Loaded);
        copy = commit(&manager, &session).map_or(copy, |line| cookie_of(&line));
    }
    clock.set(old.expires_at.as_secs() - START);
    assert!(looked_at(&manager, &copy).rejected().is_some());
}

#[test]
fn a_handler_that_takes_its_time_seals_at_the_time_of_the_response() {
    let (manager, clock) = manager_with(|config| config);
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    clock.set(25 * HOUR);
    let line = commit(&manager, &session).unwrap();
    assert!(line.ends_with("; Max-Age=86400"), "{line}");
    let session = manager.load([cookie_of(&line)]);
    assert_eq!([session.created_at(), session.issued_at()], [at(START), at(START + 25 * HOUR)]);
}

#[test]
fn a_handler_that_outlasts_the_absolute_timeout_sends_nothing_and_what_it_wrote_is_an_error() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    let (writer, reader, leaver) =
        (looked_at(&manager, &cookie), looked_at(&manager, &cookie), manager.load([&cookie]));
    writer.set("a", 1).unwrap();
    leaver.destroy();
    clock.set(30 * DAY);
    for _ in 0..2 {
        assert_eq!(manager.commit(&writer).map(|_| ()), Err(EncodeError::Ended));
        assert_eq!(commit(&manager, &reader), None);
    }
    assert_eq!([writer.status(), reader.status()], [Status::Changed, Status::Loaded]);
    assert!(is_deletion(&commit(&manager, &leaver).unwrap()), "a logout is one at any time");
}

#[test]
fn a_clock_that_goes_back_during_a_request_is_not_followed() {
    let (manager, clock) = manager_with(|config| config);
    clock.set(100);
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    clock.set(50);
    let session = manager.load([cookie_of(&commit(&manager, &session).unwrap())]);
    assert_eq!([session.created_at(), session.issued_at()], [at(START + 100), at(START + 100)]);
}

#[test]
fn max_age_never_goes_past_the_expiry() {
    let (manager, clock) = manager_with(|config| config.absolute_timeout(Duration::from_secs(DAY + 10)));
    let cookie = sealed(&manager);
    clock.set(DAY - 5);
    let line = commit(&manager, &looked_at(&manager, &cookie)).unwrap();
    assert!(line.ends_with("; Max-Age=15"), "{line}");
}

#[test]
fn max_age_is_400_days_at_most() {
    let long = Duration::from_secs(1000 * DAY);
    let (manager, _) = manager_with(|config| config.idle_timeout(long).absolute_timeout(long));
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    assert!(commit(&manager, &session).unwrap().ends_with("; Max-Age=34560000"));
}

#[test]
fn a_session_that_is_not_persistent_has_no_max_age_and_ends_all_the_same() {
    let (manager, clock) = manager_with(|config| config);
    let session = manager.load([sealed(&manager)]);
    session.set_persistent(false);
    assert_eq!(session.status(), Status::Changed);
    let line = commit(&manager, &session).unwrap();
    assert!(line.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"), "{line}");
    clock.set(DAY - 1);
    assert!(session.is_opened());
    assert!(!manager.load([cookie_of(&line)]).is_persistent());
    assert!(fresh(&manager).is_persistent());
    clock.set(DAY);
    assert!(manager.load([cookie_of(&line)]).rejected().is_some());
}

#[test]
fn whether_new_sessions_are_persistent_is_configured() {
    let (manager, _) = manager_with(|config| config.persistent(false));
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    assert!(!commit(&manager, &session).unwrap().contains("Max-Age"));
    session.set_persistent(true);
    assert!(commit(&manager, &session).unwrap().contains("; Max-Age=86400"));
}

#[test]
fn regenerate_changes_the_id_and_created_at_and_keeps_the_values() {
    let (manager, clock) = manager_with(|config| config);
    let before = manager.load([sealed(&manager)]);
    before.set_flash("notice", "hello").unwrap();
    let cookie = cookie_of(&commit(&manager, &before).unwrap());
    clock.set(100);
    let session = manager.load([cookie.as_str()]);
    let old = session.regenerate().unwrap().unwrap();
    assert_eq!(old.id, before.id().unwrap());
    assert_eq!(old.expires_at, at(START + 30 * DAY));
    assert_eq!(session.status(), Status::Regenerated);

    let after = manager.load([cookie_of(&commit(&manager, &session).unwrap())]);
    assert_ne!(after.id(), before.id());
    assert_eq!(after.id(), session.id());
    assert_eq!(after.created_at(), at(START + 100));
    assert_eq!(after.get("user_id"), Ok(Some(1)));
    assert_eq!(after.take_flash("notice"), Ok(Some("hello".to_owned())));
    assert!(manager.load([cookie]).contains("user_id"), "the old cookie opens until its expiry");
}

#[test]
fn regenerate_empty_drops_the_values_and_the_flash_values() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    session.set_flash("notice", 1).unwrap();
    session.set_persistent(false);
    let old = session.regenerate_empty().unwrap().unwrap();
    assert!(session.is_empty() && !session.is_persistent());
    assert_eq!(session.status(), Status::Regenerated);
    let after = manager.load([cookie_of(&commit(&manager, &session).unwrap())]);
    assert_ne!(after.id(), Ok(old.id));
    assert_ne!(after.id().unwrap().to_bytes(), [0; 16], "the new id is drawn");
    assert_eq!(after.id(), session.id());
    assert!(after.is_empty());
}

#[test]
fn a_new_session_that_is_regenerated_has_no_old_one() {
    let session = fresh(&manager());
    assert_eq!(session.regenerate(), Ok(None));
    assert_eq!(session.destroy(), None);
}

#[test]
fn destroy_deletes_the_cookie_and_names_the_session_that_it_held() {
    let manager = manager();
    let cookie = sealed(&manager);
    let session = manager.load([cookie.as_str()]);
    let id = session.id().unwrap();
    let old = session.destroy().unwrap();
    assert_eq!((old.id, old.expires_at), (id, at(START + 30 * DAY)));
    assert_eq!(session.status(), Status::Destroyed);
    assert!(session.is_empty());
    session.set_flash("f", 1).unwrap();
    assert!(!session.is_empty());
    session.take_flash::<u8>("f").unwrap();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
}

#[test]
fn destroy_without_a_cookie_deletes_too() {
    let manager = manager();
    let session = fresh(&manager);
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
}

#[test]
fn what_is_stored_after_destroy_begins_another_session() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let old = session.destroy().unwrap();
    session.set_flash("notice", "goodbye").unwrap();
    assert_eq!(session.status(), Status::Changed);
    let after = manager.load([cookie_of(&commit(&manager, &session).unwrap())]);
    assert_ne!(after.id(), Ok(old.id));
    assert!(!after.contains("user_id"));
    assert_eq!(after.take_flash("notice"), Ok(Some("goodbye".to_owned())));
    after.destroy();
    after.set("a", 1).unwrap();
    let ids = [&session, &after].map(|session| session.id().unwrap());
    assert_ne!(ids[0], ids[1], "each has an id of its own");
}

#[test]
fn what_is_stored_and_removed_after_destroy_leaves_a_deletion() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    session.destroy();
    session.set("a", 1).unwrap();
    session.discard("a");
    assert_eq!(session.status(), Status::Destroyed);
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
}

#[test]
fn a_deletion_repeats_every_attribute() {
    let (manager, _) =
        manager_with(|config| config.path("/app").domain("example.com").same_site(SameSite::None).partitioned(true));
    let session = fresh(&manager);
    session.destroy();
    let lines: Vec<String> = manager.commit(&session).unwrap().into_iter().collect();
    let start = "tideway_session=; HttpOnly; SameSite=None; Partitioned; Secure; Path=/app";
    let end = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(lines, [format!("{start}; {end}"), format!("{start}; Domain=example.com; {end}")]);
}

#[test]
fn a_refused_cookie_that_nothing_replaces_is_left_alone_unless_the_session_is_destroyed() {
    let manager = manager();
    let mut tampered = sealed(&manager);
    tampered.replace_range(60..61, if &tampered[60..61] == "A" { "B" } else { "A" });
    for header in [tampered, format!("{NAME}="), format!("{NAME}=garbage"), format!("{NAME}={}", "A".repeat(5000))] {
        let session = manager.load([header.as_str()]);
        assert!(matches!(session.status(), Status::Rejected(_)), "{header}");
        assert_eq!(commit(&manager, &session), None, "{header}");
        session.destroy();
        assert!(is_deletion(&commit(&manager, &session).unwrap()), "{header}");
        assert_eq!(commit(&manager, &session), None, "{header}");
    }
}

#[test]
fn a_refused_cookie_that_something_replaces_is_not_deleted_but_set() {
    let manager = manager();
    let session = manager.load([format!("{NAME}=garbage")]);
    session.set("a", 1).unwrap();
    assert_eq!(session.status(), Status::Changed);
    assert_eq!(session.rejected(), Some(DecodeError::Malformed));
    let line = commit(&manager, &session).unwrap();
    assert!(!is_deletion(&line));
    assert_eq!(manager.load([cookie_of(&line)]).get("a"), Ok(Some(1)));
    assert_eq!(session.rejected(), Some(DecodeError::Malformed), "a log can still say why");
}

#[test]
fn a_cookie_under_an_unknown_key_is_never_deleted() {
    let (other, _) = manager_with(|_| sealed_session::SessionConfig::new(crate::common::key(SECOND_KEY)));
    let manager = manager();
    let session = looked_at(&manager, &sealed(&other));
    assert!(matches!(session.status(), Status::Rejected(DecodeError::UnknownKey { .. })));
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn a_cookie_of_an_unsupported_version_is_never_deleted() {
    let manager = manager();
    let mut cookie = sealed(&manager);
    let version = NAME.len() + 1;
    cookie.replace_range(version..version + 2, "Ag");
    let session = looked_at(&manager, &cookie);
    assert!(matches!(session.status(), Status::Rejected(DecodeError::UnsupportedVersion { version: 2 })));
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn a_garbage_duplicate_does_not_get_a_cookie_under_an_unknown_key_deleted() {
    let (other, _) = manager_with(|_| sealed_session::SessionConfig::new(crate::common::key(SECOND_KEY)));
    let manager = manager();
    let cookie = sealed(&other);
    for header in [format!("{NAME}=garbage; {cookie}"), format!("{cookie}; {NAME}=garbage")] {
        assert_eq!(commit(&manager, &looked_at(&manager, &header)), None);
    }
}

#[test]
fn too_many_garbage_cookies_do_not_get_one_deleted_that_was_not_tried() {
    let (other, _) = manager_with(|_| sealed_session::SessionConfig::new(crate::common::key(SECOND_KEY)));
    let manager = manager();
    let header = format!("{}{}", format!("{NAME}=garbage; ").repeat(4), sealed(&other));
    let session = looked_at(&manager, &header);
    assert_eq!(session.rejected(), Some(DecodeError::TooManyCandidates));
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn why_a_cookie_was_refused_is_known_after_destroy() {
    let manager = manager();
    let session = manager.load([format!("{NAME}=garbage")]);
    session.destroy();
    assert_eq!(session.rejected(), Some(DecodeError::Malformed));
}

#[test]
fn every_status_has_its_name() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let mut names = vec![fresh(&manager).status().as_str(), session.status().as_str()];
    session.set("a", 1).unwrap();
    names.push(session.status().as_str());
    session.regenerate().unwrap();
    names.push(session.status().as_str());
    session.destroy();
    names.push(session.status().as_str());
    names.push(manager.load([format!("{NAME}=")]).status().as_str());
    assert_eq!(names, ["new", "loaded", "changed", "regenerated", "destroyed", "rejected"]);
}

#[test]
fn destroy_deletes_even_a_cookie_that_this_node_can_not_open() {
    let (other, _) = manager_with(|_| sealed_session::SessionConfig::new(crate::common::key(SECOND_KEY)));
    let manager = manager();
    let session = manager.load([sealed(&other)]);
    assert_eq!(session.destroy(), None);
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
}

#[test]
fn a_cookie_sealed_under_a_previous_key_is_sealed_again_under_the_primary_one() {
    let with = |primary: &str, previous: &[&str]| {
        let ring = ring(primary, previous);
        manager_with(move |_| sealed_session::SessionConfig::new(ring)).0
    };
    let old = with(FIRST_KEY, &[]);
    let announced = with(FIRST_KEY, &[SECOND_KEY]);
    let promoted = with(SECOND_KEY, &[FIRST_KEY]);
    let dropped = with(SECOND_KEY, &[]);

    let cookie = sealed(&old);
    assert_eq!(commit(&announced, &looked_at(&announced, &cookie)), None);
    let session = looked_at(&promoted, &cookie);
    let id = session.id();
    assert_eq!(session.status(), Status::Loaded);
    let line = commit(&promoted, &session).unwrap();
    for manager in [&announced, &promoted, &dropped] {
        let session = manager.load([cookie_of(&line)]);
        assert_eq!(session.get("user_id"), Ok(Some(1)));
        assert_eq!(session.id(), id);
    }
    assert!(matches!(looked_at(&dropped, &cookie).status(), Status::Rejected(DecodeError::UnknownKey { .. })));
}

#[test]
fn an_old_schema_is_migrated_once_at_opening_and_sealed_again() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    let cookie = sealed(&manager());
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    let (manager, _) = manager_with(|config| {
        config.schema(1).migrate(move |from, data| {
            counter.fetch_add(1, Ordering::SeqCst);
            assert_eq!(from, 0);
            let id: u64 = data.remove("user_id")?.ok_or("no user")?;
            data.set("user", id + 100)?;
            Ok(())
        })
    });
    let session = manager.load([cookie]);
    assert_eq!(session.get("user"), Ok(Some(101)));
    assert!(!session.contains("user_id"));
    let line = commit(&manager, &session).unwrap();
    let session = manager.load([cookie_of(&line)]);
    assert_eq!(session.get("user"), Ok(Some(101)));
    assert_eq!(session.snapshot().unwrap().schema(), 1);
    assert_eq!(commit(&manager, &session), None);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn a_migration_changes_content_and_neither_id_nor_times() {
    let cookie = sealed(&manager());
    let (manager, _) = manager_with(|config| {
        config.schema(1).migrate(|_, data| {
            data.set_id(sealed_session::SessionId::from_bytes([1; 16]));
            data.set_times(at(0), at(0), sealed_session::UnixTime::MAX)?;
            Ok(())
        })
    });
    let session = manager.load([&cookie]);
    assert_ne!(session.id().unwrap().to_bytes(), [1; 16]);
    assert_eq!([session.created_at(), session.expires_at()], [at(START), at(START + DAY)]);
    assert_eq!(session.status(), Status::Changed);
}

#[test]
fn a_migrated_session_that_grew_too_large_is_not_sealed_again_until_something_is_written_to_it() {
    let cookie = sealed(&manager());
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let (manager, _) = manager_with(|config| {
        let config = config.observer(move |event: &Event| heard.lock().unwrap().push(event.clone()));
        config.schema(1).migrate(|_, data| {
            data.set("big", "x".repeat(4000))?;
            Ok(())
        })
    });
    let session = looked_at(&manager, &cookie);
    events.lock().unwrap().clear();
    assert_eq!(commit(&manager, &session), None, "the client keeps a good cookie");
    let told = std::mem::take(&mut *events.lock().unwrap());
    assert!(matches!(told[..], [Event::NotExtended { error: EncodeError::TooLarge { .. }, .. }]), "{told:?}");
    assert_eq!(looked_at(&manager, &cookie).get("user_id"), Ok(Some(1)));
    session.set("a", 1).unwrap();
    assert!(matches!(manager.commit(&session), Err(EncodeError::TooLarge { .. })));
}

#[test]
fn a_schema_that_can_not_be_migrated_is_refused_and_its_cookie_kept_for_nodes_that_can() {
    let (newer, _) = manager_with(|config| config.schema(2));
    let cookie = sealed(&newer);
    let (without, _) = manager_with(|config| config.schema(1));
    let (failing, _) = manager_with(|config| config.schema(1).migrate(|_, _| Err("too new".into())));
    for manager in [without, failing] {
        let session = looked_at(&manager, &cookie);
        assert_eq!(session.status(), Status::Rejected(DecodeError::UnsupportedSchema { schema: 2 }));
        assert!(session.is_empty());
        assert_eq!(commit(&manager, &session), None);
    }
}

#[test]
fn a_session_that_grew_too_large_is_an_error_and_stays_as_it_was() {
    let (manager, clock) = manager_with(|config| config);
    let session = manager.load([sealed(&manager)]);
    clock.set(HOUR);
    let (id, expires_at) = (session.id(), session.expires_at());
    session.set("bio", "x".repeat(4000)).unwrap();
    assert!(matches!(manager.commit(&session), Err(EncodeError::TooLarge { .. })));
    assert_eq!(session.status(), Status::Changed);
    assert_eq!((session.id(), session.expires_at()), (id, expires_at));
    assert_eq!(session.issued_at(), at(START));
    session.discard("bio");
    assert!(commit(&manager, &session).is_some());
}

#[test]
fn two_sessions_have_two_ids_and_the_id_of_one_is_the_id_that_is_sealed() {
    let manager = manager();
    let (first, second) = (fresh(&manager), fresh(&manager));
    assert_ne!(first.id(), second.id());
    assert_eq!(first.id(), first.id());
    first.set("a", 1).unwrap();
    assert_eq!(manager.load([cookie_of(&commit(&manager, &first).unwrap())]).id(), first.id());
}

#[test]
fn a_clone_is_the_same_session() {
    let manager = manager();
    let session = fresh(&manager);
    session.clone().set("a", 1).unwrap();
    assert_eq!(session.get("a"), Ok(Some(1)));
    assert!(commit(&manager, &session).is_some());
    assert_eq!(session.clone().status(), Status::Loaded);
}

#[test]
fn a_migration_that_panics_loses_nothing() {
    let cookie = sealed(&manager());
    let (manager, _) = manager_with(|config| config.schema(1).migrate(|_, _| panic!("a bug")));
    let session = manager.load([cookie]);
    for _ in 0..2 {
        let look = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| session.len()));
        assert!(look.is_err());
        assert_eq!(commit(&manager, &session), None);
    }
}
