//! Signatures that land late: what was signed for is what happens, or nothing.

use {
    super::{life::refused, stage::*, *},
    crate::{
        actions::{NewUnrestricted, OfferRead},
        errors::BlockableError::*,
        state::{Credit, Rider},
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

/// The same terms at the same address, offered again, are another agreement.
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
