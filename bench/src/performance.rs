//! Figures of speed, with the bounds they are held against, and the page that keeps them.

use {
    super::{BenchError, document},
    serde::Serialize,
    std::{path::PathBuf, time::Duration},
};

/// The limit that a figure is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// Nothing: it explains the others.
    None,
}

/// One measured figure.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    pub bound: Bound,
}

impl Figure {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str, bound: Bound) -> Figure {
        Figure { name: name.into(), value, unit, bound }
    }

    fn ok(&self) -> bool {
        match self.bound {
            Bound::AtMost(bound) => self.value <= bound,
            Bound::AtLeast(bound) => self.value >= bound,
            Bound::None => true,
        }
    }

    fn complaint(&self) -> String {
        format!("{}: {} {} ({})", self.name, shown(self.value), self.unit, self.bound_shown())
    }

    fn bound_shown(&self) -> String {
        match self.bound {
            Bound::AtMost(bound) => format!("at most {}", shown(bound)),
            Bound::AtLeast(bound) => format!("at least {}", shown(bound)),
            Bound::None => String::new(),
        }
    }
}

/// The form in which figures are printed.
#[derive(clap::Args, Clone, Debug)]
pub struct Output {
    /// Print one JSON object per line instead of a Markdown table
    #[arg(long)]
    pub json: bool,
    /// Replace this bench's table in this Markdown file
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
}

impl Output {
    /// Prints and writes the figures of a bench. Errors: [`BenchError::PastBound`] with those past their bounds.
    pub fn finish(&self, bench: &str, figures: &[Figure]) -> Result<(), BenchError> {
        let table = table(figures);
        match self.json {
            true => figures.iter().for_each(|figure| {
                println!("{}", serde_json::to_string(figure).expect("a figure is plain data"));
            }),
            false => print!("{table}"),
        }
        if let Some(path) = &self.write {
            document::replace(path, bench, &table)?;
        }
        let past: Vec<String> = figures.iter().filter(|figure| !figure.ok()).map(Figure::complaint).collect();
        if past.is_empty() { Ok(()) } else { Err(BenchError::PastBound(past)) }
    }
}

fn table(figures: &[Figure]) -> String {
    let mut table = String::from("| figure | measured | | bound |\n|---|--:|---|---|\n");
    for figure in figures {
        let (name, value, bound) = (&figure.name, shown(figure.value), figure.bound_shown());
        table.push_str(&format!("| {name} | {value} | {} | {bound} |\n", figure.unit));
    }
    table
}

/// Three significant digits, and whole numbers with commas.
fn shown(value: f64) -> String {
    if value.abs() >= 100.0 || value.fract() == 0.0 {
        return blockable_service::text::thousands(value.round().max(0.0) as u64);
    }
    if value.abs() >= 10.0 { format!("{value:.1}") } else { format!("{value:.2}") }
}

/// Durations of one kind, sorted.
pub struct Durations(Vec<Duration>);

impl Durations {
    /// From samples in any order, which must not be none.
    pub fn new(mut samples: Vec<Duration>) -> Durations {
        assert!(!samples.is_empty(), "nothing was measured");
        samples.sort_unstable();
        Durations(samples)
    }

    /// The smallest sample that `share` of all do not exceed, in milliseconds (the nearest-rank percentile).
    pub fn percentile_ms(&self, share: f64) -> f64 {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1].as_secs_f64() * 1_000.0
    }

    /// p50, p95, p99 and max as figures, each with its bound.
    pub fn figures(&self, name: &str, bounds: [Bound; 4]) -> Vec<Figure> {
        let shares = [("p50", 0.50), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)];
        let figure = |((label, share), bound): ((&str, f64), Bound)| {
            Figure::new(format!("{name}, {label}"), self.percentile_ms(share), "ms", bound)
        };
        shares.into_iter().zip(bounds).map(figure).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let samples = (1..=200).rev().map(Duration::from_millis).collect();
        let durations = Durations::new(samples);
        let at = |share| durations.percentile_ms(share);
        assert_eq!((at(0.5), at(0.95), at(0.99), at(1.0)), (100.0, 190.0, 198.0, 200.0));
        assert_eq!(Durations::new(vec![Duration::from_millis(7)]).percentile_ms(0.99), 7.0);
    }

    #[test]
    fn figures_fail_past_their_bounds_alone() {
        let figure = |bound| Figure::new("x", 5.0, "ms", bound);
        assert!(figure(Bound::AtMost(5.0)).ok() && !figure(Bound::AtMost(4.9)).ok());
        assert!(figure(Bound::AtLeast(5.0)).ok() && !figure(Bound::AtLeast(5.1)).ok());
        assert!(figure(Bound::None).ok());
        assert_eq!(figure(Bound::AtMost(4.0)).complaint(), "x: 5 ms (at most 4)");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.1234, 12.34, 1_234_567.8].map(shown), ["0.12", "12.3", "1,234,568"]);
    }
}
