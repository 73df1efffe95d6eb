//! New accounts: each field that is not zero, and where it comes from.

use {
    super::{
        changes::{LOT_TERMS, defaulted, seize},
        stage::*,
        *,
    },
    crate::{
        actions::{NewUnrestricted, UnitBounds},
        state::{
            CovenantState, Credit, Lot, Market, MarketClock, Provider, Rider, TermBounds, VaultClaims,
            terms_hash,
        },
        transitions::Status,
    },
    bytemuck::Pod,
};

/// Requires that all bytes of two accounts are equal.
fn same<T: Pod>(account: &T, expected: &T) {
    let differs =
        bytemuck::bytes_of(account).iter().zip(bytemuck::bytes_of(expected)).position(|(a, b)| a != b);
    assert_eq!(differs, None, "the first byte that differs");
}

/// A clock whose two times differ, as after a pause of 77 seconds.
fn paused_before(stage: &mut Stage) -> MarketClock {
    stage.market.paused_seconds = 77;
    stage.clock()
}

#[test]
fn a_market_begins_with_its_arguments() {
    let expected = Market {
        version: 1,
        bump: 255,
        decimals: 6,
        redistribution_fee_bps: 200,
        id: 1,
        admin: ADMIN,
        guardian: GUARDIAN,
        payment_mint: key(106),
        token_program: key(107),
        treasury: TREASURY,
        bounds: TermBounds::PRODUCTION,
        change_delay: 2 * DAY as u32,
        provider_delay: DAY as u32,
        min_suspension: 2 * DAY as u32,
        ..Market::zeroed()
    };
    same(&Stage::new().market, &expected);
}

#[test]
fn a_provider_begins_in_its_first_epoch() {
    let expected = Provider {
        version: 1,
        bump: 254,
        epoch: 1,
        market: MARKET,
        authority: OPERATOR,
        cluster_tag: CLUSTER_TAG,
        epoch_began_at: START,
        capacity_units: 10_000_000,
        settings: settings(),
        ..Provider::zeroed()
    };
    same(&Stage::new().provider, &expected);
}

/// Terms with each optional part.
const ALL_TERMS: Terms = Terms { apr_bps: 1_000, unit_lifetime: 200 * DAY as u32, ..TERMS };
const RIDER: Rider = Rider { apr_floor_bps: 500, apr_ceiling_bps: 1_500, ..COVENANT };

/// The credit of an offer on these terms.
fn offered(stage: &Stage) -> Credit {
    let mut expected = Credit {
        version: 1,
        bump: 253,
        instalment_count: 2,
        lender: LENDER,
        borrower: BORROWER,
        provider: PROVIDER,
        market: MARKET,
        freeze_authority: LENDER,
        vault: VAULT,
        nonce: 7,
        terms: ALL_TERMS,
        claims: VaultClaims { escrow: 100 * USDC, ..VaultClaims::default() },
        rent_payer: PAYER,
        offer_slot: SLOT,
        rider: RIDER,
        paused_at_offer: 77,
        event_seq: stage.credit.event_seq,
        event_hash: stage.credit.event_hash,
        ..Credit::zeroed()
    };
    expected.due_after[..2].copy_from_slice(&[30 * DAY as u32, 60 * DAY as u32]);
    expected.principal_due[..2].copy_from_slice(&[50 * USDC, 50 * USDC]);
    expected.terms_hash = terms_hash(&expected.parties(), &ALL_TERMS, &RIDER, &schedule()).unwrap();
    expected
}

#[test]
fn an_offer_has_its_terms_and_the_principal_in_escrow() {
    let mut stage = Stage::new();
    paused_before(&mut stage);
    stage.offer(ALL_TERMS, RIDER);
    same(&stage.credit, &offered(&stage));
}

#[test]
fn units_that_go_live_bring_debt_index_covenant_and_expiry() {
    let mut stage = Stage::new();
    let clock = paused_before(&mut stage);
    stage.provider.next_index = 3;
    stage.offer(ALL_TERMS, RIDER);
    stage.accept();
    stage.issue();
    let mut expected = Credit {
        status: Status::Active.byte(),
        blockable: 1,
        has_index: 1,
        claims: VaultClaims::default(),
        issued_at: clock.market,
        debt: Debt { principal: 100 * USDC, accrued_at: clock.market, ..Debt::zeroed() },
        covenant: CovenantState { measured_at: START, apr_bps: 1_000, ..CovenantState::default() },
        units_expire_at: clock.market + 200 * DAY,
        ..offered(&stage)
    };
    expected.collateral.granted = 1_000_000;
    (expected.meter.index, expected.meter.reported_at) = (3, START);
    same(&stage.credit, &expected);
    assert_eq!((stage.provider.next_index, stage.provider.outstanding_units), (4, 1_000_000));
}

#[test]
fn a_lot_has_the_units_the_terms_and_the_next_number() {
    let mut stage = defaulted();
    let clock = paused_before(&mut stage);
    for index in 0..2 {
        let lot = seize(&mut stage, UnitBounds::exactly(400_000));
        let expected = Lot {
            version: 1,
            bump: 250,
            index,
            market: MARKET,
            credit: CREDIT,
            provider: PROVIDER,
            lender: LENDER,
            rent_payer: PAYER,
            units: 400_000,
            units_left: 400_000,
            start_price: LOT_TERMS.start_price,
            floor_price: LOT_TERMS.floor_price,
            opened_at: clock.market,
            window: LOT_TERMS.window,
            ..Lot::zeroed()
        };
        same(&lot, &expected);
        assert_eq!((stage.credit.lots_opened, stage.credit.lots_open), (index + 1, index + 1));
    }
}

#[test]
fn units_without_a_lender_keep_provider_expiry_and_the_wider_bounds() {
    let mut stage = Stage::issued(Rider::default());
    stage.credit.units_expire_at = START + 90 * DAY;
    let clock = paused_before(&mut stage);
    let new = NewUnrestricted { owner: BUYER, rent_payer: PAYER, bump: 251 };
    let mut owned = Credit::zeroed();
    owned.open_unrestricted(&stage.credit, new, &mut stage.provider, &clock).unwrap();
    let mut expected = Credit {
        version: 1,
        status: Status::Repaid.byte(),
        bump: 251,
        has_index: 1,
        lender: PROVIDER,
        borrower: BUYER,
        provider: PROVIDER,
        market: MARKET,
        nonce: (START + 90 * DAY) as u64,
        issued_at: clock.market,
        debt: Debt { accrued_at: clock.market, ..Debt::zeroed() },
        rent_payer: PAYER,
        units_expire_at: START + 90 * DAY,
        ..Credit::zeroed()
    };
    (expected.meter.index, expected.meter.reported_at) = (1, START);
    same(&owned, &expected);

    for (rate, longest_job) in [(1_000, 50), (900, 60)] {
        (stage.credit.terms.max_units_per_second, stage.credit.terms.longest_job) = (rate, longest_job);
        owned.receive_units(&stage.credit, LOT, 300).unwrap();
    }
    (expected.terms.max_units_per_second, expected.terms.longest_job) = (1_000, 60);
    (expected.collateral.granted, expected.collateral.released) = (600, 600);
    same(&owned, &expected);
}
