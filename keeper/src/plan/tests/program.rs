//! The program's handlers on accounts in memory, and a plan held against them on any credit.

use {
    super::*,
    crate::{
        chain::OtherCredit,
        plan::{
            credit::{Obstacle, Timing, timing},
            now::Now,
        },
    },
    blockable_sdk::program::{
        actions::{CancelSigners, LoanRead, UnitBounds},
        state::MarketClock,
    },
    proptest::{prelude::*, test_runner::RngSeed},
};

/// The credit after a handler; `None` where the handler fails.
pub(super) fn carry_out(snapshot: &Snapshot, credit: &Credit, kind: Kind) -> Option<Credit> {
    let mut after = *credit;
    let clock = snapshot.market.clock_at(snapshot.clock.get()).ok()?;
    match kind {
        Kind::MarkDelinquent => drop(after.mark_delinquent(&clock).ok()?),
        Kind::MarkDefaulted => drop(after.mark_defaulted(&clock).ok()?),
        Kind::DrawReserve => drop(after.draw_reserve(address(0), &clock).ok()?),
        Kind::AutoFreeze => drop(after.auto_freeze(address(0), &clock).ok()?),
        Kind::CancelLocked => cancel_by_anybody(&mut after, snapshot, &clock)?,
        Kind::ThawCross => match snapshot.other_credit(&credit.cross_credit) {
            OtherCredit::Open(other) => drop(after.thaw_cross(Some(other)).ok()?),
            OtherCredit::Closed => drop(after.thaw_cross(None).ok()?),
            OtherCredit::Unread => return None,
        },
        Kind::ExpireUnits => drop(after.expire_units(&clock).ok()?),
        Kind::ApplyCovenant => drop(after.apply_covenant(&clock).ok()?),
        Kind::Meter => return None,
    }
    after.event_seq += 1;
    Some(after)
}

fn cancel_by_anybody(credit: &mut Credit, snapshot: &Snapshot, clock: &MarketClock) -> Option<()> {
    let mut provider = *snapshot.providers.get(&credit.provider)?;
    let signers = CancelSigners { signer: key(99), borrower: None };
    let read = LoanRead { offer_slot: credit.offer_slot, worst_status: Status::Seizing };
    let done = credit.cancel_locked(signers, UnitBounds::ALL, read, &mut provider, &snapshot.market, clock);
    done.ok().map(drop)
}

/// A configuration that draws the same cases every time and writes no file next to the sources.
pub(super) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_127),
        ..ProptestConfig::default()
    }
}

/// The choices that a credit is made of.
#[derive(Clone, Debug)]
struct Life {
    /// Paid in all and held in the reserve, in USDC.
    paid: u64,
    reserve: u64,
    apr_bps: u16,
    late_fee: u64,
    status: u8,
    auto_freeze: u8,
    paid_after_days: i64,
    consumed: u64,
    released: u64,
    frozen: u64,
    in_flight: u64,
    locked: u64,
    /// Held back, in USDC.
    holdback: u64,
    /// Units frozen for the default of another credit, and the status of that one; `None` where it is closed.
    frozen_for_cross: u64,
    other_status: Option<u8>,
    window_days: u32,
    planned_units: u64,
    consumed_before: u64,
    expires_after_days: Option<i64>,
}

/// Credits in any status, paid and metered to any degree, with any rider.
fn lives() -> impl Strategy<Value = Life> {
    let money = (0u64..1_500, 0u64..900, 0u16..3_000, 0u64..20);
    let life = (0u8..9, 0u8..=2, 0i64..130);
    let locked = prop_oneof![Just(0), 0u64..=UNITS];
    let units = (0u64..=UNITS, 0u64..=UNITS, 0u64..=UNITS, 0u64..=UNITS, locked);
    let held =
        (prop_oneof![Just(0), 0u64..1_200], prop_oneof![Just(0), 0u64..=UNITS], prop::option::of(2u8..7));
    let rider = (0u32..40, 0u64..3, 0u64..3, prop::option::of(0i64..140));
    (money, life, units, held, rider).prop_map(|(money, life, units, held, rider)| {
        let (paid, reserve, apr_bps, late_fee) = money;
        let (status, auto_freeze, paid_after_days) = life;
        let (consumed, released, frozen, in_flight, locked) = units;
        let (holdback, frozen_for_cross, other_status) = held;
        let (window_days, planned_units, consumed_before, expires_after_days) = rider;
        Life {
            paid,
            reserve,
            apr_bps,
            late_fee,
            status,
            auto_freeze,
            paid_after_days,
            consumed,
            released,
            frozen,
            in_flight,
            locked,
            holdback,
            frozen_for_cross,
            other_status,
            window_days,
            planned_units,
            consumed_before,
            expires_after_days,
        }
    })
}

impl Life {
    fn credit(&self) -> Credit {
        let mut credit = credit(0);
        (credit.terms.apr_bps, credit.terms.late_fee) = (self.apr_bps, self.late_fee * USDC);
        credit.terms.auto_freeze = self.auto_freeze;
        (credit.collateral.consumed, credit.collateral.released) = (self.consumed, self.released);
        credit.accrue(ISSUED + self.paid_after_days * DAY).unwrap();
        let paid = (self.paid * USDC).min(credit.debt.total().saturating_sub(1));
        credit.receive_payment(key(4), paid).unwrap();
        credit.collateral.locked_at_issue = self.locked;
        credit.collateral.frozen_for_other = self.frozen.min(credit.collateral.freezable());
        credit.collateral.frozen_for_cross = self.frozen_for_cross.min(credit.collateral.freezable());
        credit.cross_credit = key(77);
        credit.holdback_left = self.holdback * USDC;
        if self.status >= Status::Defaulted.byte() {
            credit.defaulted_at = ISSUED + self.paid_after_days * DAY;
        }
        credit.meter.in_flight = self.in_flight.min(credit.collateral.remaining());
        credit.status = self.status;
        credit.reserve_held = self.reserve * USDC;
        credit.rider = Rider {
            covenant_window: self.window_days * DAY as u32,
            planned_units: self.planned_units,
            high_bps: 9_000,
            low_bps: 5_000,
            top_up_bps: 100,
            ..zeroed()
        };
        credit.covenant.apr_bps = self.apr_bps;
        (credit.covenant.measured_at, credit.covenant.consumed) = (ISSUED, self.consumed_before);
        credit.meter.reported_at = ISSUED + self.paid_after_days * DAY / 2;
        credit.units_expire_at = self.expires_after_days.map_or(0, |days| ISSUED + days * DAY);
        credit
    }

    /// A world with the credit, and the one that its freeze for cross-default rests on.
    fn world(&self, clock: i64) -> World {
        let mut world = World::at(clock).with(self.credit());
        let other = self.other_status.map(|status| Credit { status, ..credit(1) });
        world.snapshot.cross_credits = Arc::new([(key(77), other)].into());
        world
    }
}

proptest! {
    #![proptest_config(cases(4_000))]

    /// Exactly the actions that the program accepts are due, except a freeze that a draw would undo and one that would freeze
    /// nothing more.
    #[test]
    fn a_plan_is_what_the_program_would_accept(
        life in lives(), days in 0i64..140, second in -1i64..=1, paused in any::<bool>(),
    ) {
        let credit = life.credit();
        let mut world = life.world(ISSUED + days * DAY + second);
        if paused {
            let market = &mut world.snapshot.market;
            (market.paused_at, market.pause_expires_at) = (world.snapshot.clock.get() - 5, world.snapshot.clock.get() + 5);
        }
        let now = Now::new(&world.snapshot, &world.settings).unwrap();
        for kind in crate::plan::credit::PRECEDENCE {
            let accepted = carry_out(&world.snapshot, &credit, kind).is_some();
            match timing(&now, &address(0), &credit, kind) {
                Ok(Timing::Due(at)) => {
                    prop_assert!(accepted, "{kind} was planned");
                    prop_assert!(at <= world.snapshot.clock);
                }
                Ok(Timing::NotBefore(at)) => {
                    prop_assert!(!accepted, "{kind} is put off");
                    prop_assert!(at > world.snapshot.clock);
                }
                Err(Obstacle::ReserveCovers) if kind == Kind::AutoFreeze => {
                    prop_assert!(carry_out(&world.snapshot, &credit, Kind::DrawReserve).is_some());
                }
                // It would be recorded, and freeze nothing more.
                Err(Obstacle::AlreadyFrozen) => {
                    let after = carry_out(&world.snapshot, &credit, kind);
                    let frozen = after.map(|after| after.collateral.frozen());
                    prop_assert!(frozen.is_none_or(|frozen| frozen == credit.collateral.frozen()));
                }
                Err(why) => prop_assert!(!accepted, "{kind}: {why}"),
            }
        }
    }

    /// Carried out one after the other, what is due comes to an end.
    #[test]
    fn what_is_done_is_not_due_again(life in lives(), days in 0i64..140) {
        let mut world = life.world(ISSUED + days * DAY);
        let mut done = Vec::new();
        while let Some(intent) = world.intent() {
            let after = carry_out(&world.snapshot, world.credit(0), intent.kind()).unwrap();
            prop_assert!(!done.contains(&intent.id));
            done.push(intent.id);
            prop_assert!(done.len() <= 8, "{:?} again and again", intent.kind());
            world.snapshot.credits.insert(address(0), Arc::new(after));
        }
        let kinds = world.kinds();
        prop_assert!(kinds.is_empty(), "{kinds:?}");
    }
}
