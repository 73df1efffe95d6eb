//! The instructions: one assertion, or a list of them.

use crate::{Account, Clock, Failure, assertion::Assertion, cursor::Cursor};

/// The highest log level: the second byte says what the original logs.
const LAST_LOG_LEVEL: u8 = 6;

/// Reads one assertion of an instruction.
type Read<'a> = fn(&mut Cursor<'a>) -> Option<Assertion<'a>>;

/// An instruction whose data is whole: the assertions from `first` on can be read.
struct Instruction<'a> {
    read: Read<'a>,
    first: Cursor<'a>,
    /// Number of assertions; `None` for a single one, which fails without a place in a list.
    listed: Option<u64>,
}

impl<'a> Instruction<'a> {
    /// Reads the number of the instruction, the log level, and every assertion.
    fn read(data: &'a [u8]) -> Option<Self> {
        let mut from = Cursor::new(data);
        let (read, is_list): (Read<'a>, bool) = match from.u8()? {
            2 => (Assertion::read_data, false),
            3 => (Assertion::read_data, true),
            4 => (Assertion::read_delta, false),
            5 => (Assertion::read_info, false),
            6 => (Assertion::read_info, true),
            7 => (Assertion::read_mint, false),
            8 => (Assertion::read_mint, true),
            9 => (Assertion::read_token, false),
            10 => (Assertion::read_token, true),
            15 => (Assertion::read_clock, false),
            _ => return None,
        };
        if from.u8()? > LAST_LOG_LEVEL {
            return None;
        }
        let listed = if is_list { Some(from.leb128()?) } else { None };
        let first = from.clone();
        for _ in 0..listed.unwrap_or(1) {
            read(&mut from)?;
        }
        Some(Self { read, first, listed })
    }
}

/// Requires that every assertion of an instruction holds, in their order. Data behind the last assertion is passed over, as
/// the original does. Fails by the first assertion that does not hold, or where data or accounts cannot be read.
pub fn process(
    accounts: &[Option<Account>],
    data: &[u8],
    clock: fn() -> Option<Clock>,
) -> Result<(), Failure> {
    let instruction = Instruction::read(data).ok_or(Failure::InvalidInstruction)?;
    let mut from = instruction.first;
    for place in 0..instruction.listed.unwrap_or(1) {
        let assertion = (instruction.read)(&mut from).ok_or(Failure::InvalidInstruction)?;
        let result = assertion.require(accounts, clock);
        result.map_err(|failure| instruction.listed.map_or(failure, |_| failure.in_list(place)))?;
    }
    Ok(())
}
