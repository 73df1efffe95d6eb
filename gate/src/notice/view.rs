//! A credit as notices describe it.

use {
    blockable_sdk::{
        amounts::{MarketTime, Units},
        names::status_byte_name,
        program::{state::Credit, transitions::Status},
    },
    serde::{Deserialize, Serialize},
};

/// The parts of a credit whose changes are noticed.
///
/// The store keeps the last one of each credit. A change is noticed by comparison with it, in the commit that replaces it: so
/// each change has one notice, also one that happened while the server was down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticedCredit {
    /// The lender's address.
    pub lender: String,
    /// The borrower's address.
    pub borrower: String,
    /// The credit's place in reports, `None` before it is issued. Another loan at the same address has another one.
    pub index: Option<u32>,
    /// The status as its byte.
    pub status: u8,
    /// Units granted.
    pub granted: Units,
    /// Units used.
    pub consumed: Units,
    /// Units seized.
    pub seized: Units,
    /// Units expired.
    pub expired: Units,
    /// Units cancelled.
    pub cancelled: Units,
    /// Units released by payments.
    pub released: Units,
    /// Units locked.
    pub locked: Units,
    /// Units frozen.
    pub frozen: Units,
    /// Units open to new jobs.
    pub available: Units,
    /// True once the units' lifetime has passed.
    pub lifetime_over: bool,
}

impl NoticedCredit {
    /// Takes what is noticed of a credit, at a market time; `None` while that is not known.
    pub fn new(credit: &Credit, now: Option<MarketTime>) -> NoticedCredit {
        let collateral = &credit.collateral;
        let is_over = |now: MarketTime| credit.require_unexpired(now.get()).is_err();
        NoticedCredit {
            lender: credit.lender.to_string(),
            borrower: credit.borrower.to_string(),
            index: (credit.has_index == 1).then_some(credit.meter.index),
            status: credit.status,
            granted: Units(collateral.granted),
            consumed: Units(collateral.consumed),
            seized: Units(collateral.seized),
            expired: Units(collateral.expired),
            cancelled: Units(collateral.cancelled),
            released: Units(collateral.released),
            locked: Units(collateral.locked()),
            frozen: Units(collateral.frozen()),
            available: Units(collateral.available()),
            lifetime_over: now.is_some_and(is_over),
        }
    }

    /// The status; `None` for a byte of a later version.
    pub fn status(&self) -> Option<Status> {
        Status::from_byte(self.status)
    }

    /// True while units are live.
    pub(super) fn is_live(&self) -> bool {
        let ended = matches!(self.status(), Some(Status::Offered | Status::Accepted | Status::Closed));
        self.index.is_some() && !ended
    }

    /// The credit as a notice shows it.
    pub fn standing(&self) -> Standing {
        Standing {
            status: status_byte_name(self.status).to_string(),
            available: self.available,
            locked: self.locked,
            frozen: self.frozen,
        }
    }
}

/// A credit after a change, as the chain shows it, or with a freeze order that is obeyed. Running jobs and use that is not on the chain
/// yet are not subtracted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The status, in lower case.
    pub status: String,
    /// Units open to new jobs.
    pub available: Units,
    /// Units locked.
    pub locked: Units,
    /// Units frozen.
    pub frozen: Units,
}
