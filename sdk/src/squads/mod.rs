//! Squads v4: instructions that propose any instruction of this SDK to a multisig, whose vault is the lender, the admin or another
//! signer.
//!
//! The vault signs when the members execute the proposal, so it stands in the instruction as the signer. A member proposes:
//!
//! ```
//! use blockable_sdk::{Pubkey, instructions, program::{instructions::FreezeAmount, state::FreezeReason}, squads};
//!
//! let (multisig, member) = (Pubkey::new_unique(), Pubkey::new_unique());
//! let (market, credit) = (Pubkey::new_unique(), Pubkey::new_unique());
//! let lender = squads::vault(&multisig, 0);
//! let freeze = instructions::credit_freeze(&market, &lender, &credit, FreezeAmount::All, FreezeReason::MissedPayment);
//! // The multisig's account has the number of its next transaction: squads::Multisig::next_number.
//! let number = 8;
//! let proposal = squads::Proposal { multisig, vault_index: 0, number, member, rent_payer: member };
//! let [create, open] = proposal.instructions(&[freeze], None)?;
//! assert_eq!(create.program_id, squads::PROGRAM);
//! // The member's own vote, in the same transaction.
//! let send = [create, open, proposal.approve()];
//! # assert_eq!(send.len(), 3);
//! # Ok::<(), squads::SquadsError>(())
//! ```
//!
//! The bytes are those of Squads' own client: `sdk/tests/squads` compares them with those of `@sqds/multisig`.

mod accounts;
mod message;

pub use accounts::{Member, Multisig, Permission, ProposalStatus, StoredTransaction, Votes};
use {
    blockable_credits::hash::sha256,
    solana_instruction::{AccountMeta, Instruction},
    solana_pubkey::Pubkey,
    solana_transaction::versioned::VersionedTransaction,
};

/// The program of Squads v4.
pub const PROGRAM: Pubkey = Pubkey::from_str_const("SQDS4ep65T869zMMBKyuUq6aD6EgTu8psMjkvj52pCf");

/// First seed of every address of the program.
const PREFIX: &[u8] = b"multisig";

/// A reason for which instructions cannot be proposed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SquadsError {
    /// Nothing to propose.
    #[error("there is no instruction to propose; pass at least one")]
    Empty,
    /// A key that is not the vault would have to sign.
    #[error(
        "{0} would have to sign, and a multisig signs as its vault alone; let the vault be the signer and pay the rent"
    )]
    OtherSigner(Pubkey),
    /// More than a proposal holds.
    #[error("the instructions name more than 255 accounts, or have too much data; propose fewer at once")]
    TooLarge,
}

/// The account of the multisig that was created with a key.
pub fn multisig(create_key: &Pubkey) -> Pubkey {
    derive(&[PREFIX, b"multisig", create_key.as_ref()])
}

/// A vault of a multisig: the key that signs what its members have approved.
pub fn vault(multisig: &Pubkey, index: u8) -> Pubkey {
    derive(&[PREFIX, multisig.as_ref(), b"vault", &[index]])
}

/// The account of a multisig's transaction with a number.
pub fn transaction(multisig: &Pubkey, number: u64) -> Pubkey {
    derive(&[PREFIX, multisig.as_ref(), b"transaction", &number.to_le_bytes()])
}

/// The account of the votes on a multisig's transaction.
pub fn proposal(multisig: &Pubkey, number: u64) -> Pubkey {
    derive(&[PREFIX, multisig.as_ref(), b"transaction", &number.to_le_bytes(), b"proposal"])
}

fn derive(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &PROGRAM).0
}

/// A proposal to a multisig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The multisig's account.
    pub multisig: Pubkey,
    /// The vault that is to sign; 0 is the usual one.
    pub vault_index: u8,
    /// The number of the transaction: [`Multisig::next_number`].
    pub number: u64,
    /// The member that proposes, who signs.
    pub member: Pubkey,
    /// The key that pays the rent of the two new accounts, and signs.
    pub rent_payer: Pubkey,
}

impl Proposal {
    /// The two instructions that store the transaction and open the vote on it. Nothing is approved by them. Errors:
    /// [`SquadsError`].
    pub fn instructions(
        &self,
        proposed: &[Instruction],
        memo: Option<&str>,
    ) -> Result<[Instruction; 2], SquadsError> {
        let message = message::encode(proposed, &vault(&self.multisig, self.vault_index))?;
        let mut create = discriminator("global", "vault_transaction_create").to_vec();
        // No other key than the vault signs.
        create.extend_from_slice(&[self.vault_index, 0]);
        put_bytes(&mut create, &message)?;
        match memo {
            None => create.push(0),
            Some(memo) => {
                create.push(1);
                put_bytes(&mut create, memo.as_bytes())?;
            }
        }
        let mut open = discriminator("global", "proposal_create").to_vec();
        open.extend_from_slice(&self.number.to_le_bytes());
        // The vote is open at once.
        open.push(0);
        let create = self.call(
            AccountMeta::new(self.multisig, false),
            transaction(&self.multisig, self.number),
            create,
        );
        let open = self.call(
            AccountMeta::new_readonly(self.multisig, false),
            proposal(&self.multisig, self.number),
            open,
        );
        Ok([create, open])
    }

    /// The member's approval of the proposal.
    pub fn approve(&self) -> Instruction {
        let mut data = discriminator("global", "proposal_approve").to_vec();
        // No memo.
        data.push(0);
        let accounts = vec![
            AccountMeta::new_readonly(self.multisig, false),
            AccountMeta::new(self.member, true),
            AccountMeta::new(proposal(&self.multisig, self.number), false),
        ];
        Instruction { program_id: PROGRAM, accounts, data }
    }

    fn call(&self, multisig: AccountMeta, created: Pubkey, data: Vec<u8>) -> Instruction {
        let accounts = vec![
            multisig,
            AccountMeta::new(created, false),
            AccountMeta::new_readonly(self.member, true),
            AccountMeta::new(self.rent_payer, true),
            AccountMeta::new_readonly(solana_system_interface::program::ID, false),
        ];
        Instruction { program_id: PROGRAM, accounts, data }
    }
}

/// The execution of a stored transaction that enough members have approved, by one of them. `None` for a transaction that takes
/// accounts from address tables, or whose account is not one of the program's.
pub fn execute(stored: &StoredTransaction, member: &Pubkey) -> Option<Instruction> {
    let (multisig, number) = (stored.multisig, stored.number);
    let mut accounts = vec![
        AccountMeta::new_readonly(multisig, false),
        AccountMeta::new(proposal(&multisig, number), false),
        AccountMeta::new_readonly(transaction(&multisig, number), false),
        AccountMeta::new_readonly(*member, true),
    ];
    accounts.extend(stored.accounts()?);
    let data = discriminator("global", "vault_transaction_execute").to_vec();
    Some(Instruction { program_id: PROGRAM, accounts, data })
}

/// The number of the proposal that a transaction creates; `None` for one that creates none.
pub fn number_proposed(transaction: &VersionedTransaction) -> Option<u64> {
    let keys = transaction.message.static_account_keys();
    let open = discriminator("global", "proposal_create");
    transaction.message.instructions().iter().find_map(|call| {
        let is_squads = keys.get(usize::from(call.program_id_index)) == Some(&PROGRAM);
        let number = call.data.strip_prefix(open.as_slice()).filter(|_| is_squads)?.first_chunk()?;
        Some(u64::from_le_bytes(*number))
    })
}

/// Appends bytes with their number before them. Errors: [`SquadsError::TooLarge`].
fn put_bytes(data: &mut Vec<u8>, bytes: &[u8]) -> Result<(), SquadsError> {
    let length = u32::try_from(bytes.len()).map_err(|_| SquadsError::TooLarge)?;
    data.extend_from_slice(&length.to_le_bytes());
    data.extend_from_slice(bytes);
    Ok(())
}

/// The first bytes of an instruction's data or of an account, as Anchor derives them.
fn discriminator(space: &str, name: &str) -> [u8; 8] {
    let hash = sha256(&[space.as_bytes(), b":", name.as_bytes()]);
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Pubkey {
        Pubkey::new_from_array([number; 32])
    }

    #[test]
    fn other_signers_and_empty_proposals_are_refused() {
        let call = Instruction {
            program_id: key(7),
            accounts: vec![AccountMeta::new(key(9), true)],
            data: Vec::new(),
        };
        let proposal =
            Proposal { multisig: key(1), vault_index: 1, number: 8, member: key(2), rent_payer: key(3) };
        assert_eq!(proposal.instructions(&[call], None).err(), Some(SquadsError::OtherSigner(key(9))));
        assert_eq!(proposal.instructions(&[], None).err(), Some(SquadsError::Empty));
        let large = Instruction { program_id: key(7), accounts: Vec::new(), data: vec![0; 70_000] };
        assert_eq!(proposal.instructions(&[large], None).err(), Some(SquadsError::TooLarge));
    }
}
