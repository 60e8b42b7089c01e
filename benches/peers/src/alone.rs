//! Measures three things that fit into no table of cases: Cookie headers full of foreign cookies, growth with the size
//! of the session, and two threads.

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Duration;

use crate::contestant::{Call, Contestant};
use crate::contestants::{self, ours};
use crate::results::{Key, Measured, Results, counted, ns, over};
use crate::rounds;
use crate::{alloc, floor};

pub const OURS: &str = "sealed-session";
const SEARCH: &str = "header: look for the cookie among foreign ones";
const GROWTH: [(&str, &str); 2] = [("open", "growth: open"), ("encode", "growth: encode")];
const THREADS: &str = "two threads against one";

/// For each header: the number of cookies, and the bytes of each with its separator.
const HEADERS: [(usize, usize); 5] = [(0, 0), (10, 64), (100, 64), (1000, 64), (16, 4096)];
const SESSIONS: [usize; 6] = [0, 128, 512, 1024, 2048, 2700];

fn header_name((count, bytes): (usize, usize)) -> String {
    format!("{count} x {bytes} B")
}

fn foreign((count, bytes): (usize, usize)) -> String {
    let one = |i| format!("{:<width$}", format!("cookie_{i:04}="), width = bytes - 2).replace(' ', "v");
    (0..count).map(one).collect::<Vec<_>>().join("; ")
}

pub fn measure(contestants: &[&dyn Contestant], rounds: usize, batch: Duration, results: &mut Results) {
    let mut cases: Vec<(Key, Call, usize)> = Vec::new();
    for header in HEADERS {
        let text = foreign(header);
        for contestant in contestants {
            let key = Key::new(contestant.name(), SEARCH, &header_name(header));
            cases.extend(contestant.search(text.clone()).map(|call| (key, call, text.len())));
        }
    }
    if contestants.iter().any(|contestant| contestant.name() == OURS) {
        cases.extend(SESSIONS.into_iter().flat_map(growth));
        results.put(Key::new(OURS, THREADS, "open"), two_threads(rounds, false));
        results.put(Key::new(OURS, THREADS, "encode"), two_threads(rounds, true));
    }
    let (mut calls, mut measured) = (Vec::new(), Vec::new());
    for (key, mut call, bytes) in cases {
        measured.push((key, alloc::per_call(&mut call), bytes));
        calls.push(call);
    }
    let times = rounds::medians(&mut calls, rounds, batch);
    for ((key, allocations, bytes), ns) in measured.into_iter().zip(times) {
        results.put(key, Measured { ns, allocations, bytes });
    }
}

/// Returns cases of this crate and of its floor, for a session with one value of `size` bytes.
fn growth(size: usize) -> Vec<(Key, Call, usize)> {
    let codec = ours::manager(ours::KEY).codec().clone();
    let mut data = codec.create().unwrap();
    data.set("value", "v".repeat(size)).unwrap();
    let value = codec.encode(&data).unwrap();
    let (bytes, other, floor) = (value.len(), codec.clone(), floor::Floor::new(&ours::KEY, "session", &value));
    let for_floor = value.clone();
    let key = |contestant, what| Key::new(contestant, what, &size.to_string());
    vec![
        (key(OURS, GROWTH[0].1), Box::new(move || drop(black_box(codec.decode(&value)))), bytes),
        (key("its floor", GROWTH[0].1), Box::new(move || drop(black_box(floor.decode(&for_floor)))), bytes),
        (key(OURS, GROWTH[1].1), Box::new(move || drop(black_box(other.encode(&data)))), bytes),
    ]
}

/// Measures how many times the work of one thread two threads do with one manager; the factor is returned as `ns`. The
/// time is each thread's processor time, so that other programs on the machine do not count.
fn two_threads(rounds: usize, is_encode: bool) -> Measured {
    let codec = ours::manager(ours::KEY).codec().clone();
    let workload = &crate::workloads::WORKLOADS[1];
    let data = ours::session(&codec, workload.map());
    let value = codec.encode(&data).unwrap();
    let work = || {
        let start = on_processor();
        for _ in 0..2000 {
            if is_encode {
                drop(black_box(codec.encode(&data)));
            } else {
                drop(black_box(codec.decode(&value)));
            }
        }
        (on_processor() - start) as f64
    };
    let barrier = Barrier::new(2);
    let together = || {
        barrier.wait();
        work()
    };
    let speedups = (0..rounds).map(|_| {
        let alone = work();
        let pair =
            std::thread::scope(|scope| [scope.spawn(together), scope.spawn(together)].map(|one| one.join().unwrap()));
        2.0 * alone / pair[0].max(pair[1])
    });
    Measured { ns: rounds::median(speedups.collect()), allocations: 0, bytes: 0 }
}

/// Returns for how many nanoseconds this thread has had a processor.
fn on_processor() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // Safety: `clock_gettime` writes to `time` only, which lives until after the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Returns the tables of these measurements.
pub fn text(launches: &[Results]) -> String {
    let mut text = format!(
        "**Foreign cookies in the header**: nanoseconds (for each byte) / allocations\n\n| |{}\n|---|{}\n",
        HEADERS.map(|header| format!(" {} |", header_name(header))).concat(),
        "---|".repeat(HEADERS.len())
    );
    for contestant in contestants::all() {
        let row = HEADERS.map(|header| {
            let key = Key::new(contestant.name(), SEARCH, &header_name(header));
            let (ns, counted) = (ns(launches, &key)?, counted(launches, &key)?);
            Some(format!(" {ns:.0} ({:.2}) / {} |", ns / counted.bytes.max(1) as f64, counted.allocations))
        });
        if let Some(row) = row.into_iter().collect::<Option<String>>() {
            let _ = writeln!(text, "| {} |{row}", contestant.name());
        }
    }
    let _ = writeln!(
        text,
        "\n**Growth with the session**: nanoseconds for a session with one value of so many bytes\n\n| |{}\n|---|{}",
        SESSIONS.map(|size| format!(" {size} B |")).concat(),
        "---|".repeat(SESSIONS.len())
    );
    for (contestant, (name, what)) in [(OURS, GROWTH[0]), ("its floor", GROWTH[0]), (OURS, GROWTH[1])] {
        let cell = |size: usize| ns(launches, &Key::new(contestant, what, &size.to_string())).unwrap_or(f64::NAN);
        let cells = SESSIONS.map(|size| format!(" {:.0} |", cell(size))).concat();
        let _ = writeln!(text, "| {contestant}, {name} |{cells}");
    }
    let threads = |what| over(launches, |get| Some(get(&Key::new(OURS, THREADS, what))?.ns)).unwrap_or(f64::NAN);
    let _ = writeln!(text, "\nTwo threads against one: open x{:.2}, encode x{:.2}", threads("open"), threads("encode"));
    text
}
