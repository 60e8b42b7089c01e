//! Looks for keys in the memory of a process that has dropped all that held them.
//!
//! Safe Rust can't look at memory that is freed, but Linux shows a process its whole memory as a file. So the test
//! program starts itself again as a worker. The worker takes a key in one of the ways in which an application can take
//! it, seals and opens with it, drops everything, and looks through all memory that it could have written to: heap,
//! stacks and statics.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a test that fails, and the worker tells its count by its output"
)]

use std::ffi::OsString;
use std::fmt::Write;
use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::sync::mpsc::channel;
use std::{env, thread};

use sealed_session::{EnvReader, Key, KeyRing, SessionConfig, SessionId, SessionManager};
use zeroize::Zeroizing;

/// The length of a key in bytes.
const LEN: usize = Key::LEN;

/// The worker knows the key under this mask alone, so that it does not find what it looks for in its own notes.
const MASK: u8 = 0x5a;

/// The pieces of a key that count as found: any 8 bytes in a row of the key itself or of its hexadecimal digits. No
/// other 8 bytes equal one of these 82 pieces but once in 10^17 bytes of memory.
const PIECE: usize = 8;

#[test]
fn no_key_is_left_in_memory_when_everything_is_dropped() {
    for way in ["hex", "variable", "file", "previous variable", "previous file", "refused file"] {
        // What uses the key covers a part of what was left on the stack before, so a key that is not used is looked
        // for, too.
        for visits in [0, 1, 50] {
            assert_eq!(
                pieces_left(way, visits),
                Found { raw: 0, digits: 0 },
                "a key that came by {way}, {visits} visits"
            );
        }
    }
}

#[test]
fn the_scan_finds_a_key_that_is_held_and_one_that_was_not_wiped() {
    assert_ne!(pieces_left("held", 50).raw, 0);
    let forgotten = pieces_left("forgotten", 0);
    assert!(forgotten.raw > 0 && forgotten.digits > 0, "{forgotten:?}");
}

#[derive(Debug, PartialEq, Eq)]
struct Found {
    raw: u64,
    digits: u64,
}

/// Starts a worker with a key of its own, and returns how many places of its memory hold a piece of the key.
fn pieces_left(way: &str, visits: u64) -> Found {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let key: Vec<u8> = [SessionId::generate(), SessionId::generate()].map(|half| half.unwrap().to_bytes()).concat();
    let digits = hex_of(&key);
    let others =
        (0..10).map(|number: u8| hex_of(&[&[number], &[0xaa; LEN - 1][..]].concat())).collect::<Vec<_>>().join("\n");
    let content = match way {
        "refused file" => format!("{digits} and more"),
        // A list is longer than a key, so a buffer that grew while it was read would leave copies of its beginning.
        "previous file" => format!("{digits}\n{others}\n"),
        _ => format!("{digits}\n"),
    };
    fs::write(&path, content).unwrap();
    let masked: Vec<u8> = key.iter().map(|byte| byte ^ MASK).collect();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "worker", "--ignored", "--nocapture"])
        .env("SEALED_SESSION_MEMORY_WORKER", way)
        .env("SEALED_SESSION_MEMORY_VISITS", visits.to_string())
        .env("SEALED_SESSION_MEMORY_PATH", &path)
        .env("SEALED_SESSION_MEMORY_MASKED", hex_of(&masked))
        .output()
        .unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let line = output.lines().find_map(|line| line.split_once("pieces ")).unwrap_or_else(|| panic!("{output}"));
    let (raw, digits) = line.1.split_once(' ').unwrap();
    Found { raw: raw.parse().unwrap(), digits: digits.parse().unwrap() }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
#[ignore = "another test starts it as a process of its own"]
fn worker() {
    let Ok(way) = env::var("SEALED_SESSION_MEMORY_WORKER") else { return };
    let visits = env::var("SEALED_SESSION_MEMORY_VISITS").unwrap().parse().unwrap();
    let path = env::var_os("SEALED_SESSION_MEMORY_PATH").unwrap();
    let masked = env::var("SEALED_SESSION_MEMORY_MASKED").unwrap();
    let masked: [u8; LEN] = std::array::from_fn(|at| u8::from_str_radix(&masked[2 * at..2 * at + 2], 16).unwrap());
    let (tell_done, done) = channel();
    let (release, released) = channel();
    // The work is done on a stack of its own, and deep in it. That stack is still there when it is looked at, and what
    // was done since has not covered what the work left.
    let work = thread::spawn(move || {
        let held = deep(&|| work(&way, visits, &masked, &path));
        tell_done.send(()).unwrap();
        released.recv().unwrap();
        drop(held);
    });
    done.recv().unwrap();
    let Found { raw, digits } = scan(&masked);
    println!("pieces {raw} {digits}");
    release.send(()).unwrap();
    work.join().unwrap();
}

/// Calls a function with 64 KiB of the stack between the caller and the function.
#[inline(never)]
fn deep<T>(call: &dyn Fn() -> T) -> T {
    #[expect(clippy::large_stack_arrays, reason = "it is there to take room")]
    let room = black_box([0_u8; 1 << 16]);
    let result = call();
    black_box(&room);
    result
}

/// Takes the key in this way, uses it, and drops all that held it. Returns the manager if the way says to hold it.
#[inline(never)]
fn work(way: &str, visits: u64, masked: &[u8; LEN], path: &OsString) -> Option<SessionManager> {
    let digits = || digits_of(masked).to_string();
    let key = || Key::from_hex(&digits_of(masked)).unwrap();
    let read = |name: &str, value: OsString| EnvReader::new("SHOP_").read_vars([(name.into(), value), other(name)]);
    let config = match way {
        "hex" | "held" => SessionConfig::new(KeyRing::new(Key::generate().unwrap(), vec![key()]).unwrap()),
        "variable" => read("SHOP_SESSION_ENCRYPTION_KEY", digits().into()).unwrap(),
        "file" => read("SHOP_SESSION_ENCRYPTION_KEY_FILE", path.clone()).unwrap(),
        "previous variable" => {
            let list = Zeroizing::new(format!("{},{}", hex_of(&[7; 31]) + "08", *digits_of(masked)));
            read("SHOP_SESSION_PREVIOUS_KEYS", list.to_string().into()).unwrap()
        }
        "previous file" => read("SHOP_SESSION_PREVIOUS_KEYS_FILE", path.clone()).unwrap(),
        "refused file" => {
            let error = read("SHOP_SESSION_ENCRYPTION_KEY_FILE", path.clone()).unwrap_err();
            assert!(error.to_string().contains("found 73"), "{error}");
            return None;
        }
        _ => {
            black_box(digits());
            black_box(masked.map(|byte| byte ^ MASK).to_vec());
            return None;
        }
    };
    let manager = config.build().unwrap();
    let mut cookies: Vec<String> = Vec::new();
    for earlier in 0..visits {
        let session = manager.load(cookies.iter());
        assert_eq!(session.get("visits").unwrap().unwrap_or(0), earlier);
        session.set("visits", earlier + 1).unwrap();
        let set_cookies = manager.commit(&session).unwrap();
        cookies = set_cookies.into_iter().map(|line| line.split(';').next().unwrap().to_owned()).collect();
    }
    if way == "held" { Some(manager) } else { None }
}

/// The other key that the environment has, if the one at hand is a previous one.
fn other(name: &str) -> (OsString, OsString) {
    let name = if name.contains("PREVIOUS") { "SHOP_SESSION_ENCRYPTION_KEY" } else { "UNRELATED" };
    (name.into(), "9f4c1d2e8a7b6053f1e2d3c4b5a697887766554433221100ffeeddccbbaa9988".into())
}

/// The hexadecimal digits of a key that is masked, in memory that is wiped.
fn digits_of(masked: &[u8; LEN]) -> Zeroizing<String> {
    let mut digits = Zeroizing::new(String::with_capacity(2 * LEN));
    for byte in masked {
        for shift in [4, 0] {
            digits.push(char::from_digit(u32::from((byte ^ MASK) >> shift & 0xf), 16).unwrap());
        }
    }
    digits
}

/// Looks through all memory that this process can write to.
fn scan(masked: &[u8; LEN]) -> Found {
    let masked_digits: Vec<u8> = masked
        .iter()
        .flat_map(|byte| [4, 0].map(|shift| b"0123456789abcdef"[usize::from((byte ^ MASK) >> shift & 0xf)] ^ MASK))
        .collect();
    let pieces = |of: &[u8]| of.windows(PIECE).map(|piece| piece.try_into().unwrap()).collect::<Vec<[u8; PIECE]>>();
    let (raw, digits) = (pieces(masked), pieces(&masked_digits));
    let mut found = Found { raw: 0, digits: 0 };
    let memory = File::open("/proc/self/mem").unwrap();
    let mut buffer = vec![0; 1 << 20];
    for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut fields = line.split(' ');
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [mut at, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        while at < end {
            let wanted = usize::try_from(end - at).unwrap().min(buffer.len());
            let Ok(read) = memory.read_at(&mut buffer[..wanted], at) else { break };
            for piece in buffer[..read].windows(PIECE) {
                // Most memory is empty.
                if piece == [0; PIECE] {
                    continue;
                }
                let piece: [u8; PIECE] = std::array::from_fn(|at| piece[at] ^ MASK);
                found.raw += u64::from(raw.contains(&piece));
                found.digits += u64::from(digits.contains(&piece));
            }
            if at + u64::try_from(read).unwrap() == end || read < PIECE {
                break;
            }
            // A piece may begin in one part and end in the next.
            at += u64::try_from(read - (PIECE - 1)).unwrap();
        }
    }
    buffer.fill(0);
    found
}
