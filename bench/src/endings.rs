use {
    super::{
        lab::{Lab, Shape},
        recovery, riders,
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

/// Takeovers and write-offs, units that expire, and the removal of accounts.
pub fn measure(lab: &mut Lab) {
    for instalments in [1, 12, 36] {
        for shape in Shape::ALL {
            taken_over(lab, instalments, shape);
            written_off(lab, instalments, shape);
        }
        taken_over_in_default(lab, instalments);
        paid_by_takeover(lab, instalments);
        expired(lab, instalments);
        repaid(lab, instalments);
        withdrawn(lab, instalments);
    }
}

/// For a breach, when the whole schedule has passed since: some of the units into a new unrestricted credit, which has
/// an expiry of its own, the rest on top. The lender removes that credit.
fn taken_over(lab: &mut Lab, instalments: u32, shape: Shape) {
    let loan = lab.agreed(instalments, shape);
    let credit = riders::noticed(lab, &loan);
    lab.miss(&loan, instalments);
    take_over(lab, &credit, UnitBounds::exactly(loan.args.terms.units / 3));
    take_over(lab, &credit, UnitBounds::ALL);
    write_off(lab, &credit);
    let expiry = lab.world.credit(&credit).units_expire_at;
    let taken = lab.world.unrestricted_until("lender", expiry);
    close(lab, "lender", &taken);
}

/// After the marks, around jobs that are running; the units never expire and join those of other credits.
fn taken_over_in_default(lab: &mut Lab, instalments: u32) {
    let loan = lab.loan(instalments);
    let credit = lab.world.defaulted(&loan);
    let freeze = lab.world.freeze(&credit, FreezeAmount::All, FreezeReason::Default);
    lab.world.sent(&[freeze], &["lender"]);
    lab.world.pass(loan.args.terms.cure_period);
    lab.world.write(&credit, |credit: &mut Credit| credit.meter.in_flight = loan.args.terms.units / 2);
    take_over(lab, &credit, UnitBounds::exactly(loan.args.terms.units / 8));
    lab.world.pass(instalments * 30 * DAY);
    take_over(lab, &credit, UnitBounds::ALL);
}

/// The units are worth the whole debt once its interest is paid, so that the takeover pays it off.
fn paid_by_takeover(lab: &mut Lab, instalments: u32) {
    let loan = lab.agreed(instalments, Shape::Bullet);
    let credit = riders::noticed(lab, &loan);
    let interest = lab.accrued(&credit).debt.total() - loan.args.terms.principal;
    let repay = lab.world.repay("borrower", &credit, interest);
    lab.measure("credit_repay", repay, &["borrower"]);
    take_over(lab, &credit, UnitBounds::ALL);
}

pub fn take_over(lab: &mut Lab, credit: &Pubkey, amount: UnitBounds) {
    let seize = lab.world.seize_to_lender("lender", credit, amount);
    lab.measure("credit_seize_to_lender", seize, &["lender"]);
}

/// For a breach, when the whole schedule has passed since, with the collateral frozen in part.
fn written_off(lab: &mut Lab, instalments: u32, shape: Shape) {
    let loan = lab.agreed(instalments, shape);
    let credit = riders::noticed(lab, &loan);
    let freeze = lab.world.freeze(&credit, FreezeAmount::Bps(2_500), FreezeReason::Breach);
    lab.world.sent(&[freeze], &["lender"]);
    lab.miss(&loan, instalments);
    write_off(lab, &credit);
}

pub fn write_off(lab: &mut Lab, credit: &Pubkey) {
    let write_off = lab.world.write_off("lender", credit);
    lab.measure("credit_write_off", write_off, &["lender"]);
}

/// Unpaid, frozen and around running jobs, which keep theirs until they have ended; then of a credit that is paid,
/// which holds nothing afterwards and can be removed by anyone.
fn expired(lab: &mut Lab, instalments: u32) {
    let loan = lab.agreed(instalments, Shape::Level);
    let credit = lab.world.active_with_reserve(&loan);
    let units = loan.args.terms.units;
    lab.world.write(&credit, |credit: &mut Credit| credit.meter.in_flight = units / 2);
    let freeze = lab.world.freeze(&credit, FreezeAmount::Bps(7_500), FreezeReason::Risk);
    lab.world.sent(&[freeze], &["lender"]);
    lab.world.pass(loan.args.terms.unit_lifetime);
    expire(lab, &credit);
    lab.world.write(&credit, |credit: &mut Credit| {
        credit.meter.in_flight = 0;
        credit.meter.drop_promises();
    });
    expire(lab, &credit);

    let loan = lab.agreed(instalments, Shape::Level);
    let credit = lab.world.active_with_reserve(&loan);
    pay_off(lab, &credit);
    lab.world.pass(loan.args.terms.unit_lifetime);
    expire(lab, &credit);
    close_vault(lab, &credit);
    close(lab, "stranger", &credit);
}

pub fn expire(lab: &mut Lab, credit: &Pubkey) {
    let expire = lab.world.expire_units(credit);
    lab.measure("credit_expire_units", expire, &[]);
}

/// Paid off; the vault is removed with and without tokens that nobody is owed, the credit with units left and without.
fn repaid(lab: &mut Lab, instalments: u32) {
    for (donation, closer) in [(0, "borrower"), (1_000, "borrower"), (1_000, "stranger")] {
        let loan = lab.agreed(instalments, Shape::Level);
        let credit = lab.world.active_with_reserve(&loan);
        pay_off(lab, &credit);
        lab.donate(&credit, donation);
        close_vault(lab, &credit);
        if closer == "stranger" {
            use_up(lab, &loan, &credit);
        }
        close(lab, closer, &credit);
    }
}

/// An offer that was withdrawn after the borrower had funded the reserve.
fn withdrawn(lab: &mut Lab, instalments: u32) {
    let loan = lab.agreed(instalments, Shape::Level);
    let credit = lab.world.accepted(&loan);
    let fund = lab.world.fund_reserve("borrower", &credit, 1_000);
    let cancel = lab.world.cancel("lender", &credit);
    lab.world.sent(&[fund, cancel], &["borrower", "lender"]);
    recovery::collect(lab, "stranger", &credit, Party::Borrower, "borrower");
    close_vault(lab, &credit);
    close(lab, "stranger", &credit);
}

/// Pays the whole debt, and out to lender and borrower what is theirs.
fn pay_off(lab: &mut Lab, credit: &Pubkey) {
    let repay = lab.world.repay("borrower", credit, u64::MAX);
    lab.measure("credit_repay", repay, &["borrower"]);
    for (party, to) in [(Party::Lender, "lender"), (Party::Borrower, "borrower")] {
        recovery::collect(lab, "stranger", credit, party, to);
    }
}

/// Every unit has been used.
fn use_up(lab: &mut Lab, loan: &Loan, credit: &Pubkey) {
    lab.world.write(credit, |credit: &mut Credit| credit.collateral.consumed = loan.args.terms.units);
}

pub fn close_vault(lab: &mut Lab, credit: &Pubkey) {
    let close = lab.world.close_vault(credit);
    lab.measure("vault_close", close, &[]);
}

pub fn close(lab: &mut Lab, closer: &str, credit: &Pubkey) {
    let close = lab.world.close_credit(closer, credit);
    lab.measure("credit_close", close, &[closer]);
}
