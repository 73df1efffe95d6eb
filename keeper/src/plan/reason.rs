//! Reasons for which intents are due, and their text.

use {
    crate::plan::{Kind, now::Now},
    blockable_sdk::{
        amounts::{ChainTime, MarketTime, MicroUsd, Units},
        program::state::Credit,
    },
    blockable_service::text::{span, time, units, usd_owed, usd_received},
    std::fmt,
};

/// The reason for which an intent is due. Its text is formatted here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The terms have a defaulted credit frozen in full.
    FreezeAgreed {
        /// Time of the default.
        defaulted_at: ChainTime,
        /// Units of the lien that are not frozen.
        open: Units,
    },
    /// An instalment is past the delinquency grace.
    PastDelinquencyGrace(Unpaid),
    /// An instalment is past the default grace.
    PastDefaultGrace(Unpaid),
    /// The reserve can pay arrears.
    ReserveCanPay {
        /// The arrears.
        arrears: MicroUsd,
        /// Cash in the reserve.
        reserve: MicroUsd,
    },
    /// The lifetime of units has ended.
    UnitsExpired {
        /// The end.
        at: ChainTime,
    },
    /// Usage is metered past the covenant's window.
    CovenantWindowEnded {
        /// Time up to which usage is metered.
        metered_until: ChainTime,
        /// Length of the window.
        window_seconds: u32,
        /// Start of the window.
        from: ChainTime,
    },
    /// Reports on a chunk are to be metered.
    ReportsToMeter {
        /// The number of reports.
        reports: usize,
        /// Time of the newest.
        until: ChainTime,
        /// The number of credits that they are applied to.
        credits: usize,
        /// The chunk.
        chunk: u32,
    },
}

/// An instalment that was not paid in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unpaid {
    /// Everything in arrears.
    pub arrears: MicroUsd,
    /// Due date of the oldest unpaid instalment.
    pub since: ChainTime,
    /// The agreed grace.
    pub grace_seconds: u32,
}

impl Reason {
    /// The reason for which a kind of intent is due on a credit; `None` for metering, whose reason is in its reports.
    pub(super) fn for_credit(now: &Now, credit: &Credit, kind: Kind) -> Option<Reason> {
        let accrued = now.snapshot.accrued(credit);
        let arrears = MicroUsd(accrued.arrears());
        let unpaid = |grace_seconds| {
            let since = now.chain_time(MarketTime(accrued.debt.arrears_since));
            Unpaid { arrears, since, grace_seconds }
        };
        Some(match kind {
            Kind::AutoFreeze => Reason::FreezeAgreed {
                defaulted_at: now.chain_time(MarketTime(credit.defaulted_at)),
                open: Units(accrued.collateral.lien()).saturating_sub(Units(accrued.collateral.frozen())),
            },
            Kind::MarkDelinquent => Reason::PastDelinquencyGrace(unpaid(credit.terms.delinquency_grace)),
            Kind::MarkDefaulted => Reason::PastDefaultGrace(unpaid(credit.terms.default_grace)),
            Kind::DrawReserve => Reason::ReserveCanPay { arrears, reserve: MicroUsd(credit.reserve_held) },
            Kind::ExpireUnits => {
                Reason::UnitsExpired { at: now.chain_time(MarketTime(credit.units_expire_at)) }
            }
            Kind::ApplyCovenant => Reason::CovenantWindowEnded {
                metered_until: ChainTime(credit.meter.reported_at),
                window_seconds: credit.rider.covenant_window,
                from: ChainTime(credit.covenant.measured_at),
            },
            Kind::Meter => return None,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::FreezeAgreed { defaulted_at, open } => write!(
                f,
                "in default since {}; the terms have it frozen in full, and {} of the lien are not frozen",
                time(*defaulted_at),
                units(*open)
            ),
            Reason::PastDelinquencyGrace(unpaid) => {
                write!(f, "{unpaid}; past the delinquency grace of {}", span(unpaid.grace_seconds.into()))
            }
            Reason::PastDefaultGrace(unpaid) => {
                write!(f, "{unpaid}; past the default grace of {}", span(unpaid.grace_seconds.into()))
            }
            Reason::ReserveCanPay { arrears, reserve } => {
                write!(f, "{} in arrears; the reserve holds {}", usd_owed(*arrears), usd_received(*reserve))
            }
            Reason::UnitsExpired { at } => write!(f, "the lifetime of its units ended at {}", time(*at)),
            Reason::CovenantWindowEnded { metered_until, window_seconds, from } => write!(
                f,
                "usage is metered up to {}, past the covenant's window of {} that began at {}",
                time(*metered_until),
                span(i64::from(*window_seconds)),
                time(*from)
            ),
            Reason::ReportsToMeter { reports, until, credits, chunk } => {
                write!(f, "{reports} reports up to {} on {credits} credits of chunk {chunk}", time(*until))
            }
        }
    }
}

impl fmt::Display for Unpaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in arrears, the oldest since {}", usd_owed(self.arrears), time(self.since))
    }
}
