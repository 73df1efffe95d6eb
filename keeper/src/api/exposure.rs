//! The spread of debt over providers, borrowers and maturities.

use {
    crate::{
        values::{Address, UsdAmount},
        watch::Measure,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd},
    },
    serde::Serialize,
    std::{cmp::Reverse, collections::BTreeMap},
    utoipa::ToSchema,
};

/// Most parts of a spread that are named.
const MOST: usize = 20;

/// The spread of debt.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Exposure {
    /// By provider, the greatest first, up to twenty.
    pub(crate) providers: Vec<PartyExposure>,
    /// By borrower, the greatest first, up to twenty.
    pub(crate) borrowers: Vec<PartyExposure>,
    /// By the month of the last instalment, the earliest first.
    pub(crate) maturities: Vec<MonthExposure>,
}

/// Debt with one provider or borrower.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PartyExposure {
    /// The provider's account, or the borrower.
    pub(crate) party: Address,
    /// Loans with a debt.
    pub(crate) loans: u64,
    /// Everything owed.
    pub(crate) debt: UsdAmount,
}

/// Debt whose last instalment falls due in one month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MonthExposure {
    /// The month in UTC; none for loans that have not begun.
    #[schema(pattern = "^-?[0-9]{4,6}-[0-9]{2}$", example = "2027-06")]
    pub(crate) month: Option<String>,
    /// Loans with a debt.
    pub(crate) loans: u64,
    /// Everything owed.
    pub(crate) debt: UsdAmount,
}

impl Exposure {
    /// Sums up loans.
    pub(crate) fn new(loans: &[&Measure]) -> Exposure {
        let owed: Vec<&Measure> = loans.iter().copied().filter(|loan| !loan.debt.is_zero()).collect();
        let maturities = sum(&owed, |loan| loan.matures_at.map(month)).into_iter();
        Exposure {
            providers: by_party(&owed, |loan| loan.provider),
            borrowers: by_party(&owed, |loan| loan.borrower),
            maturities: maturities
                .map(|(month, (loans, debt))| MonthExposure { month, loans, debt: UsdAmount(debt) })
                .collect(),
        }
    }
}

fn sum<K: Ord>(loans: &[&Measure], key: impl Fn(&Measure) -> K) -> BTreeMap<K, (u64, MicroUsd)> {
    let mut sums: BTreeMap<K, (u64, MicroUsd)> = BTreeMap::new();
    for loan in loans {
        let (count, debt) = sums.entry(key(loan)).or_default();
        *count = count.saturating_add(1);
        *debt = debt.saturating_add(loan.debt);
    }
    sums
}

fn by_party(loans: &[&Measure], key: impl Fn(&Measure) -> Pubkey) -> Vec<PartyExposure> {
    let mut sums: Vec<_> = sum(loans, key).into_iter().collect();
    sums.sort_by_key(|(party, (_, debt))| (Reverse(*debt), *party));
    let named = sums.into_iter().take(MOST);
    named
        .map(|(party, (loans, debt))| PartyExposure { party: Address(party), loans, debt: UsdAmount(debt) })
        .collect()
}

/// The month of a time, in UTC.
fn month(at: ChainTime) -> String {
    let time = jiff::Timestamp::from_second(at.get()).unwrap_or(jiff::Timestamp::MAX);
    time.strftime("%Y-%m").to_string()
}
