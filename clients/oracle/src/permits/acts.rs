//! The program's decision about each act of a case: its actions on copies of the accounts, after the checks that its
//! instructions make of accounts before them.

use {
    super::Case,
    crate::value::{Figure, object},
    anchor_lang::error::Error,
    blockable_sdk::{
        Pubkey,
        program::{
            actions::{CancelSigners, CrossCredit, NewLot, Quote, Sale},
            errors::{BlockableError, ensure},
            events::Change,
            instructions::{BorrowerLimits, LoanRead, Notice, OfferRead, PurchaseLimits},
            state::{Collateral, Credit, MarketClock, Party},
            transitions::{Action, Status, next},
        },
    },
    bytemuck::Zeroable,
    serde_json::{Map, Value},
};

type Decision = Result<Value, Error>;
/// Decides on an act of a case.
type Decide = fn(&mut Case, &MarketClock) -> Decision;

/// The decision about every act, by its name.
pub(super) fn decide(case: &Case) -> Value {
    let acts: [(&str, Decide); 28] = [
        ("freeze", freeze),
        ("autoFreeze", auto_freeze),
        ("thaw", thaw),
        ("thawCross", thaw_cross),
        ("giveNotice", give_notice),
        ("withdrawNotice", withdraw_notice),
        ("restructure", restructure),
        ("writeOff", write_off),
        ("seize", seize),
        ("takeOver", take_over),
        ("cancelLocked", cancel_locked),
        ("buy", buy),
        ("closeLot", close_lot),
        ("collect", collect),
        ("cancelOffer", cancel_offer),
        ("expireUnits", expire_units),
        ("closeVault", close_vault),
        ("close", close),
        ("accept", accept),
        ("repay", repay),
        ("cure", cure),
        ("fundReserve", fund_reserve),
        ("drawReserve", draw_reserve),
        ("markDelinquent", mark_delinquent),
        ("markDefaulted", mark_defaulted),
        ("waiveFee", waive_fee),
        ("offerLoan", offer_loan),
        ("takeLoan", take_loan),
    ];
    let places: [(&str, Decide); 3] = [
        ("setFreezeAuthority", set_freeze_authority),
        ("takePlace", take_place),
        ("withdrawPlace", withdraw_place),
    ];
    let decided = acts.into_iter().chain(places).map(|(name, act)| {
        let clock = case.market.clock_at(case.now).map_err(BlockableError::from);
        let decision = clock.map_err(Error::from).and_then(|clock| act(&mut case.clone(), &clock));
        (name.to_string(), decision.json())
    });
    Value::Object(decided.collect::<Map<_, _>>())
}

/// The units that a freeze or a thaw changes.
fn change_of_units(before: &Collateral, after: &Collateral) -> Value {
    let units = before.frozen().abs_diff(after.frozen());
    object([("units", &units), ("frozen", &after.frozen()), ("available", &after.available())])
}

fn nothing() -> Decision {
    Ok(object([]))
}

fn freeze(case: &mut Case, clock: &MarketClock) -> Decision {
    let before = case.credit.collateral;
    let cross = CrossCredit { key: case.other_key, credit: &case.other };
    let cross = case.signs_too.then_some(cross);
    case.credit.freeze(&case.party, case.freeze, case.reason, cross, clock)?;
    Ok(change_of_units(&before, &case.credit.collateral))
}

fn auto_freeze(case: &mut Case, clock: &MarketClock) -> Decision {
    let before = case.credit.collateral;
    case.credit.auto_freeze(Pubkey::default(), clock)?;
    Ok(change_of_units(&before, &case.credit.collateral))
}

fn thaw(case: &mut Case, _: &MarketClock) -> Decision {
    let before = case.credit.collateral;
    case.credit.thaw(&case.party, case.thaw)?;
    Ok(change_of_units(&before, &case.credit.collateral))
}

fn thaw_cross(case: &mut Case, _: &MarketClock) -> Decision {
    let before = case.credit.collateral;
    case.credit.thaw_cross(case.signs_too.then_some(&case.other))?;
    Ok(change_of_units(&before, &case.credit.collateral))
}

fn require_payable(case: &Case) -> Result<(), Error> {
    ensure(!case.vault_is_frozen, BlockableError::VaultFrozen)
}

fn give_notice(case: &mut Case, clock: &MarketClock) -> Decision {
    require_payable(case)?;
    let offer_slot = case.credit.offer_slot;
    let notice = Notice { document: [0; 32], offer_slot, least_status: case.least_status };
    case.credit.give_notice(&case.party, notice, clock)?;
    let until = clock.market.saturating_add(i64::from(case.credit.terms.cure_period));
    Ok(object([("debt", &case.credit.debt.total()), ("cureUntil", &until)]))
}

fn withdraw_notice(case: &mut Case, clock: &MarketClock) -> Decision {
    let (before, given_at) = (case.credit.collateral, case.credit.defaulted_at);
    case.credit.withdraw_notice(&case.party, given_at, clock)?;
    Ok(change_of_units(&before, &case.credit.collateral))
}

/// New terms have rules of their own: only the rules on the loan's state are here.
fn restructure(case: &mut Case, clock: &MarketClock) -> Decision {
    let is_party = case.party == case.credit.lender || case.party == case.credit.borrower;
    ensure(is_party, BlockableError::NotParty)?;
    clock.require_open()?;
    case.credit.accrue(clock.market)?;
    ensure(next(Action::Restructure, case.credit.status()?).is_some(), BlockableError::WrongStatus)?;
    nothing()
}

fn write_off(case: &mut Case, clock: &MarketClock) -> Decision {
    let offer_slot = case.credit.offer_slot;
    let change = case.credit.write_off(&case.party, offer_slot, case.most_debt, &mut case.provider, clock)?;
    let Change::WrittenOff { debt, cancelled, paid, .. } = change else { return nothing() };
    Ok(object([("units", &cancelled), ("paid", &paid), ("debt", &debt)]))
}

fn seize(case: &mut Case, clock: &MarketClock) -> Decision {
    case.credit.require_lender(&case.party)?;
    require_payable(case)?;
    let new =
        NewLot { key: Pubkey::default(), bump: 0, credit: Pubkey::default(), rent_payer: Pubkey::default() };
    let mut lot = Zeroable::zeroed();
    let bounds = case.market.bounds;
    case.credit.seize_to_lot(&mut lot, new, case.amount, case.lot_terms, &bounds, clock)?;
    Ok(object([("units", &lot.units)]))
}

fn take_over(case: &mut Case, clock: &MarketClock) -> Decision {
    case.credit.require_lender(&case.party)?;
    require_payable(case)?;
    let (units, change) = case.credit.take_over(Pubkey::default(), case.amount, clock)?;
    let Change::TakenOver { value, debt, .. } = change else { return nothing() };
    Ok(object([("units", &units), ("value", &value), ("debtLeft", &debt)]))
}

fn cancel_locked(case: &mut Case, clock: &MarketClock) -> Decision {
    require_payable(case)?;
    let borrower = case.signs_too.then_some(case.credit.borrower);
    let signers = CancelSigners { signer: case.party, borrower };
    let read = read(&case.credit)?;
    let (provider, market) = (&mut case.provider, &case.market);
    let change = case.credit.cancel_locked(signers, case.amount, read, provider, market, clock)?;
    let Change::LockedCancelled { units, paid, .. } = change else { return nothing() };
    Ok(object([("units", &units), ("paid", &paid)]))
}

/// The loan as it is. For a status of a later version, the open market comes first in the program.
fn read(credit: &Credit) -> Result<LoanRead, Error> {
    let worst_status = credit.status().unwrap_or(Status::Closed);
    Ok(LoanRead { offer_slot: credit.offer_slot, worst_status })
}

fn buy(case: &mut Case, clock: &MarketClock) -> Decision {
    let Case { credit, lot, party, amount, max_price, .. } = case;
    let Quote { units, cost } = lot.quote(credit, party, *amount, *max_price, clock)?;
    let mut price = lot.price_at(clock.market).map_err(BlockableError::from)?;
    if *party == credit.lender || *party == lot.lender {
        price = price.max(credit.price_paid()?);
    }
    let sale = Sale { lot: Pubkey::default(), buyer: *party, units, cost };
    credit.sell(lot, sale, case.market.redistribution_fee_bps, clock)?;
    Ok(object([("units", &units), ("price", &price), ("cost", &cost)]))
}

fn close_lot(case: &mut Case, clock: &MarketClock) -> Decision {
    // A case need not count its lot among the open ones.
    case.credit.lots_open = 1;
    case.credit.close_lot(&case.lot, Pubkey::default(), &case.party, clock)?;
    Ok(object([("returned", &case.lot.units_left)]))
}

fn collect(case: &mut Case, clock: &MarketClock) -> Decision {
    if !case.credit.has_claim(case.claim, case.least)? {
        return Ok(object([("amount", &0u64)]));
    }
    if case.claim == Party::Provider {
        case.provider.open_payout()?;
    }
    let payout = case.credit.collect(case.claim, Pubkey::default(), clock)?;
    Ok(object([("amount", &payout.amount)]))
}

fn cancel_offer(case: &mut Case, clock: &MarketClock) -> Decision {
    let slot = case.credit.offer_slot;
    if case.signs_too {
        case.credit.cancel_to_claim(&case.party, slot, clock)?;
    } else {
        let _payout = case.credit.cancel(&case.party, slot, u64::MAX, clock)?;
    }
    nothing()
}

fn expire_units(case: &mut Case, clock: &MarketClock) -> Decision {
    let Change::Expired { units, .. } = case.credit.expire_units(clock)? else { return nothing() };
    Ok(object([("units", &units)]))
}

fn close_vault(case: &mut Case, clock: &MarketClock) -> Decision {
    let _payout = case.credit.close_vault(0, clock)?;
    nothing()
}

fn close(case: &mut Case, clock: &MarketClock) -> Decision {
    let change = case.credit.close(&case.party, case.most_units, &mut case.provider, clock)?;
    let Change::Closed { given_up } = change else { return nothing() };
    Ok(object([("givenUp", &given_up)]))
}

fn accept(case: &mut Case, clock: &MarketClock) -> Decision {
    let read = OfferRead::from_credit(&case.credit);
    case.credit.accept(&case.party, read, clock)?;
    nothing()
}

fn repay(case: &mut Case, clock: &MarketClock) -> Decision {
    pay(case, case.pay, case.must_cure, clock)
}

fn pay(case: &mut Case, amount: u64, must_cure: bool, clock: &MarketClock) -> Decision {
    let credit = &mut case.credit;
    read(credit)?.require(credit)?;
    let paid = credit.begin_payment(amount, clock)?;
    credit.receive_payment(case.party, paid)?;
    if must_cure {
        credit.require_cured()?;
    }
    Ok(object([("paid", &paid), ("statusAfter", &credit.status), ("debtLeft", &credit.debt.total())]))
}

/// The payment that makes the loan current: what is due, or the whole debt under a notice or after a seizure.
fn cure(case: &mut Case, clock: &MarketClock) -> Decision {
    ensure(next(Action::Pay, case.credit.status()?).is_some(), BlockableError::NothingOwed)?;
    let mut now = case.credit;
    now.accrue(clock.market)?;
    let takes_all = now.notice_given == 1 || now.status()? == Status::Seizing;
    let due = if takes_all { now.debt.total() } else { now.arrears() };
    ensure(due > 0, BlockableError::NotInArrears)?;
    pay(case, due, true, clock)
}

fn fund_reserve(case: &mut Case, clock: &MarketClock) -> Decision {
    read(&case.credit)?.require(&case.credit)?;
    let amount = case.credit.begin_funding(case.pay, clock)?;
    case.credit.receive_funding(case.party, amount)?;
    Ok(object([("amount", &amount)]))
}

fn draw_reserve(case: &mut Case, clock: &MarketClock) -> Decision {
    let held = case.credit.reserve_held;
    let claims = case.credit.claims.borrower;
    case.credit.draw_reserve(Pubkey::default(), clock)?;
    // Where the draw pays the loan off, the rest has become the borrower's claim.
    let returned = case.credit.claims.borrower.saturating_sub(claims);
    let amount = held.saturating_sub(case.credit.reserve_held).saturating_sub(returned);
    Ok(object([("amount", &amount)]))
}

fn mark_delinquent(case: &mut Case, clock: &MarketClock) -> Decision {
    case.credit.mark_delinquent(clock)?;
    Ok(object([("arrears", &case.credit.arrears())]))
}

fn mark_defaulted(case: &mut Case, clock: &MarketClock) -> Decision {
    case.credit.mark_defaulted(clock)?;
    Ok(object([("arrears", &case.credit.arrears())]))
}

fn waive_fee(case: &mut Case, clock: &MarketClock) -> Decision {
    let change = case.credit.waive_fee(&case.party, case.pay, clock)?;
    let Change::FeeWaived { amount, .. } = change else { return nothing() };
    Ok(object([("amount", &amount)]))
}

fn offer_loan(case: &mut Case, clock: &MarketClock) -> Decision {
    let slot = case.credit.offer_slot;
    case.credit.offer_lender(&case.party, slot, case.to, clock)?;
    nothing()
}

fn take_loan(case: &mut Case, clock: &MarketClock) -> Decision {
    let mut now = case.credit;
    // A debt out of range is refused by the act itself, behind the checks that come first.
    let _ = now.accrue(clock.market);
    now.status = now.status.min(Status::Closed.byte());
    let limits = PurchaseLimits::from_credit(&now)?;
    case.credit.accept_lender(&case.party, &limits, clock)?;
    nothing()
}

fn set_freeze_authority(case: &mut Case, clock: &MarketClock) -> Decision {
    let slot = case.credit.offer_slot;
    case.credit.set_freeze_authority(&case.party, slot, case.to, clock)?;
    nothing()
}

fn take_place(case: &mut Case, clock: &MarketClock) -> Decision {
    let mut now = case.credit;
    let _ = now.accrue(clock.market);
    now.status = now.status.min(Status::Closed.byte());
    let limits = BorrowerLimits::from_credit(&now)?;
    case.credit.accept_borrower(&case.party, &limits, clock)?;
    nothing()
}

fn withdraw_place(case: &mut Case, clock: &MarketClock) -> Decision {
    case.credit.withdraw_borrower(&case.party, clock)?;
    nothing()
}
