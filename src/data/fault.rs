//! [`Fault`]: why entries do not make a type, as serde says it.

use std::fmt::{self, Display};

use serde::de::Error;

/// Why the entries do not make the type. The messages of serde are left out, since they quote values.
#[derive(Debug)]
pub(super) enum Fault {
    Missing(&'static str),
    /// The type has no field for the entry with this key.
    Unknown(String),
    Value {
        key: String,
        expected: &'static str,
    },
    /// serde does not say which entry it is: it keeps the entries of a flattened field and of a tagged enum aside, and
    /// reads them when they have lost their keys.
    Whole,
}

impl Fault {
    /// The type that is expected of a field that came twice.
    pub(super) const SINGLE: &'static str = "single value";
}

impl Error for Fault {
    fn custom<T: Display>(_: T) -> Self {
        Self::Whole
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        // Two entries are the field: one under its name, the other under an alias of it.
        Self::Value { key: field.to_owned(), expected: Self::SINGLE }
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::Unknown(field.to_owned())
    }

    fn unknown_variant(variant: &str, _: &'static [&'static str]) -> Self {
        Self::Unknown(variant.to_owned())
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the values of the session do not make the type")
    }
}

impl std::error::Error for Fault {}
