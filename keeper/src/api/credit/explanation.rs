//! A credit with the keeper's plan for it: one type for `explain` and `/v1/credits/{address}`.

use {
    super::{
        debt::{DebtView, PaymentView, ReserveView},
        payment::{HoldbackView, PaymentEffect},
        units::{MeterView, UnitsView},
    },
    crate::{
        api::{market::RoleOfferView, state::AsOf},
        chain::Snapshot,
        ingest::Shelf,
        plan::{CreditPlan, PlanSettings, explain},
        values::{Address, StatusName, Time},
        watch::{measure::next_payment, times::Times},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd},
        program::{state::Credit, transitions::Status},
    },
    blockable_service::text::{span, time, units, usd_owed, usd_received},
    serde::Serialize,
    std::fmt,
    utoipa::ToSchema,
};

/// The keeper's plan for a credit, with the facts from which it follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Explanation {
    /// The state of the chain that the answer describes.
    as_of: AsOf,
    /// The credit's address.
    credit: Address,
    /// Its status: offered, accepted, active, delinquent, defaulted, seizing, repaid, closed or unknown.
    status: StatusName,
    /// The parties.
    parties: PartiesView,
    /// The debt.
    debt: DebtView,
    /// The payment that falls due next; none where nothing does.
    next_payment: Option<PaymentView>,
    /// The borrower's cash reserve.
    reserve: ReserveView,
    /// The units.
    units: UnitsView,
    /// The holdback.
    holdback: HoldbackView,
    /// The effect of a payment now: the one asked for; else that which makes the loan current, or the next instalment. None
    /// where nothing is owed.
    payment: Option<PaymentEffect>,
    /// The metered use.
    meter: MeterView,
    /// The keeper's plan; none while the market's clock is out of range.
    plan: Option<CreditPlan>,
}

/// The parties to a credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct PartiesView {
    /// The lender; the provider's account for units without a loan.
    lender: Address,
    /// The lender that the loan is offered to.
    pending_lender: Option<Address>,
    /// The key that may freeze and thaw as the lender may.
    freeze_authority: Address,
    /// The borrower.
    borrower: Address,
    /// The key that the borrower's place is offered to; none when it is offered to nobody.
    pending_borrower: Option<RoleOfferView>,
    /// The lender in the credit's address.
    first_lender: Address,
    /// The borrower in the credit's address.
    first_borrower: Address,
    /// The provider's account.
    provider: Address,
}

impl Explanation {
    /// Explains a credit of a snapshot, with the effect of a payment; `None` where the snapshot does not have it.
    pub(crate) fn new(
        snapshot: &Snapshot,
        shelf: &Shelf,
        settings: &PlanSettings,
        address: &Pubkey,
        payment: Option<MicroUsd>,
    ) -> Option<Explanation> {
        let credit = snapshot.credits.get(address)?;
        let (accrued, times) = (snapshot.accrued(credit), Times::new(snapshot));
        Some(Explanation {
            as_of: AsOf::new(snapshot),
            credit: Address(*address),
            status: StatusName(Status::from_byte(credit.status)),
            parties: PartiesView::new(credit, snapshot),
            debt: DebtView::new(&accrued, &times),
            next_payment: next_payment(&accrued, &times).as_ref().map(PaymentView::new),
            reserve: ReserveView::new(&accrued),
            units: UnitsView::new(&accrued, &times),
            holdback: HoldbackView::new(&accrued, &times),
            payment: PaymentEffect::new(credit, snapshot, payment),
            meter: MeterView::new(credit, snapshot),
            plan: explain(snapshot, shelf, settings, address),
        })
    }
}

impl PartiesView {
    fn new(credit: &Credit, snapshot: &Snapshot) -> PartiesView {
        let pending = Some(credit.pending_lender).filter(|key| *key != Pubkey::default());
        PartiesView {
            lender: Address(credit.lender),
            pending_lender: pending.map(Address),
            freeze_authority: Address(credit.freeze_authority),
            borrower: Address(credit.borrower),
            pending_borrower: RoleOfferView::new(
                snapshot,
                credit.pending_borrower,
                credit.pending_borrower_ready_at,
            ),
            first_lender: Address(credit.address_lender()),
            first_borrower: Address(credit.address_borrower()),
            provider: Address(credit.provider),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { as_of, parties, debt, units: collateral, holdback, meter, .. } = self;
        let paused = if as_of.is_paused { ", the market is paused" } else { "" };
        writeln!(f, "credit      {}", self.credit.0)?;
        writeln!(
            f,
            "status      {}, as of {} (slot {}){paused}",
            self.status.name(),
            at(&as_of.clock),
            as_of.slot
        )?;
        writeln!(f, "lender      {}", parties.lender.0)?;
        writeln!(f, "borrower    {}", parties.borrower.0)?;
        writeln!(f, "provider    {}", parties.provider.0)?;
        writeln!(f, "debt        {}", usd_owed(debt.total.0))?;
        write!(f, "arrears     {}", usd_owed(debt.arrears.0))?;
        if let Some(since) = &debt.arrears_since {
            let extra = self.plan.as_ref().map_or(0, |plan| plan.extra_grace_seconds);
            write!(f, " since {}; this keeper adds {} to each grace", at(since), span(extra))?;
        }
        match &self.next_payment {
            Some(next) => writeln!(f, "\nnext due    {} by {}", usd_owed(next.amount.0), at(&next.due_at))?,
            None => writeln!(f, "\nnext due    nothing")?,
        }
        writeln!(f, "reserve     {}", usd_received(self.reserve.held.0))?;
        write!(f, "{collateral}")?;
        write!(f, "{holdback}")?;
        if let Some(payment) = &self.payment {
            write!(f, "{payment}")?;
        }
        if let (Some(chunk), Some(bit)) = (meter.chunk, meter.bit) {
            let until = meter.reported_at.as_ref().map_or("never".to_string(), at);
            let used = units(meter.cumulative.0);
            writeln!(f, "metered     {used} up to {until}; chunk {chunk}, bit {bit}")?;
        }
        match &self.plan {
            Some(plan) => write!(f, "{plan}"),
            None => write!(f, "next        nothing: the market's clock is out of range"),
        }
    }
}

fn at(unix: &Time) -> String {
    time(ChainTime(unix.unix))
}
