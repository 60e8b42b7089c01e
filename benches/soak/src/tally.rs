//! [`Tally`]: the requests of one minute.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The response to one request.
pub struct Answered {
    pub status: u16,
    /// The fault of the response, if it has one.
    pub wrong: Option<String>,
}

#[derive(Default)]
pub struct Counts {
    /// In nanoseconds.
    pub latencies: Vec<u64>,
    pub by_status: BTreeMap<u16, usize>,
    pub wrong: usize,
}

#[derive(Clone, Default)]
pub struct Tally(Arc<Mutex<Counts>>);

impl Tally {
    pub fn add(&self, took: Duration, answered: Answered) {
        let mut counts = self.0.lock().unwrap();
        counts.latencies.push(u64::try_from(took.as_nanos()).unwrap());
        *counts.by_status.entry(answered.status).or_default() += 1;
        if let Some(wrong) = answered.wrong {
            counts.wrong += 1;
            if counts.wrong <= SHOWN {
                eprintln!("{wrong}");
            }
        }
    }

    pub fn take(&self) -> Counts {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// The number of wrong answers of a minute that are shown.
const SHOWN: usize = 5;
