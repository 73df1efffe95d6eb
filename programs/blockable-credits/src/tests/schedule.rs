use {
    super::*,
    crate::{schedule, units::Overflow, waterfall},
};

/// The same loan kept instalment by instalment, every event listed and sorted beforehand.
struct Ledger<'a> {
    loan: &'a Loan,
    now: i64,
    principal: Vec<u64>,
    interest: Vec<u128>,
    /// Interest since the last due date, times [`FRACTION`].
    accruing: u128,
    fees: u64,
    fees_of: Vec<u32>,
    billed: usize,
}

impl<'a> Ledger<'a> {
    fn new(loan: &'a Loan) -> Ledger<'a> {
        let count = loan.principal.len();
        let (principal, interest, fees_of) = (loan.principal.clone(), vec![0; count], vec![0; count]);
        Ledger { loan, now: loan.start, principal, interest, accruing: 0, fees: 0, fees_of, billed: 0 }
    }

    fn advance(&mut self, to: i64) {
        let (loan, from) = (self.loan, self.now);
        let mut events = Vec::new();
        for instalment in 0..loan.due_after.len() {
            // Checks come before bills of the same second, yet no instalment is checked before its own bill.
            let check = if loan.terms.delinquency_grace == 0 { 2 } else { 0 };
            events.push((loan.late(instalment), check, instalment));
            events.push((loan.due(instalment), 1, instalment));
        }
        events.sort_unstable();
        for (at, kind, instalment) in events {
            if at <= from || at > to {
                continue;
            }
            self.earn(at);
            if kind == 1 {
                self.bill(instalment);
            } else if (0..=instalment).any(|earlier| self.is_unpaid(earlier)) {
                self.fees += loan.terms.late_fee;
                self.fees_of[instalment] += 1;
            }
        }
        self.earn(to);
    }

    fn earn(&mut self, to: i64) {
        let outstanding: u64 = self.principal.iter().sum();
        self.accruing += self.loan.interest_between(outstanding, self.now, self.now.max(to));
        self.now = self.now.max(to);
    }

    fn bill(&mut self, instalment: usize) {
        self.interest[instalment] += self.accruing / FRACTION;
        self.accruing %= FRACTION;
        self.billed = instalment + 1;
    }

    fn is_unpaid(&self, instalment: usize) -> bool {
        instalment < self.billed && (self.principal[instalment] > 0 || self.interest[instalment] > 0)
    }

    fn oldest_unpaid(&self) -> i64 {
        (0..self.billed).find(|k| self.is_unpaid(*k)).map_or(0, |k| self.loan.due(k))
    }

    fn total(&self) -> u128 {
        let principal: u64 = self.principal.iter().sum();
        u128::from(principal + self.fees)
            + self.interest.iter().sum::<u128>()
            + self.accruing.div_ceil(FRACTION)
    }

    /// Pays an amount that is at most what is due.
    fn pay(&mut self, amount: u64) {
        if self.billed == self.principal.len() && amount > 0 {
            *self.interest.last_mut().unwrap() += self.accruing / FRACTION;
            self.accruing %= FRACTION;
        }
        let mut left = u128::from(amount);
        let fees = left.min(u128::from(self.fees));
        self.fees -= fees as u64;
        left -= fees;
        for owed in &mut self.interest {
            let paid = left.min(*owed);
            *owed -= paid;
            left -= paid;
        }
        if self.billed == self.principal.len() && self.accruing > 0 && left > 0 {
            // The fraction costs a whole micro-USDC.
            self.accruing = 0;
            left -= 1;
        }
        for owed in &mut self.principal[..self.billed] {
            let paid = left.min(u128::from(*owed));
            *owed -= paid as u64;
            left -= paid;
        }
        assert_eq!(left, 0, "more than what was due");
    }
}

/// Interest on an unpaid principal from the start to `now`, times [`FRACTION`].
fn simple_interest(loan: &Loan, now: i64) -> u128 {
    loan.interest_between(loan.terms.principal, loan.start, now)
}

fn interest(debt: &Debt) -> u64 {
    debt.interest_due + debt.interest_not_due()
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn debt_does_not_depend_on_how_often_it_is_accrued(loan in any_loan(), choices in choices(40)) {
        let moments = loan.moments(&choices);
        let mut debt = loan.debt();
        for moment in &moments {
            loan.accrue(&mut debt, *moment);
            let again = debt;
            loan.accrue(&mut debt, *moment);
            prop_assert_eq!(debt, again);
            prop_assert_eq!(debt, loan.unpaid_at(*moment));
        }
    }

    #[test]
    fn interest_is_the_closed_formula_rounded_up(loan in any_loan(), choices in choices(10)) {
        for now in loan.moments(&choices).into_iter().chain([loan.horizon()]) {
            let debt = loan.unpaid_at(now);
            let exact = simple_interest(&loan, now.max(loan.start));
            prop_assert_eq!(u128::from(interest(&debt)), exact.div_ceil(FRACTION));
            prop_assert!(u128::from(debt.interest_remainder) < FRACTION);
        }
    }

    #[test]
    fn each_due_date_bills_what_has_accrued_rounded_down(loan in amortising()) {
        for instalment in 0..loan.due_after.len() {
            let due = loan.due(instalment);
            let (before, at) = (loan.unpaid_at(due - 1), loan.unpaid_at(due));
            prop_assert_eq!(usize::from(before.instalments_billed), instalment);
            prop_assert_eq!(usize::from(at.instalments_billed), instalment + 1);
            prop_assert_eq!(u128::from(at.interest_due), simple_interest(&loan, due) / FRACTION);
            prop_assert_eq!(at.interest_accrued, 0);
            let billed: u64 = loan.principal[..=instalment].iter().sum();
            prop_assert_eq!(loan.schedule().principal_in_arrears(&at), billed);
            prop_assert_eq!(at.arrears_since, loan.due(0));
        }
    }

    #[test]
    fn the_total_grows_by_interest_and_fees_alone(loan in any_loan(), choices in choices(30)) {
        let mut before = loan.debt();
        for moment in loan.moments(&choices) {
            let mut debt = before;
            loan.accrue(&mut debt, moment);
            prop_assert_eq!((debt.principal, debt.schedule_paid), (before.principal, before.schedule_paid));
            prop_assert!(interest(&debt) >= interest(&before) && debt.late_fees >= before.late_fees);
            prop_assert!(loan.schedule().arrears(&debt) >= loan.schedule().arrears(&before));
            prop_assert!(loan.schedule().arrears(&debt) <= debt.total());
            prop_assert_eq!(debt.total(), debt.principal + interest(&debt) + debt.late_fees);
            before = debt;
        }
    }

    #[test]
    fn after_maturity_all_that_is_owed_is_due(loan in any_loan(), later in 0i64..100_000_000) {
        let last = loan.due(loan.due_after.len() - 1);
        let debt = loan.unpaid_at(last + later);
        prop_assert_eq!(loan.schedule().arrears(&debt), debt.total());
        prop_assert_eq!(debt.interest_accrued, 0);
    }

    #[test]
    fn an_earlier_time_changes_nothing(loan in any_loan(), choices in choices(4), back in 0i64..100_000_000) {
        let mut debt = loan.unpaid_at(loan.moments(&choices)[0].max(loan.start));
        let before = debt;
        loan.accrue(&mut debt, before.accrued_at - back);
        prop_assert_eq!(debt, before);
    }

    /// Each payment is at most what is due, so every instalment is settled in order.
    #[test]
    fn arrears_fees_and_totals_follow_a_ledger_by_instalment(
        loan in amortising(), choices in choices(30), shares: [u16; 30], pays in 0u32..1 << 30,
    ) {
        let (mut debt, mut ledger) = (loan.debt(), Ledger::new(&loan));
        for (step, moment) in loan.moments(&choices).into_iter().enumerate() {
            loan.accrue(&mut debt, moment);
            ledger.advance(moment);
            prop_assert_eq!(debt.late_fees, ledger.fees);
            prop_assert_eq!(u128::from(debt.total()), ledger.total());
            prop_assert_eq!(debt.arrears_since, ledger.oldest_unpaid());
            if pays & (1 << step) != 0 {
                let share = if step % 3 == 0 { u16::MAX } else { shares[step] };
                let amount = part(loan.schedule().arrears(&debt), share);
                if amount > 0 {
                    waterfall::pay(&mut debt, &loan.terms, loan.schedule(), amount).unwrap();
                    ledger.pay(amount);
                }
                prop_assert_eq!(u128::from(debt.total()), ledger.total());
                prop_assert_eq!(debt.arrears_since, ledger.oldest_unpaid());
            }
        }
        prop_assert!(ledger.fees_of.iter().all(|fees| *fees <= 1));
    }

    /// Interest alone until the last date: a payment of the oldest bills moves the date that graces count from.
    #[test]
    fn paying_the_oldest_interest_moves_the_arrears_to_the_next_date(
        mut loan in any_loan(), apr_bps in 1u16..5_000, choices in choices(20), counts: [u8; 20],
    ) {
        let count = loan.principal.len();
        loan.principal = vec![0; count];
        loan.principal[count - 1] = loan.terms.principal;
        (loan.terms.apr_bps, loan.terms.late_fee) = (apr_bps, 0);
        loan.terms.holdback_apr_bps = apr_bps.min(loan.terms.holdback_apr_bps);
        // A bill of a micro-USDC or none is lost in rounding; the bounds of real markets lead to larger ones.
        let dates: Vec<i64> = [loan.start].into_iter().chain((0..count).map(|date| loan.due(date))).collect();
        let bills = dates.windows(2).map(|gap| loan.interest_between(loan.terms.principal, gap[0], gap[1]));
        let least = bills.min().unwrap();
        prop_assume!(least >= 3 * FRACTION);
        let (mut debt, mut ledger) = (loan.debt(), Ledger::new(&loan));
        for (moment, bills) in loan.moments(&choices).into_iter().zip(counts) {
            loan.accrue(&mut debt, moment);
            ledger.advance(moment);
            let unpaid = ledger.interest.iter().filter(|interest| **interest > 0);
            let amount = unpaid.take(usize::from(bills % 4)).sum::<u128>() as u64;
            if amount > 0 && ledger.billed < count {
                waterfall::pay(&mut debt, &loan.terms, loan.schedule(), amount).unwrap();
                ledger.pay(amount);
                prop_assert_eq!(debt.arrears_since, ledger.oldest_unpaid());
            }
        }
    }

    /// Payments of any size, also ahead of the schedule.
    #[test]
    fn something_is_in_arrears_exactly_while_a_date_is_kept_for_it(
        loan in any_loan(), choices in choices(30), shares: [u16; 30],
    ) {
        let mut debt = loan.debt();
        for (moment, share) in loan.moments(&choices).into_iter().zip(shares) {
            loan.accrue(&mut debt, moment);
            prop_assert_eq!(debt.arrears_since != 0, loan.schedule().arrears(&debt) > 0);
            let amount = part(debt.total(), share);
            waterfall::pay(&mut debt, &loan.terms, loan.schedule(), amount).unwrap();
            prop_assert_eq!(debt.arrears_since != 0, loan.schedule().arrears(&debt) > 0);
            prop_assert!(debt.principal > 0 || debt.total() == 0, "interest without principal: {:?}", debt);
        }
    }

    #[test]
    fn a_loan_that_is_always_paid_on_its_date_never_costs_a_fee(loan in amortising()) {
        let mut debt = loan.debt();
        for instalment in 0..loan.due_after.len() {
            loan.accrue(&mut debt, loan.due(instalment));
            let arrears = loan.schedule().arrears(&debt);
            waterfall::pay(&mut debt, &loan.terms, loan.schedule(), arrears).unwrap();
            prop_assert_eq!((debt.late_fees, debt.arrears_since), (0, 0));
        }
        loan.accrue(&mut debt, loan.horizon());
        prop_assert_eq!(debt.total(), 0);
    }

    #[test]
    fn no_principal_earns_no_interest(mut loan in any_loan(), later in 0i64..1 << 40) {
        loan.terms.principal = 0;
        loan.principal.fill(0);
        let debt = loan.unpaid_at(loan.start + later);
        prop_assert_eq!((debt.total(), debt.interest_remainder, debt.arrears_since), (0, 0, 0));
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn no_value_makes_it_panic(
        debt: [u64; 6], times: [i64; 4], counters: [u8; 2],
        terms in (any::<u16>(), any::<u64>(), any::<u32>()), held in (any::<u16>(), any::<u64>(), any::<i64>()),
        due_after: [u32; 36], principal: [u64; 36], count in 0usize..=36, amount: u64, extra: u64,
    ) {
        let mut debt = Debt {
            principal: debt[0],
            schedule_paid: debt[1],
            interest_due: debt[2],
            interest_accrued: debt[3],
            interest_remainder: debt[4],
            late_fees: debt[5],
            accrued_at: times[0],
            arrears_since: times[1],
            instalments_billed: counters[0],
            instalments_late_checked: counters[1],
            reserved: [0; 6],
        };
        let (apr_bps, late_fee, delinquency_grace) = terms;
        let (holdback_apr_bps, held, until) = held;
        let terms = Terms { apr_bps, holdback_apr_bps, late_fee, delinquency_grace, ..Terms::zeroed() };
        let (due_after, principal) = (&due_after[..count], &principal[..count]);
        let schedule = Schedule {
            start: times[2],
            due_after,
            principal,
            capitalised: extra,
            pay_in_kind: PayInKind { share_bps: apr_bps, unused: debt.principal, granted: extra },
            held_back: HeldBack { amount: held, until },
        };
        let _ = schedule::accrue(&mut debt, &terms, schedule, times[3]);
        let _ = schedule.arrears(&debt);
        let _ = waterfall::pay(&mut debt, &terms, schedule, amount);
        let _ = waterfall::recover(&mut debt, &terms, schedule, amount);
    }
}

const DAY: u32 = 86_400;

#[test]
fn an_unpaid_instalment_costs_its_fee_once_and_from_the_last_second_of_grace() {
    let loan = Loan::new(0, 5 * DAY, 0, 7, &[(30 * DAY, 100), (60 * DAY, 100)]);
    assert_eq!(loan.unpaid_at(loan.late(0) - 1).late_fees, 0);
    assert_eq!(loan.unpaid_at(loan.late(0)).late_fees, 7);
    assert_eq!(loan.unpaid_at(loan.late(1) - 1).late_fees, 7);
    assert_eq!(loan.unpaid_at(loan.late(1)).late_fees, 14);
    assert_eq!(loan.unpaid_at(loan.late(1) + 1_000_000_000).late_fees, 14);
}

#[test]
fn a_year_at_twelve_percent_costs_twelve_percent() {
    let loan = Loan::new(0, DAY, 1_200, 0, &[(365 * DAY, 100_000_000_000)]);
    assert_eq!(loan.unpaid_at(i64::from(365 * DAY)).interest_due, 12_000_000_000);
}

#[test]
fn thirty_six_instalments_are_billed_at_once_or_one_by_one() {
    let instalments: Vec<_> = (1..=36).map(|month| (month * 30 * DAY, 1_000_003)).collect();
    let loan = Loan::new(1_700_000_000, 10 * DAY, 1_800, 11, &instalments);
    let mut debt = loan.debt();
    for instalment in 0..36 {
        loan.accrue(&mut debt, loan.due(instalment));
    }
    assert_eq!(debt.instalments_billed, 36);
    loan.accrue(&mut debt, loan.horizon());
    assert_eq!(debt, loan.unpaid_at(loan.horizon()));
    assert_eq!(debt.late_fees, 36 * 11);
}

#[test]
fn times_that_do_not_fit_are_an_overflow() {
    let accrue_to = |loan: &Loan, now| schedule::accrue(&mut loan.debt(), &loan.terms, loan.schedule(), now);
    let never = Loan::new(i64::MAX - 10, DAY, 0, 0, &[(DAY, 1)]);
    assert_eq!(accrue_to(&never, i64::MAX), Ok(0));
    let mut debt = Debt { accrued_at: i64::MIN, principal: 1, ..Debt::zeroed() };
    let loan = Loan::new(0, DAY, 1, 0, &[(DAY, 1)]);
    assert_eq!(schedule::accrue(&mut debt, &loan.terms, loan.schedule(), i64::MAX), Err(Overflow));
}

/// Interest that a restructuring or a covenant leaves accrued falls due at the next date, at any rate in force by then.
#[test]
fn interest_from_before_the_rate_fell_to_zero_is_billed_at_the_next_date() {
    let loan = Loan::new(1_000, DAY, 0, 0, &[(DAY, 0), (2 * DAY, 100)]);
    let mut debt = Debt { interest_accrued: 7, ..loan.debt() };
    loan.accrue(&mut debt, loan.due(0));
    assert_eq!((debt.interest_accrued, debt.interest_due, debt.arrears_since), (0, 7, loan.due(0)));
}

#[test]
fn a_schedule_is_empty_without_instalments_alone() {
    let loan = Loan::new(0, DAY, 0, 0, &[(DAY, 1)]);
    let none = Schedule { due_after: &[], principal: &[], ..loan.schedule() };
    assert!(none.is_empty() && !loan.schedule().is_empty());
    assert_eq!((none.len(), loan.schedule().len()), (0, 1));
}
