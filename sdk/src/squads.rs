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
//! // The multisig's account has the number of its latest transaction: squads::latest_transaction.
//! let number = 8;
//! let proposal = squads::Proposal { multisig, vault_index: 0, number, member, rent_payer: member };
//! let [create, propose] = proposal.instructions(&[freeze], None)?;
//! assert_eq!(create.program_id, squads::PROGRAM);
//! # assert_eq!(propose.program_id, squads::PROGRAM);
//! # Ok::<(), squads::SquadsError>(())
//! ```

use {
    blockable_credits::hash::sha256,
    solana_instruction::{AccountMeta, Instruction},
    solana_pubkey::Pubkey,
    std::collections::BTreeMap,
};

/// The program of Squads v4.
pub const PROGRAM: Pubkey = Pubkey::from_str_const("SQDS4ep65T869zMMBKyuUq6aD6EgTu8psMjkvj52pCf");

/// First seed of every address of the program.
const PREFIX: &[u8] = b"multisig";
/// Offset of the number of the latest transaction in a multisig's account.
const LATEST_AT: usize = 8 + 32 + 32 + 2 + 4;

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

/// The number of the latest transaction in a multisig's account; the next one has the number after it. `None` for another account.
pub fn latest_transaction(data: &[u8]) -> Option<u64> {
    let rest = data.strip_prefix(discriminator("account", "Multisig").as_slice())?;
    let number = rest.get(LATEST_AT.saturating_sub(8)..)?.first_chunk()?;
    Some(u64::from_le_bytes(*number))
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
    /// The number of the transaction: one more than [`latest_transaction`].
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
        let message = message(proposed, &vault(&self.multisig, self.vault_index))?;
        let length = u32::try_from(message.len()).map_err(|_| SquadsError::TooLarge)?;
        let mut create = discriminator("global", "vault_transaction_create").to_vec();
        // No other key than the vault signs.
        create.extend_from_slice(&[self.vault_index, 0]);
        create.extend_from_slice(&length.to_le_bytes());
        create.extend_from_slice(&message);
        match memo {
            None => create.push(0),
            Some(memo) => {
                let length = u32::try_from(memo.len()).map_err(|_| SquadsError::TooLarge)?;
                create.push(1);
                create.extend_from_slice(&length.to_le_bytes());
                create.extend_from_slice(memo.as_bytes());
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

/// The first bytes of an instruction's data or of an account, as Anchor derives them.
fn discriminator(space: &str, name: &str) -> [u8; 8] {
    let hash = sha256(&[space.as_bytes(), b":", name.as_bytes()]);
    hash.first_chunk().copied().unwrap_or_default()
}

/// The use of a key by instructions.
#[derive(Clone, Copy, Default)]
struct KeyUse {
    signs: bool,
    is_written: bool,
}

/// Instructions as a multisig stores them: keys once each, those that sign and are written first, and lengths of one byte.
fn message(instructions: &[Instruction], vault: &Pubkey) -> Result<Vec<u8>, SquadsError> {
    if instructions.is_empty() {
        return Err(SquadsError::Empty);
    }
    let mut used: BTreeMap<Pubkey, KeyUse> = BTreeMap::new();
    for instruction in instructions {
        used.entry(instruction.program_id).or_default();
        for meta in &instruction.accounts {
            if meta.is_signer && meta.pubkey != *vault {
                return Err(SquadsError::OtherSigner(meta.pubkey));
            }
            let key = used.entry(meta.pubkey).or_default();
            key.signs |= meta.is_signer;
            key.is_written |= meta.is_writable;
        }
    }
    let mut keys: Vec<(Pubkey, KeyUse)> = used.into_iter().collect();
    keys.sort_by_key(|(_, key)| (!key.signs, !key.is_written));
    let count = |test: fn(&KeyUse) -> bool| length(keys.iter().filter(|(_, key)| test(key)).count());
    let mut bytes = vec![
        count(|key| key.signs)?,
        count(|key| key.signs && key.is_written)?,
        count(|key| !key.signs && key.is_written)?,
        length(keys.len())?,
    ];
    for (key, _) in &keys {
        bytes.extend_from_slice(key.as_ref());
    }
    let place = |key: &Pubkey| length(keys.iter().position(|(other, _)| other == key).unwrap_or(usize::MAX));
    bytes.push(length(instructions.len())?);
    for instruction in instructions {
        bytes.push(place(&instruction.program_id)?);
        bytes.push(length(instruction.accounts.len())?);
        for meta in &instruction.accounts {
            bytes.push(place(&meta.pubkey)?);
        }
        let data = u16::try_from(instruction.data.len()).map_err(|_| SquadsError::TooLarge)?;
        bytes.extend_from_slice(&data.to_le_bytes());
        bytes.extend_from_slice(&instruction.data);
    }
    // No address tables.
    bytes.push(0);
    Ok(bytes)
}

fn length(count: usize) -> Result<u8, SquadsError> {
    u8::try_from(count).map_err(|_| SquadsError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> Pubkey {
        Pubkey::new_from_array([number; 32])
    }

    fn proposal_of(multisig: Pubkey) -> Proposal {
        Proposal { multisig, vault_index: 1, number: 8, member: key(2), rent_payer: key(3) }
    }

    #[test]
    fn a_proposal_has_the_layout_of_the_program() {
        let multisig = key(1);
        let signer = vault(&multisig, 1);
        let accounts = vec![AccountMeta::new(key(9), false), AccountMeta::new_readonly(signer, true)];
        let freeze = Instruction { program_id: key(7), accounts, data: vec![5, 6] };
        let [create, open] = proposal_of(multisig).instructions(&[freeze], Some("hi")).unwrap();
        let expected = [
            &[48, 250, 78, 168, 208, 226, 218, 211, 1, 0][..],
            &(4 + 96 + 1 + 2 + 2 + 2 + 2 + 1u32).to_le_bytes(),
            &[1, 0, 1, 3],
            signer.as_ref(),
            key(9).as_ref(),
            key(7).as_ref(),
            &[1, 2, 2, 1, 0, 2, 0, 5, 6, 0],
            &[1, 2, 0, 0, 0, b'h', b'i'],
        ]
        .concat();
        assert_eq!(create.data, expected);
        assert_eq!(
            open.data,
            [&[220, 60, 73, 224, 30, 108, 79, 159][..], &[8, 0, 0, 0, 0, 0, 0, 0, 0]].concat()
        );
        let metas = |call: &Instruction| -> Vec<(bool, bool)> {
            call.accounts.iter().map(|meta| (meta.is_signer, meta.is_writable)).collect()
        };
        let rest = [(false, true), (true, false), (true, true), (false, false)];
        assert_eq!(metas(&create), [&[(false, true)][..], &rest].concat());
        assert_eq!(metas(&open), [&[(false, false)][..], &rest].concat());
    }

    #[test]
    fn other_signers_and_empty_proposals_are_refused() {
        let call = Instruction {
            program_id: key(7),
            accounts: vec![AccountMeta::new(key(9), true)],
            data: Vec::new(),
        };
        let proposal = proposal_of(key(1));
        assert_eq!(proposal.instructions(&[call], None).err(), Some(SquadsError::OtherSigner(key(9))));
        assert_eq!(proposal.instructions(&[], None).err(), Some(SquadsError::Empty));
        let large = Instruction { program_id: key(7), accounts: Vec::new(), data: vec![0; 70_000] };
        assert_eq!(proposal.instructions(&[large], None).err(), Some(SquadsError::TooLarge));
    }

    #[test]
    fn the_latest_transaction_is_read_from_a_multisig_alone() {
        let mut account = [224, 116, 121, 186, 68, 161, 79, 236].to_vec();
        account.extend_from_slice(&[0; 32 + 32 + 2 + 4]);
        account.extend_from_slice(&7u64.to_le_bytes());
        account.extend_from_slice(&[0; 20]);
        assert_eq!(latest_transaction(&account), Some(7));
        account[0] ^= 1;
        assert_eq!(latest_transaction(&account), None);
    }
}
