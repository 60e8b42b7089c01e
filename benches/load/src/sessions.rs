//! The contents of the sessions: two of benches/support/workloads.rs, and one that is too large for any cookie.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::workloads::{FIRST, WORKLOADS, Workload};

pub struct Content {
    pub name: &'static str,
    /// The key of the second value that requests read, besides [`FIRST`], and the only one that they write.
    pub second: &'static str,
    pub map: Map<String, Value>,
}

pub static CONTENTS: LazyLock<[Content; 3]> = LazyLock::new(|| {
    let of = |workload: &Workload| Content { name: workload.name, second: workload.second, map: workload.map() };
    let [_, typical, _, max] = &WORKLOADS;
    let mut big = Content { name: "20 KB", ..of(max) };
    let missing = 20_000 - serde_json::to_string(&big.map).unwrap().len() - r#","draft":"""#.len();
    big.map.insert("draft".to_owned(), "lorem ipsum ".chars().cycle().take(missing).collect::<String>().into());
    [of(typical), of(max), big]
});

impl Content {
    pub fn at(index: usize) -> Option<&'static Self> {
        CONTENTS.get(index)
    }

    pub fn text(&self, key: &str) -> &str {
        self.map[key].as_str().unwrap()
    }

    pub fn first(&self) -> &str {
        self.text(FIRST)
    }

    pub fn bytes(&self) -> usize {
        serde_json::to_string(&self.map).unwrap().len()
    }
}
