//! The price list, for everyone.

use {
    crate::{
        api::openapi::{refusals::Always, words::HashText},
        app::App,
        http::Route,
        price_list::PriceList,
        prices::PriceState,
    },
    axum::{Json, extract::State, routing::get},
    blockable_sdk::amounts::MarketTime,
    blockable_service::hex,
    serde::Serialize,
    serde_json::Value,
    std::sync::Arc,
    utoipa::{OpenApi, ToSchema},
};

/// The route of the price list.
pub(super) fn routes() -> Vec<Route> {
    vec![("/v1/prices", get(prices))]
}

#[derive(OpenApi)]
#[openapi(paths(prices))]
pub(super) struct Paths;

/// The prices of the server, and those that stand on the chain.
#[derive(Serialize, ToSchema)]
struct PricesView {
    /// The state of the server's list against the chain.
    state: PriceState,
    /// The list that requests are charged by; null while none is in force that the server knows.
    #[schema(required)]
    served: Option<PriceListView>,
    /// The list of the server's file, where it is another one.
    #[schema(required)]
    next: Option<PriceListView>,
    /// The hashes on the chain.
    chain: ChainPrices,
}

/// A price list.
#[derive(Serialize, ToSchema)]
struct PriceListView {
    /// The hash of `text`, as it stands on the chain.
    #[schema(value_type = HashText)]
    hash: String,
    /// The canonical form, which is hashed.
    text: String,
    /// The same as JSON.
    #[schema(value_type = Object)]
    list: Value,
}

/// Hashes of price lists on the chain.
#[derive(Serialize, ToSchema)]
struct ChainPrices {
    /// That of the list in force.
    #[schema(required, value_type = Option<HashText>)]
    in_force: Option<String>,
    /// That of the list that comes into force next.
    #[schema(required, value_type = Option<HashText>)]
    proposed: Option<String>,
    /// The time from which that one is in force, on the market's clock.
    #[schema(required, value_type = Option<i64>)]
    proposed_from: Option<MarketTime>,
}

impl PriceListView {
    fn new(list: &PriceList) -> PriceListView {
        PriceListView {
            hash: hex::encode(list.hash()),
            text: list.text().to_string(),
            list: serde_json::from_str(list.text()).unwrap_or_default(),
        }
    }
}

/// Shows the prices, for everyone.
#[utoipa::path(get, path = "/v1/prices", operation_id = "show_prices", tag = "models", responses((status = 200, body = PricesView), Always))]
async fn prices(State(app): State<Arc<App>>) -> Json<PricesView> {
    let (served, state) = app.prices.served();
    let (file, chain) = (app.prices.file(), app.prices.on_chain());
    let next = served.as_ref().is_none_or(|served| served.hash() != file.hash());
    Json(PricesView {
        state,
        served: served.map(|list| PriceListView::new(&list)),
        next: next.then(|| PriceListView::new(&file)),
        chain: ChainPrices {
            in_force: chain.in_force.map(hex::encode),
            proposed: chain.proposed.map(|(hash, _)| hex::encode(hash)),
            proposed_from: chain.proposed.map(|(_, from)| from),
        },
    })
}
