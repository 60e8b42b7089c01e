//! Compares the results with the goals that this crate set itself.

use crate::alone::{self, FULL_HEADER, OURS, SEARCH, THREADS, header_name};
use crate::contestant::{Contestant, What};
use crate::contestants;
use crate::report::overhead;
use crate::results::{Key, Results, counted, ns, over, ratio};
use crate::workloads::WORKLOADS;

const FLOOR: &str = "its floor";

/// A goal for each workload: tiny, typical, large and max. [`NONE`] stands where there is no goal.
type Goals = [f64; 4];
const NONE: f64 = f64::NAN;

struct Set {
    open: Goals,
    two: Goals,
    encode: Goals,
}

const PLAIN: Set = Set { open: [1.0, 2.2, 9.0, 10.0], two: [0.9, 1.9, 8.0, 9.0], encode: [NONE, 1.1, 2.5, 2.7] };
const ONE_UNIT: Set = Set { open: [1.3, 3.0, 11.0, 12.0], two: [1.2, 2.5, 10.0, 11.0], encode: [1.3, 1.3, 3.0, 3.0] };

pub fn print(launches: &[Results], is_one_unit: bool) {
    println!("### Goals\n\n| goal | asked | measured | reached |\n|---|---|---|---|");
    let set = if is_one_unit { ONE_UNIT } else { PLAIN };
    let peers = contestants::all();
    for (i, workload) in WORKLOADS.iter().enumerate() {
        let name = workload.name;
        let ours = |what: What| Key::new(OURS, what.title(), name);
        for (title, what) in [("decode", What::Opened), ("encode", What::Encode)] {
            let floor = Key::new(FLOOR, what.title(), name);
            at_most(&format!("{title} {name}: times its floor"), 1.2, ratio(launches, &ours(what), &floor), 2);
        }
        for (title, what, goals) in [
            ("decode", What::Opened, set.open),
            ("decode and two values read", What::Two, set.two),
            ("encode", What::Encode, set.encode),
        ] {
            let Some((peer, faster)) = fastest(launches, &peers, what, name) else { continue };
            at_least(&format!("{title} {name}: times faster than {peer}"), goals[i], Some(faster), 2);
        }
        let allocations = |what| counted(launches, &ours(what)).map(|counted| counted.allocations as f64);
        at_most(&format!("decode {name}: allocations"), 3.0, allocations(What::Opened), 0);
        at_most(&format!("encode {name}: allocations"), 2.0, allocations(What::Encode), 0);
        at_most(&format!("untouched request {name}: allocations"), 1.0, allocations(What::HeaderUntouched), 0);
        for what in [What::UnknownKey, What::WrongVersion, What::TooLong] {
            let title = what.title().trim_start_matches("value: ");
            at_most(&format!("{title}, {name}: allocations"), 0.0, allocations(what), 0);
            at_most(&format!("{title}, {name}: ns"), 100.0, ns(launches, &ours(what)), 0);
        }
        at_most(&format!("refuse a tampered cookie, {name}: allocations"), 0.0, allocations(What::Tampered), 0);
        let more = |much: What, less: What| over(launches, |get| Some(get(&ours(much))?.ns - get(&ours(less))?.ns));
        at_most(
            &format!("text of Set-Cookie {name}: ns over encode"),
            100.0,
            more(What::HeaderWrite, What::Changed),
            0,
        );
        let kilobytes = counted(launches, &ours(What::Encode)).map_or(0, |counted| counted.bytes) as f64 / 1024.0;
        let asked = 60.0 + 50.0 * kilobytes;
        at_most(
            &format!("finding the cookie {name}: ns over decode"),
            asked,
            more(What::HeaderOpened, What::Opened),
            0,
        );
        http(launches, &peers, name);
        bytes(launches, &peers, name);
    }
    let full = header_name(FULL_HEADER);
    let per_byte = |contestant: &str| {
        let key = Key::new(contestant, SEARCH, &full);
        Some(ns(launches, &key)? / counted(launches, &key)?.bytes as f64)
    };
    at_most(&format!("{full} of foreign cookies: ns a byte"), 1.0, per_byte(OURS), 2);
    for what in ["open", "encode"] {
        let speedup = ns(launches, &Key::new(alone::OURS, THREADS, what));
        at_least(&format!("two threads {what}: times one"), 1.9, speedup, 2);
    }
}

fn is_peer(contestant: &dyn Contestant) -> bool {
    let is_ours = contestant.name().starts_with(OURS) || contestant.name() == FLOOR;
    !is_ours && !contestant.name().contains("no ")
}

/// Returns the fastest peer that does the same work, and how many times faster this crate is.
fn fastest(
    launches: &[Results],
    peers: &[Box<dyn Contestant>],
    what: What,
    workload: &str,
) -> Option<(&'static str, f64)> {
    let faster = |peer: &dyn Contestant| {
        let key = |name| Key::new(name, what.title(), workload);
        Some((peer.name(), ratio(launches, &key(peer.name()), &key(OURS))?))
    };
    let same_work = peers.iter().filter(|peer| is_peer(peer.as_ref()) && !peer.keeps_text());
    same_work.filter_map(|peer| faster(peer.as_ref())).min_by(|one, other| one.1.total_cmp(&other.1))
}

/// Compares this crate over HTTP with the best peer over the same kind of service.
fn http(launches: &[Results], peers: &[Box<dyn Contestant>], workload: &str) {
    for ours in peers.iter().filter(|one| one.name().starts_with(OURS)) {
        for what in [What::HttpRead, What::HttpWrite] {
            let overhead = |name: &str| overhead(launches, &Key::new(name, what.title(), workload), ours.bare());
            let rivals = peers.iter().filter(|peer| is_peer(peer.as_ref()) && peer.bare() == ours.bare());
            let best = rivals.filter_map(|peer| Some((peer.name(), overhead(peer.name())?)));
            let Some((peer, best)) = best.min_by(|one, other| one.1.total_cmp(&other.1)) else { continue };
            let title = what.title().trim_start_matches("HTTP: ");
            let part = overhead(ours.name()).map(|ns| ns / best);
            at_most(&format!("{}, {title}, {workload}: times the overhead of {peer}", ours.name()), 0.5, part, 2);
        }
    }
}

fn bytes(launches: &[Results], peers: &[Box<dyn Contestant>], workload: &str) {
    let bytes = |name: &str| Some(counted(launches, &Key::new(name, What::Encode.title(), workload))?.bytes as f64);
    let others = peers.iter().filter(|peer| is_peer(peer.as_ref()) && peer.name() != "seshcookie");
    let least = others.filter_map(|peer| bytes(peer.name())).min_by(f64::total_cmp);
    let Some(least) = least else { return };
    at_most(&format!("cookie bytes {workload}: the least of any peer but seshcookie"), least, bytes(OURS), 0);
}

fn at_most(goal: &str, asked: f64, measured: Option<f64>, digits: usize) {
    line(goal, "<=", asked, measured, digits, |measured| measured <= asked);
}

fn at_least(goal: &str, asked: f64, measured: Option<f64>, digits: usize) {
    line(goal, ">=", asked, measured, digits, |measured| measured >= asked);
}

fn line(goal: &str, sign: &str, asked: f64, measured: Option<f64>, digits: usize, reached: impl Fn(f64) -> bool) {
    let Some(measured) = measured else { return };
    let (asked, verdict) = match (asked.is_nan(), reached(measured)) {
        (true, _) => ("none".to_owned(), "-"),
        (false, true) => (format!("{sign} {asked:.digits$}"), "yes"),
        (false, false) => (format!("{sign} {asked:.digits$}"), "**no**"),
    };
    println!("| {goal} | {asked} | {measured:.digits$} | {verdict} |");
}
