//! A whole Blockable market in one process, to try everything: an embedded cluster (`blockable-cluster`) that makes
//! blocks in real time, a provider's server, a keeper, the parties with their keys in files, and loans in seven states, with
//! terms of minutes.
//!
//! [`Sandbox::start`] starts it and [`Sandbox::stop`] ends it; `blockable-demo -- --serve` is a thin layer over these, and tests
//! can use them directly.
//!
//! | module | contents |
//! |---|---|
//! | `sandbox` | start and stop |
//! | [`options`] | the settings |
//! | [`venue`] | transactions by which a market is opened and loans are made, on any cluster |
//! | [`loans`] | the loans and their terms |
//! | `story` | the steps by which the loans reach their states |
//! | `services` | the provider's server and the keeper |
//! | `folder`, `disk` | keys, settings and stores on the disk |
//! | `keyring` | the parties' keys |
//! | [`programs`] | the programs of the cluster |
//! | `error` | the reasons for which a sandbox does not start |
//! | `upstream` | a model server of the user's own |
//! | `payments` | the task that pays instalments |
//! | [`description`] | the facts about a running sandbox |

// Tests may wait for the clock and need no deadline.
#![cfg_attr(test, allow(clippy::disallowed_methods))]

pub mod description;
pub mod loans;
pub mod options;
pub mod programs;
pub mod venue;

mod disk;
mod error;
mod folder;
mod keyring;
mod payments;
mod sandbox;
mod services;
mod story;
#[cfg(test)]
mod tests;
mod upstream;

pub use blockable_cluster as cluster;
pub use {
    description::Description,
    error::{SandboxError, Setting},
    keyring::Keyring,
    options::Options,
    options::Ports,
    sandbox::Sandbox,
    upstream::Upstream,
    venue::Venue,
};
