//! The manners that Blockable's command lines share: exit codes, one JSON document on stdout, key files, the review and the
//! confirmation before anything is signed, several transactions in order, the cluster's name, and amounts and times as people write
//! them.

mod cluster;
mod confirm;
mod envelope;
mod exit;
mod key_file;
mod review;
mod send;
pub mod values;

pub use {
    cluster::cluster_name,
    confirm::{ConfirmError, NON_INTERACTIVE, confirm},
    envelope::{Failure, SCHEMA_VERSION, document},
    exit::{EXIT_CODES, Exit},
    key_file::{KeyFileError, read_key_file},
    review::{Cost, Heading, Review, sol},
    send::{SendFailed, send_all},
};
