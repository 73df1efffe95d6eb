//! One assertion each: how it is encoded in an instruction, and whether it holds.

use crate::{
    Failure,
    cursor::Cursor,
    known::{KNOWN, TOKEN_PROGRAMS},
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

/// A place with a type: which value an assertion is about.
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

impl<'a> Expected<'a> {
    fn read(from: &mut Cursor<'a>, kind: Kind) -> Option<Self> {
        let value = kind.read(from)?;
        Some(Self { value, operator: Operator::read(from, kind)? })
    }

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

impl<'a> Assertion<'a> {
    /// Reads an assertion on the data of an account, at an offset that it states.
    pub(crate) fn read_data(from: &mut Cursor<'a>) -> Option<Self> {
        let offset = from.leb128()?;
        let variant = from.u8()?;
        // The length of bytes stands before them.
        let kind = if variant == 11 { Kind::Bytes(from.clone().leb128()?) } else { data_kind(variant)? };
        if variant == 11 {
            from.leb128()?;
        }
        Some(Self::Data { place: Place { kind, offset }, expected: Expected::read(from, kind)? })
    }

    /// Reads an assertion on a mint.
    pub(crate) fn read_mint(from: &mut Cursor<'a>) -> Option<Self> {
        let (kind, offset) = match from.u8()? {
            0 => (Kind::OptionalAddress, 0),
            1 => (Kind::Unsigned(8), 36),
            2 => (Kind::Unsigned(1), 44),
            3 => (Kind::Bool, 45),
            4 => (Kind::OptionalAddress, 46),
            _ => return None,
        };
        Some(Self::Mint { place: Place { kind, offset }, expected: Expected::read(from, kind)? })
    }

    /// Reads an assertion on a token account.
    pub(crate) fn read_token(from: &mut Cursor<'a>) -> Option<Self> {
        let (kind, offset) = match from.u8()? {
            0 => (Kind::Address, 0),
            1 => (Kind::Address, 32),
            2 => (Kind::Unsigned(8), 64),
            3 => (Kind::OptionalAddress, 72),
            4 => (Kind::Unsigned(1), 108),
            5 => (Kind::OptionalAmount, 109),
            6 => (Kind::Unsigned(8), 121),
            7 => (Kind::OptionalAddress, 129),
            _ => return None,
        };
        Some(Self::Token { place: Place { kind, offset }, expected: Expected::read(from, kind)? })
    }

    /// Reads an assertion on the clock.
    pub(crate) fn read_clock(from: &mut Cursor<'a>) -> Option<Self> {
        let field = from.u8()?;
        let kind = match field {
            0 | 2 | 3 => Kind::Unsigned(8),
            1 | 4 => Kind::Signed(8),
            _ => return None,
        };
        let place = Place { kind, offset: u64::from(field) * 8 };
        Some(Self::Clock { place, expected: Expected::read(from, kind)? })
    }

    /// Reads an assertion on balance, size, owner and flags of an account.
    pub(crate) fn read_info(from: &mut Cursor<'a>) -> Option<Self> {
        let variant = from.u8()?;
        if variant == 3 {
            let known = *KNOWN.get(usize::from(from.u8()?))?;
            let (kind, value) = (Kind::Address, Value::Address(Some(known)));
            let expected = Expected { value, operator: Operator::read(from, kind)? };
            return Some(Self::Info { property: Property::Owner, expected });
        }
        let (property, kind) = match variant {
            0 => (Property::Lamports, Kind::Unsigned(8)),
            1 => (Property::DataLength, Kind::Unsigned(8)),
            2 => (Property::Owner, Kind::Address),
            4 => (Property::RentEpoch, Kind::Unsigned(8)),
            5 => (Property::IsSigner, Kind::Bool),
            6 => (Property::IsWritable, Kind::Bool),
            7 => (Property::Executable, Kind::Bool),
            _ => return None,
        };
        Some(Self::Info { property, expected: Expected::read(from, kind)? })
    }

    /// Reads an assertion on the difference between two accounts.
    pub(crate) fn read_delta(from: &mut Cursor<'a>) -> Option<Self> {
        match from.u8()? {
            0 => Self::read_info_delta(from),
            1 => Self::read_data_delta(from),
            _ => None,
        }
    }

    fn read_info_delta(from: &mut Cursor<'a>) -> Option<Self> {
        let offset = from.leb128()?;
        let property = match from.u8()? {
            0 => Property::Lamports,
            1 => Property::DataLength,
            2 => {
                let kind = Kind::Address;
                return Some(Self::SameOwner {
                    from: Place { kind, offset },
                    operator: Operator::read(from, kind)?,
                });
            }
            3 => Property::RentEpoch,
            _ => return None,
        };
        let expected = Expected::read(from, Kind::Signed(16))?;
        Some(Self::InfoDelta { from: Place { kind: Kind::Unsigned(8), offset }, property, expected })
    }

    fn read_data_delta(from: &mut Cursor<'a>) -> Option<Self> {
        let (offset, to) = (from.leb128()?, from.leb128()?);
        let variant = from.u8()?;
        if variant == 8 {
            let kind = Kind::Bytes(from.u16()?.into());
            return Some(Self::SameBytes {
                from: Place { kind, offset },
                to,
                operator: Operator::read(from, kind)?,
            });
        }
        // As in an assertion on data, where a boolean comes first. The difference has twice the width.
        let kind = data_kind(variant.checked_add(1)?).filter(|_| variant < 8)?;
        let (Kind::Unsigned(width) | Kind::Signed(width)) = kind else { return None };
        Some(Self::DataDelta {
            from: Place { kind, offset },
            to,
            expected: Expected::read(from, Kind::Signed(width * 2))?,
        })
    }

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

/// The types of values in an account's data, by their numbers. Bytes are not among them: they state their length.
fn data_kind(variant: u8) -> Option<Kind> {
    Some(match variant {
        0 => Kind::Bool,
        1 => Kind::Unsigned(1),
        2 => Kind::Signed(1),
        3 => Kind::Unsigned(2),
        4 => Kind::Signed(2),
        5 => Kind::Unsigned(4),
        6 => Kind::Signed(4),
        7 => Kind::Unsigned(8),
        8 => Kind::Signed(8),
        9 => Kind::U128,
        10 => Kind::Signed(16),
        12 => Kind::Address,
        _ => return None,
    })
}

fn some_data(account: Account<'_>) -> Result<&[u8], Failure> {
    if account.data.is_empty() { Err(Failure::NotInitialized) } else { Ok(account.data) }
}

fn token_data(account: Account<'_>) -> Result<&[u8], Failure> {
    if TOKEN_PROGRAMS.contains(account.owner) { Ok(account.data) } else { Err(Failure::WrongOwner) }
}

/// What the second value is more than the first. No difference of 64-bit integers leaves 128 bits.
fn difference<'a>(after: Value, before: Value) -> Result<Value<'a>, Failure> {
    match (after, before) {
        (Value::Integer(after), Value::Integer(before)) => Ok(Value::Integer(after.wrapping_sub(before))),
        _ => Err(Failure::Undecodable),
    }
}

fn length(data: &[u8]) -> i128 {
    i128::try_from(data.len()).unwrap_or(i128::MAX)
}
