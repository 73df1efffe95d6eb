//! Exit codes.

/// All is as it should be.
pub(super) const OK: u8 = 0;
/// Something is not as it should be, or the command failed.
pub(super) const FAILED: u8 = 1;
/// The configuration is wrong (`EX_USAGE` of sysexits.h): starting again does not help.
pub(super) const CONFIG: u8 = 64;
