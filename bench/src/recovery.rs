use {
    super::lab::Lab,
    blockable_sdk::{
        Pubkey, instructions,
        program::{
            instructions::{FreezeAmount, LotTerms, UnitBounds},
            state::{FreezeReason, Party},
        },
    },
    blockable_testkit::{DAY, Loan, Parties},
    solana_sdk::signer::Signer,
};

/// Seizures, sales and what follows: sold out, unsold, paid in the meantime, sold for more than is owed.
pub fn measure(lab: &mut Lab) {
    for instalments in [1, 12, 36] {
        sold_out(lab, instalments);
        unsold(lab, instalments);
        paid_meanwhile(lab, instalments);
        surplus(lab, instalments);
    }
}

/// All is seized and sold at a loss; the buyer is new, then tops up.
fn sold_out(lab: &mut Lab, instalments: u32) {
    let (loan, credit) = ready(lab, instalments, 1);
    let units = seize(lab, &credit, UnitBounds::ALL, lab.world.lot_terms());
    let buyer = format!("buyer {}", loan.args.nonce);
    lab.fund(&buyer);
    lab.world.pass(3 * DAY);
    buy(lab, &buyer, &credit, 0, units / 3);
    lab.world.pass(30 * DAY);
    buy(lab, &buyer, &credit, 0, units / 3);
    buy(lab, &buyer, &credit, 0, units - units / 3 * 2);
    close(lab, "stranger", &credit, 0);
    collect(lab, "stranger", &credit, Party::Lender, "lender");
    collect(lab, "lender", &credit, Party::Treasury, "treasury");
}

/// Two lots, one after the other had no taker; the debt is brought up over the whole schedule by the seizure.
fn unsold(lab: &mut Lab, instalments: u32) {
    let (loan, credit) = ready(lab, instalments, instalments);
    let lot = lab.world.lot_terms();
    seize(lab, &credit, UnitBounds::exactly(loan.args.terms.units / 8), lot);
    lab.world.pass(lot.window);
    close(lab, "lender", &credit, 0);
    seize(lab, &credit, UnitBounds::ALL, lot);
}

/// The debt is paid while the lot is open, in two parts.
fn paid_meanwhile(lab: &mut Lab, instalments: u32) {
    let (_, credit) = ready(lab, instalments, 1);
    seize(lab, &credit, UnitBounds::ALL, lab.world.lot_terms());
    for (payer, amount) in [("borrower", 1_000_000), ("stranger", u64::MAX)] {
        let repay = lab.world.repay(payer, &credit, amount);
        lab.measure("credit_repay", repay, &[payer]);
    }
    close(lab, "stranger", &credit, 0);
}

/// The units fetch more than the debt, which the sale brings up over the rest of the schedule.
fn surplus(lab: &mut Lab, instalments: u32) {
    let (_, credit) = ready(lab, instalments, 1);
    let dear = LotTerms { start_price: 300_000_000, floor_price: 300_000_000, ..lab.world.lot_terms() };
    let units = seize(lab, &credit, UnitBounds::ALL, dear);
    lab.world.pass((instalments - 1) * 30 * DAY);
    buy(lab, "buyer", &credit, 0, units / 2);
    collect(lab, "borrower", &credit, Party::Borrower, "borrower");
    close(lab, "stranger", &credit, 0);
}

/// A loan in default and frozen, whose cure period has passed and `missed` instalments with it.
fn ready(lab: &mut Lab, instalments: u32, missed: u32) -> (Loan, Pubkey) {
    let loan = lab.loan(instalments);
    let credit = lab.world.defaulted(&loan);
    let freeze = lab.world.freeze(&credit, FreezeAmount::All, FreezeReason::Default);
    lab.world.sent(&[freeze], &["lender"]);
    lab.world.pass(loan.args.terms.cure_period + (missed - 1) * 30 * DAY);
    (loan, credit)
}

/// Seizes into the next lot. Returns the units in it.
pub fn seize(lab: &mut Lab, credit: &Pubkey, amount: UnitBounds, terms: LotTerms) -> u64 {
    let index = lab.world.credit(credit).lots_opened;
    let seize = lab.world.seize_at(credit, amount, terms);
    lab.measure("credit_seize_to_pool", seize, &["lender"]);
    lab.world.lot(credit, index).units
}

/// Buys from a lot at any price.
pub fn buy(lab: &mut Lab, buyer: &str, credit: &Pubkey, index: u32, units: u64) {
    let buy = lab.world.buy_from(buyer, credit, index, units, u64::MAX);
    lab.measure("lot_buy", buy, &[buyer]);
}

/// Closes a lot.
pub fn close(lab: &mut Lab, closer: &str, credit: &Pubkey, index: u32) {
    let (market, lender) = (lab.world.keys.market, lab.lender());
    let close = instructions::lot_close(&market, &lab.key(closer), &lender, credit, index);
    lab.measure("lot_close", close, &[closer]);
}

/// Pays a party's claim into the token account of `to`.
pub fn collect(lab: &mut Lab, caller: &str, credit: &Pubkey, party: Party, to: &str) {
    let destination = lab.world.token_account(to);
    let caller_key = Parties::key(caller).pubkey();
    let collect = instructions::vault_collect(&lab.world.keys, &caller_key, credit, &destination, party, 1);
    lab.measure("vault_collect", collect, &[caller]);
}
