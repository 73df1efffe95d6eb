//! A multisig for the tests of the command line: enough of its members sign, and it signs by an address of its own, as Squads does.
//!
//! It has no accounts. Its address, the vault, is derived from its members and their threshold, so that nobody else can sign by it:
//!
//! ```text
//! vault = address of ["multisig", member, ..., [threshold], [bump]]
//! data  = threshold, bump, number of members, then the data of the inner instruction
//! accounts = the members, those who sign as signers; the program of the inner instruction; its accounts
//! ```
//!
//! Squads keeps proposals and votes in accounts, and one member executes what others have approved before. Here all sign one
//! transaction. For the program that is called nothing differs: the vault is a signer of the inner instruction without a key.
//!
//! Never deploy it.

#[cfg(target_os = "solana")]
mod chain;

/// The most members.
pub const MOST_MEMBERS: usize = 10;

/// First seed of a vault.
pub const PREFIX: &[u8] = b"multisig";

/// A reason for which it does not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The data is too short, or names no members or too many.
    Data,
    /// There are fewer accounts than members, or no program behind them, or more than it passes on.
    Accounts,
    /// Two members are one key.
    RepeatedMember,
    /// Fewer members sign than the threshold, or the threshold is zero.
    TooFewSign,
}

impl Failure {
    /// The error that the runtime gets.
    pub fn code(self) -> u64 {
        match self {
            Failure::Data => 1,
            Failure::Accounts => 2,
            Failure::RepeatedMember => 3,
            Failure::TooFewSign => 4,
        }
    }
}

/// A member in an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its key.
    pub key: &'a [u8; 32],
    /// True where it signs.
    pub signs: bool,
}

/// The head of the instruction's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// Members that must sign.
    pub threshold: u8,
    /// Bump of the vault's address.
    pub bump: u8,
    /// The number of members.
    pub members: usize,
    /// Data of the inner instruction.
    pub inner: &'a [u8],
}

impl<'a> Head<'a> {
    /// Reads the data. Errors: [`Failure::Data`].
    pub fn read(data: &'a [u8]) -> Result<Head<'a>, Failure> {
        let Some(([threshold, bump, members], inner)) = data.split_first_chunk::<3>() else {
            return Err(Failure::Data);
        };
        let members = usize::from(*members);
        if members == 0 || members > MOST_MEMBERS {
            return Err(Failure::Data);
        }
        Ok(Head { threshold: *threshold, bump: *bump, members, inner })
    }
}

/// Requires that enough of the members sign, each of them counted once. Errors: [`Failure::RepeatedMember`], [`Failure::TooFewSign`].
pub fn require_approval<'a>(
    threshold: u8,
    members: impl Iterator<Item = Member<'a>> + Clone,
) -> Result<(), Failure> {
    let mut rest = members.clone();
    while let Some(member) = rest.next() {
        if rest.clone().any(|other| other.key == member.key) {
            return Err(Failure::RepeatedMember);
        }
    }
    let signing = members.filter(|member| member.signs).count();
    if threshold == 0 || signing < usize::from(threshold) { Err(Failure::TooFewSign) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_members_must_sign_and_each_counts_once() {
        let keys = [[1; 32], [2; 32], [3; 32]];
        let approve = |threshold: u8, signs: [bool; 3]| {
            require_approval(threshold, keys.iter().zip(signs).map(|(key, signs)| Member { key, signs }))
        };
        assert_eq!(approve(2, [true, false, true]), Ok(()));
        assert_eq!(approve(2, [true, false, false]), Err(Failure::TooFewSign));
        assert_eq!(approve(0, [true, true, true]), Err(Failure::TooFewSign));
        assert_eq!(approve(3, [true, true, true]), Ok(()));
        let twice = [Member { key: &keys[0], signs: true }; 2];
        assert_eq!(require_approval(2, twice.into_iter()), Err(Failure::RepeatedMember));
    }

    #[test]
    fn data_names_threshold_bump_and_members() {
        let head = Head::read(&[2, 254, 3, 9, 8]).unwrap();
        assert_eq!(head, Head { threshold: 2, bump: 254, members: 3, inner: &[9, 8] });
        for data in [&[][..], &[2, 254], &[2, 254, 0], &[2, 254, 11]] {
            assert_eq!(Head::read(data), Err(Failure::Data));
        }
    }
}
