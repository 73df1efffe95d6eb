//! Instructions as a multisig is given them.

use {super::SquadsError, solana_instruction::Instruction, solana_pubkey::Pubkey};

/// The use of a key by instructions.
#[derive(Clone, Copy)]
struct Key {
    address: Pubkey,
    signs: bool,
    is_written: bool,
}

/// Instructions in Squads' compact form: each key once, those that sign and are written first, else in the order in which the
/// instructions name them; lengths of one byte. As in Squads' own client the vault is the first key, and written. Errors:
/// [`SquadsError`].
pub(super) fn encode(instructions: &[Instruction], vault: &Pubkey) -> Result<Vec<u8>, SquadsError> {
    if instructions.is_empty() {
        return Err(SquadsError::Empty);
    }
    let keys = keys(instructions, vault)?;
    let count = |test: fn(&&Key) -> bool| length(keys.iter().filter(test).count());
    let mut bytes = vec![
        count(|key| key.signs)?,
        count(|key| key.signs && key.is_written)?,
        count(|key| !key.signs && key.is_written)?,
        length(keys.len())?,
    ];
    for key in &keys {
        bytes.extend_from_slice(key.address.as_ref());
    }
    let place =
        |address: &Pubkey| length(keys.iter().position(|key| key.address == *address).unwrap_or(usize::MAX));
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

/// The keys of instructions in the order of a message. Errors: [`SquadsError::OtherSigner`].
fn keys(instructions: &[Instruction], vault: &Pubkey) -> Result<Vec<Key>, SquadsError> {
    let mut keys = vec![Key { address: *vault, signs: true, is_written: true }];
    for instruction in instructions {
        used(&mut keys, &instruction.program_id, false);
        for meta in &instruction.accounts {
            if meta.is_signer && meta.pubkey != *vault {
                return Err(SquadsError::OtherSigner(meta.pubkey));
            }
            used(&mut keys, &meta.pubkey, meta.is_writable);
        }
    }
    keys.sort_by_key(|key| (!key.signs, !key.is_written));
    Ok(keys)
}

fn used(keys: &mut Vec<Key>, address: &Pubkey, is_written: bool) {
    match keys.iter_mut().find(|key| key.address == *address) {
        Some(key) => key.is_written |= is_written,
        None => keys.push(Key { address: *address, signs: false, is_written }),
    }
}

fn length(count: usize) -> Result<u8, SquadsError> {
    u8::try_from(count).map_err(|_| SquadsError::TooLarge)
}
