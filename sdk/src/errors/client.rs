//! The errors of a client.

use {
    super::{Outcome, SentError, program_error},
    crate::{
        accounts::DecodeError,
        rpc::{RpcClientError, RpcClientErrorKind, RpcError, RpcResponseErrorData},
        transactions::BuildError,
    },
    blockable_credits::{ID, errors::BlockableError},
    solana_pubkey::Pubkey,
    solana_signature::Signature,
    solana_transaction_error::TransactionError,
};

/// Errors between a client and the chain.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The program refused an instruction.
    #[error("{error}")]
    Refused {
        /// Index of the instruction in its transaction.
        instruction: u8,
        /// The program's error; its message says what to do.
        error: BlockableError,
        /// The program's log, where the node gave it.
        logs: Vec<String>,
    },
    /// The transaction failed for a reason outside the program.
    #[error("the transaction failed: {error}{}", last_error(.logs))]
    Failed {
        /// The reason.
        error: TransactionError,
        /// The programs' log, where the node gave it.
        logs: Vec<String>,
    },
    /// A transaction was sent: it failed, expired, cannot be read, or its outcome is unknown. Every error after a send is this one.
    #[error(transparent)]
    Sent(Box<SentError>),
    /// No account at an address.
    #[error("there is no {name} at {address}; check the address and the cluster")]
    NotFound {
        /// The type that was expected there.
        name: &'static str,
        /// The address.
        address: Pubkey,
    },
    /// An account that cannot be decoded as the requested type.
    #[error("{address}: {source}")]
    Decode {
        /// The address.
        address: Pubkey,
        /// The fault of its data.
        source: DecodeError,
    },
    /// An account that a node gives in a form that cannot be read.
    #[error("the node gives no readable account for {0}; ask another one")]
    Unreadable(Pubkey),
    /// A node that answers for fewer or more accounts than it was asked for.
    #[error("the node answers for {given} of {asked} accounts that it was asked for; ask another one")]
    WrongCount {
        /// The accounts in its answer.
        given: usize,
        /// The accounts that it was asked for.
        asked: usize,
    },
    /// An account whose amounts cannot be accrued.
    #[error("the amounts of {address} are out of range; the account cannot be one the program wrote")]
    OutOfRange {
        /// The address.
        address: Pubkey,
    },
    /// A transaction that was fetched cannot be read.
    #[error("transaction {0} cannot be decoded; ask a node that serves transactions of versions 0 and 1")]
    Undecodable(Signature),
    /// The transaction cannot be built and signed.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A transaction that was to be written down before it is sent could not be, for this reason; nothing was sent.
    #[error(
        "nothing was sent: the transaction cannot be written down first ({0}); free space, or make its folder writable"
    )]
    NotRecorded(String),
    /// The node could not be reached or answered with an error.
    #[error("the RPC node failed: {0}")]
    Rpc(Box<RpcClientError>),
}

/// The last error line of a log, for errors that only the log explains.
fn last_error(logs: &[String]) -> String {
    let line = logs.iter().rev().find_map(|line| line.split_once("Error Message: "));
    line.map(|(_, message)| format!(" ({message})")).unwrap_or_default()
}

/// The innermost program that has failed with a custom code, by the lines that the runtime writes.
fn failed_program(logs: &[String]) -> Option<&str> {
    logs.iter().find_map(|line| {
        let (program, _) = line.strip_prefix("Program ")?.split_once(" failed: custom program error: ")?;
        (!program.contains(' ')).then_some(program)
    })
}

impl ClientError {
    /// From a failed transaction and its log. Every program counts its errors from 6000: where the log names another program,
    /// the error is not the program's own.
    pub fn from_transaction(error: TransactionError, logs: Vec<String>) -> ClientError {
        let is_of_another = failed_program(&logs).is_some_and(|failed| failed != ID.to_string());
        match program_error(&error).filter(|_| !is_of_another) {
            Some((instruction, error)) => ClientError::Refused { instruction, error, logs },
            None => ClientError::Failed { error, logs },
        }
    }

    /// The program's error, where the program refused.
    pub fn program_error(&self) -> Option<BlockableError> {
        match self {
            ClientError::Refused { error, .. } => Some(*error),
            ClientError::Sent(sent) => match &sent.outcome {
                Outcome::Refused(error) => error.program_error(),
                Outcome::Landed { .. } | Outcome::Expired | Outcome::Unknown => None,
            },
            _ => None,
        }
    }

    /// The transaction that was sent, with its outcome; `None` where nothing was.
    pub fn sent(&self) -> Option<&SentError> {
        match self {
            ClientError::Sent(sent) => Some(sent),
            _ => None,
        }
    }
}

impl From<RpcClientError> for ClientError {
    fn from(error: RpcClientError) -> Self {
        if let RpcClientErrorKind::RpcError(RpcError::RpcResponseError {
            data: RpcResponseErrorData::SendTransactionPreflightFailure(simulation),
            ..
        }) = error.kind()
            && let Some(cause) = &simulation.err
        {
            let logs = simulation.logs.clone().unwrap_or_default();
            return ClientError::from_transaction(cause.clone().into(), logs);
        }
        match error.get_transaction_error() {
            Some(cause) => ClientError::from_transaction(cause, Vec::new()),
            None => ClientError::Rpc(Box::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use {super::*, solana_instruction::error::InstructionError};

    #[test]
    fn an_error_of_another_program_is_not_the_programs_own() {
        let failed = TransactionError::InstructionError(0, InstructionError::Custom(6_001));
        let line = |program: &str| format!("Program {program} failed: custom program error: 0x1771");
        let (own, other) = (ID.to_string(), "L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95");
        let error = |logs: Vec<String>| ClientError::from_transaction(failed.clone(), logs).program_error();
        assert!(error(Vec::new()).is_some());
        assert!(error(vec![line(&own)]).is_some());
        assert_eq!(error(vec![line(other)]), None);
        // A program that calls this one hands its error on; what a program logs is not the runtime's line.
        assert!(error(vec![line(&own), line(other)]).is_some());
        assert!(error(vec![format!("Program log: {}", line(other)), line(&own)]).is_some());
    }

    #[test]
    fn anchors_own_errors_keep_their_message() {
        let failed = TransactionError::InstructionError(0, InstructionError::Custom(3_012));
        let log = "Program log: AnchorError caused by account: credit. Error Code: AccountNotInitialized. \
                   Error Number: 3012. Error Message: The program expected this account to be already initialized.";
        let error = ClientError::from_transaction(failed, vec![log.to_string()]);
        assert!(error.to_string().contains("already initialized"), "{error}");
    }
}
