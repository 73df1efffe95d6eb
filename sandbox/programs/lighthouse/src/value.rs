//! Values that assertions compare, and their comparison.

use crate::{Failure, cursor::Cursor};

/// A value in an account or in an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Any integer but `u128`.
    Integer(i128),
    /// A `u128`.
    Wide(u128),
    /// A boolean.
    Bool(bool),
    /// An address. `None` for an option that is empty. It is a copy: the first of the program's constants lies at address 0,
    /// and a reference to that is no reference.
    Address(Option<[u8; 32]>),
    /// Other bytes.
    Bytes(&'a [u8]),
    /// An optional amount.
    Amount(Option<u64>),
}

/// The type of a value, which says how its bytes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    /// A number of bytes: 1, 2, 4 or 8.
    Unsigned(u8),
    /// A number of bytes: 1, 2, 4, 8 or 16.
    Signed(u8),
    U128,
    Address,
    /// As many bytes.
    Bytes(u64),
    OptionalAddress,
    OptionalAmount,
}

impl Kind {
    /// Integers are ordered and have bits; other values are only equal or not.
    pub(crate) const fn is_integer(self) -> bool {
        matches!(self, Self::Unsigned(_) | Self::Signed(_) | Self::U128)
    }

    /// Reads a value that is encoded as in an instruction: options with a tag of one byte.
    pub(crate) fn read<'a>(self, from: &mut Cursor<'a>) -> Option<Value<'a>> {
        Some(match self {
            Self::Bool => Value::Bool(flag(from)?),
            Self::Unsigned(1) => Value::Integer(from.u8()?.into()),
            Self::Unsigned(2) => Value::Integer(from.u16()?.into()),
            Self::Unsigned(4) => Value::Integer(from.u32()?.into()),
            Self::Unsigned(_) => Value::Integer(from.u64()?.into()),
            Self::Signed(width) => Value::Integer(from.signed(width)?),
            Self::U128 => Value::Wide(from.u128()?),
            Self::Address => Value::Address(Some(from.address()?)),
            Self::Bytes(length) => Value::Bytes(from.bytes(length)?),
            Self::OptionalAddress => Value::Address(if flag(from)? { Some(from.address()?) } else { None }),
            Self::OptionalAmount => Value::Amount(if flag(from)? { Some(from.u64()?) } else { None }),
        })
    }

    /// Reads a value from an account's data, where the options of token accounts have a tag of four bytes and always their
    /// full length.
    pub(crate) fn read_account(self, data: &[u8], offset: u64) -> Result<Value<'_>, Failure> {
        let mut from = Cursor::at(data, offset).ok_or(Failure::OutOfBounds)?;
        if !matches!(self, Self::OptionalAddress | Self::OptionalAmount) {
            let is_bad_flag = self == Self::Bool && from.clone().u8().is_some_and(|byte| byte > 1);
            let missing = if is_bad_flag { Failure::Undecodable } else { Failure::OutOfBounds };
            return self.read(&mut from).ok_or(missing);
        }
        let tag = from.u32().ok_or(Failure::Undecodable)?;
        let inner = if self == Self::OptionalAddress { Self::Address } else { Self::Unsigned(8) };
        match (tag, inner.read(&mut from).ok_or(Failure::Undecodable)?) {
            (0, Value::Address(_)) => Ok(Value::Address(None)),
            (1, value @ Value::Address(_)) => Ok(value),
            (0, Value::Integer(_)) => Ok(Value::Amount(None)),
            (1, Value::Integer(amount)) => Ok(Value::Amount(u64::try_from(amount).ok())),
            _ => Err(Failure::Undecodable),
        }
    }
}

fn flag(from: &mut Cursor) -> Option<bool> {
    match from.u8()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// A comparison. The first two are for all values, the rest for integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    /// Every bit of the asserted value is set.
    Contains,
    /// No bit of the asserted value is set.
    DoesNotContain,
}

impl Operator {
    pub(crate) fn read(from: &mut Cursor, kind: Kind) -> Option<Self> {
        let operator = match from.u8()? {
            0 => Self::Equal,
            1 => Self::NotEqual,
            2 => Self::Greater,
            3 => Self::Less,
            4 => Self::GreaterOrEqual,
            5 => Self::LessOrEqual,
            6 => Self::Contains,
            7 => Self::DoesNotContain,
            _ => return None,
        };
        (kind.is_integer() || matches!(operator, Self::Equal | Self::NotEqual)).then_some(operator)
    }

    /// Requires that an actual value compares with the asserted one.
    pub(crate) fn require(self, actual: Value, asserted: Value) -> Result<(), Failure> {
        let holds = match (actual, asserted) {
            (Value::Integer(actual), Value::Integer(asserted)) => {
                self.holds(&actual, &asserted, actual & asserted, 0)
            }
            (Value::Wide(actual), Value::Wide(asserted)) => {
                self.holds(&actual, &asserted, actual & asserted, 0)
            }
            _ => (actual == asserted) == (self == Self::Equal),
        };
        holds.then_some(()).ok_or(Failure::Assertion)
    }

    fn holds<T: Ord>(self, actual: &T, asserted: &T, common: T, nothing: T) -> bool {
        match self {
            Self::Equal => actual == asserted,
            Self::NotEqual => actual != asserted,
            Self::Greater => actual > asserted,
            Self::Less => actual < asserted,
            Self::GreaterOrEqual => actual >= asserted,
            Self::LessOrEqual => actual <= asserted,
            Self::Contains => common == *asserted,
            Self::DoesNotContain => common == nothing,
        }
    }
}
