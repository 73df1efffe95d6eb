//! The server a GPU provider runs: an OpenAI-compatible gateway and GPU leases behind the gate of
//! [`blockable_sdk::provider`].
//!
//! A request is admitted with a hold for the most it can cost, served by an upstream, settled by the upstream's usage and
//! only then answered. Nothing is told before it is recorded, so the server may end at any moment.
//!
//! | module | what |
//! |---|---|
//! | [`config`] | `provider.toml` |
//! | [`keys`] | API keys that name their credit |
//! | [`price`] | what requests cost |
//! | [`server`] | start and stop |

pub mod config;
pub mod keys;
pub mod price;
pub mod server;

mod app;
mod echo;
mod error;
mod gateway;
mod http;
mod leases;
mod limits;
mod metrics;
mod ops;
mod request;
mod sse;

pub use {
    config::{Config, ConfigError},
    keys::ApiKeys,
    price::Price,
    server::{ServeError, Server},
};
