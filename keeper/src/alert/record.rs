//! Alerts as they are kept.

use {
    crate::{
        alert::{Rule, Severity},
        store::{StoreError, columns::key},
    },
    blockable_sdk::Pubkey,
    rusqlite::{Connection, Row, named_params},
    serde::{Serialize, Serializer, de::DeserializeOwned},
};

/// Most alerts that are listed at once.
pub const PAGE_MAX: u32 = 500;

/// An alert that was raised. Times in Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Its number.
    pub id: i64,
    /// The rule.
    pub rule: Rule,
    /// The credit, provider, reporter or key it is about.
    #[serde(serialize_with = "base58")]
    pub subject: Pubkey,
    /// How much it matters.
    pub severity: Severity,
    /// The lender whom it concerns; `None` where it concerns the operator alone.
    #[serde(serialize_with = "maybe_base58")]
    pub lender: Option<Pubkey>,
    /// The borrower whom it concerns.
    #[serde(serialize_with = "maybe_base58")]
    pub borrower: Option<Pubkey>,
    /// What happened.
    pub happened: String,
    /// What it means.
    pub means: String,
    /// What to do next.
    pub next: String,
    /// When it was raised.
    pub raised_at: i64,
    /// When it was over; `None` while it is open.
    pub cleared_at: Option<i64>,
}

impl Alert {
    /// The credit it is about: what concerns a lender and a borrower is about their credit.
    pub fn credit(&self) -> Option<Pubkey> {
        self.lender.map(|_| self.subject)
    }
}

/// Which alerts to list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Open ones, or ended ones; `None` for both.
    pub open: Option<bool>,
    /// On this credit, provider, reporter or key.
    pub subject: Option<Pubkey>,
    /// On credits that this key lends or borrows on.
    pub party: Option<Pubkey>,
    /// Older than the alert of this number: the last one of the page before.
    pub before: Option<i64>,
    /// How many at most, up to [`PAGE_MAX`].
    pub limit: u32,
}

impl Default for Filter {
    fn default() -> Filter {
        Filter { open: None, subject: None, party: None, before: None, limit: PAGE_MAX }
    }
}

/// Columns of `alerts`, in the order that [`read`] takes them.
const COLUMNS: &str =
    "id, rule, subject, severity, lender, borrower, happened, means, next, raised_at, cleared_at";

/// An alert by its number. Errors: [`StoreError`], also where there is none.
pub(super) fn one(connection: &Connection, id: i64) -> Result<Alert, StoreError> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM alerts WHERE id = ?"))?;
    statement.query_row([id], |row| Ok(read(row)))?
}

/// Alerts by a filter, newest first.
pub(super) fn list(connection: &Connection, filter: &Filter) -> Result<Vec<Alert>, StoreError> {
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

fn read(row: &Row) -> Result<Alert, StoreError> {
    let maybe_key = |column| row.get::<_, Option<[u8; 32]>>(column).map(|key| key.map(Pubkey::from));
    Ok(Alert {
        id: row.get(0)?,
        rule: parse(row.get(1)?)?,
        subject: key(row, 2)?,
        severity: parse(row.get(3)?)?,
        lender: maybe_key(4)?,
        borrower: maybe_key(5)?,
        happened: row.get(6)?,
        means: row.get(7)?,
        next: row.get(8)?,
        raised_at: row.get(9)?,
        cleared_at: row.get(10)?,
    })
}

/// A rule or severity by its name.
pub(super) fn parse<T: DeserializeOwned>(name: String) -> Result<T, StoreError> {
    Ok(serde_json::from_value(serde_json::Value::String(name))?)
}

/// A severity's name.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

fn base58<S: Serializer>(key: &Pubkey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

fn maybe_base58<S: Serializer>(key: &Option<Pubkey>, serializer: S) -> Result<S::Ok, S::Error> {
    match key {
        Some(key) => serializer.collect_str(key),
        None => serializer.serialize_none(),
    }
}
