//! One call of every instruction, by the SDK's builders, with random keys and arguments.

use {
    crate::{
        draw::{key, wild, wild_time},
        value::hex,
    },
    anchor_lang::AnchorDeserialize,
    blockable_sdk::{
        Instruction, Pubkey,
        instructions::{self as build, LotKeys, MarketKeys, Payment},
        program::{
            instructions::{
                BorrowerLimits, FreezeAmount, LoanRead, MarketArgs, Notice, OfferArgs, PurchaseLimits,
                RestructureLimits,
            },
            report::{CreditReading, SignedReport},
            state::{
                FreezeReason, Instalment, MarketSettings, Party, ProviderSettings, Reporter, ScheduleRuns,
                TermBounds, Terms,
            },
            transitions::Status,
        },
    },
    rand::{Rng, RngCore, rngs::StdRng},
    serde_json::{Value, json},
    std::io::{self, Read},
};

/// Random bytes without an end, to decode arguments from.
struct Bytes<'a>(&'a mut StdRng);

impl Read for Bytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.fill_bytes(buffer);
        Ok(buffer.len())
    }
}

/// A random argument of a type whose every byte may be anything; `None` for another type.
fn any<T: AnchorDeserialize>(rng: &mut StdRng) -> Option<T> {
    T::deserialize_reader(&mut Bytes(rng)).ok()
}

fn status(rng: &mut StdRng) -> Status {
    Status::ALL[rng.random_range(0..Status::ALL.len())]
}

fn read(rng: &mut StdRng) -> LoanRead {
    LoanRead { offer_slot: wild(rng), worst_status: status(rng) }
}

fn schedule(rng: &mut StdRng) -> Vec<Instalment> {
    (1..=rng.random_range(1..12u32))
        .map(|place| Instalment { due_after: place * 100 + rng.random_range(0..2), principal: wild(rng) })
        .collect()
}

fn bounds(rng: &mut StdRng) -> TermBounds {
    bytemuck::cast(rng.random::<[[u8; 8]; 7]>())
}

fn provider_settings(rng: &mut StdRng) -> ProviderSettings {
    let reporters: Vec<Reporter> =
        (0..3).map(|_| Reporter { key: key(rng), expires_at: wild_time(rng) }).collect();
    ProviderSettings { payout: key(rng), ..ProviderSettings::with_reporters(&reporters, 2) }
}

/// A list of calls named after their builders. A call whose argument cannot be drawn is left out, which the test counts.
macro_rules! calls {
    ($($name:ident($($argument:expr),* $(,)?)),* $(,)?) => {
        vec![$((stringify!($name), build::$name($($argument),*))),*]
    };
}

/// Every call in JSON: name, accounts as (key, is signer, is writable), data.
pub(crate) fn draw(rng: &mut StdRng) -> Vec<Value> {
    let calls = [markets(rng), providers(rng), loans(rng), agreed(rng), enforcement(rng), recovery(rng)];
    let drawn = calls.into_iter().flatten().flatten();
    drawn.map(|(name, instruction)| document(name, &instruction)).collect()
}

fn document(name: &str, instruction: &Instruction) -> Value {
    let accounts: Vec<Value> = instruction
        .accounts
        .iter()
        .map(|account| json!([account.pubkey.to_string(), account.is_signer, account.is_writable]))
        .collect();
    json!({
        "kind": "call", "name": name, "accounts": accounts, "data": hex(&instruction.data),
        "program": instruction.program_id.to_string(),
    })
}

type Calls = Option<Vec<(&'static str, Instruction)>>;

fn keys(rng: &mut StdRng) -> MarketKeys {
    MarketKeys { market: key(rng), mint: key(rng), token_program: key(rng) }
}

fn markets(rng: &mut StdRng) -> Calls {
    let (market, admin) = (&key(rng), &key(rng));
    let args = MarketArgs {
        id: wild(rng),
        is_test: rng.random(),
        guardian: key(rng),
        redistribution_fee_bps: rng.random(),
        change_delay: rng.random(),
        provider_delay: rng.random(),
        min_suspension: rng.random(),
        bounds: bounds(rng),
    };
    let settings = MarketSettings { treasury: key(rng), ..any(rng)? };
    Some(calls![
        market_create(&key(rng), admin, &key(rng), &key(rng), &key(rng), args),
        market_propose_change(market, admin, settings),
        market_apply_change(market, admin, wild_time(rng)),
        market_cancel_change(market, admin, wild_time(rng)),
        market_offer_admin(market, admin, key(rng)),
        market_accept_admin(market, admin),
        market_pause(market, admin, rng.random()),
        market_unpause(market, admin, wild_time(rng)),
        market_halt(market, admin),
        market_lift_halt(market, admin, wild_time(rng)),
    ])
}

fn providers(rng: &mut StdRng) -> Calls {
    let (market, provider, authority) = (&key(rng), &key(rng), &key(rng));
    let settings = provider_settings(rng);
    Some(calls![
        provider_register(market, authority, &key(rng), wild(rng), settings),
        provider_propose_change(market, authority, provider, settings),
        provider_apply_change(market, authority, provider, wild_time(rng)),
        provider_cancel_change(market, authority, provider, wild_time(rng)),
        provider_set_capacity(market, authority, provider, wild(rng)),
        provider_offer_authority(market, authority, provider, key(rng)),
        provider_accept_authority(market, authority, provider, wild(rng)),
        provider_suspend(market, authority, provider),
        provider_resume(market, authority, provider),
    ])
}

fn loans(rng: &mut StdRng) -> Calls {
    let (keys, credit, provider, signer, tokens) = (&keys(rng), &key(rng), &key(rng), &key(rng), &key(rng));
    let market = &keys.market;
    let offer = OfferArgs {
        nonce: wild(rng),
        freeze_authority: key(rng),
        terms: any(rng)?,
        rider: any(rng)?,
        schedule: ScheduleRuns::from_schedule(&schedule(rng)),
    };
    let payment = Payment { amount: wild(rng), read: read(rng), must_cure: rng.random() };
    Some(calls![
        credit_offer(keys, signer, &key(rng), &key(rng), provider, tokens, offer),
        credit_accept(market, signer, credit, any(rng)?),
        credit_issue(keys, signer, provider, tokens, credit, any(rng)?),
        credit_cancel_offer(keys, signer, &key(rng), credit, tokens, wild(rng)),
        credit_set_freeze_authority(market, signer, credit, wild(rng), key(rng)),
        credit_repay(keys, signer, tokens, credit, payment),
        reserve_fund(keys, signer, tokens, credit, wild(rng), read(rng)),
        reserve_draw(market, credit),
        covenant_apply(market, credit),
        vault_collect(keys, signer, credit, tokens, Party::Treasury, wild(rng)),
        vault_collect_for_provider(keys, signer, credit, provider, tokens, wild(rng)),
        credit_expire_units(market, credit),
        vault_close(keys, credit, &key(rng), tokens),
        credit_close(market, signer, &key(rng), credit, provider, wild(rng)),
    ])
}

fn agreed(rng: &mut StdRng) -> Calls {
    let (market, lender, borrower, credit) = (&key(rng), &key(rng), &key(rng), &key(rng));
    let (provider, authority) = (&key(rng), &key(rng));
    let limits = RestructureLimits {
        read: read(rng),
        restructurings: rng.random(),
        most_debt: wild(rng),
        least_lien: wild(rng),
    };
    let purchase = PurchaseLimits {
        read: read(rng),
        terms_hash: rng.random(),
        least_debt: wild(rng),
        least_lien: wild(rng),
        least_holdback: wild(rng),
        most_frozen: wild(rng),
        most_locked: wild(rng),
        least_apr_bps: rng.random(),
    };
    let place = BorrowerLimits {
        read: read(rng),
        terms_hash: rng.random(),
        most_debt: wild(rng),
        least_available: wild(rng),
    };
    let terms: Terms = any(rng)?;
    let with_provider = build::with_provider(
        build::credit_restructure(market, lender, borrower, credit, terms, &schedule(rng), limits),
        provider,
        authority,
    );
    let mut calls = calls![
        credit_restructure(market, lender, borrower, credit, terms, &schedule(rng), limits),
        credit_offer_borrower(market, lender, borrower, credit, wild(rng), key(rng)),
        credit_withdraw_borrower(market, borrower, credit),
        credit_accept_borrower(market, borrower, credit, place),
        credit_waive_fee(market, lender, credit, wild(rng)),
        credit_offer_lender(market, lender, credit, wild(rng), key(rng)),
        credit_accept_lender(market, lender, credit, purchase),
    ];
    calls.push(("credit_restructure", with_provider));
    Some(calls)
}

fn enforcement(rng: &mut StdRng) -> Calls {
    let (market, credit, lender) = (&key(rng), &key(rng), &key(rng));
    let amounts = [
        FreezeAmount::All,
        FreezeAmount::Units(wild(rng)),
        FreezeAmount::Bps(rng.random()),
        FreezeAmount::Shortfall,
    ];
    let amount = amounts[rng.random_range(0..amounts.len())];
    let notice = Notice { document: rng.random(), offer_slot: wild(rng), least_status: status(rng) };
    let reading = |rng: &mut StdRng| CreditReading { cumulative: wild(rng), in_flight: wild(rng) };
    let readings = vec![reading(rng), reading(rng)];
    let report =
        SignedReport { reporter: 1, signature: [9; 64], reported_at: wild_time(rng), bitmap: 5, readings };
    Some(calls![
        credit_mark_delinquent(market, credit),
        credit_mark_defaulted(market, credit),
        credit_auto_freeze(market, credit),
        credit_freeze(market, lender, credit, amount, FreezeReason::Risk),
        credit_freeze_for_cross_default(market, lender, credit, &key(rng), amount),
        credit_thaw(market, lender, credit, any(rng)?),
        credit_thaw_cross(market, credit, &key(rng)),
        credit_give_notice(market, lender, credit, notice),
        credit_withdraw_notice(market, lender, credit, wild_time(rng)),
        usage_meter(market, &key(rng), rng.random(), vec![report.clone(), report], &[*credit, key(rng)]),
    ])
}

fn recovery(rng: &mut StdRng) -> Calls {
    let (keys, credit, provider, lender) = (&keys(rng), &key(rng), &key(rng), &key(rng));
    let (market, rent_payer, index) = (&keys.market, &key(rng), rng.random());
    let lot = LotKeys { credit: *credit, index, provider: *provider, units_expire_at: wild_time(rng) };
    let borrower: Option<Pubkey> = if rng.random() { Some(key(rng)) } else { None };
    Some(calls![
        credit_seize_to_pool(market, lender, rent_payer, credit, index, any(rng)?, any(rng)?),
        credit_seize_to_lender(market, lender, rent_payer, credit, provider, wild_time(rng), any(rng)?),
        lot_buy(keys, lender, rent_payer, &key(rng), &lot, any(rng)?, wild(rng)),
        lot_close(market, lender, rent_payer, credit, index),
        credit_cancel_locked(market, lender, borrower.as_ref(), credit, provider, any(rng)?, read(rng)),
        credit_write_off(market, lender, credit, provider, wild(rng), wild(rng)),
    ])
}
