//! Tests of the pure modules, by one file for each. Models here count the slow and obvious way on purpose.

mod auction;
mod cancels;
mod changes;
mod collateral;
mod covenant;
mod covenant_windows;
mod credit;
mod cross_default;
mod edges;
mod effects;
mod emergencies;
mod freezes;
mod governance;
mod growth;
mod hand_over;
mod holdback;
mod late_reports;
mod layout;
mod life;
mod lock_invariants;
mod lock_terms;
mod locks;
mod lots;
mod market;
mod market_settings;
mod metering;
mod new_accounts;
mod oracle;
mod pauses;
mod pay_in_kind;
mod plain;
mod preconditions;
mod promises;
mod provider_settings;
mod quorum;
mod refusals;
mod report;
mod reserves;
mod restructuring;
mod rider;
mod roles;
mod schedule;
mod schedule_runs;
mod seizures;
mod signatures;
mod skips;
mod stage;
mod stale;
mod terms;
mod top_ups;
mod transitions;
mod waterfall;
mod while_paused;

use {
    crate::{
        metering::{LATE_REPORT_SECONDS, Metered, Reading, Skip},
        schedule::{HeldBack, PayInKind, Schedule, accrue},
        state::{Collateral, Debt, FreezeReason, MAX_INSTALMENTS, MarketClock, Meter, Terms},
    },
    bytemuck::Zeroable,
    proptest::prelude::*,
};

/// Denominator of a fraction of interest.
const FRACTION: u128 = 10_000 * 31_536_000;

/// A configuration that writes no files. `PROPTEST_CASES` lowers the number of cases for runs of hundreds of mutants.
fn cases(cases: u32) -> ProptestConfig {
    let most = std::env::var("PROPTEST_CASES").ok().and_then(|most| most.parse().ok()).unwrap_or(u32::MAX);
    ProptestConfig { cases: cases.min(most), failure_persistence: None, ..ProptestConfig::default() }
}

/// Applies a reading in a market that was never paused, whose clock is the chain's.
fn apply(
    collateral: &mut Collateral,
    meter: &mut Meter,
    reading: &Reading,
    max_per_second: u64,
    now: i64,
) -> Result<Metered, Skip> {
    let is_late = reading.reported_at.min(now) <= meter.frozen_at_chain
        && now <= meter.frozen_at_chain.saturating_add(LATE_REPORT_SECONDS);
    let closed = is_late.then_some(meter.closed_before);
    crate::metering::apply(collateral, meter, reading, max_per_second, now, closed)
}

/// An instant of a market that was never paused.
fn at(now: i64) -> MarketClock {
    MarketClock { chain: now, market: now, is_paused: false, is_halted: false }
}

/// Freezes about payment, while promises hold. Returns the units newly frozen.
fn freeze_to(collateral: &mut Collateral, meter: &mut Meter, target: u64, now: i64) -> u64 {
    let (target, reason) = (target.min(collateral.freezable()), FreezeReason::MissedPayment);
    crate::metering::freeze_to(collateral, meter, target, reason, true, &at(now)).unwrap_or(0)
}

/// Units of which a share is locked at issue, none in half of the cases.
fn lockable(granted: u64, lock: Option<u16>) -> Collateral {
    let locked_at_issue = lock.map_or(0, |share| part(granted, share).min(granted.saturating_sub(1)));
    Collateral { granted, locked_at_issue, ..Collateral::zeroed() }
}

/// `share / 65,535` of `whole`.
fn part(whole: u64, share: u16) -> u64 {
    (u128::from(whole) * u128::from(share) / u128::from(u16::MAX)) as u64
}

/// Terms and schedule of a loan.
#[derive(Clone, Debug)]
struct Loan {
    terms: Terms,
    start: i64,
    due_after: Vec<u32>,
    principal: Vec<u64>,
    held_back: HeldBack,
}

impl Loan {
    fn new(start: i64, grace: u32, apr_bps: u16, late_fee: u64, instalments: &[(u32, u64)]) -> Loan {
        let (due_after, principal): (Vec<_>, Vec<_>) = instalments.iter().copied().unzip();
        let terms = Terms {
            principal: principal.iter().sum(),
            late_fee,
            apr_bps,
            delinquency_grace: grace,
            ..Terms::zeroed()
        };
        Loan { terms, start, due_after, principal, held_back: HeldBack::default() }
    }

    fn schedule(&self) -> Schedule<'_> {
        Schedule {
            start: self.start,
            due_after: &self.due_after,
            principal: &self.principal,
            capitalised: 0,
            pay_in_kind: PayInKind::default(),
            held_back: self.held_back,
        }
    }

    /// Interest on `outstanding` micro-USDC of principal between two times, times [`FRACTION`], second by second in effect.
    fn interest_between(&self, outstanding: u64, from: i64, to: i64) -> u128 {
        let held = outstanding.min(self.held_back.amount);
        let product = |amount: u64, apr_bps: u16, seconds: i64| {
            u128::from(amount) * u128::from(apr_bps) * seconds.max(0) as u128
        };
        product(outstanding - held, self.terms.apr_bps, to - from)
            + product(held, self.terms.holdback_apr_bps, to.min(self.held_back.until) - from)
    }

    /// The debt at issue.
    fn debt(&self) -> Debt {
        Debt { principal: self.terms.principal, accrued_at: self.start, ..Debt::zeroed() }
    }

    fn accrue(&self, debt: &mut Debt, now: i64) {
        accrue(debt, &self.terms, self.schedule(), now).expect("a debt within 64 bits");
    }

    /// The debt at `now` when nothing has been paid.
    fn unpaid_at(&self, now: i64) -> Debt {
        let mut debt = self.debt();
        self.accrue(&mut debt, now);
        debt
    }

    fn due(&self, instalment: usize) -> i64 {
        self.start + i64::from(self.due_after[instalment])
    }

    fn late(&self, instalment: usize) -> i64 {
        self.due(instalment) + i64::from(self.terms.delinquency_grace)
    }

    /// Some time after the last due date and its grace.
    fn horizon(&self) -> i64 {
        self.late(self.due_after.len() - 1) + 1_000
    }

    /// Any moments of the loan's life, in order; every other one within a second of a due date or late check.
    fn moments(&self, choices: &[u64]) -> Vec<i64> {
        let mut moments: Vec<i64> = choices
            .iter()
            .map(|choice| {
                let instalment = (choice / 6) as usize % self.due_after.len();
                match choice % 6 {
                    0 => self.due(instalment) + (choice / 1_000 % 3) as i64 - 1,
                    1 => self.late(instalment) + (choice / 1_000 % 3) as i64 - 1,
                    2 => self.due(instalment),
                    _ => self.start + (choice % (self.horizon() - self.start) as u64) as i64,
                }
            })
            .collect();
        moments.sort_unstable();
        moments
    }
}

/// Loans with each instalment's principal drawn from `amounts`; graces shorter and longer than an interval.
fn loans(amounts: impl Strategy<Value = u64>) -> impl Strategy<Value = Loan> {
    let instalments = prop::collection::vec((1u32..4_000_000, amounts), 1..=MAX_INSTALMENTS);
    let apr = prop_oneof![Just(0u16), 1u16..=10_000];
    // Half of the loans hold nothing back.
    let held = prop_oneof![Just([0u16; 3]), any::<[u16; 3]>()];
    (1_000_000_000i64..2_000_000_000, 0u32..9_000_000, apr, 0u64..1_000_000, instalments, held).prop_map(
        |(start, grace, apr, fee, mut instalments, held)| {
            let mut after = 0;
            for (due_after, _) in &mut instalments {
                after += *due_after;
                *due_after = after;
            }
            // Now and then a grace that ends on the second of another due date.
            let grace = match grace as usize % (4 * instalments.len()) {
                other if other < instalments.len() => instalments[other].0 - instalments[0].0,
                _ => grace,
            };
            let mut loan = Loan::new(start, grace, apr, fee, &instalments);
            let [amount, apr_share, until] = held;
            loan.terms.holdback_apr_bps = part(u64::from(apr), apr_share) as u16;
            let until = start + part((loan.horizon() - start) as u64, until) as i64;
            loan.held_back = HeldBack { amount: part(loan.terms.principal, amount), until };
            loan
        },
    )
}

/// Loans with principal in every instalment.
fn amortising() -> impl Strategy<Value = Loan> {
    loans(1u64..1 << 40)
}

/// Loans in which some instalments are interest alone; at least one has principal.
fn any_loan() -> impl Strategy<Value = Loan> {
    let amounts = prop_oneof![2 => Just(0u64), 1 => 1u64..1_000, 2 => 1u64..1 << 40];
    loans(amounts).prop_filter("no principal", |loan| loan.terms.principal > 0)
}

/// Choices for [`Loan::moments`].
fn choices(most: usize) -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(0u64..1 << 40, 1..most)
}
