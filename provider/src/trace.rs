//! The trace of a request: its id and its W3C trace context, which go to the upstream and come back.
//!
//! Both come from whoever sends the request. So an upstream gets an id that no other request has, and a trace that decides nothing
//! about what the provider records.

use {
    axum::http::{HeaderMap, HeaderName, HeaderValue},
    std::fmt::Display,
};

/// Header of a request's id.
pub(crate) const ID_HEADER: &str = "x-request-id";
const TRACEPARENT: &str = "traceparent";

/// The id of a request and the trace that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trace {
    /// The request's id: the client's where it is plain, else a random one.
    pub id: String,
    /// `VERSION-TRACE-PARENT-FLAGS` in hexadecimal digits: the client's where it is valid, else a new one that is not sampled.
    pub parent: String,
}

impl Trace {
    /// Reads the headers of a request.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Trace {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let single = headers.get_all(TRACEPARENT).iter().count() == 1;
        let given = text(TRACEPARENT).map(str::trim).filter(|parent| single && is_parent(parent));
        let id = text(ID_HEADER).filter(|id| is_plain(id));
        Trace {
            id: id.map_or_else(|| format!("{:016x}", rand::random::<u64>()), str::to_string),
            parent: given.map_or_else(new_parent, str::to_string),
        }
    }

    /// The number of the trace.
    pub(crate) fn trace_id(&self) -> &str {
        self.parent.split('-').nth(1).unwrap_or_default()
    }

    /// The headers of a request to an upstream. Servers such as vLLM refuse a second request of one id, so `number` makes it one
    /// of its own. The trace is not sampled: the client's word would decide what the provider's tracing keeps. For the same reason
    /// `tracestate` does not go on.
    pub(crate) fn upstream_headers(&self, number: impl Display) -> HeaderMap {
        let mut parts = self.parent.split('-').skip(1);
        let (trace, parent) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let sent =
            [(ID_HEADER, format!("{}-{number}", self.id)), (TRACEPARENT, format!("00-{trace}-{parent}-00"))];
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }

    /// Adds the headers of the answer: the id and the trace.
    pub(crate) fn answer(&self, headers: &mut HeaderMap) {
        for (name, value) in [(ID_HEADER, &self.id), (TRACEPARENT, &self.parent)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// True for an id that is plain enough for logs and the ledger.
fn is_plain(id: &str) -> bool {
    let mut characters = id.bytes();
    (1..=64).contains(&id.len())
        && characters.all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// True for a `traceparent` that W3C's recommendation calls valid. Later versions may have more behind it.
fn is_parent(text: &str) -> bool {
    let hex = |text: Option<&str>, digits: usize| {
        text.is_some_and(|text| {
            text.len() == digits
                && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        })
    };
    let is_zero = |text: Option<&str>| text.is_some_and(|text| text.bytes().all(|byte| byte == b'0'));
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next(), parts.next(), parts.next(), parts.next());
    hex(version, 2)
        && version != Some("ff")
        && hex(trace, 32)
        && !is_zero(trace)
        && hex(parent, 16)
        && !is_zero(parent)
        && hex(flags, 2)
        && (parts.next().is_none() || version != Some("00"))
        && text.len() <= 128
        && text.is_ascii()
}

fn new_parent() -> String {
    let trace = rand::random::<u128>().max(1);
    format!("00-{trace:032x}-{:016x}-00", rand::random::<u64>().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(headers: &[(&'static str, &str)]) -> Trace {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Trace::from_headers(&map)
    }

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_clients_id_for_its_request_is_kept_where_it_is_plain() {
        assert_eq!(trace(&[(ID_HEADER, "run-7_a.b")]).id, "run-7_a.b");
        for odd in ["", "a/b", "a b", "x\"y", &"a".repeat(65)] {
            let random = trace(&[(ID_HEADER, odd)]).id;
            assert!(random.len() == 16 && random != odd, "{odd}: {random}");
        }
        assert_ne!(trace(&[]).id, trace(&[]).id);
    }

    #[test]
    fn a_valid_trace_goes_on_unsampled_and_comes_back() {
        let given = trace(&[(ID_HEADER, "run-7"), (TRACEPARENT, PARENT), ("tracestate", "a=1,b=2")]);
        let headers = given.upstream_headers(12);
        assert_eq!(headers[ID_HEADER], "run-7-12", "an id of its own");
        assert_eq!(headers[TRACEPARENT], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
        assert_eq!(headers.len(), 2, "no state: it may hold decisions of sampling as well");
        assert_eq!(given.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let mut answer = HeaderMap::new();
        given.answer(&mut answer);
        assert!(answer[TRACEPARENT] == PARENT && answer[ID_HEADER] == "run-7");
        let later = PARENT.replacen("00", "01", 1) + "-more";
        let later = trace(&[(TRACEPARENT, &later)]);
        assert!(later.parent.ends_with("-more"), "{}", later.parent);
        assert_eq!(later.upstream_headers(1)[TRACEPARENT], headers[TRACEPARENT]);
    }

    #[test]
    fn a_trace_that_is_missing_or_invalid_is_made_anew() {
        let long = PARENT.replacen("00", "01", 1) + "-" + &"x".repeat(100);
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-\u{e4}bf92f3577b34da6a3ce929d0e0e47-00f067aa0ba902b7-01",
            &long,
        ] {
            let made = trace(&[(TRACEPARENT, wrong)]);
            assert!(
                is_parent(&made.parent) && made.parent.ends_with("-00") && made.parent != wrong,
                "{made:?}"
            );
        }
        let twice = trace(&[(TRACEPARENT, PARENT), (TRACEPARENT, PARENT)]);
        assert_ne!(twice.parent, PARENT);
    }
}
