//! One loan from offer to recovery: its borrower pays for a while, stops, and uses what it can.

mod default;
mod origination;
mod recovery;
mod sale;
mod servicing;

use {
    crate::{
        DemoError,
        cast::{Cast, Wallets},
        cluster::Cluster,
        demand::{Demand, Usage},
        loan::Loan,
        metering,
        narrator::Narrator,
        pace::Pace,
    },
    blockable_economics::assumptions::Assumptions,
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, ChainTime, MicroUsd, Units},
        client::Landed,
        program::state::Credit,
    },
};

/// Everything that both stories share.
pub(crate) struct Stage<'a> {
    /// The parties.
    pub cast: &'a Cast,
    /// The output.
    pub narrator: &'a Narrator,
    /// The time.
    pub pace: Pace,
    /// The use of the borrower.
    pub demand: &'a Demand,
    /// Prices and buyers.
    pub assumptions: &'a Assumptions,
}

/// The end of a story.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// The credit.
    pub credit: Pubkey,
    /// All parties' balances before the offer.
    pub before: Wallets,
    /// All parties' balances at the end.
    pub after: Wallets,
    /// Milliseconds from the signed freeze of everything to the frozen account, as read from the node at `processed`.
    pub freeze_ms: u64,
    /// Units frozen by it.
    pub frozen: Units,
    /// Units seized for sale.
    pub seized: Units,
    /// Debt at the mark of default.
    pub debt: MicroUsd,
    /// Cash that never left the vault: the price of cancelled units.
    pub from_holdback: MicroUsd,
    /// Cash of the borrower's reserve.
    pub from_reserve: MicroUsd,
    /// Cash from sales, after the market's fee.
    pub from_sales: MicroUsd,
    /// Paid by the buyer.
    pub sold_for: MicroUsd,
    /// The market's fee.
    pub fee: MicroUsd,
    /// Debt that the lender gave up in the end.
    pub written_off: MicroUsd,
}

impl Outcome {
    /// Recovered in all, at most the debt at default.
    pub(crate) fn recovered(&self) -> MicroUsd {
        let all: MicroUsd = [self.from_holdback, self.from_reserve, self.from_sales].into_iter().sum();
        all.min(self.debt)
    }

    /// A part of the debt at default as a share, rounded down.
    pub(crate) fn share(&self, part: MicroUsd) -> Bps {
        let share = u128::from(part.get()) * 10_000 / u128::from(self.debt.get().max(1));
        Bps(u64::try_from(share).unwrap_or(u64::MAX))
    }
}

/// A story on its way.
struct Story<'a> {
    stage: &'a Stage<'a>,
    loan: &'a Loan,
    credit: Pubkey,
    /// Chain time of issue. It is the market's time as well: a demo's market is never paused, so both clocks show the same.
    issued_at: ChainTime,
}

/// Plays a story on a loan to its end. Errors: [`DemoError`].
pub(crate) async fn play(stage: &Stage<'_>, loan: &Loan) -> Result<Outcome, DemoError> {
    let before = stage.cast.wallets().await?;
    let story = origination::originate(stage, loan).await?;
    servicing::use_and_pay(&story).await?;
    let frozen = default::miss_and_freeze(&story).await?;
    let recovered = recovery::recover(&story, frozen).await?;
    Ok(Outcome { before, after: stage.cast.wallets().await?, ..recovered })
}

impl Story<'_> {
    fn cast(&self) -> &Cast {
        self.stage.cast
    }

    fn cluster(&self) -> &Cluster {
        &self.stage.cast.cluster
    }

    fn narrator(&self) -> &Narrator {
        self.stage.narrator
    }

    async fn state(&self) -> Result<Credit, DemoError> {
        self.cast().credit(&self.credit).await
    }

    /// Waits for the beginning of a day after issue.
    async fn wait_for_day(&self, day: u32, message: &'static str) -> Result<(), DemoError> {
        self.wait_until(self.issued_at.plus_seconds(self.stage.pace.day(day).into()), message).await
    }

    /// Waits until the chain's clock shows a time, with a progress bar on a running node.
    async fn wait_until(&self, until: ChainTime, message: &'static str) -> Result<(), DemoError> {
        let left = u64::try_from(until.seconds_since(self.cluster().now().await?)).unwrap_or(0);
        let bar = self.narrator().progress(left, message);
        let tick = |seconds: i64| bar.set_position(left.saturating_sub(u64::try_from(seconds).unwrap_or(0)));
        self.cluster().wait_until(until, tick).await?;
        bar.finish_and_clear();
        Ok(())
    }

    async fn meter(&self, cumulative: Units, in_flight: Units) -> Result<Landed, DemoError> {
        metering::meter(self.cast(), &self.credit, Usage { cumulative, in_flight }).await
    }
}
