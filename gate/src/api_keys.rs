//! The parts of API keys that are kept: the keys that a borrower made next to its first one, and the lowest generation that is good.
//!
//! The gate only keeps them, in the store that is backed up with the use of each key; the server makes and checks them.

use {
    crate::{
        Gate, StoreError,
        store::{read_key, read_units, to_integer},
        usage::DAY_US,
    },
    blockable_sdk::{Pubkey, amounts::Units},
    rusqlite::{Connection, Row, params},
};

/// The time in which a budget can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetPeriod {
    /// From the making of the key.
    Total,
    /// Each day, in UTC.
    Day,
    /// Each calendar month, in UTC.
    Month,
}

impl BudgetPeriod {
    fn name(self) -> &'static str {
        match self {
            BudgetPeriod::Total => "total",
            BudgetPeriod::Day => "day",
            BudgetPeriod::Month => "month",
        }
    }

    fn from_name(name: &str) -> BudgetPeriod {
        match name {
            "day" => BudgetPeriod::Day,
            "month" => BudgetPeriod::Month,
            _ => BudgetPeriod::Total,
        }
    }
}

/// Units that a key may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyBudget {
    /// The units.
    pub units: Units,
    /// The time in which they can be used.
    pub period: BudgetPeriod,
}

/// A key that the borrower of a credit made for a team or an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The credit that pays.
    pub credit: Pubkey,
    /// The borrower that made it. Where its place is handed over, the key ends.
    pub owner: Pubkey,
    /// Its name, also in the usage log.
    pub name: String,
    /// Rises each time that the key is replaced; only the last one is good.
    pub version: u32,
    /// The generation of the credit's keys that its last text is of. Where a higher one is in force, that text is void.
    pub generation: u32,
    /// Rises at each change of the key: of two states the one with the higher number is the later one.
    pub revision: u32,
    /// Units that it may use; `None` for no budget of its own.
    pub budget: Option<KeyBudget>,
    /// Requests that it may make in a minute; `None` for no limit of its own.
    pub requests_per_minute: Option<u32>,
    /// Units that it may use in a minute; `None` for no limit of its own.
    pub units_per_minute: Option<Units>,
    /// Milliseconds since 1970 at which it was made.
    pub created_ms: i64,
    /// Milliseconds since 1970 from which it is void; `None` for no end.
    pub expires_ms: Option<i64>,
    /// True once it has been revoked, for good.
    pub is_revoked: bool,
}

/// All that is kept of API keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredKeys {
    /// Keys that borrowers made.
    pub keys: Vec<StoredKey>,
    /// The lowest generation that is good, of credits whose borrower replaced its keys.
    pub generations: Vec<(Pubkey, u32)>,
}

impl Gate {
    /// Reads what is kept of API keys. Errors: [`StoreError`].
    pub async fn api_keys(&self) -> Result<StoredKeys, StoreError> {
        self.read(read_all).await
    }

    /// Records a key as it is from now on. Survives a loss of power: a key that was revoked stays so. Errors: [`StoreError`].
    pub async fn put_api_key(&self, key: StoredKey) -> Result<(), StoreError> {
        self.write_for_good(move |connection| put(connection, &key)).await
    }

    /// Raises the lowest generation of a credit's keys that is good. It never falls. Returns the one in force.
    /// Errors: [`StoreError`].
    pub async fn raise_key_generation(&self, credit: &Pubkey, lowest: u32) -> Result<u32, StoreError> {
        let credit = *credit;
        let sql = "INSERT INTO key_generations VALUES (?1, ?2)
                   ON CONFLICT (credit) DO UPDATE SET lowest = max(lowest, excluded.lowest) RETURNING lowest";
        self.write_for_good(move |connection| {
            connection.prepare_cached(sql)?.query_row(params![credit.as_ref(), lowest], |row| row.get(0))
        })
        .await
    }

    /// Units that a key of a credit has used on a day and later, in days since 1970. Errors: [`StoreError`].
    pub async fn units_of_key(
        &self,
        credit: &Pubkey,
        name: &str,
        from_day: i64,
    ) -> Result<Units, StoreError> {
        let (credit, name) = (*credit, name.to_string());
        let sql = "SELECT coalesce(sum(units), 0) FROM usage_totals WHERE credit = ?1 AND day >= ?2 AND api_key = ?3";
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_row(params![credit.as_ref(), from_day, name], |row| read_units(row, 0))
        })
        .await
    }
}

/// The day, since 1970 in UTC, of a time in milliseconds.
pub fn day_of(ms: i64) -> i64 {
    ms.div_euclid(DAY_US / 1_000)
}

fn put(connection: &Connection, key: &StoredKey) -> rusqlite::Result<()> {
    let (budget, period) =
        (key.budget.map(|budget| budget.units), key.budget.map(|budget| budget.period.name()));
    let units = |units: Option<Units>| units.map(|units| to_integer(units.get()));
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO api_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            key.credit.as_ref(),
            key.owner.as_ref(),
            key.name,
            key.version,
            units(budget),
            period,
            key.requests_per_minute,
            units(key.units_per_minute),
            key.created_ms,
            key.expires_ms,
            key.is_revoked,
            key.generation,
            key.revision,
        ])?;
    Ok(())
}

fn read_all(connection: &Connection) -> rusqlite::Result<StoredKeys> {
    let mut keys = connection.prepare(
        "SELECT credit, owner, name, version, budget, period, requests_per_minute, units_per_minute, created_ms, expires_ms,
             is_revoked, generation, revision FROM api_keys",
    )?;
    let mut generations = connection.prepare("SELECT credit, lowest FROM key_generations")?;
    Ok(StoredKeys {
        keys: keys.query_map([], read_one)?.collect::<Result<_, _>>()?,
        generations: generations
            .query_map([], |row| Ok((read_key(row, 0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?,
    })
}

fn read_one(row: &Row) -> rusqlite::Result<StoredKey> {
    let units = |column| {
        Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(|units| Units(units.cast_unsigned())))
    };
    let period: Option<String> = row.get(5)?;
    let budget = units(4)?
        .zip(period)
        .map(|(units, period)| KeyBudget { units, period: BudgetPeriod::from_name(&period) });
    Ok(StoredKey {
        credit: read_key(row, 0)?,
        owner: read_key(row, 1)?,
        name: row.get(2)?,
        version: row.get(3)?,
        budget,
        requests_per_minute: row.get(6)?,
        units_per_minute: units(7)?,
        created_ms: row.get(8)?,
        expires_ms: row.get(9)?,
        is_revoked: row.get(10)?,
        generation: row.get(11)?,
        revision: row.get(12)?,
    })
}
