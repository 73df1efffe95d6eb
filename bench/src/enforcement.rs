use {
    super::lab::{Lab, repaid_at_the_end},
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::{FreezeAmount, ThawBounds},
            state::FreezeReason,
        },
    },
};

/// Marks and freezes, soon after one missed instalment and long after many.
pub fn measure(lab: &mut Lab) {
    for (instalments, missed) in [(1, 1), (12, 1), (12, 12), (36, 1), (36, 12), (36, 36)] {
        marks(lab, instalments, missed);
        unmarked(lab, instalments, missed);
        for bounds in [ThawBounds::ALL, ThawBounds { most: 17, keep: 0 }] {
            in_flight(lab, instalments, bounds);
        }
    }
    default_long_after_delinquency(lab);
    interest_free(lab);
}

/// Both marks as early as they can be, with freezes of every kind in between.
fn marks(lab: &mut Lab, instalments: u32, missed: u32) {
    let loan = lab.loan(instalments);
    let credit = lab.world.active(&loan);
    lab.miss(&loan, missed);
    let market = lab.world.keys.market;
    lab.measure("credit_mark_delinquent", instructions::credit_mark_delinquent(&market, &credit), &[]);
    freezes(lab, &credit);
    lab.world.pass(loan.args.terms.default_grace);
    lab.measure("credit_mark_defaulted", instructions::credit_mark_defaulted(&market, &credit), &[]);
    lab.measure("credit_auto_freeze", instructions::credit_auto_freeze(&market, &credit), &[]);
    thaw(lab, "lender", &credit, ThawBounds { most: 99, keep: 0 });
    lab.measure("credit_auto_freeze", instructions::credit_auto_freeze(&market, &credit), &[]);
}

/// A freeze in proportion where nobody has marked the credit: the freeze itself brings the debt up to now.
fn unmarked(lab: &mut Lab, instalments: u32, missed: u32) {
    let loan = lab.loan(instalments);
    let credit = lab.world.active(&loan);
    lab.miss(&loan, missed);
    freezes(lab, &credit);
}

/// The mark of default when the rest of the schedule has passed since the mark of delinquency.
fn default_long_after_delinquency(lab: &mut Lab) {
    let loan = lab.loan(36);
    let credit = lab.world.delinquent(&loan);
    lab.miss(&loan, 35);
    let mark = instructions::credit_mark_defaulted(&lab.world.keys.market, &credit);
    lab.measure("credit_mark_defaulted", mark, &[]);
}

/// Without interest and with all principal due at the end, nothing is in arrears until then: every due date that has
/// passed is worked out on its own, in the first transaction that comes.
fn interest_free(lab: &mut Lab) {
    for (instalments, is_marked) in [(12, false), (12, true), (36, false), (36, true)] {
        let loan = repaid_at_the_end(lab.loan(instalments).with(|terms| terms.apr_bps = 0));
        let credit = lab.world.active(&loan);
        lab.miss(&loan, instalments);
        if is_marked {
            let mark = lab.world.mark_delinquent(&credit);
            lab.measure("credit_mark_delinquent", mark, &[]);
        } else {
            freeze(lab, "lender", &credit, FreezeAmount::Shortfall);
        }
    }
}

/// Freezes around jobs that are running.
fn in_flight(lab: &mut Lab, instalments: u32, thawed: ThawBounds) {
    let loan = lab.loan(instalments);
    let credit = lab.world.active(&loan);
    lab.world.write(&credit, |credit: &mut blockable_sdk::program::state::Credit| {
        credit.meter.in_flight = loan.args.terms.units / 2;
    });
    freeze(lab, "lender", &credit, FreezeAmount::Bps(7_500));
    thaw(lab, "lender", &credit, thawed);
}

fn freezes(lab: &mut Lab, credit: &Pubkey) {
    let amounts =
        [FreezeAmount::Shortfall, FreezeAmount::Units(1_234), FreezeAmount::Bps(2_501), FreezeAmount::All];
    for amount in amounts {
        freeze(lab, "lender", credit, amount);
        thaw(lab, "freezer", credit, ThawBounds { most: 17, keep: 0 });
        thaw(lab, "lender", credit, ThawBounds::ALL);
        freeze(lab, "freezer", credit, amount);
        thaw(lab, "lender", credit, ThawBounds::ALL);
    }
}

fn freeze(lab: &mut Lab, by: &str, credit: &Pubkey, amount: FreezeAmount) {
    let (market, authority) = (lab.world.keys.market, lab.key(by));
    let reason = FreezeReason::MissedPayment;
    let freeze = instructions::credit_freeze(&market, &authority, credit, amount, reason);
    lab.measure("credit_freeze", freeze, &[by]);
}

fn thaw(lab: &mut Lab, by: &str, credit: &Pubkey, bounds: ThawBounds) {
    let thaw = lab.world.thaw(by, credit, bounds);
    lab.measure("credit_thaw", thaw, &[by]);
}
