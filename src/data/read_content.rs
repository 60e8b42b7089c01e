//! Reads the entries of a session as one value: a struct, whose fields are the entries, or a map.
//!
//! No JSON object is put together and parsed again. The entries are the fields as they stand, and the text of each is
//! parsed on its own, to its end: a text can't reach out of its place and pose as another field.

use std::any::type_name;
use std::slice;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::fault::Fault;
use super::json::{NULL, is_null};
use super::read_key::Key;
use crate::error::ValueError;

/// Makes a struct or a map out of all the entries, each a key and a JSON text. An entry that is `null` is as absent as
/// one that is not there. A field without a default that is absent is read from `null`, which an `Option` under
/// `#[serde(with = "..")]` and a `()` need.
///
/// # Errors
/// [`ValueError::Missing`], [`ValueError::Unknown`] and [`ValueError::Deserialize`].
pub(crate) fn from_entries<'de, T: Deserialize<'de>>(
    entries: &(impl Iterator<Item = (&'de str, &'de str)> + Clone),
) -> Result<T, ValueError> {
    let expected = type_name::<T>();
    // The fields that were found missing. Each is given to T as `null` in the next round, so no round is the same as
    // the one before.
    let mut nulls: Vec<&'static str> = Vec::new();
    loop {
        let mut content = Content { entries: entries.clone(), nulls: nulls.iter(), json: NULL, key: "" };
        let fault = match T::deserialize(ContentDeserializer(&mut content)) {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        return Err(match (fault, nulls.last()) {
            (Fault::Missing(field), _) if !nulls.contains(&field) => {
                nulls.push(field);
                continue;
            }
            (Fault::Missing(field), _) => ValueError::Missing { key: field.to_owned(), expected },
            (Fault::Unknown(key), _) => ValueError::Unknown { key, expected },
            (Fault::Value { key, .. }, _) if nulls.contains(&&*key) => ValueError::Missing { key, expected },
            // serde's derive reads a field under `#[serde(with = "..")]` by a type that it makes up, whose name tells
            // nobody anything.
            (Fault::Value { key, expected: of }, _) if of.contains("__DeserializeWith") => {
                ValueError::Deserialize { key, expected }
            }
            (Fault::Value { key, expected }, _) => ValueError::Deserialize { key, expected },
            (Fault::Whole, Some(field)) => ValueError::Missing { key: (*field).to_owned(), expected },
            (Fault::Whole, None) => ValueError::Deserialize { key: "*".to_owned(), expected },
        });
    }
}

/// True when two keys are names of one field of a type, because one of them is an alias of the other
/// (`#[serde(alias = "..")]`). Only serde's derive knows the aliases, and it refuses a field that comes twice. `json`
/// is a value of the field.
pub(crate) fn are_one_field<T: DeserializeOwned>(one: &str, other: &str, json: &str) -> bool {
    let entries = [(one, json), (other, json)].into_iter();
    let mut content = Content { entries, nulls: [].iter(), json: NULL, key: "" };
    let read = T::deserialize(ContentDeserializer(&mut content));
    matches!(read, Err(Fault::Value { expected: Fault::SINGLE, .. }))
}

/// The entries as the pairs of a map.
struct Content<'n, 'de, I> {
    entries: I,
    nulls: slice::Iter<'n, &'static str>,
    /// The entry whose key was read last.
    key: &'de str,
    json: &'de str,
}

impl<'de, I: Iterator<Item = (&'de str, &'de str)>> Content<'_, 'de, I> {
    fn advance(&mut self) -> Option<&'de str> {
        let entry = self.entries.find(|(_, json)| !is_null(json));
        let entry = entry.or_else(|| self.nulls.next().map(|field| (*field, NULL)));
        (self.key, self.json) = entry?;
        Some(self.key)
    }
}

impl<'de, I: Iterator<Item = (&'de str, &'de str)>> MapAccess<'de> for Content<'_, 'de, I> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(key) = self.advance() else { return Ok(None) };
        let read = seed.deserialize(Key { text: key });
        read.map(Some).map_err(|fault| match fault {
            Fault::Whole => Fault::Value { key: key.to_owned(), expected: type_name::<K::Value>() },
            fault => fault,
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let mut text = serde_json::Deserializer::from_str(self.json);
        let value = seed.deserialize(&mut text).and_then(|value| text.end().map(|()| value));
        value.map_err(|_| Fault::Value { key: self.key.to_owned(), expected: type_name::<V::Value>() })
    }
}

/// The entries as the only value there is.
struct ContentDeserializer<'c, C>(&'c mut C);

impl<'de, C: MapAccess<'de, Error = Fault>> Deserializer<'de> for ContentDeserializer<'_, C> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// An enum is one entry, whose key is the name of the variant.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let value = visitor.visit_enum(MapAccessDeserializer::new(&mut *self.0))?;
        match self.0.next_key::<String>()? {
            None => Ok(value),
            Some(key) => Err(Fault::Unknown(key)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Content {
        name: u8,
        admin: bool,
    }

    fn read<T: for<'de> Deserialize<'de>>(entries: &[(&str, &str)]) -> Result<T, ValueError> {
        from_entries(&entries.iter().copied())
    }

    #[test]
    fn an_authentic_text_that_is_not_one_json_value_can_not_pose_as_another_field() {
        for text in ["1,\"admin\":true", "1}", "1 1", "1,", "", " ", "1\u{0}"] {
            let entries = [("name", text), ("admin", "false")];
            let refused = ValueError::Deserialize { key: "name".into(), expected: "u8" };
            assert_eq!(read::<Content>(&entries), Err(refused), "{text}");
            assert!(read::<BTreeMap<String, Value>>(&entries).is_err(), "{text}");
            // A text that no field reads can't pose as another field either.
            let entries = [("name", "1"), ("admin", "false"), ("other", text)];
            assert!(
                matches!(read::<Content>(&entries), Err(ValueError::Deserialize { key, .. }) if key == "other"),
                "{text}"
            );
        }
        assert_eq!(read(&[("name", " 1\n"), ("admin", "true")]), Ok(Content { name: 1, admin: true }));
    }

    #[test]
    fn a_key_is_a_number_only_as_json_writes_one() {
        let map = |key| read::<BTreeMap<u8, bool>>(&[(key, "true")]);
        assert_eq!(map("7"), Ok(BTreeMap::from([(7, true)])));
        for key in ["07", "+7", " 7", "7 ", "7.0", "0x7", "seven", "256", "-1"] {
            assert_eq!(map(key), Err(ValueError::Deserialize { key: key.into(), expected: "u8" }), "{key}");
        }
    }

    #[test]
    fn a_type_that_misses_a_field_whatever_it_is_given_is_an_error() {
        #[derive(Debug, PartialEq)]
        struct Never;
        impl<'de> Deserialize<'de> for Never {
            fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
                Err(serde::de::Error::missing_field("name"))
            }
        }
        let missing = ValueError::Missing { key: "name".into(), expected: type_name::<Never>() };
        assert_eq!(read::<Never>(&[("name", "1")]), Err(missing));
    }

    #[test]
    fn an_enum_is_one_entry() {
        #[derive(Debug, PartialEq, serde::Deserialize)]
        enum Either {
            One(u8),
            Other { name: String },
        }
        assert_eq!(read(&[("One", "1")]), Ok(Either::One(1)));
        assert_eq!(read(&[("Other", "{\"name\":\"Ada\"}")]), Ok(Either::Other { name: "Ada".into() }));
        assert!(matches!(read::<Either>(&[("Third", "1")]), Err(ValueError::Unknown { key, .. }) if key == "Third"));
        assert!(
            matches!(read::<Either>(&[("One", "1"), ("b", "1")]), Err(ValueError::Unknown { key, .. }) if key == "b")
        );
        assert!(matches!(read::<Either>(&[]), Err(ValueError::Deserialize { key, .. }) if key == "*"));
    }

    #[test]
    fn an_error_of_a_field_under_with_names_the_struct() {
        fn never<'de, D: Deserializer<'de>>(_: D) -> Result<u8, D::Error> {
            Err(serde::de::Error::custom("no"))
        }
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct With {
            #[serde(deserialize_with = "never")]
            field: u8,
        }
        let expected = type_name::<With>();
        assert_eq!(read::<With>(&[("field", "1")]), Err(ValueError::Deserialize { key: "field".into(), expected }));
        assert_eq!(read::<With>(&[]), Err(ValueError::Missing { key: "field".into(), expected }));
    }
}
