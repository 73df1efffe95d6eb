//! The program's edge: the loader calls in here, and the clock comes from the runtime.

use crate::{Clock, Failure, input, process};

#[expect(unsafe_code, reason = "a call of the runtime")]
unsafe extern "C" {
    /// The runtime writes the clock to `clock` and returns 0.
    fn sol_get_clock_sysvar(clock: *mut u8) -> u64;
}

/// The clock's bytes, aligned as the runtime requires.
#[repr(C, align(8))]
struct ClockBytes([u8; Clock::LENGTH]);

/// Receives the loader's serialised input. Returns 0 where every assertion holds, else the error.
///
/// # Safety
///
/// `input` is what a loader of the second version or later passes to a program.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the loader hands over a pointer")]
pub(crate) unsafe extern "C" fn entrypoint(input: *const u8) -> u64 {
    // SAFETY: the caller's promise.
    let (accounts, data) = unsafe { input::read(input) };
    process(&accounts, data, clock).map_or_else(Failure::code, |()| 0)
}

/// The chain's clock; `None` where the runtime gives none.
#[expect(unsafe_code, reason = "a call of the runtime")]
fn clock() -> Option<Clock> {
    let mut bytes = ClockBytes([0; Clock::LENGTH]);
    // SAFETY: the runtime writes as many bytes as the clock has.
    let code = unsafe { sol_get_clock_sysvar(bytes.0.as_mut_ptr()) };
    (code == 0).then_some(Clock(bytes.0))
}
