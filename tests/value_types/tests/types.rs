//! The types that applications keep in sessions, from the crates that they take them from: each comes back as it went
//! in.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};
use indexmap::{IndexMap, IndexSet};
use sealed_session::{Key, SessionConfig, SessionData, Typed, UnixTime};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use time::{Date, OffsetDateTime, PrimitiveDateTime};
use url::Url;
use uuid::Uuid;

fn empty() -> SessionData {
    SessionData::new(UnixTime::MIN, Duration::from_secs(60)).unwrap()
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Holder<T> {
    value: T,
}

#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone>(value: &T) {
    let mut data = empty();
    data.set("value", value).unwrap();
    assert_eq!(data.get::<T>("value").as_ref(), Ok(&Some(value.clone())));
    let holder = Holder { value: value.clone() };
    assert_eq!(data.set_data(&holder), Ok(false));
    assert_eq!(data.data::<Holder<T>>(), Ok(holder));
}

#[test]
fn times_of_chrono_come_back_to_the_nanosecond() {
    let instant = Utc.timestamp_opt(1_700_000_000, 123_456_789).unwrap();
    comes_back::<DateTime<Utc>>(&instant);
    comes_back::<DateTime<FixedOffset>>(&instant.with_timezone(&FixedOffset::east_opt(5 * 3600 + 1800).unwrap()));
    comes_back::<NaiveDateTime>(&instant.naive_utc());
    comes_back::<NaiveDate>(&NaiveDate::MAX);
    comes_back::<NaiveDate>(&NaiveDate::MIN);
    comes_back(&DateTime::<Utc>::MIN_UTC);
    comes_back(&chrono::TimeDelta::MAX);
}

#[test]
fn times_of_time_come_back_to_the_nanosecond() {
    let instant = OffsetDateTime::from_unix_timestamp_nanos(1_700_000_000_123_456_789).unwrap();
    comes_back::<OffsetDateTime>(&instant);
    comes_back::<Date>(&Date::MAX);
    comes_back::<PrimitiveDateTime>(&PrimitiveDateTime::new(instant.date(), instant.time()));
    comes_back(&time::Duration::MAX);
}

#[test]
fn times_under_with_come_back_whether_they_are_there_or_not() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Times {
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
        #[serde(with = "time::serde::rfc3339::option")]
        until: Option<OffsetDateTime>,
        #[serde(with = "time::serde::timestamp::option")]
        since: Option<OffsetDateTime>,
        #[serde(with = "chrono::serde::ts_nanoseconds_option")]
        seen: Option<DateTime<Utc>>,
    }
    for until in [None, Some(OffsetDateTime::UNIX_EPOCH)] {
        let seen = until.map(|_| Utc.timestamp_opt(1, 1).unwrap());
        let times = Times { at: OffsetDateTime::UNIX_EPOCH, until, since: until, seen };
        let mut data = empty();
        data.set_data(&times).unwrap();
        assert_eq!(data.len(), if until.is_some() { 4 } else { 1 });
        assert_eq!(data.data(), Ok(times));
    }
}

#[test]
fn ids_addresses_and_bytes_come_back() {
    comes_back(&Uuid::new_v4());
    comes_back(&Uuid::max());
    comes_back(&HashMap::from([(Uuid::new_v4(), Uuid::nil())]));
    comes_back(&Url::parse("https://example.org/a?b=%20#c").unwrap());
    comes_back(&ByteBuf::from((0..=255).collect::<Vec<u8>>()));
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Compact(#[serde(with = "uuid::serde::compact")] Uuid);
    comes_back(&Compact(Uuid::new_v4()));
}

#[test]
fn an_index_map_keeps_its_order_as_a_value_and_as_the_whole_content() {
    let map: IndexMap<String, u8> = [("zebra", 1), ("apple", 2), ("mango", 3)].map(|(k, v)| (k.to_owned(), v)).into();
    let order = |map: &IndexMap<String, u8>| map.keys().cloned().collect::<Vec<_>>();
    let mut data = empty();
    data.set("map", &map).unwrap();
    assert_eq!(order(&data.get::<IndexMap<String, u8>>("map").unwrap().unwrap()), order(&map));
    comes_back(&map.keys().cloned().collect::<IndexSet<_>>());
    data.set_data(&map).unwrap();
    assert_eq!(order(&data.data::<IndexMap<String, u8>>().unwrap()), order(&map));

    let manager = SessionConfig::new(Key::generate().unwrap()).build().unwrap();
    let session = manager.load(None::<&str>);
    let mut typed = Typed::<IndexMap<String, u8>>::new(session.clone()).unwrap();
    typed.extend(map.clone());
    typed.save().unwrap();
    assert_eq!(session.keys(), order(&map));
}
