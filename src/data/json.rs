//! Converts between one Rust value and its JSON text, and says what two texts have to do with each other.

use std::any::type_name;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::value::RawValue;

use super::strict::{Refused, to_text};
use crate::error::ValueError;

/// Returns the JSON text of a value. An error names the value by its key.
///
/// # Errors
/// [`ValueError::NonFinite`] and [`ValueError::Serialize`].
pub(crate) fn to_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<String, ValueError> {
    to_text(value).map_err(|refused| match refused {
        Refused::NonFinite => ValueError::NonFinite { key: key.to_owned() },
        Refused::Other => ValueError::Serialize { key: key.to_owned() },
    })
}

/// Reads a value from its JSON text. An error names the value by its key.
pub(crate) fn from_json<'de, T: Deserialize<'de>>(key: &str, json: &'de str) -> Result<T, ValueError> {
    serde_json::from_str(json).map_err(|_| ValueError::Deserialize { key: key.to_owned(), expected: type_name::<T>() })
}

/// The text of the value that is no value. `None` and `()` are written so.
pub(crate) const NULL: &str = "null";

/// True for the text of `null`, with the white space that another writer may have put around it.
pub(crate) fn is_null(json: &str) -> bool {
    json.starts_with(['n', ' ', '\t', '\n', '\r']) && json.trim_matches([' ', '\t', '\n', '\r']) == NULL
}

/// Checks that a value does not lie deeper in lists and objects than `serde_json` reads: 127 of them
/// (<https://docs.rs/serde_json/1/serde_json/struct.Deserializer.html#method.disable_recursion_limit>).
///
/// # Errors
/// [`ValueError::TooDeep`].
pub(crate) fn check_depth(key: &str, json: &str) -> Result<(), ValueError> {
    let opening = json.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if opening <= MAX_DEPTH || depth(json) <= MAX_DEPTH {
        return Ok(());
    }
    Err(ValueError::TooDeep { key: key.to_owned() })
}

/// Returns how deep the lists and objects of a JSON text lie in each other.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_in_string, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => is_in_string = !is_in_string,
            b'[' | b'{' if !is_in_string => depth = depth.saturating_add(1),
            b']' | b'}' if !is_in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

const MAX_DEPTH: usize = 127;

/// True when two texts differ in the order of the fields of their objects at most: then they are texts of one value.
///
/// Both are taken to be written by `serde_json`, which writes a number and a string in one way only. White space and
/// other ways to write a value make a difference here, and so do `1` and `1.0`, since they are read as other types.
pub(crate) fn is_equal(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    // In another order they have the same bytes, and so the same sum of whatever each byte stands for. Nearly all texts
    // that are not equal are told by this, in a fraction of the time that it takes to parse them.
    let sum = |text: &str| text.bytes().map(|byte| u64::from(byte).pow(3)).fold(0_u64, u64::wrapping_add);
    if one.len() != other.len() || sum(one) != sum(other) {
        return false;
    }
    if one.starts_with('{') {
        let (Ok(mut one), Ok(mut other)) = (json_fields(one), json_fields(other)) else { return false };
        one.sort_by(|(key, _), (other_key, _)| key.cmp(other_key));
        other.sort_by(|(key, _), (other_key, _)| key.cmp(other_key));
        let mut pairs = one.iter().zip(&other);
        return one.len() == other.len()
            && pairs.all(|((key, json), (other_key, other))| key == other_key && is_equal(json, other));
    }
    let elements = |json| serde_json::from_str::<Vec<&RawValue>>(json);
    let (Ok(one), Ok(other)) = (elements(one), elements(other)) else { return false };
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_equal(one.get(), other.get()))
}

/// Returns the fields of a JSON object, in their order, each with its text unparsed.
pub(crate) fn json_fields(json: &str) -> Result<Vec<(String, &str)>, serde_json::Error> {
    serde_json::from_str(json).map(|Fields(fields)| fields)
}

/// A JSON object with its fields in their order and its values unparsed.
struct Fields<'a>(Vec<(String, &'a str)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some((key, json)) = map.next_entry::<String, &RawValue>()? {
                    fields.push((key, json.get()));
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// The one text that stands for every JSON text of an equal value: numbers that are whole are written as integers,
/// strings with no escape that they can do without, and objects with their keys in order. A text that is no JSON stands
/// for itself.
pub(crate) fn canonical(json: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@.+ ".contains(&byte);
    let is_integer = !json.starts_with(['-', '0']) && json.bytes().all(|byte| byte.is_ascii_digit());
    let inner = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if is_integer || inner.is_some_and(|inner| inner.bytes().all(is_plain)) {
        return json.into();
    }
    // Each list and each object is read on its own, so the depth must be bounded.
    let value = (depth(json) <= MAX_DEPTH).then(|| serde_json::from_str::<&RawValue>(json).and_then(canonical_text));
    value.and_then(Result::ok).map_or(json.into(), Cow::from)
}

/// Writes the canonical text of a value. `serde_json::Value` would not do: its numbers of more than 64 bits are floats,
/// so that different ones become equal, and it keeps the order of fields if any crate of the application turns on the
/// feature `preserve_order` of `serde_json`.
fn canonical_text(json: &RawValue) -> serde_json::Result<String> {
    let text = json.get();
    Ok(match text.as_bytes().first() {
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
            let field = |(key, json)| Ok(format!("{}:{}", serde_json::to_string(&key)?, canonical_text(json)?));
            let fields = fields.into_iter().map(field).collect::<serde_json::Result<Vec<_>>>()?;
            format!("{{{}}}", fields.join(","))
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text)?;
            let elements = elements.into_iter().map(canonical_text).collect::<serde_json::Result<Vec<_>>>()?;
            format!("[{}]", elements.join(","))
        }
        Some(b'"') => serde_json::to_string(&serde_json::from_str::<String>(text)?)?,
        Some(b'-' | b'0'..=b'9') => canonical_number(text)?,
        _ => text.to_owned(),
    })
}

/// Writes a number that is whole, and that a float holds exactly, as an integer.
fn canonical_number(text: &str) -> serde_json::Result<String> {
    if text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(if text == "-0" { "0" } else { text }.to_owned());
    }
    let float: f64 = serde_json::from_str(text)?;
    // The text of a whole float has no exponent here. Beyond the range of the integers, the float stays one.
    let whole = format!("{float:.0}");
    let signed = whole.parse::<i64>().map(|whole| whole.to_string());
    let integer = signed.or_else(|_| whole.parse::<u64>().map(|whole| whole.to_string()));
    integer.ok().filter(|_| float.fract() == 0.0).map_or_else(|| serde_json::to_string(&float), Ok)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn equal_values_have_one_canonical_text() {
        for (one, canonical_text) in [
            ("42", "42"),
            ("4.2e1", "42"),
            ("42.0", "42"),
            ("-0.0", "0"),
            ("0.5", "0.5"),
            ("18446744073709551615", "18446744073709551615"),
            ("9223372036854775808.0", "9223372036854775808"),
            ("1e19", "10000000000000000000"),
            ("[9007199254740993]", "[9007199254740993]"),
            ("-9007199254740993", "-9007199254740993"),
            ("\"caf\\u00e9\"", "\"caf\u{e9}\""),
            ("\"a\\/b\"", "\"a/b\""),
            ("\"\\u0061\"", "\"a\""),
            (" 1", "1"),
            ("-0", "0"),
            ("1e300", "1e+300"),
            ("[null,true, false]", "[null,true,false]"),
            ("{\"\\u0061\":[{}],\"A\":[]}", "{\"A\":[],\"a\":[{}]}"),
            ("[340282366920938463463374607431768211455]", "[340282366920938463463374607431768211455]"),
            ("\"\\ud800\"", "\"\\ud800\""),
            ("[1,", "[1,"),
            ("[1.0, {\"b\":2,\"a\":1e0}]", "[1,{\"a\":1,\"b\":2}]"),
            ("no json", "no json"),
        ] {
            assert_eq!(canonical(one), canonical_text, "{one}");
            assert_eq!(canonical(canonical_text), canonical_text);
        }
    }

    #[test]
    fn values_that_differ_have_different_canonical_texts() {
        for (one, other) in [
            ("[340282366920938463463374607431768211455]", "[340282366920938463463374607431768211454]"),
            ("-9223372036854775809", "-9223372036854775810"),
            ("[18446744073709551617]", "[18446744073709551616]"),
        ] {
            assert_ne!(canonical(one), canonical(other));
        }
    }

    #[test]
    fn a_text_that_is_too_deep_stands_for_itself() {
        let deep = format!("{}1.0{}", "[".repeat(30_000), "]".repeat(30_000));
        assert_eq!(canonical(&deep), deep);
        let deepest = |number| format!("{}{number}{}", "[".repeat(127), "]".repeat(127));
        assert_eq!(canonical(&deepest("1.0")), deepest("1"));
    }

    #[test]
    fn texts_are_equal_when_only_the_order_of_fields_differs() {
        let one = r#"{"a":1,"b":{"c":[{"d":"x","e":null}],"f":"{"}}"#;
        for other in [one, r#"{"b":{"f":"{","c":[{"e":null,"d":"x"}]},"a":1}"#] {
            assert!(is_equal(one, other) && is_equal(other, one), "{other}");
        }
    }

    #[test]
    fn texts_that_differ_in_anything_else_are_not_equal() {
        for (one, other) in [
            ("1", "2"),
            ("1", "1.0"),
            ("[1,2]", "[2,1]"),
            ("[1,2]", "[12]"),
            (r#"["a"]"#, r#"{"a}"#),
            (r#"{"a":1,"b":2}"#, r#"{"a":2,"b":1}"#),
            (r#"{"a":1,"b":2}"#, r#"{"a":1,"c":2}"#),
            (r#"{"a":1,"b":2}"#, r#"{"a":1}"#),
            (r#"{"a":0.0}"#, r#"{"a":-0.0}"#),
            // As floats, both are the same number.
            (
                r#"{"a":340282366920938463463374607431768211455,"b":0}"#,
                r#"{"b":0,"a":340282366920938463463374607431768211454}"#,
            ),
            ("no json", "on json"),
            ("{no json", "{on json"),
        ] {
            assert!(!is_equal(one, other), "{one} {other}");
            assert!(!is_equal(other, one), "{one} {other}");
        }
    }

    #[test]
    fn a_text_is_as_deep_as_serde_json_counts() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        for depth in [1, 126, 127, 128, 129, 300] {
            let is_read = serde_json::from_str::<Value>(&nested(depth)).is_ok();
            assert_eq!(check_depth("k", &nested(depth)).is_ok(), is_read, "{depth}");
        }
        let deepest = format!("[[],{}]", nested(126));
        for shallow in [&format!("[{}0]", "[],".repeat(300)), &format!("[\"\\\"{}\"]", "[".repeat(300)), &deepest] {
            assert_eq!(check_depth("k", shallow), Ok(()), "{shallow}");
        }
        // Brackets in a string close nothing.
        let too_deep = "[\"]}\",".repeat(128) + "0" + &"]".repeat(128);
        assert_eq!(check_depth("k", &too_deep), Err(ValueError::TooDeep { key: "k".into() }));
    }

    #[test]
    fn null_is_null_with_any_white_space_around_it() {
        for null in ["null", " null", "\tnull\r\n "] {
            assert!(is_null(null) && serde_json::from_str::<()>(null).is_ok(), "{null:?}");
        }
        for other in ["", " ", "nul", "nulls", "\"null\"", "\u{a0}null", "0", "[null]"] {
            assert!(!is_null(other), "{other:?}");
        }
    }
}
