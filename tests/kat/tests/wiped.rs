//! Looks for a key in the memory of this process after its cipher of AWS-LC was dropped. Linux shows a process its own
//! memory as a file.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::hint::black_box;
use std::os::unix::fs::FileExt;

use sealed_session_kat::AwsLc;

/// Half of a key, with each bit flipped: what is looked for is not found where it is written down.
type Flipped = [u8; 16];

fn flipped(half: &[u8]) -> Flipped {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(half).for_each(|(byte, other)| *byte = !other);
    bytes
}

/// Returns how often one of the halves stands in memory that this process can write to.
fn count(halves: &[Flipped; 2]) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let memory = File::open("/proc/self/mem").unwrap();
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // A mapping may be gone by now, or be none of memory's.
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            let is_half = |window: &&[u8]| halves.iter().any(|half| window.iter().zip(half).all(|(a, b)| *a == !*b));
            found += bytes.windows(16).filter(is_half).count();
        }
        bytes.fill(0);
        black_box(&bytes);
    }
    found
}

#[inline(never)]
fn seal_and_open(key: &[u8; 32]) {
    let cipher = black_box(AwsLc::new(key));
    let mut message = *b"a message";
    let tag = cipher.seal(&[3; 24], b"", &mut message);
    // Moved, as a cipher is into the codec that keeps it.
    let cipher = black_box(cipher);
    assert!(cipher.open(&[3; 24], b"", &mut message, &tag));
}

#[test]
fn a_cipher_that_was_dropped_leaves_no_half_of_its_key_in_memory() {
    let mut key = Box::new([0; 32]);
    key.iter_mut().zip(7_u8..).for_each(|(byte, value)| *byte = value.wrapping_mul(113) ^ 0x5c);
    let halves = [flipped(&key[..16]), flipped(&key[16..])];
    assert!(count(&halves) >= 2, "the key itself is found");
    seal_and_open(&key);
    key.fill(0);
    black_box(&key);
    assert_eq!(count(&halves), 0);
}
