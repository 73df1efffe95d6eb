//! The use of a borrower at other providers. Pure.

use {crate::watch::measure::Measure, blockable_sdk::Pubkey, std::collections::BTreeMap};

/// For every borrower, the credit that was used last, and the credit that was used last at any other provider.
pub(super) struct Elsewhere<'a>(BTreeMap<Pubkey, (&'a Measure, Option<&'a Measure>)>);

impl<'a> Elsewhere<'a> {
    /// Groups credits by borrower.
    pub(super) fn new(measures: &'a BTreeMap<Pubkey, Measure>) -> Elsewhere<'a> {
        let mut latest: BTreeMap<Pubkey, (&Measure, Option<&Measure>)> = BTreeMap::new();
        for measure in measures.values().filter(|measure| measure.burn_rate > 0.0) {
            let Some((first, second)) = latest.get_mut(&measure.borrower) else {
                latest.insert(measure.borrower, (measure, None));
                continue;
            };
            let is_later = measure.used_at > first.used_at;
            match (is_later, measure.provider == first.provider) {
                (true, true) => *first = measure,
                (true, false) => *second = Some(std::mem::replace(first, measure)),
                (false, true) => {}
                (false, false) if second.is_none_or(|second| measure.used_at > second.used_at) => {
                    *second = Some(measure);
                }
                (false, false) => {}
            }
        }
        Elsewhere(latest)
    }

    /// The credit of the same borrower that was used last at another provider.
    pub(super) fn at_another_provider(&self, measure: &Measure) -> Option<&'a Measure> {
        let (first, second) = self.0.get(&measure.borrower)?;
        if first.provider == measure.provider { *second } else { Some(first) }
    }
}
