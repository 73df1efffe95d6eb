//! Failures of upstreams, in one version for the customer and one for the operator.
//!
//! An upstream's own words hold the provider's keys, hosts, bills and names of models. So a customer gets an error of ours:
//! a mistake of the request is named as one, and everything else is the provider's. The status, the code and the shape of a
//! message decide; its words go on only where [`super::words`] allows each of them.

mod evidence;
mod shown;

use {
    super::{redact::redact, stated::StatedError},
    crate::error::ApiError,
    axum::http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    blockable_service::http::retry_after,
    shown::{busy, own_error, request_error},
    std::time::{Duration, SystemTime},
};

pub(super) use evidence::Evidence;

/// Seconds after which a request may be tried again where a busy upstream does not say.
const RETRY_SECONDS: u16 = 5;
/// Most seconds that a customer is asked to wait.
const MAX_RETRY_SECONDS: u16 = 600;

/// Parts of codes, classes and messages by which an upstream refuses the provider, whatever the status.
const PROVIDERS: &[&str] = &[
    "api key",
    "api-key",
    "api_key",
    "apikey",
    "auth_error",
    "authenticat",
    "authoriz",
    "billing",
    "budget has been exceeded",
    "budget_exceeded",
    "credentials",
    "credit balance",
    "current quota",
    "deactivated",
    "exceededbudget",
    "insufficient_quota",
    "not_found_error",
    "payment",
    "permission",
    "subscription",
    "unauthorised",
    "your plan",
];
/// Those of them by which it refuses the provider with status 429. Messages about rates name bills and accounts, too.
const BILLS: &[&str] =
    &["billing", "budget", "credit balance", "current quota", "insufficient_quota", "payment_required"];
/// Parts by which it refuses a request that does not fit the context.
const CONTEXT: &[&str] = &[
    "available context size",
    "context length",
    "context window",
    "context_length",
    "context_window",
    "contextwindow",
    "exceed_context",
    "maximum context",
    "maximum model length",
    "prompt is too long",
    "max_total_tokens",
    "`inputs` tokens + `max_new_tokens`",
    "max_model_len",
];
/// Parts by which it refuses the content of a request.
const FILTER: &[&str] = &[
    "content filter",
    "content management policy",
    "content policy",
    "content_filter",
    "content_policy",
    "contentpolicy",
    "flagged",
    "moderation",
    "responsibleaipolicy",
    "safety system",
    "usage policies",
];

/// The classes of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultClass {
    /// The customer's request is wrong, and would be at any upstream.
    Request,
    /// The upstream has no room now.
    Busy,
    /// The upstream refuses the provider: key, bill, name of the model, path.
    Refused,
    /// The upstream failed.
    Failed,
    /// No connection could be made, so that the upstream does not have the request.
    Unreachable,
    /// The connection broke after the request was sent.
    Broken,
    /// The upstream said nothing for too long.
    TimedOut,
    /// The upstream was at work for as long as a request may take.
    TookTooLong,
    /// The upstream's answer is larger than it may be.
    TooLarge,
}

/// A failure of an upstream.
#[derive(Clone, Debug)]
pub(crate) struct UpstreamFault {
    /// Its class.
    pub class: FaultClass,
    /// The HTTP status that it came with or stated.
    pub status: Option<u16>,
    /// The error for the customer, without anything of the upstream's.
    pub error: ApiError,
    /// The upstream's own words for the operator's log, without keys and without the request's content.
    pub detail: String,
}

/// The names that an upstream's words are read with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// The model's name in requests of customers.
    pub public: &'a str,
    /// Its name at the upstream.
    pub internal: &'a str,
    /// The upstream's API key.
    pub key: Option<&'a str>,
}

impl FaultClass {
    /// Its name in metrics and logs.
    fn name(self) -> &'static str {
        match self {
            FaultClass::Request => "request",
            FaultClass::Busy => "busy",
            FaultClass::Refused => "refused",
            FaultClass::Failed => "failed",
            FaultClass::Unreachable => "unreachable",
            FaultClass::Broken => "broken",
            FaultClass::TimedOut => "timed_out",
            FaultClass::TookTooLong => "took_too_long",
            FaultClass::TooLarge => "too_large",
        }
    }
}

impl UpstreamFault {
    /// Classifies an answer with an error's status.
    pub(crate) fn from_answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        names: Names,
    ) -> UpstreamFault {
        let stated = StatedError::from_body(body);
        let most = Duration::from_secs(MAX_RETRY_SECONDS.into());
        let wait = retry_after(headers, SystemTime::now(), most);
        let wait = wait.map(|wait| u16::try_from(wait.as_secs()).unwrap_or(MAX_RETRY_SECONDS));
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("without a type");
        let mut fault = UpstreamFault::from_stated(status.as_u16(), &stated, wait, names);
        if stated == StatedError::default() {
            let (body, kind) = (String::from_utf8_lossy(body), redact(kind, None));
            let words =
                if fault.class == FaultClass::Request { String::new() } else { redact(&body, names.key) };
            fault.detail = format!("status {status}, {kind}: {words}");
        }
        fault
    }

    /// Classifies the error that an event, or an answer with a good status, states. `None` where it states none.
    pub(crate) fn from_event(json: &[u8], names: Names) -> Option<UpstreamFault> {
        let stated = StatedError::find(json)?;
        let status = stated.status.unwrap_or_else(|| status_of(&stated));
        Some(UpstreamFault::from_stated(status, &stated, None, names))
    }

    /// Classifies a failure of the connection.
    pub(crate) fn from_transport(error: reqwest::Error) -> UpstreamFault {
        let class = match (error.is_connect(), error.is_timeout()) {
            (true, _) => FaultClass::Unreachable,
            (_, true) => FaultClass::TimedOut,
            _ => FaultClass::Broken,
        };
        // Without its URL, which may hold a secret.
        let error = error.without_url();
        let mut detail = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            detail = format!("{detail}: {inner}");
            source = inner.source();
        }
        UpstreamFault::own(class, redact(&detail, None))
    }

    /// An upstream that worked for as long as it may.
    pub(crate) fn took_too_long(detail: &str) -> UpstreamFault {
        UpstreamFault::own(FaultClass::TookTooLong, detail.to_string())
    }

    /// An upstream whose answer is too large.
    pub(crate) fn too_large(detail: &str) -> UpstreamFault {
        UpstreamFault::own(FaultClass::TooLarge, detail.to_string())
    }

    /// An upstream that said nothing for too long.
    pub(crate) fn timed_out(detail: &str) -> UpstreamFault {
        UpstreamFault::own(FaultClass::TimedOut, detail.to_string())
    }

    /// An upstream that broke the protocol.
    pub(crate) fn failed(detail: &str) -> UpstreamFault {
        UpstreamFault::own(FaultClass::Failed, detail.to_string())
    }

    /// A model whose upstreams all serve as many requests as they may.
    pub(crate) fn without_room() -> UpstreamFault {
        let error = ApiError { retry_after: Some(RETRY_SECONDS), ..busy(429) };
        UpstreamFault { error, ..UpstreamFault::own(FaultClass::Busy, "all upstreams are full".to_string()) }
    }

    fn own(class: FaultClass, detail: String) -> UpstreamFault {
        UpstreamFault { class, status: None, error: own_error(class), detail }
    }

    /// True where another upstream may be asked: nothing was produced, or it is unlikely. A request that was sent and got no
    /// answer may have been served, so it is not sent again.
    pub(crate) fn allows_another(&self) -> bool {
        match self.class {
            FaultClass::Busy | FaultClass::Refused | FaultClass::Failed | FaultClass::Unreachable => true,
            FaultClass::Request
            | FaultClass::Broken
            | FaultClass::TimedOut
            | FaultClass::TookTooLong
            | FaultClass::TooLarge => false,
        }
    }

    fn from_stated(status: u16, stated: &StatedError, wait: Option<u16>, names: Names) -> UpstreamFault {
        let class = classify(status, stated);
        let StatedError { code, kind, param, message, .. } = stated;
        let words = redact(&format!("code {code:?}, type {kind:?}, param {param:?}: {message}"), names.key);
        let (error, detail) = match class {
            // The message may quote the request, which is never logged.
            FaultClass::Request => (
                request_error(status, stated, names),
                redact(&format!("code {code:?}, type {kind:?}"), names.key),
            ),
            FaultClass::Busy => {
                let seconds = wait.unwrap_or(RETRY_SECONDS).clamp(1, MAX_RETRY_SECONDS);
                (ApiError { retry_after: Some(seconds), ..busy(status) }, words)
            }
            _ => (own_error(class), words),
        };
        UpstreamFault { class, status: Some(status), error, detail: format!("status {status}, {detail}") }
    }
}

fn classify(status: u16, stated: &StatedError) -> FaultClass {
    match status {
        400 | 413 | 422 if names_any(stated, PROVIDERS) => FaultClass::Refused,
        403 | 451 if names_any(stated, FILTER) && !names_any(stated, PROVIDERS) => FaultClass::Request,
        429 if names_bill(stated) => FaultClass::Refused,
        400 | 413 | 422 => FaultClass::Request,
        429 | 503 | 529 => FaultClass::Busy,
        408 | 504 | 522 | 524 => FaultClass::TimedOut,
        500..=599 => FaultClass::Failed,
        _ => FaultClass::Refused,
    }
}

/// The status of an error that names none.
fn status_of(stated: &StatedError) -> u16 {
    let kind = format!("{} {}", stated.kind, stated.code).to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| kind.contains(part));
    if has(PROVIDERS) {
        401
    } else if has(&[
        "invalid_request",
        "badrequest",
        "bad_request",
        "validation",
        "invalid_argument",
        "invalid_prompt",
    ]) || has(CONTEXT)
        || has(FILTER)
    {
        400
    } else if has(&["rate_limit", "ratelimit", "overloaded", "unavailable", "resource_exhausted"]) {
        429
    } else if has(&["timeout", "deadline"]) {
        504
    } else {
        500
    }
}

fn names_bill(stated: &StatedError) -> bool {
    let StatedError { code, kind, message, .. } = stated;
    let codes = StatedError { code: code.clone(), kind: kind.clone(), ..StatedError::default() };
    let message = message.to_ascii_lowercase();
    names_any(&codes, BILLS) || ["current quota", "credit balance"].iter().any(|part| message.contains(part))
}

fn names_any(stated: &StatedError, parts: &[&str]) -> bool {
    let all = [&stated.code, &stated.kind, &stated.message];
    all.iter().any(|text| {
        let text = text.to_ascii_lowercase();
        parts.iter().any(|part| text.contains(part))
    })
}

#[cfg(test)]
mod tests;
