//! Invariants 12 and 14 of docs/design.md over random sequences of actions of every party, allowed or refused.

use {
    super::{locks::LOCKED, stage::*, *},
    crate::{
        actions::{
            CrossCredit, FreezeAmount, LotTerms, NewLot, PurchaseLimits, Sale, ThawBounds, UnitBounds,
        },
        events::Change,
        metering::finishing,
        quorum::QuorumReading,
        state::{Credit, Instalment, Lot, Rider},
        transitions::Status,
        units::Overflow,
    },
};

/// An action with its amounts as shares of the most that it can act on.
#[derive(Clone, Copy, Debug)]
enum Act {
    Pass(u16),
    Pay(u16),
    FundReserve(u16),
    DrawReserve,
    /// Use and jobs as any provider reports them, so many seconds ago.
    Report(u16, u16, u8),
    Freeze(u16, FreezeReason),
    FreezeShortfall,
    AutoFreeze,
    Thaw(u16),
    ThawCross,
    MarkDelinquent,
    MarkDefaulted,
    GiveNotice,
    WithdrawNotice,
    Seize(u16),
    TakeOver(u16),
    Sell(u16),
    CloseLot,
    Expire,
    ApplyCovenant,
    Assign,
    Restructure,
    WaiveFee,
    WriteOff,
}

fn act() -> impl Strategy<Value = Act> {
    let reasons = [
        FreezeReason::MissedPayment,
        FreezeReason::Default,
        FreezeReason::Breach,
        FreezeReason::Risk,
        FreezeReason::CrossDefault,
    ];
    let rest = [
        Act::DrawReserve,
        Act::FreezeShortfall,
        Act::AutoFreeze,
        Act::ThawCross,
        Act::GiveNotice,
        Act::WithdrawNotice,
        Act::CloseLot,
        Act::Expire,
        Act::ApplyCovenant,
        Act::Assign,
        Act::Restructure,
        Act::WaiveFee,
        Act::WriteOff,
    ];
    prop_oneof![
        8 => any::<u16>().prop_map(Act::Pass),
        5 => any::<u16>().prop_map(Act::Pay),
        1 => any::<u16>().prop_map(Act::FundReserve),
        8 => any::<(u16, u16, u8)>().prop_map(|(used, held, ago)| Act::Report(used, held, ago)),
        5 => (any::<u16>(), prop::sample::select(reasons.to_vec())).prop_map(|(share, reason)| Act::Freeze(share, reason)),
        2 => any::<u16>().prop_map(Act::Thaw),
        4 => Just(Act::MarkDelinquent),
        4 => Just(Act::MarkDefaulted),
        3 => any::<u16>().prop_map(Act::Seize),
        2 => any::<u16>().prop_map(Act::TakeOver),
        2 => any::<u16>().prop_map(Act::Sell),
        7 => prop::sample::select(rest.to_vec()),
    ]
}

/// A loan with a lock, its lot and another credit of the same parties that is in default or not.
struct World {
    stage: Stage,
    lot: Option<Lot>,
    other: Credit,
    lender: anchor_lang::prelude::Pubkey,
}

const RIDER: Rider = Rider {
    planned_units: 9_000,
    reserve: 12 * USDC,
    covenant_window: 10 * DAY as u32,
    high_bps: 9_000,
    low_bps: 6_000,
    apr_step_bps: 50,
    apr_ceiling_bps: 1_000,
    top_up_bps: 500,
    breach_notice: 1,
    cross_default: 1,
    ..NO_RIDER
};

/// Four instalments, so that few steps reach each status.
fn schedule() -> Vec<Instalment> {
    [(20, 30), (40, 20), (60, 25), (80, 15)]
        .map(|(day, usdc)| Instalment { due_after: day * DAY as u32, principal: usdc * USDC })
        .to_vec()
}

impl World {
    /// `lifetime` in days.
    fn new(unlocked_ahead: u64, policy: u8, lifetime: i64) -> World {
        let mut stage = Stage::new();
        let terms = Terms {
            unlocked_ahead,
            freeze_policy: policy,
            auto_freeze: policy.max(1),
            late_fee: USDC / 10,
            apr_bps: 900,
            ..LOCKED
        };
        let rider = if unlocked_ahead < 90_000 { Rider { planned_units: 1, ..RIDER } } else { RIDER };
        stage.offer_on(terms, rider, &schedule());
        stage.accept();
        let clock = stage.clock();
        let amount = stage.credit.begin_funding(u64::MAX, &clock).unwrap();
        stage.act(|credit| credit.receive_funding(BORROWER, amount));
        stage.issue();
        // Shorter than the offer allows, so that units expire in each status.
        stage.credit.units_expire_at = START + lifetime * DAY;
        let other = Credit {
            status: Status::Defaulted.byte(),
            lender: LENDER,
            borrower: BORROWER,
            ..Credit::zeroed()
        };
        World { stage, lot: None, other, lender: LENDER }
    }

    /// Takes an action, and leaves everything as it was where it is refused. Returns true where it was taken.
    fn take(&mut self, act: Act) -> bool {
        let (credit, lot, lender) = (self.stage.credit, self.lot, self.lender);
        let result = self.try_take(act);
        if result.is_err() {
            (self.stage.credit, self.lot, self.lender) = (credit, lot, lender);
        }
        result.is_ok()
    }

    fn try_take(&mut self, act: Act) -> anchor_lang::Result<()> {
        let clock = self.stage.clock();
        let credit = &mut self.stage.credit;
        let units = credit.collateral;
        let of = |share: u16, all: u64| part(all, share).max(1);
        match act {
            Act::Pass(share) => self.stage.now += part(15 * DAY as u64, share) as i64,
            Act::Pay(share) => {
                let paid = credit.begin_payment(of(share / 3, credit.debt.total()), &clock)?;
                credit.receive_payment(BORROWER, paid)?;
            }
            Act::FundReserve(share) => {
                let paid = credit.begin_funding(of(share, credit.rider.reserve), &clock)?;
                credit.receive_funding(BORROWER, paid)?;
            }
            Act::DrawReserve => drop(credit.draw_reserve(CREDIT, &clock)?),
            Act::Report(used, held, ago) => {
                let reading = Reading {
                    cumulative: credit.meter.cumulative + part(units.granted, used / 4),
                    in_flight: part(units.granted, held),
                    reported_at: clock.chain - i64::from(ago),
                };
                let quorum = QuorumReading { reading, latest_at: reading.reported_at };
                credit.apply_reading(&quorum, START - 1, &clock).map_err(|_| Overflow)?;
            }
            Act::Freeze(share, reason) => {
                let amount = FreezeAmount::Units(of(share, units.lien()));
                let cross = Some(CrossCredit { key: key(90), credit: &self.other });
                credit.freeze(&self.lender, amount, reason, cross, &clock)?;
            }
            Act::FreezeShortfall => {
                let reason = FreezeReason::MissedPayment;
                credit.freeze(&self.lender, FreezeAmount::Shortfall, reason, None, &clock)?;
            }
            Act::AutoFreeze => drop(credit.auto_freeze(CREDIT, &clock)?),
            Act::Thaw(share) => {
                let bounds = ThawBounds { most: of(share, units.frozen()), keep: 0 };
                credit.thaw(&self.lender, bounds)?;
            }
            Act::ThawCross => drop(credit.thaw_cross(None)?),
            Act::MarkDelinquent => drop(credit.mark_delinquent(&clock)?),
            Act::MarkDefaulted => drop(credit.mark_defaulted(&clock)?),
            Act::GiveNotice => drop(credit.give_notice(&self.lender, NOTICE, &clock)?),
            Act::WithdrawNotice => {
                let given_at = credit.defaulted_at;
                credit.withdraw_notice(&self.lender, given_at, &clock)?;
            }
            Act::WaiveFee => drop(credit.waive_fee(&self.lender, 1, &clock)?),
            Act::WriteOff => {
                credit.write_off(&self.lender, SLOT, u64::MAX, &mut self.stage.provider, &clock)?;
            }
            Act::Expire => drop(credit.expire_units(&clock)?),
            Act::ApplyCovenant => drop(credit.apply_covenant(&clock)?),
            Act::Seize(_) | Act::TakeOver(_) | Act::Sell(_) | Act::CloseLot => self.recover(act)?,
            Act::Assign | Act::Restructure => self.change(act)?,
        }
        Ok(())
    }

    fn recover(&mut self, act: Act) -> anchor_lang::Result<()> {
        let (clock, bounds) = (self.stage.clock(), self.stage.market.bounds);
        let credit = &mut self.stage.credit;
        match act {
            Act::Seize(share) => {
                let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
                let terms =
                    LotTerms { start_price: 100 * USDC, floor_price: 30 * USDC, window: 4 * DAY as u32 };
                let mut lot = Lot::zeroed();
                let most = part(credit.collateral.lien(), share).max(1);
                let amount = UnitBounds { least: 1, most };
                if self.lot.is_some() {
                    return Err(Overflow.into());
                }
                credit.seize_to_lot(&mut lot, new, amount, terms, &bounds, &clock)?;
                self.lot = Some(lot);
            }
            Act::TakeOver(share) => {
                let most = part(credit.collateral.lien(), share).max(1);
                credit.take_over(key(91), UnitBounds { least: 1, most }, &clock)?;
            }
            Act::Sell(share) => {
                let lot = self.lot.as_mut().ok_or(Overflow)?;
                let amount = UnitBounds { least: 1, most: part(lot.units_left, share).max(1) };
                let quote = lot.quote(credit, &BUYER, amount, u64::MAX, &clock)?;
                let sale = Sale { lot: LOT, buyer: BUYER, units: quote.units, cost: quote.cost };
                credit.sell(lot, sale, 200, &clock)?;
            }
            _ => {
                let lot = self.lot.take().ok_or(Overflow)?;
                credit.close_lot(&lot, LOT, &self.lender, &clock)?;
            }
        }
        Ok(())
    }

    fn change(&mut self, act: Act) -> anchor_lang::Result<()> {
        let (clock, bounds) = (self.stage.clock(), self.stage.market.bounds);
        let limits = self.stage.restructure_limits();
        let credit = &mut self.stage.credit;
        if let Act::Restructure = act {
            credit.accrue(clock.market)?;
            let principal = credit.debt.principal;
            let schedule = [Instalment { due_after: 20 * DAY as u32, principal }].to_vec();
            credit.restructure(credit.terms, schedule, &limits, &bounds, false, &clock)?;
            return Ok(());
        }
        let to = if self.lender == LENDER { BUYER } else { LENDER };
        credit.take_claim(crate::state::Party::Lender);
        credit.offer_lender(&self.lender, SLOT, to, &clock)?;
        credit.accrue(clock.market)?;
        let limits = PurchaseLimits::from_credit(credit)?;
        let Change::LenderChanged { .. } = credit.accept_lender(&to, &limits, &clock)? else {
            return Err(Overflow.into());
        };
        self.lender = to;
        Ok(())
    }
}

/// Returns true for a payment, or what ends the debt.
fn pays(act: Act) -> bool {
    matches!(
        act,
        Act::Pay(_)
            | Act::DrawReserve
            | Act::FundReserve(_)
            | Act::Sell(_)
            | Act::TakeOver(_)
            | Act::WriteOff
    )
}

/// Returns true for the actions of invariant 12 that may lower what is frozen: payments, a seizure, expiry, and the
/// signature of a party that may thaw.
fn may_thaw(act: Act) -> bool {
    pays(act)
        || matches!(act, Act::Seize(_) | Act::Expire | Act::Thaw(_) | Act::ThawCross)
        || matches!(act, Act::WithdrawNotice | Act::Restructure | Act::CloseLot)
}

proptest! {
    #![proptest_config(cases(3_000))]

    #[test]
    fn nothing_opens_locked_or_frozen_units_but_what_may(
        acts in prop::collection::vec(act(), 1..60), ahead in prop_oneof![10u64..900_000, Just(90_000)],
        policy in 0u8..3, lifetime in 20i64..200,
    ) {
        let mut world = World::new(ahead, policy, lifetime);
        for act in acts {
            let (before, meter) = (world.stage.credit.collateral, world.stage.credit.meter);
            let status = world.stage.credit.status;
            let taken = world.take(act);
            let credit = &world.stage.credit;
            let after = credit.collateral;
            prop_assert!(taken || (after, credit.meter) == (before, meter));

            // Units are conserved, and each amount within the next.
            let gone = after.consumed + after.seized + after.expired + after.cancelled;
            prop_assert_eq!(gone + after.remaining(), after.granted);
            prop_assert!(after.held() <= after.lien() && after.lien() <= after.remaining(), "{:?} {:?}", act, after);

            // 13: use, with the jobs that run, is ahead of payment by the agreed units at most; the rest is overrun.
            prop_assert!(after.consumed + credit.meter.in_flight <= after.released + ahead, "{:?} {:?}", act, after);
            prop_assert_eq!(after.consumed + credit.meter.overrun, credit.meter.cumulative);

            // 12: what is frozen, and what is held, falls by nothing else.
            if let Act::Report(..) = act {
                let used = after.consumed - before.consumed;
                let by_jobs = finishing(&before, &meter);
                let late = credit.meter.reported_at <= credit.meter.frozen_at_chain;
                let lowered = before.held() - after.held();
                prop_assert!(lowered <= if late { used } else { by_jobs.min(used) }, "{:?} {:?}", before, after);
                prop_assert!(after.available() <= before.available());
            } else if !may_thaw(act) {
                prop_assert!(after.frozen() >= before.frozen() && after.held() >= before.held(), "{:?}", act);
                prop_assert!(after.available() <= before.available(), "{:?}", act);
            }

            // A lock opens by payments alone, and by the end of the debt; never by a seizure or by what it recovers.
            if after.left_to_unlock() < before.left_to_unlock() {
                prop_assert!(pays(act), "{:?}", act);
                let is_recovery = status == Status::Seizing.byte() || matches!(act, Act::TakeOver(_));
                prop_assert!(!is_recovery || credit.status() == Ok(Status::Repaid), "{:?}", act);
            }
            if matches!(act, Act::Seize(_) | Act::TakeOver(_) | Act::CloseLot) && credit.status().unwrap().is_secured() {
                prop_assert!(after.available() <= before.available(), "{:?}", act);
            }
        }
    }
}
