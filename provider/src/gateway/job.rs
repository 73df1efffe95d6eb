//! A job that runs on a hold.

use {
    super::usage::Usage,
    crate::{
        app::{App, Model},
        error::ApiError,
        limits::Permit,
    },
    blockable_gate::{Hold, Refusal, StoreError},
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

/// A job that runs on a hold. Whoever has it settles or releases it.
pub(super) struct RunningJob {
    pub app: Arc<App>,
    pub model: Arc<Model>,
    pub hold: Hold,
    began: Instant,
    _permit: Permit,
}

impl RunningJob {
    pub fn new(app: Arc<App>, model: Arc<Model>, hold: Hold, permit: Permit) -> RunningJob {
        RunningJob { app, model, hold, began: Instant::now(), _permit: permit }
    }

    /// Settles what was used; returns the units. Errors: where it could not be recorded.
    pub async fn settle(&self, usage: Usage) -> Result<u64, ApiError> {
        self.app.metrics.took("blockable_upstream_seconds", self.began.elapsed());
        let held = self.hold.units;
        let units = self.model.config.price().cost(usage.prompt_tokens, usage.completion_tokens);
        let units = units.unwrap_or_else(|_| {
            tracing::error!(hold = %self.hold.id, ?usage, "the upstream's usage cannot be; what was held is charged");
            held
        });
        if units > held {
            tracing::warn!(
                hold = %self.hold.id, held, units, model = self.model.config.name,
                "the upstream used more than was held; correct the model's limits or overheads"
            );
            self.app.metrics.add("blockable_above_hold_units_total", units - held);
        }
        let began = Instant::now();
        self.record(units).await?;
        self.app.metrics.took("blockable_settle_seconds", began.elapsed());
        self.app.metrics.add("blockable_settled_units_total", units);
        Ok(units)
    }

    async fn record(&self, units: u64) -> Result<(), ApiError> {
        let mut pause = PAUSE;
        for attempt in 1..=ATTEMPTS {
            match self.app.gate.settle(&self.hold, units).await {
                Ok(_) => return Ok(()),
                Err(StoreError::Closed) => break,
                Err(error) => {
                    tracing::error!(hold = %self.hold.id, units, attempt, %error, "a settlement could not be recorded");
                }
            }
            sleep(pause).await;
            pause *= 2;
        }
        tracing::error!(hold = %self.hold.id, units, "a settlement is lost; its answer is withheld");
        Err(ApiError::from(Refusal::Storage))
    }

    /// Ends the hold of a job that used nothing.
    pub async fn release(&self) {
        if let Err(error) = self.app.gate.release(&self.hold).await {
            tracing::error!(hold = %self.hold.id, %error, "a hold could not be released; it ends by its deadline");
        }
    }
}
