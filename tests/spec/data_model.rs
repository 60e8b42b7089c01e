//! Whatever serde can say comes back as it went in, or it is refused: by `set` and `get`, by `set_data` and `data`, as
//! a flash value, and by `Typed`. docs/values.md lists what is left, and the tests at the end hold that list to be
//! true.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::ops::Range;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sealed_session::{SessionData, Typed, ValueError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::common::{at, fresh, manager};

trait Any: Serialize + DeserializeOwned + PartialEq + Debug + Clone {}
impl<T: Serialize + DeserializeOwned + PartialEq + Debug + Clone> Any for T {}

fn empty() -> SessionData {
    SessionData::new(at(0), Duration::from_secs(60)).unwrap()
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Holder<T> {
    field: T,
}

/// Stores a value in every way, and expects it back from each. Returns the error if the value is refused: then every
/// way refuses it, and stores nothing.
fn stored<T: Any>(value: &T) -> Result<(), ValueError> {
    let mut data = empty();
    let holder = Holder { field: value.clone() };
    if let Err(error) = data.set("field", value) {
        assert_eq!(data.set_flash("field", value), Err(error.clone()));
        assert_eq!(data.set_data(&holder), Err(error.clone()));
        assert_eq!(data.set_flashes(&holder), Err(error.clone()));
        assert!(data.is_empty());
        let session = fresh(&manager());
        let mut typed = Typed::<BTreeMap<String, T>>::new(session.clone()).unwrap();
        typed.insert("field".to_owned(), value.clone());
        assert_eq!(typed.save(), Err(error.clone()));
        assert!(session.is_empty());
        return Err(error);
    }
    let is_null = serde_json::to_string(value).unwrap() == "null";
    let expected = if is_null { None } else { Some(value.clone()) };
    assert_eq!(data.get::<T>("field"), Ok(expected.clone()));
    assert_eq!(data.data::<Holder<T>>().as_ref(), Ok(&holder));
    data.set_flash("field", value).unwrap();
    assert_eq!(data.take_flash::<T>("field"), Ok(expected.clone()));
    assert_eq!(data.set_data(&holder), Ok(false), "an equal value changes nothing");
    assert_eq!(data.set_flashes(&holder), Ok(!is_null));
    assert_eq!(
        data.flashes::<T>().unwrap(),
        expected.clone().map(|value| ("field".to_owned(), value)).into_iter().collect::<Vec<_>>()
    );

    let session = fresh(&manager());
    let mut typed = Typed::<BTreeMap<String, T>>::new(session.clone()).unwrap();
    typed.insert("field".to_owned(), value.clone());
    typed.save().unwrap();
    assert_eq!(session.get::<T>("field"), Ok(expected));
    assert_eq!(session.data::<Holder<T>>(), Ok(holder));
    Ok(())
}

/// Tries 64 values of a type, none of which is to be refused.
#[track_caller]
fn comes_back<T: Any + 'static>(values: impl Strategy<Value = T>) {
    may_be_refused(values, |_| None);
}

/// Tries 256 values of a type. `error` says of each value which error is expected.
#[track_caller]
fn may_be_refused<T: Any + 'static>(values: impl Strategy<Value = T>, error: impl Fn(&T) -> Option<ValueError>) {
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let run = runner.run(&values, |value| {
        prop_assert_eq!(stored(&value).err(), error(&value), "{:?}", value);
        Ok(())
    });
    if let Err(error) = run {
        panic!("{}: {error}", std::any::type_name::<T>());
    }
}

fn non_finite() -> ValueError {
    ValueError::NonFinite { key: "field".into() }
}

#[test]
fn numbers_of_every_width_come_back() {
    comes_back(any::<(u8, u16, u32, u64, u128, usize)>());
    comes_back(any::<(i8, i16, i32, i64, i128, isize)>());
    for edge in [u128::MAX, u128::from(u64::MAX) + 1, 0] {
        assert_eq!(stored(&edge), Ok(()));
    }
    for edge in [i128::MIN, i128::from(i64::MIN) - 1, i128::from(u64::MAX) + 1] {
        assert_eq!(stored(&edge), Ok(()));
    }
    comes_back(any::<NonZeroU16>());
}

#[test]
fn floats_come_back_bit_for_bit_if_they_are_finite_and_are_refused_if_not() {
    may_be_refused(prop::num::f64::ANY, |float| (!float.is_finite()).then(non_finite));
    may_be_refused(prop::num::f32::ANY, |float| (!float.is_finite()).then(non_finite));
    for float in [0.0, -0.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, 0.1, 1e23, 9_007_199_254_740_993.0] {
        let mut data = empty();
        data.set("float", float).unwrap();
        assert_eq!(data.get::<f64>("float").unwrap().map(f64::to_bits), Some(float.to_bits()));
    }
    for float in [0.0, -0.0, f32::MIN_POSITIVE, 1e-45, f32::MAX, 0.1, 16_777_217.0] {
        let mut data = empty();
        data.set("float", float).unwrap();
        assert_eq!(data.get::<f32>("float").unwrap().map(f32::to_bits), Some(float.to_bits()));
    }
}

/// Floats where each form of serde's data model can hold them.
#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Floats {
    Newtype(f64),
    Tuple(u8, f32),
    Struct { list: Vec<f64>, pair: (f32, bool) },
    Map(BTreeMap<String, Option<f64>>),
    Deep(Box<Floats>),
    Inner(TupleStruct, Newtype),
    Array([f32; 3]),
    Set(HashSet<Bits>),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct TupleStruct(f64, f32);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Newtype(f64);

/// A float that can be in a set.
#[derive(PartialEq, Eq, Hash, Debug, Clone, Copy)]
struct Bits(u64);

impl Serialize for Bits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from_bits(self.0))
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(|float| Self(float.to_bits()))
    }
}

#[test]
fn a_float_that_is_not_finite_is_refused_wherever_it_lies() {
    let float = f64::INFINITY;
    let single = f32::NEG_INFINITY;
    let fine = TupleStruct(1.0, 1.0);
    for floats in [
        Floats::Newtype(float),
        Floats::Tuple(1, single),
        Floats::Struct { list: vec![0.0, float], pair: (0.0, true) },
        Floats::Struct { list: vec![], pair: (single, true) },
        Floats::Map(BTreeMap::from([("a".into(), Some(1.0)), ("b".into(), Some(float))])),
        Floats::Deep(Box::new(Floats::Deep(Box::new(Floats::Newtype(float))))),
        Floats::Inner(TupleStruct(float, 1.0), Newtype(0.0)),
        Floats::Inner(TupleStruct(1.0, single), Newtype(0.0)),
        Floats::Inner(fine.clone(), Newtype(float)),
        Floats::Array([0.0, single, 0.0]),
        Floats::Set(HashSet::from([Bits(0), Bits(float.to_bits())])),
    ] {
        assert_eq!(stored(&floats).err(), Some(non_finite()), "{floats:?}");
        assert_eq!(stored(&Some(floats.clone())).err(), Some(non_finite()), "{floats:?}");
        assert_eq!(stored(&vec![floats.clone()]).err(), Some(non_finite()), "{floats:?}");
        assert_eq!(
            stored(&Internal::Newtype(Holder { field: floats.clone() })).err(),
            Some(non_finite()),
            "{floats:?}"
        );
        assert_eq!(stored(&Adjacent::Newtype(floats.clone())).err(), Some(non_finite()), "{floats:?}");
        assert_eq!(
            stored(&Flattened { own: 1, inner: Holder { field: floats }, rest: BTreeMap::new() }).err(),
            Some(non_finite())
        );
    }
    assert_eq!(stored(&Floats::Inner(fine, Newtype(0.0))), Ok(()));
    assert_eq!(stored(&Floats::Set(HashSet::from([Bits(0), Bits(1.5_f64.to_bits())]))), Ok(()));
}

#[test]
fn nested_lists_come_back_as_deep_as_they_can_be_read_and_are_refused_below() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Nested(Vec<Nested>);
    let nested = |levels: usize| (1..levels).fold(Nested(vec![]), |inner, _| Nested(vec![inner]));
    assert_eq!(stored(&nested(127)), Ok(()));
    assert_eq!(stored(&nested(128)), Err(ValueError::TooDeep { key: "field".into() }));
    assert_eq!(stored(&nested(500)), Err(ValueError::TooDeep { key: "field".into() }));
    let objects =
        |levels: usize| (1..levels).fold(Value::Object(Map::default()), |inner, _| serde_json::json!({ "a": inner }));
    assert_eq!(stored(&objects(127)), Ok(()));
    assert_eq!(stored(&objects(128)), Err(ValueError::TooDeep { key: "field".into() }));
}

#[test]
fn texts_bytes_and_options_come_back() {
    comes_back(any::<(char, bool, String)>());
    comes_back(any::<char>());
    comes_back(any::<Vec<u8>>());
    comes_back(any::<Option<String>>());
    comes_back(any::<Vec<Option<u8>>>());
    comes_back(any::<[u8; 32]>());
    comes_back(any::<Vec<u8>>().prop_map(Bytes));
}

/// Bytes as serde's data model has them.
#[derive(PartialEq, Debug, Clone)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

#[test]
fn what_holds_nothing_comes_back_in_a_struct_and_is_absent_on_its_own() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Unit;
    assert_eq!(stored(&()), Ok(()));
    assert_eq!(stored(&Unit), Ok(()));
    assert_eq!(stored(&None::<u8>), Ok(()));
    assert_eq!(stored(&Value::Null), Ok(()));
    assert_eq!(stored(&[(); 3]), Ok(()));
    assert_eq!(stored(&((), Unit, None::<String>)), Ok(()));
    assert_eq!(stored(&Vec::<()>::new()), Ok(()));
    assert_eq!(stored(&BTreeMap::<String, bool>::new()), Ok(()));
    assert_eq!(stored(&BTreeMap::from([("a".to_owned(), None::<u8>)])), Ok(()));
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Name {
    FirstOne,
    Second,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Clone, Copy)]
struct Id(u64);

fn names() -> impl Strategy<Value = Name> {
    prop_oneof![Just(Name::FirstOne), Just(Name::Second)]
}

fn maps<K: Ord + Debug>(keys: impl Strategy<Value = K>) -> impl Strategy<Value = BTreeMap<K, Vec<u8>>> {
    prop::collection::btree_map(keys, prop::collection::vec(any::<u8>(), 0..3), 0..4)
}

#[test]
fn maps_with_keys_of_every_kind_come_back() {
    comes_back(maps(any::<String>()));
    comes_back(maps(any::<char>()));
    comes_back(maps(any::<bool>()));
    comes_back(maps(any::<u8>()));
    comes_back(maps(any::<i64>()));
    comes_back(maps(any::<u128>()));
    comes_back(maps(any::<i128>()));
    comes_back(maps(names()));
    comes_back(maps(any::<u64>().prop_map(Id)));
    comes_back(any::<BTreeSet<i16>>());
    comes_back(prop::collection::hash_map(any::<String>(), any::<HashMap<u16, bool>>(), 0..3));
    comes_back(any::<HashSet<String>>());
}

#[test]
fn the_same_maps_come_back_as_the_whole_content() {
    fn whole<K: Ord + Debug + Any + 'static>(keys: impl Strategy<Value = K>) {
        let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
        let run = runner.run(&maps(keys), |map| {
            let mut data = empty();
            data.set_data(&map).unwrap();
            prop_assert_eq!(data.data::<BTreeMap<K, Vec<u8>>>(), Ok(map));
            Ok(())
        });
        assert_eq!(run, Ok(()), "{}", std::any::type_name::<K>());
    }
    whole(any::<char>());
    whole(any::<bool>());
    whole(any::<u8>());
    whole(any::<i64>());
    whole(any::<u128>());
    whole(any::<i128>());
    whole(names());
    whole(any::<u64>().prop_map(Id));
    whole("[ -~]{1,9}");
}

#[test]
fn a_map_whose_keys_are_no_texts_is_refused() {
    let refused = Err(ValueError::Serialize { key: "field".into() });
    let mut data = empty();
    assert_eq!(data.set("field", BTreeMap::from([((1, 2), 3)])), refused);
    assert_eq!(data.set("field", BTreeMap::from([(vec![1], 3)])), refused);
    assert_eq!(data.set("field", BTreeMap::from([(None::<u8>, 3)])), refused);
    assert_eq!(data.set("field", HashMap::from([(Bits(f64::NAN.to_bits()), 3)])), refused);
    assert_eq!(data.set("field", HashMap::from([(Bits(1.5_f64.to_bits()), 3)])), Ok(true));
    assert_eq!(data.get("field"), Ok(Some(HashMap::from([(Bits(1.5_f64.to_bits()), 3)]))));
    assert!(matches!(data.set_data(&BTreeMap::from([((1, 2), 3)])), Err(ValueError::Serialize { .. })));
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum External<T> {
    Unit,
    Newtype(T),
    Tuple(T, u8),
    Struct { one: T, two: Option<Box<External<T>>> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "kind")]
enum Internal<T> {
    Unit,
    Newtype(Holder<T>),
    Struct { one: T, two: Option<u8> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "kind", content = "of")]
enum Adjacent<T> {
    Unit,
    Newtype(T),
    Tuple(T, u8),
    Struct { one: T, two: Option<u8> },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(untagged)]
enum Untagged<T> {
    Tuple(T, u8, bool),
    Struct { one: T, two: u8 },
    Other { three: T },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Flattened<T> {
    own: u8,
    #[serde(flatten)]
    inner: Holder<T>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// The values that serde can keep aside while it reads the tag of an enum, or flattened fields.
type Payload = (u64, i64, String, Option<char>, bool, Vec<u16>, BTreeMap<String, i8>);

fn payloads() -> impl Strategy<Value = Payload> {
    (
        any::<u64>(),
        any::<i64>(),
        ".{0,9}",
        any::<Option<char>>(),
        any::<bool>(),
        prop::collection::vec(any::<u16>(), 0..3),
        prop::collection::btree_map(".{0,5}", any::<i8>(), 0..3),
    )
}

#[test]
fn enums_of_all_four_forms_and_flattened_fields_come_back() {
    comes_back(prop_oneof![
        Just(External::Unit),
        payloads().prop_map(External::Newtype),
        (payloads(), any::<u8>()).prop_map(|(one, two)| External::Tuple(one, two)),
        payloads().prop_map(|one| External::Struct { two: Some(Box::new(External::Tuple(one.clone(), 3))), one }),
    ]);
    comes_back(prop_oneof![
        Just(Internal::Unit),
        payloads().prop_map(|field| Internal::Newtype(Holder { field })),
        (payloads(), any::<Option<u8>>()).prop_map(|(one, two)| Internal::Struct { one, two }),
    ]);
    comes_back(prop_oneof![
        Just(Adjacent::Unit),
        payloads().prop_map(Adjacent::Newtype),
        (payloads(), any::<u8>()).prop_map(|(one, two)| Adjacent::Tuple(one, two)),
        (payloads(), any::<Option<u8>>()).prop_map(|(one, two)| Adjacent::Struct { one, two }),
    ]);
    comes_back(prop_oneof![
        payloads().prop_map(|one| Untagged::Tuple(one, 1, true)),
        (payloads(), any::<u8>()).prop_map(|(one, two)| Untagged::Struct { one, two }),
        payloads().prop_map(|three| Untagged::Other { three }),
    ]);
    let rest = BTreeMap::from([("rest".to_owned(), serde_json::json!([1, {"a": null}]))]);
    comes_back(payloads().prop_map(move |field| Flattened { own: 1, inner: Holder { field }, rest: rest.clone() }));
    comes_back(names());
}

#[test]
fn the_same_enums_and_structs_come_back_as_the_whole_content() {
    #[track_caller]
    fn whole<T: Any>(content: &T) {
        let mut data = empty();
        data.set_data(content).unwrap();
        assert_eq!(data.data::<T>().as_ref(), Ok(content));
        assert_eq!(data.set_data(content), Ok(false));
        data.set_flashes(content).unwrap();
        assert_eq!(data.flash().count(), data.len());
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
    struct Wrapper(Holder<u8>);
    let rest = BTreeMap::from([("rest".to_owned(), Value::from(1))]);
    whole(&Holder { field: 1 });
    whole(&Wrapper(Holder { field: 1 }));
    whole(&Some(Holder { field: 1 }));
    whole(&Box::new(Holder { field: 1 }));
    whole(&External::Newtype(Holder { field: 1 }));
    whole(&External::Tuple(1, 2));
    whole(&External::Struct { one: 1, two: None });
    whole(&Internal::<u8>::Unit);
    whole(&Internal::Newtype(Holder { field: 1 }));
    whole(&Internal::Struct { one: "a".to_owned(), two: None });
    whole(&Adjacent::<u8>::Unit);
    whole(&Adjacent::Tuple(vec![1], 2));
    whole(&Untagged::Struct { one: 1, two: 2 });
    whole(&Untagged::Other { three: Some(1) });
    whole(&Flattened { own: 1, inner: Holder { field: "a".to_owned() }, rest });
    whole(&serde_json::json!({ "a": 1, "b": [null] }));
}

#[test]
fn types_of_the_standard_library_come_back() {
    comes_back(any::<Duration>());
    comes_back(any::<IpAddr>());
    comes_back(any::<(Result<u8, String>, Range<i32>)>());
    comes_back(any::<std::num::Wrapping<u16>>());
    comes_back(any::<[String; 2]>());
}

#[test]
fn a_plain_session_lends_texts_without_a_copy() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Borrowed<'a> {
        name: &'a str,
        #[serde(borrow)]
        towns: Vec<&'a str>,
    }
    let mut data = empty();
    data.set("name", "Ada").unwrap();
    data.set("towns", ["London", "Bern"]).unwrap();
    assert_eq!(data.get::<&str>("name"), Ok(Some("Ada")));
    assert_eq!(data.data::<Borrowed<'_>>(), Ok(Borrowed { name: "Ada", towns: vec!["London", "Bern"] }));
    assert_eq!(data.data::<BTreeMap<&str, &serde_json::value::RawValue>>().unwrap()["name"].get(), "\"Ada\"");
    data.set("name", "A\"da").unwrap();
    assert!(data.get::<&str>("name").is_err(), "an escape is another text than the one that is stored");
}

#[test]
fn an_ordered_map_is_read_in_the_order_of_the_entries() {
    #[derive(PartialEq, Debug)]
    struct Ordered(Vec<(String, u8)>);

    impl<'de> Deserialize<'de> for Ordered {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Ordered;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                    std::iter::from_fn(|| map.next_entry().transpose()).collect::<Result<_, _>>().map(Ordered)
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    let mut data = empty();
    for (key, value) in [("zebra", 1), ("apple", 2), ("mango", 3)] {
        data.set(key, value).unwrap();
    }
    let expected = [("zebra", 1), ("apple", 2), ("mango", 3)].map(|(key, value)| (key.to_owned(), value));
    assert_eq!(data.data(), Ok(Ordered(expected.into())));
}

#[test]
fn the_limits_that_the_page_of_values_lists_are_there() {
    #[derive(Serialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[serde(untagged)]
    enum Key {
        Number(u8),
        Text(&'static str),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Both {
        Small(u8),
        Large(u64),
    }
    let mut data = empty();
    // Some(None) and Some(()) are None.
    data.set("k", [Some(None::<u8>)]).unwrap();
    assert_eq!(data.get::<[Option<Option<u8>>; 1]>("k"), Ok(Some([None])));
    data.set("k", Some(())).unwrap();
    assert_eq!(data.get::<Option<()>>("k"), Ok(None));
    // 128-bit integers, where serde keeps values aside.
    let flattened = Flattened { own: 1, inner: Holder { field: u128::MAX }, rest: BTreeMap::new() };
    data.set("k", flattened).unwrap();
    assert!(data.get::<Flattened<u128>>("k").is_err());
    data.set("k", Internal::Struct { one: u128::MAX, two: None }).unwrap();
    assert!(data.get::<Internal<u128>>("k").is_err());
    data.set("k", Untagged::Other { three: u128::MAX }).unwrap();
    assert!(data.get::<Untagged<u128>>("k").is_err());
    data.set("k", u128::MAX).unwrap();
    assert!(data.get::<Value>("k").unwrap().unwrap().is_f64());
    data.set("k", Adjacent::Newtype(u128::MAX)).unwrap();
    assert_eq!(data.get("k"), Ok(Some(Adjacent::Newtype(u128::MAX))), "the tag was read before the content");
    // Maps with integers as keys, there.
    let map = BTreeMap::from([(7_u8, true)]);
    data.set("k", Internal::Struct { one: map.clone(), two: None }).unwrap();
    assert!(data.get::<Internal<BTreeMap<u8, bool>>>("k").is_err());
    data.set("k", Untagged::Other { three: map }).unwrap();
    assert!(data.get::<Untagged<BTreeMap<u8, bool>>>("k").is_err());
    // Two keys that are one text.
    data.set("k", BTreeMap::from([(Key::Number(1), "a"), (Key::Text("1"), "b")])).unwrap();
    assert_eq!(data.get("k"), Ok(Some(BTreeMap::from([("1".to_owned(), "b".to_owned())]))));
    // Two variants that fit.
    data.set("k", Both::Large(1)).unwrap();
    assert_eq!(data.get("k"), Ok(Some(Both::Small(1))));
    // Bytes that are to be borrowed.
    data.set("k", Bytes(vec![1])).unwrap();
    assert!(data.get::<&[u8]>("k").is_err());
}
