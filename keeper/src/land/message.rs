//! Builds the message of a batch, for simulation and for signing.

use {
    crate::land::{
        fee::Fee,
        pack::{Batch, Version},
    },
    blockable_sdk::{Hash, Instruction, Pubkey, VersionedMessage, transactions},
};

/// Everything of a message that does not come from its batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Envelope<'a> {
    /// The market.
    pub market: &'a Pubkey,
    /// The account that pays.
    pub payer: &'a Pubkey,
    /// The format.
    pub version: Version,
    /// Compute units that the transaction may take.
    pub compute_units: u32,
    /// The priority fee.
    pub fee: Fee,
    /// The blockhash that it expires with.
    pub blockhash: Hash,
}

/// Builds the message of a batch. Errors: the SDK's, as text.
pub(super) fn build_message(batch: &Batch, envelope: &Envelope) -> Result<VersionedMessage, String> {
    let mut instructions: Vec<Instruction> = batch.instructions(envelope.market, envelope.payer);
    let message = match envelope.version {
        Version::V0 => {
            let price = envelope.fee.micro_lamports_per_unit;
            instructions.splice(0..0, transactions::budget_v0(envelope.compute_units, price));
            transactions::message_v0(&instructions, envelope.payer, envelope.blockhash)
        }
        Version::V1 => {
            let budget = transactions::budget(envelope.compute_units);
            let budget = budget.with_priority_fee(envelope.fee.lamports.get());
            transactions::message_v1(&instructions, envelope.payer, envelope.blockhash, budget)
        }
    };
    message.map_err(|error| error.to_string())
}
