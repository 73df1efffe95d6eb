//! The frame of Blockable's command lines: a cluster by its nodes, a change that is simulated, reviewed, confirmed and sent by one
//! function, exit codes, one JSON document on stdout, key files, and amounts and times as people write them.

mod answer;
mod carry_error;
mod carry_out;
mod change;
mod cluster;
mod confirm;
mod earlier;
mod envelope;
mod exit;
mod key_file;
mod nodes;
mod note;
mod pending;
mod propose;
mod review;
mod send;
mod simulate;
mod unsigned;
pub mod values;

pub use {
    answer::Answer,
    carry_error::CarryError,
    carry_out::{Keys, Signing, carry_out},
    change::{After, Change, Effect, EffectLine, EffectOf, Line, MarketHead, Role, SendToGate, Step},
    cluster::cluster_name,
    confirm::{ConfirmError, NON_INTERACTIVE, confirm},
    envelope::{Failure, SCHEMA_VERSION, document},
    exit::{EXIT_CODES, EXIT_PARTLY, EXIT_PROPOSED, Exit},
    key_file::{KeyFileError, read_key_file},
    nodes::{Nodes, NodesError},
    note::{note, say},
    pending::{Pending, answered},
    propose::{ProposeError, Proposing},
    review::{Cost, Heading, Review, sol},
    send::{SendFailed, SentAtOnce, send_all},
    unsigned::Unsigned,
};
