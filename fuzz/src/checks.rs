use {
    super::{lab::cast, verify::Snapshot},
    blockable_sdk::{
        Pubkey,
        program::{errors::BlockableError, state::Credit},
    },
    solana_sdk::{account::Account, instruction::InstructionError, transaction::TransactionError},
};

/// Requires that counters which never fall did not.
pub(super) fn never_falls(old: Option<&Credit>, new: Option<&Credit>) -> Result<(), String> {
    let (Some(old), Some(new)) = (old, new) else { return Ok(()) };
    let counters = |credit: &Credit| {
        let (units, meter) = (&credit.collateral, &credit.meter);
        [
            units.released,
            units.consumed,
            units.expired,
            meter.overrun,
            credit.principal_repaid,
            credit.event_seq,
        ]
    };
    if counters(old).iter().zip(counters(new)).all(|(old, new)| *old <= new) {
        return Ok(());
    }
    Err(format!("rule 2: a counter fell from {:?} to {:?}", counters(old), counters(new)))
}

/// Rent must move between the accounts that the rules name, and no other lamports may move.
pub(super) fn check_rent(
    before: &Snapshot,
    after: &Snapshot,
    created: &[(Pubkey, Pubkey)],
    removed: &[(Pubkey, Pubkey)],
) -> Result<(), String> {
    let lamports = |snapshot: &Snapshot, key: &Pubkey| -> i128 {
        snapshot.get(key).and_then(Option::as_ref).map_or(0, |account| account.lamports.into())
    };
    let change = |key: &Pubkey| lamports(after, key) - lamports(before, key);
    for (key, _) in created {
        if change(key) <= 0 {
            return Err(format!("{key} was not created"));
        }
    }
    for (key, _) in removed {
        if after.get(key).and_then(Option::as_ref).is_some_and(|account: &Account| account.lamports > 0) {
            return Err(format!("{key} was not removed"));
        }
    }
    for key in after.keys().filter(|key| cast().actors.contains(key)) {
        let both = created.iter().chain(removed);
        let due: i128 = both.filter(|(_, party)| party == key).map(|(account, _)| -change(account)).sum();
        if due != change(key) {
            return Err(format!("the lamports of {key} changed by {}, not by {due}", change(key)));
        }
    }
    Ok(())
}

/// True for an error of the program, of Anchor, of the token program, or the runtime's refusal of a bad account
/// ([`InstructionError::MissingAccount`] where the program's own account, which events are emitted through, is not given).
pub(super) fn is_known(error: &TransactionError) -> bool {
    let TransactionError::InstructionError(_, error) = error else { return false };
    match error {
        InstructionError::Custom(code) => *code < 6_000 || BlockableError::from_code(*code).is_some(),
        InstructionError::MissingRequiredSignature
        | InstructionError::InvalidAccountData
        | InstructionError::InvalidAccountOwner
        | InstructionError::IncorrectProgramId
        | InstructionError::InvalidArgument
        | InstructionError::IllegalOwner
        | InstructionError::UninitializedAccount
        | InstructionError::PrivilegeEscalation
        | InstructionError::MissingAccount
        | InstructionError::InvalidSeeds => true,
        _ => false,
    }
}
