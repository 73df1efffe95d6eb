//! Notices to the parties of a credit: the life of freeze orders, and the changes that the chain shows.

mod changes;
mod rows;
mod view;

pub(crate) use rows::{ALL_SEEN, after, insert, last_hand_over, of_credit, prune, raise_frozen, record_view};
pub use view::{NoticedCredit, Standing};
use {
    blockable_sdk::amounts::Units,
    serde::{Deserialize, Serialize},
};

/// Something that lender and borrower of a credit should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its number, rising; 0 before it is recorded.
    pub seq: u64,
    /// The time it was recorded at, in milliseconds since 1970.
    pub at_ms: i64,
    /// The credit's address.
    pub credit: String,
    /// The lender's address.
    pub lender: String,
    /// The borrower's address.
    pub borrower: String,
    /// The event.
    #[serde(flatten)]
    pub kind: NoticeKind,
    /// The credit after it, as the chain shows it, and with the freeze order that is obeyed. `None` where its account is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// Events in the life of a freeze order, and changes of a credit on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NoticeKind {
    /// A freeze order is obeyed from now on, ahead of the chain.
    FreezeObeyed {
        /// The transaction.
        signature: String,
        /// The key that signed it.
        by: String,
        /// Total of units closed to new jobs.
        frozen: Units,
    },
    /// A freeze order has landed: the chain shows it.
    FreezeLanded {
        /// The transaction.
        signature: String,
        /// The slot it landed in.
        slot: u64,
    },
    /// A freeze order is no longer obeyed: it failed or can no longer land.
    FreezeLifted {
        /// The transaction.
        signature: String,
        /// The reason.
        reason: String,
    },
    /// Units are live: the credit serves jobs from now on.
    Issued {
        /// Units granted.
        units: Units,
    },
    /// Units were added to a credit without a lender.
    Granted {
        /// Units added.
        units: Units,
    },
    /// More units are frozen, by a freeze that the parties have had no notice of.
    Frozen {
        /// Units frozen on top of those before.
        units: Units,
    },
    /// Fewer units are frozen, or none any more.
    Thawed {
        /// Units that are no longer frozen.
        units: Units,
    },
    /// A payment has opened locked units.
    Unlocked {
        /// Units opened.
        units: Units,
    },
    /// Units were seized, for a lot or by the lender.
    Seized {
        /// Units seized.
        units: Units,
    },
    /// Unsold units of a lot have come back.
    Returned {
        /// Units that came back.
        units: Units,
    },
    /// The lifetime of the units has passed: no new job is served.
    LifetimeOver,
    /// Unused units were expired on the chain.
    Expired {
        /// Units expired.
        units: Units,
    },
    /// Locked units were cancelled.
    Cancelled {
        /// Units cancelled.
        units: Units,
    },
    /// A payment is late beyond the grace.
    Delinquent,
    /// The loan is in default.
    Defaulted,
    /// The loan is active again after delinquency or default.
    Cured,
    /// Nothing is owed any more.
    PaidOff,
    /// The credit has ended, or its account is gone.
    Closed,
    /// The loan has another lender.
    Assigned {
        /// The lender before.
        from: String,
    },
    /// The borrower's place was handed over: API keys of the borrower before it are void.
    HandedOver {
        /// The borrower before.
        from: String,
    },
}
