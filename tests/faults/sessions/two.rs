//! Two server processes share one store, and each visitor asks them in turn.

use std::thread;
use std::time::Duration;

use sealed_session::FailurePolicy;

use crate::ledger::{Counts, Promise, Run};
use crate::process::Process;
use crate::server::{Server, address};
use crate::visitor::Visitor;

const VISITORS: usize = 6;

#[test]
fn two_processes_on_a_store_on_disk_are_as_one() {
    for kind in ["file", "sqlite"] {
        let folder = tempfile::tempdir().unwrap();
        check([kind; 2], folder.path().to_str().unwrap());
    }
}

/// The clocks are 55 seconds apart, and `clock_skew` is 60: nothing that holds for one clock stops to hold.
#[test]
fn two_processes_on_a_store_on_disk_whose_clocks_differ_by_less_than_the_skew_are_as_one() {
    for kinds in [["file", "file+55"], ["sqlite", "sqlite+55"]] {
        let folder = tempfile::tempdir().unwrap();
        check(kinds, folder.path().to_str().unwrap());
    }
}

#[test]
fn two_processes_on_one_redis_whose_clocks_differ_by_less_than_the_skew_are_as_one() {
    if address().is_some() {
        let server = Server::start(&[]);
        check(["redis", "redis+55"], &server.address());
    }
}

#[test]
fn two_processes_on_one_redis_are_as_one() {
    if address().is_some() {
        let server = Server::start(&[]);
        check(["redis"; 2], &server.address());
    }
}

/// Runs visitors without any fault, so that each answer must be right.
fn check(kinds: [&str; 2], place: &str) {
    let mut processes = kinds.map(|kind| Process::start(&format!("serve-{kind}"), place));
    let kind = kinds[0];
    let ports: Vec<u16> = processes.iter_mut().map(|process| process.ready().parse().unwrap()).collect();
    let promise =
        Promise { policy: FailurePolicy::Refuse, in_cookie: false, has_list: kind == "redis", fails_over: false };
    let run = Run::new(VISITORS);
    let visitors = (0..VISITORS).map(|number| Visitor::new(number, &ports, promise, &run)).collect();
    let visitors = run.work(visitors, || thread::sleep(Duration::from_secs(3)));
    let counts = Counts::of(visitors);
    println!("two processes on {kinds:?}: {counts}; 0 lost, 0 wrong, 0 back");
    assert!(counts.get("writes acknowledged") > 50 && counts.get("logouts everywhere") > 0, "{counts}");
    assert!(counts.get("copies refused") > 5, "{counts}");
}
