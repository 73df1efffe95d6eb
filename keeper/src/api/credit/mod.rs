//! `/v1/credits/{address}`: all that is known of one credit.

mod loan;
mod plan;
mod units;

pub use {
    blockable_service::hex,
    loan::{CovenantView, DebtView, InstalmentState, InstalmentView, RiderView, TermsView},
    plan::{ActionView, PlanView, ReportView, UsageView},
    units::{FreezeView, MeterView, UnitsView, VaultView},
};

use {
    crate::{
        alert::Filter,
        api::{
            alerts::AlertView,
            condition::Condition,
            credits::{Burn, Coverage, PaymentView},
            error::{ApiError, ErrorBody},
            query::Named,
            state::{ApiState, AsOf},
            values::{Address, Amount, Time, maybe_status_name},
        },
        chain::Snapshot,
        plan::explain,
        watch::{Measure, measure::Times},
    },
    axum::{Json, extract::State},
    blockable_sdk::{
        Pubkey,
        program::{state::Credit, transitions::Status},
    },
    serde::Serialize,
    std::sync::Arc,
    utoipa::ToSchema,
};

/// Most open alerts that are named; there is at most one for each rule.
const ALERTS: u32 = 100;

/// All that is known of a credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditDetail {
    /// What the answer is as of.
    pub as_of: AsOf,
    /// Its address.
    pub credit: Address,
    /// Its status: offered, accepted, active, delinquent, defaulted, seizing, repaid, closed or unknown.
    #[schema(value_type = String, example = "active")]
    pub status: &'static str,
    /// Whether there is a loan on it.
    pub is_loan: bool,
    /// Its health; none for the moment in which a new credit has not been measured.
    pub health: Option<Condition>,
    /// Whom it concerns.
    pub parties: Parties,
    /// What was agreed.
    pub terms: TermsView,
    /// The rider: optional terms beside the main ones; all zero where nothing was agreed.
    pub rider: RiderView,
    /// The hash of what was agreed, in hexadecimal.
    pub terms_hash: String,
    /// When the units went live; none before.
    pub issued_at: Option<Time>,
    /// What is owed.
    pub debt: DebtView,
    /// What falls due next.
    pub next_payment: Option<PaymentView>,
    /// The schedule.
    pub schedule: Vec<InstalmentView>,
    /// The borrower's cash reserve.
    pub reserve: Reserve,
    /// The covenant on utilisation; none where none was agreed.
    pub covenant: Option<CovenantView>,
    /// Where the units are.
    pub units: UnitsView,
    /// What is frozen, and what may be.
    pub freeze: FreezeView,
    /// How far use has been metered.
    pub meter: MeterView,
    /// The collateral against the debt.
    pub coverage: Option<Coverage>,
    /// How fast units are used.
    pub burn: Option<Burn>,
    /// Money in the vault and whose it is.
    pub vault: VaultView,
    /// Events recorded so far.
    pub event_count: u64,
    /// The hash chain over them, in hexadecimal.
    pub event_hash: String,
    /// Open alerts.
    pub alerts: Vec<AlertView>,
    /// What the keeper plans; none while the market's clock is out of range.
    pub plan: Option<PlanView>,
}

/// Whom a credit concerns.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Parties {
    /// The lender; the provider's account for units without a loan.
    pub lender: Address,
    /// The lender that the loan is offered to.
    pub pending_lender: Option<Address>,
    /// May freeze and thaw beside the lender.
    pub freeze_authority: Address,
    /// The borrower.
    pub borrower: Address,
    /// The provider's account.
    pub provider: Address,
}

/// The borrower's cash reserve.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reserve {
    /// What was agreed.
    pub agreed: Amount,
    /// What there is.
    pub held: Amount,
}

/// A credit of a snapshot, and what its parts are made from.
struct Case<'a> {
    address: Pubkey,
    /// As of its last change.
    stored: &'a Credit,
    /// With its debt as of now.
    now: Credit,
    snapshot: &'a Snapshot,
    times: Times,
    measure: Option<Measure>,
}

impl CreditDetail {
    fn of(case: &Case, alerts: Vec<AlertView>, plan: Option<PlanView>) -> CreditDetail {
        let (now, measure) = (&case.now, case.measure.as_ref());
        let issued = Some(now.issued_at).filter(|at| *at != 0).map(|at| case.times.chain_of(at));
        CreditDetail {
            as_of: AsOf::of(case.snapshot),
            credit: Address(case.address),
            status: maybe_status_name(Status::from_byte(now.status)),
            is_loan: !now.is_unrestricted(),
            health: measure.map(Condition::of),
            parties: Parties::of(now),
            terms: TermsView::of(&now.terms),
            rider: RiderView::of(&now.rider),
            terms_hash: hex::encode(&now.terms_hash),
            issued_at: Time::maybe(issued),
            debt: DebtView::of(now, &case.times, measure),
            next_payment: measure.and_then(|measure| measure.next_payment.as_ref()).map(PaymentView::of),
            schedule: loan::schedule(now, &case.times),
            reserve: Reserve { agreed: Amount(now.rider.reserve), held: Amount(now.reserve_held) },
            covenant: CovenantView::of(now, measure),
            units: UnitsView::of(now, &case.times),
            freeze: FreezeView::of(now),
            meter: MeterView::of(case.stored, case.snapshot),
            coverage: measure.map(Coverage::of),
            burn: measure.map(Burn::of),
            vault: VaultView::of(&now.vault),
            event_count: now.event_seq,
            event_hash: hex::encode(&now.event_hash),
            alerts,
            plan,
        }
    }
}

impl Parties {
    fn of(credit: &Credit) -> Parties {
        let pending = Some(credit.pending_lender).filter(|key| *key != Pubkey::default());
        Parties {
            lender: Address(credit.lender),
            pending_lender: pending.map(Address),
            freeze_authority: Address(credit.freeze_authority),
            borrower: Address(credit.borrower),
            provider: Address(credit.provider),
        }
    }
}

/// Gives all that is known of one credit: parties, terms, debt, collateral, schedule, alerts, and what the keeper plans.
#[utoipa::path(
    get, path = "/v1/credits/{address}", tag = "credits",
    params(("address" = String, Path, description = "The credit's address")), security(("token" = [])),
    responses(
        (status = 200, body = CreditDetail), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 404, description = "No such credit", body = ErrorBody),
        (status = 503, description = "The market has not been read yet", body = ErrorBody)
    )
)]
pub(super) async fn credit(
    State(state): State<Arc<ApiState>>,
    Named(address): Named,
) -> Result<Json<CreditDetail>, ApiError> {
    let snapshot = state.snapshot()?;
    let stored = snapshot.credits.get(&address).ok_or_else(|| ApiError::unknown_credit(&address))?;
    let filter = Filter { open: Some(true), subject: Some(address), limit: ALERTS, ..Filter::default() };
    let alerts = state.alerts.list(filter).await?.iter().map(AlertView::of).collect();
    let plan = explain(&snapshot, &state.ingest.shelf(), &state.plan, &address).map(PlanView::of);
    let case = Case {
        address,
        stored,
        now: snapshot.accrued(stored),
        snapshot: &snapshot,
        times: Times::of(&snapshot),
        measure: state.watch.measure(&address),
    };
    Ok(Json(CreditDetail::of(&case, alerts, plan)))
}
