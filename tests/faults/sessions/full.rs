//! The disk of the store is full while visitors use their sessions.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use sealed_session::FailurePolicy;
use tokio::runtime::Runtime;

use crate::app;
use crate::fleet::wait;
use crate::ledger::{Counts, Promise, Run};
use crate::process::over;
use crate::small_disk::{self, fill};
use crate::visitor::Visitor;

const VISITORS: usize = 24;

#[test]
fn on_a_full_disk_writes_are_errors_and_reads_go_on_and_with_room_all_is_as_before() {
    let Some(disk) = small_disk::folder() else { return };
    for kind in ["file", "sqlite"] {
        let folder = disk.join("sessions");
        fs::create_dir(&folder).unwrap();
        check(kind, &folder, &folder.join("ballast"));
        fs::remove_dir_all(folder).unwrap();
    }
}

fn check(kind: &str, folder: &Path, ballast: &Path) {
    let runtime = Runtime::new().unwrap();
    let manager = over(kind, folder.to_str().unwrap()).build().unwrap();
    let port = app::start(&runtime, manager, 40_000);
    let promise = Promise { policy: FailurePolicy::Refuse, in_cookie: false, has_list: false, fails_over: false };
    let run = Run::new(VISITORS);
    let visitors = (0..VISITORS).map(|number| Visitor::new(number, &[port], promise, &run)).collect();
    let mut recovery = 0;
    let visitors = run.work(visitors, || {
        thread::sleep(Duration::from_millis(700));
        run.begin_fault();
        // In a store of files a logout makes room, so the disk is filled again and again.
        wait("some writes failed", || {
            fill(ballast);
            run.failed() > 30
        });
        fs::remove_file(ballast).unwrap();
        recovery = run.end_fault();
        thread::sleep(Duration::from_millis(500));
    });
    let counts = Counts::of(visitors);
    println!("{kind} on a full disk: {counts}; 0 lost, 0 wrong, 0 back; all served {recovery} ms after");
    assert_eq!(counts.get("failed logins that ended the session"), 0, "saved before the old one ends");
    assert_eq!(counts.get("empty"), 0, "reads go on");
    assert!(counts.get("writes acknowledged") > 10, "{counts}");
}
