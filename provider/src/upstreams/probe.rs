//! Probes of the health of upstreams.

use {
    super::{
        fault::{FaultClass, UpstreamFault},
        health::Change,
        http::UpstreamHttp,
        pool::Pool,
        server::UpstreamServer,
    },
    crate::config::ProbeSettings,
    axum::http::{StatusCode, header::AUTHORIZATION},
    std::{sync::Arc, time::Instant},
    tokio::time::{sleep_until, timeout},
};

/// Probes an upstream at intervals, and sooner once it has failed. Never returns.
pub(crate) async fn probe(
    http: Arc<UpstreamHttp>,
    model: String,
    pool: Arc<Pool>,
    place: usize,
    settings: ProbeSettings,
) {
    let Some(server) = pool.servers().get(place) else { return };
    loop {
        let result = ask(&http, server, &settings).await;
        let change = pool.note_probe(
            place,
            result.as_ref().map_err(UpstreamFault::evidence_of_probe).copied(),
            Instant::now(),
        );
        let detail = result.err().map(|fault| fault.detail).unwrap_or_default();
        log(change, &model, &server.name, &detail);
        let last = Instant::now();
        loop {
            let next = pool.next_probe(place, last, settings.interval);
            tokio::select! {
                () = sleep_until(next.into()) => break,
                // It is doubted or has gone down: its next probe is sooner than it was.
                () = server.failed.notified() => {}
            }
        }
    }
}

/// Logs a change of an upstream's health.
pub(crate) fn log(change: Change, model: &str, upstream: &str, detail: &str) {
    match change {
        Change::None => {}
        // Requests may fail by their content, which is no error of the operator's.
        Change::Doubted(borrower) => {
            tracing::info!(model, upstream, %borrower, detail, "the upstream is doubted, by requests alone")
        }
        Change::Down => tracing::error!(model, upstream, detail, "the upstream is down"),
        Change::Up => tracing::info!(model, upstream, "the upstream is up"),
    }
}

/// Asks an upstream once. Any answer that refuses nobody shows that it lives, as not all servers have a list of models; at a
/// URL that the operator names, only a good one does.
async fn ask(
    http: &UpstreamHttp,
    server: &UpstreamServer,
    settings: &ProbeSettings,
) -> Result<(), UpstreamFault> {
    let (url, must_be_good) = &server.probe;
    let build = |http: &reqwest::Client| match &server.authorisation {
        Some(authorisation) => http.get(url).header(AUTHORIZATION, authorisation.clone()),
        None => http.get(url),
    };
    match timeout(settings.timeout, http.send(build, || {})).await {
        Err(_) => Err(UpstreamFault::timed_out("a probe was not answered in time")),
        Ok(Err(failed)) => Err(UpstreamFault::from_transport(failed.error)),
        Ok(Ok(answer)) if shows_health(answer.status(), *must_be_good) => Ok(()),
        Ok(Ok(answer)) => {
            let status = answer.status();
            let class = if status.is_server_error() { FaultClass::Failed } else { FaultClass::Refused };
            let detail = format!("a probe was answered with status {status}");
            Err(UpstreamFault { class, ..UpstreamFault::failed(&detail) })
        }
    }
}

fn shows_health(status: StatusCode, must_be_good: bool) -> bool {
    let refuses = matches!(status.as_u16(), 401 | 402 | 403 | 407);
    status.is_success() || (!must_be_good && !status.is_server_error() && !refuses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_list_of_models_lives_and_one_that_refuses_the_key_does_not_serve() {
        let health = |status: u16, named| shows_health(StatusCode::from_u16(status).unwrap(), named);
        for (status, unnamed, named) in [
            (200, true, true),
            (204, true, true),
            (404, true, false),
            (405, true, false),
            (429, true, false),
            (401, false, false),
            (402, false, false),
            (403, false, false),
            (500, false, false),
            (503, false, false),
        ] {
            assert_eq!((health(status, false), health(status, true)), (unnamed, named), "{status}");
        }
    }
}
