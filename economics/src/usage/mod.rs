//! Days of use, relative to a borrower's mean: drawn to the statistics of real tenants, or taken from a borrower's own
//! file.
//!
//! A path draws one tenant: its class, how much its days vary, and a window of as many days as the statistics cover,
//! scaled to a mean of one. The days of the loan are blocks of that window, seven days each, which begin at a random
//! day and go on from the last day to the first. So weeks keep their shape, every day is as likely as any other, and
//! the mean stays one.

mod class;
mod file;
mod statistics;
#[cfg(test)]
mod tests;

use crate::{
    EconomicsError,
    assumptions::Assumptions,
    random::{Random, uniform},
};

pub use {class::ClassModel, file::OwnUse, statistics::WindowStatistics};

use crate::assumptions::MOST_DAYS;

/// The source of a borrower's days.
#[derive(Clone, Debug)]
pub enum UseModel {
    /// Tenants of several classes, with the cumulated weight of each, up to one.
    Tenants(Vec<(f64, ClassModel)>),
    /// One borrower's own days.
    Own(OwnUse),
}

impl UseModel {
    /// The tenants of the assumptions. Errors: [`EconomicsError::Argument`] for a class that no distribution is fitted to.
    pub fn from_assumptions(assumptions: &Assumptions) -> Result<UseModel, EconomicsError> {
        let weights = &assumptions.simulator.tenants;
        let total: f64 = weights.iter().sum();
        let mut up_to = 0.0;
        let mut classes = Vec::with_capacity(weights.len());
        for (class, weight) in assumptions.classes.iter().zip(weights) {
            up_to += weight / total;
            classes.push((up_to, ClassModel::fitted_to(class)?));
        }
        Ok(UseModel::Tenants(classes))
    }

    /// Draws the borrower of a path into `window`.
    pub fn draw(&self, window: &mut Window, random: &mut Random) {
        match self {
            UseModel::Tenants(classes) => {
                let place = uniform(random);
                let chosen = classes.iter().find(|(up_to, _)| place < *up_to).or(classes.last());
                if let Some((_, class)) = chosen {
                    window.count = class.draw(&mut window.days, random);
                }
            }
            UseModel::Own(own) => window.count = own.draw(&mut window.days, random),
        }
        window.left = 0;
    }
}

/// The days of one tenant, and the block of them that is being replayed.
#[derive(Clone, Debug)]
pub struct Window {
    days: [f64; MOST_DAYS],
    count: usize,
    at: usize,
    left: u32,
    block: u32,
}

impl Window {
    /// A window without days, to be filled by [`UseModel::draw`]; blocks of `block` days.
    pub fn new(block: u32) -> Window {
        Window { days: [0.0; MOST_DAYS], count: 0, at: 0, left: 0, block: block.max(1) }
    }

    /// Use of the next day, relative to the mean.
    pub fn next_day(&mut self, random: &mut Random) -> f64 {
        if self.left == 0 {
            self.left = self.block;
            // A cast of a float rounds down; the draw is below one.
            self.at = (uniform(random) * self.count as f64) as usize;
        }
        let day = self.days.get(self.at).copied().unwrap_or_default();
        self.at = if self.at + 1 >= self.count { 0 } else { self.at + 1 };
        self.left -= 1;
        day
    }

    /// The days drawn.
    pub fn days(&self) -> &[f64] {
        self.days.get(..self.count).unwrap_or_default()
    }
}
