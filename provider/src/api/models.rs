//! The models on offer.

use {
    crate::{
        api::{
            openapi::refusals::{Always, Keyless, Malformed, Missing},
            path::PathText,
        },
        app::App,
        error::ApiError,
        http::Route,
        models::ServedModel,
    },
    axum::{Json, extract::State, http::HeaderMap, routing::get},
    blockable_sdk::amounts::Units,
    serde::Serialize,
    std::sync::Arc,
    utoipa::{OpenApi, ToSchema},
};

/// The routes of models. A model's name may have slashes in it.
pub(super) fn routes() -> Vec<Route> {
    vec![("/v1/models", get(list)), ("/v1/models/{*name}", get(show))]
}

#[derive(OpenApi)]
#[openapi(paths(list, show))]
pub(super) struct Paths;

/// A model on offer.
#[derive(Serialize, ToSchema)]
struct ModelView {
    /// Its name.
    id: String,
    #[schema(value_type = String, example = "model")]
    object: &'static str,
    /// The same, under Anthropic's name of it.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "model")]
    kind: &'static str,
    /// Its name, for Anthropic's clients.
    display_name: String,
    /// Always 0.
    created: i64,
    /// The same, as Anthropic's clients read it.
    created_at: &'static str,
    owned_by: &'static str,
    /// Paths at which it is served.
    #[schema(example = json!(["/v1/chat/completions"]))]
    endpoints: Vec<String>,
    /// Most tokens of prompt and answer together.
    context_tokens: u64,
    /// Most tokens of an answer.
    max_output_tokens: u64,
    /// Tokens down to which the answer of a request without a limit is limited where less is open.
    min_fitted_tokens: u64,
    /// The price of 1,000 tokens of the prompt; null while no price list is in force.
    #[schema(required, value_type = Option<u64>)]
    units_per_1k_prompt: Option<Units>,
    /// The price of 1,000 generated tokens.
    #[schema(required, value_type = Option<u64>)]
    units_per_1k_generated: Option<Units>,
}

/// The models on offer.
#[derive(Serialize, ToSchema)]
struct ModelList {
    #[schema(value_type = String, example = "list")]
    object: &'static str,
    data: Vec<ModelView>,
    /// Always false: all models are in `data`.
    has_more: bool,
    /// The name of the first model, for Anthropic's clients.
    #[schema(required)]
    first_id: Option<String>,
    /// The name of the last one.
    #[schema(required)]
    last_id: Option<String>,
}

impl ModelView {
    fn new(app: &App, model: &ServedModel) -> ModelView {
        let config = &model.config;
        let price = app.prices.model(&config.name).ok();
        ModelView {
            id: config.name.clone(),
            object: "model",
            kind: "model",
            display_name: config.name.clone(),
            created: 0,
            created_at: "1970-01-01T00:00:00Z",
            owned_by: "provider",
            endpoints: config.endpoints.iter().map(|endpoint| format!("/v1{}", endpoint.path())).collect(),
            context_tokens: config.context_tokens,
            max_output_tokens: config.max_output_tokens,
            min_fitted_tokens: config.min_fitted_tokens,
            units_per_1k_prompt: price.map(|price| price.prompt),
            units_per_1k_generated: price.map(|price| price.generated),
        }
    }
}

/// Lists the models on offer with their prices.
#[utoipa::path(
    get, path = "/v1/models", operation_id = "list_models", tag = "models", security(("api_key" = [])),
    responses((status = 200, body = ModelList), Keyless, Always)
)]
async fn list(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<ModelList>, ApiError> {
    app.authorise(&headers)?;
    let data: Vec<ModelView> = app.models.all().values().map(|model| ModelView::new(&app, model)).collect();
    let id = |model: Option<&ModelView>| model.map(|model| model.id.clone());
    let (first_id, last_id) = (id(data.first()), id(data.last()));
    Ok(Json(ModelList { object: "list", data, has_more: false, first_id, last_id }))
}

/// Shows a model. Its name may have slashes in it.
#[utoipa::path(
    get, path = "/v1/models/{name}", operation_id = "show_model", tag = "models", security(("api_key" = [])),
    params(("name" = String, Path, description = "The model")),
    responses((status = 200, body = ModelView), Malformed, Keyless, Missing, Always)
)]
async fn show(
    State(app): State<Arc<App>>,
    PathText(name): PathText,
    headers: HeaderMap,
) -> Result<Json<ModelView>, ApiError> {
    app.authorise(&headers)?;
    let model = app.models.get(&name).ok_or_else(ApiError::no_such_model)?;
    Ok(Json(ModelView::new(&app, &model)))
}
