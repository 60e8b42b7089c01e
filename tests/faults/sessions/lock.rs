//! Another process holds the lock of the store for longer than a write waits, while visitors use their sessions.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sealed_session::{FailurePolicy, FileStore, SessionStore, SqliteStore};
use tokio::runtime::Runtime;

use crate::app;
use crate::fleet::wait;
use crate::ledger::{Counts, Promise, Run};
use crate::process::Process;
use crate::visitor::Visitor;

/// A write on a machine under load holds the lock for less than this.
const TIMEOUT: Duration = Duration::from_secs(1);
const VISITORS: usize = 6;

#[test]
fn while_another_process_holds_the_lock_reads_go_on_and_writes_are_errors_and_then_all_is_as_before() {
    for kind in ["file", "sqlite"] {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let store: Arc<dyn SessionStore> = match kind {
            "file" => Arc::new(FileStore::open(&folder).unwrap().lock_timeout(TIMEOUT)),
            _ => Arc::new(SqliteStore::open(folder.path().join("sessions.db")).unwrap().busy_timeout(TIMEOUT).unwrap()),
        };
        let policies = [FailurePolicy::Refuse, FailurePolicy::Fail, FailurePolicy::Admit];
        let run = Run::new(VISITORS);
        let visitors = (0..VISITORS).map(|number| {
            let policy = policies[number % policies.len()];
            let manager = crate::config().store(Arc::clone(&store)).on_backend_failure(policy).build().unwrap();
            let port = app::start(&runtime, manager, 6_000);
            Visitor::new(
                number,
                &[port],
                Promise { policy, in_cookie: false, has_list: false, fails_over: false },
                &run,
            )
        });
        let mut recovery = 0;
        let visitors = run.work(visitors.collect(), || {
            thread::sleep(Duration::from_millis(700));
            run.begin_fault();
            let mut process = Process::start(&format!("lock-{kind}"), folder.path().to_str().unwrap());
            assert_eq!(process.ready(), "locked");
            wait("some writes failed", || run.failed() > 4);
            drop(process);
            recovery = run.end_fault();
            thread::sleep(Duration::from_millis(500));
        });
        let counts = Counts::of(visitors);
        println!("{kind} locked by another process: {counts}; 0 lost, 0 wrong, 0 back; all served {recovery} ms after");
        assert_eq!(counts.get("failed logins that ended the session"), 0, "saved before the old one ends");
        assert_eq!(counts.get("empty"), 0, "reads wait for nobody");
        assert!(counts.get("writes acknowledged") > 10, "{counts}");
    }
}
