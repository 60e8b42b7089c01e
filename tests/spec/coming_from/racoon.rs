//! Racoon 0.1.9: the session of a request, made when something is first stored in it.

use sealed_session::{Status, ValueError};

use super::next;
use crate::common::{commit, fresh, is_deletion, manager, sealed};

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
