//! Decodes and encodes one session a given number of times, and reads and writes all of its values. It also sends
//! requests through the tower layer. The script `run` counts the instructions with callgrind.

#[path = "../../support/content.rs"]
mod content;
mod requests;
#[path = "../../support/workloads.rs"]
#[expect(dead_code, reason = "the peers read values too")]
mod workloads;

use std::collections::BTreeMap;
use std::hint::black_box;

use content::Content;
use sealed_session::{Codec, Key, MemoryStore, Session, SessionConfig, SessionData, SessionManager, UnixTime};
use serde_json::{Map, Value};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("a workload");
    let calls: u32 = arguments.next().and_then(|count| count.parse().ok()).expect("a number of calls");
    if let Some(kind) = name.strip_suffix("_request") {
        return requests::send(kind, calls);
    }
    if let Some(values) = name.strip_suffix("_values") {
        return many(values.parse().expect("a number of values"), calls);
    }
    let workload = workloads::WORKLOADS.iter().find(|workload| workload.name == name).expect("a known workload");
    let now = UnixTime::from_secs(1_700_000_000).unwrap();
    let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    let codec = SessionConfig::new(key).max_cookie_bytes(4096).clock(move || now).build_codec().unwrap();
    let mut data = codec.create().unwrap();
    for (key, value) in workload.map() {
        data.set(&key, value).unwrap();
    }
    let value = codec.encode(&data).unwrap();
    let content: Content = data.data().unwrap();
    let mut typed = codec.create().unwrap();
    typed.set_data(&content).unwrap();
    for _ in 0..calls {
        counted_decode(&codec, &value);
        counted_encode(&codec, &data);
        counted_map(&data);
        counted_struct(&data);
        counted_set_data(&mut typed.clone(), &content);
    }
}

/// Keeps a session of many values in a store, and does what reads or writes all of them.
fn many(values: u32, calls: u32) {
    let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    let manager = SessionConfig::new(key).store(MemoryStore::new()).build().unwrap();
    let map: BTreeMap<String, u32> = (0..values).map(|number| (format!("{number:x}"), 7)).collect();
    let other: BTreeMap<&str, u32> = map.keys().map(|key| (key.as_str(), 8)).collect();
    let session = manager.load(None::<&str>);
    session.set_data(&map).unwrap();
    let cookie = run(manager.commit_async(&session)).unwrap().into_iter().next().unwrap();
    for _ in 0..calls {
        let session = counted_load(&manager, &cookie);
        assert_eq!(session.len(), map.len());
        counted_write_many(&session, &other);
        counted_flashes(&session, &map);
        session.set_data(&map).unwrap();
        // Another request writes before this one commits, so the two are merged.
        let late = run(manager.load_async([&cookie])).unwrap();
        late.set_data(&other).unwrap();
        drop(run(manager.commit_async(&late)).unwrap());
        session.set("0", 9).unwrap();
        counted_merge(&manager, &session);
    }
}

/// Waits for a future that is never pending: nothing here waits for anything.
fn run<F: Future>(future: F) -> F::Output {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => unreachable!("nothing here waits"),
    }
}

// Safety: nothing else has the names of the functions below. callgrind finds by their names what it must count.
#[unsafe(no_mangle)]
#[inline(never)]
fn counted_load(manager: &SessionManager, cookie: &str) -> Session {
    let session = run(manager.load_async([black_box(cookie)])).unwrap();
    assert!(!session.is_empty());
    session
}

#[unsafe(no_mangle)]
#[inline(never)]
fn counted_write_many(session: &Session, values: &BTreeMap<&str, u32>) {
    session.set_data(black_box(values)).unwrap();
}

#[unsafe(no_mangle)]
#[inline(never)]
fn counted_flashes(session: &Session, values: &BTreeMap<String, u32>) {
    session.clear();
    session.set_flashes(black_box(values)).unwrap();
    drop(black_box(session.flashes::<u32>().unwrap()));
}

#[unsafe(no_mangle)]
#[inline(never)]
fn counted_merge(manager: &SessionManager, session: &Session) {
    drop(black_box(run(manager.commit_async(session)).unwrap()));
}

#[unsafe(no_mangle)]
#[inline(never)]
fn counted_decode(codec: &Codec, value: &str) {
    drop(black_box(codec.decode(black_box(value)).unwrap()));
}

#[unsafe(no_mangle)]
#[inline(never)]
fn counted_encode(codec: &Codec, data: &SessionData) {
    drop(black_box(codec.encode(black_box(data)).unwrap()));
}

#[unsafe(no_mangle)]
#[inline(never)]
fn counted_map(data: &SessionData) {
    drop(black_box(black_box(data).data::<Map<String, Value>>().unwrap()));
}

#[unsafe(no_mangle)]
#[inline(never)]
fn counted_struct(data: &SessionData) {
    drop(black_box(black_box(data).data::<Content>().unwrap()));
}

#[unsafe(no_mangle)]
#[inline(never)]
fn counted_set_data(data: &mut SessionData, content: &Content) {
    let _ = black_box(black_box(data).set_data(black_box(content)).unwrap());
}
