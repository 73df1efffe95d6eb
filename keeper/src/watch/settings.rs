//! `[watch]` and `[rules]`: how credits are measured, and from which marks on somebody is told.

use {
    crate::{
        alert::{Level, Rule, Severity},
        watch::burn::HalfLives,
    },
    blockable_service::settings::Reader,
    std::collections::BTreeMap,
};

const HOUR: u64 = 3_600;

/// How credits are measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Seconds between two samples of a credit that are kept.
    pub sample_seconds: u64,
    /// What burn rates are averaged over.
    pub half_lives: HalfLives,
    /// What is taken off the value of collateral, in basis points, for what a forced sale brings less.
    pub haircut_bps: u64,
    /// How far utilisation must be past a covenant's mark before its alert is cleared, in basis points of the plan.
    pub covenant_margin_bps: u64,
    /// Days for which five-minute samples are kept.
    pub keep_fine_days: u64,
    /// Days for which hourly samples are kept; daily ones stay for ever.
    pub keep_hourly_days: u64,
    /// When somebody is told.
    pub rules: Rules,
}

impl Settings {
    /// Reads the sections `[watch]` and `[rules]`; mistakes are with the reader.
    pub fn read(reader: &mut Reader) -> Settings {
        let mut settings = reader.section("watch", |reader| {
            let short = reader.number("half_life_hours", 24_u64, 1..=24 * 90);
            let long = reader.number("long_half_life_hours", 168_u64, 1..=24 * 365);
            if long <= short {
                reader.mistake(
                    "long_half_life_hours",
                    format!("{long} is not above half_life_hours, {short}; raise it"),
                );
            }
            Settings {
                sample_seconds: reader.number("sample_seconds", 300, 10..=HOUR),
                half_lives: HalfLives { short: short.saturating_mul(HOUR), long: long.saturating_mul(HOUR) },
                haircut_bps: reader.number("haircut_bps", 0, 0..=10_000),
                covenant_margin_bps: reader.number("covenant_margin_bps", 500, 0..=10_000),
                keep_fine_days: reader.number("keep_fine_days", 2, 1..=60),
                keep_hourly_days: reader.number("keep_hourly_days", 60, 1..=3_660),
                rules: Rules::default(),
            }
        });
        settings.rules = reader.section("rules", Rules::read);
        settings
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            sample_seconds: 300,
            half_lives: HalfLives { short: 24 * HOUR, long: 168 * HOUR },
            haircut_bps: 0,
            covenant_margin_bps: 500,
            keep_fine_days: 2,
            keep_hourly_days: 60,
            rules: Rules::default(),
        }
    }
}

/// On which side of its marks a value is of concern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// At the mark and above.
    Above,
    /// At the mark and below.
    Below,
}

/// Where an alert begins and where it ends. The gap between keeps a value that wanders from telling twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marks {
    /// On which side.
    pub side: Side,
    /// Where it is raised.
    pub raise: f64,
    /// Where it is cleared.
    pub clear: f64,
}

impl Marks {
    /// Which way a value stands.
    pub fn level(&self, value: f64) -> Level {
        let (raised, cleared) = match self.side {
            Side::Above => (value >= self.raise, value <= self.clear),
            Side::Below => (value <= self.raise, value >= self.clear),
        };
        match (raised, cleared) {
            (true, _) => Level::Raise,
            (false, true) => Level::Clear,
            (false, false) => Level::Hold,
        }
    }

    /// Why the marks contradict each other, if they do.
    fn mistake(&self) -> Option<String> {
        if !self.raise.is_finite() || !self.clear.is_finite() || self.raise < 0.0 || self.clear < 0.0 {
            return Some("raise and clear must be numbers from 0 up; correct them".to_string());
        }
        let (clear, raise) = (self.clear, self.raise);
        match self.side {
            Side::Above if clear > raise => {
                Some(format!("clear, {clear}, is above raise, {raise}; lower it to that or below"))
            }
            Side::Below if clear < raise => {
                Some(format!("clear, {clear}, is below raise, {raise}; raise it to that or above"))
            }
            Side::Above | Side::Below => None,
        }
    }
}

/// How one rule is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RuleSettings {
    /// Whether it is kept at all.
    pub enabled: bool,
    /// How much it matters.
    pub severity: Severity,
    /// Its marks; none where the program's own state decides.
    pub marks: Option<Marks>,
}

/// How the rules are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules(BTreeMap<Rule, RuleSettings>);

/// The rules of this module: key, and what it is without a setting.
const RULES: [(Rule, &str, Severity, Option<Marks>); 14] = [
    (Rule::BurnRate, "burn_ratio", Severity::Warning, above(2.0, 1.5)),
    (Rule::Exhaustion, "exhaustion_days", Severity::Warning, below(14.0, 21.0)),
    (Rule::Idle, "idle_days", Severity::Info, above(7.0, 1.0)),
    (Rule::ProviderSwitch, "provider_switch_days", Severity::Warning, above(3.0, 1.0)),
    (Rule::Coverage, "coverage_bps", Severity::Warning, below(8_000.0, 8_500.0)),
    (Rule::PaymentDue, "payment_due_days", Severity::Info, below(7.0, 8.0)),
    (Rule::PaymentMissed, "payment_missed", Severity::Critical, None),
    (Rule::Delinquent, "delinquent", Severity::Critical, None),
    (Rule::Defaulted, "defaulted", Severity::Critical, None),
    (Rule::Frozen, "frozen", Severity::Warning, None),
    (Rule::CovenantLow, "covenant_low", Severity::Warning, None),
    (Rule::CovenantHigh, "covenant_high", Severity::Info, None),
    (Rule::Overrun, "overrun_units", Severity::Warning, above(1.0, 0.0)),
    (Rule::Stall, "stall_seconds", Severity::Warning, above(60.0, 0.0)),
];

const fn above(raise: f64, clear: f64) -> Option<Marks> {
    Some(Marks { side: Side::Above, raise, clear })
}

const fn below(raise: f64, clear: f64) -> Option<Marks> {
    Some(Marks { side: Side::Below, raise, clear })
}

impl Default for Rules {
    fn default() -> Rules {
        let settings = RULES.map(|(rule, _, severity, marks)| {
            let settings = RuleSettings { enabled: true, severity, marks };
            (rule, settings)
        });
        Rules(settings.into())
    }
}

impl Rules {
    /// The rules that this module keeps.
    pub fn all() -> impl Iterator<Item = Rule> {
        RULES.iter().map(|(rule, ..)| *rule)
    }

    /// Reads one inline table per rule out of `[rules]`; mistakes are with the reader.
    pub fn read(reader: &mut Reader) -> Rules {
        let mut rules = Rules::default();
        for (rule, key, ..) in RULES {
            if let Some(settings) = rules.0.get_mut(&rule) {
                reader.section(key, |reader| read_rule(reader, settings));
            }
        }
        rules
    }

    /// How a rule is kept; `None` for rules of other modules.
    pub fn get(&self, rule: Rule) -> Option<&RuleSettings> {
        self.0.get(&rule)
    }

    /// Changes how a rule is kept.
    pub fn set(&mut self, rule: Rule, settings: RuleSettings) {
        self.0.insert(rule, settings);
    }
}

fn read_rule(reader: &mut Reader, settings: &mut RuleSettings) {
    settings.enabled = reader.optional("enabled").unwrap_or(settings.enabled);
    settings.severity = reader.optional("severity").unwrap_or(settings.severity);
    let Some(marks) = &mut settings.marks else { return };
    marks.raise = reader.optional("raise").unwrap_or(marks.raise);
    marks.clear = reader.optional("clear").unwrap_or(marks.clear);
    if let Some(mistake) = marks.mistake() {
        reader.mistake("clear", mistake);
    }
}
