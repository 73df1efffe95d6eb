//! Usage to replay: a recorded trace of LLM requests, or a generator with the same published statistics.

use {
    rand::{Rng, SeedableRng, rngs::StdRng},
    std::path::{Path, PathBuf},
};

/// Columns of the trace schema.
const HEADER: &str = "TIMESTAMP,ContextTokens,GeneratedTokens";
/// Requests per second of the published trace.
const MEAN_RATE: f64 = 2.57;
/// Mean prompt length of the published trace, in tokens.
const MEAN_CONTEXT: f64 = 2_048.0;
/// Mean answer length of the published trace, in tokens.
const MEAN_GENERATED: f64 = 27.9;
/// Length of the published trace, in seconds.
const SECONDS: f64 = 3_437.0;
/// A generated token costs about as much compute as this many prompt tokens.
const GENERATED_WEIGHT: u64 = 4;

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Milliseconds since the first request.
    pub at_ms: u64,
    /// Prompt length in tokens.
    pub context: u64,
    /// Answer length in tokens.
    pub generated: u64,
}

impl Request {
    /// Compute weight: prompt tokens, plus generated tokens at [`GENERATED_WEIGHT`].
    pub fn weight(&self) -> u64 {
        self.context.saturating_add(self.generated.saturating_mul(GENERATED_WEIGHT))
    }
}

/// A reason for which a trace cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file cannot be read.
    #[error("cannot read the trace {path}: {source}; pass a CSV file with the columns {HEADER}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A line does not follow the schema.
    #[error("{path}, line {line}: {problem}; the columns are {HEADER}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The mistake in the line.
        problem: &'static str,
    },
    /// Too few requests.
    #[error("the trace {path} has {found} requests; at least {needed} are needed")]
    TooShort {
        /// The file.
        path: PathBuf,
        /// Requests found.
        found: usize,
        /// Requests needed.
        needed: usize,
    },
}

/// Fewest requests that make a replay worth watching.
const MIN_REQUESTS: usize = 100;

/// Reads a trace file. Errors: [`TraceError`].
pub fn read(path: &Path) -> Result<Vec<Request>, TraceError> {
    let unreadable = |source| TraceError::Unreadable { path: path.to_path_buf(), source };
    parse(path, &std::fs::read_to_string(path).map_err(unreadable)?)
}

fn parse(path: &Path, text: &str) -> Result<Vec<Request>, TraceError> {
    let malformed = |line, problem| TraceError::Malformed { path: path.to_path_buf(), line, problem };
    let mut lines = text.lines().enumerate();
    match lines.next() {
        Some((_, header)) if header.trim() == HEADER => {}
        _ => return Err(malformed(1, "the header is missing")),
    }
    let mut requests: Vec<Request> = Vec::new();
    let mut first = None;
    for (index, text) in lines.filter(|(_, text)| !text.trim().is_empty()) {
        let line = index + 1;
        let mut fields = text.trim().split(',');
        let mut next = |problem| fields.next().ok_or(malformed(line, problem));
        let at = timestamp_ms(next("the timestamp is missing")?)
            .ok_or(malformed(line, "the timestamp is not like 2023-11-16 18:17:03.9799600"))?;
        let context = next("ContextTokens is missing")?.parse();
        let generated = next("GeneratedTokens is missing")?.parse();
        let context = context.map_err(|_| malformed(line, "ContextTokens is not a whole number"))?;
        let generated = generated.map_err(|_| malformed(line, "GeneratedTokens is not a whole number"))?;
        let at_ms = at
            .checked_sub(*first.get_or_insert(at))
            .and_then(|since| u64::try_from(since).ok())
            .ok_or(malformed(line, "the time goes backwards"))?;
        if requests.last().is_some_and(|last| last.at_ms > at_ms) {
            return Err(malformed(line, "the time goes backwards"));
        }
        requests.push(Request { at_ms, context, generated });
    }
    if requests.len() < MIN_REQUESTS {
        let (path, found) = (path.to_path_buf(), requests.len());
        return Err(TraceError::TooShort { path, found, needed: MIN_REQUESTS });
    }
    Ok(requests)
}

/// Milliseconds since the Unix epoch of `2023-11-16 18:17:03.9799600`.
fn timestamp_ms(text: &str) -> Option<i64> {
    let time: jiff::civil::DateTime = text.trim().replacen(' ', "T", 1).parse().ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// Requests with the published trace's rate and mean lengths: exponential gaps, prompts and answers spread
/// exponentially around their means.
pub fn generate(seed: u64) -> Vec<Request> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut exponential = |mean: f64| -mean * (1.0 - random.random::<f64>()).ln();
    let mut requests = Vec::new();
    let mut at = 0.0;
    while at < SECONDS {
        requests.push(Request {
            at_ms: (at * 1_000.0) as u64,
            context: exponential(MEAN_CONTEXT).ceil() as u64,
            generated: exponential(MEAN_GENERATED).ceil() as u64,
        });
        at += exponential(1.0 / MEAN_RATE);
    }
    requests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(lines: &str) -> Result<Vec<Request>, TraceError> {
        parse(Path::new("t.csv"), lines)
    }

    #[test]
    fn a_trace_is_read_with_times_from_its_first_request() {
        let mut text = format!("{HEADER}\n");
        for second in 0..120 {
            let (minute, second) = (second / 60, second % 60);
            text += &format!("2023-11-16 18:{:02}:{second:02}.5000000,100,7\n", 17 + minute);
        }
        let requests = file(&text).unwrap();
        assert_eq!(requests.len(), 120);
        assert_eq!(requests[0], Request { at_ms: 0, context: 100, generated: 7 });
        assert_eq!(requests[119].at_ms, 119_000);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let row = "2023-11-16 18:17:03.9799600,10,20\n";
        let problem = |text: String| match file(&text) {
            Err(TraceError::Malformed { line, problem, .. }) => format!("{line}: {problem}"),
            other => format!("{other:?}"),
        };
        assert_eq!(problem(row.to_string()), "1: the header is missing");
        assert_eq!(
            problem(format!("{HEADER}\n{row}x,1,2\n")),
            "3: the timestamp is not like 2023-11-16 18:17:03.9799600"
        );
        assert_eq!(
            problem(format!("{HEADER}\n2023-11-16 18:17:03.1,-4,2\n")),
            "2: ContextTokens is not a whole number"
        );
        assert_eq!(problem(format!("{HEADER}\n2023-11-16 18:17:03.1,4\n")), "2: GeneratedTokens is missing");
        assert_eq!(
            problem(format!("{HEADER}\n{row}2023-11-16 18:17:02.0,1,2\n")),
            "3: the time goes backwards"
        );
        assert!(matches!(file(&format!("{HEADER}\n{row}")), Err(TraceError::TooShort { found: 1, .. })));
    }

    #[test]
    fn the_generator_has_the_published_statistics() {
        for seed in [1, 2, 3] {
            let requests = generate(seed);
            let count = requests.len() as f64;
            let mean = |value: fn(&Request) -> u64| requests.iter().map(value).sum::<u64>() as f64 / count;
            let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.05;
            assert!(near(count / SECONDS, MEAN_RATE), "seed {seed}: {count} requests");
            assert!(near(mean(|request| request.context), MEAN_CONTEXT), "seed {seed}");
            assert!(near(mean(|request| request.generated), MEAN_GENERATED), "seed {seed}");
            assert_eq!(requests, generate(seed));
        }
    }
}
