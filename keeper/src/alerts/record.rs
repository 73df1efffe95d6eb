//! Alerts as they are stored.

use {
    crate::{
        alerts::{Rule, Severity},
        store::{StoreError, columns::key},
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    rusqlite::{Connection, Row, named_params},
    serde::de::DeserializeOwned,
};

/// Most alerts that are listed at once.
pub(crate) const PAGE_MAX: u32 = 500;

/// The rule of a stored alert. A store that a later keeper has written can have rules that this one does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredRule {
    /// A rule of this keeper.
    Known(Rule),
    /// The name of a rule of a later keeper.
    Unknown(String),
}

impl StoredRule {
    /// Reads a rule's name.
    pub(super) fn from_name(name: String) -> StoredRule {
        parse(name.clone()).map_or(StoredRule::Unknown(name), StoredRule::Known)
    }

    /// The rule's name in the store and in JSON.
    pub(crate) fn name(&self) -> &str {
        match self {
            StoredRule::Known(rule) => rule.name(),
            StoredRule::Unknown(name) => name,
        }
    }

    /// The rule; `None` for one that this keeper does not know.
    pub(crate) fn known(&self) -> Option<Rule> {
        match self {
            StoredRule::Known(rule) => Some(*rule),
            StoredRule::Unknown(_) => None,
        }
    }
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alert {
    /// Its number.
    pub(crate) id: i64,
    /// The rule.
    pub(crate) rule: StoredRule,
    /// The credit, provider, reporter, key or market that it is on.
    pub(crate) subject: Pubkey,
    /// Its severity.
    pub(crate) severity: Severity,
    /// The lender that it is for; `None` where it is for the operator alone.
    pub(crate) lender: Option<Pubkey>,
    /// The borrower that it is for.
    pub(crate) borrower: Option<Pubkey>,
    /// The event.
    pub(crate) happened: String,
    /// Its meaning.
    pub(crate) meaning: String,
    /// The next step.
    pub(crate) next_step: String,
    /// The time at which it was raised.
    pub(crate) raised_at: ChainTime,
    /// The time at which it ended; `None` while it is open.
    pub(crate) cleared_at: Option<ChainTime>,
    /// The number of its occurrence, such as the due date of its payment; `None` for most rules.
    pub(crate) occurrence: Option<i64>,
}

impl Alert {
    /// The credit that it is on; `None` for an alert for the operator or for a lender alone.
    pub(crate) fn credit(&self) -> Option<Pubkey> {
        self.lender.zip(self.borrower).map(|_| self.subject)
    }
}

/// A choice of alerts to list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlertFilter {
    /// Open ones, or ended ones; `None` for both.
    pub(crate) open: Option<bool>,
    /// On this credit, provider, reporter, key or market.
    pub(crate) subject: Option<Pubkey>,
    /// On credits that this key lends or borrows on.
    pub(crate) party: Option<Pubkey>,
    /// Older than the alert of this number: the last one of the page before.
    pub(crate) before: Option<i64>,
    /// The most alerts to list, up to [`PAGE_MAX`].
    pub(crate) limit: u32,
}

impl Default for AlertFilter {
    fn default() -> AlertFilter {
        AlertFilter { open: None, subject: None, party: None, before: None, limit: PAGE_MAX }
    }
}

/// Columns of `alerts`, in the order that [`read`] takes them.
pub(super) const COLUMNS: &str = "id, rule, subject, severity, lender, borrower, happened, meaning, next_step, raised_at, cleared_at, occurrence";

/// An alert by its number. Errors: [`StoreError`], also where there is none.
pub(super) fn one(connection: &Connection, id: i64) -> Result<Alert, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM alerts WHERE id = ?"))?;
    statement.query_row([id], |row| Ok(read(row)))?
}

/// Alerts by a filter, newest first.
pub(super) fn list(connection: &Connection, filter: &AlertFilter) -> Result<Vec<Alert>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM alerts
         WHERE (:open IS NULL OR (cleared_at IS NULL) = :open)
           AND (:subject IS NULL OR subject = :subject)
           AND (:party IS NULL OR lender = :party OR borrower = :party)
           AND (:before IS NULL OR id < :before)
         ORDER BY id DESC LIMIT :limit"
    ))?;
    let bytes = |key: Option<Pubkey>| key.map(|key| key.to_bytes());
    let asked = named_params! {
        ":open": filter.open,
        ":subject": bytes(filter.subject),
        ":party": bytes(filter.party),
        ":before": filter.before,
        ":limit": filter.limit.min(PAGE_MAX),
    };
    let rows = statement.query_map(asked, |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

pub(super) fn read(row: &Row) -> Result<Alert, StoreError> {
    let maybe_key = |column| row.get::<_, Option<[u8; 32]>>(column).map(|key| key.map(Pubkey::from));
    Ok(Alert {
        id: row.get(0)?,
        rule: StoredRule::from_name(row.get(1)?),
        subject: key(row, 2)?,
        // One of a later keeper counts as the worst.
        severity: parse(row.get(3)?).unwrap_or(Severity::Critical),
        lender: maybe_key(4)?,
        borrower: maybe_key(5)?,
        happened: row.get(6)?,
        meaning: row.get(7)?,
        next_step: row.get(8)?,
        raised_at: ChainTime(row.get(9)?),
        cleared_at: row.get::<_, Option<i64>>(10)?.map(ChainTime),
        occurrence: row.get(11)?,
    })
}

/// A rule or severity by its name.
pub(super) fn parse<T: DeserializeOwned>(name: String) -> Result<T, StoreError> {
    Ok(serde_json::from_value(serde_json::Value::String(name))?)
}
