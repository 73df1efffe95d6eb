//! `/v1/credits/{address}`: all that is known of one credit.

mod debt;
mod explanation;
mod payment;
mod schedule;
mod terms;
mod units;

pub(crate) use {
    debt::PaymentView,
    explanation::Explanation,
    terms::{RiderView, TermsView},
};

use {
    crate::{
        api::{
            access::Anybody,
            alerts::{AlertView, open_on},
            credit_health::CreditHealth,
            credits::{BurnView, CoverageView},
            error::{ApiError, ErrorBody, MarketRefusals, UnknownCredit},
            query::{CreditPath, NoQuery, StrictQuery, payment},
            state::{ApiState, AsOf},
        },
        chain::Snapshot,
        values::{Address, Time, exact},
        watch::{Measure, times::Times},
    },
    axum::{Json, extract::State},
    blockable_sdk::{
        Pubkey,
        amounts::{MarketTime, MicroUsd},
        program::state::Credit,
    },
    blockable_service::hex,
    schedule::InstalmentView,
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    terms::CovenantView,
    units::{FreezeView, VaultView},
    utoipa::{IntoParams, ToSchema},
};

/// The payment that is quoted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreditQuery {
    /// The payment whose effect `payment` shows, in micro-USDC; without it, the payment that makes the loan current, or the next
    /// instalment where nothing is in arrears.
    #[serde(default, deserialize_with = "payment")]
    #[param(value_type = Option<String>)]
    payment: Option<MicroUsd>,
}

/// All that is known of a credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CreditDetail {
    /// The facts that the keeper's plan follows from, and the plan.
    #[serde(flatten)]
    explanation: Explanation,
    /// True where there is a loan on it.
    is_loan: bool,
    /// Its health; none for the moment in which a new credit has not been measured.
    health: Option<CreditHealth>,
    /// The terms.
    terms: TermsView,
    /// The rider: optional terms; all zero where nothing was agreed.
    rider: RiderView,
    /// The hash of terms, rider and schedule, in hexadecimal.
    terms_hash: String,
    /// The time of issue; none before.
    issued_at: Option<Time>,
    /// The schedule.
    schedule: Vec<InstalmentView>,
    /// The covenant on utilisation; none where none was agreed.
    covenant: Option<CovenantView>,
    /// The freeze, and the units that a further one may take.
    freeze: FreezeView,
    /// The collateral against the debt; none for the moment in which a new credit has not been measured.
    coverage: Option<CoverageView>,
    /// The rate of use; none for the moment in which a new credit has not been measured.
    burn: Option<BurnView>,
    /// Money in the vault by the party that it belongs to.
    vault: VaultView,
    /// The slot of the offer, by which signatures name the loan.
    offer_slot: u64,
    /// The key that paid the rent of credit and vault, and gets it back.
    rent_payer: Address,
    /// Events recorded so far.
    event_count: u64,
    /// The hash chain over them, in hexadecimal.
    event_hash: String,
    /// Open alerts; none for who is no party to the credit.
    alerts: Option<Vec<AlertView>>,
}

impl CreditDetail {
    fn new(
        explanation: Explanation,
        (address, credit): (&Pubkey, &Credit),
        snapshot: &Snapshot,
        measure: Option<&Measure>,
        alerts: Option<Vec<AlertView>>,
    ) -> CreditDetail {
        let (accrued, times) = (snapshot.accrued(credit), Times::new(snapshot));
        let issued_at = Some(accrued.issued_at).filter(|at| *at != 0);
        CreditDetail {
            explanation,
            is_loan: !accrued.is_unrestricted(),
            health: measure.map(CreditHealth::new),
            terms: TermsView::new(&accrued.terms),
            rider: RiderView::new(&accrued.rider),
            terms_hash: hex::encode(accrued.terms_hash),
            issued_at: issued_at.map(|at| Time::from(times.to_chain(MarketTime(at)))),
            schedule: schedule::schedule(&accrued, &times),
            covenant: CovenantView::new(&accrued, measure),
            freeze: FreezeView::new(&accrued, &times),
            coverage: measure.map(CoverageView::new),
            burn: measure.map(BurnView::new),
            vault: VaultView::new(address, &accrued, snapshot),
            offer_slot: exact(accrued.offer_slot),
            rent_payer: Address(accrued.rent_payer),
            event_count: accrued.event_seq,
            event_hash: hex::encode(accrued.event_hash),
            alerts,
        }
    }
}

/// Gives all that is known of one credit: parties, terms, debt, collateral, schedule, alerts, the keeper's plan, and what a payment
/// opens.
#[utoipa::path(
    get, path = "/v1/credits/{address}", tag = "credits",
    params(("address" = Address, Path, description = "The credit's address"), CreditQuery), security((), ("token" = [])),
    responses(
        (status = 200, body = CreditDetail), (status = 401, description = "The token is wrong", body = ErrorBody),
        MarketRefusals, UnknownCredit
    )
)]
pub(super) async fn credit(
    Anybody(caller): Anybody,
    State(state): State<Arc<ApiState>>,
    CreditPath(address): CreditPath,
    StrictQuery(query): StrictQuery<CreditQuery>,
) -> Result<Json<CreditDetail>, ApiError> {
    let snapshot = state.require_snapshot()?;
    let credit = snapshot.credits.get(&address).ok_or_else(|| ApiError::unknown_credit(&address))?;
    let explanation =
        Explanation::new(&snapshot, &state.ingest.shelf(), &state.plan, &address, query.payment)
            .ok_or_else(|| ApiError::unknown_credit(&address))?;
    let alerts = match caller.sees(credit.lender, credit.borrower) {
        true => Some(open_on(&state, caller, address).await?),
        false => None,
    };
    let measure = state.watch.measure(&address);
    Ok(Json(CreditDetail::new(explanation, (&address, credit), &snapshot, measure.as_ref(), alerts)))
}

/// The instalments of a credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleView {
    /// The credit.
    credit: Address,
    /// The state of the chain that the states of the instalments are as of.
    as_of: AsOf,
    /// The instalments, in the order of their dates.
    instalments: Vec<InstalmentView>,
}

/// Lists the instalments of a credit: paid, missed and to come.
#[utoipa::path(
    get, path = "/v1/credits/{address}/schedule", tag = "credits",
    params(("address" = Address, Path, description = "The credit's address")),
    responses((status = 200, body = ScheduleView), MarketRefusals, UnknownCredit)
)]
pub(super) async fn schedule(
    State(state): State<Arc<ApiState>>,
    CreditPath(address): CreditPath,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<ScheduleView>, ApiError> {
    let snapshot = state.require_snapshot()?;
    let credit = snapshot.credits.get(&address).ok_or_else(|| ApiError::unknown_credit(&address))?;
    let instalments = schedule::schedule(&snapshot.accrued(credit), &Times::new(&snapshot));
    Ok(Json(ScheduleView { credit: Address(address), as_of: AsOf::new(&snapshot), instalments }))
}
