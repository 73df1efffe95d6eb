//! The tables that an assumptions file names.

use crate::EconomicsError;

/// Quantiles of a share, at even or uneven steps from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    points: Vec<(f64, f64)>,
}

impl Quantiles {
    /// The value at a quantile from 0 to 1, linear between the points of the table.
    pub fn at(&self, quantile: f64) -> f64 {
        let next = self.points.partition_point(|(at, _)| *at < quantile).min(self.points.len() - 1);
        let (Some(upper), Some(lower)) = (self.points.get(next), self.points.get(next.saturating_sub(1)))
        else {
            return 0.0;
        };
        let width = upper.0 - lower.0;
        if width <= 0.0 { upper.1 } else { lower.1 + (upper.1 - lower.1) * (quantile - lower.0) / width }
    }

    /// Reads `quantile,share` lines with a header, from quantile 0 to 1. Errors: [`EconomicsError::Line`].
    pub(super) fn read(file: &str, text: &str) -> Result<Quantiles, EconomicsError> {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for (line, fields) in rows(text) {
            let [at, share] = numbers(file, line, &fields, 0)?;
            let rises = points.last().is_none_or(|(before, value)| at > *before && share >= *value);
            if !rises || !(0.0..=1.0).contains(&share) {
                return Err(mistake(file, line, "quantiles and shares must rise, shares from 0 to 1"));
            }
            points.push((at, share));
        }
        match (points.first(), points.last()) {
            (Some((first, _)), Some((last, _))) if *first == 0.0 && *last == 1.0 && points.len() > 1 => {
                Ok(Quantiles { points })
            }
            _ => Err(mistake(file, 1, "the quantiles must go from 0 to 1")),
        }
    }
}

/// Statistics of how days of a class of tenants vary, relative to each tenant's mean. Pairs are median and 90th percentile
/// over the tenants.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantClass {
    /// The class.
    pub name: String,
    /// Days of each tenant.
    pub days: usize,
    /// Coefficient of variation of a tenant's days.
    pub daily_cv: [f64; 2],
    /// Largest day.
    pub peak_day: [f64; 2],
    /// Largest mean of seven days in a row.
    pub peak_week: [f64; 2],
    /// Median of the correlation between one day and the next.
    pub lag1: f64,
}

/// The longest window of a class, in days.
pub(crate) const MOST_DAYS: usize = 96;

impl TenantClass {
    /// Reads a table with a header and one line for each class. Errors: [`EconomicsError::Line`].
    pub(super) fn read(file: &str, text: &str) -> Result<Vec<TenantClass>, EconomicsError> {
        let class = |(line, fields): (usize, Vec<&str>)| {
            let [_, days, cv, cv90, day, day90, week, week90, lag1] = numbers(file, line, &fields, 1)?;
            if !(14.0..=MOST_DAYS as f64).contains(&days) {
                return Err(mistake(file, line, "a class needs 14 to 96 days"));
            }
            if !(cv > 0.0 && cv90 >= cv && day90 >= day && week90 >= week && (-1.0..=1.0).contains(&lag1)) {
                return Err(mistake(
                    file,
                    line,
                    "a median is not positive, or a 90th percentile is below it",
                ));
            }
            Ok(TenantClass {
                name: fields.first().copied().unwrap_or_default().to_string(),
                days: days as usize,
                daily_cv: [cv, cv90],
                peak_day: [day, day90],
                peak_week: [week, week90],
                lag1,
            })
        };
        let classes: Vec<TenantClass> = rows(text).map(class).collect::<Result<_, _>>()?;
        if classes.is_empty() { Err(mistake(file, 1, "the table has no class")) } else { Ok(classes) }
    }
}

/// The lines of a CSV text behind its header, with their numbers from 1. No field has quotes.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let lines = text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| (index + 1, line.split(',').map(str::trim).collect()))
}

/// The numbers of a line from the field `first` on. Errors: [`EconomicsError::Line`].
pub(crate) fn numbers<const N: usize>(
    file: &str,
    line: usize,
    fields: &[&str],
    first: usize,
) -> Result<[f64; N], EconomicsError> {
    if fields.len() != first + N {
        return Err(mistake(
            file,
            line,
            &format!(
                "it has {} fields instead of {}; separate them by commas, numbers without any",
                fields.len(),
                first + N
            ),
        ));
    }
    let mut numbers = [0.0; N];
    for (number, field) in numbers.iter_mut().zip(fields.iter().skip(first)) {
        *number = field.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| {
            mistake(file, line, &format!("\"{field}\" is not a number; write one such as 12 or 0.5"))
        })?;
    }
    Ok(numbers)
}

/// A mistake in a line.
pub(crate) fn mistake(file: &str, line: usize, reason: &str) -> EconomicsError {
    EconomicsError::Line { file: file.to_string(), line, reason: reason.to_string() }
}
