//! Open proposals of a multisig that do the same: a second one would do it twice once both are executed.

use {
    super::{Proposing, decode_votes},
    crate::command::Nodes,
    blockable_sdk::{
        Instruction, Pubkey,
        errors::ClientError,
        rpc::Account,
        squads::{self, Multisig, PROGRAM, ProposalStatus, StoredTransaction, Votes},
    },
};

/// The latest proposals that are looked at: with the votes on them as many accounts as a node gives at once.
const LATEST: u64 = 50;
/// Bytes of an instruction's data that say what it does.
const KIND: usize = 8;

/// Proposals of a multisig that are open and do what a change does.
#[derive(Debug, Default)]
pub(super) struct OpenProposals {
    /// The number of the latest one that does exactly this.
    pub same: Option<u64>,
    /// Those that do it on the same accounts in other amounts, by their numbers.
    pub similar: Vec<(u64, ProposalStatus)>,
}

impl OpenProposals {
    /// Looks through the latest proposals of a multisig. Errors: [`ClientError::Rpc`].
    pub(super) async fn find(
        nodes: &Nodes,
        proposing: &Proposing,
        account: &Multisig,
        instructions: &[Instruction],
    ) -> Result<OpenProposals, ClientError> {
        let first = account.latest_number.saturating_sub(LATEST).saturating_add(1);
        let numbers: Vec<u64> = (first..=account.latest_number).collect();
        let mut found = OpenProposals::default();
        if numbers.is_empty() {
            return Ok(found);
        }
        let multisig = &proposing.multisig;
        let addresses: Vec<Pubkey> = numbers
            .iter()
            .flat_map(|number| [squads::transaction(multisig, *number), squads::proposal(multisig, *number)])
            .collect();
        let accounts = nodes.client.rpc().get_multiple_accounts(&addresses).await?;
        for pair in accounts.chunks_exact(2) {
            let [transaction, votes] = pair else { continue };
            let Some((stored, votes)) = open(account, transaction.as_ref(), votes.as_ref()) else { continue };
            if stored.vault_index != proposing.vault_index {
                continue;
            }
            let Some(proposed) = stored.instructions() else { continue };
            if is_alike(&proposed, instructions, |one, other| one.data == other.data) {
                found.same = Some(votes.number);
            } else if is_alike(&proposed, instructions, has_same_kind) {
                found.similar.push((votes.number, votes.status));
            }
        }
        Ok(found)
    }
}

/// A stored transaction and the votes on it, where it may be executed yet: one that members or threshold have changed since can only
/// where it was approved before.
fn open(
    account: &Multisig,
    transaction: Option<&Account>,
    votes: Option<&Account>,
) -> Option<(StoredTransaction, Votes)> {
    let stored = transaction.filter(|account| account.owner == PROGRAM)?;
    let stored = StoredTransaction::decode(&stored.data)?;
    let votes = decode_votes(votes)?;
    let is_stale = votes.number <= account.stale_number;
    let is_open =
        votes.status.is_open() && (!is_stale || matches!(votes.status, ProposalStatus::Approved(_)));
    is_open.then_some((stored, votes))
}

fn is_alike(
    proposed: &[Instruction],
    wanted: &[Instruction],
    has_alike_data: fn(&Instruction, &Instruction) -> bool,
) -> bool {
    let is_pair = |(one, other): (&Instruction, &Instruction)| {
        let keys = one.accounts.iter().map(|meta| meta.pubkey);
        one.program_id == other.program_id
            && keys.eq(other.accounts.iter().map(|meta| meta.pubkey))
            && has_alike_data(one, other)
    };
    proposed.len() == wanted.len() && proposed.iter().zip(wanted).all(is_pair)
}

fn has_same_kind(one: &Instruction, other: &Instruction) -> bool {
    one.data.get(..KIND).unwrap_or(&one.data) == other.data.get(..KIND).unwrap_or(&other.data)
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::AccountMeta};

    fn call(account: u8, data: &[u8]) -> Instruction {
        let accounts = vec![AccountMeta::new(Pubkey::new_from_array([account; 32]), false)];
        Instruction { program_id: Pubkey::default(), accounts, data: data.to_vec() }
    }

    #[test]
    fn the_same_kind_on_the_same_accounts_is_alike_whatever_the_amounts() {
        let wanted = [call(1, &[1, 2, 3, 4, 5, 6, 7, 8, 9])];
        for (proposed, expected) in [
            (vec![call(1, &[1, 2, 3, 4, 5, 6, 7, 8, 200])], true),
            (vec![call(2, &[1, 2, 3, 4, 5, 6, 7, 8, 9])], false),
            (vec![call(1, &[1, 2, 3, 4, 5, 6, 7, 0, 9])], false),
            (vec![call(1, &[1, 2])], false),
            (vec![], false),
        ] {
            assert_eq!(is_alike(&proposed, &wanted, has_same_kind), expected, "{proposed:?}");
        }
        assert!(is_alike(&wanted, &wanted, |one, other| one.data == other.data));
    }
}
