//! The version of transactions that the cluster accepts.

use {
    crate::{
        chain::{Node, NodeError},
        land::{
            ask::first_answer, error::LandError, pack::Version, settings::VersionChoice,
            simulate::simulate_message,
        },
    },
    blockable_sdk::{
        Hash, Pubkey, TransactionError,
        transactions::{self, budget},
    },
    solana_system_interface::instruction::transfer,
    tokio::sync::OnceCell,
};

/// The end of a [`NodeError`]'s text if the node cannot parse a request: JSON-RPC's code for invalid parameters.
const UNREADABLE: &str = "(code -32602)";

/// Finds the version once, and remembers it until the process ends.
pub(super) struct VersionProbe {
    choice: VersionChoice,
    found: OnceCell<Version>,
}

impl VersionProbe {
    /// A probe for a setting; only [`VersionChoice::Auto`] asks nodes.
    pub(super) fn new(choice: VersionChoice) -> VersionProbe {
        VersionProbe { choice, found: OnceCell::new() }
    }

    /// Returns the version that the first answering node accepts. `payer` is the account that pays for the simulated transaction.
    /// Errors: as [`first_answer`].
    pub(super) async fn detect(&self, nodes: &[&Node], payer: &Pubkey) -> Result<Version, LandError> {
        match self.choice {
            VersionChoice::V0 => Ok(Version::V0),
            VersionChoice::V1 => Ok(Version::V1),
            VersionChoice::Auto => {
                let ask =
                    async |node: &Node| self.found.get_or_try_init(|| probe(node, payer)).await.copied();
                first_answer(nodes, ask).await
            }
        }
    }
}

/// Has a node simulate an empty transfer of version 1. Errors: [`NodeError`] if the answer shows neither version.
async fn probe(node: &Node, payer: &Pubkey) -> Result<Version, NodeError> {
    let instructions = [transfer(payer, payer, 0)];
    let message = transactions::message_v1(&instructions, payer, Hash::default(), budget(1_000));
    let message = message.map_err(|error| NodeError::Failed(error.to_string()))?;
    let version = match simulate_message(node, message).await {
        Ok(simulation) if simulation.error == Some(TransactionError::UnsupportedVersion) => Version::V0,
        Ok(_) => Version::V1,
        // This code means that the node cannot read version 1. Any other error, as of a busy node, shows nothing.
        Err(NodeError::Failed(reason)) if reason.ends_with(UNREADABLE) => Version::V0,
        Err(error) => return Err(error),
    };
    tracing::info!(?version, "transactions are sent in this version");
    Ok(version)
}
