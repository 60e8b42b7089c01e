//! A typed session: what it reads, what it writes back, and what becomes of one whose values do not make the type.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use sealed_session::{
    Counters, Event, MemoryStore, MismatchPolicy, Session, SessionConfig, SessionManager, Status, Typed, ValueError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::backends;
use crate::common::{FIRST_KEY, TestClock, commit, fresh, key, manager, manager_with, next};

#[derive(Serialize, Deserialize, Default, Clone, PartialEq, Debug)]
#[serde(default)]
struct Visitor {
    name: Option<String>,
    role: String,
    visits: u32,
}

fn typed<T: serde::de::DeserializeOwned>(session: &Session) -> Typed<T> {
    Typed::new(session.clone()).unwrap()
}

fn cookie(manager: &SessionManager, session: &Session) -> String {
    crate::common::cookie_of(&commit(manager, session).unwrap())
}

#[test]
fn an_error_of_a_typed_read_names_the_field_and_what_is_wrong_with_it() {
    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only to be refused")]
    struct Strict {
        name: String,
        #[serde(alias = "count")]
        visits: u32,
        #[serde(default)]
        roles: Vec<String>,
    }
    let session = fresh(&manager());
    let expected = std::any::type_name::<Strict>();
    let error = || session.data::<Strict>().unwrap_err();
    session.set("visits", 1).unwrap();
    assert_eq!(error(), ValueError::Missing { key: "name".into(), expected });
    session.set("name", "Ada").unwrap();
    session.set("visits", "hunter2").unwrap();
    assert_eq!(error(), ValueError::Deserialize { key: "visits".into(), expected: "u32" });
    session.set("visits", 1).unwrap();
    session.set("roles", [json!({ "hunter2": 1 })]).unwrap();
    let list = std::any::type_name::<Vec<String>>();
    assert_eq!(error(), ValueError::Deserialize { key: "roles".into(), expected: list });
    session.discard("roles");
    session.set("count", 2).unwrap();
    assert!(matches!(error(), ValueError::Deserialize { key, .. } if key == "visits"));
    session.discard("count");
    session.set("draft", true).unwrap();
    assert_eq!(error(), ValueError::Unknown { key: "draft".into(), expected });
    session.discard("draft");
    assert_eq!(session.data::<Strict>().unwrap().name, "Ada");
    assert!(matches!(Typed::<Strict>::new(fresh(&manager())), Err(ValueError::Missing { key, .. }) if key == "name"));
}

#[test]
fn an_error_of_a_typed_read_says_in_words_what_is_missing_or_of_another_type() {
    let session = fresh(&manager());
    session.set("visits", "hunter2").unwrap();
    let texts = [
        session.data::<BTreeMap<String, u32>>().unwrap_err().to_string(),
        session.data::<(u8, u8)>().unwrap_err().to_string(),
        session.data::<BTreeMap<u8, Value>>().unwrap_err().to_string(),
    ];
    assert_eq!(texts[0], r#"session value "visits" is not a u32"#);
    assert_eq!(texts[1], r#"session value "*" is not a (u8, u8)"#);
    assert_eq!(texts[2], r#"session value "visits" is not a u8"#);
    let missing = ValueError::Missing { key: "name".into(), expected: "app::Visitor" };
    assert_eq!(missing.to_string(), r#"session has no value "name", which a app::Visitor needs"#);
    let unknown = ValueError::Unknown { key: "draft".into(), expected: "app::Visitor" };
    assert_eq!(unknown.to_string(), r#"session value "draft" is not a field or a variant of app::Visitor"#);
}

#[test]
fn where_serde_does_not_tell_which_value_it_is_the_error_names_none() {
    #[derive(Deserialize, Debug)]
    struct Outer {
        #[serde(flatten)]
        _inner: Inner,
    }
    #[derive(Deserialize, Debug)]
    struct Inner {
        #[serde(rename = "visits")]
        _visits: u32,
    }
    let session = fresh(&manager());
    assert!(matches!(session.data::<Outer>(), Err(ValueError::Missing { key, .. }) if key == "visits"));
    session.set("visits", "two").unwrap();
    assert!(matches!(session.data::<Outer>(), Err(ValueError::Deserialize { key, .. }) if key == "*"));
}

#[test]
fn a_change_is_in_the_session_once_it_is_saved_and_not_before() {
    let session = fresh(&manager());
    assert_eq!(*typed::<Visitor>(&session), Visitor::default(), "a visitor without a session");
    let mut visitor = typed::<Visitor>(&session);
    visitor.name = Some("Ada".to_owned());
    assert!(session.is_empty(), "a change is not saved by itself");
    visitor.save().unwrap();
    assert_eq!(session.keys(), ["name"]);
    assert!(format!("{visitor:?}").contains("Changed"));
    assert!(!format!("{visitor:?}").contains("Ada"), "{visitor:?}");
    assert_eq!(visitor.into_inner().name.as_deref(), Some("Ada"));
}

#[test]
fn to_save_what_did_not_change_stores_nothing_and_sends_nothing() {
    let manager = manager();
    let session = fresh(&manager);
    typed::<Visitor>(&session).save().unwrap();
    assert_eq!(commit(&manager, &session), None);
    session.set("visits", 1).unwrap();
    let session = next(&manager, &session);
    typed::<Visitor>(&session).save().unwrap();
    assert_eq!(session.status(), Status::Loaded);
}

#[test]
fn values_that_the_type_has_no_field_for_stay() {
    let session = fresh(&manager());
    session.set("draft", true).unwrap();
    session.set_flash("notice", "hi").unwrap();
    let mut visitor = typed::<Visitor>(&session);
    visitor.visits = 1;
    visitor.save().unwrap();
    assert_eq!(session.keys(), ["draft", "visits"]);
    assert_eq!(session.take_flash("notice"), Ok(Some("hi".to_owned())));
}

/// The type by which a middleware reads a session and keeps all fields that it does not know.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
struct Middleware {
    seen: u32,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[test]
fn a_middleware_that_saves_what_it_read_before_a_login_does_not_undo_the_login() {
    let session = fresh(&manager());
    session.set("role", "guest").unwrap();
    let mut middleware = typed::<Middleware>(&session);
    middleware.seen += 1;
    session.regenerate().unwrap();
    session.set("user_id", 7).unwrap();
    session.set("role", "admin").unwrap();
    middleware.save().unwrap();
    assert_eq!(session.get("user_id"), Ok(Some(7)));
    assert_eq!(session.get("role"), Ok(Some("admin".to_owned())));
    assert_eq!(session.get("seen"), Ok(Some(1)));
}

#[test]
fn a_middleware_that_saves_what_it_read_before_a_logout_does_not_undo_the_logout() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("user_id", 7).unwrap();
    let session = next(&manager, &session);
    let mut middleware = typed::<Middleware>(&session);
    session.destroy();
    middleware.save().unwrap();
    assert!(session.is_empty());
}

#[test]
fn two_typed_sessions_of_one_request_keep_what_both_changed() {
    let session = fresh(&manager());
    let (mut one, mut other) = (typed::<Visitor>(&session), typed::<Visitor>(&session));
    one.visits = 5;
    other.name = Some("Ada".to_owned());
    one.save().unwrap();
    other.save().unwrap();
    let both = Visitor { name: Some("Ada".to_owned()), role: String::new(), visits: 5 };
    assert_eq!(session.data(), Ok(both));
}

#[test]
fn a_value_that_the_type_can_not_hold_exactly_stays_exact() {
    let session = fresh(&manager());
    session.set("number", u128::MAX).unwrap();
    let mut middleware = typed::<Middleware>(&session);
    middleware.seen += 1;
    middleware.save().unwrap();
    assert_eq!(session.get("number"), Ok(Some(u128::MAX)));
    // A raw text that `serde_json` would write in another way stays as it is, too.
    let manager = manager();
    let text = "{\"b\" : 1.50E+2}";
    let value = crate::values::foreign_value("raw", text);
    let session = manager.load([format!("{}={value}", crate::common::NAME)]);
    let mut middleware = typed::<Middleware>(&session);
    middleware.seen += 1;
    middleware.save().unwrap();
    assert_eq!(session.snapshot().unwrap().entries().next(), Some(("raw", text)));
}

#[test]
fn a_field_that_becomes_none_and_an_element_that_goes_are_removed() {
    let session = fresh(&manager());
    session.set("name", "Ada").unwrap();
    session.set("draft", 1).unwrap();
    let mut visitor = typed::<Visitor>(&session);
    visitor.name = None;
    visitor.save().unwrap();
    assert_eq!(session.keys(), ["draft"]);
    let mut middleware = typed::<Middleware>(&session);
    middleware.rest.remove("draft");
    middleware.save().unwrap();
    assert!(session.is_empty());
}

#[test]
fn a_field_that_was_read_by_an_alias_is_saved_under_its_name_alone() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Renamed {
        #[serde(alias = "lang", alias = "locale")]
        language: Option<String>,
        #[serde(alias = "count")]
        visits: u32,
        #[serde(flatten)]
        place: Place,
    }
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Place {
        #[serde(alias = "city")]
        town: String,
    }
    let before = || {
        let session = fresh(&manager());
        for (key, value) in [("draft", json!(true)), ("lang", json!("en")), ("count", json!(7)), ("city", json!("Ulm"))]
        {
            session.set(key, value).unwrap();
        }
        session
    };
    let session = before();
    let mut renamed = typed::<Renamed>(&session);
    renamed.save().unwrap();
    assert_eq!(session.keys(), ["draft", "lang", "count", "city"], "what did not change stays where it is");
    renamed.language = Some("fr".to_owned());
    renamed.save().unwrap();
    assert_eq!(session.keys(), ["draft", "count", "city", "language"]);
    renamed.visits = 8;
    renamed.place.town = "Linz".to_owned();
    renamed.save().unwrap();
    assert_eq!(session.keys(), ["draft", "language", "visits", "town"]);
    let read = typed::<Renamed>(&session);
    assert_eq!((read.language.as_deref(), read.visits, &*read.place.town), (Some("fr"), 8, "Linz"));

    let session = before();
    let mut renamed = typed::<Renamed>(&session);
    renamed.language = None;
    renamed.save().unwrap();
    assert_eq!(session.keys(), ["draft", "count", "city"]);
    assert_eq!(typed::<Renamed>(&session).language, None);
}

#[test]
fn of_two_elements_with_one_key_the_last_counts_in_every_save() {
    #[derive(Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Counts {
        visits: u32,
        #[serde(flatten)]
        more: BTreeMap<String, Option<u32>>,
    }
    let session = fresh(&manager());
    let mut counts = typed::<Counts>(&session);
    counts.visits = 1;
    counts.more.insert("visits".to_owned(), Some(2));
    for _ in 0..3 {
        counts.save().unwrap();
        assert_eq!(session.get("visits"), Ok(Some(2)));
    }
    counts.more.insert("visits".to_owned(), None);
    counts.save().unwrap();
    assert_eq!(session.get::<u32>("visits"), Ok(None));
}

#[test]
fn a_second_save_tells_changes_by_the_first() {
    let session = fresh(&manager());
    session.set("visits", 1).unwrap();
    let mut visitor = typed::<Visitor>(&session);
    visitor.visits = 2;
    visitor.save().unwrap();
    visitor.visits = 1;
    visitor.save().unwrap();
    assert_eq!(session.get("visits"), Ok(Some(1)), "what it was when it was read is a change by now");
    session.set("visits", 9).unwrap();
    visitor.role = "editor".to_owned();
    visitor.save().unwrap();
    assert_eq!(session.get("visits"), Ok(Some(9)), "and this was no change");
}

#[test]
fn a_save_that_is_refused_changes_nothing_and_can_be_tried_again() {
    let session = fresh(&manager());
    let mut floats = typed::<BTreeMap<String, f64>>(&session);
    floats.insert("a".to_owned(), 1.0);
    floats.insert("b".to_owned(), f64::NAN);
    assert_eq!(floats.save(), Err(ValueError::NonFinite { key: "b".into() }));
    assert!(session.is_empty());
    floats.insert("b".to_owned(), 2.0);
    floats.save().unwrap();
    assert_eq!(session.keys(), ["a", "b"]);
}

#[test]
fn a_default_that_differs_each_time_is_stored_by_the_first_save() {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    fn token() -> u32 {
        NEXT.fetch_add(1, Ordering::SeqCst)
    }
    #[derive(Serialize, Deserialize)]
    struct Device {
        #[serde(default = "token")]
        token: u32,
    }
    let session = fresh(&manager());
    let mut device = typed::<Device>(&session);
    device.save().unwrap();
    assert_eq!(session.get("token"), Ok(Some(device.token)));
    assert_eq!(typed::<Device>(&session).token, device.token);
}

#[test]
fn a_field_that_is_never_written_or_never_read_stays_what_it_is() {
    #[derive(Serialize, Deserialize, Default)]
    #[serde(default)]
    struct Skipping {
        #[serde(skip_serializing)]
        read: u32,
        #[serde(skip_deserializing)]
        written: u32,
        visits: u32,
    }
    let session = fresh(&manager());
    session.set("read", 1).unwrap();
    session.set("written", 2).unwrap();
    let mut skipping = typed::<Skipping>(&session);
    skipping.visits = 3;
    skipping.save().unwrap();
    assert_eq!(
        (session.get("read"), session.get("written"), session.get("visits")),
        (Ok(Some(1)), Ok(Some(2)), Ok(Some(3)))
    );
}

#[test]
fn typed_saves_of_two_requests_meet_in_the_store_field_by_field() {
    let clock = TestClock::new();
    let store = Arc::new(MemoryStore::new().clock(clock.reader()));
    let (manager, _) = manager_with(|config| config.clock(clock.reader()).store(Arc::clone(&store)));
    let first = fresh(&manager);
    first.set("role", "guest").unwrap();
    first.set("visits", 1).unwrap();
    let cookie = backends::commit(&manager, &first).unwrap();
    let cookie = crate::common::cookie_of(&cookie);
    let (one, other) = (backends::load(&manager, &cookie), backends::load(&manager, &cookie));
    let (mut saved, mut late) = (typed::<Visitor>(&one), typed::<Visitor>(&other));
    saved.visits = 2;
    saved.save().unwrap();
    backends::commit(&manager, &one).unwrap();
    late.name = Some("Ada".to_owned());
    late.role = "admin".to_owned();
    late.save().unwrap();
    backends::commit(&manager, &other).unwrap();
    let all = backends::load(&manager, &cookie);
    assert_eq!(all.data(), Ok(Visitor { name: Some("Ada".into()), role: "admin".into(), visits: 2 }));
}

#[test]
fn an_equal_value_in_another_order_changes_nothing() {
    #[derive(Serialize, Deserialize)]
    struct Roles(HashSet<String>);
    #[derive(Serialize)]
    #[expect(clippy::box_collection, reason = "a set behind a pointer is a set")]
    struct Nested {
        roles: HashSet<u32>,
        limits: HashMap<u32, HashMap<u32, HashSet<u8>>>,
        maybe: Option<Box<HashSet<u32>>>,
        list: Vec<HashMap<u32, bool>>,
    }
    // Each set and each map has an order of its own. Of twelve elements, two orders are the same once in 479 million
    // times.
    let set = || (0..12).map(|number| number.to_string()).collect::<HashSet<_>>();
    let numbers = || (0..12).collect::<HashSet<u32>>();
    let map = || (0..12).map(|number| (number, true)).collect::<HashMap<u32, bool>>();
    let nested = || Nested {
        roles: numbers(),
        limits: HashMap::from([(1, (0..12).map(|number| (number, (0..12).collect())).collect())]),
        maybe: Some(Box::new(numbers())),
        list: vec![map(), map()],
    };
    let manager = manager();
    let session = fresh(&manager);
    let store = |session: &Session| {
        session.set("set", set()).unwrap();
        let reference = &set();
        session.set("reference", reference).unwrap();
        session.set("cow", Cow::<HashSet<String>>::Owned(set())).unwrap();
        session.set("newtype", Roles(set())).unwrap();
        session.set("some", Some(set())).unwrap();
        session.set("map", map()).unwrap();
        session.set("nested", nested()).unwrap();
        session.set_flash("set", set()).unwrap();
    };
    store(&session);
    let session = next(&manager, &session);
    store(&session);
    assert_eq!(session.replace("map", map()), Ok(Some(map())));
    assert_eq!(session.status(), Status::Loaded);
    assert_eq!(session.get("set"), Ok(Some(set())));
    session.set_data(&nested()).unwrap();
    let session = next(&manager, &session);
    session.set_data(&nested()).unwrap();
    session.set_flashes(&HashMap::from([("set", set())])).unwrap();
    assert_eq!(session.status(), Status::Loaded);
    let mut typed = typed::<HashMap<String, Value>>(&session);
    typed.save().unwrap();
    assert_eq!(commit(&manager, &session), None);
}

/// A limit: only the name of its type tells a set from a list, and serde does not give the name of what is in these.
#[test]
fn an_equal_set_that_serde_does_not_name_may_count_as_a_change() {
    #[derive(Serialize)]
    #[serde(transparent)]
    struct Transparent(HashSet<u32>);
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Untagged {
        Set(HashSet<u32>),
    }
    #[derive(Serialize)]
    struct With {
        #[serde(serialize_with = "HashSet::serialize")]
        set: HashSet<u32>,
    }
    let numbers = || (0..12).collect::<HashSet<u32>>();
    let stores: [fn(&Session, HashSet<u32>); 6] = [
        |session, set| session.set("set", Transparent(set)).unwrap(),
        |session, set| session.set("set", Untagged::Set(set)).unwrap(),
        |session, set| session.set("set", Mutex::new(set)).unwrap(),
        |session, set| session.set("set", RwLock::new(set)).unwrap(),
        |session, set| session.set("set", RefCell::new(set)).unwrap(),
        |session, set| session.set_data(&With { set }).unwrap(),
    ];
    for (number, store) in stores.into_iter().enumerate() {
        let manager = manager();
        let session = fresh(&manager);
        store(&session, numbers());
        let session = next(&manager, &session);
        assert_eq!(session.get("set"), Ok(Some(numbers())), "{number}");
        // Of twelve elements, two orders are the same once in 479 million times.
        store(&session, numbers());
        assert_eq!(session.status(), Status::Changed, "{number}");
    }
}

#[test]
fn a_list_in_another_order_is_another_value() {
    let session = fresh(&manager());
    session.set("list", [1, 2]).unwrap();
    session.set("list", [2, 1]).unwrap();
    assert_eq!(session.get("list"), Ok(Some([2, 1])));
    session.set("number", 1.0).unwrap();
    session.set("number", 1).unwrap();
    assert_eq!(session.get("number"), Ok(Some(1_u8)), "1.0 is no u8");
    session.set("zero", 0.0).unwrap();
    session.set("zero", -0.0).unwrap();
    assert!(session.get::<f64>("zero").unwrap().unwrap().is_sign_negative());
}

/// A manager whose sessions begin anew, its counters, and the errors that its observers hear of.
fn beginning_anew() -> (SessionManager, Counters, Arc<Mutex<Vec<ValueError>>>) {
    let (counters, told) = (Counters::new(), Arc::new(Mutex::new(Vec::new())));
    let errors = Arc::clone(&told);
    let (manager, _) = manager_with(|config| {
        config.on_mismatch(MismatchPolicy::BeginAnew).observer(counters.clone()).observer(move |event: &Event| {
            if let Event::BegunAnew { error, .. } = event {
                errors.lock().unwrap().push(error.clone());
            }
        })
    });
    (manager, counters, told)
}

#[test]
fn values_that_do_not_make_the_type_are_an_error_and_stay() {
    let session = fresh(&manager());
    session.set("visits", "many").unwrap();
    for _ in 0..2 {
        let error = Typed::<Visitor>::new(session.clone()).unwrap_err();
        assert_eq!(error, ValueError::Deserialize { key: "visits".into(), expected: "u32" });
    }
    assert_eq!(session.get("visits"), Ok(Some("many".to_owned())));
}

#[test]
fn under_begin_anew_a_session_that_does_not_make_the_type_ends_and_observers_hear_of_it() {
    let (manager, counters, told) = beginning_anew();
    let session = fresh(&manager);
    session.set("visits", "many").unwrap();
    session.set("user_id", 7).unwrap();
    session.set_flash("notice", "hi").unwrap();
    let cookie = cookie(&manager, &session);
    let session = manager.load([&cookie]);
    let id = session.id().unwrap();
    let mut visitor = typed::<Visitor>(&session);
    assert_eq!(*visitor, Visitor::default());
    assert!(session.is_empty());
    assert_eq!(session.status(), Status::Destroyed);
    assert_eq!(*told.lock().unwrap(), [ValueError::Deserialize { key: "visits".into(), expected: "u32" }]);
    assert_eq!(counters.snapshot().begun_anew, 1);
    visitor.visits = 1;
    visitor.save().unwrap();
    let session = next(&manager, &session);
    assert_ne!(session.id().unwrap(), id);
    assert_eq!(session.keys(), ["visits"]);
    assert_eq!(typed::<Visitor>(&session).visits, 1);
    assert_eq!(counters.snapshot().begun_anew, 1);
}

#[test]
fn under_begin_anew_a_client_with_nothing_new_is_told_to_drop_its_cookie() {
    let (manager, _, _) = beginning_anew();
    let session = fresh(&manager);
    session.set("visits", "many").unwrap();
    let session = next(&manager, &session);
    typed::<Visitor>(&session);
    assert!(commit(&manager, &session).unwrap().contains("Max-Age=0"));
}

#[test]
fn under_begin_anew_a_type_that_no_stranger_has_is_an_error_and_the_session_stays() {
    #[derive(Deserialize, Debug)]
    struct Needy {
        #[serde(rename = "name")]
        _name: String,
    }
    let (manager, counters, told) = beginning_anew();
    let session = fresh(&manager);
    session.set("user_id", 7).unwrap();
    let session = next(&manager, &session);
    assert!(matches!(Typed::<Needy>::new(session.clone()), Err(ValueError::Missing { key, .. }) if key == "name"));
    assert_eq!((session.status(), session.get("user_id")), (Status::Loaded, Ok(Some(7))));
    assert_eq!((counters.snapshot().begun_anew, told.lock().unwrap().len()), (0, 0));
}

#[test]
fn under_begin_anew_a_session_in_a_store_ends_there() {
    let clock = TestClock::new();
    let store = Arc::new(MemoryStore::new().clock(clock.reader()));
    let (manager, _) = manager_with(|config| {
        config.clock(clock.reader()).store(Arc::clone(&store)).on_mismatch(MismatchPolicy::BeginAnew)
    });
    let session = fresh(&manager);
    session.set("visits", "many").unwrap();
    let cookie = crate::common::cookie_of(&backends::commit(&manager, &session).unwrap());
    let session = backends::load(&manager, &cookie);
    typed::<Visitor>(&session);
    assert!(backends::commit(&manager, &session).unwrap().contains("Max-Age=0"));
    assert!(backends::load(&manager, &cookie).rejected().is_some(), "a copy of the cookie is no good");
}

#[test]
fn other_ways_of_reading_are_an_error_under_every_policy() {
    let (manager, _, told) = beginning_anew();
    let session = fresh(&manager);
    session.set("visits", "many").unwrap();
    assert!(session.data::<Visitor>().is_err());
    assert!(session.get::<u32>("visits").is_err());
    assert_eq!(session.keys(), ["visits"]);
    assert!(told.lock().unwrap().is_empty());
}

#[test]
fn the_policy_is_to_fail_unless_it_is_set() {
    let shown = format!("{:?}", SessionConfig::new(key(FIRST_KEY)));
    assert!(shown.contains("on_mismatch: Fail"), "{shown}");
}
