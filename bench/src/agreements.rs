use {
    super::lab::{Lab, Shape},
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::BorrowerLimits,
            state::{Instalment, Terms},
        },
    },
    blockable_testkit::DAY,
};

/// Instalments of a schedule, and how many of them pass before anyone touches the credit.
const CASES: [(u32, u32); 7] = [(1, 0), (1, 1), (12, 1), (12, 12), (36, 1), (36, 35), (36, 36)];

/// Measures what the parties agree on after issue, with and without instalments that are worked out first.
pub fn measure(lab: &mut Lab) {
    for shape in Shape::ALL {
        for (instalments, missed) in CASES {
            restructure(lab, shape, instalments, missed);
            waive(lab, shape, instalments, missed);
            notice(lab, shape, instalments, missed);
            assign(lab, shape, instalments, missed);
            hand_over(lab, shape, instalments, missed);
        }
    }
}

/// Into as many instalments, then, when those have passed too, into 36.
fn restructure(lab: &mut Lab, shape: Shape, instalments: u32, missed: u32) {
    let credit = untouched(lab, shape, instalments, missed);
    restructure_into(lab, &credit, shape, instalments);
    lab.world.pass(missed * 30 * DAY);
    restructure_into(lab, &credit, Shape::Level, 36);
}

/// Puts a schedule of as many instalments, 30 days apart, in the place of a credit's.
pub fn restructure_into(lab: &mut Lab, credit: &Pubkey, shape: Shape, instalments: u32) {
    let accrued = lab.accrued(credit);
    let terms = Terms {
        late_fee: accrued.terms.principal / 10 / u64::from(instalments),
        apr_bps: accrued.terms.apr_bps - 10,
        ..accrued.terms
    };
    let schedule = schedule(accrued.debt.principal, shape, instalments);
    let restructure = lab.world.restructure(credit, terms, schedule);
    lab.measure("credit_restructure", restructure, &["lender", "borrower"]);
}

/// A schedule that repays a principal; what does not divide falls due with the last instalment.
fn schedule(principal: u64, shape: Shape, instalments: u32) -> Vec<Instalment> {
    let part = if shape == Shape::Level { principal / u64::from(instalments) } else { 0 };
    let rest = principal - part * u64::from(instalments);
    let line = |month| Instalment {
        due_after: month * 30 * DAY,
        principal: part + if month == instalments { rest } else { 0 },
    };
    (1..=instalments).map(line).collect()
}

/// A part of the late fees, then the rest.
fn waive(lab: &mut Lab, shape: Shape, instalments: u32, missed: u32) {
    let credit = untouched(lab, shape, instalments, missed);
    let late_fees = lab.accrued(&credit).debt.late_fees;
    for amount in [late_fees / 3, late_fees - late_fees / 3] {
        if amount > 0 {
            let waive = lab.world.waive_fee("lender", &credit, amount);
            lab.measure("credit_waive_fee", waive, &["lender"]);
        }
    }
}

/// Given, withdrawn, and given again at once.
fn notice(lab: &mut Lab, shape: Shape, instalments: u32, missed: u32) {
    let credit = untouched(lab, shape, instalments, missed);
    for _ in 0..2 {
        let give = lab.world.give_notice("lender", &credit);
        lab.measure("credit_give_notice", give, &["lender"]);
        let withdraw = lab.world.withdraw_notice("lender", &credit);
        lab.measure("credit_withdraw_notice", withdraw, &["lender"]);
    }
}

/// The loan changes hands twice and comes back; every lender names a freeze authority.
fn assign(lab: &mut Lab, shape: Shape, instalments: u32, missed: u32) {
    let credit = untouched(lab, shape, instalments, missed);
    for (from, to) in [("lender", "buyer"), ("buyer", "stranger"), ("stranger", "lender")] {
        let withdraw = lab.world.offer_lender_to(from, &credit, Pubkey::default());
        let offer = lab.world.offer_lender(from, &credit, to);
        for instruction in [withdraw, offer] {
            lab.measure("credit_offer_lender", instruction, &[from]);
        }
        let accept = lab.world.accept_lender(to, &credit);
        lab.measure("credit_accept_lender", accept, &[to]);
        for freezer in [Pubkey::default(), lab.key("freezer")] {
            let set = lab.world.set_freeze_authority(to, &credit, freezer);
            lab.measure("credit_set_freeze_authority", set, &[to]);
        }
    }
}

/// The borrower's place is offered, withdrawn by either side, and taken by another key.
fn hand_over(lab: &mut Lab, shape: Shape, instalments: u32, missed: u32) {
    let market = lab.world.keys.market;
    let credit = untouched(lab, shape, instalments, missed);
    let to = lab.key("stranger");
    let offer = lab.world.offer_borrower(&credit, to);
    for by in ["lender", "borrower"] {
        lab.measure("credit_offer_borrower", offer.clone(), &["lender", "borrower"]);
        let withdraw = instructions::credit_withdraw_borrower(&market, &lab.key(by), &credit);
        lab.measure("credit_withdraw_borrower", withdraw, &[by]);
    }
    lab.measure("credit_offer_borrower", offer, &["lender", "borrower"]);
    lab.world.pass(lab.world.market().change_delay);
    let limits = BorrowerLimits {
        read: lab.world.loan_read(&credit),
        terms_hash: lab.world.credit(&credit).terms_hash,
        most_debt: u64::MAX,
        least_available: 0,
    };
    let accept = instructions::credit_accept_borrower(&market, &to, &credit, limits);
    lab.measure("credit_accept_borrower", accept, &["stranger"]);
}

/// A credit whose first instalments have passed, and their grace, since anyone has touched it.
fn untouched(lab: &mut Lab, shape: Shape, instalments: u32, missed: u32) -> Pubkey {
    let loan = lab.agreed(instalments, shape);
    let credit = lab.world.active_with_reserve(&loan);
    lab.miss(&loan, missed);
    credit
}
