//! Refusals by Anchor and the runtime of accounts that are not what they should be.

use {
    crate::attempt::foreign_market,
    anchor_lang::{Event, event::EVENT_IX_TAG_LE},
    blockable_sdk::{
        Instruction, PROGRAM_ID, Pubkey, addresses,
        events::CreditChanged,
        instructions,
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, MarketArgs, ThawBounds, UnitBounds},
            state::{FreezeReason, Market, Party, Provider},
        },
        tokens,
    },
    blockable_testkit::{Loan, Parties, USDC, World},
    solana_sdk::instruction::{AccountMeta, InstructionError},
    solana_sdk::transaction::TransactionError,
};

/// Anchor's own error codes, as it numbers them.
mod code {
    pub const FALLBACK_NOT_FOUND: u32 = 101;
    pub const CONSTRAINT_MUT: u32 = 2_000;
    pub const CONSTRAINT_SIGNER: u32 = 2_002;
    pub const CONSTRAINT_SEEDS: u32 = 2_006;
    pub const CONSTRAINT_ADDRESS: u32 = 2_012;
    pub const DUPLICATE_MUTABLE: u32 = 2_040;
    pub const DISCRIMINATOR_MISMATCH: u32 = 3_002;
    pub const NOT_ENOUGH_KEYS: u32 = 3_005;
    pub const OWNED_BY_WRONG_PROGRAM: u32 = 3_007;
    pub const INVALID_PROGRAM: u32 = 3_008;
    pub const NOT_SIGNER: u32 = 3_010;
    pub const NOT_INITIALIZED: u32 = 3_012;
}

/// A world with an active credit.
fn active() -> (World, Pubkey) {
    let mut world = World::new();
    let credit = world.active(&Loan::new(1));
    (world, credit)
}

#[track_caller]
fn fails_with(world: &mut World, instruction: Instruction, signers: &[&str], code: u32) {
    let refused = world.fails(&[instruction], signers);
    assert_eq!(refused.code(), Some(code), "{:?}: {:#?}", refused.error, refused.logs);
}

#[track_caller]
fn replaced(mut instruction: Instruction, from: &Pubkey, to: &Pubkey) -> Instruction {
    let meta = instruction.accounts.iter_mut().find(|meta| meta.pubkey == *from);
    meta.expect("the account is named").pubkey = *to;
    instruction
}

#[track_caller]
fn with_meta(
    mut instruction: Instruction,
    account: &Pubkey,
    change: impl FnMut(&mut AccountMeta),
) -> Instruction {
    assert!(instruction.accounts.iter().any(|meta| meta.pubkey == *account), "it is named");
    instruction.accounts.iter_mut().filter(|meta| meta.pubkey == *account).for_each(change);
    instruction
}

#[test]
fn a_party_that_is_named_must_sign() {
    let mut world = World::new();
    let offered = world.offered(&Loan::new(1));
    let accepted = world.accepted(&Loan::new(2));
    let active = world.active(&Loan::new(3));
    let unsigned = [
        ("lender", world.offer(&Loan::new(4))),
        ("borrower", world.accept(&offered)),
        ("provider", world.issue(&accepted)),
        ("lender", world.cancel("lender", &offered)),
        ("borrower", world.repay("borrower", &active, USDC)),
        ("lender", world.freeze(&active, FreezeAmount::All, FreezeReason::Risk)),
        ("lender", world.thaw("lender", &active, ThawBounds::ALL)),
        ("lender", world.seize(&active, UnitBounds::ALL)),
        ("buyer", world.buy(&active, 1, 1)),
        ("lender", world.close_lot("lender", &active, 0)),
        ("lender", world.collect("lender", &active, Party::Lender, &world.token_account("lender"))),
    ];
    let (keys, treasury) = (world.keys, world.token_account("treasury"));
    let (payer, admin) = (Parties::address("buyer"), Parties::address("payer"));
    let args = MarketArgs { id: 3, ..World::market_args() };
    // Paid by another than who pays the transaction's fee and signs in any case.
    let create =
        instructions::market_create(&payer, &admin, &keys.mint, &keys.token_program, &treasury, args);
    for (name, instruction) in unsigned.into_iter().chain([("buyer", create)]) {
        let instruction = with_meta(instruction, &Parties::address(name), |meta| meta.is_signer = false);
        fails_with(&mut world, instruction, &[], code::NOT_SIGNER);
    }
}

#[test]
fn another_credits_vault_is_refused() {
    let (mut world, credit) = active();
    let other = world.active(&Loan::new(2));
    let (own, foreign) = (addresses::vault(&credit), addresses::vault(&other));
    let pay = replaced(world.repay("borrower", &credit, USDC), &own, &foreign);
    world.refused(&[pay], &["borrower"], BlockableError::VaultMismatch);
}

#[test]
fn a_vault_that_is_only_a_token_account_is_refused() {
    let (mut world, credit) = active();
    let (vault, account) = (addresses::vault(&credit), world.token_account("lender"));
    let pay = replaced(world.repay("borrower", &credit, USDC), &vault, &account);
    world.refused(&[pay], &["borrower"], BlockableError::VaultMismatch);
}

#[test]
fn a_vault_cannot_pay_into_itself() {
    let (mut world, credit) = active();
    let accepted = world.accepted(&Loan::new(2));
    let vault = addresses::vault(&accepted);
    let (provider, market) = (world.provider, world.keys.market);
    let issue = replaced(world.issue(&accepted), &world.token_account("provider"), &vault);
    world.write::<Provider>(&provider, |provider| provider.settings.payout = vault);
    fails_with(&mut world, issue, &["provider"], code::DUPLICATE_MUTABLE);

    let vault = addresses::vault(&credit);
    world.write::<Market>(&market, |market| market.treasury = vault);
    let collect = world.collect("stranger", &credit, Party::Treasury, &vault);
    fails_with(&mut world, collect, &["stranger"], code::DUPLICATE_MUTABLE);

    let pay = replaced(world.repay("borrower", &credit, USDC), &world.token_account("borrower"), &vault);
    fails_with(&mut world, pay, &["borrower"], code::DUPLICATE_MUTABLE);
}

#[test]
fn an_account_of_another_program_is_no_credit() {
    let (mut world, credit) = active();
    let account = world.token_account("lender");
    let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk);
    let freeze = replaced(freeze, &credit, &account);
    fails_with(&mut world, freeze, &["lender"], code::OWNED_BY_WRONG_PROGRAM);
}

#[test]
fn an_account_of_another_type_is_refused() {
    let (mut world, credit) = active();
    let (market, provider) = (world.keys.market, world.provider);
    let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk);
    for (from, to) in [(credit, provider), (credit, market), (market, provider), (market, credit)] {
        let freeze = replaced(freeze.clone(), &from, &to);
        fails_with(&mut world, freeze, &["lender"], code::DISCRIMINATOR_MISMATCH);
    }
}

#[test]
fn a_credit_that_must_change_must_be_writable() {
    let (mut world, credit) = active();
    let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk);
    let freeze = with_meta(freeze, &credit, |meta| meta.is_writable = false);
    fails_with(&mut world, freeze, &["lender"], code::CONSTRAINT_MUT);
}

#[test]
fn an_offer_that_was_cancelled_is_gone() {
    let mut world = World::new();
    let credit = world.offered(&Loan::new(1));
    let accept = world.accept(&credit);
    let cancel = world.cancel("lender", &credit);
    world.sent(&[cancel], &["lender"]);
    fails_with(&mut world, accept, &["borrower"], code::OWNED_BY_WRONG_PROGRAM);
}

#[test]
fn a_token_account_that_does_not_exist_is_refused() {
    let (mut world, credit) = active();
    let (own, missing) = (world.token_account("borrower"), world.token_account("guardian"));
    let pay = replaced(world.repay("borrower", &credit, USDC), &own, &missing);
    fails_with(&mut world, pay, &["borrower"], code::NOT_INITIALIZED);
}

#[test]
fn only_the_next_lot_can_be_opened() {
    let mut world = World::new();
    let credit = world.defaulted(&Loan::new(1));
    world.pass(10 * blockable_testkit::DAY);
    let (next, later) = (addresses::lot(&credit, 0), addresses::lot(&credit, 1));
    let seize = replaced(world.seize(&credit, UnitBounds::ALL), &next, &later);
    fails_with(&mut world, seize, &["lender"], code::CONSTRAINT_SEEDS);
}

#[test]
fn bought_units_arrive_nowhere_but_in_the_buyers_own_credit() {
    let mut world = World::new();
    let credit = world.seized(&Loan::new(1), UnitBounds::ALL);
    let (own, other) = (world.unrestricted("buyer"), world.unrestricted("stranger"));
    for to in [other, credit] {
        let buy = replaced(world.buy(&credit, 1_000, u64::MAX), &own, &to);
        let refused = world.fails(&[buy], &["buyer"]);
        let codes = [code::CONSTRAINT_SEEDS, code::DUPLICATE_MUTABLE];
        assert!(refused.code().is_some_and(|code| codes.contains(&code)), "{:#?}", refused.logs);
    }
}

#[test]
fn a_market_a_provider_and_a_credit_are_created_once() {
    let mut world = World::new();
    foreign_market(&mut world);
    world.offered(&Loan::new(1));
    let (payer, admin) = (Parties::address("payer"), Parties::address("admin"));
    let (keys, authority) = (world.keys, Parties::address("provider"));
    let treasury = world.token_account("treasury");
    let args = World::market_args();
    let market =
        instructions::market_create(&payer, &admin, &keys.mint, &keys.token_program, &treasury, args);
    let (capacity, settings) = (World::capacity(), world.paid_out(World::settings()));
    let provider = instructions::provider_register(&keys.market, &authority, &authority, capacity, settings);
    let offer = world.offer(&Loan::new(1));
    for (instruction, signer) in [(market, "admin"), (provider, "provider"), (offer, "lender")] {
        // The system program's code for an account that is in use.
        fails_with(&mut world, instruction, &[signer], 0);
    }
}

#[test]
fn programs_cannot_be_impersonated() {
    let (mut world, credit) = active();
    let system = solana_system_interface::program::ID;
    let offer = replaced(world.offer(&Loan::new(2)), &system, &tokens::TOKEN_PROGRAM);
    fails_with(&mut world, offer, &["lender"], code::INVALID_PROGRAM);
    let pay = replaced(world.repay("borrower", &credit, USDC), &tokens::TOKEN_PROGRAM, &system);
    fails_with(&mut world, pay, &["borrower"], code::INVALID_PROGRAM);
}

#[test]
fn events_cannot_be_forged() {
    let (mut world, credit) = active();
    let authority = addresses::event_authority();
    let stranger = Parties::address("stranger");
    let freeze = world.freeze(&credit, FreezeAmount::All, FreezeReason::Risk);
    let freeze = replaced(freeze, &authority, &stranger);
    fails_with(&mut world, freeze, &["lender"], code::CONSTRAINT_ADDRESS);

    // The instruction that carries an event takes the program's own signature, which no one outside can give.
    let event = CreditChanged { record: world.log(&credit)[0].clone() };
    let data = [EVENT_IX_TAG_LE, &event.data()].concat();
    for (account, code) in [(authority, code::CONSTRAINT_SIGNER), (stranger, code::CONSTRAINT_SEEDS)] {
        let meta = AccountMeta::new_readonly(account, account == stranger);
        let forged = Instruction { program_id: PROGRAM_ID, accounts: vec![meta], data: data.clone() };
        let signers: &[&str] = if account == stranger { &["stranger"] } else { &[] };
        fails_with(&mut world, forged, signers, code);
    }
}

#[test]
fn an_instruction_that_does_not_exist_is_refused() {
    let (mut world, credit) = active();
    let mut unknown = world.mark_delinquent(&credit);
    unknown.data = vec![0xAB; 8];
    fails_with(&mut world, unknown, &[], code::FALLBACK_NOT_FOUND);
}

#[test]
fn an_instruction_with_too_few_accounts_or_bytes_is_refused() {
    let (mut world, credit) = active();
    let mut short = world.mark_delinquent(&credit);
    short.accounts.truncate(2);
    fails_with(&mut world, short, &[], code::NOT_ENOUGH_KEYS);
    let mut pay = world.repay("borrower", &credit, USDC);
    pay.data.truncate(12);
    let refused = world.fails(&[pay], &["borrower"]);
    assert!(matches!(refused.error, TransactionError::InstructionError(0, InstructionError::Custom(102))));
}
