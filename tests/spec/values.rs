//! The values and flash values of a session, as a handler reads and writes them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Barrier};
use std::thread;

use sealed_session::{Session, SessionData, SessionManager, Status, ValueError};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

use crate::common::{self, fresh, manager, next, sealed};
use crate::foreign;

struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

#[test]
fn a_value_of_any_type_comes_back_in_the_next_request() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Role {
        Guest,
        Admin { since: u64 },
    }
    let manager = manager();
    let session = fresh(&manager);
    session.set("number", u64::MAX).unwrap();
    session.set("float", -3.234_768_087_681_837e-84).unwrap();
    session.set("text", "naïve \"quotes\" \u{0} \u{1f600}").unwrap();
    session.set("role", Role::Admin { since: 5 }).unwrap();
    session.set("guest", &Role::Guest).unwrap();
    session.set("list", vec![Some(1), None]).unwrap();
    session.set("map", HashMap::from([(7, "seven")])).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.get("number"), Ok(Some(u64::MAX)));
    assert_eq!(session.get("float"), Ok(Some(-3.234_768_087_681_837e-84)));
    assert_eq!(session.get("text"), Ok(Some("naïve \"quotes\" \u{0} \u{1f600}".to_owned())));
    assert_eq!(session.get("role"), Ok(Some(Role::Admin { since: 5 })));
    assert_eq!(session.get("guest"), Ok(Some(Role::Guest)));
    assert_eq!(session.get("list"), Ok(Some(vec![Some(1), None])));
    assert_eq!(session.get("map"), Ok(Some(HashMap::from([(7, "seven".to_owned())]))));
    assert_eq!(session.get::<u64>("none"), Ok(None));
}

#[test]
fn a_wrong_type_is_an_error_and_the_value_stays() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("user_id", "123").unwrap();
    let error = Err(ValueError::Deserialize { key: "user_id".into(), expected: "u64" });
    assert_eq!(session.get::<u64>("user_id"), error);
    assert_eq!(session.remove::<u64>("user_id"), error);
    assert_eq!(session.replace::<u64, _>("user_id", 5), error);
    assert_eq!(session.get("user_id"), Ok(Some("123".to_owned())));
}

#[test]
fn an_error_never_quotes_a_value() {
    let session = fresh(&manager());
    session.set("token", "hunter2").unwrap();
    let error = session.get::<u64>("token").unwrap_err();
    assert_eq!(error.to_string(), "session value \"token\" is not a u64");
    assert!(!format!("{error:?}").contains("hunter2"));
    assert!(std::error::Error::source(&error).is_none());
}

#[test]
fn an_error_shows_a_key_without_its_control_characters() {
    let session = fresh(&manager());
    session.set("a\n\u{1b}[31m", 1).unwrap();
    let shown = session.get::<String>("a\n\u{1b}[31m").unwrap_err().to_string();
    assert_eq!(shown, r#"session value "a\n\u{1b}[31m" is not a alloc::string::String"#);
}

#[test]
fn a_value_or_a_key_that_can_not_be_stored_is_an_error_and_nothing_is_stored() {
    let session = fresh(&manager());
    let too_long = "x".repeat(65_534);
    assert_eq!(session.set("a", Unserializable), Err(ValueError::Serialize { key: "a".into() }));
    assert_eq!(session.set("", 1), Err(ValueError::KeyLength { found: 0 }));
    assert_eq!(session.set(&"k".repeat(128), 1), Err(ValueError::KeyLength { found: 128 }));
    assert_eq!(session.set("a", &too_long), Err(ValueError::TooLong { key: "a".into(), found: 65_536 }));
    assert_eq!(session.set_flash("", 1), Err(ValueError::KeyLength { found: 0 }));
    assert_eq!(session.replace::<u8, _>("a", Unserializable), Err(ValueError::Serialize { key: "a".into() }));
    assert!(session.is_empty());
    assert_eq!(session.status(), Status::New);
}

#[test]
fn replace_and_remove_return_what_was_there() {
    let session = fresh(&manager());
    assert_eq!(session.replace::<u8, _>("n", 1), Ok(None));
    assert_eq!(session.replace::<u8, _>("n", 2), Ok(Some(1)));
    assert_eq!(session.remove::<u8>("n"), Ok(Some(2)));
    assert_eq!(session.remove::<u8>("n"), Ok(None));
    session.set("n", 3).unwrap();
    assert!(session.discard("n"));
    assert!(!session.discard("n"));
}

#[test]
fn keys_come_in_the_order_in_which_they_were_first_stored() {
    let manager = manager();
    let session = fresh(&manager);
    for key in ["zebra", "apple", "mango"] {
        session.set(key, 0).unwrap();
    }
    session.set("apple", 1).unwrap();
    session.set_flash("notice", 1).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.keys(), ["zebra", "apple", "mango"]);
    assert_eq!(session.len(), 3);
    assert!(session.contains("apple") && !session.contains("notice"));
}

#[test]
fn clear_keeps_the_session_its_id_and_its_flash_values() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let id = session.id().unwrap();
    session.set_flash("notice", "bye").unwrap();
    session.clear();
    let session = next(&manager, &session);
    assert_eq!(session.id(), Ok(id));
    assert_eq!(session.len(), 0);
    assert_eq!(session.take_flash("notice"), Ok(Some("bye".to_owned())));
}

#[test]
fn a_flash_value_is_read_once_and_unread_ones_stay() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_flash("notice", "saved").unwrap();
    session.set_flash("errors", json!({"name": ["too long"], "age": []})).unwrap();

    let session = next(&manager, &session);
    assert_eq!(session.take_flash("notice"), Ok(Some("saved".to_owned())));
    assert_eq!(session.take_flash::<String>("notice"), Ok(None));

    let session = next(&manager, &session);
    assert_eq!(session.take_flash::<String>("notice"), Ok(None));
    let errors: BTreeMap<String, Vec<String>> = session.take_flash("errors").unwrap().unwrap();
    assert_eq!(errors["name"], ["too long"]);

    let session = next(&manager, &session);
    assert!(session.is_empty());
}

#[test]
fn flash_values_have_keys_of_their_own() {
    let session = fresh(&manager());
    session.set("name", 1).unwrap();
    session.set_flash("name", 2).unwrap();
    assert_eq!(session.get("name"), Ok(Some(1)));
    assert_eq!(session.take_flash("name"), Ok(Some(2)));
    assert_eq!(session.get("name"), Ok(Some(1)));
}

#[test]
fn flashes_takes_them_all_or_none() {
    let session = fresh(&manager());
    session.set_flash("b", "two").unwrap();
    session.set_flash("a", 1).unwrap();
    assert!(matches!(session.flashes::<String>(), Err(ValueError::Deserialize { .. })));
    assert_eq!(session.flashes::<Value>(), Ok(vec![("b".into(), json!("two")), ("a".into(), json!(1))]));
    assert_eq!(session.flashes::<Value>(), Ok(vec![]));
}

#[test]
fn a_flash_value_that_changes_while_all_are_taken_is_not_lost() {
    thread_local!(static SESSION: std::cell::RefCell<Option<Session>> = const { std::cell::RefCell::new(None) });

    /// Stores a new flash value under the same key while the old one is read, once.
    #[derive(PartialEq, Debug)]
    struct Meddler(u32);

    impl<'de> Deserialize<'de> for Meddler {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            if let Some(session) = SESSION.take() {
                session.set_flash("n", 2).unwrap();
            }
            u32::deserialize(deserializer).map(Meddler)
        }
    }
    let session = fresh(&manager());
    session.set_flash("n", 1).unwrap();
    SESSION.set(Some(session.clone()));
    assert_eq!(session.flashes(), Ok(vec![("n".to_owned(), Meddler(2))]));
    session.set_flash("n", 1).unwrap();
    SESSION.set(Some(session.clone()));
    assert_eq!(session.take_flash("n"), Ok(Some(Meddler(2))));
    assert!(session.is_empty());
}

#[test]
fn a_flash_value_of_another_type_stays() {
    let session = fresh(&manager());
    session.set_flash("notice", "saved").unwrap();
    assert!(matches!(session.take_flash::<u8>("notice"), Err(ValueError::Deserialize { .. })));
    assert_eq!(session.take_flash("notice"), Ok(Some("saved".to_owned())));
}

#[test]
fn a_typed_and_a_keyed_reader_see_the_same_session() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Content {
        name: String,
        roles: Vec<String>,
        #[serde(default)]
        visits: u32,
    }
    let manager = manager();
    let session = fresh(&manager);
    session.set("gone", true).unwrap();
    session.set_flash("notice", "stays").unwrap();
    session.set_data(&Content { name: "Ada".into(), roles: vec!["admin".into()], visits: 0 }).unwrap();

    let session = next(&manager, &session);
    assert_eq!(session.get("name"), Ok(Some("Ada".to_owned())));
    assert_eq!(session.keys(), ["name", "roles", "visits"]);
    assert_eq!(session.take_flash("notice"), Ok(Some("stays".to_owned())));
    session.discard("visits");
    session.set("name", "Grace").unwrap();
    let content: Content = session.data().unwrap();
    assert_eq!(content, Content { name: "Grace".into(), roles: vec!["admin".into()], visits: 0 });
    let map: BTreeMap<String, Value> = session.data().unwrap();
    assert_eq!(map["roles"], json!(["admin"]));
}

#[test]
fn typed_content_that_can_not_be_stored_is_an_error_and_changes_nothing() {
    let session = fresh(&manager());
    session.set("name", 5).unwrap();
    assert!(matches!(session.set_data("text"), Err(ValueError::NotAMap { .. })));
    assert!(matches!(session.set_data(&HashMap::from([("", 1)])), Err(ValueError::KeyLength { found: 0 })));
    assert_eq!(session.set_data(&HashMap::from([("a", 1), ("", 1)])), Err(ValueError::KeyLength { found: 0 }));
    assert_eq!(
        session.set_data(&HashMap::from([("a", vec![Unserializable])])),
        Err(ValueError::Serialize { key: "a".into() })
    );
    assert_eq!(session.keys(), ["name"]);
}

#[test]
fn opening_parses_no_value_and_an_untouched_one_goes_on_byte_for_byte() {
    // serde_json would write the first number and the white space in another way, and the last text is no JSON at all.
    for text in ["1.50E+2", " {\"b\" : 1, \"a\":2 } ", "not json"] {
        let manager = manager();
        let value = foreign_value("raw", text);
        let session = manager.load([format!("{}={value}", common::NAME)]);
        assert_eq!(session.status(), Status::Loaded);
        session.set("other", 1).unwrap();
        let data = next(&manager, &session).snapshot().unwrap();
        assert_eq!(data.entries().next(), Some(("raw", text)));
        assert_eq!(session.get::<Value>("raw").is_err(), text == "not json");
    }
}

/// A cookie from another implementation, which puts any text in the place of a JSON value.
pub(crate) fn foreign_value(entry: &str, text: &str) -> String {
    let mut plaintext = vec![1, 0];
    plaintext.extend_from_slice(&[0xa0; 16]);
    for time in [common::START, common::START, common::START + 1000] {
        plaintext.extend_from_slice(&time.to_be_bytes()[3..]);
    }
    plaintext.push(u8::try_from(entry.len()).unwrap());
    plaintext.extend_from_slice(entry.as_bytes());
    plaintext.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    plaintext.extend_from_slice(text.as_bytes());
    foreign::seal(common::FIRST_KEY, common::NAME, "", &plaintext)
}

#[test]
fn a_plain_session_does_what_the_handle_does() {
    let mut data = SessionData::new(common::at(0), std::time::Duration::from_secs(1)).unwrap();
    let content = BTreeMap::from([("a", 1), ("b", 2)]);
    assert_eq!(data.set_data(&content), Ok(true));
    assert_eq!(data.set_data(&content), Ok(false));
    assert_eq!(data.set_flash("notice", "hi"), Ok(true));
    assert_eq!(data.set_flash("notice", "hi"), Ok(false));
    assert_eq!(data.len(), 2);
    assert_eq!(data.take_flash("notice"), Ok(Some("hi".to_owned())));
    assert_eq!(data.take_flash::<String>("notice"), Ok(None));
    assert!(data.discard("a") && !data.discard("a"));
    assert!(data.clear() && !data.clear());
    assert!(data.is_empty());
}

#[test]
fn an_id_is_its_bytes() {
    let id = sealed_session::SessionId::from_bytes(*b"0123456789abcdef");
    assert_eq!(id.to_bytes(), *b"0123456789abcdef");
    assert_eq!(id.to_string(), "30313233343536373839616263646566");
}

#[test]
fn of_two_threads_that_take_one_flash_value_one_gets_it() {
    let session = fresh(&manager());
    for round in 0..200 {
        session.set_flash("once", round).unwrap();
        let barrier = Arc::new(Barrier::new(2));
        let taken: Vec<Option<u32>> = thread::scope(|scope| {
            let take = || {
                barrier.wait();
                session.take_flash("once").unwrap()
            };
            let (first, second) = (scope.spawn(take), scope.spawn(take));
            vec![first.join().unwrap(), second.join().unwrap()]
        });
        assert_eq!(taken.iter().flatten().count(), 1);
    }
}

#[test]
fn a_serializer_that_uses_the_session_does_not_deadlock() {
    struct Nosy(Session);

    impl Serialize for Nosy {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set("seen", true).unwrap();
            serializer.serialize_u64(5)
        }
    }
    let session = fresh(&manager());
    session.set("nosy", Nosy(session.clone())).unwrap();
    assert_eq!(session.keys(), ["seen", "nosy"]);
}

#[test]
fn debug_shows_no_value_and_only_the_start_of_the_id() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("token", "hunter2").unwrap();
    session.set_flash("notice", "hunter3").unwrap();
    let data: SessionData = session.snapshot().unwrap();
    let line = manager.commit(&session).unwrap();
    assert!(format!("{line:?}").contains("count: 1"));
    assert_eq!(format!("{:?}", fresh(&manager)), "Session(unopened)");
    assert!(format!("{session:?}").contains("status: Loaded"));
    let shown = format!("{session:?} {data:?} {line:?} {manager:?}");
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(!shown.contains(&data.id().to_string()), "{shown}");
    assert!(shown.contains(&data.id().to_string()[..8]), "{shown}");
    assert!(!shown.contains("AfV8"), "{shown}");
    assert!(shown.contains("Codec { cookie_name: \"tideway_session\""), "{shown}");
}

#[test]
fn the_types_that_cross_threads_are_send_and_sync() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Session>();
    check::<SessionManager>();
    check::<sealed_session::Codec>();
    check::<SessionData>();
    check::<sealed_session::SessionConfig>();
}
