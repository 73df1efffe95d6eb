//! A preset as the program's terms, rider and schedule.

use {
    super::{Freezing, Preset},
    crate::{DAY, assumptions::Assumptions},
    blockable_credits::{
        state::{AutoFreeze, FreezePolicy, Instalment, Rider, Terms},
        units::mul_div_floor,
    },
    bytemuck::Zeroable,
};

/// Micro-USDC in a dollar.
const USDC: f64 = 1_000_000.0;
/// Seconds, and so units, of a GPU hour.
const HOUR: f64 = 3_600.0;

/// Principal and units of a loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Micro-USDC.
    pub principal: u64,
    /// Credit units.
    pub units: u64,
}

/// The program's side of a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The terms; the hash of the reporters is filled in at the offer.
    pub terms: Terms,
    /// The rider.
    pub rider: Rider,
    /// The instalments.
    pub schedule: Vec<Instalment>,
}

impl Preset {
    /// The size of a loan of the assumed principal.
    pub fn size(&self, assumptions: &Assumptions) -> Size {
        let dollars = assumptions.simulator.principal;
        let units = dollars / assumptions.simulator.list_price * HOUR * self.units_per_dollar(assumptions);
        Size { principal: (dollars * USDC) as u64, units: units as u64 }
    }

    /// The size of a loan for a number of units, at the price of the preset.
    pub fn size_for(&self, units: u64, assumptions: &Assumptions) -> Size {
        let hours = units as f64 / HOUR / self.units_per_dollar(assumptions);
        Size { principal: (hours * assumptions.simulator.list_price * USDC) as u64, units }
    }

    /// The program's terms, rider and schedule for a loan of a size. The principal that does not divide is due with the
    /// last instalment.
    pub fn agreement(&self, size: Size) -> Agreement {
        let Size { principal, units } = size;
        let count = u64::from(self.instalments.max(1));
        let each = principal / count;
        let last = principal - each * (count - 1);
        let due = |days: u32| days * DAY as u32;
        let schedule: Vec<Instalment> = self
            .due_days()
            .enumerate()
            .map(|(number, day)| Instalment {
                due_after: due(day),
                principal: if number as u64 + 1 == count { last } else { each },
            })
            .collect();
        let part = |share: f64, of: u64| (share * of as f64) as u64;
        let ahead = self.ahead.map_or(units, |ahead| part(ahead / count as f64, units)).clamp(1, units);
        let most_held = mul_div_floor(units - ahead, principal, units).unwrap_or(0);
        let policy = match self.freeze {
            Freezing::InSteps | Freezing::Full => FreezePolicy::OnDelinquency,
            Freezing::AtIssue => FreezePolicy::AtWill,
        };
        let auto_freeze = match self.freeze {
            Freezing::InSteps => AutoFreeze::FromDefault,
            Freezing::Full | Freezing::AtIssue => AutoFreeze::FromDelinquency,
        };
        let terms = Terms {
            principal,
            units,
            unlocked_ahead: ahead,
            holdback: part(self.holdback, most_held).min(most_held),
            late_fee: part(self.late_fee, each),
            max_units_per_second: self.rate_bound(units),
            delinquency_grace: due(self.delinquency_days),
            default_grace: due(self.default_days),
            cure_period: due(self.cure_days),
            unit_lifetime: due(self.lifetime_days),
            longest_job: DAY as u32,
            apr_bps: self.apr_bps,
            holdback_apr_bps: self.holdback_apr_bps,
            freeze_policy: policy as u8,
            auto_freeze: auto_freeze as u8,
            ..Terms::zeroed()
        };
        let rider = Rider { reserve: part(self.reserve, each), ..Rider::default() };
        Agreement { terms, rider, schedule }
    }

    /// This preset with everything that an agreement says in its place; the bot's freezes, the lots and the names stay. Whole days,
    /// rounded up; a schedule that is not even is described by its mean.
    pub fn on_agreement(&self, agreement: &Agreement) -> Preset {
        let Agreement { terms, rider, schedule } = agreement;
        let days = |seconds: u32| seconds.div_ceil(DAY as u32);
        let count = u32::try_from(schedule.len()).unwrap_or(u32::MAX).max(1);
        let first = schedule.first().map_or(1, |instalment| days(instalment.due_after));
        let last = schedule.last().map_or(1, |instalment| days(instalment.due_after));
        let gap = if count > 1 { (last - first) / (count - 1) } else { last };
        let each = terms.principal as f64 / f64::from(count);
        let locked = terms.units.saturating_sub(terms.unlocked_ahead);
        let most_held = mul_div_floor(locked, terms.principal, terms.units.max(1)).unwrap_or(0);
        Preset {
            instalments: count,
            interval_days: gap.max(1),
            in_advance: count > 1 && first * 2 < gap,
            ahead: terms
                .has_lock()
                .then(|| terms.unlocked_ahead as f64 / terms.units.max(1) as f64 * f64::from(count)),
            holdback: terms.holdback as f64 / most_held.max(1) as f64,
            apr_bps: terms.apr_bps,
            holdback_apr_bps: terms.holdback_apr_bps,
            late_fee: terms.late_fee as f64 / each.max(1.0),
            delinquency_days: days(terms.delinquency_grace),
            default_days: days(terms.default_grace),
            cure_days: days(terms.cure_period),
            reserve: rider.reserve as f64 / each.max(1.0),
            lifetime_days: days(terms.unit_lifetime),
            ..self.clone()
        }
    }

    /// The rate bound in units per second: a multiple of the pace that uses the units up within the term.
    fn rate_bound(&self, units: u64) -> u64 {
        let pace = units as f64 / (f64::from(self.term_days()) * DAY as f64);
        ((pace * self.rate_multiple).ceil() as u64).max(1)
    }
}
