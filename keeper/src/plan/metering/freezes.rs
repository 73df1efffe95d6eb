//! Freezes that wait for the reports from before them.

use {
    super::Member,
    crate::plan::now::Now,
    blockable_sdk::{
        amounts::ChainTime,
        program::state::{Credit, Provider},
    },
    std::collections::BTreeMap,
};

/// Finds the first freeze of a credit that reports from before it still count for and none has come up to.
pub(super) fn awaited_freeze(now: &Now, provider: &Provider, credit: &Credit) -> Option<ChainTime> {
    credit.awaited_freeze(provider.epoch_began_at, now.market.get()).map(ChainTime)
}

/// Groups the credits of a chunk by the freeze that they wait for; none for most.
pub(super) fn by_awaited_freeze<'a>(
    now: &Now,
    provider: &Provider,
    members: Vec<Member<'a>>,
) -> BTreeMap<Option<ChainTime>, Vec<Member<'a>>> {
    let mut groups: BTreeMap<Option<ChainTime>, Vec<Member>> = BTreeMap::new();
    for member in members {
        groups.entry(awaited_freeze(now, provider, member.credit)).or_default().push(member);
    }
    groups
}
