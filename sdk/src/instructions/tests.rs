//! Sizes of the transactions that people sign.

use {
    super::*,
    crate::transactions::{V0_MAX_BYTES, budget_v0, message_v0},
    blockable_credits::{
        instructions::{
            BorrowerLimits, FreezeAmount, LoanRead, LotTerms, MarketArgs, Notice, OfferArgs, OfferRead,
            PurchaseLimits, RestructureLimits, ThawBounds, UnitBounds,
        },
        state::{
            FreezeReason, Instalment, MarketSettings, Party, ProviderSettings, Rider, ScheduleRuns,
            TermBounds, Terms,
        },
        transitions::Status,
    },
    bytemuck::Zeroable,
    solana_hash::Hash,
};

/// Bytes left for what wallets add to a transaction, such as their own checks of its effect.
const SPARE: usize = 130;
const DAY: u32 = 86_400;

fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

/// Three years of calendar months with a rounded last instalment, the longest schedule there is.
fn schedule() -> Vec<Instalment> {
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut due_after = 0;
    let months = lengths.iter().cycle().take(36).enumerate();
    let instalment = |(month, days): (usize, &u32)| {
        due_after += days * DAY;
        Instalment { due_after, principal: 2_777_777_777 + u64::from(month == 35) * 28 }
    };
    months.map(instalment).collect()
}

/// Bytes of a version 0 transaction with compute limit and price, whose fee another key than the parties pays.
fn bytes(instruction: Instruction) -> usize {
    let payer = key(200);
    let signers = instruction.accounts.iter().filter(|account| account.is_signer);
    let mut keys: Vec<Pubkey> = signers.map(|account| account.pubkey).chain([payer]).collect();
    keys.sort();
    keys.dedup();
    let [limit, price] = budget_v0(200_000, 1_000);
    let message = message_v0(&[limit, price, instruction], &payer, Hash::default()).expect("a message");
    1 + 64 * keys.len() + message.serialize().len()
}

fn of_markets(admin: &Pubkey, market: &Pubkey) -> Vec<(&'static str, Instruction)> {
    let args = MarketArgs {
        id: u64::MAX,
        is_test: false,
        guardian: key(7),
        redistribution_fee_bps: 200,
        change_delay: 2 * DAY,
        provider_delay: DAY,
        min_suspension: 2 * DAY,
        bounds: TermBounds::PRODUCTION,
    };
    let settings: MarketSettings = args.settings(key(5));
    vec![
        ("market_create", market_create(&key(200), admin, &key(3), &key(4), &key(5), args)),
        ("market_propose_change", market_propose_change(market, admin, settings)),
        ("market_apply_change", market_apply_change(market, admin, i64::MAX)),
        ("market_offer_admin", market_offer_admin(market, admin, key(6))),
    ]
}

fn of_providers(authority: &Pubkey, market: &Pubkey) -> Vec<(&'static str, Instruction)> {
    let provider = addresses::provider(market, authority);
    let settings = ProviderSettings::zeroed();
    vec![
        ("provider_register", provider_register(market, authority, &key(200), u64::MAX, settings)),
        ("provider_propose_change", provider_propose_change(market, authority, &provider, settings)),
        ("provider_accept_authority", provider_accept_authority(market, authority, &provider, u64::MAX)),
    ]
}

fn of_loans(keys: &MarketKeys) -> Vec<(&'static str, Instruction)> {
    let (market, lender, borrower, provider, credit) = (&keys.market, &key(11), &key(12), &key(13), &key(14));
    let (rent_payer, source, read) = (&key(200), &key(15), OfferRead { terms_hash: [7; 32], slot: u64::MAX });
    let loan = LoanRead { offer_slot: u64::MAX, worst_status: Status::Active };
    let schedule = schedule();
    let offer = OfferArgs {
        nonce: u64::MAX,
        freeze_authority: key(16),
        terms: Terms::zeroed(),
        rider: Rider::default(),
        schedule: ScheduleRuns::from_schedule(&schedule),
    };
    let restructure = RestructureLimits { read: loan, restructurings: 1, most_debt: u64::MAX, least_lien: 0 };
    let purchase = PurchaseLimits {
        read: loan,
        terms_hash: [7; 32],
        least_debt: 0,
        least_lien: 0,
        most_frozen: 0,
        most_locked: 0,
        least_holdback: 0,
        least_apr_bps: 0,
    };
    let place = BorrowerLimits { read: loan, terms_hash: [7; 32], most_debt: 0, least_available: 0 };
    let payment = Payment { amount: u64::MAX, read: loan, must_cure: true };
    let notice = Notice { document: [7; 32], offer_slot: u64::MAX, least_status: Status::Active };
    vec![
        ("credit_offer", credit_offer(keys, lender, rent_payer, borrower, provider, source, offer)),
        ("credit_accept", credit_accept(market, borrower, credit, read)),
        ("credit_issue", credit_issue(keys, &key(17), provider, &key(18), credit, read)),
        ("credit_cancel_offer", credit_cancel_offer(keys, borrower, rent_payer, credit, source, u64::MAX)),
        ("credit_repay", credit_repay(keys, borrower, source, credit, payment)),
        ("reserve_fund", reserve_fund(keys, borrower, source, credit, u64::MAX, loan)),
        (
            "credit_restructure",
            with_provider(
                credit_restructure(market, lender, borrower, credit, Terms::zeroed(), &schedule, restructure),
                provider,
                &key(17),
            ),
        ),
        ("credit_accept_lender", credit_accept_lender(market, &key(19), credit, purchase)),
        ("credit_offer_borrower", credit_offer_borrower(market, lender, borrower, credit, u64::MAX, key(20))),
        ("credit_accept_borrower", credit_accept_borrower(market, &key(20), credit, place)),
        ("vault_collect", vault_collect(keys, lender, credit, source, Party::Lender, u64::MAX)),
        (
            "vault_collect, provider",
            vault_collect_for_provider(keys, lender, credit, provider, source, u64::MAX),
        ),
        ("credit_give_notice", credit_give_notice(market, lender, credit, notice)),
        ("credit_freeze", credit_freeze(market, lender, credit, FreezeAmount::Units(9), FreezeReason::Risk)),
        (
            "credit_freeze, cross-default",
            credit_freeze_for_cross_default(market, lender, credit, &key(22), FreezeAmount::Units(9)),
        ),
        ("credit_thaw", credit_thaw(market, lender, credit, ThawBounds::ALL)),
    ]
}

fn of_recovery(keys: &MarketKeys) -> Vec<(&'static str, Instruction)> {
    let (market, lender, provider, credit) = (&keys.market, &key(11), &key(13), &key(14));
    let (rent_payer, source) = (&key(200), &key(15));
    let read = LoanRead { offer_slot: u64::MAX, worst_status: Status::Active };
    let terms = LotTerms { start_price: u64::MAX, floor_price: u64::MAX, window: u32::MAX };
    let lot = LotKeys { credit: *credit, index: 7, provider: *provider, units_expire_at: i64::MAX };
    vec![
        (
            "credit_seize_to_pool",
            credit_seize_to_pool(market, lender, rent_payer, credit, 7, UnitBounds::ALL, terms),
        ),
        (
            "credit_seize_to_lender",
            credit_seize_to_lender(market, lender, rent_payer, credit, provider, 7, UnitBounds::ALL),
        ),
        ("lot_buy", lot_buy(keys, &key(21), rent_payer, source, &lot, UnitBounds::ALL, u64::MAX)),
        ("lot_close", lot_close(market, lender, rent_payer, credit, 7)),
        (
            "credit_cancel_locked",
            credit_cancel_locked(market, lender, Some(&key(12)), credit, provider, UnitBounds::ALL, read),
        ),
        ("credit_write_off", credit_write_off(market, lender, credit, provider, u64::MAX, u64::MAX)),
        ("credit_close", credit_close(market, &key(12), rent_payer, credit, provider, u64::MAX)),
    ]
}

/// The largest of every instruction that a person signs fits, with another key that pays fee and rent, and room to spare.
#[test]
fn what_people_sign_leaves_room_for_what_wallets_add() {
    let keys = MarketKeys { market: key(1), mint: key(2), token_program: key(3) };
    let all = [
        of_markets(&key(10), &keys.market),
        of_providers(&key(10), &keys.market),
        of_loans(&keys),
        of_recovery(&keys),
    ];
    for (name, instruction) in all.into_iter().flatten() {
        let bytes = bytes(instruction);
        assert!(bytes + SPARE <= V0_MAX_BYTES, "{name}: {bytes} bytes");
    }
}
