//! [`Servers`]: how much processor time the servers take. On a machine with other work it says more than a clock does.

use std::fs;

/// The processes that serve: this one without the thread of the clients, and those beside it.
pub struct Servers {
    others: Vec<u32>,
}

impl Servers {
    pub fn new(others: Vec<u32>) -> Self {
        Self { others }
    }

    /// Returns the nanoseconds that all of them have had a processor for. Only one contestant is asked at a time, so
    /// the difference between two calls is what that one took.
    pub fn nanoseconds(&self) -> u64 {
        let own = std::process::id();
        let others = self.others.iter().flat_map(|process| threads(*process));
        // The clients run in the main thread, whose number is that of the process.
        threads(own).filter(|(thread, _)| *thread != own).chain(others).map(|(_, nanoseconds)| nanoseconds).sum()
    }
}

/// Returns the number of each thread of a process, and for how many nanoseconds it ran (Linux, proc_pid_schedstat(5)).
fn threads(process: u32) -> impl Iterator<Item = (u32, u64)> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("the process runs, on Linux");
    threads.filter_map(|thread| {
        let thread = thread.ok()?;
        // A thread may end between the two reads.
        let ran = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        Some((thread.file_name().to_str()?.parse().ok()?, ran.split(' ').next()?.parse().ok()?))
    })
}
