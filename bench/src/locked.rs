use {
    super::{
        endings,
        lab::{Lab, Shape},
        origination, recovery,
    },
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::{FreezeAmount, ThawBounds, UnitBounds},
            state::{FreezeReason, Party, Terms},
        },
    },
    blockable_testkit::{DAY, Loan},
};

/// Instalments of a schedule, and how many of them are missed.
const CASES: [(u32, u32); 6] = [(1, 1), (12, 1), (12, 12), (36, 1), (36, 12), (36, 36)];

/// Measures loans with a lock and a holdback: payments, marks, cancels, recovery, and freezes for the default of another loan.
pub fn measure(lab: &mut Lab) {
    for (instalments, missed) in CASES {
        late(lab, instalments, missed);
        cancelled(lab, instalments, missed);
        seized(lab, instalments, missed);
        taken_over(lab, instalments, missed);
        written_off(lab, instalments, missed);
        crossed(lab, instalments, missed);
    }
    for instalments in [1, 12, 36] {
        on_time(lab, instalments);
        drawn(lab, instalments);
        together(lab, instalments);
        expired(lab, instalments);
        restructured(lab, instalments);
    }
}

/// A loan with half an instalment's units ahead, half of the price of the others held back, a covenant and cross-default; a unit
/// costs a fraction of a micro-USDC beyond 96.
fn locked(lab: &mut Lab, instalments: u32) -> Loan {
    let mut loan = lab.agreed(instalments, Shape::Level).with(|terms| {
        terms.units = terms.principal / 97 + 1;
        terms.unlocked_ahead = terms.units / u64::from(instalments) / 2;
        terms.holdback = (terms.principal - terms.principal / u64::from(instalments) / 2) / 2;
        terms.holdback_apr_bps = 600;
    });
    let rider = &mut loan.args.rider;
    rider.planned_units = loan.args.terms.unlocked_ahead / 4;
    (rider.pay_in_kind_bps, rider.cross_default) = (0, 1);
    loan
}

/// The same without a reserve, which would have to be drawn before a mark.
fn without_reserve(lab: &mut Lab, instalments: u32) -> Loan {
    let mut loan = locked(lab, instalments);
    loan.args.rider.reserve = 0;
    loan
}

/// Issued; then a part, the arrears on each due date for a year, and all the rest. The provider collects what is earned.
fn on_time(lab: &mut Lab, instalments: u32) {
    let loan = without_reserve(lab, instalments);
    let credit = origination::originate(lab, &loan);
    lab.world.pass(DAY + 1);
    repay(lab, "stranger", &credit, loan.args.terms.principal / 1_000);
    for _ in 0..instalments.min(12) {
        lab.world.pass(30 * DAY);
        let arrears = lab.world.arrears(&credit).max(1);
        repay(lab, "borrower", &credit, arrears);
        collect_earned(lab, "stranger", &credit);
    }
    if lab.world.credit(&credit).debt.total() > 0 {
        repay(lab, "borrower", &credit, u64::MAX);
        collect_earned(lab, "provider", &credit);
    }
}

/// Both marks and the freezes by anyone; payments of a part, of the arrears and of all.
fn late(lab: &mut Lab, instalments: u32, missed: u32) {
    let loan = without_reserve(lab, instalments);
    let credit = lab.world.active(&loan);
    lab.miss(&loan, missed);
    let mark = lab.world.mark_delinquent(&credit);
    lab.measure("credit_mark_delinquent, lock and holdback", mark, &[]);
    freeze(lab, &credit, FreezeAmount::Shortfall);
    thaw(lab, &credit);
    lab.world.pass(loan.args.terms.default_grace);
    let mark = lab.world.mark_defaulted(&credit);
    lab.measure("credit_mark_defaulted, lock and holdback", mark, &[]);
    let freeze = lab.world.auto_freeze(&credit);
    lab.measure("credit_auto_freeze", freeze, &[]);
    let arrears = lab.world.arrears(&credit);
    repay(lab, "borrower", &credit, arrears / 9);
    let arrears = lab.world.arrears(&credit);
    repay(lab, "stranger", &credit, arrears);
    if lab.world.credit(&credit).debt.total() > 0 {
        repay(lab, "borrower", &credit, u64::MAX);
    }
    collect_earned(lab, "stranger", &credit);
}

/// The reserve pays an instalment, and a payment fills it again.
fn drawn(lab: &mut Lab, instalments: u32) {
    let mut loan = locked(lab, instalments);
    let terms = loan.args.terms;
    loan.args.rider.reserve = (terms.principal / u64::from(instalments) / 2 * 3).min(terms.principal);
    let credit = lab.world.active_with_reserve(&loan);
    if instalments == 1 {
        repay(lab, "borrower", &credit, loan.args.terms.principal / 10);
    }
    lab.world.pass(30 * DAY);
    let draw = lab.world.draw_reserve(&credit);
    lab.measure("reserve_draw", draw, &[]);
    if lab.world.credit(&credit).debt.total() > 0 {
        repay(lab, "borrower", &credit, loan.args.rider.reserve + 1);
    }
}

/// The lender cancels a part once it may, and anybody the rest a month later.
fn cancelled(lab: &mut Lab, instalments: u32, missed: u32) {
    let (_, credit) = past_cure(lab, instalments, missed);
    let covered = lab.world.credit(&credit).covered().expect("covered units are fewer than all");
    cancel(lab, "lender", &credit, UnitBounds::exactly(covered / 3));
    lab.world.pass(30 * DAY);
    cancel(lab, "stranger", &credit, UnitBounds::ALL);
}

/// Lender and borrower cancel together, while the admin has suspended the provider.
fn together(lab: &mut Lab, instalments: u32) {
    let credit = {
        let loan = locked(lab, instalments);
        lab.world.active_with_reserve(&loan)
    };
    lab.world.sent(&[lab.world.suspend_by_admin()], &["admin"]);
    lab.world.pass(29 * DAY);
    for amount in [UnitBounds::exactly(1_000), UnitBounds::ALL] {
        let cancel = lab.world.cancel_together(&credit, amount);
        lab.measure("credit_cancel_locked", cancel, &["lender", "borrower"]);
    }
    let (market, admin, provider) = (lab.world.keys.market, lab.key("admin"), lab.world.provider);
    lab.world.sent(&[instructions::provider_resume(&market, &admin, &provider)], &["admin"]);
}

/// All that no holdback covers is seized and sold in part, the covered units are cancelled, and the rest comes back.
fn seized(lab: &mut Lab, instalments: u32, missed: u32) {
    let (_, credit) = past_cure(lab, instalments, missed);
    let lot = lab.world.lot_terms();
    let units = recovery::seize(lab, &credit, UnitBounds::ALL, lot);
    recovery::buy(lab, "buyer", &credit, 0, units / 3);
    cancel(lab, "lender", &credit, UnitBounds::ALL);
    lab.world.pass(lot.window);
    recovery::close(lab, "lender", &credit, 0);
    collect(lab, &credit, Party::Lender, "lender");
}

/// Uncovered units, then covered ones as well.
fn taken_over(lab: &mut Lab, instalments: u32, missed: u32) {
    let (loan, credit) = past_cure(lab, instalments, missed);
    endings::take_over(lab, &credit, UnitBounds::exactly(loan.args.terms.units / 3));
    endings::take_over(lab, &credit, UnitBounds::ALL);
    collect_earned(lab, "stranger", &credit);
}

fn written_off(lab: &mut Lab, instalments: u32, missed: u32) {
    let (_, credit) = past_cure(lab, instalments, missed);
    endings::write_off(lab, &credit);
}

/// After their lifetime, with a payment that has earned something before.
fn expired(lab: &mut Lab, instalments: u32) {
    let loan = locked(lab, instalments);
    let credit = lab.world.active_with_reserve(&loan);
    repay(lab, "borrower", &credit, loan.args.terms.principal / 3 * 2);
    lab.world.pass(loan.args.terms.unit_lifetime);
    endings::expire(lab, &credit);
}

/// Into dates that let the holdback wait for longer, which the provider signs.
fn restructured(lab: &mut Lab, instalments: u32) {
    let loan = without_reserve(lab, instalments);
    let credit = lab.world.active(&loan);
    lab.world.pass(7 * DAY);
    let terms = Terms { apr_bps: loan.args.terms.apr_bps - 1, ..loan.args.terms };
    let restructure = lab.world.restructure_with_provider(&credit, terms, loan.schedule());
    lab.measure("credit_restructure", restructure, &["lender", "borrower", "provider"]);
}

/// Frozen for another loan's default by each who may, in every amount; thawed by anyone once that one is cured, or closed.
fn crossed(lab: &mut Lab, instalments: u32, missed: u32) {
    let amounts =
        [FreezeAmount::Shortfall, FreezeAmount::Units(1_234), FreezeAmount::Bps(2_501), FreezeAmount::All];
    let broken = lab.loan(1);
    let broken = lab.world.defaulted(&broken);
    let loan = without_reserve(lab, instalments);
    let credit = lab.world.active(&loan);
    lab.miss(&loan, missed);
    for (amount, by) in amounts.into_iter().zip(["lender", "freezer", "lender", "freezer"]) {
        thaw(lab, &credit);
        let freeze = lab.world.freeze_cross(by, &credit, &broken, amount);
        lab.measure("credit_freeze, cross-default", freeze, &[by]);
    }
    let pay = lab.world.repay("stranger", &broken, u64::MAX);
    lab.world.sent(&[pay], &["stranger"]);
    if missed > 1 {
        collect(lab, &broken, Party::Lender, "lender");
        endings::close_vault(lab, &broken);
        endings::close(lab, "borrower", &broken);
    }
    let thaw = lab.world.thaw_cross(&credit, &broken);
    lab.measure("credit_thaw_cross", thaw, &[]);
}

/// A loan of which nothing was paid, whose cure period has passed and `missed` due dates.
fn past_cure(lab: &mut Lab, instalments: u32, missed: u32) -> (Loan, Pubkey) {
    let loan = without_reserve(lab, instalments);
    let credit = lab.world.defaulted(&loan);
    lab.world.pass(loan.args.terms.cure_period + (missed - 1) * 30 * DAY);
    (loan, credit)
}

fn freeze(lab: &mut Lab, credit: &Pubkey, amount: FreezeAmount) {
    let freeze = lab.world.freeze(credit, amount, FreezeReason::MissedPayment);
    lab.measure("credit_freeze", freeze, &["lender"]);
}

/// Thaws all that is frozen.
fn thaw(lab: &mut Lab, credit: &Pubkey) {
    if lab.world.credit(credit).collateral.frozen() > 0 {
        let thaw = lab.world.thaw("freezer", credit, ThawBounds::ALL);
        lab.measure("credit_thaw", thaw, &["freezer"]);
    }
}

fn cancel(lab: &mut Lab, who: &str, credit: &Pubkey, amount: UnitBounds) {
    let cancel = lab.world.cancel_locked(who, credit, amount);
    lab.measure("credit_cancel_locked", cancel, &[who]);
}

fn repay(lab: &mut Lab, payer: &str, credit: &Pubkey, amount: u64) {
    let repay = lab.world.repay(payer, credit, amount);
    lab.measure("credit_repay, lock and holdback", repay, &[payer]);
}

fn collect(lab: &mut Lab, credit: &Pubkey, party: Party, to: &str) {
    recovery::collect(lab, "stranger", credit, party, to);
}

/// The provider's claim, where there is one.
fn collect_earned(lab: &mut Lab, caller: &str, credit: &Pubkey) {
    if lab.world.credit(credit).claims.provider > 0 {
        let collect = lab.world.collect_earned(caller, credit, 1);
        lab.measure("vault_collect", collect, &[caller]);
    }
}
