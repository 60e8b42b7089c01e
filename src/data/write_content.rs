//! Writes a struct or a map as entries: each field under its name, with its value as JSON.
//!
//! A field is written on its own, so that an error names it, and no JSON object is put together and taken apart again.

use std::any::type_name;
use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::ser::{Error, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::Value;

use super::json::{is_equal, is_null, json_fields, to_json};
use crate::error::ValueError;

/// The fields of a struct, or the pairs of a map, in their order: each a key and a JSON text.
pub(crate) type Fields = Vec<(String, String)>;

/// Returns the fields of a struct or the pairs of a map. A field that is `null` is left out: an entry that is `null` is
/// no value.
///
/// # Errors
/// [`ValueError::NonFinite`] and [`ValueError::Serialize`], which name the field if it is known, and else the type;
/// [`ValueError::NotAMap`].
pub(crate) fn to_fields<T: Serialize + ?Sized>(content: &T) -> Result<Fields, ValueError> {
    let mut fields = match content.serialize(FieldsSerializer) {
        Ok(fields) => fields,
        Err(Refusal::Value(error)) => return Err(error),
        Err(Refusal::Other) => other_fields(content)?,
    };
    fields.retain(|(_, json)| !is_null(json));
    Ok(fields)
}

/// Leaves out each field that a later one has the key of, since the later one counts: two keys of a map may be one
/// text, such as `1` and `"1"`, and a flattened map may have a key that is the name of a field.
fn without_overwritten(mut fields: Fields) -> Fields {
    let mut later = HashSet::with_capacity(fields.len());
    let counts: Vec<bool> = fields.iter().rev().map(|(key, _)| later.insert(key.as_str())).collect();
    if counts.contains(&false) {
        let mut counts = counts.into_iter().rev();
        fields.retain(|_| counts.next().unwrap_or(true));
    }
    fields
}

/// The fields of what is neither a struct nor a map to serde, and may be an object to `serde_json` all the same, such
/// as an enum.
fn other_fields<T: Serialize + ?Sized>(content: &T) -> Result<Fields, ValueError> {
    let json = to_json(type_name::<T>(), content)?;
    let fields = json_fields(&json).map_err(|_| ValueError::NotAMap { found: type_name::<T>() })?;
    Ok(without_overwritten(fields.into_iter().map(|(key, json)| (key, json.to_owned())).collect()))
}

/// Returns the fields of `now` that are new or of another value than in `before`, and the names of those that are gone.
pub(crate) fn differing(before: &[(String, String)], now: Fields) -> (Fields, Vec<String>) {
    let was: HashMap<&str, &str> = before.iter().map(|(key, json)| (key.as_str(), json.as_str())).collect();
    let is: HashSet<&str> = now.iter().map(|(key, _)| key.as_str()).collect();
    let gone = before.iter().filter(|(key, _)| !is.contains(key.as_str())).map(|(key, _)| key.clone()).collect();
    let is_same = |key: &str, json: &str| was.get(key).is_some_and(|old| is_equal(old, json));
    (now.into_iter().filter(|(key, json)| !is_same(key, json)).collect(), gone)
}

/// Why a [`FieldsSerializer`] gave no fields.
#[derive(Debug)]
enum Refusal {
    /// A value can't be written.
    Value(ValueError),
    /// The content is neither a struct nor a map, or an implementation of Serialize gave an error of its own.
    Other,
}

impl Error for Refusal {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the content has no fields")
    }
}

impl std::error::Error for Refusal {}

/// Takes a struct or a map apart.
struct FieldsSerializer;

/// Refuses what has no fields.
macro_rules! refuse {
    ($($method:ident($($type:ty),*) -> $ok:ident;)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<Self::$ok, Refusal> {
            Err(Refusal::Other)
        })*
    };
}

impl Serializer for FieldsSerializer {
    type Ok = Fields;
    type Error = Refusal;
    type SerializeSeq = Impossible<Fields, Refusal>;
    type SerializeTuple = Impossible<Fields, Refusal>;
    type SerializeTupleStruct = Impossible<Fields, Refusal>;
    type SerializeTupleVariant = Impossible<Fields, Refusal>;
    type SerializeMap = FieldsOf;
    type SerializeStruct = FieldsOf;
    type SerializeStructVariant = Impossible<Fields, Refusal>;

    refuse! {
        serialize_bool(bool) -> Ok;
        serialize_i8(i8) -> Ok;
        serialize_i16(i16) -> Ok;
        serialize_i32(i32) -> Ok;
        serialize_i64(i64) -> Ok;
        serialize_u8(u8) -> Ok;
        serialize_u16(u16) -> Ok;
        serialize_u32(u32) -> Ok;
        serialize_u64(u64) -> Ok;
        serialize_f32(f32) -> Ok;
        serialize_f64(f64) -> Ok;
        serialize_char(char) -> Ok;
        serialize_str(&str) -> Ok;
        serialize_bytes(&[u8]) -> Ok;
        serialize_none() -> Ok;
        serialize_unit() -> Ok;
        serialize_unit_struct(&'static str) -> Ok;
        serialize_unit_variant(&'static str, u32, &'static str) -> Ok;
        serialize_seq(Option<usize>) -> SerializeSeq;
        serialize_tuple(usize) -> SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Fields, Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Fields, Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Fields, Refusal> {
        Err(Refusal::Other)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<FieldsOf, Refusal> {
        Ok(FieldsOf { fields: Vec::with_capacity(len.unwrap_or_default().min(MAX_CAPACITY)), key: String::new() })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<FieldsOf, Refusal> {
        // `serde_json` writes a `RawValue` and, with one of its features, a number as a struct of a name of its own.
        if name.starts_with("$serde_json::") { Err(Refusal::Other) } else { self.serialize_map(Some(len)) }
    }
}

/// The fields met so far.
struct FieldsOf {
    fields: Fields,
    /// The key of the map whose value comes next.
    key: String,
}

impl FieldsOf {
    fn push<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<(), Refusal> {
        let json = to_json(&key, value).map_err(Refusal::Value)?;
        self.fields.push((key, json));
        Ok(())
    }
}

impl SerializeStruct for FieldsOf {
    type Ok = Fields;
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Refusal> {
        self.push(key.to_owned(), value)
    }

    fn end(self) -> Result<Fields, Refusal> {
        Ok(self.fields)
    }
}

impl SerializeMap for FieldsOf {
    type Ok = Fields;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.key = key_text(key).ok_or(Refusal::Other)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let key = std::mem::take(&mut self.key);
        self.push(key, value)
    }

    fn end(self) -> Result<Fields, Refusal> {
        Ok(without_overwritten(self.fields))
    }
}

/// The text that `serde_json` makes of the key of a map; `None` for what is no key to it.
fn key_text<T: Serialize + ?Sized>(key: &T) -> Option<String> {
    let mut map = serde_json::value::Serializer.serialize_map(Some(1)).ok()?;
    map.serialize_key(key).ok()?;
    map.serialize_value(&()).ok()?;
    let Ok(Value::Object(map)) = SerializeMap::end(map) else { return None };
    map.into_iter().next().map(|(key, _)| key)
}

/// The most fields that room is made for at once, whatever length an implementation of Serialize says it has.
const MAX_CAPACITY: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize)]
    struct Content {
        zebra: u8,
        apple: Vec<f64>,
        none: Option<u8>,
    }

    #[test]
    fn fields_keep_their_order_and_their_text() {
        let fields = to_fields(&Content { zebra: 1, apple: vec![0.5, 2.0], none: None }).unwrap();
        assert_eq!(fields, [("zebra".into(), "1".into()), ("apple".into(), "[0.5,2.0]".into())]);
    }

    #[test]
    fn what_is_no_struct_or_map_has_no_fields() {
        assert_eq!(to_fields(&5), Err(ValueError::NotAMap { found: "i32" }));
        assert!(matches!(to_fields(&[("a", 1)]), Err(ValueError::NotAMap { .. })));
        assert!(matches!(to_fields(&Some(())), Err(ValueError::NotAMap { .. })));
        assert!(matches!(to_fields("text"), Err(ValueError::NotAMap { .. })));
    }

    #[test]
    fn a_raw_object_has_the_fields_of_its_text() {
        let raw = serde_json::value::RawValue::from_string("{\"b\" : 1.50, \"a\":null}".to_owned()).unwrap();
        assert_eq!(to_fields(&raw), Ok(vec![("b".into(), "1.50".into())]));
    }

    #[test]
    fn an_error_names_the_field() {
        let content = Content { zebra: 1, apple: vec![f64::NAN], none: None };
        assert_eq!(to_fields(&content), Err(ValueError::NonFinite { key: "apple".into() }));
        let map = HashMap::from([(7, HashMap::from([(vec![1], 1)]))]);
        assert_eq!(to_fields(&map), Err(ValueError::Serialize { key: "7".into() }));
    }

    #[test]
    fn fields_differ_when_they_are_new_of_another_value_or_gone() {
        let fields = |list: &[(&str, &str)]| -> Fields {
            list.iter().map(|(key, json)| ((*key).to_owned(), (*json).to_owned())).collect()
        };
        let before = fields(&[("a", "1"), ("b", "{\"x\":1,\"y\":2}"), ("c", "3")]);
        let now = fields(&[("b", "{\"y\":2,\"x\":1}"), ("c", "4"), ("d", "5")]);
        assert_eq!(differing(&before, now), (fields(&[("c", "4"), ("d", "5")]), vec!["a".to_owned()]));
    }
}
