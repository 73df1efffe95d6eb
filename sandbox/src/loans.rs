//! The loans of a sandbox: in seven states, with terms of minutes instead of months.

use {
    crate::venue::{LoanOffer, USDC},
    blockable_sdk::{
        Pubkey,
        program::state::{AutoFreeze, FreezePolicy, Instalment, Rider, Terms},
    },
    serde::{Serialize, Serializer},
    std::time::Duration,
};

/// Lent in each loan, in micro-USDC.
const PRINCIPAL: u64 = 12_000 * USDC;
/// Units of each loan: five dollars a million.
pub(crate) const UNITS: u64 = 2_400_000_000;
/// Annual interest rate of the loans that the sandbox does not pay, in basis points; half of it on what is held back.
const APR_BPS: u16 = 1_400;
/// Seconds between two instalments of loans that are paid for hours.
const LONG_INTERVAL: u32 = 600;
/// Seconds between two instalments of the loan that stays frozen: what a payment opens the freeze does not cover.
const FROZEN_INTERVAL: u32 = 86_400;
/// Most seconds between two instalments.
const LONGEST_INTERVAL: u32 = 30 * 86_400;
/// Most units per second that reports may count.
pub(crate) const MAX_UNITS_PER_SECOND: u64 = 10_000_000;
/// Seconds of the longest job.
pub(crate) const LONGEST_JOB: u32 = 120;
/// Seconds in which the price of a lot falls.
pub(crate) const LOT_SECONDS: u32 = 3_600;

/// A loan of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LoanName {
    /// Everything is fine; for requests of your own.
    Healthy,
    /// A task of the sandbox pays its instalments, some seconds before they fall due.
    Paying,
    /// Misses its first instalment.
    Late,
    /// The lender has frozen it.
    Frozen,
    /// Its units are for sale in a lot.
    ForSale,
    /// The borrower has paid everything.
    Repaid,
    /// The lender has offered it; the borrower may accept.
    Offered,
}

impl LoanName {
    /// All of them.
    pub const ALL: [LoanName; 7] = [
        LoanName::Healthy,
        LoanName::Paying,
        LoanName::Late,
        LoanName::Frozen,
        LoanName::ForSale,
        LoanName::Repaid,
        LoanName::Offered,
    ];

    /// Its name in texts.
    pub fn name(self) -> &'static str {
        match self {
            LoanName::Healthy => "healthy",
            LoanName::Paying => "paying",
            LoanName::Late => "late",
            LoanName::Frozen => "frozen",
            LoanName::ForSale => "for_sale",
            LoanName::Repaid => "repaid",
            LoanName::Offered => "offered",
        }
    }

    /// The number in its credit's address.
    pub fn nonce(self) -> u64 {
        match self {
            LoanName::Healthy => 1,
            LoanName::Paying => 2,
            LoanName::Late => 3,
            LoanName::Frozen => 4,
            LoanName::ForSale => 5,
            LoanName::Repaid => 6,
            LoanName::Offered => 7,
        }
    }

    /// True where the sandbox pays its instalments.
    pub fn is_paid(self) -> bool {
        matches!(self, LoanName::Healthy | LoanName::Paying | LoanName::Frozen)
    }

    /// Its terms, for people.
    pub fn purpose(self) -> &'static str {
        match self {
            LoanName::Healthy => "for your own requests; the lender may freeze it at will",
            LoanName::Paying => "an instalment every two minutes, which the sandbox pays; repaid after 36",
            LoanName::Late => "misses its first instalment; the keeper marks and freezes it",
            LoanName::Frozen => {
                "frozen at will by the freeze authority; its first instalment is due in a day"
            }
            LoanName::ForSale => "defaulted; its units are for sale in a lot at a falling price",
            LoanName::Repaid => "paid in full",
            LoanName::Offered => "offered by the lender; the borrower may accept",
        }
    }
}

impl Serialize for LoanName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The times that a user of the sandbox chooses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// From issue to the first instalment of the late loan.
    pub(crate) late_after: Duration,
    /// Between the instalments of the paying loan.
    pub(crate) paid_every: Duration,
}

/// The offer of a loan.
pub(crate) fn offer(name: LoanName, freeze_authority: Pubkey, times: Times) -> LoanOffer {
    let seconds =
        |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX).clamp(1, LONGEST_INTERVAL);
    let (interval, instalments, policy) = match name {
        LoanName::Healthy | LoanName::Repaid | LoanName::Offered => (LONG_INTERVAL, 36, FreezePolicy::AtWill),
        LoanName::Frozen => (FROZEN_INTERVAL, 36, FreezePolicy::AtWill),
        LoanName::Paying => (seconds(times.paid_every), 36, FreezePolicy::OnDelinquency),
        LoanName::Late => (seconds(times.late_after), 12, FreezePolicy::OnDelinquency),
        LoanName::ForSale => (10, 12, FreezePolicy::OnDelinquency),
    };
    let (delinquency_grace, default_grace, cure_period) = match name {
        LoanName::ForSale => (1, 2, 1),
        // An instalment that falls due as the sandbox stops must not be late when it goes on.
        _ => (5, 120, 120),
    };
    // Interest that accrues between an early payment and the due date would fall due unpaid.
    let (apr_bps, holdback_apr_bps) = if name.is_paid() { (0, 0) } else { (APR_BPS, APR_BPS / 2) };
    let terms = Terms {
        delinquency_grace,
        default_grace,
        cure_period,
        apr_bps,
        holdback_apr_bps,
        ..terms(instalments, policy)
    };
    LoanOffer {
        nonce: name.nonce(),
        freeze_authority,
        terms,
        rider: Rider::default(),
        schedule: schedule(interval, instalments),
    }
}

/// The shape of the standard preset: half of an instalment's units are open ahead of payment, half of the price of the locked
/// ones is held back.
fn terms(instalments: u32, policy: FreezePolicy) -> Terms {
    let unlocked_ahead = UNITS / (2 * u64::from(instalments.max(1)));
    let unlocked_ahead = unlocked_ahead.max(UNITS / 24);
    let locked = u128::from(UNITS - unlocked_ahead);
    let holdback = locked * u128::from(PRINCIPAL) / u128::from(UNITS) / 2;
    Terms {
        principal: PRINCIPAL,
        units: UNITS,
        unlocked_ahead,
        holdback: u64::try_from(holdback).unwrap_or(0),
        late_fee: PRINCIPAL / u64::from(instalments.max(1)) / 50,
        offer_expires_at: 0,
        max_units_per_second: MAX_UNITS_PER_SECOND,
        delinquency_grace: 0,
        default_grace: 0,
        cure_period: 0,
        unit_lifetime: 0,
        longest_job: LONGEST_JOB,
        apr_bps: 0,
        holdback_apr_bps: 0,
        freeze_policy: policy as u8,
        auto_freeze: AutoFreeze::FromDelinquency as u8,
        reserved: [0; 6],
        reporters_hash: [0; 32],
    }
}

/// Even instalments, the last one with what division leaves over.
fn schedule(interval: u32, count: u32) -> Vec<Instalment> {
    let even = PRINCIPAL / u64::from(count.max(1));
    let instalment = |number: u32| {
        let rest = if number == count { PRINCIPAL - even * u64::from(count) } else { 0 };
        Instalment { due_after: number * interval, principal: even + rest }
    };
    (1..=count).map(instalment).collect()
}
