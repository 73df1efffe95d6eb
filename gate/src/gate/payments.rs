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

impl Gate {
    /// Finds the payments that open `missing` units of a credit, on the gate's view of it. `None` where nothing is owed, or
    /// before the chain has been seen.
    pub fn opening_payments(&self, credit: &Pubkey, missing: Units) -> Option<OpeningPayments> {
        let (now, landed) = {
            let view = self.chain_view();
            let (market, now) = (view.market()?, view.chain_time()?);
            let landed = now.plus_seconds(i64::try_from(QUOTED_FOR.as_secs()).unwrap_or(0));
            (market.clock_at(now.get()).ok()?, market.clock_at(landed.get()).ok()?)
        };
        let (credit, room) = {
            let ledger = self.ledger();
            (ledger.credit_with_orders(credit)?, ledger.room(credit, Some(MarketTime(now.market))).ok()?)
        };
        // Outside of the locks: the search takes some dozen payments.
        quote(&credit, &room, missing, &now, &landed).ok()
    }
}

/// Quotes payments that are made `now` and land at the latest by `landed`. Errors: [`PaymentError`].
fn quote(
    credit: &Credit,
    room: &Room,
    missing: Units,
    now: &MarketClock,
    landed: &MarketClock,
) -> Result<OpeningPayments, PaymentError> {
    let payment = |quote: &PaymentQuote| OpeningPayment {
        amount: quote.paid,
        opens: quote.opened(),
        available: room.available_after(quote.opened()),
    };
    let least = payments::least_payment_to_open(credit, landed, missing)?;
    let whole_debt = payments::quote_payment(credit, landed, MicroUsd::MAX)?;
    let next = payments::next_instalment(credit, now)?.map(|next| {
        let later = next.due_at.seconds_since(MarketTime(now.market));
        (ChainTime(now.chain).plus_seconds(later), payment(&next.quote))
    });
    Ok(OpeningPayments {
        least: least.as_ref().map(payment),
        whole_debt: payment(&whole_debt),
        next_instalment: next,
    })
}
