//! Signatures that land late: they do what was signed, or fail.

use {
    super::{
        changes::{LOT_TERMS, defaulted, delinquent, seize},
        life::refused,
        stage::*,
        *,
    },
    crate::{
        actions::{
            LoanRead, NewLot, NewUnrestricted, Notice, OfferRead, PurchaseLimits, Quote, Sale, ThawBounds,
            UnitBounds,
        },
        errors::BlockableError::*,
        events::Change,
        state::{Credit, Lot, Party, Rider},
        transitions::Status,
    },
};

/// Between the provider's reading and its signature's landing, lender and borrower cancel and agree on nine times the
/// units for a dollar, under the same nonce.
#[test]
fn an_issue_is_for_the_terms_that_the_provider_read() {
    let mut stage = Stage::new();
    stage.offer(TERMS, Rider::default());
    stage.accept();
    let (read, clock) = (stage.offer_read(), stage.clock());
    let payout = stage.credit.cancel(&LENDER, SLOT, 100 * USDC, &clock).unwrap();
    assert_eq!(payout.amount, 100 * USDC);
    stage.credit = Credit::zeroed();
    stage.offer(Terms { principal: 100 * USDC, units: 9_000_000, ..TERMS }, Rider::default());
    stage.accept();
    refused({ stage.credit }.issue(&mut { stage.provider }, read, &clock).map(|_| ()), TermsHashMismatch);
    stage.issue();
}

/// The same terms, offered again at the same address, are another agreement.
#[test]
fn an_offer_that_was_made_again_needs_new_signatures() {
    let mut stage = Stage::new();
    stage.offer(TERMS, Rider::default());
    let (read, clock) = (stage.offer_read(), stage.clock());
    stage.credit.offer_slot += 1;
    refused({ stage.credit }.accept(&BORROWER, read, &clock), OfferReplaced);
    refused({ stage.credit }.cancel(&LENDER, read.slot, 100 * USDC, &clock).map(|_| ()), OfferReplaced);
    stage.accept();
    refused({ stage.credit }.issue(&mut { stage.provider }, read, &clock).map(|_| ()), OfferReplaced);
    refused({ stage.credit }.cancel(&BORROWER, read.slot, 100 * USDC, &clock).map(|_| ()), OfferReplaced);
    assert_eq!(stage.credit.status(), Ok(Status::Accepted));
}

/// Parties that agree on a hash beforehand sign offer, acceptance and issue as one transaction.
#[test]
fn a_slot_of_zero_stands_for_the_slot_of_the_instruction() {
    let read = |slot| OfferRead { terms_hash: [7; 32], slot };
    assert_eq!([read(0).in_slot(5), read(4).in_slot(5)], [read(5), read(4)]);
}

#[test]
fn the_key_that_paid_the_rent_is_kept_in_the_account() {
    let mut stage = Stage::issued(Rider::default());
    assert_eq!(stage.credit.rent_payer, PAYER);
    let (clock, mut owned) = (stage.clock(), Credit::zeroed());
    let new = NewUnrestricted { owner: BUYER, rent_payer: PAYER, bump: 251 };
    owned.open_unrestricted(&stage.credit, new, &mut stage.provider, &clock).unwrap();
    assert!(owned.is_unrestricted());
    assert_eq!((owned.borrower, owned.rent_payer, owned.address_borrower()), (BUYER, PAYER, BUYER));
}

/// Pays micro-USDC into the credit, as anyone can.
fn pay(stage: &mut Stage, amount: u64) {
    let clock = stage.clock();
    let amount = stage.credit.begin_payment(amount, &clock).unwrap();
    stage.act(|credit| credit.receive_payment(BUYER, amount));
}

/// A stranger closes the lot before the borrower's signature on an empty credit lands.
#[test]
fn a_borrower_that_closes_gives_up_no_more_units_than_it_states() {
    let mut stage = defaulted();
    let lot = seize(&mut stage, UnitBounds::ALL);
    let clock = stage.clock();
    pay(&mut stage, u64::MAX);
    stage.act(|credit| credit.close_lot(&lot, LOT, &BUYER, &clock));
    let _ = stage.credit.collect(Party::Lender, LENDER, &clock).unwrap();
    let _ = stage.credit.close_vault(0, &clock).unwrap();
    let close = |most_units| { stage.credit }.close(&BORROWER, most_units, &mut { stage.provider }, &clock);
    refused(close(0), UnitsLeft);
    refused(close(999_999), UnitsLeft);
    assert_eq!(close(1_000_000), Ok(Change::Closed { given_up: 1_000_000 }));
}

/// Another buyer takes one unit first.
#[test]
fn a_purchase_takes_what_is_left_down_to_its_least() {
    let mut stage = defaulted();
    let mut lot = seize(&mut stage, UnitBounds::exactly(400_000));
    let clock = stage.clock();
    let Quote { units, cost } =
        lot.quote(&stage.credit, &BUYER, UnitBounds::exactly(1), u64::MAX, &clock).unwrap();
    let sale = Sale { lot: LOT, buyer: BUYER, units, cost };
    stage.act(|credit| credit.sell(&mut lot, sale, 200, &clock));
    let quote =
        |least| lot.quote(&stage.credit, &BUYER, UnitBounds { least, most: 400_000 }, 100 * USDC, &clock);
    refused(quote(400_000), LotUnitsExceeded);
    assert_eq!(quote(399_999).map(|quote| quote.units), Ok(399_999));
    refused(lot.quote(&stage.credit, &BUYER, UnitBounds { least: 0, most: 0 }, u64::MAX, &clock), AmountZero);
}

/// The lender sees a cure coming and seizes one unit first.
#[test]
fn a_first_seizure_is_no_token() {
    let mut stage = defaulted();
    let (clock, bounds) = (stage.clock(), stage.market.bounds);
    let new = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };
    let first = |credit: &mut Credit, units| {
        let amount = UnitBounds::exactly(units);
        credit.seize_to_lot(&mut Lot::zeroed(), new, amount, LOT_TERMS, &bounds, &clock)
    };
    refused(first(&mut { stage.credit }, 1), FirstSeizureTooSmall);
    refused(first(&mut { stage.credit }, 99_999), FirstSeizureTooSmall);
    refused({ stage.credit }.take_over(CREDIT, UnitBounds::exactly(99_999), &clock), FirstSeizureTooSmall);
    stage.act(|credit| first(credit, 100_000));
    stage.act(|credit| first(credit, 1));
}

/// A takeover takes no more units than the debt pays for, and a first one at least a tenth of them.
#[test]
fn a_first_takeover_is_measured_by_what_the_debt_pays_for() {
    let mut stage = Stage::issued(Rider { breach_notice: 1, ..Rider::default() });
    let clock = stage.clock();
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    pay(&mut stage, 99 * USDC);
    let clock = stage.on_day(15);
    // A dollar is left, which pays for 10,000 units.
    let take = |least, most| { stage.credit }.take_over(CREDIT, UnitBounds { least, most }, &clock);
    refused(take(999, 999), FirstSeizureTooSmall);
    refused(take(10_001, u64::MAX), BeyondLien);
    assert_eq!(take(1_000, 1_000).map(|(units, _)| units), Ok(1_000));
    assert_eq!(take(1, u64::MAX).map(|(units, _)| units), Ok(10_000));
}

#[test]
fn a_write_off_gives_up_no_more_than_it_states() {
    let stage = defaulted();
    let clock = stage.clock();
    let write_off = |slot, most_debt| {
        let mut provider = stage.provider;
        { stage.credit }.write_off(&LENDER, slot, most_debt, &mut provider, &clock)
    };
    refused(write_off(SLOT, 101 * USDC - 1), DebtAboveLimit);
    refused(write_off(SLOT + 1, 101 * USDC), OfferReplaced);
    assert_eq!(
        write_off(SLOT, 101 * USDC),
        Ok(Change::WrittenOff { debt: 101 * USDC, cancelled: 0, paid: 0, earned: 0 })
    );
}

/// Before the lender's thaw lands, a payment thaws a part; before its waiver lands, a payment lowers the fees.
#[test]
fn a_thaw_and_a_waiver_outlast_a_payment() {
    let mut stage = delinquent();
    let clock = stage.clock();
    pay(&mut stage, 26 * USDC);
    let frozen = stage.credit.collateral.frozen();
    assert!(frozen < 600_000);
    let mut thawed = stage.credit;
    thawed.thaw(&LENDER, ThawBounds { most: 600_000, keep: 400_000 }).unwrap();
    assert_eq!(thawed.collateral.frozen(), 400_000);
    refused({ stage.credit }.thaw(&LENDER, ThawBounds { most: 1, keep: frozen }), BeyondFrozen);
    refused({ stage.credit }.thaw(&LENDER, ThawBounds { most: 0, keep: 0 }), AmountZero);

    let mut stage = delinquent();
    pay(&mut stage, 1);
    let waived = stage.credit.waive_fee(&LENDER, USDC, &clock);
    let debt = stage.credit.debt.total();
    assert_eq!(waived, Ok(Change::FeeWaived { amount: USDC - 1, earned: 0, debt }));
}

/// The seller repays all but a dollar from its own pocket and collects the money, in one transaction.
#[test]
fn a_loan_is_not_bought_blind() {
    let mut stage = Stage::issued(Rider::default());
    let clock = stage.clock();
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    let limits = stage.purchase_limits();
    let buy = |credit: Credit, limits| { credit }.accept_lender(&BUYER, &limits, &clock);
    assert_eq!(buy(stage.credit, limits), Ok(Change::LenderChanged { to: BUYER }));
    let mut repaid = Stage { changes: Vec::new(), ..stage };
    pay(&mut repaid, 99 * USDC);
    let _ = repaid.credit.collect(Party::Lender, LENDER, &clock).unwrap();
    refused(buy(repaid.credit, limits), DebtBelowLimit);
    refused(buy(repaid.credit, PurchaseLimits { least_debt: USDC, ..limits }), LienBelowLimit);
    let within = PurchaseLimits { least_debt: USDC, least_lien: 10_000, ..limits };
    assert!(buy(repaid.credit, within).is_ok());
}

#[test]
fn a_buyer_takes_no_worse_loan_than_it_has_read() {
    let mut stage = delinquent();
    let clock = stage.clock();
    stage.act(|credit| credit.offer_lender(&LENDER, SLOT, BUYER, &clock));
    let limits = stage.purchase_limits();
    let buy = |limits| { stage.credit }.accept_lender(&BUYER, &limits, &clock);
    assert!(buy(limits).is_ok());
    let read = LoanRead { worst_status: Status::Active, ..limits.read };
    refused(buy(PurchaseLimits { read, ..limits }), StatusWorse);
    let read = LoanRead { offer_slot: SLOT - 1, ..limits.read };
    refused(buy(PurchaseLimits { read, ..limits }), OfferReplaced);
    refused(buy(PurchaseLimits { terms_hash: [0; 32], ..limits }), TermsHashMismatch);
    refused(buy(PurchaseLimits { most_frozen: limits.most_frozen - 1, ..limits }), FrozenAboveLimit);
    refused(buy(PurchaseLimits { least_apr_bps: 1, ..limits }), AprBelowLimit);
    refused(buy(PurchaseLimits { least_debt: limits.least_debt + 1, ..limits }), DebtBelowLimit);
    refused(buy(PurchaseLimits { least_lien: limits.least_lien + 1, ..limits }), LienBelowLimit);
}

/// A stranger's micro-USDC becomes a claim of the seller, which the buyer of the loan collects for the seller first.
#[test]
fn nothing_to_collect_is_no_failure_where_none_is_asked_for() {
    let mut stage = Stage::issued(Rider::default());
    assert_eq!(stage.credit.has_claim(Party::Lender, 0), Ok(false));
    refused(stage.credit.has_claim(Party::Lender, 1), NothingToCollect);
    pay(&mut stage, 5);
    assert_eq!([0, 5].map(|least| stage.credit.has_claim(Party::Lender, least)), [Ok(true), Ok(true)]);
    refused(stage.credit.has_claim(Party::Lender, 6), NothingToCollect);
    for party in [Party::Borrower, Party::Treasury] {
        assert_eq!(stage.credit.has_claim(party, 0), Ok(false));
    }
}

/// The lender seizes while the payment that would cure is on its way.
#[test]
fn a_payment_that_is_to_release_is_refused_after_a_seizure() {
    let mut stage = defaulted();
    let read = LoanRead { offer_slot: SLOT, worst_status: Status::Defaulted };
    assert_eq!(read.require(&stage.credit), Ok(()));
    refused(LoanRead { offer_slot: 0, ..read }.require(&stage.credit), OfferReplaced);
    seize(&mut stage, UnitBounds::exactly(100_000));
    refused(read.require(&stage.credit), StatusWorse);
    assert_eq!(LoanRead { worst_status: Status::Seizing, ..read }.require(&stage.credit), Ok(()));
    pay(&mut stage, u64::MAX);
    // Nothing is owed any more: there is no worse status.
    assert_eq!(read.require(&stage.credit), Ok(()));
}

/// The lender gives notice of a breach, or a late fee is charged, while the payment is on its way.
#[test]
fn a_payment_that_is_to_cure_does_or_is_refused() {
    let mut stage = Stage::issued(Rider { breach_notice: 1, ..Rider::default() });
    let clock = stage.on_day(31);
    let cures = |credit: Credit, amount| {
        let mut credit = credit;
        let paid = credit.begin_payment(amount, &clock).unwrap();
        credit.receive_payment(BORROWER, paid).unwrap();
        credit.require_cured()
    };
    refused(cures(stage.credit, 50 * USDC), NotCured);
    assert_eq!(cures(stage.credit, 51 * USDC), Ok(()));
    stage.act(|credit| credit.give_notice(&LENDER, NOTICE, &clock));
    refused(cures(stage.credit, 51 * USDC), NotCured);
    assert_eq!(cures(stage.credit, u64::MAX), Ok(()));
}

#[test]
fn a_notice_is_for_the_loan_that_was_read() {
    let mut stage = Stage::issued(Rider { breach_notice: 1, ..Rider::default() });
    let clock = stage.on_day(31);
    let mark = { stage.credit }.mark_delinquent(&clock).unwrap();
    let notice = Notice { least_status: Status::Delinquent, ..NOTICE };
    refused({ stage.credit }.give_notice(&LENDER, notice, &clock), StatusBetter);
    let elsewhere = Notice { offer_slot: SLOT + 1, ..NOTICE };
    refused({ stage.credit }.give_notice(&LENDER, elsewhere, &clock), OfferReplaced);
    stage.credit.mark_delinquent(&clock).unwrap();
    stage.note(mark);
    assert!({ stage.credit }.give_notice(&LENDER, NOTICE, &clock).is_ok());
    stage.act(|credit| credit.give_notice(&LENDER, notice, &clock));
    let withdraw = |given_at| { stage.credit }.withdraw_notice(&LENDER, given_at, &clock);
    refused(withdraw(clock.market - 1), NoticeReplaced);
    assert_eq!(withdraw(clock.market), Ok(Change::NoticeWithdrawn));
}

/// The address holds another loan by the time that the signature lands: nobody gets a role in that one.
#[test]
fn a_role_is_given_away_in_the_loan_that_was_read() {
    let stage = Stage::issued(Rider::default());
    let (clock, read) = (stage.clock(), SLOT - 1);
    refused({ stage.credit }.offer_lender(&LENDER, read, BUYER, &clock), OfferReplaced);
    refused({ stage.credit }.set_freeze_authority(&LENDER, read, BUYER, &clock), OfferReplaced);
    refused({ stage.credit }.offer_borrower(read, BUYER, 60, &clock), OfferReplaced);
    assert!({ stage.credit }.offer_lender(&LENDER, SLOT, BUYER, &clock).is_ok());
    assert!({ stage.credit }.set_freeze_authority(&LENDER, SLOT, BUYER, &clock).is_ok());
    assert!({ stage.credit }.offer_borrower(SLOT, BUYER, 60, &clock).is_ok());
}
