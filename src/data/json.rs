//! Converts between Rust values and the JSON texts of entries, one value at a time or a struct over all of them.

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
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
}
