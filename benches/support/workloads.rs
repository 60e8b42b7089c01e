//! The contents of four sessions, from one that holds a login to one that fills a cookie.

use serde_json::{Map, Value};

pub(crate) struct Workload {
    pub(crate) name: &'static str,
    json: &'static str,
    /// The key of a second text that is read, besides `user_id`, which every workload has.
    pub(crate) second: &'static str,
}

impl Workload {
    pub(crate) fn map(&self) -> Map<String, Value> {
        serde_json::from_str(self.json).unwrap()
    }
}

pub(crate) const FIRST: &str = "user_id";

pub(crate) static WORKLOADS: [Workload; 4] = [
    Workload { name: "tiny", json: include_str!("../workloads/tiny.json"), second: "role" },
    Workload { name: "typical", json: include_str!("../workloads/typical.json"), second: "locale" },
    Workload { name: "large", json: include_str!("../workloads/large.json"), second: "currency" },
    Workload { name: "max", json: include_str!("../workloads/max.json"), second: "currency" },
];
