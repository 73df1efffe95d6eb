//! Errors, with the codes that the original documents.

/// The codes of a list's assertions begin here: the first that fails adds its place in the list.
const FIRST_OF_LIST: u64 = 0x1900;
/// The runtime's own error for too few accounts. The original returns it too where an account is missing, and keeps its own
/// code for that, 6002, for other places.
const NOT_ENOUGH_ACCOUNT_KEYS: u64 = 11 << 32;

/// A reason for which an instruction fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The data is no instruction, or one that this stand-in does not have.
    InvalidInstruction,
    /// The account or the clock is not as asserted.
    Assertion,
    /// An assertion of a list does not hold; its place in the list, from 0.
    AssertionOfList(u64),
    /// The instruction names too few accounts.
    NotEnoughAccounts,
    /// The assertion reads beyond the end of the account's data.
    OutOfBounds,
    /// The account's bytes are no value of the asserted type.
    Undecodable,
    /// A token assertion on an account that no token program owns.
    WrongOwner,
    /// The account has no data.
    NotInitialized,
}

impl Failure {
    /// The program's return value: a custom error code, or the runtime's own error.
    pub const fn code(self) -> u64 {
        match self {
            Self::InvalidInstruction => 6000,
            Self::Assertion => 6001,
            Self::AssertionOfList(place) => FIRST_OF_LIST.saturating_add(place),
            Self::NotEnoughAccounts => NOT_ENOUGH_ACCOUNT_KEYS,
            Self::OutOfBounds => 6005,
            Self::Undecodable => 6007,
            Self::WrongOwner => 6009,
            Self::NotInitialized => 6011,
        }
    }

    /// The failure as a list reports it: with the place of the assertion that does not hold.
    pub(crate) const fn in_list(self, place: u64) -> Self {
        match self {
            Self::Assertion => Self::AssertionOfList(place),
            other => other,
        }
    }
}
