//! Payments and agreements between parties.

use {
    super::{Signed, equal, on_credit},
    crate::{
        actions::{BorrowerLimits, LoanRead, PurchaseLimits, RestructureLimits},
        errors::{BlockableError, ensure},
        state::{Credit, Instalment, Party, Terms},
        tests::{stage::*, stale::world::*},
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

pub(super) fn all() -> Vec<Signed> {
    let place = BorrowerLimits::from_credit(&handing_over().accrued()).unwrap();
    vec![
        repay("while it releases", defaulted(), Status::Defaulted, false),
        repay("to cure", defaulted(), Status::Defaulted, true),
        repay("to cure a delinquency", delinquent(), Status::Delinquent, true),
        repay("to cure a loan whose units are used", used_up(), Status::Defaulted, true),
        on_credit("reserve_fund", "", accepted(), |world| {
            LoanRead { offer_slot: SLOT, worst_status: Status::Active }.require(&world.credit)?;
            world.fund(10 * USDC)?;
            let held = world.credit.reserve_held;
            let status = world.credit.status()?;
            Ok(world.credit.offer_slot == SLOT && held <= RIDER.reserve && status <= Status::Active)
        }),
        restructuring("an active loan", active()),
        restructuring("a delinquent loan", delinquent()),
        accept_lender("", active()),
        accept_lender("of a loan with a holdback", offered_with_holdback()),
        on_credit("credit_accept_borrower", "", handing_over(), move |world| {
            let (clock, before) = (world.clock(), world.accrued());
            world.credit.accept_borrower(&BUYER, &place, &clock)?;
            let amounts = before.debt.total() <= place.most_debt
                && before.collateral.available() >= place.least_available;
            let terms = before.terms_hash == place.terms_hash && before.offer_slot == SLOT;
            let status = before.status()?;
            Ok(amounts && terms && (status == Status::Active || status == Status::Repaid))
        }),
        on_credit("credit_offer_lender", "", issued(), |world| {
            let (before, clock) = (world.credit, world.clock());
            world.credit.offer_lender(&LENDER, SLOT, BUYER, &clock)?;
            let offered = Credit { pending_lender: BUYER, ..before };
            let as_read = before.offer_slot == SLOT && before.lender == LENDER;
            Ok(as_read && equal(&world.credit, &offered) && !clock.is_halted)
        }),
        on_credit("credit_offer_borrower", "", active(), |world| {
            let (before, clock, delay) = (world.credit, world.clock(), world.market.change_delay);
            // Both parties sign.
            ensure(before.borrower == BORROWER, BlockableError::NotBorrower)?;
            ensure(before.lender == LENDER, BlockableError::NotLender)?;
            world.credit.offer_borrower(SLOT, key(61), delay, &clock)?;
            let (to, ready_at) = (world.credit.pending_borrower, world.credit.pending_borrower_ready_at);
            let kept = Credit { pending_lender: Pubkey::default(), ..before };
            let offered = Credit { pending_borrower: key(61), pending_borrower_ready_at: ready_at, ..kept };
            let waits = ready_at - clock.market >= 2 * DAY;
            Ok(before.offer_slot == SLOT && to == key(61) && waits && equal(&world.credit, &offered))
        }),
        withdraw_place("by the lender", LENDER),
        withdraw_place("by the borrower", BORROWER),
        collect("of a known claim", 26 * USDC),
        collect("of whatever there is", 0),
        collect_for_the_provider(10 * USDC),
    ]
}

/// The buyer takes the loan as it has read it, or one that is better for a lender.
fn accept_lender(case: &'static str, read: World) -> Signed {
    let limits = PurchaseLimits::from_credit(&read.accrued()).unwrap();
    on_credit("credit_accept_lender", case, read, move |world| {
        let (clock, before) = (world.clock(), world.accrued());
        world.credit.accept_lender(&BUYER, &limits, &clock)?;
        let amounts = before.debt.total() >= limits.least_debt
            && before.collateral.lien() >= limits.least_lien
            && before.holdback_left >= limits.least_holdback
            && before.collateral.frozen() <= limits.most_frozen
            && before.collateral.locked() <= limits.most_locked
            && before.apr_bps() >= limits.least_apr_bps;
        let terms = before.terms_hash == limits.terms_hash && before.offer_slot == SLOT;
        let parties = world.credit.borrower == BORROWER && world.credit.pending_borrower == Pubkey::default();
        Ok(amounts && terms && parties && before.status()? == Status::Active && before.claims.lender == 0)
    })
}

fn repay(case: &'static str, read: World, worst_status: Status, must_cure: bool) -> Signed {
    on_credit("credit_repay", case, read, move |world| {
        let before = world.credit;
        LoanRead { offer_slot: SLOT, worst_status }.require(&before)?;
        world.pay(BORROWER, 52 * USDC)?;
        if must_cure {
            world.credit.require_cured()?;
        }
        let cured = world.credit.status()? <= Status::Active || world.credit.status()? == Status::Repaid;
        let releases = before.status()? != Status::Seizing;
        Ok(before.offer_slot == SLOT && releases && (cured || !must_cure))
    })
}

/// The restructuring that lender and borrower sign: three instalments at 8 %.
fn restructuring(case: &'static str, read: World) -> Signed {
    let limits = RestructureLimits::from_credit(&read.accrued()).unwrap();
    let limits = RestructureLimits { most_debt: limits.most_debt + USDC, least_lien: 100_000, ..limits };
    let principal = read.accrued().debt.principal;
    on_credit("credit_restructure", case, read, move |world| {
        let parts = [principal / 3, principal / 3, principal - 2 * (principal / 3)];
        let instalment = |(day, principal)| Instalment { due_after: day * DAY as u32, principal };
        let schedule: Vec<_> = [30, 60, 90].into_iter().zip(parts).map(instalment).collect();
        let (before, clock, bounds) = (world.accrued(), world.clock(), world.market.bounds);
        let terms = Terms { apr_bps: 800, ..LOAN };
        world.credit.restructure(terms, schedule, &limits, &bounds, false, &clock)?;
        let credit = &world.credit;
        let as_signed = credit.principal_due.iter().zip(parts).all(|(due, signed)| *due <= signed);
        let kept = before.offer_slot == SLOT && before.restructurings == limits.restructurings;
        let status = before.status()? <= limits.read.worst_status;
        let lien = before.collateral.lien() >= limits.least_lien;
        Ok(as_signed && kept && status && lien && credit.debt.total() <= limits.most_debt)
    })
}

/// A withdrawal changes nothing but the offer of the place.
fn withdraw_place(case: &'static str, signer: Pubkey) -> Signed {
    on_credit("credit_withdraw_borrower", case, handing_over(), move |world| {
        let (before, clock) = (world.credit, world.clock());
        world.credit.withdraw_borrower(&signer, &clock)?;
        let kept = Credit { pending_borrower: Pubkey::default(), pending_borrower_ready_at: 0, ..before };
        Ok(equal(&world.credit, &kept))
    })
}

/// The lender collects into an account of its own. With a least of 0 it succeeds also where there is nothing to collect.
fn collect(case: &'static str, least: u64) -> Signed {
    on_credit("vault_collect", case, paid(), move |world| {
        let (before, clock) = (world.credit, world.clock());
        if !before.has_claim(Party::Lender, least)? {
            return Ok(least == 0);
        }
        ensure(before.lender == LENDER, BlockableError::DestinationNotAllowed)?;
        let payout = world.credit.collect(Party::Lender, key(108), &clock)?;
        let mut kept = before;
        kept.claims.lender = 0;
        let in_full = payout.amount == before.claims.lender && payout.amount >= least;
        Ok(in_full && equal(&world.credit, &kept))
    })
}

/// The provider's claim goes to the payout account that the signer has read, all of it and no less than was asked for.
fn collect_for_the_provider(least: u64) -> Signed {
    let read = earned();
    let payout = read.provider.settings.payout;
    on_credit("vault_collect", "of the provider's claim", read, move |world| {
        let (before, clock) = (world.credit, world.clock());
        if !before.has_claim(Party::Provider, least)? {
            return Ok(false);
        }
        ensure(world.provider.open_payout()? == payout, BlockableError::DestinationNotAllowed)?;
        let paid = world.credit.collect(Party::Provider, payout, &clock)?;
        let mut kept = before;
        kept.claims.provider = 0;
        let in_full = paid.amount == before.claims.provider && paid.amount >= least;
        Ok(in_full && world.provider.suspended & 2 == 0 && equal(&world.credit, &kept))
    })
}
