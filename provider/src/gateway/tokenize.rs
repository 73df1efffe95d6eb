//! A closer bound on a prompt, by the upstream's own `/tokenize`.

use {
    super::PreparedRequest,
    crate::{
        app::App,
        config::ModelConfig,
        request::{Questions, read_count},
        trace::Trace,
        upstreams::Slot,
    },
    axum::http::{
        HeaderValue,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    blockable_sdk::{Pubkey, amounts::Units},
    futures_util::future::try_join_all,
    std::time::{Duration, Instant},
    tokio::time::timeout,
};

/// Time that an upstream may take for it.
const DEADLINE: Duration = Duration::from_secs(2);
/// Most bytes of an answer, which lists each token.
const MOST_BYTES: usize = 64 << 20;

/// Bounds the prompts of a request by its upstream's count where the model has that. Where it fails, is late or cannot be true,
/// the bound stays that of the model's family.
pub(super) async fn tighten(app: &App, plan: &mut PreparedRequest, credit: &Pubkey, trace: &Trace) {
    let model = plan.model.clone();
    if !model.config.tokenize {
        return;
    }
    let Some(questions) = plan.questions() else { return };
    // A credit that is refused anyway makes no work.
    if !app.gate.room(credit).is_ok_and(|room| room.available > Units::ZERO) {
        return;
    }
    let Some(slot) = model.pool.take(credit, &[], Instant::now()) else { return };
    let counts = timeout(DEADLINE, ask(app, &slot, &questions, trace)).await;
    let result = match counts {
        Err(_) => "late",
        Ok(None) => "failed",
        Ok(Some(counts)) if plan.take_counts(&questions, &counts) => "used",
        Ok(Some(_)) => "unbelievable",
    };
    note(app, &model.config, &slot, result);
}

fn note(app: &App, model: &ModelConfig, slot: &Slot, result: &'static str) {
    let upstream = slot.server().name.as_str();
    if result != "used" {
        tracing::warn!(
            model = model.name,
            upstream,
            result,
            "the upstream counted no tokens; the prompt is bounded by its family"
        );
    }
    app.metrics.count_tokenized(&model.name, upstream, result);
}

/// Asks an upstream for the tokens of each prompt. `None` where it does not answer all.
async fn ask(app: &App, slot: &Slot, questions: &Questions, trace: &Trace) -> Option<Vec<u64>> {
    let server = slot.server();
    let (url, path) = (questions.path.url(&server.url), questions.path);
    // No hold numbers it yet.
    let mut headers = trace.upstream_headers(format_args!("t{:08x}", rand::random::<u32>()));
    headers.extend(anthropic::upstream_headers(endpoint, server.key.as_ref()));
    let asked = questions.bodies(&server.model).map(async |body| {
        let build = |http: &reqwest::Client| {
            let request = http.post(&url).headers(headers.clone());
            let request =
                request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.clone());
            match &server.authorisation {
                Some(authorisation) => request.header(AUTHORIZATION, authorisation.clone()),
                None => request,
            }
        };
        let mut answer = app.http.send(build, || {}).await.map_err(|_| ())?;
        let mut whole = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(|_| ())? {
            whole.extend_from_slice(&piece);
            if whole.len() > MOST_BYTES {
                return Err(());
            }
        }
        read_count(&whole).filter(|_| answer.status().is_success()).ok_or(())
    });
    try_join_all(asked).await.ok()
}
