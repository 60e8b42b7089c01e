//! viz's `sessions`: 0.7.0 as viz 0.11 has it, and what 0.1.9 and 0.0.1 had before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sealed_session::{DecodeError, FailurePolicy, MemoryStore, Status, ValueError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::next;
use super::shelf::{memory, plain, shelf};
use crate::backends::{self, Watched, broken, run};
use crate::common::{START, at, commit, fresh, is_deletion, manager, manager_with, sealed};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct User {
    age: u32,
    name: String,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct State {
    counter: u64,
    user: User,
}

fn user(age: u32, name: &str) -> User {
    User { age, name: name.to_owned() }
}

#[test]
fn get_reads_a_value_as_the_type_that_is_asked_for() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("user", user(23, "Jordan")).unwrap();
    session.set("counter", 144).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.get("user"), Ok(Some(user(23, "Jordan"))));
    assert_eq!([session.get("counter"), session.get("none")], [Ok(Some(144_u64)), Ok(None)]);
    assert_eq!(session.get("counter"), Ok(Some(144.0)));
    assert!(matches!(session.get::<User>("counter"), Err(ValueError::Deserialize { .. })));
}

#[test]
fn set_stores_any_value_in_the_place_of_the_old_one() {
    let session = fresh(&manager());
    session.set("user", user(23, "Jordan")).unwrap();
    session.set("user", 37).unwrap();
    assert_eq!(session.get("user"), Ok(Some(37)));
}

#[test]
fn replace_stores_a_value_and_gives_the_previous_one() {
    let manager = manager();
    let session = fresh(&manager);
    assert_eq!(session.replace::<User, _>("user", user(23, "Jordan")), Ok(None));
    let session = next(&manager, &session);
    assert_eq!(session.replace("user", user(37, "Kobe")), Ok(Some(user(23, "Jordan"))));
    assert_eq!(next(&manager, &session).get("user"), Ok(Some(user(37, "Kobe"))));
}

#[test]
fn remove_gives_the_value_as_json() {
    let session = fresh(&manager());
    session.set("user", user(23, "Jordan")).unwrap();
    assert_eq!(session.remove::<Value>("user"), Ok(Some(json!({"age": 23, "name": "Jordan"}))));
    assert_eq!(session.remove::<Value>("user"), Ok(None));
}

#[test]
fn remove_gives_the_value_as_a_type_and_one_of_another_type_stays() {
    let session = fresh(&manager());
    session.set("user", user(23, "Jordan")).unwrap();
    assert!(matches!(session.remove::<u64>("user"), Err(ValueError::Deserialize { .. })));
    assert_eq!(session.remove("user"), Ok(Some(user(23, "Jordan"))));
    assert!(!session.contains("user"));
}

#[test]
fn clear_empties_the_session_and_keeps_it() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let id = session.id();
    session.set_flash("notice", "Saved").unwrap();
    session.clear();
    let session = next(&manager, &session);
    assert_eq!((session.len(), session.id()), (0, id));
    assert_eq!(session.take_flash("notice"), Ok(Some("Saved".to_owned())));
}

#[test]
fn the_state_is_a_map_of_json_values_in_the_order_of_its_keys() {
    let manager = manager();
    let session = fresh(&manager);
    assert_eq!(session.data(), Ok(BTreeMap::<String, Value>::new()));
    session.set("user", user(37, "Kobe")).unwrap();
    session.set("counter", 144).unwrap();
    session.set_flash("notice", "none of the state").unwrap();
    let session = next(&manager, &session);
    let state: BTreeMap<String, Value> = session.data().unwrap();
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(text, r#"{"counter":144,"user":{"age":37,"name":"Kobe"}}"#);
    assert_eq!(session.data(), Ok(State { counter: 144, user: user(37, "Kobe") }));
}

#[test]
fn a_map_that_is_set_is_the_whole_state() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let state = BTreeMap::from([("counter".to_owned(), json!(144)), ("user".to_owned(), json!({"age": 37}))]);
    session.set_data(&state).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.data(), Ok(state));
    session.set_data(&State { counter: 145, user: user(23, "Jordan") }).unwrap();
    assert_eq!(next(&manager, &session).keys(), ["counter", "user"]);
    assert_eq!(session.get("counter"), Ok(Some(145)));
}

#[test]
fn the_status_says_unchanged_changed_renewed_or_purged() {
    let manager = manager();
    assert_eq!(fresh(&manager).status(), Status::New);
    let session = manager.load([sealed(&manager)]);
    assert_eq!(session.status(), Status::Loaded);
    session.set("counter", 144).unwrap();
    assert_eq!(session.status(), Status::Changed);
    session.regenerate().unwrap();
    session.set("counter", 145).unwrap();
    assert_eq!(session.status(), Status::Regenerated, "a change does not hide it");
    session.destroy();
    assert_eq!(session.status(), Status::Destroyed);
}

#[test]
fn commit_saves_what_changed_and_nothing_else() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    assert_eq!(session.get("user_id"), Ok(Some(1)));
    assert_eq!(commit(&manager, &session), None);
    session.set("user_id", 2).unwrap();
    assert_eq!(next(&manager, &session).get("user_id"), Ok(Some(2)));
}

#[test]
fn a_renewed_session_has_a_new_id_and_its_values() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let old = session.id().unwrap();
    assert_eq!(session.regenerate().unwrap().unwrap().id, old);
    let session = next(&manager, &session);
    assert_ne!(session.id(), Ok(old));
    assert_eq!(session.get("user_id"), Ok(Some(1)));
}

#[test]
fn a_session_that_is_renewed_empty_has_a_new_id_and_no_value() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let old = session.id().unwrap();
    assert_eq!(session.regenerate_empty().unwrap().unwrap().id, old);
    let session = next(&manager, &session);
    assert_ne!(session.id(), Ok(old));
    assert!(session.is_empty());
}

#[test]
fn a_purged_session_is_gone_with_its_cookie_and_what_is_set_then_begins_another() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let old = session.id();
    session.destroy();
    assert!(session.is_empty());
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    session.set("visits", 1).unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.keys(), ["visits"], "theirs drops it without a word");
    assert_ne!(session.id(), old);
}

#[test]
fn the_id_is_the_same_in_every_request_of_a_session() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("counter", 1).unwrap();
    let id = session.id();
    let session = next(&manager, &session);
    session.set("counter", 2).unwrap();
    assert_eq!(next(&manager, &session).id(), id);
}

#[test]
fn the_end_of_the_session_is_known_to_the_handler() {
    let (manager, clock) = manager_with(|config| config);
    let cookie = sealed(&manager);
    clock.set(600);
    assert_eq!(manager.load([cookie]).expires_at(), at(START + 24 * 3600));
}

#[test]
fn a_clone_is_the_same_session() {
    let manager = manager();
    let session = fresh(&manager);
    session.clone().set("counter", 144).unwrap();
    assert_eq!(next(&manager, &session).get("counter"), Ok(Some(144)));
}

#[test]
fn a_storage_of_ones_own_keeps_the_sessions_and_ends_them() {
    for store in [plain(), shelf()] {
        let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
        let session = backends::load(&manager, "");
        session.set("user", user(23, "Jordan")).unwrap();
        let old = backends::commit(&manager, &session).unwrap();
        let session = backends::load(&manager, &old);
        assert_eq!(session.replace("user", user(37, "Kobe")), Ok(Some(user(23, "Jordan"))));
        session.regenerate().unwrap();
        let cookie = backends::commit(&manager, &session).unwrap();
        assert_eq!(backends::load(&manager, &old).rejected(), Some(DecodeError::Revoked));
        let session = backends::load(&manager, &cookie);
        assert_eq!(session.get("user"), Ok(Some(user(37, "Kobe"))));
        let id = session.id().unwrap();
        session.destroy();
        assert!(is_deletion(&backends::commit(&manager, &session).unwrap()));
        assert_eq!(run(store.load(id)).unwrap().unwrap().bytes(), [0; 16], "nothing of it is left but that it ended");
        assert_eq!(backends::load(&manager, &cookie).rejected(), Some(DecodeError::Revoked));
    }
}

#[test]
fn a_storage_that_is_reset_holds_no_session() {
    let (manager, _) = manager_with(|config| config.store(memory()));
    let cookies = [1, 2].map(|user_id| backends::login(&manager, user_id));
    assert_eq!(run(manager.clear()), Ok(()));
    for cookie in cookies {
        assert_eq!(backends::load(&manager, &cookie).rejected(), Some(DecodeError::NotStored));
    }
}

#[test]
fn a_storage_that_fails_fails_the_request_on_demand() {
    let store = Watched::new(MemoryStore::new());
    let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)).on_backend_failure(FailurePolicy::Fail));
    let cookie = backends::login(&manager, 42);
    store.fail(&["load"]);
    assert_eq!(run(manager.load_async([cookie.as_str()])).unwrap_err(), broken());
    store.fail(&[]);
    assert_eq!(backends::user_id(&backends::load(&manager, &cookie)), Some(42));
}
