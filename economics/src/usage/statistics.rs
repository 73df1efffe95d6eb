//! The statistics of a window of days that the table of tenants states.

/// Statistics of one tenant's days, relative to their mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowStatistics {
    /// Coefficient of variation.
    pub cv: f64,
    /// Largest day.
    pub peak_day: f64,
    /// Largest mean of seven days in a row.
    pub peak_week: f64,
    /// Correlation between one day and the next.
    pub lag1: f64,
}

impl WindowStatistics {
    /// The statistics of days whose mean is one.
    pub fn measure(days: &[f64]) -> WindowStatistics {
        let count = days.len().max(1) as f64;
        let variance = days.iter().map(|day| (day - 1.0).powi(2)).sum::<f64>() / count;
        let week = |week: &[f64]| week.iter().sum::<f64>() / 7.0;
        WindowStatistics {
            cv: variance.sqrt(),
            peak_day: days.iter().copied().fold(0.0, f64::max),
            peak_week: days.windows(7).map(week).fold(0.0, f64::max),
            lag1: correlation(
                days.get(..days.len().saturating_sub(1)).unwrap_or_default(),
                days.get(1..).unwrap_or_default(),
            ),
        }
    }
}

/// The correlation of two series of one length; zero where one of them does not vary.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |series: &[f64]| series.iter().sum::<f64>() / series.len().max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        ab += (a - mean_a) * (b - mean_b);
        aa += (a - mean_a).powi(2);
        bb += (b - mean_b).powi(2);
    }
    if aa > 0.0 && bb > 0.0 { ab / (aa * bb).sqrt() } else { 0.0 }
}
