//! The limit on the size of a cookie is exact to the byte, and is checked before anything is sent.

use sealed_session::{EncodeError, Session, SessionConfig, SessionManager};

use crate::common::{FIRST_KEY, NAME, commit, cookie_of, fresh, key, manager, manager_with};

/// Fills a session up to exactly `remaining` bytes less than it can hold.
fn fill(session: &Session, remaining: usize) {
    let room = session.remaining_bytes();
    // An entry takes 3 bytes beside its key and its JSON text, and a JSON string has two quotes.
    session.set("fill", "x".repeat(room - remaining - 3 - "fill".len() - 2)).unwrap();
}

fn too_large(manager: &SessionManager, session: &Session) -> (usize, usize, Vec<(String, usize)>) {
    match manager.commit(session) {
        Err(EncodeError::TooLarge { size, limit, largest }) => (size, limit, largest),
        other => panic!("{other:?}"),
    }
}

#[test]
fn remaining_bytes_is_exact_for_any_padding_and_limit() {
    for padding in [1, 2, 16, 31, 32, 64, 100, 1024] {
        for limit in [1500, 1501, 1502, 1503, 3500, 10_000] {
            let (manager, _) = manager_with(|config| config.padding_block(padding).max_cookie_bytes(limit));
            let session = fresh(&manager);
            fill(&session, 0);
            assert_eq!(session.remaining_bytes(), 0);
            let line = commit(&manager, &session).unwrap();
            assert!(line.len() <= limit, "{padding} {limit}: {}", line.len());
            assert!(cookie_of(&line).len() - 1 <= 4096, "{padding} {limit}");
            assert!(manager.load([cookie_of(&line)]).contains("fill"));

            let session = fresh(&manager);
            fill(&session, 0);
            let value: String = session.get("fill").unwrap().unwrap();
            session.set("fill", value + "x").unwrap();
            assert_eq!(session.remaining_bytes(), 0);
            let (size, at_most, _) = too_large(&manager, &session);
            assert!(size > at_most && at_most <= limit);
        }
    }
}

#[test]
fn remaining_bytes_counts_what_an_entry_takes() {
    let session = fresh(&manager());
    let room = session.remaining_bytes();
    session.set("key", "value").unwrap();
    assert_eq!(room - session.remaining_bytes(), 3 + "key".len() + "\"value\"".len());
    session.set_flash("f", 1).unwrap();
    assert_eq!(room - session.remaining_bytes(), 13 + 3 + 1 + 1);
    session.discard("key");
    assert_eq!(room - session.remaining_bytes(), 5);
}

#[test]
fn name_and_value_never_exceed_what_browsers_keep_and_reach_it_exactly() {
    // A value of 3060 bytes has 4080 characters, so the longest name beside it has 16.
    for (name_length, fits) in [(16, true), (17, false)] {
        let manager = manager_with(|config| {
            config.cookie_name("n".repeat(name_length)).padding_block(1).max_cookie_bytes(usize::MAX)
        });
        let session = fresh(&manager.0);
        session.set("k", "x".repeat(3060 - 45 - 33 - 3 - 1 - 2)).unwrap();
        assert_eq!(session.cookie_bytes(), name_length + 4080);
        assert_eq!(manager.0.commit(&session).is_ok(), fits, "{name_length}");
    }
}

#[test]
fn the_limit_is_for_the_whole_text_and_3500_by_default() {
    let manager = manager();
    let session = fresh(&manager);
    fill(&session, 0);
    let longest = commit(&manager, &session).unwrap().len();
    assert!((3450..=3500).contains(&longest), "{longest}");
}

#[test]
fn the_smallest_limit_that_is_taken_holds_an_empty_session_and_no_byte_more() {
    let build = |limit| SessionConfig::new(key(FIRST_KEY)).padding_block(1).max_cookie_bytes(limit).build();
    let smallest = (1..1000).find(|limit| build(*limit).is_ok()).unwrap();
    let manager = build(smallest).unwrap();
    let session = fresh(&manager);
    assert_eq!(session.remaining_bytes(), 0);
    session.set("k", 1).unwrap();
    assert!(matches!(manager.commit(&session), Err(EncodeError::TooLarge { .. })));
}

#[test]
fn attributes_take_their_share_of_the_budget() {
    let long = format!("/{}", "p".repeat(1000));
    let (with_path, _) = manager_with(|config| config.path(&long));
    let difference = fresh(&manager()).remaining_bytes() - fresh(&with_path).remaining_bytes();
    assert!((700..800).contains(&difference), "{difference}");
}

#[test]
fn too_large_names_the_size_the_limit_and_the_largest_entries() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("bio", "x".repeat(2900)).unwrap();
    session.set("cart", "x".repeat(700)).unwrap();
    session.set_flash("notice", "x".repeat(50)).unwrap();
    session.set("id", 1).unwrap();
    let (size, limit, largest) = too_large(&manager, &session);
    assert_eq!(largest, [("bio".into(), 2908), ("cart".into(), 709), ("notice".into(), 61)]);
    assert!(size > 4900 && (3400..=3500).contains(&limit), "{size} {limit}");
    let text = manager.commit(&session).unwrap_err().to_string();
    assert!(text.contains("\"bio\" (2908 bytes), \"cart\" (709 bytes)"), "{text}");
    assert!(!text.contains("xxx"), "{text}");
}

#[test]
fn cookie_bytes_is_the_length_of_name_and_value() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("a", "b".repeat(100)).unwrap();
    let cookie = cookie_of(&commit(&manager, &session).unwrap());
    assert_eq!(session.cookie_bytes(), cookie.len() - 1);
}

#[test]
fn padding_hides_small_differences_of_length() {
    let length = |value: usize| {
        let session = fresh(&manager());
        session.set("k", "x".repeat(value)).unwrap();
        session.cookie_bytes()
    };
    // The session takes 33 bytes and the entry 6, so a value of 25 characters fills two blocks of 32 bytes exactly.
    assert_eq!(length(0), length(25));
    assert!(length(26) > length(25));
}

#[test]
fn the_codec_keeps_the_same_limit() {
    let (manager, _) = manager_with(|config| config);
    let mut data = manager.codec().create().unwrap();
    data.set("big", "x".repeat(4000)).unwrap();
    assert!(matches!(manager.codec().encode(&data), Err(EncodeError::TooLarge { .. })));
}

#[test]
fn a_cookie_sealed_under_a_higher_limit_still_opens() {
    let (generous, _) = manager_with(|config| config.max_cookie_bytes(4096));
    let session = fresh(&generous);
    fill(&session, 0);
    let cookie = cookie_of(&commit(&generous, &session).unwrap());
    let strict = manager();
    assert!(cookie.len() > 3500);
    assert!(strict.load([cookie]).contains("fill"));
}

#[test]
fn a_session_of_any_length_comes_back() {
    let (manager, _) = manager_with(|config| config.padding_block(1).max_cookie_bytes(4096));
    let codec = manager.codec();
    let mut data = codec.create().unwrap();
    for len in (0..1500).chain(2700..2800) {
        data.set("k", "x".repeat(len)).unwrap();
        assert_eq!(codec.decode(&codec.encode(&data).unwrap()), Ok(data.clone()), "{len}");
    }
}

#[test]
fn a_limit_that_holds_no_session_is_refused_at_start_up() {
    let build = |bytes| SessionConfig::new(key(FIRST_KEY)).max_cookie_bytes(bytes).build().map(|_| ());
    let smallest = (0..1000).find(|bytes| build(*bytes).is_ok()).unwrap();
    let (manager, _) = manager_with(|config| config.max_cookie_bytes(smallest));
    assert_eq!(fresh(&manager).remaining_bytes(), 64 - 33);
    let error = build(smallest - 1).unwrap_err();
    assert_eq!(error.problems()[0].setting(), "max_cookie_bytes");
    assert!(smallest < 300 && smallest > NAME.len() + 146);
}
