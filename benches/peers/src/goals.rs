//! Compares the results with the goals that this crate set itself, for a plain build with either cipher.

use std::fmt::Write;

use crate::alone::OURS;
use crate::contestant::{Contestant, What};
use crate::contestants;
use crate::report::overhead;
use crate::results::{Key, Results, ratio};
use crate::workloads::WORKLOADS;

const FLOOR: &str = "its floor";

/// A goal for each workload: tiny, typical, large and max.
type Asked = [f64; 4];

/// How many times faster than the fastest peer an operation is to be.
struct Goal {
    title: &'static str,
    what: What,
    default: Asked,
    aws_lc: Asked,
}

const GOALS: [Goal; 4] = [
    Goal {
        title: "opened, times faster than the fastest peer",
        what: What::Opened,
        default: [0.75, 2.0, 10.0, 11.0],
        aws_lc: [1.0, 2.7, 17.0, 20.0],
    },
    Goal {
        title: "everything read into a struct, the same",
        what: What::Struct,
        default: READ,
        aws_lc: READ_BY_AWS_LC,
    },
    Goal { title: "everything read into a map, the same", what: What::All, default: READ, aws_lc: READ_BY_AWS_LC },
    Goal {
        title: "encode after one change, the same",
        what: What::Changed,
        default: [0.45, 1.0, 2.2, 2.5],
        aws_lc: [0.8, 1.4, 3.5, 4.0],
    },
];
const READ: Asked = [0.55, 0.9, 1.1, 1.1];
const READ_BY_AWS_LC: Asked = [0.7, 1.05, 1.15, 1.15];

/// The overhead over HTTP of a request that reads one value, as a part of the best peer's.
const HTTP: Asked = [0.55, 0.27, 0.08, 0.07];
/// The time of decode and encode, as a multiple of their floor's.
const OVER_FLOOR: Asked = [1.2; 4];

/// Returns a table of what was asked and what is measured. What misses its goal is bold.
pub fn table(default: &[Results], aws_lc: Option<&[Results]>) -> String {
    let mut text =
        String::from("| | asked | default cipher | asked with `aws-lc` | `aws-lc` |\n|---|---|---|---|---|\n");
    for goal in &GOALS {
        let faster =
            |launches: &[Results]| WORKLOADS.each_ref().map(|workload| fastest(launches, goal.what, workload.name));
        let cell = |launches, asked: &Asked| cell(&faster(launches), asked, |measured, asked| measured >= asked);
        let by_aws_lc = aws_lc.map(|launches| cell(launches, &goal.aws_lc)).unwrap_or_default();
        let (asked, asked_of_aws_lc) = (numbers("≥", &goal.default), numbers("≥", &goal.aws_lc));
        let measured = cell(default, &goal.default);
        let _ = writeln!(text, "| {} | {asked} | {measured} | {asked_of_aws_lc} | {by_aws_lc} |", goal.title);
    }
    for (title, asked, measure) in at_most() {
        let cell = |launches: &[Results]| {
            let measured = WORKLOADS.each_ref().map(|workload| measure(launches, workload.name));
            cell(&measured, &asked, |measured, asked| measured <= asked)
        };
        let by_aws_lc = aws_lc.map(&cell).unwrap_or_default();
        let (asked, default) = (numbers("≤", &asked), cell(default));
        let _ = writeln!(text, "| {title} | {asked} | {default} | {asked} | {by_aws_lc} |");
    }
    text
}

type Measure = Box<dyn Fn(&[Results], &str) -> Option<f64>>;

fn at_most() -> [(&'static str, Asked, Measure); 4] {
    let http = |name: &'static str, what| -> Measure {
        Box::new(move |launches, workload| http(launches, name, what, workload))
    };
    let floor = |what: What| -> Measure {
        Box::new(move |launches, workload| {
            let key = |name| Key::new(name, what.title(), workload);
            ratio(launches, &key(OURS), &key(FLOOR))
        })
    };
    [
        (
            "axum, a request that reads one value: overhead, as a part of the best peer's",
            HTTP,
            http(OURS, What::HttpRead),
        ),
        ("actix-web, the same", [0.5; 4], http("sealed-session (actix-web)", What::HttpRead)),
        ("decode, times the floor of the default cipher", OVER_FLOOR, floor(What::Opened)),
        ("encode, times the floor of the default cipher", OVER_FLOOR, floor(What::Encode)),
    ]
}

fn cell(measured: &[Option<f64>; 4], asked: &Asked, is_reached: impl Fn(f64, f64) -> bool) -> String {
    let one = |(measured, asked): (&Option<f64>, &f64)| match measured {
        None => "-".to_owned(),
        Some(measured) if is_reached(*measured, *asked) => format!("{measured:.2}"),
        Some(measured) => format!("**{measured:.2}**"),
    };
    measured.iter().zip(asked).map(one).collect::<Vec<_>>().join(" / ")
}

fn numbers(sign: &str, asked: &Asked) -> String {
    format!("{sign} {}", asked.map(|number| number.to_string()).join(" / "))
}

pub fn is_peer(contestant: &dyn Contestant) -> bool {
    let is_ours = contestant.name().starts_with(OURS) || contestant.name() == FLOOR;
    !is_ours && !contestant.name().contains("no ")
}

/// Returns how many times faster this crate is than the fastest peer that does the same work.
pub fn fastest(launches: &[Results], what: What, workload: &str) -> Option<f64> {
    let key = |name: &str| Key::new(name, what.title(), workload);
    let peers = contestants::all();
    let same_work = peers.iter().filter(|peer| is_peer(peer.as_ref()) && !peer.keeps_text());
    same_work.filter_map(|peer| ratio(launches, &key(peer.name()), &key(OURS))).min_by(f64::total_cmp)
}

/// Returns the overhead of `name` over the same service without a session, as a part of the best peer's.
fn http(launches: &[Results], name: &str, what: What, workload: &str) -> Option<f64> {
    let contestants = contestants::all();
    let ours = contestants.iter().find(|one| one.name() == name)?;
    let of = |name: &str| overhead(launches, &Key::new(name, what.title(), workload), ours.bare());
    let rivals = contestants.iter().filter(|peer| is_peer(peer.as_ref()) && peer.bare() == ours.bare());
    Some(of(name)? / rivals.filter_map(|peer| of(peer.name())).min_by(f64::total_cmp)?)
}
