//! What is kept of a credit from one pass to the next, and over restarts.

use {
    crate::{
        chain::Snapshot,
        watch::burn::{Burn, HalfLives},
    },
    blockable_sdk::program::state::Credit,
    serde::{Deserialize, Serialize},
};

/// Seconds after which an overrun that has not grown is no longer new.
const QUIET: i64 = 86_400;

/// What is kept of a credit.
///
/// Findings that come from a change are given again until [`Track::settle`], which is called once a later pass has shown
/// that they were taken: a keeper that stops in between gives them once more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Its use.
    pub burn: Burn,
    /// Market time of the next payment that was told of.
    told_due: Option<i64>,
    /// Market time of the next payment as of the latest pass.
    seen_due: Option<i64>,
    /// Overrun that is no longer new.
    quiet_overrun: u64,
    /// Overrun as of the latest pass.
    overrun: u64,
    /// The chain's clock when the overrun last grew.
    overrun_at: i64,
    /// Whether the credit was missing from the latest pass.
    gone: bool,
}

impl Track {
    /// Begins with a credit as it is first seen. Its use since issue is the first reading, so that a young record is not
    /// taken for a sudden one.
    pub fn begin(credit: &Credit, snapshot: &Snapshot, half_lives: HalfLives) -> Track {
        let (clock, consumed) = (snapshot.clock.get(), credit.collateral.consumed);
        let age = snapshot.market_time().get().saturating_sub(credit.issued_at);
        let burn = if credit.issued_at > 0 && age > 0 {
            let mut burn = Burn::begin(clock.saturating_sub(age), 0);
            burn.read(clock, consumed, half_lives);
            burn
        } else {
            Burn::begin(clock, consumed)
        };
        let overrun = credit.meter.overrun;
        Track {
            burn,
            told_due: None,
            seen_due: None,
            quiet_overrun: 0,
            overrun,
            overrun_at: clock,
            gone: false,
        }
    }

    /// Takes in a credit as a later pass sees it.
    pub fn see(&mut self, credit: &Credit, clock: i64, half_lives: HalfLives) {
        self.gone = false;
        self.burn.read(clock, credit.collateral.consumed, half_lives);
        if credit.meter.overrun > self.overrun {
            self.overrun = credit.meter.overrun;
            self.overrun_at = clock;
        } else if clock.saturating_sub(self.overrun_at) >= QUIET {
            self.quiet_overrun = self.overrun;
        }
    }

    /// Notes the next payment that a pass has found.
    pub fn see_payment(&mut self, due: Option<i64>) {
        self.seen_due = due;
        self.told_due = self.told_due.or(due);
    }

    /// Takes what the latest pass has found as told.
    pub fn settle(&mut self) {
        self.told_due = self.seen_due;
    }

    /// The same of a credit that a pass has missed.
    pub fn as_gone(&self) -> Track {
        Track { gone: true, ..*self }
    }

    /// Whether the credit was missing from the latest pass.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether a payment is another than the one told of.
    pub fn is_new_payment(&self, due: Option<i64>) -> bool {
        self.told_due.is_some_and(|told| Some(told) != due)
    }

    /// Units of an overrun that are new.
    pub fn new_overrun(&self, overrun: u64) -> u64 {
        overrun.saturating_sub(self.quiet_overrun)
    }
}
