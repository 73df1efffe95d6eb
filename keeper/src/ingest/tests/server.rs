//! A provider's server in the test's own process, well-behaved and otherwise.

use {
    super::*,
    axum::{
        Json, Router,
        body::Body,
        extract::{Query, State},
        http::{HeaderMap, header::CONTENT_TYPE},
        response::{IntoResponse, Response},
        routing::get,
    },
    blockable_sdk::reports::ReportPage,
    futures_util::{StreamExt, stream},
    reqwest::Url,
    std::{collections::HashMap, convert::Infallible},
};

/// A server that ends with the test.
pub(super) struct Server {
    pub url: Url,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(super) async fn start(router: Router) -> Server {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/under", listener.local_addr().unwrap())).unwrap();
        let router = Router::new().nest("/under", router);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Server { url, task }
    }

    /// A server that gives one answer to every request for a page.
    pub(super) async fn answering<F, R>(answer: F) -> Server
    where
        F: Fn() -> R + Clone + Send + Sync + 'static,
        R: IntoResponse + Send + 'static,
    {
        let answer = move || std::future::ready(answer());
        Server::start(Router::new().route("/v1/reports", get(answer))).await
    }

    pub(super) fn settings(&self) -> SourceSettings {
        let limits = EndpointLimits {
            deadline: Duration::from_secs(5),
            page: 2,
            idle: Duration::from_secs(5),
            pause_max: Duration::from_millis(20),
            ..EndpointLimits::default()
        };
        let every = Duration::from_millis(10);
        SourceSettings { every, limits, ..SourceSettings::new(self.url.clone(), provider()) }
    }
}

/// The reports of a well-behaved server, and the requests that it got.
#[derive(Clone, Default)]
pub(super) struct Reports(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    reports: Vec<ReportRecord>,
    asked: Vec<String>,
    /// Events of one stream, after which it is cut.
    cut_after: Option<usize>,
    no_streams: bool,
}

impl Reports {
    pub(super) fn new(reports: impl IntoIterator<Item = ReportRecord>) -> Reports {
        let served = Reports::default();
        served.set(reports);
        served
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Holds these reports from now on, numbered from 1.
    pub(super) fn set(&self, reports: impl IntoIterator<Item = ReportRecord>) {
        self.lock().reports = numbered(reports);
    }

    pub(super) fn cut_streams_after(&self, events: usize) {
        self.lock().cut_after = Some(events);
    }

    pub(super) fn serve_streams(&self, serve: bool) {
        self.lock().no_streams = !serve;
    }

    /// The requests since the last time: the numbers, with an `s` for a stream.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().asked)
    }

    /// All requests so far.
    pub(super) fn log(&self) -> Vec<String> {
        self.lock().asked.clone()
    }

    /// As a provider's server does it: a number that it has not reached counts as 0.
    fn after(&self, after: u64) -> (u64, Vec<ReportRecord>) {
        let inner = self.lock();
        let last = inner.reports.last().map_or(0, |last| last.seq);
        let from = if after > last { 0 } else { after };
        (from, inner.reports.iter().filter(|report| report.seq > from).cloned().collect())
    }

    pub(super) fn router(&self) -> Router {
        let routes = Router::new().route("/v1/reports", get(page)).route("/v1/reports/stream", get(live));
        routes.with_state(self.clone())
    }

    pub(super) async fn serve(&self) -> Server {
        Server::start(self.router()).await
    }
}

async fn page(State(served): State<Reports>, Query(query): Query<HashMap<String, u64>>) -> Json<ReportPage> {
    let (after, most) = (query["after"], usize::try_from(query["most"]).unwrap());
    served.lock().asked.push(after.to_string());
    let (from, mut reports) = served.after(after);
    reports.truncate(most);
    Json(ReportPage { next: reports.last().map_or(from, |last| last.seq), reports })
}

async fn live(State(served): State<Reports>, headers: HeaderMap) -> Response {
    if served.lock().no_streams {
        return axum::http::StatusCode::TOO_MANY_REQUESTS.into_response();
    }
    let after: u64 = headers["last-event-id"].to_str().unwrap().parse().unwrap();
    served.lock().asked.push(format!("s{after}"));
    let cut_after = served.lock().cut_after.unwrap_or(usize::MAX);
    let events = stream::unfold((served, after), |(served, after)| async move {
        loop {
            let (from, reports) = served.after(after);
            if let Some(report) = reports.first() {
                let text = serde_json::to_string(report).unwrap();
                let event = format!(": alive\n\nid: {}\nevent: report\ndata: {text}\n\n", report.seq);
                return Some((Ok::<_, Infallible>(event), (served, report.seq.max(from))));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events.take(cut_after))).into_response()
}

/// Waits until something is so.
pub(super) async fn until_so(what: &str, so: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come about");
}
