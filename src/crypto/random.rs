//! Draws random bytes. The operating system makes them, so that a process that forks and a virtual machine that is
//! resumed from a snapshot never draw the same ones twice.
//!
//! This holds with the feature `aws-lc` too. AWS-LC's own generator keeps its state in the process, and no
//! documentation of it promises that this state survives a snapshot. It learns of one from `/dev/sysgenid` alone, and
//! where this device is missing it takes it that there was none (`vm_ube_detect.h` and `vm_ube_detect.c` in its
//! `crypto/ube`). It also ends the process when it fails (`openssl/rand.h`: "In the event that sufficient random data
//! can not be obtained,
//! |abort| is called"), and is no faster than the operating system (docs/performance.md).

use rand::TryRng;
use rand::rngs::SysRng;

/// The error that says that the operating system's generator failed.
pub(crate) struct NotRandom;

/// Fills the bytes from the operating system's random number generator.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NotRandom> {
    SysRng.try_fill_bytes(bytes).map_err(|_| NotRandom)
}
