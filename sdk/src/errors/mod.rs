//! Typed errors from the results of transactions.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod sent;

use {
    blockable_credits::errors::BlockableError, solana_instruction::error::InstructionError,
    solana_transaction_error::TransactionError,
};
#[cfg(feature = "client")]
pub use {
    client::ClientError,
    sent::{Outcome, SentError},
};

/// The program's error in a transaction error, after the index of the instruction that failed. `None` for any other error.
pub fn program_error(error: &TransactionError) -> Option<(u8, BlockableError)> {
    match error {
        TransactionError::InstructionError(index, InstructionError::Custom(code)) => {
            BlockableError::from_code(*code).map(|error| (*index, error))
        }
        _ => None,
    }
}

/// The program's error in the result of one of its own functions, as [`Credit`](blockable_credits::state::Credit) has them.
/// `None` for any other error.
pub fn refusal(error: &anchor_lang::error::Error) -> Option<BlockableError> {
    match error {
        anchor_lang::error::Error::AnchorError(error) => BlockableError::from_code(error.error_code_number),
        anchor_lang::error::Error::ProgramError(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use {super::*, strum::VariantArray};

    #[test]
    fn every_program_error_comes_back_from_its_code() {
        for error in BlockableError::VARIANTS {
            let failed = TransactionError::InstructionError(3, InstructionError::Custom(error.code()));
            assert_eq!(program_error(&failed), Some((3, *error)));
            assert!(error.to_string().contains("; "), "{error:?} must say what to do");
        }
    }

    #[test]
    fn every_refusal_of_a_function_comes_back() {
        for error in BlockableError::VARIANTS {
            assert_eq!(refusal(&(*error).into()), Some(*error));
        }
    }

    #[test]
    fn other_programs_codes_are_not_ours() {
        for code in [0, 1, 2_006, 3_012, 5_999, 6_000 + BlockableError::VARIANTS.len() as u32] {
            let failed = TransactionError::InstructionError(0, InstructionError::Custom(code));
            assert_eq!(program_error(&failed), None, "{code}");
        }
        assert_eq!(program_error(&TransactionError::AccountNotFound), None);
    }
}
