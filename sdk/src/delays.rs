//! Changes and offers that wait for a delay, and lapse when nobody takes them up.
//!
//! A market's settings, its admin's place, a provider's settings, its authority's place and a borrower's place change in two steps:
//! a proposal or an offer, and after a delay the act that puts it in force, which is refused when
//! [`CHANGE_LIFETIME`] has passed as well.

use {
    crate::amounts::MarketTime,
    blockable_credits::state::{CHANGE_LIFETIME, Market, Provider},
};

/// The state of a change or an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// There is none.
    None,
    /// It can be taken up from this market time on.
    Until(MarketTime),
    /// It can be taken up, since the first and through the last of these market times.
    Ready {
        /// Since then.
        since: MarketTime,
        /// The last time.
        through: MarketTime,
    },
    /// It can no longer be taken up; this was the last market time. It is in nobody's way: a new one takes its place.
    Lapsed(MarketTime),
}

impl Waiting {
    /// The state at a market time of what is ready at another one; 0 stands for none, as in the accounts.
    ///
    /// ```
    /// use blockable_sdk::{amounts::MarketTime, delays::Waiting};
    ///
    /// assert_eq!(Waiting::new(0, MarketTime(5)), Waiting::None);
    /// assert_eq!(Waiting::new(9, MarketTime(5)), Waiting::Until(MarketTime(9)));
    /// assert!(matches!(Waiting::new(9, MarketTime(9)), Waiting::Ready { .. }));
    /// ```
    pub fn new(ready_at: i64, now: MarketTime) -> Waiting {
        let (since, through) =
            (MarketTime(ready_at), MarketTime(ready_at).plus_seconds(CHANGE_LIFETIME.into()));
        match ready_at {
            0 => Waiting::None,
            _ if now < since => Waiting::Until(since),
            _ if now <= through => Waiting::Ready { since, through },
            _ => Waiting::Lapsed(through),
        }
    }

    /// The change of a market's settings.
    pub fn market_change(market: &Market, now: MarketTime) -> Waiting {
        Waiting::new(market.change_ready_at, now)
    }

    /// The offer of a market's admin's place.
    pub fn market_admin(market: &Market, now: MarketTime) -> Waiting {
        Waiting::new(market.pending_admin_ready_at, now)
    }

    /// The change of a provider's settings.
    pub fn provider_change(provider: &Provider, now: MarketTime) -> Waiting {
        Waiting::new(provider.change_ready_at, now)
    }

    /// True where it can be taken up, now or later.
    pub fn is_alive(self) -> bool {
        matches!(self, Waiting::Until(_) | Waiting::Ready { .. })
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_credits::{errors::BlockableError, state::MarketClock},
        bytemuck::Zeroable,
        solana_pubkey::Pubkey,
    };

    /// The program's own decision, on a copy of a market with an offer of its admin's place.
    fn accepted(ready_at: i64, now: i64) -> Result<(), BlockableError> {
        let to = Pubkey::new_from_array([7; 32]);
        let mut market = Market { pending_admin: to, pending_admin_ready_at: ready_at, ..Market::zeroed() };
        let clock = MarketClock { chain: now, market: now, is_paused: false, is_halted: false };
        market.accept_admin(&to, &clock).map(drop).map_err(|error| crate::errors::refusal(&error).unwrap())
    }

    #[test]
    fn a_change_is_ready_exactly_where_the_program_takes_it() {
        let lifetime = i64::from(CHANGE_LIFETIME);
        for ready_at in [1, 1_000, 2_000_000_000] {
            for now in [0, ready_at - 1, ready_at, ready_at + lifetime, ready_at + lifetime + 1, i64::MAX] {
                let waiting = Waiting::new(ready_at, MarketTime(now));
                let expected = match accepted(ready_at, now) {
                    Ok(()) => matches!(waiting, Waiting::Ready { .. }),
                    Err(BlockableError::ChangeDelayRunning) => matches!(waiting, Waiting::Until(_)),
                    Err(BlockableError::ChangeLapsed) => matches!(waiting, Waiting::Lapsed(_)),
                    Err(other) => panic!("{other}"),
                };
                assert!(expected, "{ready_at} at {now}: {waiting:?}");
                assert_eq!(waiting.is_alive(), now <= ready_at + lifetime, "{ready_at} at {now}");
            }
        }
    }
}
