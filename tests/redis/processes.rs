//! Two processes on one Redis. Each is this test program, started again with one ignored test.

use std::process::{Command, Stdio};

use sealed_session::{
    Generation, Known, Mark, Only, Record, RedisRevocations, RedisStore, Revocations, Save, SessionStore, UnixTime,
};

use crate::helpers::id;
use crate::{address, new_id, patient};

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
    let counts = workers.map(|worker| {
        let output = worker.wait_with_output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let line = output.lines().find_map(|line| line.split_once("counts ")).unwrap_or_else(|| panic!("{output}"));
        let counts: Vec<u64> = line.1.split(' ').map(|count| count.parse().unwrap()).collect();
        [counts[0], counts[1], counts[2]]
    });
    let [created, marked, replaced] = [0, 1, 2].map(|what| counts.map(|counts| counts[what]));
    for (what, counts) in [("created", created), ("marked", marked), ("replaced", replaced)] {
        assert_eq!(counts.iter().sum::<u64>(), IDS, "each was {what} by one of them");
    }

    let pool = patient(&address).prefix(&prefix);
    let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
    let mut found = [0, 0];
    for (_, record) in store.all().await.unwrap() {
        found[usize::from(record.bytes()[0]) - 1] += 1;
    }
    assert_eq!(found, created);
    for n in 0..IDS {
        let known = list.look(Some(id(n)), Some(&n.to_string())).await.unwrap();
        assert!(known.mark == Some(Mark::Became(id(1))) || known.mark == Some(Mark::Became(id(2))));
        assert!(known.generation == Some(generation(1)) || known.generation == Some(generation(2)));
    }
    assert_eq!(list.look(Some(id(IDS)), Some("42 ")).await, Ok(Known::default()));
    let line = |what, counts: [u64; 2]| {
        eprintln!("two processes: of {IDS} {what} one {} and the other {}, none both", counts[0], counts[1]);
    };
    line("ids created", created);
    line("marks put", marked);
    line("generations put", replaced);
}

#[tokio::test]
#[ignore = "one of the two processes of the test above"]
#[expect(clippy::print_stdout, reason = "what the test above reads")]
async fn worker() {
    let task = std::env::var("SEALED_SESSION_REDIS_WORKER").unwrap();
    let (number, prefix) = task.split_once(' ').unwrap();
    let pool = patient(&address().unwrap()).prefix(prefix);
    let (store, list) = (RedisStore::new(&pool), RedisRevocations::new(&pool));
    let number: u8 = number.parse().unwrap();
    let own = Mark::Became(id(u64::from(number)));
    let (mut created, mut marked, mut replaced) = (0, 0, 0);
    for n in 0..IDS {
        let record = Record::new(vec![number], UnixTime::MAX);
        created += u64::from(store.save(id(n), &record, Save::Create).await.unwrap());
        marked += u64::from(list.revoke(id(n), own, UnixTime::MAX).await.unwrap() == own);
        let subject = n.to_string();
        let put = list.revoke_subject(&subject, Only::Of(None), generation(number), UnixTime::MAX).await;
        replaced += u64::from(put.unwrap());
    }
    println!("counts {created} {marked} {replaced}");
}

fn generation(number: u8) -> Generation {
    Generation::from_bytes([number; 8])
}
