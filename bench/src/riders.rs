use {
    super::{
        agreements,
        lab::{Lab, Shape},
        recovery,
    },
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::{FreezeAmount, UnitBounds},
            state::{Credit, FreezeReason, Party},
        },
    },
    blockable_testkit::{DAY, Loan},
};

/// Measures riders: the reserve, the covenant, coupons in kind, notice of a breach. Where all coupons
/// are added to the principal and no principal falls due before the last date, every date that has passed costs.
pub fn measure(lab: &mut Lab) {
    for instalments in [1, 12, 36] {
        reserve(lab, instalments);
        funded_offer(lab, instalments);
        refill(lab, instalments);
        covenant_in_use(lab, instalments);
        for shape in Shape::ALL {
            draw(lab, instalments, shape);
            late(lab, instalments, shape);
            shortfall(lab, instalments, shape);
        }
        breach(lab, instalments);
    }
    for untouched in [1, 12, 34, 35] {
        covenant_at_rest(lab, untouched);
    }
}

/// Funded before issue in two parts, drawn for an instalment with the collateral frozen, funded again.
fn reserve(lab: &mut Lab, instalments: u32) {
    let loan = with_reserve_of_an_instalment(lab, instalments);
    let credit = lab.world.accepted(&loan);
    fund(lab, "borrower", &credit, loan.args.rider.reserve / 3);
    fund(lab, "stranger", &credit, u64::MAX);
    let issue = lab.world.issue(&credit);
    lab.measure("credit_issue", issue, &["provider"]);
    freeze_half(lab, &loan, &credit);
    lab.world.pass(30 * DAY);
    draw_once(lab, &credit);
    fund(lab, "borrower", &credit, u64::MAX);
}

/// Withdrawn after the borrower has funded the reserve, which it collects.
fn funded_offer(lab: &mut Lab, instalments: u32) {
    for party in ["lender", "borrower"] {
        let loan = lab.agreed(instalments, Shape::Level);
        let credit = lab.world.accepted(&loan);
        fund(lab, "borrower", &credit, u64::MAX);
        let cancel = lab.world.cancel(party, &credit);
        lab.measure("credit_cancel_offer", cancel, &[party]);
        recovery::collect(lab, party, &credit, Party::Borrower, "borrower");
    }
}

fn fund(lab: &mut Lab, payer: &str, credit: &Pubkey, amount: u64) {
    let fund = lab.world.fund_reserve(payer, credit, amount);
    lab.measure("reserve_fund", fund, &[payer]);
}

/// A loan of two or more instalments, whose reserve pays one of them.
fn with_reserve_of_an_instalment(lab: &mut Lab, instalments: u32) -> Loan {
    let mut loan = lab.agreed(instalments.max(2), Shape::Level);
    loan.args.rider.reserve = loan.schedule()[0].principal / 10 * 11;
    loan
}

/// All but 3 % of the principal is paid at once, and the whole schedule missed with the collateral frozen; what is drawn pays
/// the rest.
fn draw(lab: &mut Lab, instalments: u32, shape: Shape) {
    let loan = lab.agreed(instalments, shape).with(|terms| terms.late_fee /= 10);
    let credit = lab.world.active_with_reserve(&loan);
    repay(lab, "borrower", &credit, loan.args.terms.principal / 100 * 97);
    freeze_half(lab, &loan, &credit);
    lab.miss(&loan, instalments);
    draw_once(lab, &credit);
}

fn draw_once(lab: &mut Lab, credit: &Pubkey) {
    let draw = lab.world.draw_reserve(credit);
    lab.measure("reserve_draw", draw, &[]);
}

/// A payment that refills the reserve: at once after it was drawn, and when the rest has been put off since.
fn refill(lab: &mut Lab, instalments: u32) {
    for untouched in [0, instalments - 1] {
        let loan = with_reserve_of_an_instalment(lab, instalments);
        let credit = lab.world.active_with_reserve(&loan);
        lab.world.pass(30 * DAY);
        draw_once(lab, &credit);
        agreements::restructure_into(lab, &credit, Shape::Bullet, instalments);
        lab.world.pass(untouched * 30 * DAY);
        let amount = loan.args.rider.reserve + loan.args.terms.principal / 3;
        let row = if untouched > 0 { first_touch("credit_repay", Shape::Bullet) } else { "credit_repay" };
        let repay = lab.world.repay("borrower", &credit, amount);
        lab.measure(row, repay, &["borrower"]);
    }
}

/// A payment of a part, then of all, when the whole schedule is missed with the collateral frozen.
fn late(lab: &mut Lab, instalments: u32, shape: Shape) {
    let loan = lab.agreed(instalments, shape);
    let credit = frozen_then_missed(lab, &loan);
    let third = lab.world.repay("stranger", &credit, loan.args.terms.principal / 3);
    lab.measure(first_touch("credit_repay", shape), third, &["stranger"]);
    repay(lab, "borrower", &credit, u64::MAX);
    recovery::collect(lab, "lender", &credit, Party::Lender, "lender");
    recovery::collect(lab, "borrower", &credit, Party::Borrower, "borrower");
}

fn repay(lab: &mut Lab, payer: &str, credit: &Pubkey, amount: u64) {
    let repay = lab.world.repay(payer, credit, amount);
    lab.measure("credit_repay", repay, &[payer]);
}

/// The row of what is first to touch a loan after its due dates. A bullet loan has all coupons in kind: each date has to be
/// worked out, since the next coupon is on a higher principal.
fn first_touch(row: &'static str, shape: Shape) -> &'static str {
    match (row, shape) {
        ("credit_repay", Shape::Bullet) => "credit_repay, 36 dates in kind at once",
        ("credit_freeze", Shape::Bullet) => "credit_freeze, 36 dates in kind at once",
        ("credit_mark_delinquent", Shape::Bullet) => "credit_mark_delinquent, 36 dates in kind at once",
        _ => row,
    }
}

/// Freezes in proportion, and the marks, that are the first to touch the credit when the whole schedule is missed.
fn shortfall(lab: &mut Lab, instalments: u32, shape: Shape) {
    let loan = lab.agreed(instalments, shape);
    let credit = frozen_then_missed(lab, &loan);
    let freeze = lab.world.freeze(&credit, FreezeAmount::Shortfall, FreezeReason::Default);
    lab.measure(first_touch("credit_freeze", shape), freeze, &["lender"]);

    // A reserve would have to be drawn first, which works out the dates.
    let mut loan = lab.agreed(instalments, shape);
    loan.args.rider.reserve = 0;
    let credit = frozen_then_missed(lab, &loan);
    let mark = lab.world.mark_delinquent(&credit);
    lab.measure(first_touch("credit_mark_delinquent", shape), mark, &[]);
    lab.world.pass(30 * DAY);
    let mark = lab.world.mark_defaulted(&credit);
    lab.measure("credit_mark_defaulted", mark, &[]);
}

/// Seized and sold for a breach with all due dates still to come, which pass before the seizure or before the sale.
/// After a seizure a part of every coupon falls due, so that only a loan without interest has no arrears before the
/// last.
fn breach(lab: &mut Lab, instalments: u32) {
    for (before_seizure, before_sale, apr_bps) in
        [(instalments, 0, 1_200), (0, instalments, 1_200), (0, instalments, 0)]
    {
        let mut loan = lab.agreed(instalments, Shape::Bullet);
        loan.args.terms.apr_bps = apr_bps;
        loan.args.rider.apr_floor_bps = 0;
        let credit = noticed(lab, &loan);
        lab.miss(&loan, before_seizure);
        let units = recovery::seize(lab, &credit, UnitBounds::ALL, lab.world.lot_terms());
        lab.world.pass(before_sale * 30 * DAY);
        recovery::buy(lab, "buyer", &credit, 0, units / 2);
        lab.world.pass(lab.world.lot_terms().window);
        recovery::close(lab, "lender", &credit, 0);
    }
}

/// A loan of whose breach notice was given at once, and whose cure period has passed.
pub fn noticed(lab: &mut Lab, loan: &Loan) -> Pubkey {
    let credit = lab.world.active_with_reserve(loan);
    let notice = lab.world.give_notice("lender", &credit);
    lab.world.sent(&[notice], &["lender"]);
    lab.world.pass(loan.args.terms.cure_period);
    credit
}

/// Half is frozen at once; then nobody touches the credit until the whole schedule has passed.
fn frozen_then_missed(lab: &mut Lab, loan: &Loan) -> Pubkey {
    let credit = lab.world.active_with_reserve(loan);
    freeze_half(lab, loan, &credit);
    lab.miss(loan, loan.schedule().len() as u32);
    credit
}

/// Half of all units are frozen, or what is under lien.
fn freeze_half(lab: &mut Lab, loan: &Loan, credit: &Pubkey) {
    let half = FreezeAmount::Units(loan.args.terms.units / 2);
    let freeze = lab.world.freeze(credit, half, FreezeReason::MissedPayment);
    lab.world.sent(&[freeze], &["lender"]);
}

/// Use above, between and below the marks within the first window; below, a top-up is called from all later dates.
fn covenant_in_use(lab: &mut Lab, instalments: u32) {
    for share in [100, 65, 10] {
        let loan = lab.agreed(instalments, Shape::Level);
        let credit = lab.world.active_with_reserve(&loan);
        lab.world.pass(loan.args.rider.covenant_window);
        apply(lab, &credit, loan.args.rider.planned_units * share / 100);
    }
}

/// No use at all, and nobody has touched the credit for a number of months.
fn covenant_at_rest(lab: &mut Lab, untouched: u32) {
    let loan = lab.agreed(36, Shape::Bullet);
    let credit = lab.world.active_with_reserve(&loan);
    lab.world.pass(untouched * 30 * DAY);
    apply(lab, &credit, 0);
}

/// The covenant at a reading as of now. The reading is written: reporters' keys expire before the last month.
fn apply(lab: &mut Lab, credit: &Pubkey, used: u64) {
    let now = lab.world.now();
    lab.world.write(credit, |credit: &mut Credit| {
        credit.meter.reported_at = now;
        credit.collateral.consumed = used;
    });
    let apply = lab.world.apply_covenant(credit);
    lab.measure("covenant_apply", apply, &[]);
}
