//! The price list, for everyone.

use {
    crate::{app::App, price_list::PriceList},
    axum::{Json, Router, extract::State, routing::get},
    blockable_service::hex,
    serde_json::{Value, json},
    std::sync::Arc,
};

/// The route of the price list.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/prices", get(prices))
}

/// A list with its hash. `text` is the canonical form that is hashed.
fn list_json(list: &PriceList) -> Value {
    let parsed: Value = serde_json::from_str(list.text()).unwrap_or_default();
    json!({"hash": hex::encode(list.hash()), "text": list.text(), "list": parsed})
}

async fn prices(State(app): State<Arc<App>>) -> Json<Value> {
    let (served, state) = app.prices.served();
    let (file, chain) = (app.prices.file(), app.prices.on_chain());
    let next = served.as_ref().is_none_or(|served| served.hash() != file.hash()).then(|| list_json(&file));
    Json(json!({
        "state": state.name(),
        "served": served.map(|list| list_json(&list)),
        "next": next,
        "chain": {
            "in_force": chain.in_force.map(hex::encode),
            "proposed": chain.proposed.map(|(hash, _)| hex::encode(hash)),
            "proposed_from": chain.proposed.map(|(_, from)| from.get()),
        },
    }))
}
