//! The terms of a loan as its account has them, and what its collateral is worth by them.

use {
    crate::amounts::{Bps, MarketTime, MicroUsd},
    blockable_credits::{
        state::{Credit, Instalment, LoanParties, terms_hash},
        units::mul_div_floor,
    },
};

/// The instalments of a credit's schedule, in their order.
///
/// ```
/// use blockable_sdk::{program::state::{Credit, Instalment}, terms};
///
/// let mut credit: Credit = bytemuck::Zeroable::zeroed();
/// credit.instalment_count = 1;
/// (credit.due_after[0], credit.principal_due[0]) = (86_400, 1_000_000);
/// assert_eq!(terms::instalments(&credit), [Instalment { due_after: 86_400, principal: 1_000_000 }]);
/// ```
pub fn instalments(credit: &Credit) -> Vec<Instalment> {
    let lines = credit.due_after.iter().zip(&credit.principal_due).take(credit.instalment_count.into());
    lines.map(|(due_after, principal)| Instalment { due_after: *due_after, principal: *principal }).collect()
}

/// The hash of the agreement in an account, computed anew from its terms; `None` where it cannot be. A party signs an offer only
/// where it is the hash that the account states.
pub fn agreed_hash(credit: &Credit) -> Option<[u8; 32]> {
    let parties = LoanParties {
        market: credit.market,
        lender: credit.address_lender(),
        borrower: credit.address_borrower(),
        provider: credit.provider,
        nonce: credit.nonce,
    };
    terms_hash(&parties, &credit.terms, &credit.rider, &instalments(credit)).ok()
}

/// The time from which a credit may be marked delinquent; `None` while nothing is unpaid.
pub fn delinquent_from(credit: &Credit) -> Option<MarketTime> {
    after(credit.debt.arrears_since, credit.terms.delinquency_grace)
}

/// The time from which a credit may be marked defaulted; `None` while nothing is unpaid.
pub fn default_from(credit: &Credit) -> Option<MarketTime> {
    after(credit.debt.arrears_since, credit.terms.default_grace)
}

/// The end of the cure period, from which the lender may seize or cancel; `None` without a default.
pub fn cure_ends(credit: &Credit) -> Option<MarketTime> {
    after(credit.defaulted_at, credit.terms.cure_period)
}

/// The market time some seconds after another one, of which 0 stands for none.
fn after(since: i64, seconds: u32) -> Option<MarketTime> {
    (since != 0).then(|| MarketTime(since).plus_seconds(seconds.into()))
}

/// The value of the lien at the price that the loan paid, rounded down; `None` for units that no loan paid for.
pub fn lien_value(credit: &Credit) -> Option<MicroUsd> {
    let (units, principal) = (credit.terms.units, credit.terms.principal);
    mul_div_floor(credit.collateral.lien(), principal, units).ok().map(MicroUsd)
}

/// The value of the lien against the debt, rounded down; `None` without a debt, and for units that no loan paid for.
pub fn coverage(credit: &Credit) -> Option<Bps> {
    let debt = credit.debt.total();
    if debt == 0 || credit.is_unrestricted() {
        return None;
    }
    mul_div_floor(lien_value(credit)?.get(), 10_000, debt).ok().map(Bps)
}

#[cfg(test)]
mod tests {
    use {super::*, bytemuck::Zeroable};

    #[test]
    fn times_of_an_enforcement_count_from_what_is_unpaid_and_from_the_default() {
        let mut credit = Credit::zeroed();
        let terms = &mut credit.terms;
        (terms.delinquency_grace, terms.default_grace, terms.cure_period) = (10, 20, 30);
        let times = |credit: &Credit| [delinquent_from(credit), default_from(credit), cure_ends(credit)];
        assert_eq!(times(&credit), [None; 3]);
        (credit.debt.arrears_since, credit.defaulted_at) = (100, 200);
        assert_eq!(times(&credit), [110, 120, 230].map(|time| Some(MarketTime(time))));
    }

    #[test]
    fn coverage_is_rounded_down_once_and_needs_a_debt() {
        let mut credit = Credit::zeroed();
        assert_eq!((lien_value(&credit), coverage(&credit)), (None, None));
        // A third of a micro-dollar a unit.
        (credit.terms.units, credit.terms.principal) = (3_000, 1_000);
        credit.collateral.granted = 3_000;
        (credit.debt.principal, credit.lender) = (999, solana_pubkey::Pubkey::new_from_array([1; 32]));
        let lien = credit.collateral.lien();
        assert_eq!(lien_value(&credit), Some(MicroUsd(lien / 3)));
        assert_eq!(coverage(&credit), Some(Bps(lien / 3 * 10_000 / 999)));
    }
}
