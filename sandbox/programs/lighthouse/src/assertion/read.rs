//! Reads assertions from the data of an instruction.

use {
    super::{Assertion, Expected, Place, Property},
    crate::{
        cursor::Cursor,
        known::KNOWN,
        value::{Kind, Operator, Value},
    },
};

impl<'a> Expected<'a> {
    fn read(from: &mut Cursor<'a>, kind: Kind) -> Option<Self> {
        let value = kind.read(from)?;
        Some(Self { value, operator: Operator::read(from, kind)? })
    }
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
