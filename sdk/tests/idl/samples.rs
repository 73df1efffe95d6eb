//! One call of every instruction, built by the SDK, and the accounts that it reads.

use {
    anchor_lang::{AnchorDeserialize, Discriminator},
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        instructions::{self as build, LotKeys, MarketKeys, Payment},
        program::{
            instructions::{FreezeAmount, MarketArgs, OfferArgs},
            report::{CreditReading, SignedReport},
            state::{
                Credit, FreezeReason, Instalment, Lot, Market, MarketSettings, Party, Provider,
                ProviderSettings,
            },
        },
    },
    bytemuck::{Pod, Zeroable, bytes_of},
    std::io::{Cursor, Read, repeat},
};

const MINT: Pubkey = Pubkey::new_from_array([1; 32]);
const TOKEN_PROGRAM: Pubkey = Pubkey::new_from_array([2; 32]);
const ADMIN: Pubkey = Pubkey::new_from_array([3; 32]);
const AUTHORITY: Pubkey = Pubkey::new_from_array([4; 32]);
const LENDER: Pubkey = Pubkey::new_from_array([5; 32]);
const BORROWER: Pubkey = Pubkey::new_from_array([6; 32]);
const BUYER: Pubkey = Pubkey::new_from_array([7; 32]);
const RENT_PAYER: Pubkey = Pubkey::new_from_array([8; 32]);
/// A token account, whose owner does not matter here.
const TOKENS: Pubkey = Pubkey::new_from_array([9; 32]);
const ID: u64 = 7;
const NONCE: u64 = 77;
const LOT_INDEX: u32 = 3;
const UNITS_EXPIRE_AT: i64 = 1_900_000_000;

fn market() -> Pubkey {
    addresses::market(ID)
}

fn provider() -> Pubkey {
    addresses::provider(&market(), &AUTHORITY)
}

fn credit() -> Pubkey {
    addresses::credit(&market(), &LENDER, &BORROWER, NONCE)
}

fn lot() -> Pubkey {
    addresses::lot(&credit(), LOT_INDEX)
}

/// An account that exists before the calls.
pub(crate) struct Stored {
    /// The name of its type.
    pub(crate) ty: &'static str,
    /// Its data, with the discriminator.
    pub(crate) data: Vec<u8>,
}

fn store<T: Pod + Discriminator>(ty: &'static str, account: &T) -> Stored {
    Stored { ty, data: [T::DISCRIMINATOR, bytes_of(account)].concat() }
}

/// The account at a key; `None` for a key without data of the program.
pub(crate) fn stored(key: &Pubkey) -> Option<Stored> {
    let (market, provider, credit, lot) = (market(), provider(), credit(), lot());
    if *key == market {
        return Some(store("Market", &Market { id: ID, admin: ADMIN, ..Market::zeroed() }));
    }
    if *key == provider {
        return Some(store("Provider", &Provider { market, authority: AUTHORITY, ..Provider::zeroed() }));
    }
    if *key == credit {
        let vault = addresses::vault(&credit);
        let parties =
            Credit { market, provider, vault, lender: LENDER, borrower: BORROWER, ..Credit::zeroed() };
        let numbers = (LOT_INDEX, UNITS_EXPIRE_AT);
        return Some(store(
            "Credit",
            &Credit { lots_opened: numbers.0, units_expire_at: numbers.1, ..parties },
        ));
    }
    (*key == lot).then(|| store("Lot", &Lot { credit, rent_payer: RENT_PAYER, ..Lot::zeroed() }))
}

/// All accounts that exist.
pub(crate) fn all_stored() -> Vec<Stored> {
    [market(), provider(), credit(), lot()].iter().filter_map(stored).collect()
}

/// A value with the given first bytes and zeros behind; `None` where they encode none.
pub(crate) fn zero_from<T: AnchorDeserialize>(first: &[u8]) -> Option<T> {
    T::deserialize_reader(&mut Cursor::new(first.to_vec()).chain(repeat(0))).ok()
}

fn zero<T: AnchorDeserialize>() -> T {
    zero_from(&[]).expect("zeros encode every argument")
}

/// A call of an instruction.
pub(crate) struct Sample {
    /// The instruction's name.
    pub(crate) name: &'static str,
    /// The call.
    pub(crate) instruction: Instruction,
    /// Accounts at its end that the IDL does not name.
    pub(crate) remaining: usize,
}

/// A list of calls named after their builders.
macro_rules! calls {
    ($($name:ident($($argument:expr),* $(,)?)),* $(,)?) => {
        vec![$(Sample {
            name: stringify!($name),
            instruction: build::$name($($argument),*),
            remaining: 0,
        }),*]
    };
}

/// One call of every instruction at least; more where accounts are optional.
pub(crate) fn all() -> Vec<Sample> {
    [
        markets(),
        providers(),
        origination(),
        servicing(),
        with_provider(),
        enforcement(),
        metering(),
        recovery(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn keys() -> MarketKeys {
    MarketKeys { market: market(), mint: MINT, token_program: TOKEN_PROGRAM }
}

fn markets() -> Vec<Sample> {
    let market = &market();
    calls![
        market_create(&RENT_PAYER, &ADMIN, &MINT, &TOKEN_PROGRAM, &TOKENS, MarketArgs { id: ID, ..zero() }),
        market_propose_change(market, &ADMIN, MarketSettings { treasury: TOKENS, ..zero() }),
        market_apply_change(market, &ADMIN, 1),
        market_cancel_change(market, &ADMIN, 1),
        market_offer_admin(market, &ADMIN, BUYER),
        market_accept_admin(market, &BUYER),
        market_pause(market, &ADMIN, 60),
        market_unpause(market, &ADMIN, 1),
        market_halt(market, &ADMIN),
        market_lift_halt(market, &ADMIN, 1),
    ]
}

fn providers() -> Vec<Sample> {
    let (market, provider) = (&market(), &provider());
    let settings = ProviderSettings { payout: TOKENS, ..ProviderSettings::zeroed() };
    calls![
        provider_register(market, &AUTHORITY, &RENT_PAYER, 1, settings),
        provider_propose_change(market, &AUTHORITY, provider, settings),
        provider_apply_change(market, &AUTHORITY, provider, 1),
        provider_cancel_change(market, &AUTHORITY, provider, 1),
        provider_set_capacity(market, &AUTHORITY, provider, 1),
        provider_offer_authority(market, &AUTHORITY, provider, BUYER),
        provider_accept_authority(market, &AUTHORITY, provider, 1),
        provider_suspend(market, &ADMIN, provider),
        provider_resume(market, &ADMIN, provider),
    ]
}

fn origination() -> Vec<Sample> {
    let (keys, credit, provider) = (&keys(), &credit(), &provider());
    let schedule = [Instalment { due_after: 5, principal: 6 }, Instalment { due_after: 11, principal: 6 }];
    let schedule = blockable_sdk::program::state::ScheduleRuns::from_schedule(&schedule);
    let offer = OfferArgs { nonce: NONCE, schedule, ..zero() };
    calls![
        credit_offer(keys, &LENDER, &RENT_PAYER, &BORROWER, provider, &TOKENS, offer),
        credit_accept(&keys.market, &BORROWER, credit, zero()),
        credit_issue(keys, &AUTHORITY, provider, &TOKENS, credit, zero()),
        credit_cancel_offer(keys, &LENDER, &RENT_PAYER, credit, &TOKENS, 1),
        credit_set_freeze_authority(&keys.market, &LENDER, credit, 1, BUYER),
    ]
}

fn servicing() -> Vec<Sample> {
    let (keys, credit) = (&keys(), &credit());
    let market = &keys.market;
    let schedule = [Instalment { due_after: 5, principal: 6 }];
    calls![
        credit_repay(keys, &BORROWER, &TOKENS, credit, Payment::that_cures(1, 2)),
        reserve_fund(keys, &BORROWER, &TOKENS, credit, 1, zero()),
        reserve_draw(market, credit),
        covenant_apply(market, credit),
        credit_restructure(market, &LENDER, &BORROWER, credit, zero(), &schedule, zero()),
        credit_offer_borrower(market, &LENDER, &BORROWER, credit, 1, BUYER),
        credit_withdraw_borrower(market, &BORROWER, credit),
        credit_accept_borrower(market, &BUYER, credit, zero()),
        credit_waive_fee(market, &LENDER, credit, 1),
        credit_offer_lender(market, &LENDER, credit, 1, BUYER),
        credit_accept_lender(market, &BUYER, credit, zero()),
        vault_collect(keys, &LENDER, credit, &TOKENS, Party::Treasury, 1),
    ]
}

/// Calls with the accounts that only a provider needs.
fn with_provider() -> Vec<Sample> {
    let (keys, credit, provider) = (&keys(), &credit(), &provider());
    let (market, schedule) = (&keys.market, [Instalment { due_after: 5, principal: 6 }]);
    let restructure =
        build::credit_restructure(market, &LENDER, &BORROWER, credit, zero(), &schedule, zero());
    let collect = build::vault_collect_for_provider(keys, &LENDER, credit, provider, &TOKENS, 1);
    let restructure = build::with_provider(restructure, provider, &AUTHORITY);
    [("credit_restructure", restructure), ("vault_collect", collect)]
        .map(|(name, instruction)| Sample { name, instruction, remaining: 0 })
        .into()
}

fn enforcement() -> Vec<Sample> {
    let (market, credit) = (&market(), &credit());
    let cross = build::credit_freeze_for_cross_default(market, &LENDER, credit, &BUYER, FreezeAmount::All);
    let mut calls = vec![Sample { name: "credit_freeze", instruction: cross, remaining: 0 }];
    calls.extend(calls![
        credit_mark_delinquent(market, credit),
        credit_mark_defaulted(market, credit),
        credit_auto_freeze(market, credit),
        credit_freeze(market, &LENDER, credit, FreezeAmount::Units(5), FreezeReason::Risk),
        credit_thaw(market, &LENDER, credit, zero()),
        credit_thaw_cross(market, credit, &BUYER),
        credit_give_notice(market, &LENDER, credit, zero()),
        credit_withdraw_notice(market, &LENDER, credit, 1),
    ]);
    calls
}

/// The credits of a report are accounts behind those that the IDL names.
fn metering() -> Vec<Sample> {
    let reading = CreditReading { cumulative: 1, in_flight: 2 };
    let report = SignedReport { readings: vec![reading; 2], bitmap: 3, ..zero() };
    let mut calls =
        calls![usage_meter(&market(), &provider(), 1, vec![report.clone(), report], &[credit(), lot()])];
    calls.iter_mut().for_each(|call| call.remaining = 2);
    calls
}

fn recovery() -> Vec<Sample> {
    let (keys, credit, provider) = (&keys(), &credit(), &provider());
    let market = &keys.market;
    let lot =
        LotKeys { credit: *credit, index: LOT_INDEX, provider: *provider, units_expire_at: UNITS_EXPIRE_AT };
    calls![
        credit_seize_to_pool(market, &LENDER, &RENT_PAYER, credit, LOT_INDEX, zero(), zero()),
        credit_seize_to_lender(market, &LENDER, &RENT_PAYER, credit, provider, UNITS_EXPIRE_AT, zero()),
        lot_buy(keys, &BUYER, &RENT_PAYER, &TOKENS, &lot, zero(), 1),
        lot_close(market, &BUYER, &RENT_PAYER, credit, LOT_INDEX),
        credit_cancel_locked(market, &LENDER, Some(&BORROWER), credit, provider, zero(), zero()),
        credit_cancel_locked(market, &BUYER, None, credit, provider, zero(), zero()),
        credit_write_off(market, &LENDER, credit, provider, 1, 2),
        credit_expire_units(market, credit),
        vault_close(keys, credit, &RENT_PAYER, &TOKENS),
        credit_close(market, &BORROWER, &RENT_PAYER, credit, provider, 1),
    ]
}
