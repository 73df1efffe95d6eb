//! Errors of a round of landing.

use crate::{chain::NodeError, store::StoreError};

/// The reason for which a round of landing stopped. Nothing is sent that is not written down.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No node can be used.
    #[error("no node can be used: none answers, or all lag; check [[rpc]]")]
    NoNode,
    /// The last node that was asked failed.
    #[error("node {node}: {error}")]
    Node {
        /// The node's name.
        node: String,
        /// The node's failure.
        error: NodeError,
    },
}
