//! `/v1/portfolio`: all credits of a lender or borrower, or of the market, in sums.

use {
    crate::{
        api::{
            condition::{Colour, is_unrestricted},
            credits::{CreditLine, PaymentView, is},
            error::{ApiError, ErrorBody},
            query::{Asked, address},
            state::{ApiState, AsOf},
            values::{Address, Amount, exact, maybe_status_name},
        },
        watch::Measure,
    },
    axum::{Json, extract::State},
    blockable_sdk::{
        Pubkey,
        program::units::{BPS, mul_div_floor},
    },
    serde::{Deserialize, Serialize},
    std::{cmp::Reverse, collections::BTreeMap, sync::Arc},
    utoipa::{IntoParams, ToSchema},
};

/// Most payments, and most credits, that are named.
const NAMED: usize = 10;

/// Whose credits.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PortfolioQuery {
    /// Those of this lender.
    #[serde(default, deserialize_with = "address")]
    #[param(value_type = Option<String>)]
    lender: Option<Pubkey>,
    /// Those of this borrower.
    #[serde(default, deserialize_with = "address")]
    #[param(value_type = Option<String>)]
    borrower: Option<Pubkey>,
}

/// Credits in sums.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Portfolio {
    /// What the sums are as of.
    pub as_of: AsOf,
    /// Loans, of whatever status; units without a loan are no part of this answer.
    pub credits: u64,
    /// Loans by status.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub by_status: BTreeMap<&'static str, u64>,
    /// Loans by the colour of their health.
    pub by_health: ByHealth,
    /// Principal owed.
    pub principal: Amount,
    /// Everything owed, interest up to now included.
    pub debt: Amount,
    /// What must be paid now to be current.
    pub arrears: Amount,
    /// Borrowers' cash reserves.
    pub reserve: Amount,
    /// What the units under lien are worth at the price that each loan paid, less the haircut.
    pub lien_value: Amount,
    /// The liens' value against the debts, each lien up to its own debt, in basis points; none without a debt.
    pub coverage_bps: Option<u64>,
    /// The payments that fall due soonest, up to ten.
    pub next_payments: Vec<NextPayment>,
    /// The loans that are not green, the worst first, up to ten.
    pub worst: Vec<CreditLine>,
}

/// Loans by the colour of their health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ByHealth {
    /// As agreed.
    pub green: u64,
    /// To be looked at.
    pub amber: u64,
    /// Money is at stake now.
    pub red: u64,
}

/// A payment that falls due, and on which credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NextPayment {
    /// The credit.
    pub credit: Address,
    /// The lender.
    pub lender: Address,
    /// The borrower.
    pub borrower: Address,
    /// The payment.
    pub payment: PaymentView,
}

impl Portfolio {
    fn of(as_of: AsOf, loans: &[&Measure]) -> Portfolio {
        let sum = |of: fn(&Measure) -> u64| loans.iter().fold(0u64, |sum, loan| sum.saturating_add(of(loan)));
        let debt = sum(|loan| loan.debt);
        // What one loan has too much of does not secure another.
        let covered = sum(|loan| loan.lien_value.min(loan.debt));
        let lines: Vec<(&Measure, CreditLine)> =
            loans.iter().map(|loan| (*loan, CreditLine::of(loan))).collect();
        let mut by_status = BTreeMap::new();
        for loan in loans {
            let count: &mut u64 = by_status.entry(maybe_status_name(loan.status)).or_default();
            *count = count.saturating_add(1);
        }
        Portfolio {
            as_of,
            credits: count(loans.len()),
            by_status,
            by_health: ByHealth::of(&lines),
            principal: Amount(sum(|loan| loan.principal)),
            debt: Amount(debt),
            arrears: Amount(sum(|loan| loan.arrears)),
            reserve: Amount(sum(|loan| loan.reserve)),
            lien_value: Amount(sum(|loan| loan.lien_value)),
            coverage_bps: (debt > 0).then(|| exact(mul_div_floor(covered, BPS, debt).unwrap_or(u64::MAX))),
            next_payments: next_payments(loans),
            worst: worst(lines),
        }
    }
}

impl ByHealth {
    fn of(lines: &[(&Measure, CreditLine)]) -> ByHealth {
        let of = |colour| count(lines.iter().filter(|(_, line)| line.health.colour == colour).count());
        ByHealth { green: of(Colour::Green), amber: of(Colour::Amber), red: of(Colour::Red) }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn next_payments(loans: &[&Measure]) -> Vec<NextPayment> {
    let mut due: Vec<_> =
        loans.iter().filter_map(|loan| loan.next_payment.as_ref().map(|payment| (loan, payment))).collect();
    due.sort_by_key(|(loan, payment)| (payment.due_at, loan.credit));
    let named = due.into_iter().take(NAMED).map(|(loan, payment)| NextPayment {
        credit: Address(loan.credit),
        lender: Address(loan.lender),
        borrower: Address(loan.borrower),
        payment: PaymentView::of(payment),
    });
    named.collect()
}

/// Red before amber, then by what the collateral would leave unpaid, then by what is in arrears.
fn worst(mut lines: Vec<(&Measure, CreditLine)>) -> Vec<CreditLine> {
    lines.retain(|(_, line)| line.health.colour != Colour::Green);
    lines.sort_by_key(|(loan, line)| {
        let unsecured = loan.debt.saturating_sub(loan.lien_value);
        (Reverse((line.health.colour, unsecured, loan.arrears)), loan.credit)
    });
    lines.into_iter().take(NAMED).map(|(_, line)| line).collect()
}

/// Sums up loans, and names those that need somebody first.
#[utoipa::path(
    get, path = "/v1/portfolio", tag = "credits", params(PortfolioQuery), security(("token" = [])),
    responses(
        (status = 200, body = Portfolio), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 503, description = "The market has not been read yet", body = ErrorBody)
    )
)]
pub(super) async fn portfolio(
    State(state): State<Arc<ApiState>>,
    Asked(query): Asked<PortfolioQuery>,
) -> Result<Json<Portfolio>, ApiError> {
    let snapshot = state.snapshot()?;
    let measures = state.watch.measures();
    let loans: Vec<&Measure> = measures
        .values()
        .filter(|measure| !is_unrestricted(measure))
        .filter(|measure| is(query.lender, measure.lender) && is(query.borrower, measure.borrower))
        .collect();
    Ok(Json(Portfolio::of(AsOf::of(&snapshot), &loans)))
}
