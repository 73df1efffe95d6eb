//! The manners that Blockable's command lines share: exit codes, one JSON document on stdout, a confirmation before anything is
//! signed, and the cluster's name.

mod cluster;
mod confirm;
mod envelope;
mod exit;

pub use {
    cluster::cluster_name,
    confirm::{ConfirmError, NON_INTERACTIVE, confirm},
    envelope::{Failure, SCHEMA_VERSION, document},
    exit::{EXIT_CODES, Exit},
};
