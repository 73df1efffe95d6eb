//! The borrower's place goes to another key.

use {
    super::{life::refused, stage::*},
    crate::{
        actions::{BorrowerLimits, LoanRead},
        errors::BlockableError::*,
        events::Change,
        state::{Party, Rider},
        tokens::CreditSigner,
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

const NEW_KEY: Pubkey = key(77);
const DELAY: u32 = 2 * DAY as u32;

fn limits(stage: &Stage) -> BorrowerLimits {
    BorrowerLimits::from_credit(&stage.accrued()).unwrap()
}

/// A loan whose borrower's place has been offered to another key.
fn offered() -> Stage {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.clock();
    stage.act(|credit| credit.offer_borrower(SLOT, NEW_KEY, DELAY, &clock));
    stage
}

#[test]
fn a_borrowers_place_is_taken_after_the_delay_and_the_address_stays() {
    let mut stage = offered();
    let (limits, hash) = (limits(&stage), stage.credit.terms_hash);
    let seeds = |stage: &Stage| CreditSigner::new(&stage.credit).seeds().concat();
    let address = seeds(&stage);
    let accept = |stage: &Stage, signer| { stage.credit }.accept_borrower(signer, &limits, &stage.clock());
    stage.now += 2 * DAY - 1;
    refused(accept(&stage, &NEW_KEY), ChangeDelayRunning);
    stage.now += 1;
    refused(accept(&stage, &BORROWER), NotOffered);
    let clock = stage.clock();
    stage.act(|credit| credit.accept_borrower(&NEW_KEY, &limits, &clock));
    let credit = &stage.credit;
    assert_eq!((credit.borrower, credit.address_borrower()), (NEW_KEY, BORROWER));
    assert_eq!((credit.pending_borrower, credit.pending_borrower_ready_at), (Pubkey::default(), 0));
    assert_eq!(seeds(&stage), address);
    assert_eq!((stage.credit.parties().borrower, stage.credit.terms_hash), (BORROWER, hash));
    // The next hand-over keeps the first borrower in the address.
    stage.act(|credit| credit.offer_borrower(SLOT, BUYER, DELAY, &clock));
    stage.now += 2 * DAY;
    let clock = stage.clock();
    stage.act(|credit| credit.accept_borrower(&BUYER, &limits, &clock));
    assert_eq!((stage.credit.borrower, stage.credit.address_borrower()), (BUYER, BORROWER));
}

#[test]
fn an_offer_of_the_borrowers_place_lapses() {
    let mut stage = offered();
    let limits = limits(&stage);
    stage.now += 16 * DAY + 1;
    let clock = stage.clock();
    refused({ stage.credit }.accept_borrower(&NEW_KEY, &limits, &clock), ChangeLapsed);
    stage.now -= 1;
    let clock = stage.clock();
    assert!({ stage.credit }.accept_borrower(&NEW_KEY, &limits, &clock).is_ok());
}

#[test]
fn either_party_withdraws_the_offer_and_nobody_else() {
    let stage = offered();
    let clock = stage.clock();
    let withdraw = |signer: &Pubkey| { stage.credit }.withdraw_borrower(signer, &clock);
    refused(withdraw(&NEW_KEY), NotParty);
    let withdrawn = Change::BorrowerOffered { to: Pubkey::default(), ready_at: 0 };
    for party in [LENDER, BORROWER] {
        assert_eq!(withdraw(&party), Ok(withdrawn.clone()));
    }
    let mut credit = stage.credit;
    assert_eq!(credit.offer_borrower(SLOT, Pubkey::default(), DELAY, &clock), Ok(withdrawn));
    refused(credit.withdraw_borrower(&LENDER, &clock), NotOffered);
    refused(credit.accept_borrower(&NEW_KEY, &limits(&stage), &clock), NotOffered);
    refused({ stage.credit }.offer_borrower(SLOT, LENDER, DELAY, &clock), SelfLoan);
}

/// The key that takes the place has read the debt, the units and the terms.
#[test]
fn a_borrowers_place_is_not_taken_blind() {
    let mut stage = offered();
    stage.now += 2 * DAY;
    let (clock, limits) = (stage.clock(), limits(&stage));
    let accept = |limits: BorrowerLimits| { stage.credit }.accept_borrower(&NEW_KEY, &limits, &clock);
    assert!(accept(limits).is_ok());
    refused(accept(BorrowerLimits { terms_hash: [0; 32], ..limits }), TermsHashMismatch);
    refused(accept(BorrowerLimits { most_debt: 100 * USDC - 1, ..limits }), DebtAboveLimit);
    refused(accept(BorrowerLimits { least_available: 1_000_001, ..limits }), UnitsBelowLimit);
    let read = LoanRead { offer_slot: SLOT + 1, ..limits.read };
    refused(accept(BorrowerLimits { read, ..limits }), OfferReplaced);
    let mut late = stage.credit;
    late.status = Status::Delinquent.byte();
    refused(late.accept_borrower(&NEW_KEY, &limits, &clock), StatusWorse);
    let mut with_claim = stage.credit;
    with_claim.claims.borrower = 1;
    refused(with_claim.accept_borrower(&NEW_KEY, &limits, &clock), ClaimUncollected);
    let _ = with_claim.collect(Party::Borrower, BORROWER, &clock).unwrap();
    assert!(with_claim.accept_borrower(&NEW_KEY, &limits, &clock).is_ok());
}

/// The buyer of the loan has read its borrower, and has not agreed to another.
#[test]
fn a_sale_of_the_loan_and_a_hand_over_of_the_borrower_do_not_cross() {
    let mut stage = offered();
    let clock = stage.clock();
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    let purchase = stage.purchase_limits();
    let mut bought = stage.credit;
    bought.accept_lender(&BUYER, &purchase, &clock).unwrap();
    assert_eq!(bought.pending_borrower, Pubkey::default());
    let mut offered_again = stage.credit;
    offered_again.offer_borrower(SLOT, NEW_KEY, DELAY, &clock).unwrap();
    refused(offered_again.accept_lender(&BUYER, &purchase, &clock), NotOffered);
    stage.now += 2 * DAY;
    let (clock, limits) = (stage.clock(), limits(&stage));
    stage.act(|credit| credit.accept_borrower(&NEW_KEY, &limits, &clock));
    refused({ stage.credit }.accept_lender(&BUYER, &purchase, &clock), NotOffered);
}

/// A loan that has been paid off since it was read is in no worse status.
#[test]
fn a_borrowers_place_is_taken_once_nothing_is_owed() {
    let mut stage = offered();
    let limits = limits(&stage);
    assert_eq!(limits.read.worst_status, Status::Active);
    stage.now += 2 * DAY;
    let clock = stage.clock();
    let amount = stage.credit.begin_payment(u64::MAX, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BORROWER, amount));
    assert_eq!(stage.credit.status(), Ok(Status::Repaid));
    stage.act(|credit| credit.accept_borrower(&NEW_KEY, &limits, &clock));
    assert_eq!(stage.credit.borrower, NEW_KEY);
}
