//! `/v1/portfolio`: sums over the loans of a lender or borrower, or of the market.

use {
    crate::{
        api::{
            credit::PaymentView,
            credit_health::{Colour, CreditHealth, is_unrestricted},
            credits::CreditLine,
            error::{ApiError, MarketRefusals},
            exposure::Exposure,
            query::{AddressParam, StrictQuery},
            state::{ApiState, AsOf},
        },
        values::{Address, UsdAmount, exact_bps, status_name_or_unknown},
        watch::Measure,
    },
    axum::{Json, extract::State},
    blockable_sdk::{
        amounts::{Bps, MicroUsd},
        program::units::{BPS, mul_div_floor},
    },
    serde::{Deserialize, Serialize},
    std::{cmp::Reverse, collections::BTreeMap, sync::Arc},
    utoipa::{IntoParams, ToSchema},
};

/// Most payments, and most credits, of an answer.
const MOST: usize = 10;

/// Filters of loans.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PortfolioQuery {
    /// Loans of this lender.
    #[param(value_type = Option<Address>)]
    lender: Option<AddressParam>,
    /// Loans of this borrower.
    #[param(value_type = Option<Address>)]
    borrower: Option<AddressParam>,
}

/// Sums over loans.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Portfolio {
    /// The state of the chain that the sums are as of.
    pub(crate) as_of: AsOf,
    /// Loans in any status. Units without a loan are left out of this answer.
    pub(crate) credits: u64,
    /// Loans by status.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub(crate) by_status: BTreeMap<&'static str, u64>,
    /// Loans by the colour of their health.
    pub(crate) by_health: ByHealth,
    /// Principal owed.
    pub(crate) principal: UsdAmount,
    /// Everything owed, interest up to now included.
    pub(crate) debt: UsdAmount,
    /// Payments that would make all loans current now.
    pub(crate) arrears: UsdAmount,
    /// Borrowers' cash reserves.
    pub(crate) reserve: UsdAmount,
    /// Value of the units under lien at the price that each loan paid, less the haircut.
    pub(crate) lien_value: UsdAmount,
    /// The liens' value against the debts, each lien up to its own debt, in basis points; none without a debt.
    #[schema(value_type = Option<u64>)]
    pub(crate) coverage_bps: Option<Bps>,
    /// The annual rates, weighted with the principal owed, in basis points; none without principal.
    #[schema(value_type = Option<u64>)]
    pub(crate) apr_bps: Option<Bps>,
    /// The spread of the debt.
    pub(crate) exposure: Exposure,
    /// The payments that fall due soonest, up to ten.
    pub(crate) next_payments: Vec<NextPayment>,
    /// The loans that are not green, the worst first, up to ten.
    pub(crate) worst: Vec<CreditLine>,
}

/// Loans by the colour of their health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ByHealth {
    /// As agreed.
    pub(crate) green: u64,
    /// To be looked at.
    pub(crate) amber: u64,
    /// Money is at stake now.
    pub(crate) red: u64,
}

/// A payment that falls due on a credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NextPayment {
    /// The credit.
    pub(crate) credit: Address,
    /// The lender.
    pub(crate) lender: Address,
    /// The borrower.
    pub(crate) borrower: Address,
    /// The payment.
    pub(crate) payment: PaymentView,
}

impl Portfolio {
    fn new(as_of: AsOf, loans: &[&Measure]) -> Portfolio {
        let sum = |field: fn(&Measure) -> MicroUsd| loans.iter().map(|loan| field(loan)).sum::<MicroUsd>();
        let debt = sum(|loan| loan.debt);
        // Collateral of one loan beyond its debt does not secure another loan.
        let covered = sum(|loan| loan.lien_value.min(loan.debt));
        let healths: Vec<(&Measure, Colour)> =
            loans.iter().map(|loan| (*loan, CreditHealth::colour(loan))).collect();
        let mut by_status = BTreeMap::new();
        for loan in loans {
            let count: &mut u64 = by_status.entry(status_name_or_unknown(loan.status)).or_default();
            *count = count.saturating_add(1);
        }
        Portfolio {
            as_of,
            credits: count(loans.len()),
            by_status,
            by_health: ByHealth::new(&healths),
            principal: UsdAmount(sum(|loan| loan.principal)),
            debt: UsdAmount(debt),
            arrears: UsdAmount(sum(|loan| loan.arrears)),
            reserve: UsdAmount(sum(|loan| loan.reserve)),
            lien_value: UsdAmount(sum(|loan| loan.lien_value)),
            coverage_bps: coverage(covered, debt),
            apr_bps: weighted_apr(loans),
            exposure: Exposure::new(loans),
            next_payments: next_payments(loans),
            worst: worst(healths),
        }
    }
}

impl ByHealth {
    fn new(healths: &[(&Measure, Colour)]) -> ByHealth {
        let loans = |colour| count(healths.iter().filter(|(_, health)| *health == colour).count());
        ByHealth { green: loans(Colour::Green), amber: loans(Colour::Amber), red: loans(Colour::Red) }
    }
}

/// The annual rates, weighted with the principal owed; none without principal.
fn weighted_apr(loans: &[&Measure]) -> Option<Bps> {
    let principal: u128 = loans.iter().map(|loan| u128::from(loan.principal.get())).sum();
    let weighted =
        |loan: &&Measure| u128::from(loan.principal.get()).saturating_mul(loan.apr_bps.get().into());
    let weighted: u128 = loans.iter().map(weighted).fold(0, u128::saturating_add);
    weighted.checked_div(principal).map(|bps| exact_bps(u64::try_from(bps).unwrap_or(u64::MAX)))
}

/// Gives a value as a share of a debt; none without a debt.
fn coverage(covered: MicroUsd, debt: MicroUsd) -> Option<Bps> {
    let share = || mul_div_floor(covered.get(), BPS, debt.get()).unwrap_or(u64::MAX);
    (!debt.is_zero()).then(|| exact_bps(share()))
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn next_payments(loans: &[&Measure]) -> Vec<NextPayment> {
    let mut due: Vec<_> =
        loans.iter().filter_map(|loan| loan.next_payment.as_ref().map(|payment| (loan, payment))).collect();
    due.sort_by_key(|(loan, payment)| (payment.due_at, loan.credit));
    let soonest = due.into_iter().take(MOST).map(|(loan, payment)| NextPayment {
        credit: Address(loan.credit),
        lender: Address(loan.lender),
        borrower: Address(loan.borrower),
        payment: PaymentView::new(payment),
    });
    soonest.collect()
}

/// Sorts loans that are not green: red before amber, then by the debt that the collateral does not cover, then by arrears.
fn worst(mut healths: Vec<(&Measure, Colour)>) -> Vec<CreditLine> {
    healths.retain(|(_, colour)| *colour != Colour::Green);
    healths.sort_by_key(|(loan, colour)| {
        let unsecured = loan.debt.saturating_sub(loan.lien_value);
        (Reverse((*colour, unsecured, loan.arrears)), loan.credit)
    });
    healths.into_iter().take(MOST).map(|(loan, _)| CreditLine::new(loan)).collect()
}

/// Sums up loans, and lists those that need attention first.
#[utoipa::path(
    get, path = "/v1/portfolio", tag = "credits", params(PortfolioQuery),
    responses((status = 200, body = Portfolio), MarketRefusals)
)]
pub(super) async fn portfolio(
    State(state): State<Arc<ApiState>>,
    StrictQuery(query): StrictQuery<PortfolioQuery>,
) -> Result<Json<Portfolio>, ApiError> {
    let snapshot = state.require_snapshot()?;
    let measures = state.watch.measures();
    let loans: Vec<&Measure> = measures
        .values()
        .filter(|measure| !is_unrestricted(measure))
        .filter(|loan| query.lender.is_none_or(|lender| lender.is(loan.lender)))
        .filter(|loan| query.borrower.is_none_or(|borrower| borrower.is(loan.borrower)))
        .collect();
    Ok(Json(Portfolio::new(AsOf::new(&snapshot), &loans)))
}
