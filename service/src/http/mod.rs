//! HTTP for daemons: connections with bounds. Each daemon has its own routes.

mod connection;
mod server;

pub use {
    connection::{Connection, Limit},
    server::{Bounds, serve},
};
