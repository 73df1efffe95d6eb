//! Tests of landing, against nodes that the test plays.

pub(crate) mod ground;
mod journal;
pub(crate) mod nodes;
mod sign;
mod simulate;
mod track;

use {
    crate::{
        land::flight::{Carried, Flight, writes},
        plan::{Intent, Kind, Role},
    },
    blockable_sdk::{
        Hash, Keypair, Pubkey, Signer,
        amounts::{ChainTime, Lamports},
        transactions,
    },
    solana_system_interface::instruction::transfer,
};

/// The last block that the flights of these tests can land in.
pub(crate) const LAST_VALID: u64 = 1_000;
/// The time at which they are written down.
pub(crate) const WRITTEN_AT: ChainTime = ChainTime(1_800_000_000);

/// The credit of a number.
pub(crate) fn credit(number: u8) -> Pubkey {
    Pubkey::new_from_array([number; 32])
}

/// Something that is due on the credit of a number.
pub(crate) fn intent(number: u8) -> Intent {
    ground::due(Kind::ExpireUnits, number)
}

/// A signed transaction that writes to the credit of a number, and carries what is due on it.
pub(crate) fn flight(number: u8) -> Flight {
    let (payer, intent) = (Keypair::new_from_array([99; 32]), intent(number));
    let move_lamports = transfer(&payer.pubkey(), &credit(number), 5);
    let transaction = transactions::sign_v0(&[move_lamports], &payer, &[], Hash::default()).unwrap();
    Flight {
        signature: transaction.signatures[0],
        writes: writes(&transaction),
        transaction,
        role: Role::Metering,
        last_valid_height: LAST_VALID,
        lamports: Lamports(5_000 + u64::from(number)),
        compute_units: 40_000,
        carried: vec![Carried::from_intent(&intent)],
        written_at: WRITTEN_AT,
        from_slot: 900,
        sent: None,
        expired_since: None,
        signed: None,
    }
}
