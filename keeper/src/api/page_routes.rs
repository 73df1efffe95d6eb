//! `/page.json`, and the files of the page.

use {
    crate::{
        api::{
            error::{ApiError, ErrorBody},
            state::ApiState,
        },
        page::{Page, PageDocument},
    },
    axum::{
        Extension, Json,
        extract::{Request, State},
        response::{IntoResponse, Response},
    },
    std::sync::Arc,
};

/// Gives the settings that the page begins with. All of it is public.
#[utoipa::path(
    get, path = "/page.json", tag = "page",
    responses(
        (status = 200, body = PageDocument),
        (status = 404, description = "The keeper serves no page", body = ErrorBody),
        (status = 429, description = "The client asks too often", body = ErrorBody)
    )
)]
pub(super) async fn settings(State(state): State<Arc<ApiState>>) -> Result<Json<PageDocument>, ApiError> {
    let settings = state.page.as_ref().ok_or_else(ApiError::no_such_path)?;
    Ok(Json(PageDocument::new(settings, state.market, state.nodes.genesis(), true)))
}

/// Gives a file of the page, or refuses a path that has none.
pub(super) async fn file(Extension(page): Extension<Option<Arc<Page>>>, request: Request) -> Response {
    let file = page.and_then(|page| page.answer(request.method(), request.uri().path(), request.headers()));
    file.unwrap_or_else(|| ApiError::no_such_path().into_response())
}
