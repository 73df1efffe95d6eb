//! Requests to one endpoint. Anybody may have written the answers, so time, bytes and form are bounded.

use {
    super::settings::{EndpointLimits, SourceSettings},
    crate::store::StoreError,
    blockable_sdk::{
        Pubkey,
        reports::{ReportPage, ReportRecord},
    },
    blockable_service::{
        outgoing::{HttpError, build, client_builder, read_bounded},
        sse::{Parser, SseEvent, TooLong},
    },
    reqwest::{Client, RequestBuilder, Response, StatusCode, Url, header},
    serde::Deserialize,
    tokio::{
        task::spawn_blocking,
        time::{error::Elapsed, timeout},
    },
};

/// A reason for which an endpoint could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The chain has not been read.
    #[error("the chain has not been read yet, so no report can be validated; check [[rpc]]")]
    NoChain,
    /// The market has no such provider.
    #[error("the market has no provider {0}; correct reporter.provider")]
    UnknownProvider(Pubkey),
    /// An HTTP client that cannot be set up.
    #[error("{0}")]
    Client(String),
    /// No connection, or one that broke.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("it does not answer in time")]
    Timeout,
    /// An answer that is no page.
    #[error("it answers with HTTP status {0}; check reporter.url")]
    Status(u16),
    /// An answer that names another address.
    #[error("it answers with a redirect (HTTP status {0}); set reporter.url to the address that it leads to")]
    Redirect(u16),
    /// An answer or event that is too long.
    #[error("it answers with more than {0} bytes; check that reporter.url is a provider's server")]
    TooLong(usize),
    /// An answer that cannot be read.
    #[error("its answer is no page of reports; check that reporter.url is a provider's server")]
    NotReports,
    /// An answer that is no stream.
    #[error("its answer is no stream of events; set reporter.mode to \"pull\"")]
    NotAStream,
    /// A stream without any bytes.
    #[error("its stream has sent nothing for too long; check the provider's server")]
    Silent,
    /// A stream that has ended.
    #[error("its stream has ended")]
    Ended,
    /// More reports than are read in one go.
    #[error(
        "it hands out more reports than are read in one go, and its latest may be missing; let a keeper run, or `once` again"
    )]
    Unfinished,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<reqwest::Error> for SourceError {
    fn from(error: reqwest::Error) -> SourceError {
        if error.is_timeout() {
            return SourceError::Timeout;
        }
        SourceError::Unreachable(error.without_url().to_string())
    }
}

impl From<HttpError> for SourceError {
    fn from(error: HttpError) -> SourceError {
        match error {
            HttpError::TooLong(most) => SourceError::TooLong(most),
            HttpError::BrokenOff => SourceError::Unreachable(error.to_string()),
            HttpError::Certificates { .. } | HttpError::Client(_) => SourceError::Client(error.to_string()),
        }
    }
}

impl From<Elapsed> for SourceError {
    fn from(_: Elapsed) -> SourceError {
        SourceError::Timeout
    }
}

/// A page of reports.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub reports: Vec<ReportRecord>,
    /// Reports that cannot be read.
    pub unreadable: usize,
    /// The number to ask for what comes after.
    pub next: u64,
}

/// One endpoint.
pub(super) struct Endpoint {
    client: Client,
    pages: Url,
    stream: Url,
    limits: EndpointLimits,
}

/// An open stream.
pub(super) struct Stream {
    response: Response,
    parser: Parser,
    limits: EndpointLimits,
}

impl Endpoint {
    /// Makes the client. Errors: [`SourceError::Client`].
    pub(super) fn new(settings: &SourceSettings) -> Result<Endpoint, SourceError> {
        let limits = settings.limits;
        let builder = client_builder(settings.url.as_str())?
            .connect_timeout(limits.deadline)
            .user_agent(concat!("blockable-keeper/", env!("CARGO_PKG_VERSION")));
        let client = build(builder)?;
        let pages = under(&settings.url, &["v1", "reports"])?;
        let stream = under(&settings.url, &["v1", "reports", "stream"])?;
        Ok(Endpoint { client, pages, stream, limits })
    }

    /// The reports after a number. Errors: [`SourceError`].
    pub(super) async fn page(&self, after: u64) -> Result<Page, SourceError> {
        let query = [("after", after), ("most", u64::from(self.limits.page))];
        let request = self.client.get(self.pages.clone()).query(&query);
        let body = timeout(self.limits.deadline, self.body(request)).await??;
        spawn_blocking(move || read_page(&body))
            .await
            .map_err(|_| SourceError::Store(StoreError::Panicked))?
    }

    /// Opens the stream of reports after a number. Errors: [`SourceError`].
    pub(super) async fn stream(&self, after: u64) -> Result<Stream, SourceError> {
        let request = self.client.get(self.stream.clone()).header("last-event-id", after);
        let response = timeout(self.limits.deadline, request.send()).await??;
        require_ok(response.status())?;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return Err(SourceError::NotAStream);
        }
        Ok(Stream { response, parser: Parser::new(self.limits.event), limits: self.limits })
    }

    async fn body(&self, request: RequestBuilder) -> Result<Vec<u8>, SourceError> {
        let response = request.send().await?;
        require_ok(response.status())?;
        Ok(read_bounded(response, self.limits.body).await?)
    }
}

impl Stream {
    /// Waits for the next reports. None for a comment that only keeps the connection open. Errors: [`SourceError`].
    pub(super) async fn next(&mut self) -> Result<Vec<SseEvent>, SourceError> {
        let chunk =
            timeout(self.limits.idle, self.response.chunk()).await.map_err(|_| SourceError::Silent)??;
        let chunk = chunk.ok_or(SourceError::Ended)?;
        let mut events =
            self.parser.feed(&chunk).map_err(|TooLong| SourceError::TooLong(self.limits.event))?;
        events.retain(is_report);
        Ok(events)
    }
}

/// True for an event that holds a report: it has data, and its name is none or that of a report.
fn is_report(event: &SseEvent) -> bool {
    event.data.is_some() && matches!(event.name.as_str(), "" | "message" | "report")
}

fn under(base: &Url, path: &[&str]) -> Result<Url, SourceError> {
    let mut url = base.clone();
    let no_path =
        |()| SourceError::Client("reporter.url can have no path; write https://HOST...".to_string());
    url.path_segments_mut().map_err(no_path)?.pop_if_empty().extend(path);
    Ok(url)
}

fn require_ok(status: StatusCode) -> Result<(), SourceError> {
    match status {
        StatusCode::OK => Ok(()),
        status if status.is_redirection() => Err(SourceError::Redirect(status.as_u16())),
        status => Err(SourceError::Status(status.as_u16())),
    }
}

/// Reads a page; a report that cannot be read does not spoil the others.
fn read_page(body: &[u8]) -> Result<Page, SourceError> {
    #[derive(Deserialize)]
    struct Loose {
        reports: Vec<serde_json::Value>,
        next: u64,
    }
    if let Ok(ReportPage { reports, next }) = serde_json::from_slice(body) {
        return Ok(Page { reports, unreadable: 0, next });
    }
    let Loose { reports, next } = serde_json::from_slice(body).map_err(|_| SourceError::NotReports)?;
    let all = reports.len();
    let reports: Vec<ReportRecord> =
        reports.into_iter().filter_map(|report| serde_json::from_value(report).ok()).collect();
    Ok(Page { unreadable: all.saturating_sub(reports.len()), reports, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_events_of_other_names_are_no_reports() {
        let text =
            b": alive\n\nevent: news\ndata: 1\n\nevent: report\ndata: 2\n\ndata: 3\n\nevent: report\n\n";
        let mut events = Parser::new(100).feed(text).unwrap();
        events.retain(is_report);
        let data: Vec<_> = events.iter().filter_map(|event| event.data.as_deref()).collect();
        assert_eq!(data, [b"2", b"3"]);
    }
}
