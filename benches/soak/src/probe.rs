//! [`Probe`]: how long a fixed piece of work takes from moment to moment, counted from when it was due. If a probe
//! takes longer, so does whatever else runs on this machine, and the cause is none of ours.

use std::hint::black_box;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::disk;

pub struct Probe(Arc<Mutex<Vec<u64>>>);

impl Probe {
    /// Waits, and then calculates for half a millisecond. It uses neither memory nor the disk nor the network.
    pub fn spin() -> Self {
        let spin = || (0..ROUNDS).fold(1_u64, |state, round| black_box(state.rotate_left(5) ^ round));
        Self::start(Duration::from_millis(25), move || {
            black_box(spin());
        })
    }

    /// Waits, and then writes and syncs a page in this folder.
    pub fn disk(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self::start(Duration::from_millis(100), move || drop(disk::sync(&folder, 1)))
    }

    /// Starts a thread that works now and then, for as long as this program runs.
    fn start(pause: Duration, work: impl Fn() + Send + 'static) -> Self {
        let times = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&times);
        thread::spawn(move || {
            loop {
                let due = Instant::now() + pause;
                thread::sleep(pause);
                work();
                own.lock().unwrap().push(u64::try_from(due.elapsed().as_nanos()).unwrap());
            }
        });
        Self(times)
    }

    /// Returns the times since the last call, in nanoseconds.
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

const ROUNDS: u64 = 1_000_000;
