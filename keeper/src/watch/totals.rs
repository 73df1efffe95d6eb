//! Sums over the loans of each lender, and of the market, in series that are coarser with age.

use {
    crate::{
        store::{
            StoreError,
            columns::{signed, unsigned},
        },
        watch::{
            Measure, Resolution,
            samples::{Keep, SERIES_MAX},
        },
    },
    blockable_sdk::{
        Pubkey,
        amounts::{ChainTime, MicroUsd},
    },
    rusqlite::{Connection, Transaction, params},
    std::collections::BTreeMap,
};

/// Most old sums that one round of retention removes; more come with the next.
const REMOVED_AT_ONCE: i64 = 10_000;

/// Sums over loans at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Loans in any status.
    pub loans: u64,
    /// Principal owed.
    pub principal: MicroUsd,
    /// Everything owed.
    pub debt: MicroUsd,
    /// Payments that would make all loans current.
    pub arrears: MicroUsd,
    /// Value of the units under lien.
    pub lien_value: MicroUsd,
    /// Of that what covers a debt: the value of each lien, up to the debt that it secures.
    pub covered: MicroUsd,
}

impl Totals {
    fn add(&mut self, loan: &Measure) {
        self.loans = self.loans.saturating_add(1);
        self.principal = self.principal.saturating_add(loan.principal);
        self.debt = self.debt.saturating_add(loan.debt);
        self.arrears = self.arrears.saturating_add(loan.arrears);
        self.lien_value = self.lien_value.saturating_add(loan.lien_value);
        self.covered = self.covered.saturating_add(loan.lien_value.min(loan.debt));
    }
}

/// Sums up the loans of each lender, and all of them under the market's address.
pub(super) fn sum<'a>(
    market: Pubkey,
    measures: impl Iterator<Item = &'a Measure>,
) -> BTreeMap<Pubkey, Totals> {
    let mut sums = BTreeMap::from([(market, Totals::default())]);
    // A provider that lends to itself has units without a loan.
    for loan in measures.filter(|measure| measure.lender != measure.provider) {
        for key in [market, loan.lender] {
            sums.entry(key).or_default().add(loan);
        }
    }
    sums
}

/// Writes sums into their intervals of every resolution, over what was there.
pub(super) fn write(
    tx: &Transaction,
    sums: &BTreeMap<Pubkey, Totals>,
    at: ChainTime,
) -> Result<(), StoreError> {
    let mut statement =
        tx.prepare_cached("INSERT OR REPLACE INTO totals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
    for (key, totals) in sums {
        for resolution in Resolution::ALL {
            statement.execute(params![
                key.to_bytes(),
                resolution.seconds(),
                resolution.interval(at).get(),
                signed(totals.loans),
                signed(totals.principal.get()),
                signed(totals.debt.get()),
                signed(totals.arrears.get()),
                signed(totals.lien_value.get()),
                signed(totals.covered.get()),
            ])?;
        }
    }
    Ok(())
}

/// Removes sums that are too old, a bounded number of them at once.
pub(super) fn retain(tx: &Transaction, keep: Keep, now: ChainTime) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "DELETE FROM totals WHERE (lender, resolution, at) IN (
            SELECT lender, resolution, at FROM totals WHERE resolution = ? AND at < ? LIMIT ?)",
    )?;
    for (resolution, kept) in [(Resolution::Fine, keep.fine), (Resolution::Hour, keep.hourly)] {
        let before = now.plus_seconds(kept.saturating_neg()).get();
        statement.execute(params![resolution.seconds(), before, REMOVED_AT_ONCE])?;
    }
    Ok(())
}

/// Reads the sums of a lender, or of the market by its address, from one time until before another, oldest first, each with the
/// beginning of its interval, up to [`SERIES_MAX`]. Errors: [`StoreError`].
pub(crate) fn series(
    connection: &Connection,
    key: &Pubkey,
    from: ChainTime,
    until: ChainTime,
    resolution: Resolution,
) -> Result<Vec<(ChainTime, Totals)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT at, loans, principal, debt, arrears, lien_value, covered FROM totals
         WHERE lender = ? AND resolution = ? AND at >= ? AND at < ? ORDER BY at LIMIT ?",
    )?;
    let asked = params![key.to_bytes(), resolution.seconds(), from.get(), until.get(), SERIES_MAX];
    let rows = statement.query_map(asked, |row| {
        let money = |column| unsigned(row, column).map(MicroUsd);
        let totals = Totals {
            loans: unsigned(row, 1)?,
            principal: money(2)?,
            debt: money(3)?,
            arrears: money(4)?,
            lien_value: money(5)?,
            covered: money(6)?,
        };
        Ok((ChainTime(row.get(0)?), totals))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use {super::*, crate::store::in_memory};

    #[test]
    fn old_sums_are_removed_and_daily_ones_stay() {
        let mut connection = in_memory();
        let (key, day) = (Pubkey::new_from_array([1; 32]), 86_400);
        let tx = connection.transaction().unwrap();
        for hour in 0..48 {
            let totals = Totals { loans: hour, ..Totals::default() };
            let at = ChainTime(i64::try_from(hour).unwrap() * 3_600);
            write(&tx, &BTreeMap::from([(key, totals)]), at).unwrap();
        }
        let now = ChainTime(2 * day);
        retain(&tx, Keep { fine: 3_600, hourly: day }, now).unwrap();
        let left = |resolution| {
            let found = series(&tx, &key, ChainTime(0), now, resolution).unwrap();
            found.into_iter().map(|(at, totals)| (at.get(), totals.loans)).collect::<Vec<_>>()
        };
        assert_eq!(left(Resolution::Fine), [(47 * 3_600, 47)]);
        assert_eq!(left(Resolution::Hour).len(), 24);
        assert_eq!(left(Resolution::Day), [(0, 23), (day, 47)], "the last of each day");
    }
}
