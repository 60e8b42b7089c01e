//! `null` is no value, whoever wrote it and whichever call reads.

use std::collections::BTreeMap;

use sealed_session::{MemoryRevocations, SessionManager, Status, Typed};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backends;
use crate::common::{self, TestClock, commit, fresh, manager, manager_with, next};
use crate::values::foreign_value;

#[derive(Serialize, Deserialize, PartialEq, Debug, Default)]
struct Visitor {
    user_id: Option<u64>,
    visits: u32,
}

/// A session whose cookie another writer of the format sealed, with `null` under `user_id`.
fn with_foreign_null(manager: &SessionManager, null: &str) -> sealed_session::Session {
    manager.load([format!("{}={}", common::NAME, foreign_value("user_id", null))])
}

#[test]
fn a_field_that_is_none_is_not_stored_and_a_stranger_is_no_user() {
    let manager = manager();
    let session = fresh(&manager);
    session.set_data(&Visitor::default()).unwrap();
    assert!(!session.contains("user_id"));
    assert_eq!(session.keys(), ["visits"]);
    let session = next(&manager, &session);
    assert_eq!(session.get::<u64>("user_id"), Ok(None));
    assert_eq!(session.data(), Ok(Visitor::default()));
}

#[test]
fn to_store_none_removes_what_was_there() {
    let session = fresh(&manager());
    let refill = || {
        session.set("user_id", 1).unwrap();
        session.set_flash("notice", "hi").unwrap();
    };
    refill();
    session.set("user_id", None::<u64>).unwrap();
    session.set_flash("notice", ()).unwrap();
    assert!(session.is_empty());
    refill();
    assert_eq!(session.replace("user_id", Value::Null), Ok(Some(1)));
    session.set_flashes(&BTreeMap::from([("notice", None::<u8>)])).unwrap();
    assert!(!session.contains("user_id"));
    refill();
    session.set_data(&Visitor::default()).unwrap();
    assert!(!session.contains("user_id"));
}

#[test]
fn to_store_none_where_nothing_is_sends_no_cookie() {
    let manager = manager();
    let session = fresh(&manager);
    session.set("user_id", None::<u64>).unwrap();
    session.set_data(&BTreeMap::from([("user_id", None::<u64>)])).unwrap();
    assert_eq!(session.status(), Status::New);
    assert_eq!(commit(&manager, &session), None);
}

#[test]
fn a_null_of_another_writer_is_absent_for_every_call_that_reads() {
    for null in ["null", " null\n"] {
        let manager = manager();
        let session = with_foreign_null(&manager, null);
        assert_eq!(session.status(), Status::Loaded);
        assert!(!session.contains("user_id"));
        assert_eq!(session.get::<u64>("user_id"), Ok(None));
        assert_eq!(session.get::<Option<u64>>("user_id"), Ok(None));
        assert_eq!(session.remove::<u64>("user_id"), Ok(None));
        let session = with_foreign_null(&manager, null);
        assert_eq!(session.replace::<u64, _>("visits", 2), Ok(None));
        assert_eq!((session.len(), session.keys()), (1, vec!["visits".to_owned()]));
        assert_eq!(session.data(), Ok(Visitor { user_id: None, visits: 2 }));
        assert_eq!(session.data::<BTreeMap<String, u32>>().unwrap().len(), 1);
        assert_eq!(Typed::<BTreeMap<String, u32>>::new(session.clone()).unwrap().len(), 1);
        session.discard("visits");
        assert!(session.is_empty());
        let data = session.snapshot().unwrap();
        assert_eq!((data.len(), data.contains("user_id"), data.get::<u64>("user_id")), (0, false, Ok(None)));
        assert_eq!(data.entries().next(), Some(("user_id", null)), "the text alone is shown");
    }
}

#[test]
fn a_null_is_no_subject() {
    let clock = TestClock::new();
    let list = MemoryRevocations::new().clock(clock.reader());
    let (manager, _) = manager_with(|config| config.clock(clock.reader()).revocations(list).subject("user_id"));
    let cookie = format!("{}={}", common::NAME, foreign_value("user_id", "null"));
    backends::run(manager.revoke_subject(&None::<u64>)).unwrap();
    let session = backends::load(&manager, &cookie);
    assert_eq!(session.status(), Status::Loaded, "whoever is nobody is not that subject");
}

#[test]
fn a_field_without_a_default_that_can_be_null_comes_back_from_absence() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Fields {
        #[serde(with = "as_text")]
        at: Option<u64>,
        #[serde(with = "as_text")]
        until: Option<u64>,
        unit: (),
        any: Value,
        name: String,
    }

    /// An `Option` under `with` has no default of its own: to serde's derive it is a field like any other.
    mod as_text {
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        #[expect(clippy::ref_option, reason = "serde's derive calls it so")]
        pub(super) fn serialize<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
            value.map(|number| number.to_string()).serialize(serializer)
        }

        pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
            let text = Option::<String>::deserialize(deserializer)?;
            text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
        }
    }
    let session = fresh(&manager());
    let fields = Fields { at: None, until: None, unit: (), any: Value::Null, name: "Ada".into() };
    session.set_data(&fields).unwrap();
    assert_eq!(session.keys(), ["name"]);
    assert_eq!(session.data(), Ok(fields));
}
