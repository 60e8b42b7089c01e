//! The CSRF token of a session.

use std::collections::BTreeMap;

use sealed_session::{Session, SessionConfig, SessionData, SessionId, Status, ValueError};

use crate::common::{FIRST_KEY, TestClock, commit, cookie_of, fresh, key, manager, next, sealed};

#[test]
fn a_csrf_token_is_good_in_its_session_and_stays_the_same() {
    let manager = manager();
    let session = fresh(&manager);
    let token = session.csrf_token().unwrap();
    assert!(token.len() >= 22 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    assert!(session.verify_csrf_token(&token));
    let session = next(&manager, &session);
    assert!(session.verify_csrf_token(&token));
    assert_eq!(session.csrf_token().unwrap(), token);
    assert_eq!(commit(&manager, &session), None, "it is drawn once");
}

#[test]
fn a_csrf_token_of_another_session_is_refused() {
    let manager = manager();
    let (first, second) = (fresh(&manager), fresh(&manager));
    let (one, other) = (first.csrf_token().unwrap(), second.csrf_token().unwrap());
    assert_ne!(one, other);
    assert!(!first.verify_csrf_token(&other) && !second.verify_csrf_token(&one));
}

#[test]
fn a_csrf_token_that_is_missing_cut_long_or_changed_is_refused() {
    let session = fresh(&manager());
    let token = session.csrf_token().unwrap();
    let longer = format!("{token}A");
    for wrong in ["", " ", "\"\"", &token[1..], &token[..token.len() - 1], &longer, &format!("\"{token}\"")] {
        assert!(!session.verify_csrf_token(wrong), "{wrong}");
    }
    for place in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        assert!(!session.verify_csrf_token(&String::from_utf8(changed).unwrap()), "{place}");
    }
}

#[test]
fn a_csrf_token_from_before_a_login_or_logout_is_refused() {
    let manager = manager();
    let ends: [fn(&Session); 3] = [
        |session| assert!(session.regenerate().unwrap().is_some()),
        |session| assert!(session.regenerate_empty().unwrap().is_some()),
        |session| assert!(session.destroy().is_some()),
    ];
    for end in ends {
        let session = fresh(&manager);
        let token = session.csrf_token().unwrap();
        let session = next(&manager, &session);
        end(&session);
        assert!(!session.verify_csrf_token(&token));
        let new = session.csrf_token().unwrap();
        assert_ne!(new, token);
        let session = next(&manager, &session);
        assert!(session.verify_csrf_token(&new) && !session.verify_csrf_token(&token));
    }
}

#[test]
fn verifying_a_csrf_token_begins_no_session_and_changes_none() {
    let manager = manager();
    let session = fresh(&manager);
    assert!(!session.verify_csrf_token("") && !session.verify_csrf_token("AAAAAAAAAAAAAAAAAAAAAA"));
    assert_eq!((session.status(), commit(&manager, &session)), (Status::New, None));
    let session = manager.load([sealed(&manager)]);
    assert!(!session.verify_csrf_token(""));
    assert_eq!((session.status(), commit(&manager, &session)), (Status::Loaded, None));
}

#[test]
fn the_values_see_nothing_of_the_csrf_token_and_leave_it() {
    let manager = manager();
    let session = fresh(&manager);
    let token = session.csrf_token().unwrap();
    assert!(!session.is_empty(), "there is something to seal");
    session.set_data(&BTreeMap::from([("visits", 1)])).unwrap();
    let session = next(&manager, &session);
    assert_eq!((session.keys(), session.len()), (vec!["visits".to_owned()], 1));
    assert_eq!(session.data::<BTreeMap<String, u64>>().unwrap(), BTreeMap::from([("visits".to_owned(), 1)]));
    assert_eq!(session.set("~csrf", 1), Err(ValueError::Reserved { key: "~csrf".to_owned() }));
    assert_eq!((session.get::<String>("~csrf"), session.remove::<String>("~csrf")), (Ok(None), Ok(None)));
    assert!(!session.contains("~csrf") && !session.discard("~csrf"));
    session.clear();
    assert!(session.flashes::<u64>().unwrap().is_empty());
    assert!(next(&manager, &session).verify_csrf_token(&token));
}

#[test]
fn a_csrf_token_belongs_to_one_session_id() {
    let manager = manager();
    let session = fresh(&manager);
    let token = session.csrf_token().unwrap();
    let mut data = session.snapshot().unwrap();
    let load =
        |data: &SessionData| manager.load([format!("tideway_session={}", manager.codec().encode(data).unwrap())]);
    data.set_id(session.id().unwrap());
    assert!(load(&data).verify_csrf_token(&token));
    data.set_id(SessionId::generate().unwrap());
    assert!(!load(&data).verify_csrf_token(&token));
}

#[test]
fn a_migration_keeps_the_csrf_token() {
    let manager = manager();
    let session = fresh(&manager);
    let token = session.csrf_token().unwrap();
    let cookie = cookie_of(&commit(&manager, &session).unwrap());
    let config = SessionConfig::new(key(FIRST_KEY)).clock(TestClock::new().reader()).schema(1);
    let newer = config.migrate(|_, data| Ok(data.set("migrated", true).map(drop)?)).build().unwrap();
    assert!(newer.load([cookie]).verify_csrf_token(&token));
}
