//! Converts between Rust values and the JSON texts of entries, one value at a time or a struct over all of them.

use std::any::type_name;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::error::ValueError;

/// Returns the JSON text of a value. An error names the value by its key.
pub(crate) fn to_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<String, ValueError> {
    serde_json::to_string(value).map_err(|_| ValueError::Serialize { key: key.to_owned() })
}

/// Reads a value from its JSON text. An error names the value by its key.
pub(crate) fn from_json<T: DeserializeOwned>(key: &str, json: &str) -> Result<T, ValueError> {
    serde_json::from_str(json).map_err(|_| ValueError::Deserialize { key: key.to_owned(), expected: type_name::<T>() })
}

/// Returns the fields of a struct or the pairs of a map, in their order, each as a key and a JSON text.
pub(crate) fn to_fields<T: Serialize + ?Sized>(content: &T) -> Result<Vec<(String, String)>, ValueError> {
    let json = to_json(type_name::<T>(), content)?;
    json_fields(&json).map_err(|_| ValueError::NotAMap { found: type_name::<T>() })
}

/// Returns the fields of a JSON object, in their order.
pub(crate) fn json_fields(json: &str) -> Result<Vec<(String, String)>, serde_json::Error> {
    serde_json::from_str(json).map(|Fields(fields)| fields)
}

/// Makes a struct or a map from all the entries given, each under its key.
pub(crate) fn from_fields<'a, T: DeserializeOwned>(
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<T, ValueError> {
    // Each text is checked to be one JSON value on its way into the object, so that no text can pose as another field.
    let fields = fields.map(|(key, json)| Ok((key, serde_json::from_str(json)?)));
    fields
        .collect::<Result<BTreeMap<&str, &RawValue>, serde_json::Error>>()
        .and_then(|object| serde_json::from_str(&serde_json::to_string(&object)?))
        .map_err(|_| ValueError::Deserialize { key: "*".to_owned(), expected: type_name::<T>() })
}

/// A JSON object with its fields in their order and its values unparsed.
struct Fields(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a struct or a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some((key, json)) = map.next_entry::<String, &RawValue>()? {
                    fields.push((key, json.get().to_owned()));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// The one text that stands for every JSON text of an equal value: numbers that are whole are written as integers, strings with
/// no escape that they can do without, and objects with their keys in order. A text that is no JSON stands for itself.
pub(crate) fn canonical(json: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@.+ ".contains(&byte);
    let is_integer = !json.starts_with(['-', '0']) && json.bytes().all(|byte| byte.is_ascii_digit());
    let inner = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if is_integer || inner.is_some_and(|inner| inner.bytes().all(is_plain)) {
        return json.into();
    }
    serde_json::from_str::<Value>(json).map_or(json.into(), |value| whole_numbers(value).to_string().into())
}

/// Writes each number that is whole, and that a float holds exactly, as an integer.
fn whole_numbers(value: Value) -> Value {
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            // A float is written without an exponent, and a whole one with `.0` behind it.
            let text = number.as_f64().map(|float| format!("{float:.1}")).unwrap_or_default();
            let whole = text.strip_suffix(".0").filter(|_| number.as_f64().is_some_and(|float| float.fract() == 0.0));
            whole.and_then(|whole| whole.parse::<i64>().ok()).map_or(Value::Number(number), Value::from)
        }
        Value::Array(values) => values.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, whole_numbers(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::Deserialize;

    use super::*;

    #[test]
    fn fields_keep_their_order_and_their_text() {
        #[derive(serde::Serialize)]
        struct Content {
            zebra: u8,
            apple: Vec<f64>,
        }
        let fields = to_fields(&Content { zebra: 1, apple: vec![0.5, 2.0] }).unwrap();
        assert_eq!(fields, [("zebra".into(), "1".into()), ("apple".into(), "[0.5,2.0]".into())]);
    }

    #[test]
    fn what_is_no_struct_or_map_has_no_fields() {
        assert_eq!(to_fields(&5), Err(ValueError::NotAMap { found: "i32" }));
        assert!(matches!(to_fields(&[("a", 1)]), Err(ValueError::NotAMap { .. })));
        assert!(matches!(to_fields(&Some(())), Err(ValueError::NotAMap { .. })));
    }

    #[test]
    fn a_map_with_numbers_as_keys_comes_back() {
        let map = HashMap::from([(7_u64, "seven".to_owned())]);
        let fields = to_fields(&map).unwrap();
        let back: HashMap<u64, String> = from_fields(fields.iter().map(|(k, v)| (k.as_str(), v.as_str()))).unwrap();
        assert_eq!(back, map);
    }

    #[test]
    fn an_authentic_text_that_is_not_one_json_value_can_not_pose_as_another_field() {
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only to be refused")]
        struct Content {
            name: u8,
            admin: bool,
        }
        let forged = from_fields::<Content>([("name", "1,\"admin\":true")].into_iter());
        assert!(matches!(forged, Err(ValueError::Deserialize { .. })), "{forged:?}");
    }

    #[test]
    fn equal_values_have_one_canonical_text() {
        for (one, canonical_text) in [
            ("42", "42"),
            ("4.2e1", "42"),
            ("42.0", "42"),
            ("-0.0", "0"),
            ("0.5", "0.5"),
            ("18446744073709551615", "18446744073709551615"),
            ("\"caf\\u00e9\"", "\"caf\u{e9}\""),
            ("\"a\\/b\"", "\"a/b\""),
            ("\"\\u0061\"", "\"a\""),
            (" 1", "1"),
            ("[1.0, {\"b\":2,\"a\":1e0}]", "[1,{\"a\":1,\"b\":2}]"),
            ("no json", "no json"),
        ] {
            assert_eq!(canonical(one), canonical_text, "{one}");
            assert_eq!(canonical(canonical_text), canonical_text);
        }
    }
}
