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
        check(kind, folder.path().to_str().unwrap());
    }
}

#[test]
fn two_processes_on_one_redis_are_as_one() {
    if address().is_some() {
        let server = Server::start(&[]);
        check("redis", &server.address());
    }
}

/// Runs visitors without any fault, so that each answer must be right.
fn check(kind: &str, place: &str) {
    let mut processes = [(); 2].map(|()| Process::start(&format!("serve-{kind}"), place));
    let ports: Vec<u16> = processes.iter_mut().map(|process| process.ready().parse().unwrap()).collect();
    let promise = Promise { policy: FailurePolicy::Refuse, in_cookie: false, has_list: kind == "redis" };
    let run = Run::new(VISITORS);
    let visitors = (0..VISITORS).map(|number| Visitor::new(number, &ports, promise, &run)).collect();
    let visitors = run.work(visitors, || thread::sleep(Duration::from_secs(3)));
    let counts = Counts::of(visitors);
    println!("two processes on {kind}: {counts}; 0 lost, 0 wrong, 0 back");
    assert!(counts.get("writes acknowledged") > 50 && counts.get("logouts everywhere") > 0, "{counts}");
    assert!(counts.get("copies refused") > 5, "{counts}");
}
