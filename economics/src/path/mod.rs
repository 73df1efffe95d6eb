//! One loan from issue to end, day by day.
//!
//! A day has an order: at its beginning the borrower pays what it pays, the lender's bot marks and freezes, the lender
//! recovers and buyers come; then the borrower uses units; at its end a report is metered. Everything that changes the loan
//! is an [`Act`](crate::loan::Act) of the program.

mod borrower;
mod outcome;
mod recovery;
mod servicing;
#[cfg(test)]
mod tests;
mod use_of_units;

use {
    crate::{
        DAY, EconomicsError,
        assumptions::Assumptions,
        loan::{Act, Issue, Loan, MIN_SUSPENSION_DAYS, Observer},
        preset::{Agreement, Preset, Size},
        price::PriceModel,
        random::{Random, Streams},
        usage::{OwnUse, UseModel},
    },
    blockable_credits::{state::TermBounds, transitions::Status},
};

use {borrower::MOST_INSTALMENTS, recovery::Recovery, use_of_units::Demand};
pub use {
    borrower::{Behaviour, Plan},
    outcome::{DefaultOutcome, Outcome},
};

/// The kind of a path: kinds are simulated in fixed shares and weighted by their probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The borrower defaults. The provider may fail as well.
    Default,
    /// The borrower pays everything, unless its provider fails.
    Paying,
    /// The borrower would pay everything, and its provider goes dark on a random day of the term.
    Vanished,
}

/// The surroundings of all paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scene {
    /// As assumed.
    #[default]
    Assumed,
    /// Every default falls into a crash.
    Crash,
    /// Providers fail at 10 % a year.
    FailingProviders,
}

impl Scene {
    /// The name of the scene on the command line and in results.
    pub fn name(self) -> &'static str {
        match self {
            Scene::Assumed => "assumed",
            Scene::Crash => "crash",
            Scene::FailingProviders => "failing-providers",
        }
    }

    /// The assumptions with the scene's in their place.
    pub fn applied_to(self, assumptions: &Assumptions) -> Assumptions {
        let mut assumptions = assumptions.clone();
        match self {
            Scene::Assumed => {}
            Scene::Crash => assumptions.market.crash_share = 1.0,
            Scene::FailingProviders => assumptions.market.provider_failure = 0.1,
        }
        assumptions
    }
}

/// Everything that the paths of one preset share. Threads read it; each has a [`Walk`] of its own.
pub struct Course {
    preset: Preset,
    assumptions: Assumptions,
    model: UseModel,
    issue: Issue,
    agreement: Agreement,
    price: PriceModel,
    due: [i64; MOST_INSTALMENTS],
    /// Planned use, in units a day.
    pace: f64,
    /// Market price of a million units at issue, in micro-USDC.
    list_price: f64,
    /// `exp(-buyers a day)`, usually and in a crash.
    no_buyer: [f64; 2],
    /// Days from a provider's failure until covered units can be cancelled together.
    suspension_days: i64,
}

/// Micro-USDC in a dollar, units in a GPU hour, units that a price is for.
const PRICE_OF_A_MILLION: f64 = 1_000_000.0 / 3_600.0 * 1_000_000.0;

impl Course {
    /// Issues a loan of a size on the terms of a preset. Errors: [`EconomicsError::Refused`] for terms that the program
    /// refuses.
    pub fn new(
        preset: &Preset,
        size: Size,
        model: UseModel,
        assumptions: &Assumptions,
    ) -> Result<Course, EconomicsError> {
        Course::on_agreement(preset, preset.agreement(size), model, assumptions)
    }

    /// Issues a loan on an agreement, which is enforced and recovered as the preset says. Payments come on the first whole day at
    /// or after each due date. Errors: as [`Course::new`].
    pub fn on_agreement(
        preset: &Preset,
        agreement: Agreement,
        model: UseModel,
        assumptions: &Assumptions,
    ) -> Result<Course, EconomicsError> {
        let mut due = [i64::MAX; MOST_INSTALMENTS];
        let days = agreement.schedule.iter().map(|instalment| instalment.due_after.div_ceil(DAY as u32));
        due.iter_mut().zip(days).for_each(|(place, day)| *place = day.into());
        let market = &assumptions.market;
        Ok(Course {
            issue: Issue::new(&agreement)?,
            price: PriceModel::new(market.price_drift, market.price_sigma),
            due,
            pace: agreement.terms.units as f64 / f64::from(preset.term_days()),
            agreement,
            list_price: assumptions.simulator.list_price * PRICE_OF_A_MILLION,
            no_buyer: [1.0, market.crash_buyers].map(|share| (-market.buyers_per_day * share).exp()),
            suspension_days: (assumptions.simulator.suspension_days as i64).max(MIN_SUSPENSION_DAYS),
            preset: preset.clone(),
            assumptions: assumptions.clone(),
            model,
        })
    }

    /// Issues a loan for a borrower: one whose own use is given gets as many units as it uses over the term, a drawn one a loan
    /// of the assumed principal. Errors: as [`Course::new`], and those of [`UseModel::from_assumptions`].
    pub fn for_borrower(
        preset: &Preset,
        own: Option<&OwnUse>,
        assumptions: &Assumptions,
    ) -> Result<Course, EconomicsError> {
        let Some(own) = own else {
            let model = UseModel::from_assumptions(assumptions)?;
            return Course::new(preset, preset.size(assumptions), model, assumptions);
        };
        // A cast of a float saturates.
        let units = (own.mean_units() * f64::from(preset.term_days())) as u64;
        let size = preset.size_for(units, assumptions);
        let (least, most) = (TermBounds::PRODUCTION.min_principal, TermBounds::PRODUCTION.max_principal);
        if !(least..=most).contains(&size.principal) {
            return Err(EconomicsError::Argument(format!(
                "the use of {} days adds up to {units} units, a loan of ${:.2}, and a market lends ${:.2} to ${:.0}: \
                 state the use in units of a GPU second each",
                preset.term_days(),
                size.principal as f64 / 1e6,
                least as f64 / 1e6,
                most as f64 / 1e6
            )));
        }
        Course::new(preset, size, UseModel::Own(own.clone()), assumptions)
    }

    /// The preset.
    pub fn preset(&self) -> &Preset {
        &self.preset
    }

    /// The terms, the rider and the schedule.
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// The loan on the second of its issue.
    pub fn issued(&self) -> &Loan {
        &self.issue.loan
    }
}

/// A loan on its way. One value serves path after path, so that nothing is allocated.
pub struct Walk<'a> {
    course: &'a Course,
    loan: Loan,
    plan: Plan,
    demand: Demand,
    recovery: Recovery,
    /// The instalment that is paid next.
    next: usize,
    day: i64,
    outcome: Outcome,
    prices: Random,
    buyers: Random,
}

impl<'a> Walk<'a> {
    /// A walk that has not begun.
    pub fn new(course: &'a Course) -> Walk<'a> {
        let streams = Streams::new(0, 0);
        Walk {
            loan: course.issue.loan,
            plan: Plan::paying(),
            demand: Demand::new(course.preset.term_days(), course.assumptions.usage.block_days),
            recovery: Recovery::default(),
            next: 0,
            day: 0,
            outcome: Outcome::default(),
            prices: streams.price,
            buyers: streams.buyers,
            course,
        }
    }

    /// Walks the path of a number under a seed to its end. Errors: [`EconomicsError::Refused`] where the program
    /// refuses what it should allow.
    pub fn run<O: Observer>(
        &mut self,
        seed: u64,
        path: u64,
        kind: Kind,
        observer: &mut O,
    ) -> Result<Outcome, EconomicsError> {
        self.begin(seed, path, kind);
        let preset = &self.course.preset;
        let term = i64::from(preset.term_days().max(preset.lifetime_days));
        self.open(observer)?;
        for day in 0..term + MOST_DAYS_OF_RECOVERY {
            self.day = day;
            self.expire(observer);
            self.note_failure();
            self.cancel_together(observer);
            self.pay(observer)?;
            self.enforce(observer)?;
            self.recover(observer)?;
            let has_ended = self.recovery.has_ended() || self.loan.credit.status == Status::Repaid.byte();
            // Units that expire do so after a recovery too.
            let ends_early = self.outcome.default.is_some() && preset.lifetime_days == 0;
            if has_ended && (day >= term || ends_early) {
                break;
            }
            self.use_units(observer)?;
            let principal = self.loan.credit.debt.principal;
            self.outcome.principal_days = self.outcome.principal_days.saturating_add(principal.into());
        }
        self.close();
        Ok(self.outcome)
    }

    fn begin(&mut self, seed: u64, path: u64, kind: Kind) {
        let mut streams = Streams::new(seed, path);
        self.loan = self.course.issue.loan;
        self.plan.draw(kind, self.course, &mut streams);
        let is_sized = self.course.assumptions.simulator.sized_loans;
        self.demand.begin(&self.course.model, is_sized, &mut streams.usage);
        self.prices = streams.price;
        self.buyers = streams.buyers;
        self.recovery = Recovery::default();
        self.next = 0;
        self.day = 0;
        self.outcome = Outcome { principal: self.loan.credit.terms.principal, ..Outcome::default() };
    }

    /// Seconds from issue to the beginning of the day.
    fn seconds(&self) -> i64 {
        self.day * DAY
    }

    fn status_is(&self, status: Status) -> bool {
        self.loan.credit.status == status.byte()
    }

    fn provider_has_failed(&self) -> bool {
        self.day >= self.plan.provider_fails_on
    }

    /// Expires unused units from the end of their lifetime on.
    fn expire<O: Observer>(&mut self, observer: &mut O) {
        let lifetime = i64::from(self.course.preset.lifetime_days);
        if lifetime > 0 && self.day >= lifetime && self.loan.credit.collateral.remaining() > 0 {
            self.loan.attempt(self.day * DAY, Act::Expire, observer);
        }
    }

    fn close(&mut self) {
        self.outcome.days = self.day.max(i64::from(self.course.preset.term_days())) as u32;
        self.outcome.receipts = self.outcome.receipts.saturating_add(self.loan.credit.claims.lender);
        self.outcome.used = self.loan.credit.collateral.consumed;
        self.outcome.waited = self.demand.waited();
        self.outcome.overrun = self.loan.credit.meter.overrun;
    }
}

/// The most days that a path goes on after its term.
const MOST_DAYS_OF_RECOVERY: i64 = 730;
