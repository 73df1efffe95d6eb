//! Conditions on credits that no node can evaluate by comparing bytes.

use {
    crate::amounts::MarketTime,
    blockable_credits::{state::Credit, transitions::Status},
};

/// A condition on a credit that was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditCondition {
    /// Some of its units are frozen, or none are.
    Frozen(bool),
    /// Something is in arrears as of the last accrual, or nothing is.
    InArrears(bool),
    /// The last instalment is due before a market time, and something is owed.
    MaturesBefore(MarketTime),
    /// Its units expire before a market time.
    UnitsExpireBefore(MarketTime),
}

impl CreditCondition {
    /// Returns true where the condition holds. Accrue the debt before ([`Credit::accrue`], on a copy) for the arrears of now.
    pub fn holds(self, credit: &Credit) -> bool {
        match self {
            CreditCondition::Frozen(is_frozen) => (credit.collateral.frozen() > 0) == is_frozen,
            CreditCondition::InArrears(is_in_arrears) => (credit.arrears() > 0) == is_in_arrears,
            CreditCondition::MaturesBefore(time) => {
                let is_owed = credit.status().is_ok_and(Status::is_secured);
                is_owed && matures_at(credit).is_some_and(|at| at < time)
            }
            CreditCondition::UnitsExpireBefore(time) => {
                credit.units_expire_at != 0 && credit.units_expire_at < time.get()
            }
        }
    }
}

/// Market time at which a live loan's last instalment falls due; `None` before its issue.
pub fn matures_at(credit: &Credit) -> Option<MarketTime> {
    let last = usize::from(credit.instalment_count).checked_sub(1)?;
    let is_live = credit.issued_at != 0;
    let due = credit.schedule().due_date(last).ok().flatten();
    due.filter(|_| is_live).map(MarketTime)
}

#[cfg(test)]
mod tests {
    use {super::*, blockable_credits::state::Instalment, bytemuck::Zeroable};

    #[test]
    fn conditions_hold_or_do_not() {
        let mut credit = Credit::zeroed();
        assert_eq!(matures_at(&credit), None);
        assert!(
            CreditCondition::Frozen(false).holds(&credit) && CreditCondition::InArrears(false).holds(&credit)
        );
        credit.status = Status::Active.byte();
        credit.issued_at = 1_000;
        credit.debt.principal = 10;
        credit.set_schedule(&[Instalment { due_after: 500, principal: 10 }]).unwrap();
        credit.collateral.granted = 8;
        credit.collateral.frozen_for_other = 3;
        assert!(CreditCondition::Frozen(true).holds(&credit));
        assert_eq!(matures_at(&credit), Some(MarketTime(1_500)));
        assert!(CreditCondition::MaturesBefore(MarketTime(1_501)).holds(&credit));
        assert!(!CreditCondition::MaturesBefore(MarketTime(1_500)).holds(&credit));
        credit.status = Status::Repaid.byte();
        assert!(!CreditCondition::MaturesBefore(MarketTime(1_501)).holds(&credit));
        assert!(!CreditCondition::UnitsExpireBefore(MarketTime(9)).holds(&credit));
        credit.units_expire_at = 8;
        assert!(CreditCondition::UnitsExpireBefore(MarketTime(9)).holds(&credit));
    }
}
