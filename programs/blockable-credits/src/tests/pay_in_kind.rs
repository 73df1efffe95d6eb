use {
    super::*,
    crate::{schedule, waterfall},
};

/// A loan whose coupons are partly added to the principal, kept date by date.
///
/// Interest is counted as a fraction, every instalment has its own line, and what is added to the principal is a line
/// of its own that falls due with the last instalment.
struct Ledger<'a> {
    loan: &'a Loan,
    now: i64,
    principal: Vec<u64>,
    interest: Vec<u64>,
    capitalised: u64,
    accruing: u128,
    billed: usize,
    earned: u128,
    paid: u64,
}

impl<'a> Ledger<'a> {
    fn new(loan: &'a Loan) -> Ledger<'a> {
        let interest = vec![0; loan.principal.len()];
        let principal = loan.principal.clone();
        Ledger {
            loan,
            now: loan.start,
            principal,
            interest,
            capitalised: 0,
            accruing: 0,
            billed: 0,
            earned: 0,
            paid: 0,
        }
    }

    fn outstanding(&self) -> u64 {
        self.principal.iter().sum()
    }

    fn earn(&mut self, to: i64) {
        let earned = self.loan.interest_between(self.outstanding(), self.now, self.now.max(to));
        self.accruing += earned;
        self.earned += earned;
        self.now = self.now.max(to);
    }

    fn advance(&mut self, to: i64, pay_in_kind: PayInKind) {
        while self.billed < self.principal.len() && self.loan.due(self.billed) <= to {
            let (instalment, last) = (self.billed, self.principal.len() - 1);
            self.earn(self.loan.due(instalment));
            let coupon = self.accruing / FRACTION;
            self.accruing %= FRACTION;
            let mut in_kind = 0;
            if instalment < last && self.oldest_unpaid().is_none() && pay_in_kind.granted > 0 {
                let unused = coupon * u128::from(pay_in_kind.unused) / u128::from(pay_in_kind.granted);
                in_kind = unused * u128::from(pay_in_kind.share_bps) / 10_000;
            }
            self.interest[instalment] = (coupon - in_kind) as u64;
            self.principal[last] += in_kind as u64;
            self.capitalised += in_kind as u64;
            self.billed += 1;
        }
        self.earn(to);
    }

    fn oldest_unpaid(&self) -> Option<usize> {
        (0..self.billed).find(|k| self.principal[*k] > 0 || self.interest[*k] > 0)
    }

    /// Everything billed and unpaid.
    fn due(&self) -> u64 {
        self.principal[..self.billed].iter().sum::<u64>() + self.interest.iter().sum::<u64>()
    }

    /// Pays at most what is due, before the last date.
    fn pay(&mut self, amount: u64) {
        let mut left = amount;
        for owed in self.interest.iter_mut().chain(&mut self.principal[..self.billed]) {
            let paid = left.min(*owed);
            *owed -= paid;
            left -= paid;
        }
        assert_eq!(left, 0, "more than what was due");
        self.paid += amount;
    }
}

/// A loan with pay-in-kind, as a credit keeps it.
struct InKind<'a> {
    loan: &'a Loan,
    debt: Debt,
    capitalised: u64,
}

impl<'a> InKind<'a> {
    fn new(loan: &'a Loan) -> InKind<'a> {
        InKind { loan, debt: loan.debt(), capitalised: 0 }
    }

    fn schedule(&self, pay_in_kind: PayInKind) -> Schedule<'a> {
        Schedule { capitalised: self.capitalised, pay_in_kind, ..self.loan.schedule() }
    }

    fn accrue(&mut self, now: i64, pay_in_kind: PayInKind) {
        let schedule = self.schedule(pay_in_kind);
        self.capitalised = schedule::accrue(&mut self.debt, &self.loan.terms, schedule, now).unwrap();
    }

    fn arrears(&self) -> u64 {
        self.schedule(PayInKind::default()).arrears(&self.debt)
    }

    fn pay(&mut self, amount: u64) -> waterfall::Applied {
        let schedule = self.schedule(PayInKind::default());
        waterfall::pay(&mut self.debt, &self.loan.terms, schedule, amount).unwrap()
    }
}

/// A loan without late fees.
fn loans() -> impl Strategy<Value = Loan> {
    any_loan().prop_map(|mut loan| {
        loan.terms.late_fee = 0;
        loan
    })
}

fn shares() -> impl Strategy<Value = PayInKind> {
    let share = prop_oneof![Just(10_000u16), 0u16..=10_000];
    (share, 0u64..=1 << 40, 1u64..=1 << 40).prop_map(|(share_bps, unused, granted)| PayInKind {
        share_bps,
        unused: unused.min(granted),
        granted,
    })
}

proptest! {
    #![proptest_config(cases(1_000))]

    /// Payments of at most what is due; use moves the share between accruals.
    #[test]
    fn coupons_in_kind_follow_a_ledger_by_instalment(
        loan in loans(), choices in choices(30), shares in prop::collection::vec(shares(), 30), pays: [u16; 30],
    ) {
        let (mut credit, mut ledger) = (InKind::new(&loan), Ledger::new(&loan));
        let last = loan.due(loan.due_after.len() - 1);
        let mut dated = true;
        let moments = loan.moments(&choices).into_iter().zip(shares).zip(pays);
        for ((moment, pay_in_kind), pay) in moments.filter(|((moment, _), _)| *moment < last) {
            credit.accrue(moment, pay_in_kind);
            ledger.advance(moment, pay_in_kind);
            prop_assert_eq!(credit.debt.principal, ledger.outstanding());
            prop_assert_eq!(credit.capitalised, ledger.capitalised);
            let oldest = ledger.oldest_unpaid().map_or(0, |k| loan.due(k));
            prop_assert_eq!(credit.debt.arrears_since != 0, oldest != 0);
            prop_assert!(!dated || credit.debt.arrears_since == oldest);
            let matured = credit.schedule(PayInKind::default()).has_matured(&credit.debt);
            if matured {
                break;
            }
            prop_assert_eq!(credit.arrears(), ledger.due());
            let amount = if pay % 3 == 0 { credit.arrears() } else { part(credit.arrears(), pay) };
            credit.pay(amount);
            ledger.pay(amount);
            // Until all is paid, the search for the oldest unpaid date may take a rest of one or two micro-USDC for paid.
            dated = match ledger.oldest_unpaid() {
                Some(k) => dated && (ledger.principal[k] > 0 || ledger.interest[k] > 2),
                None => true,
            };
        }
        // Nothing is lost: what was lent and earned is paid or owed, in principal, interest or a fraction of it.
        let owed = u128::from(ledger.outstanding()) + ledger.interest.iter().map(|one| u128::from(*one)).sum::<u128>();
        let lent = u128::from(loan.terms.principal) * FRACTION;
        prop_assert_eq!((owed + u128::from(ledger.paid)) * FRACTION + ledger.accruing, lent + ledger.earned);
    }

    #[test]
    fn principal_and_interest_are_conserved_whatever_is_paid(
        loan in loans(), choices in choices(30), pay_in_kind in shares(), pays: [u16; 30],
    ) {
        let mut credit = InKind::new(&loan);
        let (mut principal_paid, mut interest_paid, mut earned) = (0u128, 0u128, 0u128);
        for (moment, pay) in loan.moments(&choices).into_iter().zip(pays) {
            let before = credit.debt;
            let interest = |debt: &Debt| u128::from(debt.interest_due) + u128::from(debt.interest_not_due());
            credit.accrue(moment, pay_in_kind);
            earned += interest(&credit.debt) + u128::from(credit.debt.principal);
            earned -= interest(&before) + u128::from(before.principal);
            let applied = credit.pay(part(credit.debt.total(), pay));
            principal_paid += u128::from(applied.principal);
            interest_paid += u128::from(applied.interest);
            let left = u128::from(loan.terms.principal) + u128::from(credit.capitalised) - principal_paid;
            prop_assert_eq!(u128::from(credit.debt.principal), left);
            let owed = u128::from(credit.debt.principal) + interest(&credit.debt);
            prop_assert_eq!(owed + principal_paid + interest_paid, u128::from(loan.terms.principal) + earned);
            prop_assert_eq!(u128::from(credit.debt.schedule_paid), principal_paid);
        }
    }

    #[test]
    fn how_often_it_is_accrued_makes_no_difference(loan in any_loan(), choices in choices(30), pay_in_kind in shares()) {
        let mut often = InKind::new(&loan);
        for moment in loan.moments(&choices) {
            often.accrue(moment, pay_in_kind);
            let mut once = InKind::new(&loan);
            once.accrue(moment, pay_in_kind);
            prop_assert_eq!((often.debt, often.capitalised), (once.debt, once.capitalised));
        }
    }

    /// Nobody pays: the first coupon is partly in kind, since nothing was unpaid before it, and no other one.
    #[test]
    fn nothing_is_added_to_the_principal_in_arrears(loan in amortising(), pay_in_kind in shares()) {
        let mut credit = InKind::new(&loan);
        credit.accrue(loan.due(0), pay_in_kind);
        let (principal, capitalised) = (credit.debt.principal, credit.capitalised);
        prop_assert!(loan.due_after.len() > 1 || capitalised == 0);
        credit.accrue(loan.horizon(), pay_in_kind);
        prop_assert_eq!((credit.debt.principal, credit.capitalised), (principal, capitalised));
    }

    /// Each date's arrears are paid on the date.
    #[test]
    fn what_was_added_falls_due_with_the_last_instalment(loan in amortising(), pay_in_kind in shares()) {
        let mut credit = InKind::new(&loan);
        let last = loan.due_after.len() - 1;
        for instalment in 0..last {
            credit.accrue(loan.due(instalment), pay_in_kind);
            let applied = credit.pay(credit.arrears());
            prop_assert_eq!(applied.principal, loan.principal[instalment]);
        }
        prop_assert_eq!(credit.debt.principal, loan.principal[last] + credit.capitalised);
        let capitalised = credit.capitalised;
        credit.accrue(loan.due(last), pay_in_kind);
        prop_assert_eq!(credit.capitalised, capitalised, "the last coupon falls due whole");
        prop_assert_eq!(credit.arrears(), credit.debt.total());
        let applied = credit.pay(credit.arrears());
        prop_assert_eq!(applied.principal, loan.principal[last] + capitalised);
        prop_assert_eq!(credit.debt.total(), 0);
    }

    /// Fees that a new schedule took over wait for its first date.
    #[test]
    fn nothing_is_in_arrears_without_an_unpaid_instalment(
        loan in amortising(), late_fees in 1u64..1 << 40, carried in 0u64..1 << 40, choices in choices(10),
    ) {
        let mut debt = Debt { late_fees, interest_accrued: carried, ..loan.debt() };
        let schedule = loan.schedule();
        for moment in loan.moments(&choices).into_iter().filter(|moment| *moment < loan.due(0)) {
            loan.accrue(&mut debt, moment);
            prop_assert_eq!((schedule.arrears(&debt), debt.arrears_since), (0, 0));
            prop_assert_eq!(debt.late_fees, late_fees);
        }
        loan.accrue(&mut debt, loan.due(0));
        prop_assert_eq!(debt.arrears_since, loan.due(0));
        let fees = if loan.terms.delinquency_grace == 0 { loan.terms.late_fee } else { 0 };
        prop_assert_eq!(debt.late_fees, late_fees + fees);
        prop_assert!(schedule.arrears(&debt) >= late_fees + carried + loan.principal[0]);
    }
}

const DAY: u32 = 86_400;

/// A year at 10 %, half of the units unused and all of their coupon in kind: of 10,000 a year, 5,000 are added.
#[test]
fn the_part_in_kind_is_the_share_of_the_unused_units_rounded_down() {
    let loan = Loan::new(0, DAY, 1_000, 0, &[(365 * DAY, 0), (730 * DAY, 100_000)]);
    let at_first_date = |share_bps, unused, granted| {
        let mut credit = InKind::new(&loan);
        credit.accrue(loan.due(0), PayInKind { share_bps, unused, granted });
        assert_eq!(credit.debt.principal + credit.debt.interest_due, 110_000);
        (credit.capitalised, credit.arrears())
    };
    assert_eq!(at_first_date(10_000, 50, 100), (5_000, 5_000));
    assert_eq!(at_first_date(10_000, 100, 100), (10_000, 0));
    assert_eq!(at_first_date(5_000, 50, 100), (2_500, 7_500));
    assert_eq!(at_first_date(0, 100, 100), (0, 10_000));
    assert_eq!(at_first_date(10_000, 0, 100), (0, 10_000));
    assert_eq!(at_first_date(3_333, 1, 3), (1_110, 8_890));
    assert_eq!(at_first_date(10_000, 0, 0), (0, 10_000));
}

#[test]
fn a_loan_of_one_instalment_pays_nothing_in_kind() {
    let loan = Loan::new(0, DAY, 1_000, 0, &[(365 * DAY, 100_000)]);
    let mut credit = InKind::new(&loan);
    credit.accrue(loan.due(0), PayInKind { share_bps: 10_000, unused: 1, granted: 1 });
    assert_eq!((credit.capitalised, credit.arrears()), (0, 110_000));
}

/// All principal has been paid ahead of schedule but for the last coupon in kind, which keeps the loan alive.
#[test]
fn a_schedule_whose_last_instalment_is_only_what_was_added_matures_with_it() {
    let loan = Loan::new(0, DAY, 1_000, 0, &[(365 * DAY, 100_000), (730 * DAY, 0)]);
    let in_kind = PayInKind { share_bps: 10_000, unused: 1, granted: 1 };
    let mut credit = InKind::new(&loan);
    credit.accrue(loan.due(0), in_kind);
    assert_eq!((credit.debt.principal, credit.capitalised, credit.arrears()), (110_000, 10_000, 100_000));
    credit.pay(100_000);
    assert_eq!((credit.debt.arrears_since, credit.arrears()), (0, 0));
    credit.accrue(loan.due(1) - 1, in_kind);
    assert_eq!(credit.arrears(), 0);
    credit.accrue(loan.due(1), in_kind);
    assert_eq!(credit.arrears(), 11_000);
}

/// The covenant has taken the rate down to nothing: what was added is due at the last date although no interest is.
#[test]
fn what_was_added_falls_due_on_a_loan_that_bears_no_interest_any_more() {
    let loan = Loan::new(0, DAY, 1_000, 0, &[(365 * DAY, 50_000), (730 * DAY, 50_000)]);
    let without_interest = Loan::new(0, DAY, 0, 0, &[(365 * DAY, 50_000), (730 * DAY, 50_000)]);
    let mut credit = InKind::new(&loan);
    credit.accrue(loan.due(0), PayInKind { share_bps: 10_000, unused: 1, granted: 1 });
    credit.pay(100_000);
    assert_eq!((credit.debt.principal, credit.capitalised, credit.arrears()), (10_000, 10_000, 0));
    credit.loan = &without_interest;
    credit.accrue(loan.due(1), PayInKind::default());
    assert_eq!((credit.debt.arrears_since, credit.arrears()), (loan.due(1), 10_000));
    credit.pay(4_000);
    assert_eq!((credit.debt.arrears_since, credit.arrears()), (loan.due(1), 6_000));
}
