//! Parts of the keeper that benchmarks measure by themselves.

mod fill;

pub use {
    crate::{
        alerts::AlertStorm,
        chain::{Snapshot, Stalls},
        ingest::{Ingest, Shelf},
        plan::{Intent, IntentAction, PlanSettings, plan},
        store::Store,
    },
    fill::{DayOfWork, FilledMarket, Kept},
};
