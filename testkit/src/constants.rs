//! Numbers that all tests share.

/// Seconds in a day.
pub const DAY: u32 = 86_400;
/// Micro-USDC in one USDC.
pub const USDC: u64 = 1_000_000;
/// Unix time at which every world begins.
pub const START: i64 = 1_800_000_000;
