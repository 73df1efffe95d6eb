//! Named terms side by side, and their translation into the program's.

mod bonus;
mod list;
mod lot;
mod terms;
#[cfg(test)]
mod tests;

use {crate::EconomicsError, blockable_credits::state::TermBounds};

pub use {
    lot::LotPlan,
    terms::{Agreement, Size},
};

/// Terms of a loan in words of a lender: instalments, shares and days. [`Preset::agreement`] makes the program's of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// The name on the command line.
    pub name: String,
    /// The terms that set it apart, in a few words.
    pub title: String,
    /// Number of instalments.
    pub instalments: u32,
    /// Days from one to the next.
    pub interval_days: u32,
    /// True where the first falls due a day after issue, false where it falls due after the first interval.
    pub in_advance: bool,
    /// Instalments of units that the borrower may use ahead of payment; `None` for no lock.
    pub ahead: Option<f64>,
    /// Share of the locked part that is held back in the vault.
    pub holdback: f64,
    /// Annual rate, in basis points.
    pub apr_bps: u16,
    /// Rate on what is held back, in basis points.
    pub holdback_apr_bps: u16,
    /// Late fee, as a share of an instalment.
    pub late_fee: f64,
    /// Days from a due date to delinquency.
    pub delinquency_days: u32,
    /// Days from a due date to default.
    pub default_days: u32,
    /// Days from default to seizure.
    pub cure_days: u32,
    /// The freeze that the lender's bot sends.
    pub freeze: Freezing,
    /// The reserve, in instalments.
    pub reserve: f64,
    /// Days from issue after which unused units expire; 0 for never.
    pub lifetime_days: u32,
    /// The rate bound, as a multiple of the planned pace.
    pub rate_multiple: f64,
    /// The way seized units are sold.
    pub lot: LotPlan,
}

/// The freezes of a lender's bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freezing {
    /// In proportion to the arrears from delinquency, in full from default.
    InSteps,
    /// In full from delinquency.
    Full,
    /// In full from the day of issue, for risk; units open as they are repaid.
    AtIssue,
}

impl Preset {
    /// Every preset, in the order in which tables show them.
    pub fn all() -> Vec<Preset> {
        list::all()
    }

    /// The preset of a name. Errors: [`EconomicsError::Argument`] with all names.
    pub fn named(name: &str) -> Result<Preset, EconomicsError> {
        let all = Preset::all();
        let names = all.iter().map(|preset| preset.name.clone()).collect::<Vec<_>>().join(", ");
        let found = all.into_iter().find(|preset| preset.name == name);
        found.ok_or_else(|| EconomicsError::Argument(format!("there is no preset {name}; there are {names}")))
    }

    /// Returns true for the same terms, under whatever name and title.
    pub(crate) fn is_same_as(&self, other: &Preset) -> bool {
        let named = Preset { name: self.name.clone(), title: self.title.clone(), ..other.clone() };
        *self == named
    }

    /// Days of the loan: instalments x interval.
    pub fn term_days(&self) -> u32 {
        self.instalments * self.interval_days
    }

    /// Days from issue to each due date.
    pub fn due_days(&self) -> impl Iterator<Item = u32> + '_ {
        let first = if self.in_advance { 1 } else { self.interval_days };
        (0..self.instalments).map(move |number| first + number * self.interval_days)
    }

    /// The shortest lifetime of units that a market for real money accepts, in days: the last default can still be cured and
    /// its collateral sold.
    pub fn shortest_lifetime(&self) -> u32 {
        let last = self.due_days().last().unwrap_or_default();
        let shortest_lot = TermBounds::PRODUCTION.min_lot_window / crate::DAY as u32;
        last + self.default_days + 2 * (self.cure_days + shortest_lot)
    }

    /// The part of the units that is locked at issue, as a share.
    pub fn locked_share(&self) -> f64 {
        let ahead = self.ahead.map_or(1.0, |ahead| ahead / f64::from(self.instalments));
        (1.0 - ahead).clamp(0.0, 1.0)
    }

    /// The part of the principal that is held back at issue, as a share.
    pub fn holdback_share(&self) -> f64 {
        self.holdback * self.locked_share()
    }
}
