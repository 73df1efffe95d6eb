//! A job that runs on a hold, and its settlement.

use {
    super::{HOLD_HEADER, PreparedRequest, UNITS_HEADER},
    crate::{
        app::App,
        error::ApiError,
        keys::Grant,
        meter::{AnswerEnd, Outcome, Stop},
        named::{AnswerParts, NamedRequest},
        price::Tokens,
        trace::Trace,
    },
    axum::http::HeaderValue,
    blockable_gate::{Hold, JobFigures, KeptAnswer, Refusal, StoreError},
    blockable_sdk::amounts::Units,
    blockable_service::backoff::Backoff,
    serde_json::json,
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

/// A job that runs on a hold. Its owner settles it, which consumes it, so that a job is settled once; after a crash the next
/// start returns its hold.
pub(super) struct RunningJob {
    pub app: Arc<App>,
    pub plan: PreparedRequest,
    pub hold: Hold,
    /// The limit in tokens that its answers were fitted to; `None` where it holds all that it may cost.
    pub fitted: Option<u64>,
    pub trace: Trace,
    /// Units that the caller's key holds for it.
    grant: Grant,
    /// Its name, where its answer is kept.
    pub named: Option<NamedRequest>,
    began: Instant,
}

/// The time at which an answer goes out, by which a settlement is treated that cannot be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Before the settlement, at least in part. The hold stays until the store takes the settlement.
    Before,
    /// After the settlement. The answer is withheld and costs nothing.
    After,
}

/// A job that has been settled, with all its figures.
#[derive(Clone, Debug)]
pub(crate) struct Settlement {
    /// Tokens that it is charged for, and no more than it can have had.
    pub tokens: Tokens,
    /// True where some of them were counted here, for want of usage.
    pub is_counted: bool,
    /// The way in which its answer ended.
    pub end: AnswerEnd,
    /// Units that are charged: the cost of these tokens, and no more than were held.
    pub units: Units,
    /// Units that the upstream used above these. They are the provider's loss.
    pub above_hold: Units,
    /// Time from the call of the upstream to the end of its answer.
    pub took: Duration,
}

impl Settlement {
    /// Its figures as a member of an answer or event, next to those of the API; clients of OpenAI pass over it.
    pub(super) fn member(&self, hold: u64) -> String {
        let Tokens { prompt, cached, generated, reasoning, .. } = self.tokens;
        let figures = json!({"units": self.units, "hold": hold, "prompt_tokens": prompt, "cached_tokens": cached,
            "generated_tokens": generated, "reasoning_tokens": reasoning});
        format!("\"blockable\":{figures}")
    }

    /// Its figures for the usage log.
    fn figures(&self) -> JobFigures {
        let Tokens { prompt, cached, generated, reasoning, .. } = self.tokens;
        JobFigures { prompt, cached, generated, reasoning, ended: self.end.name() }
    }
}

impl RunningJob {
    pub(super) fn new(
        app: Arc<App>,
        plan: PreparedRequest,
        hold: Hold,
        fitted: Option<u64>,
        trace: Trace,
        grant: Grant,
        named: Option<NamedRequest>,
    ) -> RunningJob {
        RunningJob { app, plan, hold, fitted, trace, grant, named, began: Instant::now() }
    }

    /// Counts the tokens of the prompt, for a job whose upstream does not state them.
    pub(super) fn count_prompt(&self) -> u64 {
        self.plan.count_prompt()
    }

    /// The most tokens that its answers can have together.
    pub(super) fn most_generated(&self) -> u64 {
        self.plan.most_generated_tokens(self.fitted)
    }

    /// The most tokens that its answers can have together, with the prompts that they repeat. The text of the built-in model has no
    /// limit: its tokens are words of any length.
    pub(super) fn longest_answer(&self) -> u64 {
        match self.plan.model.config.is_built_in() {
            true => u64::MAX,
            false => self.most_generated().saturating_add(self.plan.most_repeated_tokens()),
        }
    }

    /// Ends the job: charges what was used, and never more than is held. The `answer` is kept where the job has a name and costs
    /// something. Errors: 503 where that could not be recorded and the answer has not gone out; it must be withheld then.
    pub(super) async fn settle(
        mut self,
        outcome: &Outcome,
        delivery: Delivery,
        answer: impl FnOnce(&Settlement) -> AnswerParts,
    ) -> Result<Settlement, ApiError> {
        let settlement = self.evaluate(outcome);
        let metrics = &self.app.metrics;
        self.log(&settlement);
        if settlement.tokens == Tokens::default() {
            self.release(&settlement).await;
            return Ok(settlement);
        }
        let began = Instant::now();
        let kept = self.named.as_ref().map(|named| {
            let mut answer = answer(&settlement);
            answer.headers.insert(HOLD_HEADER, HeaderValue::from(self.hold.id.0));
            answer.headers.insert(UNITS_HEADER, HeaderValue::from(settlement.units.get()));
            named.keep(answer)
        });
        self.record(&settlement, kept, delivery).await?;
        self.grant.end(settlement.units);
        metrics.record_time("blockable_provider_settle_seconds", began.elapsed());
        metrics.add_units("blockable_provider_settled_units_total", settlement.units);
        let (model, endpoint) = (self.plan.model.config.name.as_str(), self.plan.endpoint.name());
        metrics.count_tokens(model, endpoint, &settlement.tokens);
        if settlement.above_hold > Units::ZERO {
            metrics.add_units("blockable_provider_above_hold_units_total", settlement.above_hold);
        }
        if settlement.is_counted {
            metrics.count_counted(model, endpoint);
        }
        Ok(settlement)
    }

    /// Writes the line of the log that has the figures of the job.
    fn log(&self, settlement: &Settlement) {
        let Tokens { prompt, cached, generated, reasoning, .. } = settlement.tokens;
        tracing::info!(
            held = self.hold.units.get(),
            units = settlement.units.get(),
            prompt,
            cached,
            generated,
            reasoning,
            end = settlement.end.name(),
            ms = settlement.took.as_secs_f64() * 1e3,
            "settled"
        );
    }

    /// Works out the charge. Tokens that it cannot have had, since they are above the bounds of prompt and answer that it was held by,
    /// are neither charged nor recorded: the bill adds up, and one wrong number spoils no figures of a whole day.
    fn evaluate(&self, outcome: &Outcome) -> Settlement {
        let (held, used) = (self.hold.units, self.used(outcome));
        let tokens = used.within(self.plan.most_prompt_tokens(), self.most_generated());
        let (units, above_hold) = self.plan.price.charge(&tokens, &used, held);
        let (hold, model) = (&self.hold.id, self.plan.model.config.name.as_str());
        if above_hold > Units::ZERO {
            tracing::error!(
                %hold, held = held.get(), above = above_hold.get(), ?used, charged = ?tokens, fitted = self.fitted, model,
                "the upstream used more than was held for prompt and answer; the rest is your loss: correct the model's limits, or \
                 the upstream's usage"
            );
        } else if tokens != used {
            tracing::warn!(%hold, ?used, charged = ?tokens, model, "the upstream states more tokens than the request can have");
        }
        let is_counted = outcome.is_prompt_counted || outcome.is_answer_counted;
        if is_counted {
            tracing::warn!(%hold, ?tokens, end = ?outcome.end, model, "the upstream stated no usage to the end; tokens were counted");
        }
        let (end, took) = (outcome.end, self.began.elapsed());
        Settlement { tokens, is_counted, end, units, above_hold, took }
    }

    /// The tokens that the upstream used. A count of text is no statement: where it is somewhat above the answer's limit, the limit was
    /// used, unless the answer was stopped for its length.
    fn used(&self, outcome: &Outcome) -> Tokens {
        match outcome.is_answer_counted && outcome.end != AnswerEnd::Stopped(Stop::AboveLimit) {
            true => outcome.tokens.within(u64::MAX, self.most_generated()),
            false => outcome.tokens,
        }
    }

    async fn record(
        &self,
        settlement: &Settlement,
        kept: Option<KeptAnswer>,
        delivery: Delivery,
    ) -> Result<(), ApiError> {
        let (gate, units) = (&self.app.gate, settlement.units);
        let mut pauses = Backoff::new(PAUSE, Duration::MAX);
        let mut may_wait = delivery == Delivery::Before;
        for attempt in 1..=ATTEMPTS {
            let settled = gate.settle_with_answer(&self.hold, units, settlement.figures(), kept.clone());
            match settled.await {
                Ok(_) => return Ok(()),
                Err(StoreError::Closed) => {
                    may_wait = false;
                    break;
                }
                Err(error) => {
                    tracing::error!(hold = %self.hold.id, units = units.get(), attempt, %error, "a settlement could not be recorded");
                }
            }
            sleep(pauses.next_pause()).await;
        }
        if may_wait {
            tracing::error!(hold = %self.hold.id, units = units.get(), "a settlement waits for the store; its units stay held");
            gate.settle_later(&self.hold, units, settlement.figures(), kept);
            return Ok(());
        }
        self.app.metrics.add("blockable_provider_lost_settlements_total", 1);
        tracing::error!(hold = %self.hold.id, units = units.get(), ?delivery, "a settlement is lost");
        Err(ApiError::from(Refusal::Storage))
    }

    /// Ends the hold of a job that used nothing.
    async fn release(&self, settlement: &Settlement) {
        if let Err(error) = self.app.gate.release_with(&self.hold, settlement.figures()).await {
            tracing::error!(hold = %self.hold.id, %error, "a hold could not be released; it ends by its deadline");
        }
    }
}
