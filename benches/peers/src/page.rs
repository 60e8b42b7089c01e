//! Writes what docs/performance.md shows of the results, between two marks, and the picture beside it.

use std::fmt::Write;
use std::fs;

use crate::alone::{self, OURS};
use crate::chart;
use crate::contestant::{Contestant, What};
use crate::contestants;
use crate::goals;
use crate::report;
use crate::results::{Key, Results, ns};
use crate::workloads::WORKLOADS;

/// A program of this package, built in one of several ways, and what its launches measured.
pub struct Build {
    pub name: String,
    pub launches: Vec<Results>,
}

pub const AWS_LC: &str = "aws-lc";

const TABLES: [(What, &str); 7] = [
    (What::Opened, "Open, no value read. Each request that looks at its session pays it."),
    (What::Two, "Open, two values read into their types"),
    (What::Struct, "Open, all values read into a struct"),
    (What::All, "Open, all values read into a map"),
    (What::Changed, "Change one value, then encode"),
    (
        What::HttpRead,
        "HTTP, a request that reads one value, less the same request through the same service without a layer",
    ),
    (What::HttpStruct, "HTTP, a request that reads all values into a struct, less the same"),
];

/// Returns the tables of the page. The first build is the plain one with the default cipher.
pub fn text(builds: &[Build], about: &str) -> String {
    let [plain, others @ ..] = builds else { return String::new() };
    let aws_lc = launches_of(others, AWS_LC);
    let mut text = format!("{about}\n\n{}", goals::table(&plain.launches, aws_lc));
    for (what, title) in TABLES {
        let _ = write!(text, "\n**{title}**\n\n{}", report::table(what, &plain.launches, aws_lc));
    }
    let _ = write!(
        text,
        "\n**Open, no value read, by build**: nanoseconds (times faster than the fastest peer)\n\n{}",
        by_build(builds)
    );
    let _ = write!(text, "\n{}", alone::text(&plain.launches));
    text
}

pub fn launches_of<'b>(builds: &'b [Build], name: &str) -> Option<&'b [Results]> {
    builds.iter().find(|build| build.name == name).map(|build| build.launches.as_slice())
}

fn by_build(builds: &[Build]) -> String {
    let mut text = report::head();
    for Build { name, launches } in builds {
        let cell = |workload: &str| {
            let ns = ns(launches, &Key::new(OURS, What::Opened.title(), workload)).unwrap_or(f64::NAN);
            format!("{ns:.0} (x{:.2})", goals::fastest(launches, What::Opened, workload).unwrap_or(f64::NAN))
        };
        let _ =
            writeln!(text, "| {name} |{}", WORKLOADS.each_ref().map(|one| format!(" {} |", cell(one.name))).concat());
    }
    text
}

/// Puts the tables into docs/performance.md, between [`BEGIN`] and [`END`], and the picture beside it.
pub fn keep(builds: &[Build], about: &str) {
    let page = fs::read_to_string(PAGE).expect("docs/performance.md can be read");
    let (before, rest) = page.split_once(BEGIN).expect("it says where the tables begin");
    let (_, after) = rest.split_once(END).expect("it says where they end");
    fs::write(PAGE, [before, BEGIN, &text(builds, about), END, after].concat()).expect("it can be written");
    fs::write(PICTURE, picture(builds)).expect("the picture can be written");
}

fn picture(builds: &[Build]) -> String {
    let [plain, others @ ..] = builds else { return String::new() };
    let aws_lc = launches_of(others, AWS_LC);
    let columns = [
        ("opened", What::Opened),
        ("everything read", What::All),
        ("one change, encoded", What::Changed),
        ("HTTP, one value read", What::HttpRead),
    ];
    let contestants = contestants::all();
    let peers: Vec<_> = contestants.iter().filter(|one| goals::is_peer(one.as_ref())).collect();
    let ours = contestants.iter().find(|one| one.name() == OURS).expect("this crate is a contestant");
    let rows = WORKLOADS.each_ref().map(|workload| chart::Row {
        title: workload.name,
        bytes: serde_json::to_string(&workload.map()).unwrap().len(),
        panels: columns.map(|(title, what)| {
            let ns = |launches, one: &dyn Contestant| {
                let key = Key::new(one.name(), what.title(), workload.name);
                if what.is_http() { report::overhead(launches, &key, one.bare()) } else { ns(launches, &key) }
            };
            let mut bars = vec![chart::Bar::ours(OURS, ns(&plain.launches, ours.as_ref()))];
            bars.extend(aws_lc.map(|launches| chart::Bar::ours("with aws-lc", ns(launches, ours.as_ref()))));
            bars.extend(peers.iter().map(|peer| chart::Bar::peer(peer.name(), ns(&plain.launches, peer.as_ref()))));
            chart::Panel { title, bars }
        }),
    });
    chart::svg(&rows)
}

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md");
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.svg");
const BEGIN: &str = "<!-- peers: written by benches/peers -->\n";
const END: &str = "<!-- end of peers -->\n";
