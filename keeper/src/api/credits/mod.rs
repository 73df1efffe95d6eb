//! `/v1/credits`: all credits, in a line each, in an order of the client's choice, as JSON or as a table.

mod line;
mod order;
mod table;

pub(crate) use line::{BurnView, CoverageView, CreditLine};

use {
    crate::{
        api::{
            credit_health::{Colour, CreditHealth},
            error::{ApiError, MarketRefusals},
            query::{AddressParam, StrictQuery, health, prefix, row_limit, status, time},
            state::{ApiState, AsOf},
        },
        values::{Address, StatusName},
        watch::Measure,
    },
    axum::{
        Json,
        extract::State,
        http::{HeaderMap, HeaderValue, header},
        response::{IntoResponse, Response},
    },
    blockable_sdk::{amounts::ChainTime, program::transitions::Status},
    order::{Cursor, Direction, Order, Sort},
    serde::{Deserialize, Serialize},
    std::sync::Arc,
    utoipa::{IntoParams, ToSchema},
};

/// Lines of a page of JSON without `limit`.
const PAGE: usize = 50;
/// Most lines of a table.
const TABLE: usize = 10_000;

/// Filters of credits, their order, and the page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreditsQuery {
    /// Credits of this lender.
    #[param(value_type = Option<Address>)]
    lender: Option<AddressParam>,
    /// Credits of this borrower.
    #[param(value_type = Option<Address>)]
    borrower: Option<AddressParam>,
    /// Credits at this provider's account.
    #[param(value_type = Option<Address>)]
    provider: Option<AddressParam>,
    /// Credits in this status.
    #[serde(default, deserialize_with = "status")]
    #[param(value_type = Option<StatusName>)]
    status: Option<Status>,
    /// Credits of this health.
    #[serde(default, deserialize_with = "health")]
    #[param(value_type = Option<Colour>)]
    health: Option<Colour>,
    /// Credits with a payment that falls due before this time, in Unix seconds or RFC 3339.
    #[serde(default, deserialize_with = "time")]
    #[param(value_type = Option<String>)]
    due_before: Option<ChainTime>,
    /// Credits whose address, or that of a party, begins with this text.
    #[serde(default, deserialize_with = "prefix")]
    #[param(value_type = Option<String>, pattern = "^[1-9A-HJ-NP-Za-km-z]{1,44}$")]
    search: Option<String>,
    /// The value that the order goes by. Credits without it come last.
    #[serde(default)]
    #[param(inline, required = false)]
    sort: Sort,
    /// The direction of the order.
    #[serde(default)]
    #[param(inline, required = false)]
    order: Direction,
    /// Credits that come after the page before: its `next`.
    #[param(value_type = Option<String>, pattern = "^([0-9a-f]{1,17}-)?[1-9A-HJ-NP-Za-km-z]{32,44}$")]
    after: Option<Cursor>,
    /// Most credits of the page, from 1 to 1,000; without it 50, and of a table 10,000.
    #[serde(default, deserialize_with = "row_limit")]
    #[param(value_type = Option<u32>, required = false, minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// The form of the answer; without it, CSV for who accepts `text/csv`, and JSON otherwise.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Option<Format>,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// JSON.
    Json,
    /// A table with a header, up to 10,000 lines.
    Csv,
}

impl CreditsQuery {
    fn matches(&self, measure: &Measure) -> bool {
        let is_due = |before: ChainTime| measure.next_payment.is_some_and(|payment| payment.due_at < before);
        self.lender.is_none_or(|lender| lender.is(measure.lender))
            && self.borrower.is_none_or(|borrower| borrower.is(measure.borrower))
            && self.provider.is_none_or(|provider| provider.is(measure.provider))
            && self.status.is_none_or(|status| measure.status == Some(status))
            && self.due_before.is_none_or(is_due)
            && self.health.is_none_or(|colour| CreditHealth::colour(measure) == colour)
            && self.search.as_ref().is_none_or(|prefix| begins(measure, prefix))
    }
}

fn begins(measure: &Measure, prefix: &str) -> bool {
    let keys = [measure.credit, measure.lender, measure.borrower, measure.provider];
    keys.iter().any(|key| key.to_string().starts_with(prefix))
}

/// A page of credits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CreditPage {
    /// The state of the chain that the page is as of.
    pub(crate) as_of: AsOf,
    /// The credits.
    pub(crate) credits: Vec<CreditLine>,
    /// Credits that pass the filters, on all pages.
    pub(crate) count: u64,
    /// `after` of the next page; none on the last.
    pub(crate) next: Option<String>,
}

/// Lists credits with their health, in the order of their addresses or another one.
#[utoipa::path(
    get, path = "/v1/credits", tag = "credits", params(CreditsQuery),
    responses(
        (status = 200, content((CreditPage = "application/json"), (String = "text/csv"))), MarketRefusals
    )
)]
pub(super) async fn credits(
    State(state): State<Arc<ApiState>>,
    StrictQuery(query): StrictQuery<CreditsQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let snapshot = state.require_snapshot()?;
    let measures = state.watch.measures();
    let order = Order::new(query.sort, query.order);
    let mut found: Vec<(u128, &Measure)> = measures
        .values()
        .filter(|measure| query.matches(measure))
        .map(|measure| (order.rank(measure), measure))
        .collect();
    let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
    if let Some(cursor) = &query.after {
        found.retain(|(rank, measure)| order.is_after(*rank, &measure.credit, cursor));
    }
    let is_table = query.format.map_or_else(|| accepts_csv(&headers), |format| format == Format::Csv);
    let limit = query.limit.unwrap_or(if is_table { TABLE } else { PAGE });
    let is_more = found.len() > limit;
    if is_more {
        found.select_nth_unstable_by(limit, |a, b| order.compare((a.0, &a.1.credit), (b.0, &b.1.credit)));
        found.truncate(limit);
    }
    found.sort_unstable_by(|a, b| order.compare((a.0, &a.1.credit), (b.0, &b.1.credit)));
    let lines = found.iter().map(|(_, measure)| CreditLine::new(measure));
    let mut response = match is_table {
        true => table::answer(lines)?,
        false => {
            let next = found.last().filter(|_| is_more);
            let next = next.map(|(rank, measure)| order.cursor(*rank, measure.credit).to_string());
            let credits = lines.collect();
            Json(CreditPage { as_of: AsOf::new(&snapshot), credits, count, next }).into_response()
        }
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// True where the client names CSV, and not JSON before it.
fn accepts_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let named = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let first = named.into_iter().find(|kind| matches!(*kind, "text/csv" | "application/json"));
    first == Some("text/csv")
}
