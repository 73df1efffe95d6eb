//! Joins records to a log, and proves the log by the hash chain in the credit's account. Pure.

use {
    super::kind::{Life, kind},
    crate::{accounts::CreditStamp, events::CreditRecord},
    solana_pubkey::Pubkey,
    solana_signature::Signature,
};

/// The end of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of records, which is the number of the next one.
    pub seq: u64,
    /// The hash chain after them.
    pub hash: [u8; 32],
}

/// The reason for which a log is not proven, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// A record is missing between two others.
    #[error("record {expected} is missing: the next one served is {found}")]
    Gap {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// Records are missing at the end.
    #[error("records are missing at the end: {have} are served and the credit has {account}")]
    Short {
        /// Records in the log.
        have: u64,
        /// Records by the account.
        account: u64,
    },
    /// The log has more records than the account counts: the node shows an older state of the account.
    #[error("the log has {have} records and the account shown has {account}; the node shows an older state")]
    Ahead {
        /// Records in the log.
        have: u64,
        /// Records by the account.
        account: u64,
    },
    /// The records do not hash to the event hash in the account.
    #[error("the {0} records do not hash to the credit's event hash")]
    Mismatch(u64),
    /// A record of another credit.
    #[error("record {0} belongs to another credit")]
    Foreign(u64),
    /// A record that cannot be written in Borsh.
    #[error("record {0} cannot be hashed")]
    Unhashable(u64),
}

/// A record with its transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The record.
    pub record: CreditRecord,
    /// The transaction.
    pub signature: Signature,
    /// The transaction's slot.
    pub slot: u64,
}

/// A record that joins on to those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The record.
    pub found: Found,
    /// The hash chain after it.
    pub hash: [u8; 32],
}

/// The records that join on to a log, and its new end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// Set where the links begin a log of their own: a credit was closed, and its address has been used again.
    pub fresh: bool,
    /// The records that join on, in order.
    pub links: Vec<Link>,
    /// The end of the log with them.
    pub end: Position,
    /// The state of the account after the last record.
    pub life: Life,
    /// The reason for which the records after them do not join on.
    pub fault: Option<ProofError>,
}

/// Joins records to a log that ends at `from`, after whose last record the account is in state `life`. Records are in the order
/// of their transactions; within a slot their numbers decide. A record with number 0 begins the log of another credit at the
/// address; no record of a log that is still open can be taken for it.
pub fn join(credit: &Pubkey, from: Position, life: Life, mut found: Vec<Found>) -> Joined {
    let mut joined = Joined { end: from, life, ..Joined::default() };
    if let Some(foreign) = found.iter().find(|found| found.record.credit != *credit) {
        joined.fault = Some(ProofError::Foreign(foreign.record.seq));
        return joined;
    }
    // Stable: records of one slot stay in the order in which they were served.
    found.sort_by_key(|found| found.slot);
    for slot in found.chunk_by(|one, other| one.slot == other.slot) {
        let mut left: Vec<&Found> = slot.iter().collect();
        while let Some(position) = joined.next(&left, from) {
            let found = left.remove(position);
            if found.record.seq == 0 {
                // The records served before it belong to the earlier credit's log.
                left.drain(..position);
            }
            joined.add(found);
        }
        let further = left.iter().map(|found| found.record.seq).filter(|seq| *seq > joined.end.seq).min();
        if let Some(found) = further
            && joined.fault.is_none()
        {
            joined.fault = Some(ProofError::Gap { expected: joined.end.seq, found });
        }
    }
    joined
}

impl Joined {
    /// Finds the position of the next record of the log. After a fault only record 0 of a new credit can be next, and only while
    /// the log has no stored record that would be lost: a node that has forgotten an earlier credit's log may serve all of the
    /// new one's.
    fn next(&self, left: &[&Found], from: Position) -> Option<usize> {
        let position = |seq| left.iter().position(|found| found.record.seq == seq);
        let following = if self.fault.is_none() { position(self.end.seq) } else { None };
        let may_begin = match self.fault {
            None => self.life != Life::Open,
            Some(_) => from.seq == 0,
        };
        following.or_else(|| if may_begin { position(0) } else { None })
    }

    fn add(&mut self, found: &Found) {
        if found.record.seq == 0 {
            *self = Joined { fresh: true, ..Joined::default() };
        }
        let Ok(hash) = found.record.fold(&self.end.hash) else {
            self.fault = Some(ProofError::Unhashable(found.record.seq));
            return;
        };
        self.life = Life::after(kind(&found.record.change));
        self.end = Position { seq: found.record.seq.saturating_add(1), hash };
        self.links.push(Link { found: found.clone(), hash });
    }
}

/// Proves that a log is complete, by the number of records and the hash in the credit's account. Errors: [`ProofError`].
pub fn prove(end: Position, account: CreditStamp) -> Result<(), ProofError> {
    let (have, account_has) = (end.seq, account.seq);
    if have < account_has {
        return Err(ProofError::Short { have, account: account_has });
    }
    if have > account_has {
        return Err(ProofError::Ahead { have, account: account_has });
    }
    if end.hash == account.hash { Ok(()) } else { Err(ProofError::Mismatch(have)) }
}
