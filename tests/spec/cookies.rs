//! The search for the session cookie in the headers of a request, whatever else these hold.

use sealed_session::{DecodeError, Key, SessionConfig, SessionManager, Status};

use crate::common::{NAME, SECOND_KEY, START, at, commit, cookie_of, fresh, key, manager, manager_with, sealed};

fn numbered(manager: &SessionManager, number: u64) -> String {
    let session = fresh(manager);
    session.set("n", number).unwrap();
    cookie_of(&commit(manager, &session).unwrap())
}

fn status(manager: &SessionManager, header: impl AsRef<[u8]>) -> Status {
    manager.load([header]).status()
}

#[test]
fn cookie_headers_come_as_strings_or_bytes_any_number_of_them() {
    let manager = manager();
    let cookie = sealed(&manager);
    let is_loaded = |session: sealed_session::Session| session.status() == Status::Loaded;
    assert!(is_loaded(manager.load([&cookie])));
    assert!(is_loaded(manager.load(Some(cookie.as_bytes()))));
    assert!(is_loaded(manager.load(vec!["a=1".to_owned(), cookie.clone(), "b=2".to_owned()])));
    assert!(is_loaded(manager.load(["a=1; b=2", &cookie].iter())));
    assert_eq!(manager.load(None::<&str>).status(), Status::New);
    assert_eq!(manager.load(["a=1"]).status(), Status::New);
}

#[test]
fn a_foreign_byte_that_is_not_text_does_not_lose_our_cookie() {
    let manager = manager();
    let cookie = sealed(&manager);
    let header = [b"theme=\xff\xfe; ", cookie.as_bytes(), b"; x=\x80"].concat();
    assert_eq!(status(&manager, header), Status::Loaded);
}

#[test]
fn names_that_only_look_like_ours_are_not_read() {
    let (manager, _) = manager_with(|config| config.cookie_name("__Host-sid"));
    let session = fresh(&manager);
    session.set("a", 1).unwrap();
    let cookie = cookie_of(&commit(&manager, &session).unwrap());
    let value = cookie.strip_prefix("__Host-sid=").unwrap();
    for name in ["\u{2000}__Host-sid", "__%48ost-sid", "__host-sid", "\u{a0}__Host-sid", "=__Host-sid", "x__Host-sid"] {
        assert_eq!(status(&manager, format!("{name}={value}")), Status::New, "{name:?}");
        let both = format!("{name}=evil; {cookie}; {name}=evil");
        assert_eq!(status(&manager, both), Status::Loaded, "{name:?}");
    }
}

#[test]
fn of_two_good_cookies_the_one_issued_last_wins_in_either_order() {
    let (manager, clock) = manager_with(|config| config);
    let older = numbered(&manager, 1);
    clock.set(1);
    let newer = numbered(&manager, 2);
    for header in [format!("{older}; {newer}"), format!("{newer}; {older}")] {
        assert_eq!(manager.load([header]).get("n"), Ok(Some(2)));
    }
}

#[test]
fn garbage_under_our_name_does_not_hide_the_good_cookie() {
    let (foreign, _) = manager_with(|_| SessionConfig::new(key(SECOND_KEY)));
    let manager = manager();
    let good = sealed(&manager);
    let mut tampered = good.clone();
    tampered.pop();
    for other in [format!("{NAME}=garbage"), format!("{NAME}={}", "A".repeat(9000)), tampered, sealed(&foreign)] {
        for header in [format!("{other}; {good}"), format!("{good}; {other}")] {
            let session = manager.load([header]);
            assert_eq!(session.status(), Status::Loaded);
            assert_eq!(commit(&manager, &session), None, "a duplicate is no reason to delete or to set");
        }
    }
}

#[test]
fn four_cookies_of_our_name_are_tried_and_a_fifth_is_not() {
    let manager = manager();
    let good = sealed(&manager);
    let garbage = |count: usize| format!("{NAME}=garbage; ").repeat(count);
    assert_eq!(status(&manager, garbage(3) + &good), Status::Loaded);
    let session = manager.load([garbage(4) + &good]);
    assert_eq!(session.candidates(), 5);
    assert_eq!(session.status(), Status::Rejected(DecodeError::TooManyCandidates));
    assert_eq!(commit(&manager, &session), None, "the one that was not tried may be good");
    assert_eq!(status(&manager, format!("{good}; {}", garbage(4))), Status::Loaded);
}

#[test]
fn of_two_cookies_issued_in_one_second_and_of_two_refusals_of_one_weight_the_first_counts() {
    let manager = manager();
    let (one, two) = (numbered(&manager, 1), numbered(&manager, 2));
    assert_eq!(manager.load([format!("{one}; {two}")]).get("n"), Ok(Some(1)));
    assert_eq!(manager.load([format!("{two}; {one}")]).get("n"), Ok(Some(2)));
    let [one, two] = [(); 2].map(|()| {
        let key = Key::generate().unwrap();
        let refused = DecodeError::UnknownKey { id: key.id() };
        (sealed(&manager_with(|_| SessionConfig::new(key)).0), Some(refused))
    });
    assert_eq!(manager.load([format!("{}; {}", one.0, two.0)]).rejected(), one.1);
    assert_eq!(manager.load([format!("{}; {}", two.0, one.0)]).rejected(), two.1);
}

#[test]
fn a_cookie_of_a_clock_that_is_ahead_stays_in_the_browser_beside_one_that_is_over() {
    let (manager, clock) = manager_with(|config| config.not_before(at(START + 1)));
    let old = sealed(&manager);
    clock.set(100);
    let future = sealed(&manager);
    clock.set(1);
    for header in [format!("{old}; {future}"), format!("{future}; {old}")] {
        let session = manager.load([header]);
        assert_eq!(session.rejected().unwrap().as_str(), "not_yet_valid");
        assert_eq!(commit(&manager, &session), None, "the other node still opens it");
    }
}

#[test]
fn of_several_refusals_the_one_that_got_furthest_is_reported() {
    let (manager, clock) = manager_with(|config| config);
    let expired = sealed(&manager);
    clock.set(2 * 86_400);
    let header = format!("{NAME}=garbage; {expired}; {NAME}={}", "A".repeat(5000));
    assert!(manager.load([header]).rejected().is_some_and(|reason| reason.is_expired()));
}

#[test]
fn a_refused_cookie_looks_to_the_handler_like_none() {
    const NOW: u64 = 3 * 86_400;
    let (manager, clock) = manager_with(|config| config.schema(1).not_before(at(START + NOW - 50)));
    let sealed_at = |seconds: u64, change: fn(SessionConfig) -> SessionConfig| {
        let (manager, clock) = manager_with(change);
        clock.set(seconds);
        sealed(&manager)
    };
    let good = sealed_at(NOW, |config| config.schema(1));
    let mut tampered = good.clone();
    tampered.replace_range(60..61, if &good[60..61] == "A" { "B" } else { "A" });
    let headers = [
        format!("{NAME}="),
        format!("{NAME}={}", "A".repeat(5000)),
        format!("{NAME}=; ").repeat(5),
        good.replace("=AfV8", "=AvV8"),
        tampered,
        sealed_at(NOW, |_| SessionConfig::new(key(SECOND_KEY))),
        sealed_at(NOW, |config| config),
        sealed_at(NOW + 100, |config| config.schema(1)),
        sealed_at(NOW - 100, |config| config.schema(1)),
        sealed_at(0, |config| config.schema(1)),
    ];
    clock.set(NOW);
    assert_eq!(status(&manager, good), Status::Loaded);
    let mut reasons = std::collections::BTreeSet::new();
    for header in &headers {
        let (refused, none) = (manager.load([header]), fresh(&manager));
        assert_eq!(refused.keys(), none.keys());
        assert_eq!(refused.created_at(), none.created_at());
        assert_eq!(refused.issued_at(), none.issued_at());
        assert_eq!(refused.expires_at(), none.expires_at());
        assert_eq!(refused.is_persistent(), none.is_persistent());
        assert_eq!(refused.remaining_bytes(), none.remaining_bytes());
        assert_eq!(refused.cookie_bytes(), none.cookie_bytes());
        assert_eq!(refused.get::<u64>("user_id"), none.get("user_id"));
        assert!(refused.is_empty());
        reasons.insert(refused.rejected().unwrap().as_str());
    }
    assert_eq!(reasons.len(), headers.len(), "each has another reason: {reasons:?}");
}

#[test]
fn any_bytes_in_a_cookie_header_give_an_empty_session_and_no_panic() {
    let manager = manager();
    let mut noise: u32 = 1;
    for length in 0..2000 {
        let mut header: Vec<u8> = format!("{NAME}=").into_bytes();
        header.extend((0..length).map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.to_be_bytes()[0]
        }));
        assert!(manager.load([header]).is_empty());
    }
}

#[test]
fn a_64_kilobyte_header_of_foreign_cookies_is_read() {
    let manager = manager();
    let foreign = format!("cookie_name={}; ", "v".repeat(55)).repeat(1000);
    assert!(foreign.len() > 65_536);
    assert_eq!(status(&manager, foreign.clone() + &sealed(&manager)), Status::Loaded);
    assert_eq!(status(&manager, foreign), Status::New);
}

#[test]
fn a_value_that_is_far_too_long_is_refused_for_its_length() {
    let manager = manager();
    for chars in [4097, 4098, 100_000] {
        let long = format!("{NAME}={}", "A".repeat(chars));
        assert_eq!(status(&manager, long.clone()), Status::Rejected(DecodeError::TooLong), "{chars}");
        assert_eq!(status(&manager, format!("{long}; {}", sealed(&manager))), Status::Loaded, "and hides no other");
    }
}

#[test]
fn a_cookie_of_any_length_is_opened_from_its_header() {
    let manager = manager_with(|config| config.padding_block(1).max_cookie_bytes(4096)).0;
    for len in (0..1200).chain([2800]) {
        let session = fresh(&manager);
        session.set("k", "x".repeat(len)).unwrap();
        let cookie = cookie_of(&commit(&manager, &session).unwrap());
        assert_eq!(manager.load([cookie]).get("k").unwrap(), Some("x".repeat(len)), "{len}");
    }
}
