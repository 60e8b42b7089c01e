//! Decodes and encodes one session a given number of times. The script `run` counts the instructions with callgrind.

#[path = "../../support/workloads.rs"]
#[expect(dead_code, reason = "the peers read values too")]
mod workloads;

use std::hint::black_box;

use sealed_session::{Codec, Key, SessionConfig, SessionData, UnixTime};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("a workload");
    let calls: u32 = arguments.next().and_then(|count| count.parse().ok()).expect("a number of calls");
    let workload = workloads::WORKLOADS.iter().find(|workload| workload.name == name).expect("a known workload");
    let now = UnixTime::from_secs(1_700_000_000).unwrap();
    let key = Key::from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f").unwrap();
    let codec = SessionConfig::new(key).max_cookie_bytes(4096).clock(move || now).build_codec().unwrap();
    let mut data = codec.create().unwrap();
    for (key, value) in workload.map() {
        data.set(&key, value).unwrap();
    }
    let value = codec.encode(&data).unwrap();
    for _ in 0..calls {
        counted_decode(&codec, &value);
        counted_encode(&codec, &data);
    }
}

// Safety: nothing else has the names of these two functions. callgrind finds by their names what it must count.
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
