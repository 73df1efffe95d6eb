//! Reasons for which intents are due, and their text.

use {
    crate::plan::{Kind, now::Now},
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime, MicroUsd, Units},
        program::state::Credit,
    },
    blockable_service::text::{span, time, units, usd_owed, usd_received},
    std::fmt,
};

/// The reason for which an intent is due. Its text is formatted here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The terms have a credit frozen in full from a mark on.
    FreezeAgreed {
        /// Time of the mark of default, or the due date whose grace has passed.
        since: ChainTime,
        /// True for a credit in default, false for one that is delinquent.
        is_default: bool,
        /// Units of the lien that are neither locked nor frozen.
        open: Units,
    },
    /// Anybody may cancel the units under the holdback.
    CancelOpen {
        /// The time since which anybody may.
        since: ChainTime,
        /// The units that can be cancelled.
        units: Units,
        /// Money that is held back.
        held_back: MicroUsd,
    },
    /// The other credit, on whose default a freeze rests, is in default no more.
    CrossDefaultOver {
        /// The other credit.
        other: Pubkey,
        /// Units frozen for it.
        frozen: Units,
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
            Kind::AutoFreeze => {
                let is_default = credit.defaulted_at != 0;
                let since = if is_default { credit.defaulted_at } else { accrued.debt.arrears_since };
                let units = &accrued.collateral;
                Reason::FreezeAgreed {
                    since: now.chain_time(MarketTime(since)),
                    is_default,
                    open: Units(units.freezable()).saturating_sub(Units(units.frozen())),
                }
            }
            Kind::CancelLocked => Reason::CancelOpen {
                since: now.chain_time(MarketTime(credit.cancel_opens_at())),
                units: Units(accrued.cancellable().unwrap_or_default()),
                held_back: MicroUsd(credit.holdback_left),
            },
            Kind::ThawCross => Reason::CrossDefaultOver {
                other: credit.cross_credit,
                frozen: Units(credit.collateral.frozen_for_cross),
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
            Reason::FreezeAgreed { since, is_default, open } => {
                let mark = if *is_default { "in default" } else { "delinquent, and unpaid" };
                let (since, open) = (time(*since), units(*open));
                write!(
                    f,
                    "{mark} since {since}; the terms have it frozen in full, and {open} of the lien are open"
                )
            }
            Reason::CancelOpen { since, units: covered, held_back } => write!(
                f,
                "in default, and since {} anybody may cancel; {} can be cancelled, and {} are held back",
                time(*since),
                units(*covered),
                usd_received(*held_back)
            ),
            Reason::CrossDefaultOver { other, frozen } => {
                write!(f, "{} are frozen for the default of credit {other}, which is over", units(*frozen))
            }
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
