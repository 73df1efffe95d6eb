//! Puts instructions into as few transactions as fit.

use {
    crate::{change::Step, error::CliError},
    blockable_sdk::{
        Hash, Instruction, Pubkey, SIGNATURE_BYTES,
        errors::ClientError,
        transactions::{V0_MAX_BYTES, message_v0},
    },
};

/// Bytes that are kept for the compute budget, which is added when a transaction is sent.
const BUDGET: usize = 64;
/// Most instructions of a transaction: each may take the 200,000 compute units that it has by default.
pub(crate) const MOST: usize = 7;

/// Packs instructions, each with the account whose state afterwards is wanted, in their order, at most `most` of them together.
/// Errors: [`CliError::Carry`] for one that fits in no transaction.
pub(crate) fn pack(
    parts: Vec<(Instruction, Pubkey)>,
    payer: &Pubkey,
    most: usize,
) -> Result<Vec<Step>, CliError> {
    let mut steps: Vec<Step> = Vec::new();
    for (instruction, watched) in parts {
        if let Some(last) = steps.last_mut() {
            let mut with = last.instructions.clone();
            with.push(instruction.clone());
            if with.len() <= most.min(MOST) && fits(&with, payer)? {
                last.instructions = with;
                last.watched.push(watched);
                continue;
            }
        }
        steps.push(Step { instructions: vec![instruction], watched: vec![watched] });
    }
    Ok(steps)
}

/// Returns whether instructions fit into one transaction of version 0. Errors: [`CliError::Carry`].
pub(crate) fn fits(instructions: &[Instruction], payer: &Pubkey) -> Result<bool, CliError> {
    let message = message_v0(instructions, payer, Hash::default()).map_err(ClientError::from)?;
    let signatures = usize::from(message.header().num_required_signatures).saturating_mul(SIGNATURE_BYTES);
    let bytes = message.serialize().len().saturating_add(signatures).saturating_add(1).saturating_add(BUDGET);
    Ok(bytes <= V0_MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::{
            instructions::credit_freeze,
            program::{instructions::FreezeAmount, state::FreezeReason},
        },
    };

    #[test]
    fn freezes_are_packed_into_as_few_transactions_as_fit() {
        let (market, lender) = (Pubkey::new_unique(), Pubkey::new_unique());
        let freeze = |_| {
            let credit = Pubkey::new_unique();
            (credit_freeze(&market, &lender, &credit, FreezeAmount::All, FreezeReason::Risk), credit)
        };
        let parts: Vec<_> = (0..20).map(freeze).collect();
        let steps = pack(parts.clone(), &lender, MOST).unwrap();
        assert_eq!(steps.iter().map(|step| step.instructions.len()).collect::<Vec<_>>(), [7, 7, 6]);
        let watched: Vec<Pubkey> = steps.iter().flat_map(|step| step.watched.clone()).collect();
        assert_eq!(watched, parts.iter().map(|(_, credit)| *credit).collect::<Vec<_>>());
        assert!(steps.iter().all(|step| fits(&step.instructions, &lender).unwrap()));
    }
}
