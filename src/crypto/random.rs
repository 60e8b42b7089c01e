//! Draws random bytes. The operating system makes them, so that a process that forks and a virtual machine that is
//! resumed from a snapshot never draw the same ones twice.

use rand::TryRng;
use rand::rngs::SysRng;

/// The error that says that the operating system's generator failed.
pub(crate) struct NotRandom;

/// Fills the bytes from the operating system's random number generator.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), NotRandom> {
    SysRng.try_fill_bytes(bytes).map_err(|_| NotRandom)
}
