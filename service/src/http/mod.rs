//! HTTP for daemons: one bounded listener. Each daemon has its own routes.

mod listener;

pub use listener::{Bounded, Connection, Limit};
