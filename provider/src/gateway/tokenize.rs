//! A closer bound on a prompt, by the upstream's own count.
//!
//! Counting is work that nobody pays for. So an upstream is asked only where the answer decides something: the request does not fit
//! into what is open by its family's bound, and could fit by a count. And it is asked for a few requests of a credit at once.

use {
    super::{PreparedRequest, anthropic},
    crate::{
        app::App,
        config::{Endpoint, ModelConfig},
        keys::Caller,
        request::Questions,
        trace::Trace,
        upstreams::Slot,
    },
    axum::http::{
        HeaderValue,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
    futures_util::future::try_join_all,
    std::time::{Duration, Instant},
    tokio::time::timeout,
};

/// Time that an upstream may take for it.
const DEADLINE: Duration = Duration::from_secs(2);
/// Most bytes of an answer, which lists each token.
const MOST_BYTES: usize = 64 << 20;

/// Bounds the prompts of a request by its upstream's count, where the model has that and the family's bound does not fit into what
/// is open. Where it fails, is late or cannot be true, the bound stays that of the model's family.
pub(super) async fn tighten(app: &App, plan: &mut PreparedRequest, caller: &Caller, trace: &Trace) {
    let model = plan.model.clone();
    if !model.config.tokenize {
        return;
    }
    let Ok(room) = app.gate.room(&caller.credit) else { return };
    let open = room.available.min(caller.open());
    if plan.units <= open {
        return;
    }
    let Some(questions) = plan.questions() else { return };
    if plan.least_counted(&questions).is_none_or(|least| least > open) {
        return;
    }
    let Some(_place) = app.running.tokenize(caller.credit) else { return };
    let Some(slot) = model.pool.take(&caller.credit, &[], Instant::now()) else { return };
    let counts = timeout(DEADLINE, ask(app, plan.endpoint, &slot, &questions, trace)).await;
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
async fn ask(
    app: &App,
    endpoint: Endpoint,
    slot: &Slot,
    questions: &Questions,
    trace: &Trace,
) -> Option<Vec<u64>> {
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
        path.read(&whole).filter(|_| answer.status().is_success()).ok_or(())
    });
    try_join_all(asked).await.ok()
}
