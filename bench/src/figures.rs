use {
    super::{BenchError, bounds::BOUNDS},
    serde::Serialize,
    std::{
        collections::BTreeMap,
        time::{Duration, Instant},
    },
};

/// Longest time for which the bench prints nothing.
const QUIET: Duration = Duration::from_secs(2);

/// Samples by the name of their row.
pub struct Figures {
    samples: BTreeMap<&'static str, Vec<u64>>,
    started: Instant,
}

impl Figures {
    pub fn new() -> Figures {
        Figures { samples: BTreeMap::new(), started: Instant::now() }
    }

    /// Adds a sample to a row.
    pub fn add(&mut self, row: &'static str, value: u64) {
        self.samples.entry(row).or_default().push(value);
    }

    /// Says on stderr what is being measured, once the bench has taken a while.
    pub fn progress(&self, what: &str) {
        if self.started.elapsed() >= QUIET {
            eprintln!("bench: {what} ...");
        }
    }

    /// One row per bound, in the order of [`BOUNDS`]. Errors: [`BenchError::Uneven`].
    pub fn rows(mut self) -> Result<Vec<Row>, BenchError> {
        let row = |&(name, bound): &(&'static str, u64)| {
            let samples = self.samples.remove(name);
            let samples = samples.ok_or_else(|| BenchError::Uneven(format!("nothing measures {name}")))?;
            Ok(Row::new(name, samples, bound))
        };
        let rows = BOUNDS.iter().map(row).collect::<Result<Vec<Row>, BenchError>>()?;
        match self.samples.keys().next() {
            Some(name) => Err(BenchError::Uneven(format!("{name} is measured and has no bound"))),
            None => Ok(rows),
        }
    }
}

/// The measurements of one instruction, in compute units unless a field's name says otherwise.
#[derive(Serialize)]
pub struct Row {
    pub instruction: &'static str,
    pub runs: usize,
    pub min: u64,
    pub median: u64,
    pub max: u64,
    pub bound: u64,
    pub ok: bool,
}

impl Row {
    /// `samples` are not empty.
    fn new(instruction: &'static str, mut samples: Vec<u64>, bound: u64) -> Row {
        samples.sort_unstable();
        let (min, max) = (samples[0], samples[samples.len() - 1]);
        let median = samples[(samples.len() - 1) / 2];
        Row { instruction, runs: samples.len(), min, median, max, bound, ok: max <= bound }
    }

    /// The row as one line of JSON.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a row is plain data")
    }

    /// Describes what is wrong with the row.
    pub fn complaint(&self) -> String {
        format!("{}: {} > {}", self.instruction, self.max, self.bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_lower_median_and_fails_beyond_its_bound() {
        let row = Row::new("x", vec![9, 1, 4, 3], 8);
        assert_eq!((row.runs, row.min, row.median, row.max, row.ok), (4, 1, 3, 9, false));
        assert_eq!(row.complaint(), "x: 9 > 8");
        assert!(Row::new("x", vec![8], 8).ok);
    }

    #[test]
    fn a_bound_without_samples_and_samples_without_a_bound_are_errors() {
        assert!(matches!(Figures::new().rows(), Err(BenchError::Uneven(_))));
        let mut figures = Figures::new();
        BOUNDS.iter().for_each(|(name, _)| figures.add(name, 1));
        figures.add("nonsense", 1);
        let error = figures.rows().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("nonsense"), "{error}");
    }
}
