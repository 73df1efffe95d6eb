//! The instructions that parties sign, each with what its signer has read and with the test that it did no worse.

use {
    super::world::*,
    crate::{
        actions::{
            BorrowerLimits, CancelSigners, LoanRead, Notice, OfferRead, PurchaseLimits, Quote,
            RestructureLimits, Sale, ThawBounds, UnitBounds,
        },
        auction,
        state::{Credit, Instalment, MarketSettings, ProviderSettings, TermBounds, Terms},
        tests::stage::*,
        transitions::Status,
    },
    anchor_lang::prelude::Pubkey,
};

/// Lands the signature on a later state. Errors: the refusal. Returns true when the signer is no worse off than it states.
type Late = Box<dyn Fn(World) -> anchor_lang::Result<bool>>;

/// A signature, and the state that its signer has read.
pub(super) struct Signed {
    pub name: &'static str,
    pub read: World,
    pub late: Late,
}

/// Every instruction that a party signs and that could do the party harm.
pub(super) fn all() -> Vec<Signed> {
    let mut all = of_offers();
    all.extend(of_payments());
    all.extend(of_agreements());
    all.extend(of_lenders());
    all.extend(of_recovery());
    all.extend(of_holdbacks());
    all.extend(of_roles());
    all
}

fn signed(
    name: &'static str,
    read: World,
    late: impl Fn(&mut World) -> anchor_lang::Result<bool> + 'static,
) -> Signed {
    Signed { name, read, late: Box::new(move |mut world| late(&mut world)) }
}

fn of_offers() -> Vec<Signed> {
    let offer = |world: &World| OfferRead::from_credit(&world.credit);
    let (to_accept, to_issue) = (offer(&offered()), offer(&issuable()));
    let is_read = |credit: &Credit, read: OfferRead| {
        (credit.terms_hash, credit.offer_slot) == (read.terms_hash, read.slot)
    };
    let cancel = |signer| {
        move |world: &mut World| {
            let (in_vault, clock) = (world.credit.owed_from_vault()?, world.clock());
            let payout = world.credit.cancel(&signer, SLOT, in_vault, &clock)?;
            Ok(payout.amount == TERMS.principal && world.credit.offer_slot == SLOT)
        }
    };
    vec![
        signed("accept", offered(), move |world| {
            let clock = world.clock();
            world.credit.accept(&BORROWER, to_accept, &clock)?;
            Ok(is_read(&world.credit, to_accept))
        }),
        signed("issue", issuable(), move |world| {
            let clock = world.clock();
            let payout = world.credit.issue(&mut world.provider, to_issue, &clock)?;
            let granted = world.credit.collateral.granted;
            Ok(is_read(&world.credit, to_issue) && (payout.amount, granted) == (TERMS.principal, TERMS.units))
        }),
        signed("cancel by the lender", accepted(), cancel(LENDER)),
        signed("cancel by the borrower", accepted(), cancel(BORROWER)),
    ]
}

fn of_payments() -> Vec<Signed> {
    let read = |worst_status| LoanRead { offer_slot: SLOT, worst_status };
    let repay = move |worst_status, must_cure: bool| {
        move |world: &mut World| {
            let before = world.credit;
            read(worst_status).require(&before)?;
            world.pay(BORROWER, 51 * USDC)?;
            if must_cure {
                world.credit.require_cured()?;
            }
            let cured = world.credit.status()? <= Status::Active || world.credit.status()? == Status::Repaid;
            let releases = before.status()? != Status::Seizing;
            Ok(before.offer_slot == SLOT && releases && (cured || !must_cure))
        }
    };
    vec![
        signed("repay while it releases", defaulted(), repay(Status::Defaulted, false)),
        signed("repay to cure", defaulted(), repay(Status::Defaulted, true)),
        signed("repay to cure a delinquency", delinquent(), repay(Status::Delinquent, true)),
        signed("fund the reserve", accepted(), move |world| {
            read(Status::Active).require(&world.credit)?;
            let clock = world.clock();
            let amount = world.credit.begin_funding(10 * USDC, &clock)?;
            world.credit.receive_funding(BUYER, amount)?;
            let held = world.credit.reserve_held;
            Ok(world.credit.offer_slot == SLOT
                && held <= RIDER.reserve
                && world.credit.status()? <= Status::Active)
        }),
    ]
}

/// The restructuring that lender and borrower sign: three instalments at 8 %.
fn restructuring(read: World) -> Signed {
    let limits = RestructureLimits::from_credit(&read.accrued()).unwrap();
    let limits = RestructureLimits { most_debt: limits.most_debt + USDC, least_lien: 100_000, ..limits };
    let principal = read.accrued().debt.principal;
    signed("restructure", read, move |world| {
        let parts = [principal / 3, principal / 3, principal - 2 * (principal / 3)];
        let instalment = |(day, principal)| Instalment { due_after: day * DAY as u32, principal };
        let schedule: Vec<_> = [30, 60, 90].into_iter().zip(parts).map(instalment).collect();
        let (before, clock) = (world.accrued(), world.clock());
        let terms = Terms { apr_bps: 800, ..TERMS };
        world.credit.restructure(terms, schedule, &limits, &TermBounds::PRODUCTION, false, &clock)?;
        let credit = &world.credit;
        let as_signed = credit.principal_due.iter().zip(parts).all(|(due, signed)| *due <= signed);
        let kept = before.offer_slot == SLOT && before.restructurings == limits.restructurings;
        let status = before.status()? <= limits.read.worst_status;
        let lien = before.collateral.lien() >= limits.least_lien;
        Ok(as_signed && kept && status && lien && credit.debt.total() <= limits.most_debt)
    })
}

fn of_agreements() -> Vec<Signed> {
    let purchase = PurchaseLimits::from_credit(&active().accrued()).unwrap();
    let place = BorrowerLimits::from_credit(&handing_over().accrued()).unwrap();
    vec![
        restructuring(active()),
        restructuring(delinquent()),
        signed("take the loan", active(), move |world| {
            let (clock, before) = (world.clock(), world.accrued());
            world.credit.accept_lender(&BUYER, &purchase, &clock)?;
            let amounts = before.debt.total() >= purchase.least_debt
                && before.collateral.lien() >= purchase.least_lien
                && before.collateral.frozen() <= purchase.most_frozen;
            let terms = before.terms_hash == purchase.terms_hash && before.offer_slot == SLOT;
            let parties =
                world.credit.borrower == BORROWER && world.credit.pending_borrower == Pubkey::default();
            Ok(amounts && terms && parties && before.status()? == Status::Active && before.claims.lender == 0)
        }),
        signed("take the borrower's place", handing_over(), move |world| {
            let (clock, before) = (world.clock(), world.accrued());
            world.credit.accept_borrower(&BUYER, &place, &clock)?;
            let amounts = before.debt.total() <= place.most_debt
                && before.collateral.available() >= place.least_available;
            let terms = before.terms_hash == place.terms_hash && before.offer_slot == SLOT;
            let status = before.status()?;
            Ok(amounts && terms && (status == Status::Active || status == Status::Repaid))
        }),
    ]
}

fn of_lenders() -> Vec<Signed> {
    let bounds = ThawBounds { most: 300_000, keep: 400_000 };
    let debt = defaulted().accrued().debt.total();
    let give = |least_status| {
        move |world: &mut World| {
            let (status, clock) = (world.credit.status()?, world.clock());
            let notice = Notice { document: [9; 32], offer_slot: SLOT, least_status };
            world.credit.give_notice(&LENDER, notice, &clock)?;
            Ok(world.credit.offer_slot == SLOT && status >= least_status)
        }
    };
    vec![
        signed("waive a fee", World { now: START + 62 * DAY, ..delinquent() }, |world| {
            let (before, clock) = (world.accrued(), world.clock());
            world.credit.waive_fee(&LENDER, USDC, &clock)?;
            Ok(before.debt.total() - world.credit.debt.total() <= USDC)
        }),
        signed("thaw", delinquent(), move |world| {
            let before = world.credit.collateral.frozen();
            world.credit.thaw(&LENDER, bounds)?;
            let after = world.credit.collateral.frozen();
            Ok(before - after <= bounds.most && after >= bounds.keep)
        }),
        signed("give notice", delinquent(), give(Status::Delinquent)),
        signed("give notice in any status", active(), give(Status::Active)),
        signed("withdraw the notice", noticed(), |world| {
            let (given_at, clock) = (START + DAY, world.clock());
            let stands = world.credit.defaulted_at;
            world.credit.withdraw_notice(&LENDER, given_at, &clock)?;
            Ok(stands == given_at)
        }),
        signed("write off", defaulted(), move |world| {
            let (before, clock) = (world.accrued(), world.clock());
            world.credit.write_off(&LENDER, SLOT, debt, &mut world.provider, &clock)?;
            Ok(before.offer_slot == SLOT && before.debt.total() <= debt)
        }),
    ]
}

fn of_recovery() -> Vec<Signed> {
    let amount = UnitBounds { least: 100_000, most: 500_000 };
    let left = repaid().credit.collateral.remaining();
    let within = move |units| (amount.least..=amount.most).contains(&units);
    vec![
        signed("seize", defaulted(), move |world| {
            let seized = world.credit.collateral.seized;
            world.seize(amount)?;
            Ok(within(world.credit.collateral.seized - seized))
        }),
        signed("take over", defaulted(), move |world| {
            let (before, clock) = (world.accrued(), world.clock());
            let (units, _) = world.credit.take_over(CREDIT, amount, &clock)?;
            let worth = before.value_paid(units)?.min(before.debt.total());
            Ok(within(units) && before.debt.total() - world.credit.debt.total() == worth)
        }),
        signed("buy of a lot", seizing(), move |world| {
            let clock = world.clock();
            let Quote { units, cost } = world.lot.quote(&world.credit, &BUYER, amount, 100 * USDC, &clock)?;
            let sale = Sale { lot: LOT, buyer: BUYER, units, cost };
            world.credit.sell(&mut world.lot, sale, 200, &clock)?;
            let dearest = auction::cost(units, 100 * USDC)?;
            Ok(within(units) && cost <= dearest)
        }),
        signed("close a credit", repaid(), move |world| {
            let (before, clock) = (world.credit.collateral.remaining(), world.clock());
            // The lot is closed, the claims are collected and the vault is removed in the same transaction.
            world.credit.lots_open = 0;
            world.credit.vault_closed = 1;
            world.credit.close(&BORROWER, left, &mut world.provider, &clock)?;
            Ok(before <= left)
        }),
    ]
}

/// Cancels of lender and borrower, and the provider's agreement to wait for its holdback.
fn of_holdbacks() -> Vec<Signed> {
    let amount = UnitBounds { least: 100_000, most: 500_000 };
    let cancel = move |borrower, worst_status| {
        move |world: &mut World| {
            let (before, clock) = (world.accrued(), world.clock());
            let read = LoanRead { offer_slot: SLOT, worst_status };
            let signers = CancelSigners { signer: LENDER, borrower };
            let World { credit, provider, market, .. } = world;
            credit.cancel_locked(signers, amount, read, provider, market, &clock)?;
            let units = credit.collateral.cancelled - before.collateral.cancelled;
            let paid =
                before.debt.total() - credit.debt.total() + credit.claims.borrower - before.claims.borrower;
            let price = before.holdback().price_floor(units)?;
            let is_read = before.offer_slot == SLOT && before.status()? <= worst_status;
            Ok(is_read && (amount.least..=amount.most).contains(&units) && paid >= price)
        }
    };
    let agreed = suspended_with_holdback();
    let limits = RestructureLimits::from_credit(&agreed.accrued()).unwrap();
    let limits = RestructureLimits { most_debt: limits.most_debt + USDC, least_lien: 100_000, ..limits };
    let principal = agreed.accrued().debt.principal;
    vec![
        signed("cancel in default", defaulted_with_holdback(), cancel(None, Status::Defaulted)),
        signed("cancel together", agreed, cancel(Some(BORROWER), Status::Active)),
        signed("wait for the holdback", agreed, move |world| {
            let (before, clock) = (world.accrued(), world.clock());
            let schedule = vec![Instalment { due_after: 400 * DAY as u32, principal }];
            let terms = before.terms;
            world.credit.restructure(terms, schedule, &limits, &TermBounds::PRODUCTION, true, &clock)?;
            let waits_until = clock.market + (400 + 5 + 10) * DAY;
            let kept = before.offer_slot == SLOT && before.restructurings == limits.restructurings;
            Ok(kept && world.credit.cancel_opens_at() == waits_until)
        }),
    ]
}

fn of_roles() -> Vec<Signed> {
    let read = active();
    let mut of_provider = read;
    let looser = ProviderSettings { max_units_per_second: 2_000, ..settings() };
    of_provider.provider.propose_change(&OPERATOR, &looser, &read.market, &read.clock()).unwrap();
    of_provider.provider.offer_authority(&OPERATOR, BUYER, &read.market, &read.clock()).unwrap();
    of_provider.now += 2 * DAY;
    let (ready_at, most) = (of_provider.provider.change_ready_at, read.provider.outstanding_units);
    let mut of_market = read;
    let fee = MarketSettings { redistribution_fee_bps: 300, ..read.market.settings() };
    of_market.market.propose_change(&ADMIN, fee, &read.clock()).unwrap();
    of_market.now += 2 * DAY;
    let market_ready_at = of_market.market.change_ready_at;
    let mut paused = read;
    paused.market.pause(&GUARDIAN, 600, &read.clock()).unwrap();
    let began_at = paused.market.paused_at;
    vec![
        signed("apply a provider's change", of_provider, move |world| {
            let clock = world.clock();
            world.provider.apply_change(&OPERATOR, ready_at, &clock)?;
            Ok(world.provider.settings == looser)
        }),
        signed("take a provider over", of_provider, move |world| {
            let clock = world.clock();
            world.provider.accept_authority(&BUYER, most, &clock)?;
            Ok(world.provider.outstanding_units <= most)
        }),
        signed("apply a market's change", of_market, move |world| {
            let clock = world.clock();
            world.market.apply_change(&ADMIN, market_ready_at, &clock)?;
            Ok(world.market.settings() == fee)
        }),
        signed("end a pause", paused, move |world| {
            let (clock, stands) = (world.clock(), world.market.paused_at);
            world.market.unpause(&ADMIN, began_at, &clock)?;
            Ok(stands == began_at)
        }),
    ]
}
