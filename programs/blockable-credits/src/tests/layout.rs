//! Offsets as accounts on chain have them: programs, filters and indexers of others depend on each one.

use crate::state::{
    Collateral, CovenantState, Credit, Debt, FreezeRecord, Lot, Market, Meter, Provider, ProviderSettings,
    Reporter, Rider, TermBounds, Terms, VaultClaims,
};

macro_rules! assert_layout {
    ($account:ident, $size:literal, { $($field:ident: $offset:literal),* $(,)? }) => {
        // Naming every field makes a new one fail to compile until it has its line here.
        let _ = |value: &$account| {
            let $account { $($field: _),* } = value;
        };
        $(assert_eq!(core::mem::offset_of!($account, $field), $offset, stringify!($field));)*
        assert_eq!(size_of::<$account>(), $size);
        assert_published(stringify!($account), $size, &[$((stringify!($field), $offset)),*]);
    };
}

/// Requires that docs/accounts.md lists each field at its offset. Accounts begin with their discriminator there.
fn assert_published(account: &str, size: usize, fields: &[(&str, usize)]) {
    let page = include_str!("../../../../docs/accounts.md");
    let sections = page.split("\n#").map(|section| section.trim_start_matches(['#', ' ']));
    let section = sections.filter(|section| section.lines().next() == Some(account)).collect::<String>();
    let is_account = ["Market", "Provider", "Credit", "Lot"].contains(&account);
    let discriminator = if is_account { 8 } else { 0 };
    let digits = section.replace(',', "");
    assert!(digits.contains(&format!("{} bytes.", size + discriminator)), "{account}: {section}");
    for (field, offset) in fields {
        let line = format!("\n| {} | `{field}` | ", offset + discriminator);
        assert!(digits.contains(&line), "docs/accounts.md lacks {account}.{field} at {offset}");
    }
}

/// Offsets without the eight bytes of the discriminator, which comes first in an account.
#[test]
fn a_credit_is_laid_out_as_published() {
    assert_layout!(Credit, 1_528, {
        version: 0,
        status: 1,
        blockable: 2,
        bump: 3,
        vault_closed: 4,
        freeze_reason: 5,
        instalment_count: 6,
        has_index: 7,
        lender: 8,
        borrower: 40,
        provider: 72,
        market: 104,
        freeze_authority: 136,
        vault: 168,
        nonce: 200,
        terms_hash: 208,
        terms: 240,
        debt: 360,
        collateral: 432,
        meter: 512,
        claims: 592,
        principal_repaid: 632,
        recovered: 640,
        issued_at: 648,
        defaulted_at: 656,
        event_seq: 664,
        event_hash: 672,
        lots_opened: 704,
        lots_open: 708,
        due_after: 712,
        principal_due: 856,
        pending_lender: 1_144,
        original_lender: 1_176,
        pending_borrower: 1_208,
        original_borrower: 1_240,
        rent_payer: 1_272,
        pending_borrower_ready_at: 1_304,
        offer_slot: 1_312,
        rider: 1_320,
        covenant: 1_360,
        reserve_held: 1_384,
        reserve_drawn_at: 1_392,
        holdback_left: 1_400,
        units_expire_at: 1_408,
        restructured_at: 1_416,
        frozen_at_market: 1_424,
        paused_at_offer: 1_432,
        capitalised: 1_440,
        cross_credit: 1_448,
        restructurings: 1_480,
        notice_given: 1_482,
        padding: 1_483,
        earlier_freeze: 1_488,
        reserved: 1_512,
    });
}

#[test]
fn an_account_has_room_for_its_discriminator_and_no_more() {
    assert_eq!((Market::SPACE, Provider::SPACE), (584, 1_064));
    assert_eq!((Credit::SPACE, Lot::SPACE), (1_536, 264));
}

#[test]
fn a_market_is_laid_out_as_published() {
    assert_layout!(Market, 576, {
        version: 0,
        bump: 1,
        is_test: 2,
        decimals: 3,
        redistribution_fee_bps: 4,
        padding: 6,
        id: 8,
        admin: 16,
        guardian: 48,
        payment_mint: 80,
        token_program: 112,
        treasury: 144,
        paused_seconds: 176,
        paused_at: 184,
        pause_expires_at: 192,
        bounds: 200,
        pending_admin: 256,
        proposed_treasury: 288,
        proposed_bounds: 320,
        change_ready_at: 376,
        change_delay: 384,
        proposed_delay: 388,
        pause_day: 392,
        proposed_fee_bps: 396,
        padding2: 398,
        paused_on: 400,
        provider_delay: 464,
        proposed_provider_delay: 468,
        halted_at: 472,
        halt_lifts_at: 480,
        pending_admin_ready_at: 488,
        proposed_guardian: 496,
        min_suspension: 528,
        proposed_min_suspension: 532,
        reserved: 536,
    });
}

#[test]
fn a_provider_is_laid_out_as_published() {
    assert_layout!(Provider, 1_056, {
        version: 0,
        bump: 1,
        suspended: 2,
        padding: 3,
        epoch: 8,
        next_index: 12,
        market: 16,
        authority: 48,
        cluster_tag: 80,
        pending_authority: 112,
        pending_authority_ready_at: 144,
        epoch_began_at: 152,
        capacity_units: 160,
        outstanding_units: 168,
        closed_overrun: 176,
        change_ready_at: 184,
        admin_suspended_at: 192,
        settings: 200,
        proposed: 600,
        reserved: 1_000,
    });
    assert_layout!(ProviderSettings, 400, {
        reporters: 0,
        payout: 320,
        price_list_hash: 352,
        max_units_per_second: 384,
        longest_job: 392,
        reporter_count: 396,
        quorum: 397,
        chunk_size: 398,
        reserved: 399,
    });
    assert_layout!(Reporter, 40, {
        key: 0,
        expires_at: 32,
    });
}

#[test]
fn a_lot_is_laid_out_as_published() {
    assert_layout!(Lot, 256, {
        version: 0,
        bump: 1,
        padding: 2,
        index: 4,
        market: 8,
        credit: 40,
        provider: 72,
        lender: 104,
        rent_payer: 136,
        units: 168,
        units_left: 176,
        start_price: 184,
        floor_price: 192,
        proceeds: 200,
        opened_at: 208,
        window: 216,
        padding2: 220,
        reserved: 224,
    });
}

#[test]
fn the_parts_of_a_loan_are_laid_out_as_published() {
    assert_layout!(Terms, 120, {
        principal: 0,
        units: 8,
        unlocked_ahead: 16,
        holdback: 24,
        late_fee: 32,
        offer_expires_at: 40,
        max_units_per_second: 48,
        delinquency_grace: 56,
        default_grace: 60,
        cure_period: 64,
        unit_lifetime: 68,
        longest_job: 72,
        apr_bps: 76,
        holdback_apr_bps: 78,
        freeze_policy: 80,
        auto_freeze: 81,
        reserved: 82,
        reporters_hash: 88,
    });
    assert_layout!(Debt, 72, {
        principal: 0,
        schedule_paid: 8,
        interest_due: 16,
        interest_accrued: 24,
        interest_remainder: 32,
        late_fees: 40,
        accrued_at: 48,
        arrears_since: 56,
        instalments_billed: 64,
        instalments_late_checked: 65,
        reserved: 66,
    });
    assert_layout!(Collateral, 80, {
        granted: 0,
        consumed: 8,
        seized: 16,
        expired: 24,
        cancelled: 32,
        released: 40,
        locked_at_issue: 48,
        frozen_for_payment: 56,
        frozen_for_other: 64,
        frozen_for_cross: 72,
    });
    assert_layout!(Meter, 80, {
        cumulative: 0,
        in_flight: 8,
        overrun: 16,
        promised: 24,
        lapsed: 32,
        closed_before: 40,
        promised_at: 48,
        frozen_at_chain: 56,
        reported_at: 64,
        index: 72,
        reserved: 76,
    });
}

#[test]
fn the_other_parts_of_accounts_are_laid_out_as_published() {
    assert_layout!(Rider, 40, {
        planned_units: 0,
        reserve: 8,
        covenant_window: 16,
        high_bps: 20,
        low_bps: 22,
        apr_step_bps: 24,
        apr_floor_bps: 26,
        apr_ceiling_bps: 28,
        top_up_bps: 30,
        pay_in_kind_bps: 32,
        breach_notice: 34,
        cross_default: 35,
        reserved: 36,
    });
    assert_layout!(CovenantState, 24, {
        measured_at: 0,
        consumed: 8,
        apr_bps: 16,
        began_frozen: 18,
        reserved: 19,
    });
    assert_layout!(FreezeRecord, 24, {
        closed_before: 0,
        at_chain: 8,
        at_market: 16,
    });
    assert_layout!(VaultClaims, 40, {
        escrow: 0,
        lender: 8,
        borrower: 16,
        treasury: 24,
        provider: 32,
    });
    assert_layout!(TermBounds, 56, {
        min_principal: 0,
        max_principal: 8,
        min_instalment_interval: 16,
        max_term: 20,
        min_delinquency_grace: 24,
        min_default_grace: 28,
        min_cure_period: 32,
        min_lot_window: 36,
        max_lot_window: 40,
        max_apr_bps: 44,
        max_late_fee_bps: 46,
        min_start_price_bps: 48,
        max_start_price_bps: 50,
        min_floor_price_bps: 52,
        reserved: 54,
    });
}
