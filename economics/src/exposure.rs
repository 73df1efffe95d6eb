//! The collateral that a borrower can use up before the lender may freeze.

use {
    crate::preset::Agreement,
    blockable_credits::{state::FreezePolicy, units::mul_div_floor},
};

/// The moment before a freeze at which the most units are used that nobody has paid for: the borrower pays until an instalment,
/// misses it, and uses as fast as reports may count and the lock allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The instalment that is missed, from 1.
    pub missed: usize,
    /// Seconds from issue until the lender may freeze for it.
    pub freeze_after: u64,
    /// Units under lien by then, if none of them is used.
    pub lien: u64,
    /// Units of these that can be used by then, or by jobs that run then.
    pub used: u64,
}

impl Exposure {
    /// The worst moment of an agreement; `None` for one without instalments.
    pub fn new(agreement: &Agreement) -> Option<Exposure> {
        let terms = &agreement.terms;
        let total = agreement.schedule.iter().fold(0_u64, |sum, part| sum.saturating_add(part.principal));
        let mut repaid = 0_u64;
        let mut worst: Option<Exposure> = None;
        for (place, instalment) in agreement.schedule.iter().enumerate() {
            let released = mul_div_floor(terms.units, repaid, total.max(1)).unwrap_or(0);
            repaid = repaid.saturating_add(instalment.principal);
            let freeze_after = u64::from(instalment.due_after).saturating_add(grace(agreement));
            let seconds = freeze_after.saturating_add(terms.longest_job.into());
            let counted = terms.max_units_per_second.saturating_mul(seconds);
            let open = terms.unlocked_ahead.saturating_add(released).min(terms.units);
            let moment = Exposure {
                missed: place.saturating_add(1),
                freeze_after,
                lien: terms.units.saturating_sub(released),
                used: counted.min(open).saturating_sub(released),
            };
            if worst.is_none_or(|worst| moment.used > worst.used) {
                worst = Some(moment);
            }
        }
        worst
    }

    /// Returns true where nothing is left to freeze.
    pub fn is_all(&self) -> bool {
        self.used >= self.lien
    }
}

/// Seconds from a missed due date until the lender may freeze.
fn grace(agreement: &Agreement) -> u64 {
    let terms = &agreement.terms;
    let seconds = match FreezePolicy::from_byte(terms.freeze_policy) {
        Some(FreezePolicy::AtWill) => 0,
        Some(FreezePolicy::OnDelinquency) => terms.delinquency_grace,
        Some(FreezePolicy::OnDefault) | None => terms.default_grace,
    };
    seconds.into()
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::preset::{Preset, Size},
        blockable_credits::units::DAY,
    };

    fn agreement(name: &str) -> Agreement {
        let size = Size { principal: 120_000_000_000, units: 216_000_000 };
        Preset::named(name).unwrap().agreement(size)
    }

    fn worst(agreement: &Agreement) -> Exposure {
        Exposure::new(agreement).unwrap()
    }

    #[test]
    fn a_lock_leaves_all_but_what_is_open_ahead() {
        for (name, ahead) in [("standard", 24), ("bursty", 12), ("sealed", 24)] {
            let found = worst(&agreement(name));
            assert_eq!((found.used, found.lien), (216_000_000 / ahead, 216_000_000), "{name}");
            assert_eq!((found.missed, found.freeze_after, found.is_all()), (1, 3 * u64::from(DAY), false));
        }
    }

    #[test]
    fn without_a_lock_the_rate_bound_decides() {
        let mut prepaid = agreement("prepaid-12");
        // Eight times the pace of each instalment: all is used long before the first due date.
        assert!(worst(&prepaid).is_all());
        assert_eq!(worst(&prepaid).freeze_after, 35 * u64::from(DAY));
        prepaid.terms.max_units_per_second = 1;
        let slow = worst(&prepaid);
        assert_eq!(slow.used, 36 * u64::from(DAY), "as much as is counted by the end of the longest job");
        prepaid.terms.freeze_policy = FreezePolicy::OnDefault as u8;
        assert_eq!(worst(&prepaid).used - slow.used, 10 * u64::from(DAY));
        prepaid.terms.freeze_policy = FreezePolicy::AtWill as u8;
        assert_eq!(slow.used - worst(&prepaid).used, 5 * u64::from(DAY));
    }

    #[test]
    fn the_worst_instalment_is_not_always_the_first() {
        let mut prepaid = agreement("prepaid-12");
        prepaid.terms.max_units_per_second = 10;
        let found = worst(&prepaid);
        assert!(found.missed > 1 && !found.is_all(), "{found:?}");
        prepaid.schedule.clear();
        assert_eq!(Exposure::new(&prepaid), None);
    }
}
