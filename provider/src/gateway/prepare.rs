//! Reads a request, bounds its cost, and fits one without a limit to the units that it holds.

use {
    crate::{
        app::App,
        config::Endpoint,
        error::ApiError,
        keys::KeyRefusal,
        meter::{Rewrite, prompt_tokens},
        models::ServedModel,
        price::{Price, TokenBound},
        request::{CompletionRequest, Questions},
        shortage::{self, LargestFit},
        upstreams::PublicNames,
    },
    blockable_gate::Refusal,
    blockable_sdk::{Pubkey, amounts::Units},
    bytes::Bytes,
    std::sync::Arc,
};

/// A request ready for its upstream, with the most it can cost.
pub(super) struct PreparedRequest {
    pub endpoint: Endpoint,
    pub model: Arc<ServedModel>,
    /// The price by which it is held for and charged.
    pub price: Price,
    /// The most units that it can cost as it is.
    pub units: Units,
    /// The fewest units that it is served with; `units` where it has a limit of its own.
    pub least: Units,
    pub streamed: bool,
    wants_usage: bool,
    wants_running_usage: bool,
    /// True where each answer begins with its prompt.
    echoes: bool,
    bound: TokenBound,
    /// Tokens of its prompts by the upstream's own count.
    counted: Option<u64>,
    /// Tokens of the shortest answers that it is served with.
    shortest: u64,
    /// The parameter that limits its answers, or would.
    limit_parameter: &'static str,
    /// The body for an upstream with the model's public name, without a limit that the client did not set.
    forwarded: Bytes,
    /// The body as it came.
    original: Bytes,
    /// The values of members that the answer repeats.
    repeated: Vec<(&'static str, Bytes)>,
    /// The credit's salt for the upstream's prefix cache.
    salt: Option<String>,
}

impl PreparedRequest {
    /// Reads a request and bounds its cost. Errors: 400 for a mistake in it, 404 for an unknown model, or one
    /// that is not served at the endpoint.
    pub(super) fn read(
        app: &App,
        endpoint: Endpoint,
        credit: &Pubkey,
        body: Bytes,
    ) -> Result<PreparedRequest, ApiError> {
        let request = CompletionRequest::parse(endpoint, &body)?;
        let model = app.models.get(&request.model).ok_or_else(ApiError::no_such_model)?;
        if !model.config.endpoints.contains(&endpoint) {
            let others: Vec<String> =
                model.config.endpoints.iter().map(|other| format!("/v1{}", other.path())).collect();
            return Err(ApiError::not_served_at(endpoint.path(), &others.join(", ")));
        }
        request.require_limit()?;
        let (config, bound) = (&model.config, request.bound(&model.config)?);
        let price = app.prices.model(&config.name)?;
        let shortest = request.own_limit().map_or(config.min_fitted_tokens, |_| bound.answer);
        let (units, least) = costs(&price, &bound, shortest).ok_or_else(|| {
            let message = "the request may cost more than can be counted; ask for less";
            ApiError::invalid("request_too_large", message)
        })?;
        let salt = request.own_salt(config).map(|own| app.keys.cache_salt(credit, own));
        let otherwise = || CompletionRequest::limit_parameter(endpoint, config);
        Ok(PreparedRequest {
            endpoint,
            model: model.clone(),
            price,
            units,
            least,
            streamed: request.streamed,
            wants_usage: request.wants_usage,
            wants_running_usage: request.wants_running_usage,
            echoes: request.echoes,
            shortest,
            limit_parameter: request.own_limit().unwrap_or_else(otherwise),
            forwarded: request.forward(&body, config, &config.name, None, salt.as_deref()),
            original: body.clone(),
            repeated: request.repeated(&body),
            salt,
            bound,
            counted: None,
        })
    }

    /// The questions by which an upstream bounds its prompts closer; `None` where none is worth it.
    pub(super) fn questions(&self) -> Option<Questions> {
        let request = CompletionRequest::parse(self.endpoint, &self.original).ok()?;
        request.questions(&self.model.config, &self.bound.prompts)
    }

    /// The fewest units that it is served with, whatever an upstream counts.
    pub(super) fn least_counted(&self, questions: &Questions) -> Option<Units> {
        let prompts = questions.bound(&questions.lowest(), &self.bound.prompts)?;
        let bound = TokenBound { prompts, ..self.bound.clone() };
        costs(&self.price, &bound, self.shortest).map(|(_, least)| least)
    }

    /// Takes an upstream's counts of its prompts. Returns false where they cannot be true.
    pub(super) fn take_counts(&mut self, questions: &Questions, counts: &[u64]) -> bool {
        let Some(prompts) = questions.bound(counts, &self.bound.prompts) else { return false };
        let bound = TokenBound { prompts, ..self.bound.clone() };
        let Some((units, least)) = costs(&self.price, &bound, self.shortest) else { return false };
        (self.units, self.least, self.bound) = (units, least, bound);
        self.counted = Some(counts.iter().copied().fold(0, u64::saturating_add));
        true
    }

    /// Makes the answer where the gate refuses it. It names the request's own limit as the parameter to be changed.
    pub(super) fn refuse(&self, app: &App, credit: &Pubkey, refusal: Refusal) -> ApiError {
        self.with_parameter(shortage::refuse(app, credit, refusal, |open| self.largest(open)))
    }

    /// The same where the caller's key refuses it.
    pub(super) fn refuse_by_key(&self, refusal: KeyRefusal) -> ApiError {
        let fit = refusal.left().and_then(|left| self.largest(left));
        self.with_parameter(shortage::with_fit(refusal.into(), fit))
    }

    /// The parameter that limits its answers, and its largest value that some units pay for.
    fn largest(&self, units: Units) -> Option<LargestFit> {
        let longest = self.price.longest_answer(&self.bound, units)?;
        (longest > 0).then_some((self.limit_parameter, longest))
    }

    /// Names the request's own limit as the parameter to be changed, where a smaller one fits.
    fn with_parameter(&self, error: ApiError) -> ApiError {
        let too_much = self.least == self.units && error.details.contains_key("fits");
        ApiError { param: too_much.then(|| self.limit_parameter.to_string()), ..error }
    }

    /// The limit of its answers in tokens where it holds fewer units than it may cost; `None` where it needs none.
    pub(super) fn fit(&self, held: Units) -> Option<u64> {
        if held >= self.units {
            return None;
        }
        // The gate holds at least `least` units, which pay for the prompt.
        let longest = self.price.longest_answer(&self.bound, held).unwrap_or(0);
        // Upstreams refuse a limit that has no room after the prompt, whose real length is not known here.
        let prompt = self.bound.prompts.iter().max().copied().unwrap_or(0);
        let room = self.bound.context.saturating_sub(prompt);
        Some(if room >= self.model.config.min_fitted_tokens { longest.min(room) } else { longest })
    }

    /// Counts the tokens of its prompts, for an upstream that does not state them: by the upstream's own count before, else by
    /// their texts.
    pub(super) fn count_prompt(&self) -> u64 {
        self.counted.unwrap_or_else(|| prompt_tokens(&self.original)).min(self.most_prompt_tokens())
    }

    /// The most tokens that its prompts can have together.
    pub(super) fn most_prompt_tokens(&self) -> u64 {
        let prompts = self.bound.prompts.iter().map(|prompt| (*prompt).min(self.bound.context));
        prompts.fold(0, u64::saturating_add)
    }

    /// The most tokens of prompts that its answers repeat, which are none that they have generated.
    pub(super) fn most_repeated_tokens(&self) -> u64 {
        match self.echoes {
            true => self
                .most_prompt_tokens()
                .max(prompt_tokens(&self.original))
                .saturating_mul(self.bound.answers),
            false => 0,
        }
    }

    /// The most tokens that its answers can have together, where each was `fitted` to so many.
    pub(super) fn most_generated_tokens(&self, fitted: Option<u64>) -> u64 {
        let TokenBound { answer, answers, context, .. } = self.bound;
        let longest = fitted.map_or(answer, |limit| limit.min(answer)).min(context);
        longest.saturating_mul(answers).saturating_mul(self.bound.prompts.len() as u64)
    }

    /// The changes of its answer on the way to the client.
    pub(super) fn rewrite(&self, names: PublicNames) -> Rewrite {
        Rewrite {
            passes_usage: self.wants_usage,
            drops_running_usage: self.model.config.continuous_usage && !self.wants_running_usage,
            names: PublicNames { repeated: self.repeated.clone(), ..names },
        }
    }

    /// The body for an upstream with a name of the model, with a limit where one was fitted. Errors: none that
    /// [`PreparedRequest::read`] has not had.
    pub(super) fn body(&self, limit: Option<u64>, name: &str) -> Result<Bytes, ApiError> {
        if limit.is_none() && *name == self.model.config.name {
            return Ok(self.forwarded.clone());
        }
        let request = CompletionRequest::parse(self.endpoint, &self.original)?;
        Ok(request.forward(&self.original, &self.model.config, name, limit, self.salt.as_deref()))
    }
}

/// The most units that a request can cost, and those with answers that are no longer than `shortest`. `None` where that is more
/// than can be counted.
fn costs(price: &Price, bound: &TokenBound, shortest: u64) -> Option<(Units, Units)> {
    let least = TokenBound { answer: shortest.min(bound.answer), ..bound.clone() };
    Some((price.most(bound).ok()?, price.most(&least).ok()?))
}
