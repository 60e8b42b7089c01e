//! [`Object`]: a JSON object that keeps the order of its fields and the text of their values.

use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

#[derive(Default)]
pub(crate) struct Object(Vec<(String, Box<RawValue>)>);

impl Object {
    /// Adds a field. A value that JSON can't carry adds none, but no caller gives such a value.
    pub(crate) fn with(mut self, key: &str, value: impl Serialize) -> Self {
        if let Ok(json) = to_raw_value(&value) {
            self.0.push((key.to_owned(), json));
        }
        self
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(key, json)| (key.as_str(), &**json))
    }

    /// Reads an object. The error says at which place the text is wrong, and repeats none of it, since it may be
    /// secret.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            format!("must be one JSON object in which no key stands twice; it is wrong at {place}")
        })
    }

    /// Writes one line of JSON, for programs. The output may go to a terminal, so see [`printable`].
    pub(crate) fn line(&self) -> String {
        format!("{}\n", printable(&serde_json::to_string(self).unwrap_or_default()))
    }
}

/// Escapes the characters of a JSON text that are not shown as themselves. With control characters, a value from a
/// cookie could give orders to a terminal. With format characters such as U+202E (right-to-left override), it could
/// make people read something else than what is there.
pub(crate) fn printable(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            // These stand between tokens only: inside a string, JSON has them escaped.
            '\n' | '\r' | '\t' => shown.push(' '),
            char if is_shown(char) => shown.push(char),
            char => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    // Writing to a String never fails.
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            }
        }
    }
    shown
}

/// True for a character that `{:?}` of a string would not escape, but for its quotes and backslashes. The standard
/// library knows which characters are control, format, separator or unassigned ones. The letter in front keeps it from
/// escaping an accent for standing alone.
pub(crate) fn is_shown(char: char) -> bool {
    let is_escaped = || ['a', char].iter().collect::<String>().escape_debug().nth(1) == Some('\\');
    matches!(char, ' '..='~') || !is_escaped()
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields())
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields: Vec<(String, Box<RawValue>)> = Vec::new();
                while let Some((key, json)) = map.next_entry()? {
                    if fields.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom("twice"));
                    }
                    fields.push((key, json));
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}
