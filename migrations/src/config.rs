//! The market file.

use {
    crate::{bounds, duration::seconds},
    blockable_sdk::{
        Pubkey,
        program::{
            instructions::MarketArgs,
            state::{
                MAX_CHANGE_DELAY, MAX_PRINCIPAL, MAX_REDISTRIBUTION_FEE_BPS, TermBounds, shortest_delay,
            },
        },
    },
    serde::{
        Deserialize, Deserializer,
        de::{Error, Visitor},
    },
    std::{fs, path::Path},
};

/// A reason for which a file is not a market.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}; name a file that can be read")]
    File {
        /// The file.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("{path} is not TOML: {source}")]
    Syntax {
        /// The file.
        path: String,
        /// The place and the mistake.
        source: Box<toml::de::Error>,
    },
    /// A key is missing, unknown, or has an impossible value.
    #[error("{path}: {mistake}; migrations/market.example.toml explains every key")]
    Schema {
        /// The file.
        path: String,
        /// The key and what is wrong with it.
        mistake: String,
    },
    /// Values that the program would refuse.
    #[error("{path}:\n  {}", .mistakes.join("\n  "))]
    Refused {
        /// The file.
        path: String,
        /// One entry per mistake, each with its key and what to do.
        mistakes: Vec<String>,
    },
}

/// The purpose of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarketKind {
    /// Real money: the program's limits for production bind its bounds.
    Production,
    /// Tests: bounds may be looser. Cannot be changed later.
    Test,
}

impl std::fmt::Display for MarketKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            MarketKind::Production => "production",
            MarketKind::Test => "test",
        })
    }
}

/// A market as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketConfig {
    /// The number in the market's address.
    pub id: u64,
    /// The purpose of the market.
    pub kind: MarketKind,
    /// May change the market; signs its creation.
    #[serde(deserialize_with = "address")]
    pub admin: Pubkey,
    /// May only pause.
    #[serde(deserialize_with = "address")]
    pub guardian: Pubkey,
    /// The token that loans are made and repaid in.
    #[serde(deserialize_with = "address")]
    pub payment_mint: Pubkey,
    /// The wallet whose associated token account gets the fees.
    #[serde(deserialize_with = "address")]
    pub treasury_owner: Pubkey,
    /// Fee on lot sales, in basis points.
    pub redistribution_fee_bps: u16,
    /// Seconds that a change which loosens the market waits.
    #[serde(deserialize_with = "seconds")]
    pub change_delay: u32,
    /// Bounds on the terms of loans.
    pub bounds: Bounds,
}

/// The bounds of a market file; see [`TermBounds`] for what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "TermBounds, which has the same fields, documents them")]
pub struct Bounds {
    pub min_principal: u64,
    #[serde(deserialize_with = "amount_or_unlimited")]
    pub max_principal: u64,
    #[serde(deserialize_with = "seconds")]
    pub min_instalment_interval: u32,
    #[serde(deserialize_with = "seconds")]
    pub max_term: u32,
    #[serde(deserialize_with = "seconds")]
    pub min_delinquency_grace: u32,
    #[serde(deserialize_with = "seconds")]
    pub min_default_grace: u32,
    #[serde(deserialize_with = "seconds")]
    pub min_cure_period: u32,
    #[serde(deserialize_with = "seconds")]
    pub min_lot_window: u32,
    #[serde(deserialize_with = "seconds")]
    pub max_lot_window: u32,
    pub max_apr_bps: u16,
    pub max_late_fee_bps: u16,
    pub min_start_price_bps: u16,
    pub min_floor_price_bps: u16,
}

impl From<Bounds> for TermBounds {
    fn from(bounds: Bounds) -> TermBounds {
        TermBounds {
            min_principal: bounds.min_principal,
            max_principal: bounds.max_principal,
            min_instalment_interval: bounds.min_instalment_interval,
            max_term: bounds.max_term,
            min_delinquency_grace: bounds.min_delinquency_grace,
            min_default_grace: bounds.min_default_grace,
            min_cure_period: bounds.min_cure_period,
            min_lot_window: bounds.min_lot_window,
            max_lot_window: bounds.max_lot_window,
            max_apr_bps: bounds.max_apr_bps,
            max_late_fee_bps: bounds.max_late_fee_bps,
            min_start_price_bps: bounds.min_start_price_bps,
            min_floor_price_bps: bounds.min_floor_price_bps,
            reserved: [0; 4],
        }
    }
}

impl MarketConfig {
    /// Reads and checks a file. Errors: [`ConfigError`].
    pub fn read(path: &Path) -> Result<MarketConfig, ConfigError> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path);
        let text = text.map_err(|source| ConfigError::File { path: name.clone(), source })?;
        MarketConfig::parse(&name, &text)
    }

    /// Reads and checks the text of a file; `path` names it in errors. Errors: [`ConfigError`].
    pub fn parse(path: &str, text: &str) -> Result<MarketConfig, ConfigError> {
        let path = || path.to_string();
        let table: toml::Table = toml::from_str(text)
            .map_err(|source| ConfigError::Syntax { path: path(), source: Box::new(source) })?;
        // From a table, unlike from the text, errors name the key by its full path.
        let config: MarketConfig = table
            .try_into()
            .map_err(|error| ConfigError::Schema { path: path(), mistake: one_line(&error) })?;
        let mistakes = config.mistakes();
        if mistakes.is_empty() { Ok(config) } else { Err(ConfigError::Refused { path: path(), mistakes }) }
    }

    /// The bounds as the program has them.
    pub fn term_bounds(&self) -> TermBounds {
        self.bounds.into()
    }

    /// The arguments of the instruction that creates the market.
    pub fn market_args(&self) -> MarketArgs {
        MarketArgs {
            id: self.id,
            is_test: self.kind == MarketKind::Test,
            guardian: self.guardian,
            redistribution_fee_bps: self.redistribution_fee_bps,
            change_delay: self.change_delay,
            bounds: self.term_bounds(),
        }
    }

    /// Lists everything that the program would refuse, and keys that nobody holds.
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        for (name, key) in
            [("admin", self.admin), ("guardian", self.guardian), ("treasury_owner", self.treasury_owner)]
        {
            if key == Pubkey::default() {
                mistakes
                    .push(format!("{name} is the system program; write an address whose key someone holds"));
            }
        }
        if self.redistribution_fee_bps > MAX_REDISTRIBUTION_FEE_BPS {
            mistakes.push(format!(
                "redistribution_fee_bps is {}; the most is {MAX_REDISTRIBUTION_FEE_BPS}",
                self.redistribution_fee_bps
            ));
        }
        let least = shortest_delay(self.kind == MarketKind::Test);
        if !(least..=MAX_CHANGE_DELAY).contains(&self.change_delay) {
            let found = self.change_delay;
            mistakes.push(format!("change_delay is {found} seconds; write {least} to {MAX_CHANGE_DELAY}"));
        }
        mistakes.extend(bounds::contradictions(&self.term_bounds()));
        if self.kind == MarketKind::Production {
            mistakes.extend(bounds::too_loose(&self.term_bounds()));
        }
        mistakes
    }
}

/// A serde error of a table: its key, then what is wrong.
fn one_line(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or_default().to_string();
    match lines.next().and_then(|line| line.strip_prefix("in ")) {
        Some(key) => format!("{key}: {message}"),
        None => message,
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pubkey, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        let hint = "write the base58 form that `solana address` prints";
        D::Error::custom(format!("\"{text}\" is no address; {hint}"))
    })
}

fn amount_or_unlimited<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer.deserialize_any(AmountOrUnlimited)
}

struct AmountOrUnlimited;

impl Visitor<'_> for AmountOrUnlimited {
    type Value = u64;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "an amount in the payment token's smallest unit, or \"unlimited\"")
    }

    fn visit_i64<E: Error>(self, amount: i64) -> Result<u64, E> {
        u64::try_from(amount).map_err(|_| E::custom(format!("{amount} is negative; write an amount")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        if text == "unlimited" {
            return Ok(MAX_PRINCIPAL);
        }
        Err(E::custom(format!("\"{text}\" is no amount; write a number or \"unlimited\"")))
    }
}

#[cfg(test)]
mod tests;
