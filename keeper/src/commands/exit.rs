//! Exit codes.

/// All is as it should be.
pub const GOOD: u8 = 0;
/// Something is not, or went wrong.
pub const BAD: u8 = 1;
/// The configuration is wrong (`EX_USAGE` of sysexits.h): starting again does not help.
pub const CONFIG: u8 = 64;
