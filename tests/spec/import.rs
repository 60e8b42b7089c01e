//! The import of cookies that the private jar of the crate `cookie` sealed, built here by hand.
//! `tests/import_from_crates` does the same with cookies that the old applications themselves make.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cookie::{Cookie, CookieJar, Key as OldKey};
use proptest::prelude::*;
use sealed_session::import::{self, ImportKey, PrivateImport};
use sealed_session::{
    Counters, DecodeError, EncodeError, MemoryRevocations, MemoryStore, Session, SessionConfig, SessionData, SessionId,
    SessionManager, SessionStore, Status, UnixTime,
};

use crate::backends::{Watched, load, login, run, user_id};
use crate::common::{
    FIRST_KEY, NAME, SECOND_KEY, START, TestClock, at, commit, cookie_of, is_deletion, key, manager_with, sealed,
};

const DAY: u64 = 24 * 3600;

fn old_bytes() -> Vec<u8> {
    (100..164).collect()
}

/// The Cookie header with a cookie that the old application sealed.
fn old_cookie(name: &str, value: &str) -> String {
    let mut jar = CookieJar::new();
    jar.private_mut(&OldKey::from(&old_bytes())).add(Cookie::new(name.to_owned(), value.to_owned()));
    jar.get(name).unwrap().to_string()
}

/// An import of JSON objects under this name.
fn object(name: &str) -> PrivateImport {
    PrivateImport::new(ImportKey::from_bytes(&old_bytes()).unwrap(), name, import::json_object)
}

fn importing(import: PrivateImport) -> SessionManager {
    manager_with(|config| config.import(import)).0
}

const ADA: &str = r#"{"user_id":1,"name":"Ada"}"#;

fn ada(name: &str) -> String {
    old_cookie(name, ADA)
}

/// Commits the session, and returns all the Set-Cookie texts that are sent.
fn lines(manager: &SessionManager, session: &Session) -> Vec<String> {
    manager.commit(session).unwrap().into_iter().collect()
}

const OLD_DELETION: &str =
    "old=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

#[test]
fn an_old_cookie_that_nobody_looked_at_is_left_as_it_is() {
    let manager = importing(object("old"));
    let session = manager.load([ada("old")]);
    assert_eq!(lines(&manager, &session), [""; 0]);
    assert!(!session.is_opened());
}

#[test]
fn a_look_seals_an_imported_session_as_ours_and_deletes_the_old_cookie_first() {
    let manager = importing(object("old"));
    let [one, other] = [0; 2].map(|_| {
        let session = manager.load([ada("old")]);
        assert_eq!(session.get("name"), Ok(Some("Ada".to_owned())));
        assert_eq!((session.status(), session.rejected(), session.candidates()), (Status::Changed, None, 0));
        let sent = manager.commit(&session).unwrap();
        let borrowed: Vec<String> = sent.iter().map(str::to_owned).collect();
        let [deletion, line] = sent.into_iter().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(borrowed, [deletion.as_str(), &line]);
        assert_eq!(deletion, OLD_DELETION);
        assert!(line.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=86400"), "{line}");
        assert_eq!(lines(&manager, &session), [""; 0], "once");
        session.set("more", 1).unwrap();
        assert_eq!(lines(&manager, &session).len(), 1, "the deletion was sent");
        let next = manager.load([cookie_of(&line)]);
        assert_eq!(next.data::<BTreeMap<String, serde_json::Value>>().unwrap().len(), 2);
        assert_eq!((next.status(), next.id(), next.created_at()), (Status::Loaded, session.id(), at(START)));
        next.id().unwrap()
    });
    assert_ne!(one, other, "an id of its own each time");
}

#[test]
fn under_our_own_name_the_new_cookie_replaces_the_old_one() {
    let manager = importing(object(NAME));
    let session = manager.load([ada(NAME)]);
    assert_eq!((session.get("user_id"), session.candidates()), (Ok(Some(1)), 1));
    let line = commit(&manager, &session).unwrap();
    assert!(!is_deletion(&line));
    assert_eq!(manager.load([cookie_of(&line)]).status(), Status::Loaded);
}

#[test]
fn under_our_own_name_at_another_place_the_old_cookie_is_deleted_before_ours_is_set() {
    for (import, place) in [
        (object(NAME).path("/shop"), "; Path=/shop; Max-Age=0"),
        (object(NAME).domain("example.com"), "; Path=/; Domain=example.com; Max-Age=0"),
    ] {
        let manager = importing(import);
        let session = manager.load([ada(NAME)]);
        assert!(session.contains("name"));
        let [deletion, line] = lines(&manager, &session).try_into().unwrap();
        assert!(is_deletion(&deletion) && deletion.contains(place), "{deletion}");
        assert!(!is_deletion(&line));

        // A browser that still sends the old cookie gets a deletion of it when the session ends.
        let session = manager.load([ada(NAME), cookie_of(&line)]);
        assert_eq!(session.status(), Status::Loaded);
        session.destroy();
        let [deletion, ours] = lines(&manager, &session).try_into().unwrap();
        assert!(deletion.contains(place) && is_deletion(&ours) && !ours.contains(place));
    }
}

#[test]
fn the_same_place_written_otherwise_is_the_same_place() {
    let (manager, _) =
        manager_with(|config| config.domain("example.com").import(object(NAME).domain(".EXAMPLE.com").path("/")));
    let session = manager.load([ada(NAME)]);
    assert!(session.contains("name"));
    assert_eq!(lines(&manager, &session).len(), 1);
}

#[test]
fn the_deletion_names_the_attributes_of_the_old_cookie() {
    let (manager, _) = manager_with(|config| {
        let old = object("old").path("/shop").domain(None).secure(false);
        config.domain("example.com").import(old)
    });
    let session = manager.load([ada("old")]);
    assert!(session.contains("name"));
    let expected = "old=; HttpOnly; SameSite=Lax; Path=/shop; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(lines(&manager, &session)[0], expected);
}

#[test]
fn a_good_cookie_of_ours_wins_and_its_next_seal_or_end_deletes_the_old_one() {
    let manager = importing(object("old"));
    let ours = sealed(&manager);
    let headers = [ada("old"), ours];
    let session = manager.load(&headers);
    assert_eq!((session.contains("name"), session.status()), (false, Status::Loaded));
    assert_eq!(lines(&manager, &session), [""; 0]);

    session.set("user_id", 2).unwrap();
    let [deletion, line] = lines(&manager, &session).try_into().unwrap();
    assert_eq!((deletion.as_str(), line.starts_with(NAME)), (OLD_DELETION, true));

    let session = manager.load(&headers);
    assert!(session.destroy().is_some());
    let [deletion, ours] = lines(&manager, &session).try_into().unwrap();
    assert_eq!((deletion.as_str(), is_deletion(&ours)), (OLD_DELETION, true));
}

#[test]
fn a_cookie_of_ours_that_another_node_may_open_is_not_replaced_by_an_import() {
    let elsewhere = |change: fn(SessionConfig) -> SessionConfig, digits| {
        let config = SessionConfig::new(key(digits)).clock(|| at(START));
        sealed(&change(config).build().unwrap())
    };
    let unknown_key = elsewhere(|config| config, SECOND_KEY);
    let schema = elsewhere(|config| config.schema(7), FIRST_KEY);
    let version = format!("{NAME}=Ag{}", "A".repeat(200));
    let five = vec![format!("{NAME}=x"); 5].join("; ");
    for name in ["old", NAME] {
        let manager = importing(object(name));
        for ours in [&unknown_key, &schema, &version, &five] {
            let session = manager.load([ours, &ada(name)]);
            assert!(session.is_empty(), "{ours}");
            let reason = session.rejected().unwrap();
            assert!(reason.may_open_elsewhere() && !matches!(reason, DecodeError::NotImported { .. }), "{reason:?}");
            assert_eq!(lines(&manager, &session), [""; 0]);
        }
    }
}

#[test]
fn an_old_cookie_that_looks_like_one_of_ours_of_another_version_is_imported() {
    let manager = importing(object(NAME));
    // The old cookie has 78 bytes, as the shortest cookie of this crate has, and so its base64 ends without `=`. About
    // one in 27 of such texts has neither `+` nor `/`, and then looks like a cookie of this crate in another version.
    let text = format!(r#"{{"name":"{}"}}"#, "x".repeat(39));
    let looks_like_ours = |cookie: &String| {
        let value = cookie.split_once('=').unwrap().1;
        manager.codec().decode(value).unwrap_err().may_open_elsewhere()
    };
    let cookie = std::iter::repeat_with(|| old_cookie(NAME, &text)).find(looks_like_ours).unwrap();
    let session = manager.load([cookie]);
    assert!(session.contains("name"));
    assert_eq!(lines(&manager, &session).len(), 1);
}

#[test]
fn a_cookie_of_ours_that_is_over_or_forged_is_in_no_imports_way() {
    let (manager, clock) = manager_with(|config| config.import(object("old")));
    let expired = sealed(&manager);
    clock.set(DAY);
    for ours in [expired, format!("{NAME}=forged")] {
        let session = manager.load([ours, ada("old")]);
        assert_eq!(session.get("user_id"), Ok(Some(1)));
        assert_eq!(lines(&manager, &session).len(), 2);
    }
}

#[test]
fn what_can_not_be_imported_gives_an_empty_session_and_is_left_alone() {
    let other_key = (1..65).collect::<Vec<u8>>();
    let other_key = PrivateImport::new(ImportKey::from_bytes(&other_key).unwrap(), "old", import::json_object);
    for (import, cookie, opened) in [
        (other_key, ada("old"), false),
        // This cookie was sealed for another name.
        (object("old"), ada("other").replace("other=", "old="), false),
        (object("old"), "old=".to_owned(), false),
        (object("old"), format!("old={}", "A".repeat(5000)), false),
        (object("old"), old_cookie("old", "no object"), true),
        (object("old"), old_cookie("old", r#"{"":"a key has a byte at least"}"#), true),
    ] {
        let manager = importing(import);
        let session = manager.load([cookie.as_str()]);
        let reason = DecodeError::NotImported { opened };
        assert_eq!((session.is_empty(), session.status()), (true, Status::Rejected(reason)), "{cookie}");
        assert!(reason.may_open_elsewhere());
        assert_eq!(lines(&manager, &session), [""; 0]);

        // A new login deletes an old cookie that the key opened, and no other.
        session.set("user_id", 2).unwrap();
        let sent = lines(&manager, &session);
        assert_eq!((sent.len(), sent.contains(&OLD_DELETION.to_owned())), (1 + usize::from(opened), opened));
    }
}

#[test]
fn a_cookie_of_ours_that_is_refused_keeps_its_reason_beside_an_old_one_that_does_not_open() {
    let manager = importing(object("old"));
    let session = manager.load([format!("{NAME}=forged"), "old=forged".to_owned()]);
    assert_eq!(session.status(), Status::Rejected(DecodeError::Malformed));
    assert_eq!(commit(&manager, &session), None);
    session.destroy();
    assert!(
        is_deletion(&commit(&manager, &session).unwrap()),
        "and the old one, which did not open, is not ours to delete"
    );
}

#[test]
fn while_an_import_has_our_name_what_is_not_of_our_form_is_left_alone() {
    let end = at(START + 100);
    let (manager, clock) = manager_with(|config| config.import(object(NAME).until(end)).save_uninitialized(true));
    for (now, is_left) in [(99, true), (100, false)] {
        clock.set(now);
        let session = manager.load([format!("{NAME}=garbage")]);
        let reason = if is_left { DecodeError::NotImported { opened: false } } else { DecodeError::Malformed };
        assert_eq!(session.status(), Status::Rejected(reason));
        let sent = lines(&manager, &session);
        assert_eq!(sent.is_empty(), is_left, "later a pre-session takes its place");
        assert!(!sent.iter().any(|line| is_deletion(line)));
    }
    // A cookie that has the form of this crate keeps the reason for which it was refused.
    clock.set(0);
    let mut tampered = sealed(&manager).into_bytes();
    let in_tag = tampered.len() - 10;
    tampered[in_tag] = if tampered[in_tag] == b'A' { b'B' } else { b'A' };
    assert_eq!(manager.load([tampered]).rejected(), Some(DecodeError::NotAuthentic));
}

#[test]
fn an_import_ends_at_its_time() {
    for name in ["old", NAME] {
        let (manager, clock) = manager_with(|config| config.import(object(name).until(at(START + 100))));
        for (now, is_imported) in [(99, true), (100, false)] {
            clock.set(now);
            let session = manager.load([ada(name)]);
            assert_eq!(session.contains("name"), is_imported, "{name} {now}");
        }
        assert_eq!(manager.load([ada("old")]).status(), Status::New);
        let session = manager.load([sealed(&manager), ada("old")]);
        session.destroy();
        assert_eq!(lines(&manager, &session).len(), 1, "an old cookie is as foreign as any");
    }
}

#[test]
fn with_a_cut_off_nothing_is_imported() {
    let (manager, _) = manager_with(|config| config.not_before(at(1)).import(object("old")));
    assert_eq!(manager.load([ada("old")]).status(), Status::New);
}

#[test]
fn an_imported_session_that_is_destroyed_is_deleted_under_both_names() {
    let manager = importing(object("old"));
    let session = manager.load([ada("old")]);
    assert_eq!(session.destroy(), None, "our cookie never had it");
    let [deletion, ours] = lines(&manager, &session).try_into().unwrap();
    assert_eq!((deletion.as_str(), is_deletion(&ours)), (OLD_DELETION, true));
}

type Change = fn(&Session);

#[test]
fn an_imported_session_can_be_regenerated_and_emptied_and_its_old_cookie_goes_all_the_same() {
    let manager = importing(object("old"));
    let changes: [(Change, usize, Status); 4] = [
        (|session| assert_eq!(session.regenerate(), Ok(None)), 2, Status::Regenerated),
        (|session| assert_eq!(session.regenerate_empty(), Ok(None)), 0, Status::Regenerated),
        (|session| session.clear(), 0, Status::Changed),
        (|session| session.set("more", 1).unwrap(), 3, Status::Changed),
    ];
    for (change, len, status) in changes {
        let session = manager.load([ada("old")]);
        change(&session);
        assert_eq!(session.status(), status);
        let [deletion, line] = lines(&manager, &session).try_into().unwrap();
        assert_eq!(deletion, OLD_DELETION);
        let next = manager.load([cookie_of(&line)]);
        assert_eq!((next.status(), next.len()), (Status::Loaded, len));
    }
}

#[test]
fn an_imported_session_that_is_too_large_is_an_error_and_nothing_is_sent() {
    let manager = importing(object("old"));
    let old = old_cookie("old", &format!(r#"{{"name":"Ada","draft":"{}"}}"#, "x".repeat(2700)));
    assert!(old.len() < 4096, "it was a cookie");
    let session = manager.load([old]);
    assert!(session.contains("name"));
    assert!(matches!(manager.commit(&session), Err(EncodeError::TooLarge { .. })));
    session.discard("draft");
    assert_eq!(lines(&manager, &session).len(), 2, "and the session can still be made to fit");
}

#[test]
fn a_function_may_know_an_earlier_beginning_and_decides_no_other_time_id_or_schema() {
    let set = |created: u64| {
        PrivateImport::new(ImportKey::from_bytes(&old_bytes()).unwrap(), "old", move |text, data: &mut SessionData| {
            assert_eq!((data.created_at(), data.schema(), text), (at(START), 3, ADA));
            data.set_times(at(created), at(created), at(START + 100 * DAY))?;
            data.set_id(SessionId::from_bytes([7; 16]));
            data.set_schema(9);
            data.set_persistent(false);
            data.set("name", text)?;
            Ok(())
        })
    };
    // A session that began 29 days and a half ago has half a day left to its absolute timeout.
    let half = START + DAY / 2;
    for (created, expected) in [
        (START - 10 * DAY, Some((START - 10 * DAY, START + DAY))),
        (START + 1, Some((START, START + DAY))),
        (half - 30 * DAY, Some((half - 30 * DAY, half))),
        (START - 30 * DAY, None),
    ] {
        let (manager, _) = manager_with(|config| config.schema(3).import(set(created)));
        let session = manager.load([ada("old")]);
        let Some((created_at, expires_at)) = expected else {
            assert_eq!(session.status(), Status::Rejected(DecodeError::NotImported { opened: true }));
            continue;
        };
        let data = session.snapshot().unwrap();
        assert_eq!((data.created_at(), data.schema(), data.is_persistent()), (at(created_at), 3, false));
        assert_eq!((data.issued_at(), data.expires_at()), (at(START), at(expires_at)));
        assert_ne!(data.id(), SessionId::from_bytes([7; 16]));
        assert_ne!(data.id(), SessionId::from_bytes([0; 16]));
    }
}

#[test]
fn an_import_goes_to_the_store_and_the_old_cookie_stays_until_it_is_kept() {
    let store = Watched::new(MemoryStore::new());
    let (manager, _) = manager_with(|config| config.import(object("old")).store(Arc::clone(&store)));
    let session = load(&manager, &ada("old"));
    assert_eq!(user_id(&session), Some(1));
    store.fail(&["save"]);
    assert!(run(manager.commit_async(&session)).is_err());
    store.fail(&[]);
    let lines: Vec<_> = run(manager.commit_async(&session)).unwrap().into_iter().collect();
    let [deletion, cookie] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!((deletion.as_str(), cookie.len() < 300), (OLD_DELETION, true));
    assert_eq!(user_id(&load(&manager, cookie)), Some(1));
}

#[test]
fn what_a_backend_keeps_out_does_not_come_in_by_an_old_cookie() {
    let list = Watched::new(MemoryRevocations::new());
    let (manager, _) = manager_with(|config| config.import(object("old")).revocations(Arc::clone(&list)));
    let both = format!("{}; {}", cookie_of(&login(&manager, 42)), ada("old"));
    list.fail(&["look"]);
    assert_eq!(load(&manager, &both).rejected(), Some(DecodeError::Unavailable));
    list.fail(&[]);
    let session = load(&manager, &both);
    assert_eq!(user_id(&session), Some(42));
    run(manager.revoke(session.id().unwrap(), UnixTime::MAX)).unwrap();
    let session = load(&manager, &both);
    assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::Revoked)));
    assert_eq!(manager.load([&both]).rejected(), Some(DecodeError::NotAsked));
}

#[test]
fn a_login_out_of_an_import_that_a_node_remembers_hears_of_a_ban_by_another_node() {
    let list = Arc::new(MemoryRevocations::new());
    let node = |window: u64| {
        manager_with(|config| {
            let config = config.import(object("old")).revocations(Arc::clone(&list)).subject("user_id");
            config.recheck_after(Duration::from_secs(window))
        })
        .0
    };
    let (here, elsewhere, old) = (node(60), node(0), ada("old"));
    assert_eq!(user_id(&load(&here, &old)), Some(1));
    run(elsewhere.revoke_subject(&1)).unwrap();
    let session = load(&here, &old);
    assert_eq!(user_id(&session), Some(1), "the answer from before counts");
    session.regenerate().unwrap();
    assert_eq!(run(here.commit_async(&session)).unwrap_err(), EncodeError::Ended);
}

#[test]
fn a_session_in_two_cookies_that_a_backend_admits_or_keeps_out_has_no_import_beside_it() {
    let list = Arc::new(MemoryRevocations::new());
    let config = |config: SessionConfig| config.import(object("old")).revocations(Arc::clone(&list)).two_cookies(true);
    let (manager, _) = manager_with(config);
    let session = load(&manager, "");
    session.set("user_id", 42).unwrap();
    session.set("draft", "x".repeat(4000)).unwrap();
    let pairs: Vec<_> = run(manager.commit_async(&session)).unwrap().iter().map(cookie_of).collect();
    assert_eq!(pairs.len(), 2);
    let all = format!("{}; {}", pairs.join("; "), ada("old"));
    let session = load(&manager, &all);
    assert_eq!((user_id(&session), session.contains("name")), (Some(42), false));
    run(manager.revoke(session.id().unwrap(), UnixTime::MAX)).unwrap();
    let session = load(&manager, &all);
    assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::Revoked)));
}

#[test]
fn what_tideway_keeps_is_read_to_the_second_before_its_end_and_begins_no_later_than_now() {
    let read = |created: u64, expires: u64| {
        let time = |seconds| format!(r#"{{"secs_since_epoch":{seconds},"nanos_since_epoch":999999999}}"#);
        let text = format!(
            r#"{{"data":{{"a":"1"}},"created_at":{},"expires_at":{}}}"#,
            time(START + created - DAY),
            time(START + expires - DAY)
        );
        let mut data = SessionData::new(at(START), Duration::from_secs(60)).unwrap();
        import::tideway(&text, &mut data).ok()?;
        assert_eq!(data.get("a"), Ok(Some("1".to_owned())));
        Some(data.created_at().as_secs())
    };
    assert_eq!(read(0, DAY + 1), Some(START - DAY));
    assert_eq!(read(DAY + 5, DAY + 1), Some(START));
    assert_eq!(read(0, DAY), None);
    // A time of one part is no `SystemTime`.
    let text = r#"{"data":{},"created_at":{"secs_since_epoch":1},"expires_at":{"secs_since_epoch":9999999999}}"#;
    assert!(import::tideway(text, &mut SessionData::new(at(START), Duration::from_secs(60)).unwrap()).is_err());
}

#[test]
fn a_text_of_another_crate_is_refused() {
    let mut data = SessionData::new(at(START), Duration::from_secs(60)).unwrap();
    for text in ["", "{", "[]", "4", r#"{"a":1}"#, r#"{"a":"1,2"}"#, r#"{"a":""}"#, r#"{"a":"1","":"2"}"#] {
        assert!(import::actix_session(text, &mut data).is_err(), "{text}");
        assert!(import::tideway(text, &mut data).is_err(), "{text}");
    }
    for text in ["", "{", "[]", "4", r#"{"a":}"#, r#"{"":1}"#] {
        assert!(import::json_object(text, &mut data).is_err(), "{text}");
    }
}

#[test]
fn both_forms_of_actix_session_are_read_and_no_later_one() {
    let read = |text: &str| {
        let mut data = SessionData::new(at(START), Duration::from_secs(60)).unwrap();
        import::actix_session(text, &mut data).ok()?;
        Some(data.entries().map(|(key, json)| format!("{key}={json}")).collect::<Vec<_>>().join(" "))
    };
    for (text, expected) in [
        // actix-session 0.11 and earlier wrote these: each value is a text of JSON.
        (r#"{"user_id":"42","name":"\"Ada\""}"#, r#"name="Ada" user_id=42"#),
        (r#"{"v":"1","state":"{\"user_id\":42}"}"#, r#"state={"user_id":42} v=1"#),
        ("{}", ""),
        // The release after it writes these, by its own tests.
        (r#"{"v":1,"state":{"k":"value","n":1}}"#, r#"k="value" n=1"#),
        (r#"{"state":{"roles":["editor"],"none":null},"v":1}"#, r#"roles=["editor"]"#), // `null` is no value
        (r#"{"v":1,"state":{"v":2,"state":{}}}"#, "v=2 state={}"),
        (r#"{"v":1,"state":{}}"#, ""),
        (r#"{ "v" : 1 , "state" : {"n":1.50} }"#, "n=1.50"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        r#"{"v":2,"state":{"n":1}}"#,
        r#"{"v":0,"state":{"n":1}}"#,
        r#"{"v":1.0,"state":{"n":1}}"#,
        r#"{"v":-1,"state":{"n":1}}"#,
        r#"{"v":1,"state":[1]}"#,
        r#"{"v":1,"state":"1"}"#,
        r#"{"v":1}"#,
        r#"{"state":{"n":1}}"#,
        r#"{"v":1,"state":{"n":1}"#,
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn an_import_is_no_recent_login() {
    let manager = importing(object("old"));
    let session = manager.load([ada("old")]);
    assert!(session.require_recent(Duration::from_secs(DAY)).is_err());
}

#[test]
fn the_session_of_an_import_counts_as_a_login_at_the_time_of_the_import() {
    let (manager, clock) = manager_with(|config| config.import(object("old")));
    let old = ada("old");
    clock.set(DAY);
    let session = manager.load([old]);
    let line = {
        assert!(session.contains("name"));
        lines(&manager, &session).pop().unwrap()
    };
    let [next, later] = [9, 10].map(|seconds| {
        clock.set(DAY + seconds);
        manager.load([cookie_of(&line)]).require_recent(Duration::from_secs(10))
    });
    assert_eq!((next.is_ok(), later.is_ok()), (true, false));
}

#[test]
fn cookies_of_several_names_make_one_session_or_none() {
    let import = |config: SessionConfig| config.import(object("a")).import(object("b"));
    let (manager, _) = manager_with(import);
    let [a, b] = [("a", r#"{"x":1,"y":1}"#), ("b", r#"{"y":2}"#)].map(|(name, value)| old_cookie(name, value));
    let session = manager.load([&b, &a]);
    assert_eq!((session.get("x"), session.get("y")), (Ok(Some(1)), Ok(Some(2))), "in the order of the imports");
    let sent = lines(&manager, &session);
    assert_eq!(sent.iter().filter(|line| line.contains("Max-Age=0")).count(), 2);

    // An old cookie that does not open counts as missing. One that opens and can't be read stops the import, so that
    // none of its values is lost.
    let session = manager.load([a.as_str(), "b=forged"]);
    assert_eq!((session.len(), lines(&manager, &session).len()), (2, 2));
    let session = manager.load([a, old_cookie("b", "no object")]);
    assert_eq!(session.status(), Status::Rejected(DecodeError::NotImported { opened: true }));
    assert_eq!(lines(&manager, &session), [""; 0]);
}

#[test]
fn of_several_cookies_of_one_name_the_first_good_one_among_four_counts() {
    let manager = importing(object("old"));
    let bad = ["old=forged".to_owned(), old_cookie("old", "no object"), "old=".to_owned()];
    let session = manager.load([&bad[..], &[ada("old")]].concat());
    assert!(session.contains("name"));
    assert_eq!(lines(&manager, &session).len(), 2, "one deletion is enough");
    let session = manager.load([&bad[..], &["old=fourth".to_owned(), ada("old")]].concat());
    assert!(session.is_empty());
}

#[test]
fn an_old_cookie_is_found_by_its_very_name() {
    let manager = importing(object("old"));
    let cookie = ada("old");
    let value = cookie.strip_prefix("old").unwrap();
    let found = |header: Vec<u8>| !manager.load([b"a=\xff".to_vec(), header]).is_empty();
    assert!(found(format!("b=1; old{value} ;c=\"").into_bytes()));
    for name in ["o%6cd", "Old", "\u{2000}old", "old\u{a0}", "xold"] {
        assert!(!found(format!("{name}{value}").into_bytes()), "{name}");
    }
}

#[test]
fn a_seal_after_an_import_is_counted_as_one() {
    let counters = Counters::new();
    let (manager, _) = manager_with(|config| config.import(object("old")).observer(counters.clone()));
    let session = manager.load([ada("old")]);
    assert!(!session.is_empty());
    let _ = manager.commit(&session).unwrap();
    assert!(manager.load(["old=forged"]).is_empty());
    let counts = counters.snapshot();
    assert!(counts.seals.contains(&("imported", 1)), "{counts:?}");
    let session = manager.load([ada("old")]);
    session.regenerate().unwrap();
    let _ = manager.commit(&session).unwrap();
    let seals = counters.snapshot().seals;
    assert!(
        seals.contains(&("imported", 1)) && seals.contains(&("regenerated", 1)),
        "a login counts as one: {seals:?}"
    );
    assert_eq!(counts.refusals("import_not_authentic"), 1);
    assert_eq!(counts.refusals.iter().map(|(_, count)| count).sum::<u64>(), 1);
}

#[test]
fn an_import_that_browsers_would_ignore_is_refused_when_it_is_built() {
    let problems = |import: PrivateImport| {
        let config = SessionConfig::new(key(FIRST_KEY)).import(import);
        let error = config.build().err();
        error.map(|error| error.problems().iter().map(|problem| problem.setting().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(problems(object("__Secure-id")), None);
    for (import, setting) in [
        (object(""), "import name"),
        (object("two words"), "import name"),
        // The crate `cookie` would send this name as `a%7Cb`.
        (object("a|b"), "import name"),
        (object("old").path("shop"), "import path"),
        (object("old").domain("a;b"), "import domain"),
        (object("__Host-id").path("/shop"), "import path"),
        (object("__Host-id").domain("example.com"), "import domain"),
        (object("__Secure-id").secure(false), "import secure"),
    ] {
        assert_eq!(problems(import), Some(vec![setting.to_owned()]));
    }
}

#[test]
fn an_import_has_not_the_name_of_a_cookie_that_stands_beside_ours() {
    let of = |name: &str, change: fn(SessionConfig) -> SessionConfig| {
        let error = change(SessionConfig::new(key(FIRST_KEY)).cookie_name("sid").import(object(name))).build().err();
        error.map(|error| error.problems().iter().map(|problem| problem.setting().to_owned()).collect::<Vec<_>>())
    };
    let refused = Some(vec!["import name".to_owned()]);
    assert_eq!(of("sid-2", |config| config.two_cookies(true)), refused);
    assert_eq!(of("old-2", |config| config.two_cookies(true)), None);
    #[cfg(feature = "dbsc")]
    assert_eq!(of("sid-bound", |config| config.device_binding(sealed_session::DeviceBinding::new())), refused);
    for name in ["sid-2", "sid-bound"] {
        assert_eq!(of(name, |config| config), None, "{name} is anybody's");
    }
}

#[test]
fn an_import_shows_no_key() {
    let shown = format!("{:?} {:?}", object("old"), importing(object("old")));
    assert!(shown.contains("\"old\"") && !shown.contains("100") && !shown.contains("64"), "{shown}");
}

proptest! {
    #[test]
    fn any_bytes_under_the_old_name_give_an_empty_session_and_no_error(value in prop::collection::vec(any::<u8>(), 0..600)) {
        for name in ["old", NAME] {
            let manager = importing(object(name));
            let session = manager.load([[name.as_bytes(), b"=", &value].concat()]);
            prop_assert!(session.is_empty());
            prop_assert!(manager.commit(&session).is_ok());
        }
    }

    #[test]
    fn any_text_comes_back_as_it_was(text in "\\PC{0,400}") {
        let key = ImportKey::from_bytes(&old_bytes()).unwrap();
        let manager = importing(PrivateImport::new(key, "old", import::text("value")));
        let cookie = old_cookie("old", &text);
        let encoded = cookie.replacen('=', ":", 1).replace('+', "%2B").replace('/', "%2f").replace('=', "%3D").replace(':', "=");
        for cookie in [cookie, encoded] {
            let session = manager.load([cookie]);
            prop_assert_eq!(session.get("value"), Ok(Some(text.clone())));
        }
    }
}

/// Two nodes over one backend, which import old cookies.
fn with_backends(change: impl Fn(SessionConfig) -> SessionConfig) -> [SessionManager; 2] {
    [(); 2].map(|()| manager_with(|config| change(config.import(object("old")))).0)
}

#[test]
fn a_copy_of_an_old_cookie_is_refused_once_its_import_was_logged_out_where_a_backend_remembers_it() {
    let (list, store) = (Arc::new(MemoryRevocations::new()), Arc::new(MemoryStore::new()));
    for [first, second] in [
        with_backends(|config| config.revocations(Arc::clone(&list))),
        with_backends(|config| config.store(Arc::clone(&store))),
    ] {
        let old = ada("old");
        let session = load(&first, &old);
        assert_eq!(user_id(&session), Some(1));
        let ours = cookie_of(&run(first.commit_async(&session)).unwrap().into_iter().last().unwrap());
        let session = load(&second, &ours);
        session.destroy();
        drop(run(second.commit_async(&session)).unwrap());
        // Percent-encoding changes nothing about which cookie it is.
        for copy in [old.clone(), old.replace('=', "%3D").replacen("%3D", "=", 1)] {
            let session = load(&first, &copy);
            assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::Revoked)), "{copy}");
        }
        assert_eq!(user_id(&load(&first, &ada("old"))), Some(1), "the next old cookie is another session");
    }
}

/// A session that was imported into a store without a list: the cookie that it was made of, and the one that holds it
/// now.
struct Imported {
    manager: SessionManager,
    clock: TestClock,
    store: Arc<MemoryStore>,
    old: String,
    ours: String,
}

impl Imported {
    fn new() -> Self {
        let clock = TestClock::new();
        let store = Arc::new(MemoryStore::new().clock(clock.reader()));
        let config = SessionConfig::new(key(FIRST_KEY)).clock(clock.reader()).store(Arc::clone(&store));
        let (manager, old) = (config.import(object("old")).build().unwrap(), ada("old"));
        let session = load(&manager, &old);
        assert_eq!(user_id(&session), Some(1));
        let ours = cookie_of(&run(manager.commit_async(&session)).unwrap().into_iter().last().unwrap());
        Self { manager, clock, store, old, ours }
    }
}

/// A store can remember no longer than that: a copy that is imported afterwards makes a session.
#[test]
fn a_store_alone_remembers_the_end_of_an_import_for_an_absolute_timeout_from_the_end_on() {
    let ends: [fn(&SessionManager, &Session); 3] = [
        |_, session| assert!(session.destroy().is_some()),
        |_, session| assert!(session.regenerate().is_ok()),
        |manager, session| run(manager.revoke(session.id().unwrap(), at(START + 30 * DAY))).unwrap(),
    ];
    for end in ends {
        let Imported { manager, clock, old, ours, .. } = Imported::new();
        clock.set(DAY / 2);
        let session = load(&manager, &ours);
        end(&manager, &session);
        drop(run(manager.commit_async(&session)).unwrap());
        // The absolute timeout is 30 days, and a tombstone stays for three minutes more.
        let last = DAY / 2 + 30 * DAY + 179;
        for (second, user, rejected) in [(last, None, Some(DecodeError::Revoked)), (last + 1, Some(1), None)] {
            clock.set(second);
            run(manager.cleanup_expired()).unwrap();
            let session = load(&manager, &old);
            assert_eq!((user_id(&session), session.rejected()), (user, rejected), "after {second} seconds");
        }
    }
}

#[test]
fn a_copy_that_is_imported_when_the_record_of_the_first_one_is_past_its_time_has_nothing_of_it() {
    let acts: [fn(&Session); 2] = [|_| (), |session| assert!(session.regenerate().is_ok())];
    for (act, has_list) in acts.into_iter().flat_map(|act| [(act, false), (act, true)]) {
        let (manager, clock) = manager_with(|config| {
            let config = config.import(object("old")).store(MemoryStore::new());
            if has_list { config.revocations(MemoryRevocations::new()) } else { config }
        });
        let old = ada("old");
        let session = load(&manager, &old);
        session.set("role", "admin").unwrap();
        drop(run(manager.commit_async(&session)).unwrap());
        // The record is past its time, and nobody has removed it.
        clock.set(if has_list { 2 * DAY } else { 31 * DAY });
        let session = load(&manager, &old);
        assert_eq!((user_id(&session), session.contains("role")), (Some(1), false));
        act(&session);
        let ours = cookie_of(&run(manager.commit_async(&session)).unwrap().into_iter().last().unwrap());
        let session = load(&manager, &ours);
        assert_eq!((user_id(&session), session.contains("role")), (Some(1), false));
    }
}

#[test]
fn a_copy_that_is_imported_when_a_store_may_forget_an_end_makes_a_session_that_can_be_kept_and_ended() {
    for removes in [true, false] {
        let Imported { manager, clock, old, ours, .. } = Imported::new();
        let session = load(&manager, &ours);
        session.destroy();
        drop(run(manager.commit_async(&session)).unwrap());
        clock.set(31 * DAY);
        if removes {
            run(manager.cleanup_expired()).unwrap();
        }
        let session = load(&manager, &old);
        assert_eq!((user_id(&session), session.rejected()), (Some(1), None), "{removes}");
        let sent = run(manager.commit_async(&session)).unwrap();
        let session = load(&manager, &cookie_of(&sent.into_iter().last().unwrap()));
        session.regenerate().unwrap();
        drop(run(manager.commit_async(&session)).unwrap());
        assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked), "{removes}");
    }
    let acts: [fn(&Session); 2] =
        [|session| assert!(session.destroy().is_some()), |session| assert!(session.regenerate().is_ok())];
    for act in acts {
        let Imported { manager, clock, old, ours, .. } = Imported::new();
        let session = load(&manager, &ours);
        session.destroy();
        drop(run(manager.commit_async(&session)).unwrap());
        clock.set(31 * DAY);
        let session = load(&manager, &old);
        assert_eq!(user_id(&session), Some(1));
        act(&session);
        drop(run(manager.commit_async(&session)).unwrap());
        assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked));
    }
}

#[test]
fn a_logout_of_an_import_is_remembered_by_a_store_alone_although_the_record_was_lost_before() {
    let Imported { manager, store, old, ours, .. } = Imported::new();
    let session = load(&manager, &ours);
    run(store.delete(session.id().unwrap())).unwrap();
    let session = load(&manager, &ours);
    assert_eq!(session.rejected(), Some(DecodeError::NotStored));
    session.destroy();
    drop(run(manager.commit_async(&session)).unwrap());
    assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_logout_of_an_import_whose_login_failed_between_the_store_and_the_list_is_remembered_by_the_list() {
    let list = Watched::new(MemoryRevocations::new());
    let (manager, clock) = manager_with(|config| {
        let config = config.import(object("old")).store(MemoryStore::new());
        config.revocations(Arc::clone(&list)).subject("user_id")
    });
    let old = old_cookie("old", r#"{"theme":"dark"}"#);
    let session = load(&manager, &old);
    assert!(session.contains("theme"));
    let ours = cookie_of(&run(manager.commit_async(&session)).unwrap().into_iter().last().unwrap());
    let session = load(&manager, &ours);
    session.regenerate().unwrap();
    session.set("user_id", 1).unwrap();
    list.fail(&["revoke"]);
    assert!(run(manager.commit_async(&session)).is_err());
    list.fail(&[]);
    let session = load(&manager, &ours);
    assert_eq!(session.rejected(), Some(DecodeError::Revoked));
    session.destroy();
    drop(run(manager.commit_async(&session)).unwrap());
    clock.set(20 * DAY);
    run(manager.cleanup_expired()).unwrap();
    assert_eq!(load(&manager, &old).rejected(), Some(DecodeError::Revoked));
}

#[test]
fn a_logout_with_a_copy_of_an_old_cookie_ends_what_its_import_became() {
    for [manager, _] in [
        with_backends(|config| config.revocations(MemoryRevocations::new())),
        with_backends(|config| config.store(MemoryStore::new())),
        with_backends(|config| config.store(MemoryStore::new()).revocations(MemoryRevocations::new())),
        with_backends(|config| config.spill(MemoryStore::new()).revocations(MemoryRevocations::new())),
    ] {
        let sent =
            |session: &Session| cookie_of(&run(manager.commit_async(session)).unwrap().into_iter().last().unwrap());
        let old = ada("old");
        let session = load(&manager, &old);
        assert_eq!(user_id(&session), Some(1));
        let session = load(&manager, &sent(&session));
        session.regenerate().unwrap();
        let renewed = sent(&session);
        let copy = load(&manager, &old);
        assert_eq!(copy.rejected(), Some(DecodeError::Revoked));
        copy.destroy();
        drop(run(manager.commit_async(&copy)).unwrap());
        assert_eq!(load(&manager, &renewed).rejected(), Some(DecodeError::Revoked));
    }
}

#[test]
fn a_logout_of_an_old_cookie_that_was_loaded_without_asking_ends_its_import() {
    for [manager, _] in [
        with_backends(|config| config.revocations(MemoryRevocations::new())),
        with_backends(|config| config.store(MemoryStore::new())),
        with_backends(|config| config.store(MemoryStore::new()).revocations(MemoryRevocations::new())),
        with_backends(|config| config.spill(MemoryStore::new()).revocations(MemoryRevocations::new())),
    ] {
        for was_imported in [false, true] {
            let old = ada("old");
            let session = load(&manager, &old);
            let ours = was_imported.then(|| {
                assert_eq!(user_id(&session), Some(1));
                cookie_of(&run(manager.commit_async(&session)).unwrap().into_iter().last().unwrap())
            });
            let session = manager.load([&old]);
            assert_eq!(session.rejected(), Some(DecodeError::NotAsked));
            session.destroy();
            assert!(run(manager.commit_async(&session)).unwrap().into_iter().any(|line| line == OLD_DELETION));
            for cookie in ours.iter().chain([&old]) {
                let session = load(&manager, cookie);
                assert_eq!(
                    (user_id(&session), session.rejected()),
                    (None, Some(DecodeError::Revoked)),
                    "{was_imported}"
                );
            }
        }
    }
}

/// A limit: the old application did not tie its cookies together, so nobody can tell a part of them from a whole.
#[test]
fn a_logout_does_not_end_what_a_part_or_a_mixture_of_the_old_cookies_is_imported_into() {
    for [manager, _] in [
        with_backends(|config| config.import(object("theme")).revocations(MemoryRevocations::new())),
        with_backends(|config| config.import(object("theme")).store(MemoryStore::new())),
    ] {
        let [dark, light] = ["dark", "light"].map(|theme| old_cookie("theme", &format!(r#"{{"theme":"{theme}"}}"#)));
        let old = ada("old");
        let whole = format!("{old}; {dark}");
        let session = load(&manager, &whole);
        assert_eq!(user_id(&session), Some(1));
        session.destroy();
        drop(run(manager.commit_async(&session)).unwrap());
        for same in [&whole, &format!("{dark}; {old}")] {
            assert_eq!(load(&manager, same).rejected(), Some(DecodeError::Revoked));
        }
        for other in [&old, &format!("{old}; {light}")] {
            assert_eq!(user_id(&load(&manager, other)), Some(1));
        }
    }
}

#[test]
fn an_end_of_an_import_is_remembered_for_as_long_as_what_a_copy_was_imported_into_later_may_live() {
    let ends: [fn(&SessionManager, &Session); 3] = [
        |_, session| assert!(session.destroy().is_some()),
        |_, session| assert!(session.regenerate().is_ok()),
        |manager, session| {
            let until = session.created_at().checked_add(Duration::from_secs(30 * DAY)).unwrap();
            run(manager.revoke(session.id().unwrap(), until)).unwrap();
        },
    ];
    for end in ends {
        let list = Watched::new(MemoryRevocations::new());
        let (manager, clock) = manager_with(|config| {
            let config = config.import(object("old").until(at(START + 30 * DAY))).revocations(Arc::clone(&list));
            config.idle_timeout(Duration::from_secs(29 * DAY))
        });
        let old = ada("old");
        let import = || {
            let session = load(&manager, &old);
            assert_eq!(user_id(&session), Some(1));
            cookie_of(&run(manager.commit_async(&session)).unwrap().into_iter().last().unwrap())
        };
        let owners = import();
        clock.set(28 * DAY);
        let thiefs = import();
        list.calls();
        let session = load(&manager, &owners);
        end(&manager, &session);
        drop(run(manager.commit_async(&session)).unwrap());
        assert_eq!(load(&manager, &thiefs).rejected(), Some(DecodeError::Revoked));
        let until = list.calls().iter().find_map(|call| call.strip_prefix("revoke until ")?.parse::<u64>().ok());
        assert!(until.unwrap() >= START + 58 * DAY, "the session of the thief lives to that day: {until:?}");
    }
}

#[test]
fn a_copy_of_an_old_cookie_is_good_again_after_a_logout_where_nothing_remembers_it() {
    let (manager, old) = (importing(object("old")), ada("old"));
    let session = manager.load([old.as_str()]);
    assert_eq!(user_id(&session), Some(1));
    session.destroy();
    assert!(lines(&manager, &session).contains(&OLD_DELETION.to_owned()));
    assert_eq!(user_id(&manager.load([old])), Some(1));
}

#[test]
fn an_import_that_no_backend_was_asked_about_is_refused() {
    let [manager, _] = with_backends(|config| config.revocations(MemoryRevocations::new()));
    let session = manager.load([ada("old")]);
    assert_eq!((user_id(&session), session.rejected()), (None, Some(DecodeError::NotAsked)));
}

#[test]
fn each_error_of_a_key_to_import_under_says_what_the_key_must_be() {
    use sealed_session::import::ImportKeyError as Error;
    for (error, text) in [
        (Error::Length { found: 5 }, "key to import under must be 64 bytes, found 5"),
        (Error::Digits { found: 3 }, "key to import under must be 128 hexadecimal digits, found 3 characters"),
        (Error::NotHex, "key to import under must be 128 hexadecimal digits, found another character"),
        (Error::TooShort { found: 31 }, "key to import under must be derived from 32 bytes or more, found 31"),
        (Error::Repeated, "key to import under must be random, found one byte repeated"),
    ] {
        assert_eq!(error.to_string(), text);
    }
    let rocket =
        "secret_key of Rocket must be 44 or 88 characters of base64 or 64 hexadecimal digits, found another text";
    assert_eq!(Error::NotRocket.to_string(), rocket);
}
