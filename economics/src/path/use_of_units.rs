//! A day of use: what the borrower wants, what is open to it, what is metered.

use {
    super::{Behaviour, Walk},
    crate::{
        DAY, EconomicsError,
        loan::{Act, Observer},
        random::Random,
        usage::{UseModel, Window},
    },
    blockable_credits::metering::finishing,
};

/// The demand of a borrower, and what the terms have put off.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    window: Window,
    /// Use of each day of the term, relative to the planned pace.
    days: Vec<f64>,
    /// The day that comes next; after the term the days begin anew.
    next: usize,
    /// Units used since issue.
    cumulative: u64,
    /// Units wanted that were held; they are wanted again the next day.
    put_off: f64,
    /// Sum over the days of the units put off on them: unit-days.
    waited: f64,
}

impl Demand {
    /// A demand over a term of `term_days`, to be drawn in blocks of `block` days. All its days are 0 until [`Demand::begin`].
    pub(super) fn new(term_days: u32, block: u32) -> Demand {
        let days = vec![0.0; term_days as usize];
        Demand { window: Window::new(block), days, next: 0, cumulative: 0, put_off: 0.0, waited: 0.0 }
    }

    /// Draws the days of a borrower. A loan that is sized to its borrower has as many units as the borrower wants over the
    /// term: only their order within it is left to chance.
    pub(super) fn begin(&mut self, model: &UseModel, is_sized: bool, random: &mut Random) {
        model.draw(&mut self.window, random);
        for day in &mut self.days {
            *day = self.window.next_day(random);
        }
        let mean = self.days.iter().sum::<f64>() / self.days.len().max(1) as f64;
        if is_sized && mean > 0.0 {
            self.days.iter_mut().for_each(|day| *day /= mean);
        }
        (self.next, self.cumulative, self.put_off, self.waited) = (0, 0, 0.0, 0.0);
    }

    /// Use of the next day, relative to the planned pace.
    fn next_day(&mut self) -> f64 {
        let day = self.days.get(self.next).copied().unwrap_or_default();
        self.next = if self.next + 1 >= self.days.len() { 0 } else { self.next + 1 };
        day
    }

    /// Unit-days for which units were put off. By Little's law, divided by the units used it is the mean wait of a unit.
    pub(super) fn waited(&self) -> u64 {
        // A cast of a float saturates.
        self.waited as u64
    }
}

impl Walk<'_> {
    /// Uses units for a day and meters them at its end.
    pub(super) fn use_units<O: Observer>(&mut self, observer: &mut O) -> Result<(), EconomicsError> {
        if self.provider_has_failed() || self.recovery.has_begun() {
            return Ok(());
        }
        let planned = self.demand.next_day() * self.course.pace;
        let wanted = self.wanted(planned) + self.demand.put_off;
        let credit = &self.loan.credit;
        let (collateral, meter) = (credit.collateral, credit.meter);
        let most = credit.terms.max_units_per_second.saturating_mul(DAY as u64);
        let available = collateral.available();
        let open = available.saturating_add(finishing(&collateral, &meter));
        // A cast of a float saturates.
        let used = (wanted as u64).min(open).min(most);
        self.demand.cumulative = self.demand.cumulative.saturating_add(used);
        let held = collateral.remaining().saturating_sub(available);
        self.demand.put_off = (wanted - used as f64).clamp(0.0, held as f64);
        self.demand.waited += self.demand.put_off;
        self.outcome.frozen_days += u32::from(collateral.frozen() > 0);
        let running = (used as f64 * self.course.assumptions.simulator.job_hours / 24.0) as u64;
        let in_flight = running.min(available.saturating_sub(used));
        let act = Act::Meter { cumulative: self.demand.cumulative, in_flight };
        self.loan.act(self.seconds() + DAY, act, observer)
    }

    /// Units that the borrower wants on a day for which `planned` units were drawn.
    fn wanted(&self, planned: f64) -> f64 {
        let borrower = &self.course.assumptions.borrower;
        let left = (self.plan.stops_on - self.day) as f64;
        match self.plan.behaviour {
            Behaviour::Fraud => self.course.pace * borrower.race_speed,
            Behaviour::Race if left <= self.course.assumptions.simulator.race_lead_days => {
                self.course.pace * borrower.race_speed
            }
            Behaviour::Fade => planned * (left / self.course.assumptions.simulator.fade_days).clamp(0.0, 1.0),
            Behaviour::Race | Behaviour::Steady => planned,
        }
    }
}
