//! All routes but completions: leases, credits, freezes, reports, usage and, for the operator, health and metrics.
//!
//! Another route: write its handler in the file of its subject, add it to that file's `routes`, and its path to
//! `http::route`, which names the routes in metrics.

mod credits;
mod freezes;
mod keys;
mod leases;
mod models;
pub(crate) mod ops;
mod path;
mod prices;
mod reports;
mod usage;

use {crate::app::App, axum::Router, std::sync::Arc};

/// All routes of clients and lenders.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(credits::routes())
        .merge(freezes::routes())
        .merge(keys::routes())
        .merge(leases::routes())
        .merge(models::routes())
        .merge(prices::routes())
        .merge(reports::routes())
        .merge(usage::routes())
}
