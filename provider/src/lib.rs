//! The server a GPU provider runs.

pub mod replay;
pub mod trace;
