//! The expected result of each trial: a rule per kind of check, and the exceptions from it.

use {
    super::{
        mutation::{Mutation, Trial},
        rows::{LAMPORTS_STOP_NOTHING, NAMES_ITSELF, ROWS, Row},
        slot::{Kind, Slot},
    },
    Expected::{Code, Error, Harmless, Runtime},
    Mutation::*,
    blockable_sdk::program::errors::BlockableError,
    solana_sdk::instruction::InstructionError,
};

/// The expected result of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Refused with a code of Anchor, or of a program that is called.
    Code(u32),
    /// Refused by the program.
    Error(BlockableError),
    /// Refused by the runtime.
    Runtime(InstructionError),
    /// Accepted, for a reason.
    Harmless(&'static str),
}

/// The codes of Anchor, as it numbers them, and of the system program.
pub mod code {
    pub const IN_USE: u32 = 0;
    pub const CONSTRAINT_MUT: u32 = 2_000;
    pub const CONSTRAINT_SEEDS: u32 = 2_006;
    pub const CONSTRAINT_ADDRESS: u32 = 2_012;
    pub const CONSTRAINT_SPACE: u32 = 2_019;
    pub const DUPLICATE_MUTABLE: u32 = 2_040;
    pub const DISCRIMINATOR_NOT_FOUND: u32 = 3_001;
    pub const DISCRIMINATOR_MISMATCH: u32 = 3_002;
    pub const DID_NOT_DESERIALIZE: u32 = 3_003;
    pub const OWNED_BY_WRONG_PROGRAM: u32 = 3_007;
    pub const INVALID_PROGRAM: u32 = 3_008;
    pub const NOT_SIGNER: u32 = 3_010;
    pub const NOT_INITIALIZED: u32 = 3_012;
}

/// Every instruction and account that a row names.
pub fn places() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROWS.iter().flat_map(|(instructions, account, _, _)| instructions.iter().map(|name| (*name, *account)))
}

/// The names by which rows mean an attempt: that of its instruction and, where optional accounts are given, first that name
/// with theirs, as in `credit_freeze+other`.
pub struct Names {
    names: Vec<String>,
    /// An optional account is not given.
    is_short: bool,
}

impl Names {
    /// The names of an attempt with these accounts.
    pub fn new(instruction: &str, slots: &[Slot]) -> Names {
        let given = slots.iter().filter(|slot| slot.is_optional && slot.kind != Kind::Absent);
        let full = given.fold(instruction.to_string(), |full, slot| full + "+" + &slot.name);
        let mut names = vec![full, instruction.to_string()];
        names.dedup();
        Names { names, is_short: slots.iter().any(|slot| slot.kind == Kind::Absent) }
    }

    /// The rows that must be needed: those about the first name, by their number.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        let applies = |row: &Row| row.0.contains(&self.names[0].as_str());
        ROWS.iter().enumerate().filter(move |(_, row)| applies(row)).map(|(index, _)| index)
    }

    /// The expected result of a trial, with the row of the exception where it is one.
    pub fn expected(&self, trial: &Trial) -> (Expected, Option<usize>) {
        let row_of = |name: &String| {
            let applies = |row: &Row| {
                row.0.contains(&name.as_str()) && row.1 == trial.slot.name && row.2.contains(&trial.mutation)
            };
            ROWS.iter().position(applies)
        };
        match self.names.iter().find_map(row_of) {
            Some(index) => (ROWS[index].3.clone(), Some(index)),
            None if self.is_short && trial.slot.name == "program" => (Harmless(NAMES_ITSELF), None),
            None => (rule(trial.slot, trial.mutation), None),
        }
    }
}

/// The instruction of a name in a row, and the optional accounts that are given.
pub fn parts(name: &str) -> (&str, Vec<&str>) {
    let mut parts = name.split('+');
    (parts.next().unwrap_or(name), parts.collect())
}

fn rule(slot: &Slot, mutation: Mutation) -> Expected {
    let is_vault = slot.name == "vault";
    match mutation {
        Unsigned => Code(code::NOT_SIGNER),
        // Most instructions of one party are the lender's.
        SignedByAnother if matches!(slot.name.as_str(), "lender" | "authority") => {
            Error(BlockableError::NotLender)
        }
        SignedByAnother => Code(code::CONSTRAINT_SEEDS),
        // Wallets that sign and are writable pay for an account that is created.
        ReadOnly if slot.is_fresh || slot.kind == Kind::Signer => {
            Runtime(InstructionError::PrivilegeEscalation)
        }
        ReadOnly => Code(code::CONSTRAINT_MUT),
        WrongOwner => Code(code::OWNED_BY_WRONG_PROGRAM),
        WrongDiscriminator => Code(code::DISCRIMINATOR_MISMATCH),
        OtherTokenProgram => Runtime(InstructionError::ExternalAccountDataModified),
        Occupied => Code(code::IN_USE),
        Prefunded => Harmless(LAMPORTS_STOP_NOTHING),
        Closed if slot.kind.is_own() => Code(code::OWNED_BY_WRONG_PROGRAM),
        Closed => Code(code::NOT_INITIALIZED),
        Halved if slot.kind.is_own() => Code(code::DID_NOT_DESERIALIZE),
        Emptied if slot.kind.is_own() => Code(code::DISCRIMINATOR_NOT_FOUND),
        Halved | Emptied => Runtime(InstructionError::InvalidAccountData),
        Replaced => replaced(slot),
        Twice => twice(slot),
        _ if is_vault => Code(code::CONSTRAINT_SEEDS),
        Elsewhere => match slot.kind {
            Kind::Market if !slot.is_fresh => Error(BlockableError::MarketMismatch),
            Kind::Mint => Error(BlockableError::MintMismatch),
            _ => Code(code::CONSTRAINT_SEEDS),
        },
        OfAnotherMarket if slot.kind == Kind::Token => Error(BlockableError::TokenAccountMint),
        OfAnotherMarket => Error(BlockableError::MarketMismatch),
        OfAnotherCredit if slot.kind == Kind::Lot => Error(BlockableError::LotMismatch),
        OfAnotherCredit => Code(code::CONSTRAINT_SEEDS),
        OfAnotherOwner => match slot.name.as_str() {
            "lender" => Error(BlockableError::NotLender),
            "receiver" => Error(BlockableError::ReceiverMismatch),
            _ => Error(BlockableError::TokenAccountOwner),
        },
    }
}

fn replaced(slot: &Slot) -> Expected {
    match slot.name.as_str() {
        "event_authority" => Code(code::CONSTRAINT_ADDRESS),
        "token_program" => Error(BlockableError::TokenProgramMismatch),
        "slot_hashes" => Error(BlockableError::ClusterTagMissing),
        "system_program" => Code(code::INVALID_PROGRAM),
        // The program calls itself to log what it did, and does not find itself.
        _ => Runtime(InstructionError::MissingAccount),
    }
}

fn twice(slot: &Slot) -> Expected {
    match slot.kind {
        Kind::Program if slot.name == "program" => replaced(slot),
        Kind::Program => Code(code::INVALID_PROGRAM),
        Kind::Credit if !slot.is_fresh => Code(code::OWNED_BY_WRONG_PROGRAM),
        Kind::Token if slot.name != "vault" => Code(code::DUPLICATE_MUTABLE),
        _ => Code(code::CONSTRAINT_SEEDS),
    }
}
