//! Rules that hold for every session, every change and every configuration, tried on generated ones.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealed_session::{Codec, EncodeError, SessionConfig, SessionData, SessionId, UnixTime};
use serde_json::Value;

use crate::common::{FIRST_KEY, at, key};

/// A JSON value, nested to a small depth.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no infinity", |number| number.is_finite()).prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Values, none of which is `null`: that is no value.
fn entries() -> impl Strategy<Value = BTreeMap<String, Value>> {
    prop::collection::btree_map(".{1,31}", json().prop_filter("null is no value", |value| !value.is_null()), 0..8)
}

prop_compose! {
    fn session()(
        id in any::<[u8; 16]>(),
        mut times in any::<[u64; 3]>(),
        schema in any::<u8>(),
        persistent in any::<bool>(),
        data in entries(),
        flash in entries(),
    ) -> SessionData {
        for time in &mut times {
            *time &= UnixTime::MAX.as_secs();
        }
        times.sort_unstable();
        let mut session = SessionData::new(at(0), std::time::Duration::from_secs(1)).unwrap();
        session.set_id(SessionId::from_bytes(id));
        session.set_times(at(times[0]), at(times[1]), at(times[2])).unwrap();
        session.set_schema(schema);
        session.set_persistent(persistent);
        for (key, value) in data {
            session.set(&key, value).unwrap();
        }
        for (key, value) in flash {
            session.set_flash(&key, value).unwrap();
        }
        session
    }
}

/// A codec that takes this session whatever its times and its schema are. Its clock stands at the time of issue, and no
/// timeout ends before the end of time.
fn codec_for(session: &SessionData, padding: usize) -> Codec {
    let (now, schema) = (session.issued_at(), session.schema());
    SessionConfig::new(key(FIRST_KEY))
        .clock(move || now)
        .absolute_timeout(std::time::Duration::from_secs(UnixTime::MAX.as_secs()))
        .schema(schema)
        .padding_block(padding)
        .max_cookie_bytes(usize::MAX)
        .build_codec()
        .unwrap()
}

proptest! {
    #[test]
    fn any_session_that_fits_comes_back_the_same(session in session(), padding in 1_usize..=128) {
        let codec = codec_for(&session, padding);
        match codec.encode(&session) {
            Ok(value) => {
                prop_assert!(value.len() + codec.cookie_name().len() <= 4096);
                // A session that ends in the second of its issue, or is issued at the end of time, is over as soon as
                // it is sealed.
                if session.is_expired(codec.now()) || codec.now() == UnixTime::MAX {
                    prop_assert!(codec.decode(&value).unwrap_err().is_expired());
                } else {
                    prop_assert_eq!(codec.decode(&value).unwrap(), session);
                }
            }
            Err(EncodeError::TooLarge { size, limit, .. }) => prop_assert!(size > limit),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn any_change_of_a_sealed_value_is_refused(
        session in session(),
        at in any::<prop::sample::Index>(),
        replacement in "[A-Za-z0-9_-]{0,5}",
        cut in 0_usize..5,
    ) {
        let codec = codec_for(&session, 32);
        if let Ok(value) = codec.encode(&session) {
            let start = at.index(value.len());
            let end = (start + cut).min(value.len());
            let changed = format!("{}{replacement}{}", &value[..start], &value[end..]);
            if changed != value {
                prop_assert!(codec.decode(&changed).is_err());
            }
        }
    }

    #[test]
    fn no_text_is_accepted_that_was_not_sealed(text in "(AfV8ds5A)?[A-Za-z0-9_-]{0,400}", other in ".{0,200}") {
        let codec = SessionConfig::new(key(FIRST_KEY)).build_codec().unwrap();
        prop_assert!(codec.decode(&text).is_err());
        prop_assert!(codec.decode(&other).is_err());
    }

    #[test]
    fn any_header_gives_a_session_and_no_value(header in prop::collection::vec(any::<u8>(), 0..300), ours in any::<bool>()) {
        let manager = SessionConfig::new(key(FIRST_KEY)).build().unwrap();
        let header = [if ours { &b"tideway_session="[..] } else { b"" }, &header].concat();
        prop_assert!(manager.load([header]).is_empty());
    }

    #[test]
    fn what_is_removed_value_by_value_leaves_an_empty_session(data in entries(), flash in entries()) {
        let mut session = SessionData::new(at(0), std::time::Duration::from_secs(1)).unwrap();
        for (key, value) in &data {
            prop_assert_eq!(session.set(key, value), Ok(true));
            prop_assert_eq!(session.set(key, value), Ok(false));
        }
        for (key, value) in &flash {
            session.set_flash(key, value).unwrap();
        }
        prop_assert_eq!(session.len(), data.len());
        for (key, value) in &data {
            prop_assert_eq!(session.remove::<Value>(key), Ok(Some(value.clone())));
        }
        prop_assert_eq!(session.flashes::<Value>().unwrap().into_iter().collect::<BTreeMap<_, _>>(), flash);
        prop_assert!(session.is_empty());
    }

    #[test]
    fn typed_content_comes_back_whatever_it_holds(data in entries()) {
        let mut session = SessionData::new(at(0), std::time::Duration::from_secs(1)).unwrap();
        session.set("gone", 1).unwrap();
        session.set_data(&data).unwrap();
        prop_assert_eq!(session.data::<BTreeMap<String, Value>>().unwrap(), data);
    }

    #[test]
    fn no_setting_gets_another_attribute_into_the_cookie(name in ".{0,20}", path in ".{0,20}", domain in ".{0,20}") {
        let config = SessionConfig::new(key(FIRST_KEY)).cookie_name(&name).path(&path).domain(&domain);
        if let Ok(manager) = config.build() {
            let session = manager.load(None::<&str>);
            session.destroy();
            let line = manager.commit(&session).unwrap().into_iter().next().unwrap();
            prop_assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let attributes = format!("{name}=; HttpOnly; SameSite=Lax; Secure; Path={path}; Domain={domain}; Max-Age=0; Expires=");
            prop_assert!(line.starts_with(&attributes), "{}", line);
            prop_assert_eq!(line.matches(';').count(), 7);
        }
    }
}
