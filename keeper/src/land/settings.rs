//! Settings of landing: `[keys]`, `[landing]`, `[spending]`.

use {
    crate::plan::Role,
    blockable_sdk::{
        amounts::{Bps, Lamports},
        keys::KeySource,
    },
    blockable_service::settings::Reader,
    std::{collections::BTreeMap, path::Path, time::Duration},
};

/// Most lamports that a setting may name: 1,000 SOL.
const MAX_LAMPORTS: u64 = 1_000_000_000_000;

/// The sources of the keys that pay.
#[derive(Clone, Debug)]
pub(crate) struct KeySettings {
    /// Pays for roles that have no key of their own.
    pub fees: KeySource,
    /// Pays for metering and housekeeping.
    pub metering: Option<KeySource>,
    /// Pays for actions held against a borrower.
    pub enforcement: Option<KeySource>,
}

impl KeySettings {
    /// Reads `[keys]`.
    pub(crate) fn read(reader: &mut Reader) -> Option<KeySettings> {
        reader.section("keys", |keys| {
            let (fees, metering, enforcement) =
                (keys.required("fees"), keys.optional("metering"), keys.optional("enforcement"));
            Some(KeySettings { fees: fees?, metering, enforcement })
        })
    }

    /// The source of the key that pays for a role.
    pub(crate) fn source(&self, role: Role) -> &KeySource {
        let own = match role {
            Role::Metering => &self.metering,
            Role::Enforcement => &self.enforcement,
        };
        own.as_ref().unwrap_or(&self.fees)
    }

    /// Makes relative paths start from a folder.
    pub(crate) fn resolve(&mut self, folder: &Path) {
        let keys = std::iter::once(&mut self.fees).chain(&mut self.metering).chain(&mut self.enforcement);
        keys.for_each(|key| key.resolve(folder));
    }
}

/// The version of transactions that an operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VersionChoice {
    /// Version 1 where the cluster takes it, else version 0.
    Auto,
    /// Version 0: up to 1,232 bytes.
    V0,
    /// Version 1: up to 4,096 bytes.
    V1,
}

/// Sections `[landing]` and `[spending]`.
#[derive(Clone, Debug)]
pub(crate) struct LandSettings {
    /// The version of transactions.
    pub version: VersionChoice,
    /// Most transactions in flight, for each role.
    pub max_in_flight: usize,
    /// Pause between two sendings of a transaction that has not landed.
    pub rebroadcast: Duration,
    /// The percentile of recent priority fees at which a fee starts.
    pub fee_percentile: u64,
    /// Most priority fee of one transaction.
    pub max_priority_lamports: Lamports,
    /// Share of compute units asked for beyond those that the simulation took.
    pub compute_margin_bps: Bps,
    /// Failures in a row after which work is put aside.
    pub quarantine_after: u32,
    /// First pause after a failure; doubles with each.
    pub retry: Duration,
    /// Time after its last valid block from which one node suffices to declare a transaction dead.
    pub doubt: Duration,
    /// Cap on a role's spending in a UTC day.
    pub lamports_per_day: BTreeMap<Role, Lamports>,
    /// Lets one node suffice for actions held against a borrower.
    pub allow_single_node: bool,
}

impl LandSettings {
    /// Reads `[landing]` and `[spending]`.
    pub(crate) fn read(reader: &mut Reader) -> LandSettings {
        let mut settings = reader.section("landing", |reader| LandSettings {
            version: reader.optional("transaction_version").unwrap_or(VersionChoice::Auto),
            max_in_flight: reader.number("max_in_flight", 64, 1..=4_096),
            rebroadcast: reader.seconds("rebroadcast_seconds", 2, 1..=60),
            fee_percentile: reader.number("fee_percentile", 75, 0..=100),
            max_priority_lamports: lamports(reader, "max_priority_lamports", 50_000),
            compute_margin_bps: Bps(reader.number("compute_margin_bps", 1_500, 100..=10_000)),
            quarantine_after: reader.number("quarantine_after", 5, 1..=1_000),
            retry: reader.seconds("retry_seconds", 30, 1..=3_600),
            doubt: reader.seconds("doubt_seconds", 600, 60..=86_400),
            lamports_per_day: BTreeMap::new(),
            allow_single_node: reader.optional("allow_single_rpc").unwrap_or(false),
        });
        settings.lamports_per_day = reader.section("spending", |reader| {
            BTreeMap::from([
                (Role::Metering, lamports(reader, "metering_lamports_per_day", 500_000_000)),
                (Role::Enforcement, lamports(reader, "enforcement_lamports_per_day", 50_000_000)),
            ])
        });
        settings
    }
}

fn lamports(reader: &mut Reader, key: &str, otherwise: u64) -> Lamports {
    Lamports(reader.number(key, otherwise, 0..=MAX_LAMPORTS))
}
