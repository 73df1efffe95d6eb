//! Classifies failed transactions: which of their intents is to blame, if any.

use blockable_sdk::{TransactionError, errors::program_error, program::errors::BlockableError};

/// The cause of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The chain has moved on: another keeper has done it, or it is no longer due. Nothing is wrong.
    Moot(String),
    /// The payer cannot pay.
    Payer(String),
    /// The network, not the intent: it is tried again as it is.
    Network(String),
    /// An instruction of the transaction cannot succeed as it is.
    Item {
        /// The instruction's place in the transaction.
        instruction: u8,
        /// The refusal, for people.
        reason: String,
    },
}

/// Classifies a failure.
pub(super) fn classify(error: &TransactionError) -> Cause {
    use BlockableError as E;
    if let Some((instruction, refused)) = program_error(error) {
        let reason = format!("{refused:?}: {refused}");
        return match refused {
            E::WrongStatus
            | E::NotInArrears
            | E::InArrears
            | E::DelinquencyGraceRunning
            | E::DefaultGraceRunning
            | E::ReserveCovers
            | E::ReserveEmpty
            | E::AlreadyFrozen
            | E::NothingToExpire
            | E::CovenantWindowRunning
            | E::MarketPaused => Cause::Moot(reason),
            _ => Cause::Item { instruction, reason },
        };
    }
    match error {
        TransactionError::InstructionError(instruction, cause) => {
            Cause::Item { instruction: *instruction, reason: cause.to_string() }
        }
        TransactionError::InsufficientFundsForFee
        | TransactionError::InsufficientFundsForRent { .. }
        | TransactionError::AccountNotFound
        | TransactionError::InvalidAccountForFee => Cause::Payer(error.to_string()),
        TransactionError::AlreadyProcessed => Cause::Moot(error.to_string()),
        _ => Cause::Network(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_sdk::InstructionError};

    fn refused(error: BlockableError) -> Cause {
        classify(&TransactionError::InstructionError(2, InstructionError::Custom(error.code())))
    }

    #[test]
    fn what_somebody_else_has_done_is_no_fault() {
        assert!(matches!(refused(BlockableError::WrongStatus), Cause::Moot(_)));
        assert!(matches!(refused(BlockableError::AlreadyFrozen), Cause::Moot(_)));
        assert!(matches!(classify(&TransactionError::AlreadyProcessed), Cause::Moot(_)));
    }

    #[test]
    fn a_bad_item_is_named_with_its_reason() {
        let Cause::Item { instruction: 2, reason } = refused(BlockableError::QuorumNotReached) else {
            panic!("an item")
        };
        assert!(reason.starts_with("QuorumNotReached: "), "{reason}");
        // A vault can stay frozen for as long as the mint's issuer likes, so marks that it rules out wait in a lane.
        let Cause::Item { reason, .. } = refused(BlockableError::VaultFrozen) else { panic!("an item") };
        assert!(reason.starts_with("VaultFrozen: the vault is frozen by the mint's issuer"), "{reason}");
        let other = TransactionError::InstructionError(0, InstructionError::ComputationalBudgetExceeded);
        assert!(matches!(classify(&other), Cause::Item { instruction: 0, .. }));
    }

    #[test]
    fn payer_and_network_are_not_the_items_fault() {
        assert!(matches!(classify(&TransactionError::InsufficientFundsForFee), Cause::Payer(_)));
        assert!(matches!(classify(&TransactionError::BlockhashNotFound), Cause::Network(_)));
    }
}
