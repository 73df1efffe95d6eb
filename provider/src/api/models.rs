//! The models on offer.

use {
    crate::{api::path::PathText, app::App, error::ApiError, models::ServedModel},
    axum::{Json, Router, extract::State, http::HeaderMap, routing::get},
    serde_json::{Value, json},
    std::sync::Arc,
};

/// The routes of models. A model's name may have slashes in it.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/models", get(list)).route("/v1/models/{*name}", get(show))
}

fn model_json(app: &App, model: &ServedModel) -> Value {
    let config = &model.config;
    let price = app.prices.model(&config.name).ok();
    let endpoints: Vec<String> =
        config.endpoints.iter().map(|endpoint| format!("/v1{}", endpoint.path())).collect();
    json!({"id": config.name, "object": "model", "created": 0, "owned_by": "provider", "endpoints": endpoints,
        "context_tokens": config.context_tokens, "max_output_tokens": config.max_output_tokens,
        "min_fitted_tokens": config.min_fitted_tokens,
        "units_per_1k_prompt": price.map(|price| price.prompt),
        "units_per_1k_generated": price.map(|price| price.generated)})
}

async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    app.authorise(&headers)?;
    let models: Vec<Value> = app.models.all().values().map(|model| model_json(&app, model)).collect();
    Ok(Json(json!({"object": "list", "data": models})))
}

async fn show(
    State(app): State<Arc<App>>,
    PathText(name): PathText,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    app.authorise(&headers)?;
    let model = app.models.get(&name).ok_or_else(ApiError::no_such_model)?;
    Ok(Json(model_json(&app, &model)))
}
