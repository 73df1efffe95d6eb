//! Assertions: their parts, and the comparison with accounts and clock.

mod read;

use crate::{
    Failure,
    known::TOKEN_PROGRAMS,
    value::{Kind, Operator, Value},
};

/// An account as an instruction names it.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// True where it has signed the transaction.
    pub is_signer: bool,
    /// True where the transaction may write it.
    pub is_writable: bool,
    /// True for a program.
    pub executable: bool,
    /// The program that owns it.
    pub owner: &'a [u8; 32],
    /// Its balance, in lamports.
    pub lamports: u64,
    /// Its data.
    pub data: &'a [u8],
    /// Its rent epoch.
    pub rent_epoch: u64,
}

/// The clock's account: slot, start of the epoch, epoch, leader schedule's epoch, Unix time; 8 bytes each.
#[derive(Debug, Clone, Copy)]
pub struct Clock(pub [u8; Self::LENGTH]);

impl Clock {
    /// Bytes of the clock's account.
    pub const LENGTH: usize = 40;
}

/// The place of the value that an assertion is about, with its type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    kind: Kind,
    offset: u64,
}

/// An asserted value, and the operator that compares it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'a> {
    value: Value<'a>,
    operator: Operator,
}

impl Expected<'_> {
    fn require(self, actual: Value) -> Result<(), Failure> {
        self.operator.require(actual, self.value)
    }
}

/// Properties of an account besides its data.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Property {
    Lamports,
    DataLength,
    Owner,
    RentEpoch,
    IsSigner,
    IsWritable,
    Executable,
}

impl Property {
    fn value<'a>(self, account: &Account<'a>) -> Value<'a> {
        match self {
            Self::Lamports => Value::Integer(account.lamports.into()),
            Self::DataLength => Value::Integer(length(account.data)),
            Self::Owner => Value::Address(Some(*account.owner)),
            Self::RentEpoch => Value::Integer(account.rent_epoch.into()),
            Self::IsSigner => Value::Bool(account.is_signer),
            Self::IsWritable => Value::Bool(account.is_writable),
            Self::Executable => Value::Bool(account.executable),
        }
    }
}

/// An assertion on the accounts of an instruction or on the clock.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Assertion<'a> {
    Data {
        place: Place,
        expected: Expected<'a>,
    },
    Mint {
        place: Place,
        expected: Expected<'a>,
    },
    Token {
        place: Place,
        expected: Expected<'a>,
    },
    Clock {
        place: Place,
        expected: Expected<'a>,
    },
    Info {
        property: Property,
        expected: Expected<'a>,
    },
    /// The second account's value less the one in the data of the first.
    DataDelta {
        from: Place,
        to: u64,
        expected: Expected<'a>,
    },
    /// Bytes of the second account compared with bytes of the first.
    SameBytes {
        from: Place,
        to: u64,
        operator: Operator,
    },
    /// The second account's property less the one in the data of the first.
    InfoDelta {
        from: Place,
        property: Property,
        expected: Expected<'a>,
    },
    /// The second account's owner compared with the one in the data of the first.
    SameOwner {
        from: Place,
        operator: Operator,
    },
}

impl Assertion<'_> {
    /// Requires that the assertion holds on the accounts of an instruction, or on the clock.
    pub(crate) fn require(
        self,
        accounts: &[Option<Account>],
        clock: fn() -> Option<Clock>,
    ) -> Result<(), Failure> {
        let account = |place: usize| accounts.get(place).copied().flatten().ok_or(Failure::NotEnoughAccounts);
        match self {
            Self::Data { place, expected } => expected.require(place.read(some_data(account(0)?)?)?),
            Self::Mint { place, expected } | Self::Token { place, expected } => {
                expected.require(place.read(token_data(account(0)?)?)?)
            }
            Self::Clock { place, expected } => {
                let clock = clock().ok_or(Failure::OutOfBounds)?;
                expected.require(place.read(&clock.0)?)
            }
            Self::Info { property, expected } => expected.require(property.value(&account(0)?)),
            Self::DataDelta { from, to, expected } => {
                let (before, after) = (some_data(account(0)?)?, some_data(account(1)?)?);
                expected.require(difference(from.kind.read_account(after, to)?, from.read(before)?)?)
            }
            Self::SameBytes { from, to, operator } => {
                let (before, after) = (some_data(account(0)?)?, some_data(account(1)?)?);
                operator.require(from.read(before)?, from.kind.read_account(after, to)?)
            }
            Self::InfoDelta { from, property, expected } => {
                let (before, after) = (some_data(account(0)?)?, account(1)?);
                expected.require(difference(property.value(&after), from.read(before)?)?)
            }
            Self::SameOwner { from, operator } => {
                let (before, after) = (some_data(account(0)?)?, account(1)?);
                operator.require(from.read(before)?, Property::Owner.value(&after))
            }
        }
    }
}

impl Place {
    fn read(self, data: &[u8]) -> Result<Value<'_>, Failure> {
        self.kind.read_account(data, self.offset)
    }
}

fn some_data(account: Account<'_>) -> Result<&[u8], Failure> {
    if account.data.is_empty() { Err(Failure::NotInitialized) } else { Ok(account.data) }
}

fn token_data(account: Account<'_>) -> Result<&[u8], Failure> {
    if TOKEN_PROGRAMS.contains(account.owner) { Ok(account.data) } else { Err(Failure::WrongOwner) }
}

/// The second value less the first. No difference of 64-bit integers leaves 128 bits.
fn difference<'a>(after: Value, before: Value) -> Result<Value<'a>, Failure> {
    match (after, before) {
        (Value::Integer(after), Value::Integer(before)) => Ok(Value::Integer(after.wrapping_sub(before))),
        _ => Err(Failure::Undecodable),
    }
}

fn length(data: &[u8]) -> i128 {
    i128::try_from(data.len()).unwrap_or(i128::MAX)
}
