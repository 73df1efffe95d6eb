//! The manners that Blockable's command lines share: exit codes, one JSON document on stdout, key files, the review and the
//! confirmation before anything is signed, several transactions in order, and the cluster's name.

mod cluster;
mod confirm;
mod envelope;
mod exit;
mod key_file;
mod review;
mod send;

pub use {
    cluster::cluster_name,
    confirm::{ConfirmError, NON_INTERACTIVE, confirm},
    envelope::{Failure, SCHEMA_VERSION, document},
    exit::{EXIT_CODES, Exit},
    key_file::{KeyFileError, read_key_file},
    review::{Cost, Heading, Review, sol},
    send::{SendFailed, send_all},
};
