//! Wipes the part of the stack that a function has just left.
//!
//! A cipher computes its round keys from a key, and the first two round keys are the key. Until the cipher stands where
//! it stays, they are in local variables of the cipher's own functions, which nobody but the compiler can reach. When
//! those functions have returned, their part of the stack is free, and the next function that is called gets it.

use zeroize::zeroize_stack;

/// Calls `set_up`, and then overwrites the part of the stack that it used, as far as [`ROOM`] goes.
#[inline(never)]
pub(super) fn wiped_after<T>(set_up: impl FnOnce() -> T) -> T {
    let result = called(set_up);
    zeroize_stack::<ROOM>();
    result
}

/// Calls a function in a frame of its own, below that of the caller. There the wipe finds what the function left.
#[inline(never)]
fn called<T>(set_up: impl FnOnce() -> T) -> T {
    set_up()
}

/// The bytes of the stack that are wiped. Where nothing is optimised, the set-up of AWS-LC's cipher uses more than 8
/// KiB of it and less than 16, and that of the other cipher less than 2: `tests/memory.rs` finds keys where too little
/// is wiped.
const ROOM: usize = 32_768;
