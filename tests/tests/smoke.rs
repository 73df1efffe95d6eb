use blockable_sdk::{
    instructions,
    program::{
        instructions::{FreezeAmount, UnitAmount},
        state::{FreezeReason, Party},
    },
};
use blockable_tests::*;

#[test]
fn smoke() {
    let mut w = World::new();
    let loan = Loan::new(1);
    let c = w.credit_address(1);
    let o = w.offer(&loan);
    let cu = |n: &str, l: &Landed| println!("{n}: {}", l.compute_units);
    cu("offer", &w.sent(&[o], &["lender"]));
    let a = w.accept(&c);
    cu("accept", &w.sent(&[a], &["borrower"]));
    let i = w.issue(&c);
    cu("issue", &w.sent(&[i], &["provider"]));
    w.pass(DAY);
    let reports = (0..3).map(|r| w.report(r, &[(0, 1000, 50)])).collect();
    let m = instructions::usage_meter(&w.keys.market, &w.provider, 0, reports, &[c]);
    cu("meter3", &w.sent(&[m], &[]));
    let m = w.meter(&[c], &[(0, 2000, 50)]);
    w.pass(1);
    cu("meter2", &w.sent(&[m], &[]));
    w.pass(29 * DAY);
    let r = w.repay("borrower", &c, 1000 * USDC);
    cu("repay", &w.sent(&[r], &["borrower"]));
    w.pass(5 * DAY);
    let d = instructions::credit_mark_delinquent(&w.keys.market, &c);
    cu("delinq", &w.sent(&[d], &[]));
    let f = w.freeze(&c, FreezeAmount::Shortfall, FreezeReason::MissedPayment);
    cu("freeze shortfall", &w.sent(&[f], &["lender"]));
    w.pass(10 * DAY);
    let d = instructions::credit_mark_defaulted(&w.keys.market, &c);
    cu("default", &w.sent(&[d], &[]));
    let f = w.freeze(&c, FreezeAmount::All, FreezeReason::Default);
    cu("freeze", &w.sent(&[f], &["lender"]));
    let f = instructions::credit_thaw(
        &w.keys.market,
        &Parties::key("lender").pubkey(),
        &c,
        UnitAmount::Units(10),
    );
    cu("thaw", &w.sent(&[f], &["lender"]));
    let f = instructions::credit_auto_freeze(&w.keys.market, &c);
    cu("auto", &w.sent(&[f], &[]));
    w.pass(10 * DAY);
    let s = w.seize(&c, UnitAmount::All);
    cu("seize", &w.sent(&[s], &["lender"]));
    w.pass(DAY);
    let b = w.buy(&c, 500_000_000, 100_000_000);
    cu("buy", &w.sent(&[b], &["buyer"]));
    let b = w.buy(&c, 400_000_000, 100_000_000);
    cu("buy2", &w.sent(&[b], &["buyer"]));
    let t = w.token_account("lender");
    let v = instructions::vault_collect(&w.keys, &Parties::key("stranger").pubkey(), &c, &t, Party::Lender);
    cu("collect", &w.sent(&[v], &["stranger"]));
    w.pass(10 * DAY);
    let l = instructions::lot_close(
        &w.keys.market,
        &Parties::key("lender").pubkey(),
        &Parties::key("lender").pubkey(),
        &c,
        0,
    );
    cu("close", &w.sent(&[l], &["lender"]));
    println!("{:?}", w.credit(&c).collateral);
    println!("{:?}", w.credit(&c).debt);
}
use solana_sdk::signer::Signer;
