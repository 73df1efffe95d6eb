//! Checks that an answer is one that its request may get.

use {
    super::{
        client::Answer,
        requests::{Manner, Request},
    },
    blockable_testkit::openapi::{Description, Members},
    serde_json::Value,
    std::{
        collections::{BTreeMap, BTreeSet},
        fmt,
        sync::Arc,
    },
};

/// Codes of refusals with 503 of freezes: the node lands none, so that they become too many.
const MANY_FREEZES: &[&str] = &["too_many_open", "too_many_unlanded"];

/// The answers that a client has seen.
#[derive(Default)]
pub struct Seen {
    /// Answers by route, method and status.
    answers: BTreeMap<(String, String, u16), usize>,
    /// Requests without an answer.
    unanswered: usize,
    /// Units by hold, of the answers that state them.
    pub units: BTreeMap<u64, u64>,
}

impl Seen {
    pub fn merge(&mut self, other: Seen) {
        for (key, count) in other.answers {
            *self.answers.entry(key).or_default() += count;
        }
        self.unanswered += other.unanswered;
        self.units.extend(other.units);
    }

    /// Answers that stated their units.
    pub fn charged(&self) -> usize {
        self.units.len()
    }

    /// Answers of a route with a status.
    pub fn count(&self, wanted: &str, of: u16) -> usize {
        let matching = self.answers.iter().filter(|((route, _, status), _)| route == wanted && *status == of);
        matching.map(|(_, count)| count).sum()
    }

    /// Operations of the description that nothing answered as described.
    pub fn untouched(&self, description: &Description) -> Vec<String> {
        let seen: BTreeSet<(&str, String)> =
            self.answers.keys().map(|(route, method, _)| (route.as_str(), method.to_lowercase())).collect();
        let operations = description.operations().into_iter();
        operations
            .filter(|(path, method, _)| !seen.contains(&(*path, (*method).to_string())))
            .map(|(path, method, _)| format!("{method} {path}"))
            .collect()
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
        for ((_, _, status), count) in &self.answers {
            *statuses.entry(*status).or_default() += count;
        }
        let operations: BTreeSet<_> = self.answers.keys().map(|(route, method, _)| (route, method)).collect();
        write!(
            f,
            "answers by status {statuses:?}, {} without one; {} routes and methods; {} answers with units",
            self.unanswered,
            operations.len(),
            self.charged()
        )
    }
}

/// The description, and the checks by it.
pub struct Verdicts {
    pub description: Arc<Description>,
}

impl Verdicts {
    pub fn new(description: Description) -> Verdicts {
        Verdicts { description: Arc::new(description) }
    }

    /// Requires that an answer is one that its request may get; `fault` is true where the upstream misbehaved at it. Errors: the
    /// reason.
    pub fn check(
        &self,
        request: &Request,
        answer: &Answer,
        fault: bool,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let in_order = request.is_sound && matches!(request.manner, Manner::Whole | Manner::Chunked);
        let Some(status) = answer.status else {
            seen.unanswered += 1;
            let excused = !in_order || answer.broke_off || !is_plain(&request.target);
            return if excused { Ok(()) } else { Err("no answer".to_string()) };
        };
        let route = request.route.clone().unwrap_or_else(|| "other".to_string());
        *seen.answers.entry((route, request.method.clone(), status)).or_default() += 1;
        if status >= 500 {
            self.check_failure(request, answer, status, fault)?;
        }
        if in_order && !answer.is_complete && !answer.broke_off && !fault {
            return Err("the answer broke off".to_string());
        }
        if !in_order || !is_plain(&request.target) {
            return Ok(());
        }
        self.check_described(request, answer, status)?;
        note_units(answer, seen)
    }

    /// Failures must be the upstream's.
    fn check_failure(
        &self,
        request: &Request,
        answer: &Answer,
        status: u16,
        fault: bool,
    ) -> Result<(), String> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let (kind, code) = (&body["error"]["type"], body["error"]["code"].as_str().unwrap_or_default());
        let of_upstream = kind == "upstream_error"
            || code == "model_busy"
            || body["type"] == "error"
                && (kind == "api_error" || kind == "timeout_error" || kind == "overloaded_error");
        let excused = matches!(status, 502..=504 | 529) && of_upstream && (fault || !request.is_sound)
            || status == 503
                && request.route.as_deref() == Some("/v1/freezes")
                && MANY_FREEZES.contains(&code);
        let is_head = request.method == "HEAD";
        if excused || is_head && status == 503 {
            Ok(())
        } else {
            Err(format!("a failure of the server's own: {status}"))
        }
    }

    /// The answer must have a status that the description names for its route, and the described shape.
    fn check_described(&self, request: &Request, answer: &Answer, status: u16) -> Result<(), String> {
        let value =
            || serde_json::from_slice::<Value>(&answer.body).map_err(|error| format!("no JSON: {error}"));
        let method = if request.method == "HEAD" { "get".to_string() } else { request.method.to_lowercase() };
        let path = request.route.as_deref().unwrap_or_default();
        let operation = &self.description.0["paths"][path][&method];
        let here = !operation.is_null() && (operation["tags"][0] == "operations") == request.is_operators;
        let content = answer
            .header("content-type")
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .to_string();
        if !here {
            return match status {
                200..400 => Err("no described route, and it is served".to_string()),
                _ if request.method == "HEAD" => Ok(()),
                _ => value().and_then(|body| match body["error"]["message"].is_string() {
                    true => Ok(()),
                    false => Err("an error without a message".to_string()),
                }),
            };
        }
        let Some(described) = operation["responses"].get(status.to_string()) else {
            return Err(format!("status {status} is not described"));
        };
        if request.method == "HEAD" || status == 503 && described["content"].is_null() {
            return Ok(());
        }
        let Some(schema) = described["content"][&content].get("schema") else {
            return Err(format!("content {content:?} of {status} is not described"));
        };
        match content.as_str() {
            "application/json" => self.description.check(schema, &value()?, Members::Required),
            _ => Ok(()),
        }
    }
}

/// True for a target that HTTP allows.
fn is_plain(target: &str) -> bool {
    target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Notes the units of an answer by its hold.
fn note_units(answer: &Answer, seen: &mut Seen) -> Result<(), String> {
    let number = |name: &str| answer.header(name).and_then(|text| text.parse::<u64>().ok());
    let stated = match (number("x-blockable-hold"), number("x-blockable-units")) {
        (Some(hold), Some(units)) => Some((hold, units)),
        _ => figures(&answer.text()),
    };
    let Some((hold, units)) = stated else { return Ok(()) };
    match seen.units.insert(hold, units) {
        Some(before) if before != units => Err(format!("hold {hold} cost {before} and {units}")),
        _ => Ok(()),
    }
}

/// Hold and units in the last event that has them.
fn figures(text: &str) -> Option<(u64, u64)> {
    let (_, rest) = text.rsplit_once("\"blockable\":")?;
    let value = serde_json::Deserializer::from_str(rest).into_iter::<Value>().next()?.ok()?;
    Some((value["hold"].as_u64()?, value["units"].as_u64()?))
}
