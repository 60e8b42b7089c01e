//! Two processes on one Redis. Each is this test program, started again with one ignored test.

use std::process::{Command, Stdio};

use sealed_session::{
    Record, RedisPool, RedisRevocations, RedisStore, Revocable, Revocations, Save, SessionStore, UnixTime,
};

use crate::helpers::{at, id, new_id};
use crate::server::address;

const IDS: u64 = 500;

#[tokio::test]
async fn two_processes_agree_on_who_created_what_and_on_every_revocation() {
    let Some(address) = address() else { return };
    let prefix = format!("two:{}:", new_id());
    let workers = [1_u8, 2].map(|number| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::worker", "--ignored", "--nocapture"])
            .env("SEALED_SESSION_REDIS_WORKER", format!("{number} {prefix}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    });
    let created = workers.map(|worker| {
        let output = worker.wait_with_output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let line = output.lines().find_map(|line| line.split_once("created ")).unwrap_or_else(|| panic!("{output}"));
        line.1.parse::<u64>().unwrap()
    });
    assert_eq!(created.iter().sum::<u64>(), IDS, "each was created by one of them");

    let pool = RedisPool::open(&address).unwrap().prefix(&prefix);
    let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
    let mut found = [0, 0];
    for (_, record) in store.all().await.unwrap() {
        found[usize::from(record.bytes()[0]) - 1] += 1;
    }
    assert_eq!(found, created);
    for n in 0..IDS {
        assert_eq!(list.is_revoked(Revocable::new(id(n), None, UnixTime::MIN)).await, Ok(true));
    }
    let of_subject = |created_at| list.is_revoked(Revocable::new(new_id(), Some("42"), at(created_at)));
    assert_eq!((of_subject(IDS).await, of_subject(IDS + 1).await), (Ok(true), Ok(false)));
    eprintln!("two processes: of {IDS} ids one created {} and the other {}, none both", created[0], created[1]);
}

#[tokio::test]
#[ignore = "one of the two processes of the test above"]
#[expect(clippy::print_stdout, reason = "what the test above reads")]
async fn worker() {
    let task = std::env::var("SEALED_SESSION_REDIS_WORKER").unwrap();
    let (number, prefix) = task.split_once(' ').unwrap();
    let pool = RedisPool::open(&address().unwrap()).unwrap().prefix(prefix);
    let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
    let number: u8 = number.parse().unwrap();
    let mut created = 0;
    for n in 0..IDS {
        let record = Record::new(vec![number], UnixTime::MAX);
        created += u64::from(store.save(id(n), &record, Save::Create).await.unwrap());
        // Each process sends half of the ids and half of the cut-offs. The latest cut-off comes first, and must stay.
        if n % 2 == u64::from(number % 2) {
            list.revoke(id(n), UnixTime::MAX).await.unwrap();
            list.revoke_subject("42", at(IDS - n), UnixTime::MAX).await.unwrap();
        }
    }
    println!("created {created}");
}
