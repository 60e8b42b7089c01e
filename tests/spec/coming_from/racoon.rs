//! Racoon 0.1.9: the session of a request, made when something is first stored in it.

use std::sync::Arc;

use sealed_session::{DecodeError, MemoryStore, Status, ValueError};

use super::next;
use super::shelf::{memory, plain, shelf};
use crate::backends::{self, Watched, run};
use crate::common::{commit, fresh, is_deletion, manager, manager_with, sealed};

#[test]
fn nothing_is_sent_before_the_first_set() {
    let manager = manager();
    let session = fresh(&manager);
    assert_eq!(session.get::<String>("name"), Ok(None));
    assert!(!session.discard("name"));
    assert_eq!((session.status(), commit(&manager, &session)), (Status::New, None));
    session.set("name", "John").unwrap();
    assert!(commit(&manager, &session).is_some());
}

#[test]
fn set_stores_a_value_and_stores_it_anew() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("name", "John").unwrap();
    session.set("location", "ktm").unwrap();
    let session = next(&manager, &session);
    let id = session.id();
    session.set("name", "Jane").unwrap();
    let session = next(&manager, &session);
    assert_eq!(session.get("name"), Ok(Some("Jane".to_owned())));
    assert_eq!(session.get("location"), Ok(Some("ktm".to_owned())));
    assert_eq!(session.id(), id);
}

#[test]
fn two_visitors_have_each_their_own_value_under_one_name() {
    let manager = manager();
    let [john, jane] = ["John", "Jane"].map(|name| {
        let session = fresh(&manager);
        session.set("name", name).unwrap();
        next(&manager, &session)
    });
    assert_eq!(john.get("name"), Ok(Some("John".to_owned())));
    assert_eq!(jane.get("name"), Ok(Some("Jane".to_owned())));
}

#[test]
fn get_gives_none_for_a_name_that_was_never_set_and_an_error_for_another_type() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    assert_eq!(session.get::<String>("name"), Ok(None));
    assert!(matches!(session.get::<String>("user_id"), Err(ValueError::Deserialize { .. })));
}

#[test]
fn remove_takes_one_value_and_leaves_the_others() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("name", "John").unwrap();
    session.set("location", "ktm").unwrap();
    let session = next(&manager, &session);
    assert!(session.discard("name"));
    assert!(!session.discard("age"));
    assert_eq!(next(&manager, &session).keys(), ["location"]);
}

#[test]
fn destroy_takes_every_value_and_the_cookie() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    session.destroy();
    assert_eq!(session.get::<u64>("user_id"), Ok(None));
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    let stranger = fresh(&manager);
    stranger.destroy();
    assert!(is_deletion(&commit(&manager, &stranger).unwrap()), "also where no cookie came, as theirs does");
}

#[test]
fn a_session_has_an_id_from_the_start_and_keeps_it_once_something_is_stored() {
    let manager = manager();
    let session = fresh(&manager);
    let id = session.id();
    session.set("name", "John").unwrap();
    assert_eq!(session.id(), id);
    assert_eq!(next(&manager, &session).id(), id);
}

#[test]
fn a_clone_that_stores_first_makes_the_session_of_all_clones() {
    let manager = manager();
    let session = fresh(&manager);
    let clone = session.clone();
    clone.set("name", "John").unwrap();
    assert_eq!(session.get("name"), Ok(Some("John".to_owned())));
    assert_eq!(session.id(), clone.id());
}

#[test]
fn whichever_manager_is_plugged_in_nothing_is_stored_before_the_first_set() {
    for store in [memory(), shelf(), plain()] {
        let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
        let session = backends::load(&manager, "");
        let id = session.id().unwrap();
        assert_eq!(session.get::<String>("name"), Ok(None));
        assert_eq!(backends::commit(&manager, &session), None);
        assert_eq!(run(store.load(id)), Ok(None));
        session.set("name", "John").unwrap();
        let cookie = backends::commit(&manager, &session).unwrap();
        assert!(run(store.load(id)).unwrap().is_some());
        assert_eq!(backends::load(&manager, &cookie).get("name"), Ok(Some("John".to_owned())));
    }
}

#[test]
fn whichever_manager_is_plugged_in_values_are_set_removed_and_destroyed_alike() {
    for store in [memory(), shelf(), plain()] {
        let (manager, _) = manager_with(|config| config.store(store));
        let session = backends::load(&manager, "");
        session.set("name", "John").unwrap();
        session.set("location", "ktm").unwrap();
        let cookie = backends::commit(&manager, &session).unwrap();
        let session = backends::load(&manager, &cookie);
        assert!(session.discard("name"));
        backends::commit(&manager, &session);
        let session = backends::load(&manager, &cookie);
        assert_eq!(session.keys(), ["location"], "the cookie of before names the same record");
        session.destroy();
        assert!(is_deletion(&backends::commit(&manager, &session).unwrap()));
        assert!(backends::load(&manager, &cookie).is_empty());
    }
}

#[test]
fn a_manager_that_can_not_read_gives_no_value_and_the_session_is_there_again_later() {
    let store = Watched::new(MemoryStore::new());
    let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
    let cookie = backends::login(&manager, 42);
    store.fail(&["load"]);
    let session = backends::load(&manager, &cookie);
    assert_eq!((backends::user_id(&session), session.rejected()), (None, Some(DecodeError::Unavailable)));
    assert_eq!(backends::commit(&manager, &session), None);
    store.fail(&[]);
    assert_eq!(backends::user_id(&backends::load(&manager, &cookie)), Some(42));
}
