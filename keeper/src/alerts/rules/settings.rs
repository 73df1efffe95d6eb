//! `[rules]`: changes of the table of rules.

use {
    super::{Side, Thresholds, row_of},
    crate::{alerts::Severity, finding::Rule},
    blockable_service::settings::Reader,
    std::collections::BTreeMap,
};

/// The settings of one rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RuleSettings {
    /// True for a rule that is used. Open alerts of a rule that is switched off end.
    pub(crate) enabled: bool,
    /// The importance of its alerts.
    pub(crate) severity: Severity,
    /// Its thresholds; `None` for a rule without thresholds.
    pub(crate) thresholds: Option<Thresholds>,
}

/// The settings of all rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rules(BTreeMap<Rule, RuleSettings>);

impl Rules {
    /// Reads one inline table per rule, under the rule's name, out of `[rules]`; the reader collects its mistakes.
    pub(crate) fn read(reader: &mut Reader) -> Rules {
        let read = |reader: &mut Reader| {
            let of = |rule: Rule| (rule, reader.section(rule.name(), |reader| read_rule(reader, rule)));
            Rules(Rule::ALL.map(of).into())
        };
        reader.section("rules", read)
    }

    /// The settings of a rule.
    pub(crate) fn get(&self, rule: Rule) -> RuleSettings {
        self.0.get(&rule).copied().unwrap_or_else(|| default_of(rule))
    }

    /// Changes the settings of a rule.
    #[cfg(test)]
    pub(crate) fn set(&mut self, rule: Rule, settings: RuleSettings) {
        self.0.insert(rule, settings);
    }
}

fn default_of(rule: Rule) -> RuleSettings {
    let row = row_of(rule);
    RuleSettings { enabled: true, severity: row.severity, thresholds: row.thresholds }
}

fn read_rule(reader: &mut Reader, rule: Rule) -> RuleSettings {
    let mut settings = default_of(rule);
    settings.enabled = reader.optional("enabled").unwrap_or(settings.enabled);
    settings.severity = reader.optional("severity").unwrap_or(settings.severity);
    if let Some(thresholds) = &mut settings.thresholds {
        thresholds.raise = reader.optional("raise").unwrap_or(thresholds.raise);
        thresholds.clear = reader.optional("clear").unwrap_or(thresholds.clear);
        if let Some(mistake) = mistake(thresholds) {
            reader.mistake("clear", mistake);
        }
    }
    settings
}

/// The contradiction between two thresholds, if there is one.
fn mistake(thresholds: &Thresholds) -> Option<String> {
    let Thresholds { side, raise, clear, .. } = *thresholds;
    if !raise.is_finite() || !clear.is_finite() || raise < 0.0 || clear < 0.0 {
        return Some("raise and clear must be numbers from 0 up; correct them".to_string());
    }
    match side {
        Side::Above if clear > raise => {
            Some(format!("clear, {clear}, is above raise, {raise}; lower it to that or below"))
        }
        Side::Below if clear < raise => {
            Some(format!("clear, {clear}, is below raise, {raise}; raise it to that or above"))
        }
        Side::Above | Side::Below => None,
    }
}
