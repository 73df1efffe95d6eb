use {
    super::lab::Lab,
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::FreezeAmount,
            state::{FreezeReason, Party},
        },
    },
    blockable_testkit::DAY,
};

/// Payments early, on time and late; partial, of exactly the arrears, and of all; of frozen and free collateral.
pub fn measure(lab: &mut Lab) {
    for instalments in [1, 12, 36] {
        early(lab, instalments);
        on_time(lab, instalments);
        late(lab, instalments, 1);
        late(lab, instalments, instalments);
    }
}

/// Half before anything is due, then the rest.
fn early(lab: &mut Lab, instalments: u32) {
    let loan = lab.loan(instalments);
    let credit = lab.world.active(&loan);
    lab.world.pass(DAY + 1);
    repay(lab, "borrower", &credit, loan.args.terms.principal / 2);
    repay(lab, "stranger", &credit, u64::MAX);
    collect(lab, "lender", &credit);
}

/// Three instalments at most, each on its due date.
fn on_time(lab: &mut Lab, instalments: u32) {
    let loan = lab.loan(instalments);
    let credit = lab.world.active(&loan);
    for _ in 0..instalments.min(3) {
        lab.world.pass(30 * DAY);
        let interest = loan.args.terms.principal / 100;
        repay(lab, "borrower", &credit, loan.schedule()[0].principal + interest);
    }
    collect(lab, "stranger", &credit);
}

/// After missed instalments, with the collateral frozen: a part, exactly what is due, then all.
fn late(lab: &mut Lab, instalments: u32, missed: u32) {
    let loan = lab.loan(instalments);
    let credit = lab.world.active(&loan);
    lab.world.pass(missed * 30 * DAY + loan.args.terms.delinquency_grace);
    let freeze = lab.world.freeze(&credit, FreezeAmount::All, FreezeReason::MissedPayment);
    lab.world.sent(&[freeze], &["lender"]);
    repay(lab, "borrower", &credit, loan.args.terms.late_fee + 1);
    let mark = instructions::credit_mark_delinquent(&lab.world.keys.market, &credit);
    lab.world.sent(&[mark], &[]);
    // The mark has brought the debt up to now, so the account says what is due.
    let arrears = lab.world.credit(&credit).arrears();
    repay(lab, "borrower", &credit, arrears);
    if missed < instalments {
        repay(lab, "borrower", &credit, u64::MAX);
    }
    collect(lab, "lender", &credit);
}

fn repay(lab: &mut Lab, payer: &str, credit: &Pubkey, amount: u64) {
    let repay = lab.world.repay(payer, credit, amount);
    lab.measure("credit_repay", repay, &[payer]);
}

fn collect(lab: &mut Lab, caller: &str, credit: &Pubkey) {
    super::recovery::collect(lab, caller, credit, Party::Lender, "lender");
}
