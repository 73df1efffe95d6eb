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
/// Findings that come from a change are returned by every pass until [`Track::acknowledge`], which is called once the alerts on
/// them are stored: a keeper that stops in between returns them once more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Its use.
    pub burn: Burn,
    /// Market time of the next payment that was acknowledged last.
    acknowledged_due: Option<i64>,
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
    /// Whether the end of the alerts on a credit that is missing was acknowledged.
    gone_acknowledged: bool,
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
            acknowledged_due: None,
            seen_due: None,
            quiet_overrun: 0,
            overrun,
            overrun_at: clock,
            gone: false,
            gone_acknowledged: false,
        }
    }

    /// Takes in a credit as a later pass sees it.
    pub fn see(&mut self, credit: &Credit, clock: i64, half_lives: HalfLives) {
        (self.gone, self.gone_acknowledged) = (false, false);
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
        self.acknowledged_due = self.acknowledged_due.or(due);
    }

    /// Takes note that the alerts on what the latest pass has found are stored.
    pub fn acknowledge(&mut self) {
        self.acknowledged_due = self.seen_due;
        self.gone_acknowledged = self.gone;
    }

    /// The same of a credit that a pass has missed.
    pub fn as_gone(&self) -> Track {
        Track { gone: true, ..*self }
    }

    /// Whether the credit is missing and the end of the alerts on it was acknowledged.
    pub fn can_be_forgotten(&self) -> bool {
        self.gone_acknowledged
    }

    /// Whether a payment is another than the one that was acknowledged last.
    pub fn is_new_payment(&self, due: Option<i64>) -> bool {
        self.acknowledged_due.is_some_and(|known| Some(known) != due)
    }

    /// Units of an overrun that are new.
    pub fn new_overrun(&self, overrun: u64) -> u64 {
        overrun.saturating_sub(self.quiet_overrun)
    }
}
