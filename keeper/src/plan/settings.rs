//! Settings of planning: `[metering]`, `[enforcement]`, `[backup]`.

use {
    crate::plan::Kind,
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, Units},
        program::{
            state::{MAX_CHUNK_SIZE, MAX_REPORTERS},
            units::BPS,
        },
    },
    blockable_service::settings::Reader,
    std::collections::BTreeSet,
};

const DAY: i64 = 86_400;

/// Sections `[metering]`, `[enforcement]` and `[backup]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSettings {
    /// Seconds between two meterings of a credit about which nothing is to be decided.
    pub meter_every: i64,
    /// Seconds between two meterings of a credit on which a reading counts soon; at most `meter_every`.
    pub soon_every: i64,
    /// Seconds between two meterings of a credit whose units are at risk, or whose jobs draw on frozen ones; at most `soon_every`.
    pub urgent_every: i64,
    /// Share of the units that are left which may be used and unmetered.
    pub at_risk_bps: Bps,
    /// Seconds after which a report no longer counts.
    pub report_max_age_seconds: i64,
    /// Most reports in one transaction; the provider's quorum where that is more.
    pub max_reports: usize,
    /// Most credits in one transaction, from 1.
    pub max_credits: usize,
    /// Units by which readings may differ and still agree, beyond what their times and growth explain.
    pub tolerance_units: Units,
    /// Share of the use since the last metering by which readings may differ and still agree.
    pub tolerance_bps: Bps,
    /// The kinds that are planned.
    pub enabled: BTreeSet<Kind>,
    /// The lenders whose credits are acted on; empty for all. Metering goes by chunks and is not limited by it.
    pub lenders: BTreeSet<Pubkey>,
    /// The provider accounts whose credits are acted on; empty for all. Metering follows the `[[reporter]]` entries instead.
    pub providers: BTreeSet<Pubkey>,
    /// Seconds beyond the agreed grace before a credit is marked delinquent or defaulted.
    pub extra_grace_seconds: i64,
    /// Seconds for which something must have been due before this keeper does it; 0 but for a backup.
    pub backup_delay_seconds: i64,
}

impl Default for PlanSettings {
    fn default() -> PlanSettings {
        PlanSettings {
            meter_every: 3_600,
            soon_every: 300,
            urgent_every: 10,
            at_risk_bps: Bps(50),
            report_max_age_seconds: 300,
            max_reports: 3,
            max_credits: usize::from(MAX_CHUNK_SIZE),
            tolerance_units: Units(100),
            tolerance_bps: Bps(100),
            enabled: Kind::ALL.into(),
            lenders: BTreeSet::new(),
            providers: BTreeSet::new(),
            extra_grace_seconds: 300,
            backup_delay_seconds: 0,
        }
    }
}

impl PlanSettings {
    /// Reads the sections; the reader notes mistakes in them.
    pub fn read(reader: &mut Reader) -> PlanSettings {
        let mut settings = PlanSettings::default();
        reader.section("metering", |section| settings.read_metering(section));
        reader.section("enforcement", |section| settings.read_enforcement(section));
        reader.section("backup", |section| {
            settings.backup_delay_seconds = section.number("delay_seconds", 0, 0..=7 * DAY);
        });
        settings
    }

    fn read_metering(&mut self, section: &mut Reader) {
        self.meter_every = section.number("every_seconds", self.meter_every, 1..=DAY);
        // A keeper that meters more often than the defaults of the others needs no other numbers for them.
        let soon = self.soon_every.min(self.meter_every);
        self.soon_every = section.number("soon_every_seconds", soon, 1..=DAY);
        let urgent = self.urgent_every.min(self.soon_every);
        self.urgent_every = section.number("urgent_every_seconds", urgent, 1..=DAY);
        let paces = [
            ("soon_every_seconds", self.soon_every, "every_seconds", self.meter_every),
            ("urgent_every_seconds", self.urgent_every, "soon_every_seconds", self.soon_every),
        ];
        for (key, seconds, other, most) in paces {
            if seconds > most {
                section.mistake(key, format!("{seconds} is more than {other}, {most}; lower it"));
            }
        }
        self.at_risk_bps = Bps(section.number("at_risk_bps", self.at_risk_bps.get(), 1..=BPS));
        self.report_max_age_seconds =
            section.number("report_max_age_seconds", self.report_max_age_seconds, 10..=DAY);
        self.max_reports = section.number("max_reports", self.max_reports, 1..=MAX_REPORTERS);
        self.max_credits = section.number("max_credits", self.max_credits, 1..=usize::from(MAX_CHUNK_SIZE));
        // The store and the configuration's own format keep numbers in signed 64 bits.
        let most = u64::MAX >> 1;
        self.tolerance_units = Units(section.number("tolerance_units", self.tolerance_units.get(), 0..=most));
        self.tolerance_bps = Bps(section.number("tolerance_bps", self.tolerance_bps.get(), 0..=BPS));
    }

    fn read_enforcement(&mut self, section: &mut Reader) {
        self.extra_grace_seconds =
            section.number("extra_grace_seconds", self.extra_grace_seconds, 0..=90 * DAY);
        self.lenders = addresses(section, "lenders");
        self.providers = addresses(section, "providers");
        let Some(names) = section.optional::<Vec<String>>("actions") else { return };
        self.enabled.clear();
        for name in names {
            match Kind::ALL.into_iter().find(|kind| kind.name() == name) {
                Some(kind) => {
                    self.enabled.insert(kind);
                }
                None => section.mistake("actions", unknown_action()),
            }
        }
    }
}

/// A list of addresses; empty where the key is not there.
fn addresses(section: &mut Reader, key: &str) -> BTreeSet<Pubkey> {
    let listed: Vec<String> = section.optional(key).unwrap_or_default();
    listed.iter().filter_map(|text| section.parse_address(key, text)).collect()
}

fn unknown_action() -> String {
    let known = Kind::ALL.map(Kind::name).join(", ");
    format!("has an unknown action; choose from {known}")
}
