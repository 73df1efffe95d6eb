//! A job that runs on a hold.

use {
    super::usage::Usage,
    crate::{
        app::{App, ServedModel},
        error::ApiError,
        limits::Permit,
        price::Tokens,
    },
    blockable_gate::{Hold, Refusal, StoreError},
    blockable_sdk::amounts::Units,
    std::{
        sync::Arc,
        time::{Duration, Instant},
    },
    tokio::time::sleep,
};

/// Attempts to record a settlement.
const ATTEMPTS: u32 = 8;
/// Pause after the first failed attempt; doubles.
const PAUSE: Duration = Duration::from_millis(50);

/// A job that runs on a hold. Its owner settles or releases the hold exactly once; after a crash the hold's deadline ends it.
pub(super) struct RunningJob {
    pub app: Arc<App>,
    pub model: Arc<ServedModel>,
    pub hold: Hold,
    /// The limit in tokens that its answers were fitted to; `None` where it holds all that it may cost.
    pub fitted: Option<u64>,
    began: Instant,
    _permit: Permit,
}

impl RunningJob {
    pub(super) fn new(
        app: Arc<App>,
        model: Arc<ServedModel>,
        hold: Hold,
        fitted: Option<u64>,
        permit: Permit,
    ) -> RunningJob {
        RunningJob { app, model, hold, fitted, began: Instant::now(), _permit: permit }
    }

    /// Settles the hold by a job's usage and returns the units. A fitted job costs its hold at most: nothing more was open, so
    /// that the chain would count the rest as the provider's loss. Errors: 503 where the settlement could not be recorded.
    pub(super) async fn settle(&self, usage: Usage) -> Result<Units, ApiError> {
        self.app.metrics.record_time("blockable_provider_upstream_seconds", self.began.elapsed());
        let held = self.hold.units;
        let used = self.model.config.price.cost(&Tokens::new(usage.prompt_tokens, usage.completion_tokens));
        let used = used.unwrap_or_else(|_| {
            tracing::error!(hold = %self.hold.id, ?usage, "the upstream's usage is too large to be counted; the held units are charged");
            held
        });
        if used > held {
            tracing::warn!(
                hold = %self.hold.id, held = held.get(), units = used.get(), fitted = self.fitted, model = self.model.config.name,
                "the upstream used more than was held; correct the model's limits or overheads"
            );
        }
        let units = if self.fitted.is_some() { used.min(held) } else { used };
        let began = Instant::now();
        self.record(units).await?;
        let metrics = &self.app.metrics;
        metrics.record_time("blockable_provider_settle_seconds", began.elapsed());
        metrics.add_units("blockable_provider_settled_units_total", units);
        if used > held {
            metrics.add_units("blockable_provider_above_hold_units_total", used.saturating_sub(held));
        }
        Ok(units)
    }

    async fn record(&self, units: Units) -> Result<(), ApiError> {
        let mut pause = PAUSE;
        for attempt in 1..=ATTEMPTS {
            match self.app.gate.settle(&self.hold, units).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Closed) => break,
                Err(error) => {
                    tracing::error!(hold = %self.hold.id, units = units.get(), attempt, %error, "a settlement could not be recorded");
                }
            }
            sleep(pause).await;
            pause *= 2;
        }
        tracing::error!(hold = %self.hold.id, units = units.get(), "a settlement is lost; its answer is withheld");
        Err(ApiError::from(Refusal::Storage))
    }

    /// Ends the hold of a job that used nothing.
    pub(super) async fn release(&self) {
        if let Err(error) = self.app.gate.release(&self.hold).await {
            tracing::error!(hold = %self.hold.id, %error, "a hold could not be released; it ends by its deadline");
        }
    }
}
