//! Exit codes.

/// The command succeeded and found no fault.
pub(super) const OK: u8 = 0;
/// The command failed, found a fault or left work undone.
pub(super) const FAILED: u8 = 1;
/// The configuration is wrong (`EX_USAGE` of sysexits.h): starting again does not help.
pub(super) const CONFIG: u8 = 64;
