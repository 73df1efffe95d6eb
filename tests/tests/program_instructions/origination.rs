use {
    blockable_sdk::{
        Pubkey, addresses,
        events::Change,
        program::{
            state::{Collateral, Credit, Debt, Meter, Rider, VaultClaims, terms_hash},
            transitions::Status,
        },
        tokens,
    },
    blockable_testkit::{DAY, Loan, Money, Parties, START, USDC, World},
};

/// Bytes of an SPL token account.
const TOKEN_ACCOUNT: usize = 165;

fn rent_of_an_offer(world: &World) -> u64 {
    let rent = |space| world.svm.minimum_balance_for_rent_exemption(space);
    rent(Credit::SPACE) + rent(TOKEN_ACCOUNT)
}

/// Everyone's money before any loan.
fn untouched() -> Money {
    let million = 1_000_000 * USDC;
    Money {
        lender: million,
        borrower: million,
        provider: 0,
        buyer: million,
        stranger: million,
        treasury: 0,
        vault: 0,
    }
}

#[test]
fn an_offer_puts_the_principal_in_escrow() {
    let mut world = World::new();
    let loan = Loan::new(1);
    let lamports = world.lamports(&Parties::address("lender"));
    let credit = world.credit_address(1);
    let landed = world.sent(&[world.offer(&loan)], &["lender"]);

    let escrowed = 100_000 * USDC;
    let money = untouched();
    assert_eq!(world.money(&credit), Money { lender: money.lender - escrowed, vault: escrowed, ..money });
    assert_eq!(world.lamports(&Parties::address("lender")), lamports - rent_of_an_offer(&world));

    let state = world.credit(&credit);
    let (lender, borrower) = (Parties::address("lender"), Parties::address("borrower"));
    assert_eq!(state.status(), Ok(Status::Offered));
    assert_eq!((state.version, state.blockable, state.has_index), (Credit::VERSION, 0, 0));
    assert_eq!((state.lender, state.borrower), (lender, borrower));
    assert_eq!((state.provider, state.market), (world.provider, world.keys.market));
    assert_eq!((state.freeze_authority, state.nonce), (Parties::address("freezer"), 1));
    assert_eq!(state.terms, loan.args.terms);
    assert_eq!(state.instalment_count, 5);
    assert_eq!(state.due_after[..6], [30 * DAY, 60 * DAY, 90 * DAY, 120 * DAY, 150 * DAY, 0]);
    assert_eq!(
        state.principal_due[..6],
        [20_000 * USDC, 20_000 * USDC, 20_000 * USDC, 20_000 * USDC, 20_000 * USDC, 0]
    );
    assert_eq!(state.claims, VaultClaims { escrow: escrowed, ..VaultClaims::default() });
    assert_eq!(state.collateral, Collateral::default());
    assert_eq!((state.debt, state.meter), (Debt::default(), Meter::default()));

    let (terms, schedule) = (loan.args.terms, loan.schedule());
    let hash = terms_hash(&world.credit(&credit).parties(), &terms, &Rider::default(), &schedule);
    let hash = hash.expect("terms hash");
    assert_eq!(state.terms_hash, hash);
    assert_eq!(
        landed.changes(),
        [Change::Offered {
            terms_hash: hash,
            slot: state.offer_slot,
            terms,
            rider: Rider::default(),
            schedule
        }]
    );
    assert_eq!(landed.records()[0].at, START);
}

#[test]
fn acceptance_binds_the_borrower_and_moves_nothing() {
    let mut world = World::new();
    let credit = world.offered(&Loan::new(1));
    let (money, before) = (world.money(&credit), world.credit(&credit));
    let landed = world.sent(&[world.accept(&credit)], &["borrower"]);

    assert_eq!(world.money(&credit), money);
    let after = world.credit(&credit);
    assert_eq!(after.status(), Ok(Status::Accepted));
    assert_eq!((after.blockable, after.vault), (0, before.vault));
    assert_eq!(landed.changes(), [Change::Accepted]);
}

#[test]
fn issue_pays_the_provider_and_makes_the_units_live() {
    let mut world = World::new();
    let credit = world.accepted(&Loan::new(1));
    let money = world.money(&credit);
    world.pass(7);
    let landed = world.sent(&[world.issue(&credit)], &["provider"]);

    assert_eq!(world.money(&credit), Money { provider: 100_000 * USDC, vault: 0, ..money });
    let state = world.credit(&credit);
    assert_eq!(state.status(), Ok(Status::Active));
    assert_eq!((state.blockable, state.has_index, state.issued_at), (1, 1, START + 7));
    assert_eq!(state.claims, VaultClaims::default());
    assert_eq!(state.collateral, Collateral { granted: 1_000_000_000, ..Collateral::default() });
    assert_eq!(state.meter, Meter { reported_at: START + 7, ..Meter::default() });
    let owed = Debt { principal: 100_000 * USDC, accrued_at: START + 7, ..Debt::default() };
    assert_eq!(state.debt, owed);
    assert_eq!((world.provider().outstanding_units, world.provider().next_index), (1_000_000_000, 1));
    assert_eq!(landed.changes(), [Change::Issued { index: 0, issued_at: START + 7, held_back: 0 }]);
}

#[test]
fn credits_take_their_indices_in_the_order_of_issue_and_share_the_capacity() {
    let mut world = World::new();
    let (first, second) = (world.accepted(&Loan::new(1)), world.accepted(&Loan::new(2)));
    world.sent(&[world.issue(&second)], &["provider"]);
    world.sent(&[world.issue(&first)], &["provider"]);
    assert_eq!(world.credit(&second).meter.index, 0);
    assert_eq!(world.credit(&first).meter.index, 1);
    assert_eq!((world.provider().outstanding_units, world.provider().next_index), (2_000_000_000, 2));
}

#[test]
fn an_offer_can_be_accepted_and_issued_until_the_second_it_expires() {
    let mut world = World::new();
    let credit = world.offered(&Loan::new(1));
    world.pass(30 * DAY);
    world.sent(&[world.accept(&credit)], &["borrower"]);
    world.sent(&[world.issue(&credit)], &["provider"]);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Active));
}

#[test]
fn an_offer_without_expiry_stays_open() {
    let mut world = World::new();
    let credit = world.offered(&Loan::new(1).with(|terms| terms.offer_expires_at = 0));
    world.pass(3_000 * DAY);
    world.sent(&[world.accept(&credit)], &["borrower"]);
    world.sent(&[world.issue(&credit)], &["provider"]);
    assert_eq!(world.credit(&credit).status(), Ok(Status::Active));
}

/// Cancels and checks that everything is as if nothing had been offered.
#[track_caller]
fn cancelled_by(party: &str, mut world: World, credit: Pubkey, lamports: u64) {
    let landed = world.sent(&[world.cancel(party, &credit)], &[party]);
    assert_eq!(world.money(&credit), untouched());
    assert_eq!(world.lamports(&Parties::address("lender")), lamports);
    assert_eq!((world.lamports(&credit), world.lamports(&addresses::vault(&credit))), (0, 0));
    assert_eq!(landed.changes(), [Change::Cancelled { refunded: 100_000 * USDC }]);
}

#[test]
fn a_lender_that_withdraws_its_offer_gets_principal_and_rent_back() {
    let mut world = World::new();
    let lamports = world.lamports(&Parties::address("lender"));
    let credit = world.offered(&Loan::new(1));
    cancelled_by("lender", world, credit, lamports);
}

#[test]
fn either_party_may_withdraw_what_was_accepted_and_the_lender_is_refunded() {
    for party in ["lender", "borrower"] {
        let mut world = World::new();
        let lamports = world.lamports(&Parties::address("lender"));
        let credit = world.accepted(&Loan::new(1));
        cancelled_by(party, world, credit, lamports);
    }
}

#[test]
fn what_was_donated_to_the_vault_goes_back_with_the_principal() {
    let mut world = World::new();
    let credit = world.offered(&Loan::new(1));
    let vault = addresses::vault(&credit);
    let (mint, payer) = (world.keys.mint, Parties::address("payer"));
    let donate = tokens::mint_to(&mint, &vault, &payer, 5, &tokens::TOKEN_PROGRAM).expect("SPL Token");
    world.sent(&[donate], &[]);
    let landed = world.sent(&[world.cancel("lender", &credit)], &["lender"]);
    assert_eq!(world.wallet("lender"), 1_000_000 * USDC + 5);
    assert_eq!(landed.changes(), [Change::Cancelled { refunded: 100_000 * USDC + 5 }]);
}

#[test]
fn a_cancelled_offers_number_can_be_used_again_with_a_log_of_its_own() {
    let mut world = World::new();
    let credit = world.offered(&Loan::new(1));
    world.sent(&[world.cancel("lender", &credit)], &["lender"]);
    assert_eq!(world.offered(&Loan::new(1).with(|terms| terms.units = 7)), credit);
    let state = world.credit(&credit);
    assert_eq!((state.event_seq, state.terms.units), (1, 7));
    assert_eq!(world.log(&credit).len(), 1);
}
