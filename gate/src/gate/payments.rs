//! Payments that open units, quoted by the program's own arithmetic.

use {
    super::Gate,
    crate::ledger::Room,
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MarketTime, MicroUsd, Units},
        payments::{self, PaymentError, PaymentQuote},
        program::state::{Credit, MarketClock},
    },
    std::time::Duration,
};

/// Time for which a quoted payment opens what it says: interest that grows until it lands is part of it.
pub const QUOTED_FOR: Duration = Duration::from_secs(120);

/// A payment, and the units that it opens at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningPayment {
    /// The sum to pay.
    pub amount: MicroUsd,
    /// Units that it unlocks or thaws.
    pub opens: Units,
    /// Units that are open to new jobs afterwards, where nothing else changes.
    pub available: Units,
}

/// Payments that open units of a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpeningPayments {
    /// The least payment within [`QUOTED_FOR`] that opens the units that were asked for; `None` where even the whole debt opens
    /// fewer.
    pub least: Option<OpeningPayment>,
    /// The payment of the whole debt within [`QUOTED_FOR`], which opens the most.
    pub whole_debt: OpeningPayment,
    /// The due date of the next instalment on the chain's clock, should the market not be paused before it, and the payment of
    /// all that is due by then. `None` where nothing more falls due.
    pub next_instalment: Option<(ChainTime, OpeningPayment)>,
}

/// A credit on the gate's view of it, with the clocks at which a payment is quoted.
struct Quoter {
    credit: Credit,
    room: Room,
    now: MarketClock,
    /// The latest time at which a quoted payment lands.
    landed: MarketClock,
}

impl Gate {
    /// Finds the payments that open `missing` units of a credit, on the gate's view of it. `None` where nothing is owed, or
    /// before the chain has been seen.
    pub fn opening_payments(&self, credit: &Pubkey, missing: Units) -> Option<OpeningPayments> {
        self.quoter(credit)?.payments(missing).ok()
    }

    /// Quotes a payment of up to `amount` within [`QUOTED_FOR`]. `None` as for [`Gate::opening_payments`], and for nothing.
    pub fn opening_payment(&self, credit: &Pubkey, amount: MicroUsd) -> Option<OpeningPayment> {
        let quoter = self.quoter(credit)?;
        payments::quote_payment(&quoter.credit, &quoter.landed, amount)
            .ok()
            .map(|quote| quoter.payment(&quote))
    }

    /// Copies what quotes are made from: the search for a payment takes some dozen of them, outside of the locks.
    fn quoter(&self, credit: &Pubkey) -> Option<Quoter> {
        let (now, landed) = {
            let view = self.chain_view();
            let (market, now) = (view.market()?, view.chain_time()?);
            let landed = now.plus_seconds(i64::try_from(QUOTED_FOR.as_secs()).unwrap_or(0));
            (market.clock_at(now.get()).ok()?, market.clock_at(landed.get()).ok()?)
        };
        let ledger = self.ledger();
        let room = ledger.room(credit, Some(MarketTime(now.market))).ok()?;
        Some(Quoter { credit: ledger.credit_with_orders(credit)?, room, now, landed })
    }
}

impl Quoter {
    fn payment(&self, quote: &PaymentQuote) -> OpeningPayment {
        let opens = quote.opened();
        OpeningPayment { amount: quote.paid, opens, available: self.room.available_after(opens) }
    }

    fn payments(&self, missing: Units) -> Result<OpeningPayments, PaymentError> {
        let least = payments::least_payment_to_open(&self.credit, &self.landed, missing)?;
        let whole_debt = payments::quote_payment(&self.credit, &self.landed, MicroUsd::MAX)?;
        let next = payments::next_instalment(&self.credit, &self.now)?.map(|next| {
            let later = next.due_at.seconds_since(MarketTime(self.now.market));
            (ChainTime(self.now.chain).plus_seconds(later), self.payment(&next.quote))
        });
        Ok(OpeningPayments {
            least: least.map(|quote| self.payment(&quote)),
            whole_debt: self.payment(&whole_debt),
            next_instalment: next,
        })
    }
}
