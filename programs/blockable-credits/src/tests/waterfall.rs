use {
    super::*,
    crate::{
        units::Overflow,
        waterfall::{Applied, GivenBack, pay, recover},
    },
};

/// A loan at some moment after a few payments of any size; something is still owed.
fn debts() -> impl Strategy<Value = (Loan, Debt)> {
    (any_loan(), choices(6), any::<[u16; 6]>())
        .prop_map(|(loan, choices, shares)| {
            let mut debt = loan.debt();
            for (moment, share) in loan.moments(&choices).into_iter().zip(shares) {
                let amount = part(debt.total(), share / 4);
                pay(&mut debt, &loan.terms, loan.schedule(), amount).unwrap();
                loan.accrue(&mut debt, moment);
            }
            (loan, debt)
        })
        .prop_filter("nothing is owed", |(_, debt)| debt.total() > 0)
}

fn interest(debt: &Debt) -> u64 {
    debt.interest_due + debt.interest_not_due()
}

fn check_conservation(
    before: &Debt,
    after: &Debt,
    applied: &Applied,
    amount: u64,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(applied.late_fees + applied.interest + applied.principal, amount);
    prop_assert_eq!(before.late_fees - after.late_fees, applied.late_fees);
    prop_assert_eq!(interest(before) - interest(after), applied.interest);
    prop_assert_eq!(before.principal - after.principal, applied.principal);
    prop_assert_eq!(after.schedule_paid - before.schedule_paid, applied.principal);
    prop_assert_eq!(before.total() - after.total(), amount);
    Ok(())
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn a_payment_is_accounted_for_to_the_last_unit((loan, before) in debts(), share: u16, recovery: bool) {
        let mut debt = before;
        let amount = part(before.total(), share);
        let apply = if recovery { recover } else { pay };
        let applied = apply(&mut debt, &loan.terms, loan.schedule(), amount).unwrap();
        check_conservation(&before, &debt, &applied, amount)?;
        prop_assert_eq!(applied.arrears_before, loan.schedule().arrears(&before));
        prop_assert_eq!(applied.arrears_after, loan.schedule().arrears(&debt));
    }

    #[test]
    fn a_payment_goes_to_fees_then_interest_then_principal_and_to_arrears_first(
        (loan, before) in debts(), share: u16,
    ) {
        let mut debt = before;
        let applied = pay(&mut debt, &loan.terms, loan.schedule(), part(before.total(), share)).unwrap();
        let schedule = loan.schedule();
        prop_assert!(applied.interest == 0 || debt.late_fees == 0);
        prop_assert!(applied.principal == 0 || (debt.late_fees == 0 && debt.interest_due == 0));
        let principal_in_arrears = schedule.principal_in_arrears(&before);
        let ahead = applied.principal > principal_in_arrears;
        if ahead || (!schedule.has_matured(&before) && applied.interest > before.interest_due) {
            prop_assert_eq!(applied.arrears_after, 0);
        }
        prop_assert!(!ahead || interest(&debt) == 0);
        prop_assert!(applied.arrears_after <= applied.arrears_before);
    }

    #[test]
    fn paying_the_arrears_cures_and_less_does_not((loan, before) in debts()) {
        let arrears = loan.schedule().arrears(&before);
        if arrears > 0 {
            let mut debt = before;
            pay(&mut debt, &loan.terms, loan.schedule(), arrears - 1).unwrap();
            prop_assert_eq!(loan.schedule().arrears(&debt), 1);
            prop_assert!(debt.arrears_since != 0);
            let mut debt = before;
            pay(&mut debt, &loan.terms, loan.schedule(), arrears).unwrap();
            prop_assert_eq!((loan.schedule().arrears(&debt), debt.arrears_since), (0, 0));
        }
    }

    #[test]
    fn paying_the_total_leaves_nothing_for_ever(
        (loan, before) in debts(), recovery: bool, later in 0i64..1 << 32,
    ) {
        let mut debt = before;
        let apply = if recovery { recover } else { pay };
        apply(&mut debt, &loan.terms, loan.schedule(), before.total()).unwrap();
        loan.accrue(&mut debt, before.accrued_at + later);
        prop_assert_eq!((debt.total(), debt.arrears_since, debt.interest_remainder), (0, 0, 0));
    }

    #[test]
    fn paying_in_parts_at_one_instant_changes_nothing(
        (loan, before) in debts(), shares: [u16; 4], recovery: bool,
    ) {
        let apply = if recovery { recover } else { pay };
        let (mut single, mut split) = (before, before);
        let parts = shares.map(|share| part(before.total() / 4, share)).map(|amount| amount.max(1));
        prop_assume!(parts.iter().sum::<u64>() <= before.total());
        apply(&mut single, &loan.terms, loan.schedule(), parts.iter().sum()).unwrap();
        for amount in parts {
            apply(&mut split, &loan.terms, loan.schedule(), amount).unwrap();
        }
        prop_assert_eq!(split, single);
    }

    /// Rounding of the fraction goes against the payer, so paying often never costs less.
    #[test]
    fn paying_part_of_it_earlier_saves_at_most_the_interest_on_it(
        (loan, before) in debts(), share: u16, later in 1i64..10_000_000,
    ) {
        let amount = part(before.total(), share);
        prop_assume!(amount > 0);
        let (mut early, mut late) = (before, before);
        let paid = pay(&mut early, &loan.terms, loan.schedule(), amount).unwrap();
        loan.accrue(&mut early, before.accrued_at + later);
        loan.accrue(&mut late, before.accrued_at + later);
        let saved = u128::from(paid.principal) * u128::from(loan.terms.apr_bps) * later as u128;
        let fees_saved = late.late_fees - paid.late_fees - early.late_fees;
        prop_assert!(
            u128::from(early.total() + amount + fees_saved) + saved.div_ceil(FRACTION)
                >= u128::from(late.total())
        );
    }

    #[test]
    fn more_than_the_total_is_refused((loan, before) in debts(), excess in 1u64..1 << 40) {
        let amount = before.total() + excess;
        prop_assert_eq!(pay(&mut before.clone(), &loan.terms, loan.schedule(), amount), Err(Overflow));
        prop_assert_eq!(recover(&mut before.clone(), &loan.terms, loan.schedule(), amount), Err(Overflow));
    }

    #[test]
    fn recovery_pays_all_interest_before_any_principal((loan, before) in debts(), share: u16) {
        let mut debt = before;
        let applied = recover(&mut debt, &loan.terms, loan.schedule(), part(before.total(), share)).unwrap();
        prop_assert!(applied.interest == 0 || debt.late_fees == 0);
        prop_assert!(applied.principal == 0 || (interest(&debt) == 0 && debt.late_fees == 0));
    }

    #[test]
    fn principal_is_what_is_paid_last((loan, before) in debts(), share: u16, recovery: bool) {
        let mut debt = before;
        let apply = if recovery { recover } else { pay };
        apply(&mut debt, &loan.terms, loan.schedule(), part(before.total(), share)).unwrap();
        prop_assert!(debt.principal > 0 || debt.total() == 0);
    }
}

#[test]
fn a_payment_before_the_first_due_date_pays_interest_so_far_and_the_oldest_instalments() {
    let loan = Loan::new(0, 100, 10_000, 9, &[(31_536_000, 1_000), (63_072_000, 1_000)]);
    let mut debt = loan.unpaid_at(31_536_000 / 2);
    let applied = pay(&mut debt, &loan.terms, loan.schedule(), 2_300).unwrap();
    assert_eq!((applied.late_fees, applied.interest, applied.principal), (0, 1_000, 1_300));
    loan.accrue(&mut debt, 31_536_000);
    assert_eq!((debt.principal, debt.interest_due), (700, 350));
    assert_eq!(loan.schedule().arrears(&debt), 350);
}

#[test]
fn interest_does_not_outlive_the_principal_when_the_last_instalments_are_interest_alone() {
    let year = 31_536_000;
    let loan = Loan::new(0, year, 1_000, 0, &[(year, 1_000_000), (10 * year, 0)]);
    let mut debt = loan.unpaid_at(2 * i64::from(year));
    let arrears = loan.schedule().arrears(&debt);
    assert_eq!(arrears, 1_200_000);
    pay(&mut debt, &loan.terms, loan.schedule(), arrears).unwrap();
    assert_eq!(debt.total(), 0);
}

/// A notice of default can lead to a seizure before the first due date.
#[test]
fn recovery_before_the_first_due_date_takes_accrued_interest_and_then_principal() {
    let loan = Loan::new(0, 0, 3_650, 0, &[(1_000_000, 2_000_000)]);
    let mut debt = loan.debt();
    loan.accrue(&mut debt, 86_400);
    let owed = debt.total();
    let applied = recover(&mut debt, &loan.terms, loan.schedule(), 1).unwrap();
    assert_eq!((applied.interest, applied.principal), (1, 0));
    let applied = recover(&mut debt, &loan.terms, loan.schedule(), 10_000).unwrap();
    assert_eq!((applied.interest, applied.principal), (1_999, 8_001));
    assert_eq!((debt.total(), debt.arrears_since), (owed - 10_001, 0));
}

/// Money that was held back was never paid out: it takes principal off first.
#[test]
fn money_that_is_given_back_pays_principal_then_interest_then_fees() {
    let owed = Debt { principal: 100, interest_due: 20, interest_accrued: 5, late_fees: 7, ..Debt::zeroed() };
    let given = |amount| {
        let mut debt = owed;
        (crate::waterfall::give_back(&mut debt, amount), debt.total())
    };
    let all = GivenBack { principal: 100, interest: 25, late_fees: 7, surplus: 0 };
    assert_eq!(given(99), (GivenBack { principal: 99, ..GivenBack::default() }, 33));
    assert_eq!(given(122), (GivenBack { interest: 22, late_fees: 0, ..all }, 10));
    assert_eq!(given(130), (GivenBack { late_fees: 5, ..all }, 2));
    assert_eq!(given(140), (GivenBack { surplus: 8, ..all }, 0));
}
