use {
    blockable_sdk::{
        events::{Change, ChunkMetered, CreditRecord, Event},
        program::errors::BlockableError,
    },
    litesvm::types::TransactionMetadata,
    solana_sdk::{instruction::InstructionError, transaction::TransactionError},
};

/// A transaction that went through.
#[derive(Debug)]
pub struct Landed {
    /// Compute units it took.
    pub compute_units: u64,
    /// The program's events in it.
    pub events: Vec<Event>,
    /// Its log.
    pub logs: Vec<String>,
}

impl Landed {
    /// The credit records in the transaction, in order.
    pub fn records(&self) -> Vec<CreditRecord> {
        self.events.iter().flat_map(|event| event.records().to_vec()).collect()
    }

    /// The transaction's metering event. Panics where it is not the only event.
    #[track_caller]
    pub fn chunk(&self) -> &ChunkMetered {
        match self.events.as_slice() {
            [Event::ChunkMetered(chunk)] => chunk,
            other => panic!("one metering event is expected: {other:?}"),
        }
    }

    /// The changes of credits by the transaction, in order.
    pub fn changes(&self) -> Vec<Change> {
        self.records().into_iter().map(|record| record.change).collect()
    }
}

/// A transaction that was refused; no account byte but the fee payer's lamports changed, which is checked.
#[derive(Debug)]
pub struct Refused {
    /// The runtime's error.
    pub error: TransactionError,
    /// Its log.
    pub logs: Vec<String>,
}

impl Refused {
    /// The custom error code, where there is one.
    pub fn code(&self) -> Option<u32> {
        match self.error {
            TransactionError::InstructionError(_, InstructionError::Custom(code)) => Some(code),
            _ => None,
        }
    }

    /// The program's error, where it is one.
    pub fn program_error(&self) -> Option<BlockableError> {
        BlockableError::from_code(self.code()?)
    }
}

impl From<TransactionMetadata> for Landed {
    fn from(meta: TransactionMetadata) -> Landed {
        let inner = meta.inner_instructions.iter().flatten();
        let events = inner.filter_map(|inner| Event::decode(&inner.instruction.data)).collect();
        Landed { compute_units: meta.compute_units_consumed, events, logs: meta.logs }
    }
}
