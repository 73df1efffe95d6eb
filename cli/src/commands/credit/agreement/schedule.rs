//! The schedule of an agreement.

use {
    super::{
        csv,
        dates::{Beginning, DateArgs, UsualDates},
    },
    crate::{error::CliError, views::time_json},
    blockable_economics::preset::Preset,
    blockable_sdk::{
        amounts::{Bps, ChainTime, MicroUsd},
        program::{state::Instalment, units::SECONDS_PER_YEAR},
    },
    blockable_service::text,
    clap::{Args, ValueEnum},
    serde_json::{Value, json},
    std::path::PathBuf,
};

/// Seconds of a day.
const DAY: u32 = 86_400;

/// Due dates and the principal of each.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ScheduleArgs {
    /// Form of the schedule [default: amortising]
    #[arg(long, value_name = "FORM", value_enum, help_heading = "Schedule")]
    schedule: Option<Form>,
    #[command(flatten)]
    dates: DateArgs,
    /// CSV file with the header due,principal and a line for each instalment, such as 30d,1000usdc or 2027-01-31,1000usdc
    #[arg(long, value_name = "FILE", help_heading = "Schedule",
        conflicts_with_all = ["schedule", "instalments", "every", "first_due"])]
    schedule_file: Option<PathBuf>,
}

/// The form of a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Equal parts of the principal, and interest on what is left
    #[default]
    Amortising,
    /// Equal payments of principal and interest together
    Level,
    /// Everything on the last date
    Bullet,
    /// Interest on each date, and the principal on the last one
    InterestOnly,
}

/// A schedule, and the beginning that its dates are counted from.
#[derive(Clone, Debug)]
pub(crate) struct PlannedSchedule {
    /// The instalments.
    pub schedule: Vec<Instalment>,
    /// The beginning.
    pub from: Beginning,
}

impl ScheduleArgs {
    /// Returns true where a flag says anything about the schedule.
    pub(crate) fn is_named(&self) -> bool {
        let DateArgs { instalments, every, first_due, counted_from } = &self.dates;
        self.schedule.is_some()
            || self.schedule_file.is_some()
            || instalments.is_some()
            || every.is_some()
            || first_due.is_some()
            || counted_from.is_some()
    }

    /// The same with `today` and `tomorrow` as the dates that they are at a time.
    pub(crate) fn with_days_of(&self, now: ChainTime) -> ScheduleArgs {
        ScheduleArgs { dates: self.dates.with_days_of(now), ..self.clone() }
    }

    /// The schedule of a principal, at a yearly rate. Errors: [`CliError::Usage`], [`CliError::NotFound`].
    pub(crate) fn plan(
        &self,
        principal: MicroUsd,
        apr: Bps,
        usual: &UsualDates,
        now: ChainTime,
    ) -> Result<PlannedSchedule, CliError> {
        let from = self.dates.beginning(now)?;
        if let Some(path) = &self.schedule_file {
            let schedule = csv::read(path, &from)?;
            let sum = schedule.iter().fold(0_u64, |sum, part| sum.saturating_add(part.principal));
            if sum != principal.get() {
                return Err(CliError::Usage(format!(
                    "the instalments of {} add up to {}, and the principal is {}; make them equal",
                    path.display(),
                    text::usd_owed(MicroUsd(sum)),
                    text::usd_owed(principal)
                )));
            }
            return Ok(PlannedSchedule { schedule, from });
        }
        let form = self.schedule.unwrap_or_default();
        // A bullet falls due at the end of the last interval, also where instalments would be due in advance.
        let usual = match form {
            Form::Bullet | Form::InterestOnly => UsualDates { first_after: None, ..*usual },
            Form::Amortising | Form::Level => *usual,
        };
        let mut dates = self.dates.due_dates(&from, &usual)?;
        if form == Form::Bullet {
            dates = dates.split_off(dates.len().saturating_sub(1));
        }
        let parts = match form {
            Form::Amortising => even_parts(principal.get(), dates.len()),
            Form::Level => level_parts(principal.get(), apr, &dates),
            Form::Bullet | Form::InterestOnly => last_part(principal.get(), dates.len()),
        };
        let schedule = dates.into_iter().zip(parts);
        let schedule = schedule.map(|(due_after, principal)| Instalment { due_after, principal }).collect();
        Ok(PlannedSchedule { schedule, from })
    }
}

impl PlannedSchedule {
    /// A preset with the number and the mean distance of these instalments, so that what it counts in instalments fits them.
    pub(crate) fn described_by(&self, preset: &Preset) -> Preset {
        let count = u32::try_from(self.schedule.len()).unwrap_or(1).max(1);
        let last = self.schedule.last().map_or(0, |instalment| instalment.due_after);
        let interval_days = last.div_ceil(DAY).div_ceil(count).max(1);
        Preset { instalments: count, interval_days, ..preset.clone() }
    }

    /// The dates in words: each of up to four instalments, else the first and the last.
    pub(crate) fn text(&self) -> String {
        let date = |instalment: &Instalment| self.from.after(instalment.due_after);
        let dates = match self.schedule.as_slice() {
            [first, .., last] if self.schedule.len() > 4 => format!("{} to {}", date(first), date(last)),
            all => all.iter().map(date).collect::<Vec<_>>().join(", "),
        };
        format!("{dates}, if counted from {}; a later beginning moves them", text::time(self.from.at))
    }

    /// The instalments as data.
    pub(crate) fn json(&self) -> Value {
        let line = |instalment: &Instalment| {
            json!({
                "due_after_seconds": instalment.due_after,
                "due_at": time_json(self.from.at.plus_seconds(instalment.due_after.into())),
                "principal": instalment.principal,
            })
        };
        self.schedule.iter().map(line).collect()
    }
}

/// Equal parts; what does not divide is due with the last one.
fn even_parts(principal: u64, count: usize) -> Vec<u64> {
    let number = u64::try_from(count).unwrap_or(1).max(1);
    let each = principal / number;
    let mut parts = vec![each; count];
    if let Some(last) = parts.last_mut() {
        *last = principal.saturating_sub(each.saturating_mul(number.saturating_sub(1)));
    }
    parts
}

fn last_part(principal: u64, count: usize) -> Vec<u64> {
    let mut parts = vec![0; count];
    if let Some(last) = parts.last_mut() {
        *last = principal;
    }
    parts
}

/// The parts of the principal by which every payment, with the interest since the date before, is the same but for the last, which
/// is at most as large. Interest is simple, at one rate on the whole principal.
fn level_parts(principal: u64, apr: Bps, dates: &[u32]) -> Vec<u64> {
    let (mut low, mut high) = (0, principal.saturating_mul(2).saturating_add(1));
    while low < high {
        let payment = low + (high - low) / 2;
        match pay_level(principal, apr, dates, payment) {
            (_, last) if last <= payment => high = payment,
            _ => low = payment.saturating_add(1),
        }
    }
    pay_level(principal, apr, dates, high).0
}

/// The parts that payments of a sum repay, and the last payment.
fn pay_level(principal: u64, apr: Bps, dates: &[u32], payment: u64) -> (Vec<u64>, u64) {
    let (mut left, mut before, mut parts, mut last) = (principal, 0, Vec::with_capacity(dates.len()), 0);
    for (place, due) in dates.iter().enumerate() {
        let due_interest = interest(left, apr, due.saturating_sub(before));
        let is_last = place.saturating_add(1) == dates.len();
        let part = if is_last { left } else { payment.saturating_sub(due_interest).min(left) };
        last = part.saturating_add(due_interest);
        left = left.saturating_sub(part);
        before = *due;
        parts.push(part);
    }
    (parts, last)
}

fn interest(principal: u64, apr: Bps, seconds: u32) -> u64 {
    let whole = u128::from(SECONDS_PER_YEAR).saturating_mul(10_000);
    let product = u128::from(principal).saturating_mul(apr.get().into()).saturating_mul(seconds.into());
    u64::try_from(product / whole).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use {super::super::parsers::Interval, super::*};

    fn plan(form: Form, first_after: Option<u32>) -> Vec<(u32, u64)> {
        let args = ScheduleArgs { schedule: Some(form), ..ScheduleArgs::default() };
        let usual = UsualDates { count: 4, every: Interval::Seconds(30 * DAY), first_after };
        let planned = args.plan(MicroUsd(1_000_000_003), Bps(1_200), &usual, ChainTime(0)).unwrap();
        planned.schedule.iter().map(|part| (part.due_after / DAY, part.principal)).collect()
    }

    #[test]
    fn every_form_repays_the_principal_to_the_last_unit() {
        let even = plan(Form::Amortising, Some(DAY));
        assert_eq!(even, [(1, 250_000_000), (31, 250_000_000), (61, 250_000_000), (91, 250_000_003)]);
        assert_eq!(plan(Form::Bullet, Some(DAY)), [(120, 1_000_000_003)]);
        let interest_only = plan(Form::InterestOnly, Some(DAY));
        assert_eq!(interest_only, [(30, 0), (60, 0), (90, 0), (120, 1_000_000_003)]);
        for form in [Form::Amortising, Form::Level, Form::Bullet, Form::InterestOnly] {
            for first in [Some(DAY), None] {
                let sum: u64 = plan(form, first).iter().map(|(_, part)| part).sum();
                assert_eq!(sum, 1_000_000_003, "{form:?}");
            }
        }
    }

    #[test]
    fn level_payments_are_equal() {
        let dates = [30 * DAY, 60 * DAY, 90 * DAY, 120 * DAY];
        let parts = level_parts(1_000_000_000, Bps(1_200), &dates);
        let (mut left, mut payments) = (1_000_000_000, Vec::new());
        for part in &parts {
            payments.push(part + interest(left, Bps(1_200), 30 * DAY));
            left -= part;
        }
        assert_eq!(left, 0);
        assert!(
            parts.is_sorted() && payments.iter().all(|payment| payment.abs_diff(payments[0]) < 10),
            "{payments:?}"
        );
        assert_eq!(level_parts(900, Bps(0), &dates[..3]), [300, 300, 300]);
    }
}
