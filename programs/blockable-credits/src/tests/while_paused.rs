//! A pause stops every action but payments, freezes, thaws and those of an emergency.

use {
    super::{changes::LOT_TERMS, stage::*, *},
    crate::{
        actions::{
            CancelSigners, FreezeAmount, LoanRead, NewLot, NewProvider, OfferRead, RestructureLimits,
            ThawBounds, UnitBounds, VerifiedReports,
        },
        errors::BlockableError::{self, MarketPaused},
        state::{
            Credit, FreezePolicy, FreezeReason, Lot, Market, MarketSettings, Party, Provider,
            ProviderSettings, Rider,
        },
        transitions::Status,
    },
    anchor_lang::{Result, prelude::Pubkey},
};

type OnCredit = fn(&mut Credit, &MarketClock) -> Result<()>;
type OnMarket = fn(&mut Market, &MarketClock) -> Result<()>;
type OnProvider = fn(&mut Provider, &Market, &MarketClock) -> Result<()>;

const NEW_LOT: NewLot = NewLot { key: LOT, bump: 250, credit: CREDIT, rent_payer: PAYER };

/// Actions on a loan, each in a status that allows it.
const ON_CREDIT: &[(&str, Status, OnCredit)] = &[
    ("accept", Status::Offered, |c, clock| c.accept(&BORROWER, OfferRead::from_credit(c), clock).map(drop)),
    ("issue", Status::Accepted, |c, clock| {
        c.issue(&mut Stage::new().provider, OfferRead::from_credit(c), clock).map(drop)
    }),
    ("cancel", Status::Offered, |c, clock| c.cancel(&LENDER, SLOT, 100 * USDC, clock).map(drop)),
    ("fund the reserve", Status::Active, |c, clock| c.begin_funding(1, clock).map(drop)),
    ("draw the reserve", Status::Active, |c, clock| c.draw_reserve(CREDIT, clock).map(drop)),
    ("mark delinquent", Status::Active, |c, clock| c.mark_delinquent(clock).map(drop)),
    ("mark defaulted", Status::Delinquent, |c, clock| c.mark_defaulted(clock).map(drop)),
    ("give notice", Status::Active, |c, clock| c.give_notice(&LENDER, NOTICE, clock).map(drop)),
    ("withdraw notice", Status::Defaulted, |c, clock| c.withdraw_notice(&LENDER, 0, clock).map(drop)),
    ("waive a fee", Status::Active, |c, clock| c.waive_fee(&LENDER, 1, clock).map(drop)),
    ("write off", Status::Defaulted, |c, clock| {
        c.write_off(&LENDER, SLOT, u64::MAX, &mut Provider::zeroed(), clock).map(drop)
    }),
    ("cancel locked units", Status::Defaulted, |c, clock| {
        let (signers, read) = (CancelSigners { signer: LENDER, borrower: None }, LoanRead::from_credit(c)?);
        let Stage { mut provider, market, .. } = Stage::new();
        c.cancel_locked(signers, UnitBounds::ALL, read, &mut provider, &market, clock).map(drop)
    }),
    ("offer the loan", Status::Active, |c, clock| c.offer_lender(&LENDER, SLOT, BUYER, clock).map(drop)),
    ("withdraw the loan", Status::Active, |c, clock| {
        c.offer_lender(&LENDER, SLOT, Pubkey::default(), clock).map(drop)
    }),
    ("name a freezer", Status::Active, |c, clock| {
        c.set_freeze_authority(&LENDER, SLOT, BUYER, clock).map(drop)
    }),
    ("restructure", Status::Active, |c, clock| {
        let (terms, limits) = (c.terms, RestructureLimits::from_credit(c)?);
        c.restructure(terms, schedule(), &limits, &Stage::new().market.bounds, false, clock).map(drop)
    }),
    ("seize", Status::Seizing, |c, clock| {
        let (mut lot, bounds) = (Lot::zeroed(), Stage::new().market.bounds);
        c.seize_to_lot(&mut lot, NEW_LOT, UnitBounds::ALL, LOT_TERMS, &bounds, clock).map(drop)
    }),
    ("take over", Status::Seizing, |c, clock| c.take_over(key(9), UnitBounds::ALL, clock).map(drop)),
    ("buy", Status::Seizing, |c, clock| {
        let lot = Lot { units_left: 1, start_price: 1, floor_price: 1, ..Lot::zeroed() };
        lot.quote(c, &BUYER, UnitBounds::ALL, u64::MAX, clock).map(drop)
    }),
    ("close a lot", Status::Seizing, |c, clock| c.close_lot(&Lot::zeroed(), LOT, &LENDER, clock).map(drop)),
    ("collect", Status::Active, |c, clock| c.collect(Party::Lender, LENDER, clock).map(drop)),
    ("close the vault", Status::Repaid, |c, clock| c.close_vault(0, clock).map(drop)),
    ("close", Status::Repaid, |c, clock| {
        let mut provider = Provider { outstanding_units: 1_000_000, ..Provider::zeroed() };
        c.close(&BORROWER, u64::MAX, &mut provider, clock).map(drop)
    }),
];

/// Actions that a pause does not stop.
const ALLOWED: &[(&str, Status, OnCredit)] = &[
    ("pay", Status::Active, |c, clock| c.begin_payment(1, clock).map(drop)),
    ("freeze", Status::Active, |c, clock| {
        c.freeze(&LENDER, FreezeAmount::All, FreezeReason::Risk, None, clock).map(drop)
    }),
    ("freeze by anyone", Status::Defaulted, |c, clock| c.auto_freeze(CREDIT, clock).map(drop)),
    ("thaw", Status::Active, |c, _| {
        c.collateral.frozen_for_other = 1;
        c.thaw(&LENDER, ThawBounds::ALL).map(drop)
    }),
    ("thaw for cross-default", Status::Active, |c, _| {
        c.collateral.frozen_for_cross = 1;
        c.thaw_cross(None).map(drop)
    }),
];

const ON_MARKET: &[(&str, OnMarket)] = &[
    ("propose a change", |m, clock| {
        let settings = MarketSettings { redistribution_fee_bps: 1, ..m.settings() };
        m.propose_change(&ADMIN, settings, clock).map(drop)
    }),
    ("apply a change", |m, clock| m.apply_change(&ADMIN, 1, clock).map(drop)),
    ("cancel a change", |m, clock| m.cancel_change(&ADMIN, 1, clock).map(drop)),
    ("offer the admin's role", |m, clock| m.offer_admin(&ADMIN, BUYER, clock).map(drop)),
    ("take the admin's role", |m, clock| {
        (m.pending_admin, m.pending_admin_ready_at) = (BUYER, clock.market);
        m.accept_admin(&BUYER, clock).map(drop)
    }),
    ("lift a halt", |m, clock| m.lift_halt(&ADMIN, m.halted_at, clock).map(drop)),
];

const ON_PROVIDER: &[(&str, OnProvider)] = &[
    ("register", |_, _, clock| {
        let new = NewProvider { bump: 1, market: MARKET, authority: OPERATOR, cluster_tag: CLUSTER_TAG };
        Provider::zeroed().register(new, 1, &settings(), clock)
    }),
    ("propose", |p, m, clock| {
        let tighter = ProviderSettings { longest_job: 1, ..settings() };
        p.propose_change(&OPERATOR, &tighter, m, clock)
    }),
    ("apply", |p, _, clock| p.apply_change(&OPERATOR, 1, clock)),
    ("cancel", |p, _, clock| p.cancel_change(&OPERATOR, 1, clock)),
    ("set the capacity", |p, _, clock| p.set_capacity(&OPERATOR, u64::MAX, clock)),
    ("offer the authority", |p, m, clock| p.offer_authority(&OPERATOR, BUYER, m, clock)),
    ("take the authority", |p, _, clock| {
        (p.pending_authority, p.pending_authority_ready_at) = (BUYER, clock.market);
        p.accept_authority(&BUYER, u64::MAX, clock)
    }),
    ("suspend", |p, m, clock| p.suspend(&OPERATOR, m, clock)),
    ("resume", |p, m, clock| p.resume(&OPERATOR, m, clock)),
    ("meter", |p, _, clock| VerifiedReports::verify(p, &scope(1), &[], *clock).map(drop)),
];

/// A loan with every optional term in a market that is paused; not accepted yet where the status says so.
fn paused() -> (Stage, MarketClock) {
    let mut stage = Stage::issued(Rider { breach_notice: 1, ..NO_RIDER });
    stage.credit.terms.freeze_policy = FreezePolicy::AtWill as u8;
    (stage.credit.notice_given, stage.credit.rider.reserve) = (1, 10);
    let clock = stage.clock();
    stage.market.pause(&GUARDIAN, 60, &clock).unwrap();
    let clock = stage.clock();
    (stage, clock)
}

fn with_status(credit: &Credit, status: Status) -> Credit {
    Credit { status: status.byte(), ..*credit }
}

#[test]
fn loans_markets_and_providers_wait_for_the_end_of_a_pause() {
    let (stage, clock) = paused();
    let refused: Result<()> = Err(BlockableError::into(MarketPaused));
    for (name, status, act) in ON_CREDIT {
        assert_eq!(act(&mut with_status(&stage.credit, *status), &clock), refused, "{name}");
    }
    for (name, act) in ON_MARKET {
        assert_eq!(act(&mut { stage.market }, &clock), refused, "{name}");
    }
    for (name, act) in ON_PROVIDER {
        assert_eq!(act(&mut { stage.provider }, &stage.market, &clock), refused, "{name}");
    }
}

#[test]
fn payments_freezes_and_thaws_go_on() {
    let (stage, clock) = paused();
    for (name, status, act) in ALLOWED {
        assert_eq!(act(&mut with_status(&stage.credit, *status), &clock), Ok(()), "{name}");
    }
}
