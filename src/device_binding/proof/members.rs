//! Reads a JSON object and refuses one that has a member twice.
//!
//! RFC 7515 section 4 has names that stand twice refused, or the last of them taken. A reader that takes the first and
//! one that takes the last would see two different proofs under one signature, so they are refused.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::ProofError;

/// The members of an object: the name of each, and its JSON text.
pub(super) struct Members<'a> {
    by_name: BTreeMap<String, &'a RawValue>,
    is_one_repeated: bool,
}

impl<'a> Members<'a> {
    /// Reads an object.
    ///
    /// # Errors
    /// [`ProofError::Json`] if the text is no object, [`ProofError::RepeatedMember`] if a name stands twice in it.
    pub(super) fn read(json: &'a str) -> Result<Self, ProofError> {
        let members: Self = serde_json::from_str(json).map_err(|_| ProofError::Json)?;
        if members.is_one_repeated { Err(ProofError::RepeatedMember) } else { Ok(members) }
    }

    /// Returns the JSON text of a member, or `None` if it is missing.
    pub(super) fn json(&self, name: &str) -> Option<&'a str> {
        self.by_name.get(name).map(|value| value.get())
    }

    /// Returns a member that is a string. Returns `None` if it is missing or something else.
    pub(super) fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.json(name)?).ok()
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members { by_name: BTreeMap::new(), is_one_repeated: false };
        // The rest of an object with a repeated name is read as well, since it may be no JSON.
        while let Some((name, value)) = map.next_entry()? {
            members.is_one_repeated |= members.by_name.insert(name, value).is_some();
        }
        Ok(members)
    }
}
