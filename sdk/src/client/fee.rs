//! The priority fee of transactions.

use {
    crate::{errors::ClientError, rpc::RpcClient},
    solana_instruction::Instruction,
    solana_pubkey::Pubkey,
};

/// Share of recent blocks, in percent, whose least fee for the same accounts a [`PriorityFee::Recent`] reaches.
const SHARE: usize = 75;

/// A priority fee, in micro-lamports per compute unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriorityFee {
    /// No fee, and no compute budget in the transaction.
    #[default]
    None,
    /// The same for every transaction.
    Fixed(u64),
    /// As recent blocks asked for the accounts that are written, and no more than this.
    Recent {
        /// The most to pay.
        most: u64,
    },
}

impl PriorityFee {
    /// The fee of a transaction now, `None` for none. Errors: [`ClientError::Rpc`].
    pub(super) async fn price(
        self,
        node: &RpcClient,
        instructions: &[Instruction],
    ) -> Result<Option<u64>, ClientError> {
        match self {
            PriorityFee::None => Ok(None),
            PriorityFee::Fixed(price) => Ok(Some(price)),
            PriorityFee::Recent { most } => {
                let fees = node.get_recent_prioritization_fees(&written(instructions)).await?;
                let fees = fees.into_iter().map(|fee| fee.prioritization_fee).collect();
                Ok(Some(upper(fees).min(most)))
            }
        }
    }
}

/// The accounts that instructions write, at most as many as nodes take in one request.
fn written(instructions: &[Instruction]) -> Vec<Pubkey> {
    let metas = instructions.iter().flat_map(|instruction| &instruction.accounts);
    let mut keys: Vec<Pubkey> = metas.filter(|meta| meta.is_writable).map(|meta| meta.pubkey).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(128);
    keys
}

/// The fee that [`SHARE`] percent of blocks did not exceed; 0 where there are none.
fn upper(mut fees: Vec<u64>) -> u64 {
    fees.sort_unstable();
    let place = fees.len().saturating_mul(SHARE).div_ceil(100).saturating_sub(1);
    fees.get(place).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recent_fee_reaches_three_blocks_of_four() {
        for (fees, expected) in
            [(vec![], 0), (vec![7], 7), (vec![9, 1, 5, 3], 5), ((1..=100).rev().collect(), 75)]
        {
            assert_eq!(upper(fees), expected);
        }
    }
}
