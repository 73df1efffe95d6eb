//! A borrower's own use, as CSV `day,units`.

use {
    super::class::scale_to_mean,
    crate::{
        EconomicsError,
        assumptions::{MOST_DAYS, mistake, numbers, read_text, rows},
        random::{Random, uniform},
    },
    std::path::Path,
};

/// The fewest days of use that say something about a borrower.
const LEAST_DAYS: usize = 14;

/// The days of one borrower.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnUse {
    /// Use of each day, relative to the mean.
    days: Vec<f64>,
    /// Mean use, in units a day.
    mean: f64,
}

impl OwnUse {
    /// Reads a file with the header `day,units` and one line a day, days ascending; days left out had no use. Errors:
    /// [`EconomicsError::Read`], [`EconomicsError::Line`].
    pub fn from_file(path: &Path) -> Result<OwnUse, EconomicsError> {
        OwnUse::read(&path.display().to_string(), &read_text(path)?)
    }

    pub(super) fn read(file: &str, text: &str) -> Result<OwnUse, EconomicsError> {
        // Spreadsheets begin a file with a mark of its encoding.
        let text = text.trim_start_matches('\u{feff}');
        if text.lines().next().map(str::trim) != Some("day,units") {
            return Err(mistake(
                file,
                1,
                "the first line must be day,units; each line after it is a day's number, a comma, and its units",
            ));
        }
        let mut days: Vec<f64> = Vec::new();
        let mut first = None;
        for (line, fields) in rows(text) {
            let [day, units] = numbers(file, line, &fields, 0)?;
            let place = day - *first.get_or_insert(day);
            if day.fract() != 0.0 || place < days.len() as f64 || place > 3_660.0 {
                return Err(mistake(
                    file,
                    line,
                    "days must be whole numbers that rise, at most ten years of them, such as 0, 1, 2",
                ));
            }
            if units < 0.0 {
                return Err(mistake(file, line, "units must not be negative"));
            }
            days.resize(place as usize, 0.0);
            days.push(units);
        }
        if days.len() < LEAST_DAYS {
            return Err(mistake(
                file,
                1,
                &format!("days in the file: {}; give at least {LEAST_DAYS}", days.len()),
            ));
        }
        let mean = days.iter().sum::<f64>() / days.len() as f64;
        if mean <= 0.0 {
            return Err(mistake(
                file,
                1,
                "all its days are without use; give the days of a borrower that uses units",
            ));
        }
        scale_to_mean(&mut days);
        Ok(OwnUse { days, mean })
    }

    /// Mean use, in units a day.
    pub fn mean_units(&self) -> f64 {
        self.mean
    }

    /// The largest day, in units.
    pub fn largest_units(&self) -> f64 {
        self.peak_day() * self.mean
    }

    /// The largest day, relative to the mean.
    pub fn peak_day(&self) -> f64 {
        self.days.iter().copied().fold(0.0, f64::max)
    }

    /// Puts the borrower's days into a window: all of them, or as many in a row as fit, from a random day on. Returns their
    /// number. A part of the days is not scaled anew: a borrower that has grown uses more in some parts than in others.
    pub(super) fn draw(&self, window: &mut [f64; MOST_DAYS], random: &mut Random) -> usize {
        let count = self.days.len().min(MOST_DAYS);
        let start =
            if self.days.len() > MOST_DAYS { (uniform(random) * self.days.len() as f64) as usize } else { 0 };
        let from = self.days.iter().cycle().skip(start);
        for (place, day) in window.iter_mut().take(count).zip(from) {
            *place = *day;
        }
        count
    }
}
