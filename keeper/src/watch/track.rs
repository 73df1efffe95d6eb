//! The record of a credit from one pass to the next, and over restarts.

use {
    crate::{
        chain::Snapshot,
        watch::burn::{Burn, HalfLives},
    },
    blockable_sdk::{
        amounts::{ChainTime, MarketTime, Units},
        program::state::Credit,
    },
    serde::{Deserialize, Serialize},
};

/// Seconds after which an overrun that has not grown is no longer new.
const QUIET: i64 = 86_400;

/// The record of a credit.
///
/// Every finding follows from this and from the account alone, so nothing is lost when a finding could not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Track {
    /// The record of its use.
    pub burn: Burn,
    /// Overrun that is no longer new.
    quiet_overrun: Units,
    /// Overrun at the latest pass.
    overrun: Units,
    /// The chain's clock when the overrun last grew.
    overrun_at: ChainTime,
    /// True while the credit is missing from the latest pass.
    gone: bool,
}

impl Track {
    /// Begins the record of a credit. Its use since issue is the first reading, so that steady use does not look sudden because the
    /// record is young.
    pub(crate) fn begin(credit: &Credit, snapshot: &Snapshot, half_lives: HalfLives) -> Track {
        let (clock, consumed) = (snapshot.clock, Units(credit.collateral.consumed));
        let age = snapshot.market_time().seconds_since(MarketTime(credit.issued_at));
        let burn = if credit.issued_at > 0 && age > 0 {
            let mut burn = Burn::begin(clock.plus_seconds(age.saturating_neg()), Units::ZERO);
            burn.read(clock, consumed, half_lives);
            burn
        } else {
            Burn::begin(clock, consumed)
        };
        let overrun = Units(credit.meter.overrun);
        Track { burn, quiet_overrun: Units::ZERO, overrun, overrun_at: clock, gone: false }
    }

    /// Takes in the state of a credit at a later pass.
    pub(crate) fn update(&mut self, credit: &Credit, clock: ChainTime, half_lives: HalfLives) {
        self.gone = false;
        self.burn.read(clock, Units(credit.collateral.consumed), half_lives);
        let overrun = Units(credit.meter.overrun);
        if overrun > self.overrun {
            self.overrun = overrun;
            self.overrun_at = clock;
        } else if clock.seconds_since(self.overrun_at) >= QUIET {
            self.quiet_overrun = self.overrun;
        }
    }

    /// The record of a credit that is missing from a pass.
    pub(crate) fn as_gone(&self) -> Track {
        Track { gone: true, ..*self }
    }

    /// Tests whether the credit was missing from the latest pass.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Units of an overrun that are new.
    pub(crate) fn new_overrun(&self, overrun: Units) -> Units {
        overrun.saturating_sub(self.quiet_overrun)
    }
}
