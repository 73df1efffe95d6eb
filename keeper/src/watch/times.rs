//! Times of a loan by the chain's clock. Pure.

use {
    crate::chain::Snapshot,
    blockable_sdk::{
        amounts::{ChainTime, MarketTime},
        program::state::Credit,
        terms::{cure_ends, default_from, delinquent_from},
    },
};

/// Converts times of the market's clock to the chain's.
pub(crate) struct Times {
    market: MarketTime,
    /// The chain's clock when market time reached `market`.
    reached: ChainTime,
    /// The chain's clock when market time goes on from `market`.
    resumes: ChainTime,
}

impl Times {
    /// The clocks of a snapshot.
    pub(crate) fn new(snapshot: &Snapshot) -> Times {
        let (reached, resumes) = if snapshot.is_paused() {
            (ChainTime(snapshot.market.paused_at), ChainTime(snapshot.market.pause_expires_at))
        } else {
            (snapshot.clock, snapshot.clock)
        };
        Times { market: snapshot.market_time(), reached, resumes }
    }

    /// Converts a market time to the chain's clock, as if no other pause lay between it and now.
    pub(crate) fn to_chain(&self, time: MarketTime) -> ChainTime {
        let from = if time > self.market { self.resumes } else { self.reached };
        from.plus_seconds(time.seconds_since(self.market))
    }
}

/// The times at which a loan that is not paid is marked.
pub(crate) struct MarkTimes {
    /// Due date of the oldest unpaid instalment.
    pub(crate) arrears_since: Option<ChainTime>,
    /// The time from which on the credit may be marked delinquent, while something is unpaid.
    pub(crate) delinquent_from: Option<ChainTime>,
    /// The time from which on the credit may be marked defaulted, while something is unpaid.
    pub(crate) default_from: Option<ChainTime>,
    /// End of the cure period, from which on collateral may be seized; while a default stands.
    pub(crate) cure_ends_at: Option<ChainTime>,
}

impl MarkTimes {
    /// Works out the times of a credit that has been accrued to now.
    pub(crate) fn new(now: &Credit, times: &Times) -> MarkTimes {
        let unpaid_since = Some(MarketTime(now.debt.arrears_since)).filter(|since| since.get() != 0);
        let chain = |time: Option<MarketTime>| time.map(|time| times.to_chain(time));
        MarkTimes {
            arrears_since: chain(unpaid_since),
            delinquent_from: chain(delinquent_from(now)),
            default_from: chain(default_from(now)),
            cure_ends_at: chain(cure_ends(now)),
        }
    }
}
