//! V's `x.sessions`, for vweb and veb. A session there is one typed value with a fixed lifetime.

use std::sync::Arc;
use std::time::Duration;

use sealed_session::{
    BackendErrorKind, ConfigProblem, Counters, DecodeError, EncodeError, MemoryStore, SameSite, SessionConfig,
    SessionManager, SessionStore, Status, Typed,
};
use serde::{Deserialize, Serialize};

use super::next;
use super::shelf::{memory, plain, shelf};
use crate::backends::{self, Watched, broken, run};
use crate::common::{
    NAME, SECOND_KEY, START, at, commit, cookie_of, fresh, is_deletion, key, manager, manager_with, sealed,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Serialize, Deserialize, Default, PartialEq, Debug)]
#[serde(default)]
struct User {
    name: Option<String>,
    verified: bool,
}

fn user(name: &str, verified: bool) -> User {
    User { name: Some(name.to_owned()), verified }
}

#[test]
fn the_session_data_is_a_struct_that_is_empty_for_a_new_visitor() {
    let manager = manager();
    let session = fresh(&manager);
    assert_eq!(*Typed::<User>::new(session.clone()).unwrap(), User::default());
    session.set_data(&user("casper", false)).unwrap();
    assert_eq!(*Typed::<User>::new(next(&manager, &session)).unwrap(), user("casper", false));
}

#[test]
fn reading_a_struct_that_was_never_saved_is_an_error_unless_its_fields_have_defaults() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Strict {
        name: String,
    }
    let session = fresh(&manager());
    assert!(session.data::<Strict>().is_err());
    session.set_data(&Strict { name: "casper".to_owned() }).unwrap();
    assert_eq!(session.data(), Ok(Strict { name: "casper".to_owned() }));
}

#[test]
fn a_save_makes_the_session_and_the_next_one_keeps_its_id() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_data(&user("casper", false)).unwrap();
    let session = next(&manager, &session);
    let id = session.id();
    session.set_data(&user("casper", true)).unwrap();
    let session = next(&manager, &session);
    assert_eq!((session.data(), session.id()), (Ok(user("casper", true)), id));
}

#[test]
fn a_save_replaces_a_cookie_that_is_no_good() {
    let manager = manager();
    let session = manager.load([format!("{NAME}=invalid.signature")]);
    session.set_data(&user("casper", false)).unwrap();
    assert_eq!(next(&manager, &session).data(), Ok(user("casper", false)));
}

#[test]
fn a_resave_has_a_new_id_and_only_the_new_data() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let old = session.id().unwrap();
    session.regenerate().unwrap();
    session.set_data(&user("casper", true)).unwrap();
    let session = next(&manager, &session);
    assert_ne!(session.id(), Ok(old));
    assert_eq!(session.data(), Ok(user("casper", true)));
    assert!(!session.contains("user_id"));
}

#[test]
fn a_resave_without_a_session_makes_one() {
    let manager = manager();
    let session = fresh(&manager);
    assert_eq!(session.regenerate(), Ok(None));
    session.set_data(&user("casper", true)).unwrap();
    assert_eq!(next(&manager, &session).data(), Ok(user("casper", true)));
}

#[test]
fn destroyed_data_leaves_the_session_its_id() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_data(&user("casper", false)).unwrap();
    let session = next(&manager, &session);
    let id = session.id();
    session.set_flash("notice", "Deleted").unwrap();
    session.clear();
    let session = next(&manager, &session);
    assert_eq!((session.data(), session.id()), (Ok(User::default()), id));
    assert_eq!(session.take_flash("notice"), Ok(Some("Deleted".to_owned())));
}

#[test]
fn a_logout_ends_the_session_and_deletes_its_cookie() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    session.destroy();
    assert_eq!(session.data(), Ok(User::default()));
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
}

#[test]
fn with_both_timeouts_alike_the_lifetime_counts_from_the_first_save_and_does_not_slide() {
    let (manager, clock) = manager_with(|config| config.idle_timeout(DAY).absolute_timeout(DAY));
    let session = fresh(&manager);
    assert_eq!(session.data(), Ok(User::default()));
    assert_eq!(commit(&manager, &session), None, "a first visit stores nothing, so no time runs");
    clock.set(1000);
    let session = fresh(&manager);
    session.set_data(&user("casper", false)).unwrap();
    let line = commit(&manager, &session).unwrap();
    assert!(line.ends_with("; Max-Age=86400"), "{line}");
    let mut cookie = cookie_of(&line);
    let end = 1000 + DAY.as_secs();
    for now in [2000, end / 2, end - 10, end - 1] {
        clock.set(now);
        let session = manager.load([cookie.as_str()]);
        assert!(session.data::<User>().is_ok());
        assert_eq!(commit(&manager, &session), None, "to look at it moves nothing");
        session.set("visits", now).unwrap();
        let line = commit(&manager, &session).unwrap();
        assert!(line.ends_with(&format!("; Max-Age={}", end - now)), "{line}");
        cookie = cookie_of(&line);
        let session = manager.load([cookie.as_str()]);
        assert_eq!([session.created_at(), session.expires_at()], [at(START + 1000), at(START + end)]);
    }
    clock.set(end);
    assert!(manager.load([cookie]).rejected().unwrap().is_expired());
}

#[test]
fn a_lifetime_of_zero_is_refused_when_it_is_configured() {
    let config = SessionConfig::new(key(SECOND_KEY)).idle_timeout(Duration::ZERO);
    let error = config.absolute_timeout(Duration::ZERO).build().unwrap_err();
    let settings: Vec<&str> = error.problems().iter().map(ConfigProblem::setting).collect();
    assert!(settings.contains(&"idle_timeout") && settings.contains(&"absolute_timeout"), "{settings:?}");
}

#[test]
fn a_visitor_gets_a_session_when_something_is_saved_or_at_the_first_look() {
    for save in [false, true] {
        let counters = Counters::new();
        let (manager, _) = manager_with(|config| config.save_uninitialized(save).observer(counters.clone()));
        assert_eq!(commit(&manager, &fresh(&manager)), None, "nobody looked at it");
        let session = fresh(&manager);
        assert!(session.is_empty());
        session.set("draft", 1).unwrap();
        session.discard("draft");
        assert_eq!(session.status(), Status::New);
        let line = commit(&manager, &session);
        assert_eq!(line.is_some(), save);
        assert_eq!(commit(&manager, &session), None, "it is sent once");
        assert!(counters.snapshot().seals.contains(&("new", u64::from(save))));
        if let Some(line) = line {
            let session = manager.load([cookie_of(&line)]);
            assert_eq!((session.status(), session.len()), (Status::Loaded, 0));
        }
    }
}

#[test]
fn what_is_saved_later_keeps_the_id_and_the_lifetime_of_the_pre_session() {
    let (manager, clock) = manager_with(|config| config.save_uninitialized(true).absolute_timeout(2 * DAY));
    let session = fresh(&manager);
    let id = session.id();
    let session = next(&manager, &session);
    assert_eq!(session.id(), id);
    clock.set(100);
    session.set_data(&user("casper", false)).unwrap();
    let session = next(&manager, &session);
    assert_eq!((session.id(), session.created_at()), (id, at(START)));
    session.regenerate().unwrap();
    assert_eq!(session.created_at(), at(START + 100), "a login begins another");
}

#[test]
fn a_refused_cookie_gives_way_to_a_pre_session_unless_another_node_may_know_better() {
    let (manager, _) = manager_with(|config| config.save_uninitialized(true));
    let session = manager.load([format!("{NAME}=invalid.signature")]);
    assert_eq!(session.status(), Status::Rejected(DecodeError::Malformed));
    assert_eq!(next(&manager, &session).status(), Status::Loaded);
    let foreign = sealed(&SessionConfig::new(key(SECOND_KEY)).build().unwrap());
    let session = manager.load([foreign]);
    assert!(matches!(session.status(), Status::Rejected(DecodeError::UnknownKey { .. })));
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn a_pre_session_has_the_id_that_its_handler_gave_it_last() {
    let (manager, _) = manager_with(|config| config.save_uninitialized(true));
    let session = fresh(&manager);
    session.regenerate().unwrap();
    let id = session.id();
    assert_eq!(next(&manager, &session).id(), id);
}

#[test]
fn a_logout_leaves_no_pre_session() {
    let (manager, _) = manager_with(|config| config.save_uninitialized(true));
    let session = manager.load([sealed(&manager)]);
    session.destroy();
    assert!(is_deletion(&commit(&manager, &session).unwrap()));
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn the_session_id_is_the_one_that_the_cookie_carries() {
    let manager = manager();
    let session = manager.load([sealed(&manager)]);
    let id = session.id().unwrap();
    let retired = session.destroy().unwrap();
    assert_eq!(retired.id, id);
    assert!(manager.load([format!("{NAME}={id}")]).rejected().is_some(), "to know it opens nothing");
}

#[test]
fn a_cookie_by_another_secret_is_refused_and_says_why() {
    let manager = manager();
    let foreign = sealed(&SessionConfig::new(key(SECOND_KEY)).build().unwrap());
    let value = foreign.split_once('=').unwrap().1;
    assert!(matches!(manager.codec().decode(value), Err(DecodeError::UnknownKey { .. })));
    let session = manager.load([foreign]);
    assert!(session.is_empty() && session.rejected().is_some());
}

#[test]
fn the_cookie_options_reach_the_cookie() {
    let (with_options, _) =
        manager_with(|config| config.cookie_name("sid").same_site(SameSite::Strict).path("/app").domain("example.com"));
    let session = fresh(&with_options);
    session.set("user_id", 1).unwrap();
    let line = commit(&with_options, &session).unwrap();
    assert!(line.starts_with("sid="));
    for attribute in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/app", "Domain=example.com"] {
        assert!(line.split("; ").any(|part| part == attribute), "{attribute}: {line}");
    }
    let default = manager();
    let session = fresh(&default);
    session.set("user_id", 1).unwrap();
    assert!(commit(&default, &session).unwrap().contains("; HttpOnly; SameSite=Lax; Secure; Path=/;"));
}

#[test]
fn a_resave_destroys_the_data_under_the_old_id() {
    let (manager, _) = manager_with(|config| config.store(memory()));
    let old = saved(&manager, &user("anonymous", false));
    let session = backends::load(&manager, &old);
    session.regenerate().unwrap();
    session.set_data(&user("casper", true)).unwrap();
    let new = backends::commit(&manager, &session).unwrap();
    assert_eq!(backends::load(&manager, &new).data(), Ok(user("casper", true)));
    assert_eq!(backends::load(&manager, &old).rejected(), Some(DecodeError::Revoked));
    let users: Vec<Option<String>> = run(manager.all()).unwrap().iter().map(|data| data.get("name").unwrap()).collect();
    assert_eq!(users, [Some("casper".to_owned())]);
}

#[test]
fn a_resave_aborts_and_leaves_all_as_it_was_when_the_old_data_can_not_be_destroyed_or_the_new_not_saved() {
    for method in ["save Replace", "save"] {
        let store = Watched::new(MemoryStore::new());
        let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
        let cookie = saved(&manager, &user("anonymous", false));
        let session = backends::load(&manager, &cookie);
        session.regenerate().unwrap();
        session.set_data(&user("casper", true)).unwrap();
        store.fail(&[method]);
        assert_eq!(backends::try_commit(&manager, &session), Err(EncodeError::Backend(broken())), "{method}");
        store.fail(&[]);
        assert_eq!(backends::load(&manager, &cookie).data(), Ok(user("anonymous", false)), "{method}");
        let cookie = backends::commit(&manager, &session).unwrap();
        assert_eq!(backends::load(&manager, &cookie).data(), Ok(user("casper", true)), "and may be tried again");
        assert_eq!((run(manager.all()).unwrap().len(), store.inner.len()), (1, 2), "one session, and one tombstone");
    }
}

#[test]
fn a_save_that_the_store_refuses_is_an_error_and_the_next_request_sees_nothing_of_it() {
    let store = Watched::new(MemoryStore::new());
    let (manager, _) = manager_with(|config| config.store(Arc::clone(&store)));
    let cookie = saved(&manager, &user("anonymous", false));
    let session = backends::load(&manager, &cookie);
    session.set_data(&user("casper", true)).unwrap();
    store.fail(&["save"]);
    assert_eq!(backends::try_commit(&manager, &session), Err(EncodeError::Backend(broken())));
    store.fail(&[]);
    assert_eq!(backends::load(&manager, &cookie).data(), Ok(user("anonymous", false)));
}

#[test]
fn the_record_of_a_store_outlives_the_lifetime_by_two_minutes_whatever_is_saved_later() {
    let store = memory();
    let (manager, clock) =
        manager_with(|config| config.store(Arc::clone(&store)).idle_timeout(DAY).absolute_timeout(DAY));
    let cookie = saved(&manager, &user("anonymous", false));
    for now in [0, 1000] {
        clock.set(now);
        let session = backends::load(&manager, &cookie);
        session.set_data(&user("casper", now > 0)).unwrap();
        assert!(backends::commit(&manager, &session).is_some());
        assert_eq!(session.expires_at(), at(START + DAY.as_secs()));
        let record = run(store.load(session.id().unwrap())).unwrap().unwrap();
        assert_eq!(record.expires_at(), at(START + DAY.as_secs() + 120));
    }
}

#[test]
fn a_pre_session_in_a_store_has_its_record_and_one_that_nobody_looks_at_is_none() {
    type Keep = fn(SessionConfig, Arc<dyn SessionStore>) -> SessionConfig;
    let keeps: [Keep; 2] = [|config, store| config.store(store), |config, store| config.spill(store)];
    for keep in keeps {
        let store = memory();
        let (manager, _) = manager_with(|config| keep(config, Arc::clone(&store)).save_uninitialized(true));
        for header in ["", "tideway_session=invalid.signature"] {
            assert_eq!(backends::commit(&manager, &backends::load(&manager, header)), None, "nobody looked at it");
        }
        let session = backends::load(&manager, "");
        let id = session.id().unwrap();
        let cookie = backends::commit(&manager, &session).unwrap();
        assert!(run(store.load(id)).unwrap().is_some());
        let session = backends::load(&manager, &cookie);
        assert_eq!((session.status(), session.id()), (Status::Loaded, Ok(id)));
        session.destroy();
        assert!(is_deletion(&backends::commit(&manager, &session).unwrap()));
        let late = backends::load(&manager, &cookie);
        assert_eq!(late.status(), Status::Rejected(DecodeError::Revoked));
        assert_eq!(backends::commit(&manager, &late), None, "the cookie of the response that ended it must win");
    }
}

/// The cookie of a new session that holds this user.
fn saved(manager: &SessionManager, user: &User) -> String {
    let session = backends::load(manager, "");
    session.set_data(user).unwrap();
    backends::commit(manager, &session).unwrap()
}

#[test]
fn a_store_lists_all_its_sessions_or_says_that_it_can_not() {
    for store in [memory(), shelf()] {
        let (manager, _) = manager_with(|config| config.store(store));
        assert_eq!(run(manager.all()), Ok(Vec::new()));
        let names = ["casper", "jane"];
        for name in names {
            saved(&manager, &user(name, false));
        }
        let mut all: Vec<User> = run(manager.all()).unwrap().iter().map(|data| data.data().unwrap()).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(all, names.map(|name| user(name, false)));
    }
    assert_eq!(run(plain().all()).unwrap_err().kind(), BackendErrorKind::Unsupported);
}

#[test]
fn a_store_clears_all_its_sessions_or_says_that_it_can_not() {
    for store in [memory(), shelf()] {
        let (manager, _) = manager_with(|config| config.store(store));
        let cookie = saved(&manager, &user("casper", false));
        assert_eq!(run(manager.clear()), Ok(()));
        assert_eq!(backends::load(&manager, &cookie).rejected(), Some(DecodeError::NotStored));
    }
    assert_eq!(run(plain().clear()).unwrap_err().kind(), BackendErrorKind::Unsupported);
}
