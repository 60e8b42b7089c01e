//! Tells a run, one line for each thing that happened. Ids are drawn from the operating system, so a story calls them
//! by the order in which they appear: A, B, C; and generations g1, g2.

use std::collections::BTreeMap;

use sealed_session::SessionId;

/// The entries of a session, each as its JSON text; of a long one its beginning.
pub(crate) type Values = BTreeMap<String, String>;

#[derive(Default)]
pub(crate) struct Story {
    /// True when lines are kept. A run that nobody reads keeps none, and is faster for it.
    is_told: bool,
    lines: Vec<String>,
    ids: Vec<SessionId>,
    generations: Vec<[u8; 8]>,
}

impl Story {
    pub(crate) fn new(is_told: bool) -> Self {
        Self { is_told, ..Self::default() }
    }

    pub(crate) fn is_told(&self) -> bool {
        self.is_told
    }

    pub(crate) fn line(&mut self, line: impl FnOnce(&mut Self) -> String) {
        if self.is_told {
            let line = line(self);
            self.lines.push(line);
        }
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The letter of an id.
    pub(crate) fn id(&mut self, id: SessionId) -> String {
        let letter = u32::from('A') + place_of(&mut self.ids, id);
        char::from_u32(letter).unwrap_or('?').to_string()
    }

    /// The number of a generation.
    pub(crate) fn generation(&mut self, generation: [u8; 8]) -> String {
        format!("g{}", place_of(&mut self.generations, generation) + 1)
    }
}

/// Returns how many others appeared before this one.
fn place_of<T: PartialEq>(known: &mut Vec<T>, one: T) -> u32 {
    let place = known.iter().position(|known| *known == one).unwrap_or_else(|| {
        known.push(one);
        known.len() - 1
    });
    u32::try_from(place).unwrap()
}

/// The values, in a line.
pub(crate) fn shown(values: &Values) -> String {
    let all: Vec<String> = values.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if all.is_empty() { "no values".to_owned() } else { all.join(" ") }
}

/// The values of a session that an application stored.
pub(crate) fn values_of<'d>(entries: impl Iterator<Item = (&'d str, &'d str)>) -> Values {
    entries.map(|(key, json)| (key.to_owned(), json.chars().take(6).collect())).collect()
}
