//! The market file.

pub use blockable_service::settings::ConfigError;
use {
    crate::{bounds, duration::Seconds},
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, MicroUsd},
        program::{
            instructions::MarketArgs,
            state::{
                MAX_CHANGE_DELAY, MAX_PRINCIPAL, MAX_PROVIDER_DELAY, MAX_REDISTRIBUTION_FEE_BPS,
                MAX_SUSPENSION, TermBounds, shortest_delay, shortest_provider_delay, shortest_suspension,
            },
        },
    },
    blockable_service::settings::{FileKind, Reader},
    serde::{
        Deserialize, Deserializer,
        de::{Error, Visitor},
    },
};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketConfig {
    /// The number in the market's address.
    pub id: u64,
    /// The market's purpose.
    pub kind: MarketKind,
    /// May change the market; signs its creation.
    pub admin: Pubkey,
    /// May pause and halt, and nothing else.
    pub guardian: Pubkey,
    /// The token that loans are made and repaid in.
    pub payment_mint: Pubkey,
    /// The wallet whose associated token account gets the fees.
    pub treasury_owner: Pubkey,
    /// Fee on lot sales.
    pub redistribution_fee_bps: Bps,
    /// Seconds that a change which loosens the market waits.
    pub change_delay: u32,
    /// Seconds that a change of a provider's settings waits.
    pub provider_delay: u32,
    /// Seconds that the admin's suspension of a provider must have lasted before covered units of a loan that is not in default
    /// can be cancelled.
    pub min_suspension: u32,
    /// Bounds on the terms of loans.
    pub bounds: TermBounds,
}

impl MarketConfig {
    /// The market's file. The environment does not override it: what it says becomes permanent.
    pub const FILE: FileKind<MarketConfig> = FileKind {
        example: "migrations/market.example.toml",
        advice: "copy migrations/market.example.toml and fill in its addresses",
        environment: None,
        read,
        resolve: |_, _| (),
    };

    /// The arguments of the instruction that creates the market.
    pub fn market_args(&self) -> MarketArgs {
        MarketArgs {
            id: self.id,
            is_test: self.kind == MarketKind::Test,
            guardian: self.guardian,
            // The program refuses any fee above a tenth, so one that does not fit is refused as well.
            redistribution_fee_bps: u16::try_from(self.redistribution_fee_bps.get()).unwrap_or(u16::MAX),
            change_delay: self.change_delay,
            provider_delay: self.provider_delay,
            min_suspension: self.min_suspension,
            bounds: self.bounds,
        }
    }

    /// Adds everything that the program would refuse, and keys that nobody holds, to the reader's mistakes.
    fn check(&self, reader: &mut Reader) {
        for (name, key) in
            [("admin", self.admin), ("guardian", self.guardian), ("treasury_owner", self.treasury_owner)]
        {
            if key == Pubkey::default() {
                reader.mistake(name, "is the system program; write an address whose key someone holds");
            }
        }
        let is_test = self.kind == MarketKind::Test;
        for (name, found, least, most) in [
            ("change_delay", self.change_delay, shortest_delay(is_test), MAX_CHANGE_DELAY),
            ("provider_delay", self.provider_delay, shortest_provider_delay(is_test), MAX_PROVIDER_DELAY),
            ("min_suspension", self.min_suspension, shortest_suspension(is_test), MAX_SUSPENSION),
        ] {
            if !(least..=most).contains(&found) {
                reader.mistake(name, format!("is {found} seconds; write {least} to {most}"));
            }
        }
        let mut mistakes = bounds::contradictions(&self.bounds);
        if self.kind == MarketKind::Production {
            mistakes.extend(bounds::too_loose(&self.bounds));
        }
        for (key, what) in mistakes {
            reader.mistake(key, what);
        }
    }
}

/// Reads the section `[bounds]`: every key of it is required.
fn read_bounds(reader: &mut Reader) -> Option<TermBounds> {
    reader.section("bounds", |section| {
        let min_principal = section.required::<MicroUsd>("min_principal");
        let max_principal = section.required::<AmountOrUnlimited>("max_principal");
        let mut seconds = |key| section.required(key).map(|Seconds(seconds)| seconds);
        let (min_instalment_interval, max_term) = (seconds("min_instalment_interval"), seconds("max_term"));
        let min_delinquency_grace = seconds("min_delinquency_grace");
        let min_default_grace = seconds("min_default_grace");
        let min_cure_period = seconds("min_cure_period");
        let (min_lot_window, max_lot_window) = (seconds("min_lot_window"), seconds("max_lot_window"));
        let mut bps = |key| section.required_number(key, 0..=u16::MAX);
        let (max_apr_bps, max_late_fee_bps) = (bps("max_apr_bps"), bps("max_late_fee_bps"));
        let min_start_price_bps = bps("min_start_price_bps");
        let max_start_price_bps = bps("max_start_price_bps");
        let min_floor_price_bps = bps("min_floor_price_bps");
        Some(TermBounds {
            min_principal: min_principal?.get(),
            max_principal: max_principal?.0.get(),
            min_instalment_interval: min_instalment_interval?,
            max_term: max_term?,
            min_delinquency_grace: min_delinquency_grace?,
            min_default_grace: min_default_grace?,
            min_cure_period: min_cure_period?,
            min_lot_window: min_lot_window?,
            max_lot_window: max_lot_window?,
            max_apr_bps: max_apr_bps?,
            max_late_fee_bps: max_late_fee_bps?,
            min_start_price_bps: min_start_price_bps?,
            max_start_price_bps: max_start_price_bps?,
            min_floor_price_bps: min_floor_price_bps?,
            reserved: [0; 2],
        })
    })
}

/// Reads all keys, so that the mistakes of all of them are found.
fn read(reader: &mut Reader) -> Option<MarketConfig> {
    let (id, kind) = (reader.required("id"), reader.required("kind"));
    let (admin, guardian) = (reader.address("admin"), reader.address("guardian"));
    let payment_mint = reader.address("payment_mint");
    let treasury_owner = reader.address("treasury_owner");
    let redistribution_fee_bps =
        reader.required_number("redistribution_fee_bps", 0..=MAX_REDISTRIBUTION_FEE_BPS);
    let change_delay = reader.required::<Seconds>("change_delay");
    let provider_delay = reader.required::<Seconds>("provider_delay");
    let min_suspension = reader.required::<Seconds>("min_suspension");
    let bounds = read_bounds(reader);
    let config = MarketConfig {
        id: id?,
        kind: kind?,
        admin: admin?,
        guardian: guardian?,
        payment_mint: payment_mint?,
        treasury_owner: treasury_owner?,
        redistribution_fee_bps: Bps(u64::from(redistribution_fee_bps?)),
        change_delay: change_delay?.0,
        provider_delay: provider_delay?.0,
        min_suspension: min_suspension?.0,
        bounds: bounds?,
    };
    config.check(reader);
    Some(config)
}

/// An amount in the payment token's smallest unit; `"unlimited"` is the most that the program allows.
struct AmountOrUnlimited(MicroUsd);

impl<'de> Deserialize<'de> for AmountOrUnlimited {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AmountOrUnlimited, D::Error> {
        deserializer.deserialize_any(AmountVisitor).map(AmountOrUnlimited)
    }
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = MicroUsd;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "an amount in the payment token's smallest unit, or \"unlimited\"")
    }

    fn visit_i64<E: Error>(self, amount: i64) -> Result<MicroUsd, E> {
        let known = u64::try_from(amount).map(MicroUsd);
        known.map_err(|_| E::custom(format!("{amount} is negative; write an amount")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MicroUsd, E> {
        if text == "unlimited" {
            return Ok(MicroUsd(MAX_PRINCIPAL));
        }
        Err(E::custom(format!("\"{text}\" is no amount; write a number or \"unlimited\"")))
    }
}

#[cfg(test)]
mod tests;
