//! The server a GPU provider runs: an OpenAI-compatible gateway and GPU leases behind the gate of
//! [`blockable_gate`].
//!
//! A request is admitted with a hold for the most it can cost, served by an upstream, settled by what its answer used and
//! only then answered. Every change is recorded before it is answered, so the server may be killed at any moment.
//!
//! | module | contents |
//! |---|---|
//! | [`bound`] | a bound on the tokens of a request |
//! | [`config`] | `provider.toml` |
//! | [`echo`] | the built-in model, for tests and demonstrations |
//! | [`init`] | the first `provider.toml` |
//! | [`keys`] | API keys that name their credit |
//! | [`parts`] | follower, freeze desk and reporter |
//! | [`price`] | the cost of requests |
//! | [`price_list`] | the price list whose hash stands on chain |
//! | [`restore`] | backups of the store, and a store from one |
//! | [`server`] | start and stop |
//!
//! Inside: `server` starts what `assemble` makes; `gateway` serves completions, `api` all other routes; both share `app`.

// Tests may wait for the clock and need no deadline.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod bound;
pub mod config;
pub mod cors;
pub mod echo;
pub mod init;
pub mod keys;
pub mod parts;
pub mod price;
pub mod price_list;
pub mod restore;
pub mod server;
mod shares;

mod admin;
mod api;
mod app;
mod assemble;
mod error;
mod gateway;
mod http;
mod intake;
mod keep_alive;
mod leases;
mod limits;
mod members;
mod meter;
mod metrics;
mod models;
mod named;
mod prices;
mod progress;
mod reload;
mod request;
mod serve_error;
mod shortage;
mod tasks;
mod tokens;
mod trace;
mod unread;
mod upstreams;
mod webhooks;

pub use {
    config::{Config, ConfigError},
    keys::ApiKeys,
    parts::Parts,
    price::Price,
    price_list::PriceList,
    reload::ReloadError,
    serve_error::ServeError,
    server::Server,
    tokens::Family,
};
