//! Rights that a party has now and nobody exercises for it: a cancel of covered units, a freeze. Each is found by the program's
//! own function on a copy of the credit.

use {
    crate::{
        finding::{Fact, Finding, Parties},
        plan::{causes, now::Now},
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MarketTime, MicroUsd, Units},
        events::Change,
        program::{
            actions::{CancelSigners, CrossCredit, LoanRead, UnitBounds},
            state::{Credit, FreezeReason},
            transitions::Status,
        },
    },
    std::{collections::BTreeMap, sync::Arc},
};

/// Credits in default or being seized, by lender and borrower: those that others can be frozen for.
type Broken<'a> = BTreeMap<(Pubkey, Pubkey), Vec<(&'a Pubkey, &'a Credit)>>;

/// Finds the rights on all credits of the market.
pub(super) fn findings(now: &Now) -> Vec<Finding> {
    let broken = broken(now);
    let of_one = |(address, credit): (&Pubkey, &Arc<Credit>)| {
        let parties = Parties { lender: credit.lender, borrower: credit.borrower };
        let facts = rights(now, &broken, address, credit);
        let address = *address;
        facts.into_iter().map(move |fact| Finding::is(address, fact).between(parties))
    };
    now.snapshot.credits.iter().flat_map(of_one).collect()
}

/// Finds the rights on one credit.
pub(super) fn of_credit(now: &Now, address: &Pubkey, credit: &Credit) -> Vec<Fact> {
    rights(now, &broken(now), address, credit)
}

fn broken<'a>(now: &Now<'a>) -> Broken<'a> {
    let mut broken = Broken::new();
    for (address, credit) in &now.snapshot.credits {
        if matches!(Status::from_byte(credit.status), Some(Status::Defaulted | Status::Seizing)) {
            broken.entry((credit.lender, credit.borrower)).or_default().push((address, credit));
        }
    }
    broken
}

fn rights(now: &Now, broken: &Broken, address: &Pubkey, credit: &Credit) -> Vec<Fact> {
    let of_this_market = credit.market == now.snapshot.market_key;
    let Some(status) =
        Status::from_byte(credit.status).filter(|status| of_this_market && status.is_secured())
    else {
        return Vec::new();
    };
    let cancel = (credit.holdback_left > 0).then(|| cancel(now, address, credit, status)).flatten();
    let cross = cross_default(broken, address, credit, status, now.market);
    let reserve = reserve_short(now, credit, status);
    [cancel, cross, reserve].into_iter().flatten().collect()
}

/// A cancel of covered units: by the lender in default, by lender and borrower together before it.
fn cancel(now: &Now, address: &Pubkey, credit: &Credit, status: Status) -> Option<Fact> {
    if causes::vault_is_frozen(now, address) {
        return None;
    }
    let provider = now.snapshot.providers.get(&credit.provider)?;
    let mut given_back = *provider;
    let mut copy = *credit;
    let signers = CancelSigners { signer: credit.lender, borrower: Some(credit.borrower) };
    let read = LoanRead { offer_slot: credit.offer_slot, worst_status: Status::Seizing };
    let market = &now.snapshot.market;
    let done =
        copy.cancel_locked(signers, UnitBounds::ALL, read, &mut given_back, market, &now.clock).ok()?;
    let Change::LockedCancelled { units, paid, .. } = done else { return None };
    let (units, pays) = (Units(units), MicroUsd(paid));
    Some(match status {
        Status::Defaulted | Status::Seizing => {
            let anybody_from = now.chain_time(MarketTime(credit.cancel_opens_at()));
            Fact::LenderCancel { units, pays, anybody_from }
        }
        _ => {
            let since = now.chain_time(MarketTime(provider.admin_suspended_at));
            Fact::JointCancel { provider: credit.provider, since, units, pays }
        }
    })
}

/// A freeze for the default of another credit of the same parties.
fn cross_default(
    broken: &Broken,
    address: &Pubkey,
    credit: &Credit,
    status: Status,
    now: MarketTime,
) -> Option<Fact> {
    let freezable = open_of_lien(credit)?;
    let same_parties = broken.get(&(credit.lender, credit.borrower))?;
    // The first will do: one borrower can have many loans in default, and each of them is held against all the others.
    let (other, state) = same_parties.iter().find(|(other, _)| *other != address)?;
    let cross = CrossCredit { key: **other, credit: state };
    credit.require_may_freeze(FreezeReason::CrossDefault, status, Some(cross), now.get()).ok()?;
    Some(Fact::CrossDefault { other: **other, freezable })
}

/// A freeze while a drawn reserve is short past its grace, where the policy alone would not allow one.
fn reserve_short(now: &Now, credit: &Credit, status: Status) -> Option<Fact> {
    let freezable = open_of_lien(credit)?;
    let is_overdue = credit.reserve_is_overdue(now.market.get()).ok()?;
    (is_overdue && !credit.policy_allows(status).ok()?).then(|| Fact::ReserveShort {
        held: MicroUsd(credit.reserve_held),
        agreed: MicroUsd(credit.rider.reserve),
        since: now.chain_time(MarketTime(credit.reserve_drawn_at)),
        freezable,
    })
}

/// Units of the lien that are neither locked nor frozen; `None` for none.
fn open_of_lien(credit: &Credit) -> Option<Units> {
    let open = Units(credit.collateral.freezable()).saturating_sub(Units(credit.collateral.frozen()));
    (!open.is_zero()).then_some(open)
}
