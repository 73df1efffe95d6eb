//! The holdback of a credit, and the effect of a payment.

use {
    crate::{
        chain::Snapshot,
        values::{Time, UnitCount, UsdAmount, status_name},
        watch::times::{MarkTimes, Times},
    },
    blockable_sdk::{
        amounts::{ChainTime, MarketTime, MicroUsd, Units},
        payments::{PaymentQuote, next_instalment, quote_payment},
        program::{state::Credit, transitions::Status},
    },
    blockable_service::text::{self, units, usd_owed, usd_received},
    serde::Serialize,
    std::fmt,
    utoipa::ToSchema,
};

/// The part of the principal that the provider earns as payments unlock units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HoldbackView {
    /// Money that was held back at issue, by the terms.
    agreed: UsdAmount,
    /// Money that is still held back.
    pub(super) left: UsdAmount,
    /// Money that the provider has earned and not collected.
    pub(super) provider_claim: UsdAmount,
    /// Locked units that the money left pays for.
    pub(super) covered: UnitCount,
    /// Units that the debt pays for as well: the most that can be cancelled now, once somebody may.
    cancellable: UnitCount,
    /// The time from which the lender may cancel: the end of the cure period. None before a default.
    lender_cancels_from: Option<Time>,
    /// The time from which anybody may, if the loan is in default by then; interest on the holdback ends then. None without a
    /// holdback.
    anybody_cancels_from: Option<Time>,
}

/// The effect of a payment now, as the program would have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PaymentEffect {
    /// The sum that is paid: at most the debt.
    pub(super) paid: UsdAmount,
    /// Part of it that refills the reserve.
    to_reserve: UsdAmount,
    /// Part of it that pays late fees.
    late_fees: UsdAmount,
    /// Part of it that pays interest.
    interest: UsdAmount,
    /// Part of it that pays principal.
    principal: UsdAmount,
    /// Units that jobs may draw on more than before: those unlocked and those thawed.
    pub(super) opens: UnitCount,
    /// Units that it unlocks.
    unlocks: UnitCount,
    /// Units that it thaws.
    thaws: UnitCount,
    /// Units that it releases from the lien.
    releases: UnitCount,
    /// Money under the holdback that the provider earns by it.
    pub(super) provider_earns: UsdAmount,
    /// Arrears that are left.
    arrears_left: UsdAmount,
    /// Debt that is left.
    debt_left: UsdAmount,
    /// True where it ends a delinquency or a default.
    pub(super) cures: bool,
    /// The status afterwards.
    #[schema(value_type = String, example = "active")]
    status_after: &'static str,
    /// Units that jobs may draw on afterwards, by what is on the chain.
    available_after: UnitCount,
}

impl HoldbackView {
    /// Describes the holdback of a credit that has been accrued to now.
    pub(super) fn new(accrued: &Credit, times: &Times) -> HoldbackView {
        let status = Status::from_byte(accrued.status);
        let is_held = accrued.holdback_left > 0 && status.is_some_and(Status::is_secured);
        let cure_ends_at = MarkTimes::new(accrued, times).cure_ends_at.filter(|_| is_held);
        let opens_at = times.to_chain(MarketTime(accrued.cancel_opens_at()));
        HoldbackView {
            agreed: UsdAmount(MicroUsd(accrued.terms.holdback)),
            left: UsdAmount(MicroUsd(accrued.holdback_left)),
            provider_claim: UsdAmount(MicroUsd(accrued.claims.provider)),
            covered: UnitCount(Units(accrued.covered().unwrap_or_default())),
            cancellable: UnitCount(Units(accrued.cancellable().unwrap_or_default())),
            lender_cancels_from: cure_ends_at.map(Time::from),
            anybody_cancels_from: is_held
                .then(|| Time::from(cure_ends_at.map_or(opens_at, |end| end.max(opens_at)))),
        }
    }
}

impl PaymentEffect {
    /// Quotes a payment on a credit as it is in a snapshot; without an amount, the payment that makes the loan current, or the
    /// next instalment where nothing is in arrears. `None` where the program would take no payment.
    pub(super) fn new(
        credit: &Credit,
        snapshot: &Snapshot,
        amount: Option<MicroUsd>,
    ) -> Option<PaymentEffect> {
        let clock = snapshot.market.clock_at(snapshot.clock.get()).ok()?;
        let amount = match amount {
            Some(amount) => amount,
            None => match MicroUsd(snapshot.accrued(credit).arrears()) {
                MicroUsd::ZERO => next_instalment(credit, &clock).ok()??.quote.paid,
                arrears => arrears,
            },
        };
        quote_payment(credit, &clock, amount).ok().map(|quote| PaymentEffect::from(&quote))
    }
}

impl fmt::Display for HoldbackView {
    /// Writes a line; nothing for a loan without a holdback.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.agreed.0.is_zero() {
            return Ok(());
        }
        let (left, claim) = (usd_received(self.left.0), usd_received(self.provider_claim.0));
        let covered = units(self.covered.0);
        write!(f, "holdback    {left} for {covered}; {claim} earned and not collected")?;
        let at = |time: &Time| text::time(ChainTime(time.unix));
        match (&self.lender_cancels_from, &self.anybody_cancels_from) {
            (Some(lender), Some(anybody)) => {
                writeln!(f, "; the lender may cancel from {}, anybody from {}", at(lender), at(anybody))
            }
            (None, Some(anybody)) => writeln!(f, "; in default anybody may cancel from {} on", at(anybody)),
            _ => writeln!(f),
        }
    }
}

impl fmt::Display for PaymentEffect {
    /// Writes a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (paid, opens) = (usd_owed(self.paid.0), units(self.opens.0));
        write!(f, "payment     {paid} now would open {opens}")?;
        if !self.provider_earns.0.is_zero() {
            write!(f, ", and {} of the holdback for the provider", usd_received(self.provider_earns.0))?;
        }
        writeln!(f, "{}", if self.cures { "; it cures" } else { "" })
    }
}

impl From<&PaymentQuote> for PaymentEffect {
    fn from(quote: &PaymentQuote) -> PaymentEffect {
        PaymentEffect {
            paid: UsdAmount(quote.paid),
            to_reserve: UsdAmount(quote.to_reserve),
            late_fees: UsdAmount(quote.late_fees),
            interest: UsdAmount(quote.interest),
            principal: UsdAmount(quote.principal),
            opens: UnitCount(quote.opened()),
            unlocks: UnitCount(quote.unlocked),
            thaws: UnitCount(quote.thawed),
            releases: UnitCount(quote.released),
            provider_earns: UsdAmount(quote.provider_earns),
            arrears_left: UsdAmount(quote.arrears_left),
            debt_left: UsdAmount(quote.debt_left),
            cures: quote.cures(),
            status_after: status_name(quote.status_after),
            available_after: UnitCount(quote.available_after),
        }
    }
}
