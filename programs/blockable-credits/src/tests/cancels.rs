//! An accepted offer that its borrower withdraws from a lender that cannot be paid.

use {
    super::{life::refused, stage::*},
    crate::{
        errors::BlockableError::*,
        events::Change,
        state::{Party, Rider, VaultClaims},
        transitions::Status,
    },
};

/// An accepted offer with 9 USDC of the borrower's in the reserve.
fn funded() -> Stage {
    let mut stage = Stage::new();
    stage.offer(TERMS, Rider { reserve: 10 * USDC, ..NO_RIDER });
    stage.accept();
    let amount = stage.credit.begin_funding(9 * USDC, &stage.clock()).unwrap();
    stage.act(|credit| credit.receive_funding(BORROWER, amount));
    stage
}

/// The lender's associated token account belongs to somebody else, is frozen, or asks for a memo.
#[test]
fn the_principal_of_a_lender_that_cannot_be_paid_becomes_its_claim() {
    for mut stage in [funded(), {
        let mut stage = Stage::new();
        stage.offer(TERMS, Rider::default());
        stage.accept();
        stage
    }] {
        let (reserve, clock) = (stage.credit.reserve_held, stage.clock());
        stage.act(|credit| credit.cancel_to_claim(&BORROWER, SLOT, &clock));
        assert_eq!(stage.changes.last(), Some(&Change::Cancelled { refunded: 0 }));
        let claims = VaultClaims { lender: 100 * USDC, borrower: reserve, ..VaultClaims::default() };
        assert_eq!((stage.credit.status(), stage.credit.claims), (Ok(Status::Repaid), claims));
        refused(
            { stage.credit }.issue(&mut { stage.provider }, stage.offer_read(), &clock).map(drop),
            WrongStatus,
        );
        for (party, owner) in [(Party::Lender, LENDER), (Party::Borrower, BORROWER)] {
            let _ = stage.credit.collect(party, owner, &clock);
        }
        let _ = stage.credit.close_vault(0, &clock).unwrap();
        let closed = stage.credit.close(&BUYER, 0, &mut stage.provider, &clock);
        assert_eq!((closed, stage.provider.outstanding_units), (Ok(Change::Closed { given_up: 0 }), 0));
    }
}

#[test]
fn the_principal_becomes_a_claim_of_the_accepted_offer_that_was_read_alone() {
    let stage = funded();
    let clock = stage.clock();
    let cancel =
        |mut credit: crate::state::Credit, signer, slot| credit.cancel_to_claim(&signer, slot, &clock);
    refused(cancel(stage.credit, BUYER, SLOT), NotParty);
    refused(cancel(stage.credit, BORROWER, SLOT + 1), OfferReplaced);
    assert!(cancel(stage.credit, LENDER, SLOT).is_ok());
    let mut offered = Stage::new();
    offered.offer(TERMS, Rider::default());
    refused(cancel(offered.credit, LENDER, SLOT), WrongStatus);
    refused(cancel(Stage::issued(Rider::default()).credit, BORROWER, SLOT), WrongStatus);
}
