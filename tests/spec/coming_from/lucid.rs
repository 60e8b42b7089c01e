//! Lucid, the Go framework: values, flash values, and flash maps.

use std::collections::BTreeMap;

use sealed_session::{Status, ValueError};
use serde::Serialize;
use serde_json::{Value, json};

use super::next;
use crate::common::{fresh, manager};

#[test]
fn set_stores_a_value_of_any_type() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("authenticated", 100).unwrap();
    session.set("user", json!({"name": "Jane"})).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.get("authenticated"), Ok(Some(100)));
    assert_eq!(session.get("user"), Ok(Some(json!({"name": "Jane"}))));
}

#[test]
fn a_value_that_is_not_there_is_no_error() {
    assert_eq!(fresh(&manager()).get::<u64>("authenticated"), Ok(None));
}

#[test]
fn one_value_is_taken_away_and_the_session_stays() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("authenticated", 100).unwrap();
    session.set("cart", ["apple"]).unwrap();
    let session = next(&manager, &session);
    let id = session.id();
    assert!(session.discard("authenticated"));
    let session = next(&manager, &session);
    assert_eq!((session.keys(), session.id()), (vec!["cart".to_owned()], id));
}

#[test]
fn a_flash_value_waits_for_the_request_that_reads_it() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_flash("message", "Hello Jane!").unwrap();
    assert_eq!(session.set_flash("", "no key"), Err(ValueError::KeyLength { found: 0 }));
    let session = next(&manager, &session);
    session.set("visits", 2).unwrap();
    assert_eq!(next(&manager, &session).take_flash("message"), Ok(Some("Hello Jane!".to_owned())));
}

#[test]
fn a_flash_value_is_gone_once_it_was_read() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_flash("message", "Hello Jane!").unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.take_flash("message"), Ok(Some("Hello Jane!".to_owned())));
    assert_eq!(session.take_flash::<String>("message"), Ok(None));
    assert_eq!(next(&manager, &session).take_flash::<String>("message"), Ok(None));
}

#[test]
fn a_flash_map_is_stored_whole_under_one_key() {
    #[derive(Serialize)]
    struct Inputs {
        name: &'static str,
    }
    let manager = manager();
    let session = fresh(&manager);
    let map = BTreeMap::from([("key1", json!(true)), ("key2", json!("text")), ("key3", json!(100.99))]);
    session.set_flash("data", &map).unwrap();
    session.set_flash("inputs", Inputs { name: "Jane" }).unwrap();
    let flashes: BTreeMap<String, Value> = next(&manager, &session).flashes().unwrap().into_iter().collect();
    assert_eq!(flashes["data"], json!({"key1": true, "key2": "text", "key3": 100.99}));
    assert_eq!(flashes["inputs"], json!({"name": "Jane"}));
}

#[test]
fn a_flash_map_is_read_whole_and_once_and_numbers_stay_whole() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_flash("data", json!({"key1": true, "key4": u64::MAX})).unwrap();
    let session = next(&manager, &session);
    let data: BTreeMap<String, Value> = session.take_flash("data").unwrap().unwrap_or_default();
    assert_eq!(data["key1"], json!(true));
    assert_eq!(data["key4"], json!(u64::MAX), "theirs reads a float");
    let again: Option<BTreeMap<String, Value>> = session.take_flash("data").unwrap();
    assert_eq!(again, None);
}

#[test]
fn the_fields_of_a_map_become_flash_values_at_once_or_none_does() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_flash("john", "Hi!").unwrap();
    session.set_flash("notice", "Saved").unwrap();
    session.set_flashes(&BTreeMap::from([("john", "Hello Jane!"), ("jane", "Hi John!")])).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.take_flash("john"), Ok(Some("Hello Jane!".to_owned())), "the last one counts");
    assert_eq!(session.take_flash("jane"), Ok(Some("Hi John!".to_owned())));
    let long = "z".repeat(128);
    let bad = BTreeMap::from([("a", "new"), ("notice", "new"), (long.as_str(), "the key is too long")]);
    assert_eq!(session.set_flashes(&bad), Err(ValueError::KeyLength { found: 128 }));
    assert!(matches!(session.set_flashes("text"), Err(ValueError::NotAMap { .. })));
    assert_eq!(session.flashes(), Ok(vec![("notice".to_owned(), "Saved".to_owned())]), "the others stay");
}

#[test]
fn every_flash_value_is_read_at_once() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_flashes(&json!({"john": "Hello Jane!", "jane": "Hi John!"})).unwrap();
    let session = next(&manager, &session);
    let all: BTreeMap<String, String> = session.flashes().unwrap().into_iter().collect();
    assert_eq!(all, BTreeMap::from([("john", "Hello Jane!"), ("jane", "Hi John!")].map(|(k, v)| (k.into(), v.into()))));
    assert!(next(&manager, &session).is_empty());
}

#[test]
fn flash_maps_that_are_set_as_they_are_change_nothing() {
    let manager = manager();
    let session = fresh(&manager);
    let map = BTreeMap::from([("john", "Hello Jane!")]);
    session.set_flashes(&map).unwrap();
    let session = next(&manager, &session);
    session.set_flashes(&map).unwrap();
    session.set_flashes(&BTreeMap::<&str, &str>::new()).unwrap();
    assert_eq!(session.status(), Status::Loaded);
    let mut data = session.snapshot().unwrap();
    assert_eq!(data.set_flashes(&map), Ok(false));
    assert_eq!(data.set_flashes(&BTreeMap::from([("john", "Bye")])), Ok(true));
}

#[test]
fn no_key_is_reserved_for_flash_values() {
    let session = fresh(&manager());
    session.set("flash-message", "a value").unwrap();
    session.set_flash("message", "a flash value").unwrap();
    assert_eq!(session.get("flash-message"), Ok(Some("a value".to_owned())));
    assert_eq!(session.take_flash("message"), Ok(Some("a flash value".to_owned())));
    assert!(session.contains("flash-message"));
}
