//! The server a GPU provider runs: an OpenAI-compatible gateway and GPU leases behind the gate of
//! [`blockable_gate`].
//!
//! A request is admitted with a hold for the most it can cost, served by an upstream, settled by the upstream's usage and
//! only then answered. Nothing is told before it is recorded, so the server may end at any moment.
//!
//! | module | what |
//! |---|---|
//! | [`config`] | `provider.toml` |
//! | [`echo`] | the built-in model, for tests and demonstrations |
//! | [`init`] | writes the first `provider.toml` |
//! | [`keys`] | API keys that name their credit |
//! | [`parts`] | what follows the chain, takes freezes and signs reports |
//! | [`price`] | what requests cost |
//! | [`server`] | start and stop |

pub mod config;
pub mod echo;
pub mod init;
pub mod keys;
pub mod parts;
pub mod price;
pub mod server;

mod app;
mod assemble;
mod credits;
mod error;
mod freezes;
mod gateway;
mod http;
mod leases;
mod limits;
mod metrics;
mod ops;
mod reports;
mod request;
mod webhooks;

pub use {
    config::{Config, ConfigError},
    keys::ApiKeys,
    parts::Parts,
    price::Price,
    server::{ServeError, Server},
};
