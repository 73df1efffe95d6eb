//! Requests about keys, and their answers.

use {
    crate::{
        api::openapi::words::{Address, Base64, KeyName},
        app::App,
        error::ApiError,
        keys::SubKey,
    },
    blockable_gate::{BudgetPeriod, KeyBudget, StoredKey, gate::now_ms},
    blockable_sdk::amounts::{ChainTime, Units},
    blockable_service::sign_in::Proof,
    serde::{Deserialize, Deserializer, Serialize},
    utoipa::{IntoParams, ToSchema},
};

/// Seconds for which a sub-key is good where its maker names no end: a year.
const DEFAULT_LIFE: i64 = 365 * 86_400;
/// Most seconds for which a sub-key is good: the totals that its budget is counted by are kept for longer.
const MAX_LIFE: i64 = 1_000 * 86_400;

/// The credit that a borrower signs in for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChallengeQuery {
    /// The credit.
    #[param(value_type = Address)]
    pub(super) credit: String,
    /// True to void all API keys that were made before.
    #[serde(default)]
    #[param(required = false)]
    pub(super) replace: bool,
}

/// A text to sign, in two forms.
#[derive(Serialize, ToSchema)]
pub(super) struct ChallengeView {
    /// The challenge, to be sent back with the signature.
    pub(super) challenge: String,
    /// The key that must sign.
    #[schema(value_type = Address)]
    pub(super) borrower: String,
    /// The message to sign with a wallet.
    pub(super) message: String,
    /// A transaction to sign with a Ledger. It cannot land.
    #[schema(value_type = Base64)]
    pub(super) transaction: String,
    /// The end of the challenge, in Unix seconds.
    pub(super) ends_at: i64,
}

/// A signed challenge. It has either `signature` or `transaction`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignInRequest {
    /// The credit.
    #[schema(value_type = Address)]
    pub(super) credit: String,
    /// The challenge that was signed.
    pub(super) challenge: String,
    /// True to void all API keys that were made before, as the challenge says.
    #[serde(default)]
    pub(super) replace: bool,
    /// The signature of the message, in base58 or base64.
    signature: Option<String>,
    /// The signed transaction in its wire format, in base64.
    #[schema(value_type = Option<Base64>)]
    transaction: Option<String>,
}

impl SignInRequest {
    /// The proof in the request. Errors: 400 where there is none, or more than one.
    pub(super) fn proof(&self) -> Result<Proof, ApiError> {
        Proof::read(self.signature.as_deref(), self.transaction.as_deref())
            .map_err(|error| ApiError::param(error.member(), error.to_string()))
    }
}

/// The first key of a credit.
#[derive(Serialize, ToSchema)]
pub(super) struct FirstKeyView {
    #[schema(value_type = String, example = "api_key")]
    pub(super) object: &'static str,
    /// The credit.
    #[schema(value_type = Address)]
    pub(super) credit: String,
    /// Its generation. Keys of lower ones are void.
    pub(super) generation: u32,
    /// The key.
    pub(super) key: String,
}

/// The sub-keys of a credit.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyList {
    #[schema(value_type = String, example = "list")]
    pub(super) object: &'static str,
    /// The lowest generation of keys that are good.
    pub(super) generation: u32,
    /// The sub-keys, revoked ones included.
    pub(super) data: Vec<KeyView>,
}

/// A sub-key as its maker sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyView {
    #[schema(value_type = String, example = "api_key")]
    object: &'static str,
    /// Its name.
    #[schema(value_type = KeyName)]
    name: String,
    /// Its version. Keys of lower ones are void.
    version: u32,
    /// Units that it may use; null without a bound.
    #[schema(required)]
    budget: Option<BudgetView>,
    /// Units that it has used in the running period of its budget.
    #[schema(value_type = u64)]
    used_units: Units,
    /// Units that its requests hold now.
    #[schema(value_type = u64)]
    held_units: Units,
    /// Most requests a minute; null without a bound.
    #[schema(required)]
    requests_per_minute: Option<u32>,
    /// Most units a minute; null without a bound.
    #[schema(required, value_type = Option<u64>)]
    units_per_minute: Option<Units>,
    /// The time at which it was made, in Unix seconds.
    created_at: i64,
    /// The time from which it is void, in Unix seconds.
    #[schema(required)]
    expires_at: Option<i64>,
    /// True for one that is revoked: for good, or for as long as the provider's file lists it.
    revoked: bool,
    /// True where the text that it was last given is good. One that the borrower's `replace` has voided gets another by `PUT`.
    valid: bool,
    /// Its text, where it has just been made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// A budget.
#[derive(Serialize, ToSchema)]
struct BudgetView {
    /// Units of a period.
    #[schema(value_type = u64)]
    units: Units,
    #[schema(value_type = Period)]
    period: BudgetPeriod,
}

/// Periods of budgets.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes a type of the gate")]
enum Period {
    /// From the making of the key.
    Total,
    /// Each day, in UTC.
    Day,
    /// Each calendar month, in UTC.
    Month,
}

impl KeyView {
    /// Shows a sub-key, without its text.
    pub(super) fn new(app: &App, key: &SubKey) -> KeyView {
        let stored = key.stored();
        let (used_units, held_units) = key.use_of_period(now_ms());
        let seconds = |ms: i64| ms.div_euclid(1_000);
        KeyView {
            object: "api_key",
            name: stored.name.clone(),
            version: stored.version,
            budget: stored.budget.map(|KeyBudget { units, period }| BudgetView { units, period }),
            used_units,
            held_units,
            requests_per_minute: stored.requests_per_minute,
            units_per_minute: stored.units_per_minute,
            created_at: seconds(stored.created_ms),
            expires_at: stored.expires_ms.map(seconds),
            revoked: app.keys.is_revoked(&stored),
            valid: app.keys.is_valid(&stored, now_ms()),
            key: None,
        }
    }

    /// Adds its text.
    pub(super) fn with_text(self, key: &str) -> KeyView {
        KeyView { key: Some(key.to_string()), ..self }
    }
}

/// The budget that a sub-key is to have.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetRequest {
    /// Units of a period.
    #[schema(value_type = u64)]
    units: Units,
    /// Left out, the period of its budget stays; that of a first budget is `total`.
    #[schema(value_type = Option<Period>)]
    period: Option<BudgetPeriod>,
}

/// A member of a request: left out, or given as a value or as null.
type Given<T> = Option<Option<T>>;

/// Reads a member that is given. `#[serde(default)]` stands for one that is left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(member: D) -> Result<Given<T>, D::Error> {
    Option::deserialize(member).map(Some)
}

/// The bounds that a sub-key is to have. What is left out stays as it is, and null removes it; a new key has none but the end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRequest {
    /// Units that it may use.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<BudgetRequest>)]
    budget: Given<BudgetRequest>,
    /// Most requests a minute.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    requests_per_minute: Given<u32>,
    /// Most units a minute.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u64>)]
    units_per_minute: Given<Units>,
    /// The time from which it is void, in Unix seconds: at most 1,000 days ahead. For a new key, and with null, it is a year ahead.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    expires_at: Given<ChainTime>,
}

impl KeyRequest {
    /// Requires an end that is to come, and soon enough. Errors: 400.
    pub(super) fn require_end(&self, now_ms: i64) -> Result<(), ApiError> {
        let now = now_ms.div_euclid(1_000);
        let is_good = |at: i64| at > now && at <= now.saturating_add(MAX_LIFE);
        match self.expires_at.flatten().is_none_or(|at| is_good(at.get())) {
            true => Ok(()),
            false => Err(ApiError::param(
                "expires_at",
                "`expires_at` must be Unix seconds in the future, at most 1,000 days ahead",
            )),
        }
    }

    /// A sub-key with these bounds. One without an end is new.
    pub(super) fn change(&self, key: StoredKey, now_ms: i64) -> StoredKey {
        let year_ahead = || now_ms.div_euclid(1_000).saturating_add(DEFAULT_LIFE);
        let period = key.budget.map_or(BudgetPeriod::Total, |budget| budget.period);
        let budget = |budget: Option<BudgetRequest>| {
            budget.map(|BudgetRequest { units, period: named }| KeyBudget {
                units,
                period: named.unwrap_or(period),
            })
        };
        let end = |at: Option<ChainTime>| at.map_or_else(year_ahead, ChainTime::get).saturating_mul(1_000);
        StoredKey {
            budget: self.budget.map_or(key.budget, budget),
            requests_per_minute: self.requests_per_minute.unwrap_or(key.requests_per_minute),
            units_per_minute: self.units_per_minute.unwrap_or(key.units_per_minute),
            expires_ms: match (self.expires_at, key.expires_ms) {
                (Some(at), _) => Some(end(at)),
                (None, Some(kept)) => Some(kept),
                (None, None) => Some(end(None)),
            },
            ..key
        }
    }
}
