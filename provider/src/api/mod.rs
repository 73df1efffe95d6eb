//! All routes but completions: leases, credits, freezes, reports, usage and, for the operator, health and metrics.
//!
//! Another route: write its handler with its description in the file of its subject, add it to that file's `routes` and `Paths`,
//! and its path to `http::route`, which names the routes in metrics. [`openapi`](mod@openapi) describes all of them.

mod body;
mod credits;
mod freezes;
mod keys;
mod leases;
mod models;
mod openapi;
pub(crate) mod ops;
mod path;
mod prices;
mod reports;
mod usage;

use crate::{error::ApiError, http::Route};

/// All routes of clients and lenders.
pub(crate) fn routes() -> Vec<Route> {
    let parts = [
        credits::routes(),
        freezes::routes(),
        keys::routes(),
        leases::routes(),
        models::routes(),
        openapi::routes(),
        prices::routes(),
        reports::routes(),
        usage::routes(),
    ];
    parts.into_iter().flatten().collect()
}

/// Runs a change as a task of its own: a client that disconnects must not leave it half done.
async fn run_to_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::spawn(change).await.unwrap_or_else(|_| Err(ApiError::internal()))
}

/// Requires that a place in a list is one that an answer can have named. Errors: 400 for a number above 2^63 - 1, which the store
/// would take for one below zero.
fn require_place(name: &str, place: u64) -> Result<u64, ApiError> {
    let wrong = || ApiError::param(name, format!("`{name}` must be a number of an earlier answer"));
    i64::try_from(place).map(|_| place).map_err(|_| wrong())
}
