//! Reads an assumptions file: its values, the source of each, and the tables that it names.

use {
    super::{
        Assumptions, Source,
        tables::{Quantiles, TenantClass, mistake},
        values::{Borrower, Market, Offer, Simulator, UseOfUnits, Worlds},
    },
    crate::EconomicsError,
    serde::Deserialize,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    borrower: Borrower,
    r#use: UseOfUnits,
    market: Market,
    offer: Offer,
    worlds: Worlds,
    #[serde(default)]
    simulator: Simulator,
}

/// Reads the text of an assumptions file; `table` reads a file that it names. Errors: [`EconomicsError::Line`], those of
/// `table`.
pub(super) fn read(
    name: &str,
    text: &str,
    table: &dyn Fn(&str) -> Result<String, EconomicsError>,
) -> Result<Assumptions, EconomicsError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        mistake(name, line, error.message())
    })?;
    let sources = sources(name, text)?;
    let check = Check { name, text };
    check.values(&file)?;
    let timing = &file.borrower.default_timing;
    let default_timing = Quantiles::read(timing, &table(timing)?)?;
    let classes = TenantClass::read(&file.r#use.daily, &table(&file.r#use.daily)?)?;
    if file.simulator.tenants.len() != classes.len() {
        return Err(check.at("simulator", "tenants", "it must have a weight for each class of the table"));
    }
    Ok(Assumptions {
        borrower: file.borrower,
        usage: file.r#use,
        market: file.market,
        offer: file.offer,
        worlds: file.worlds,
        simulator: file.simulator,
        default_timing,
        classes,
        sources,
    })
}

/// The number of the line, from 1, that holds a byte.
fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

/// Every key with its value and its source: the comment of its line, else that of its section. Errors:
/// [`EconomicsError::Line`] for a key without either.
fn sources(name: &str, text: &str) -> Result<Vec<Source>, EconomicsError> {
    let (mut section, mut of_section) = (String::new(), String::new());
    let mut sources = Vec::new();
    for (line, statement, comment) in statements(text) {
        if let Some(header) = statement.strip_prefix('[').filter(|_| !statement.contains('=')) {
            section = header.trim_end_matches(']').trim().to_string();
            of_section = comment.to_string();
        } else if let Some((key, value)) = statement.split_once('=') {
            let source = if comment.is_empty() { &of_section } else { comment };
            if source.is_empty() {
                let reason = format!("{} has no source: state it behind a #, or \"assumed\"", key.trim());
                return Err(mistake(name, line, &reason));
            }
            sources.push(Source {
                key: format!("{section}.{}", key.trim()),
                value: value.trim().to_string(),
                source: source.to_string(),
            });
        }
    }
    Ok(sources)
}

/// Lines that are not empty, with their numbers from 1, split into statement and comment. A # within quotes begins none.
fn statements(text: &str) -> impl Iterator<Item = (usize, &str, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let mut quoted = false;
        let comment = line.char_indices().find(|(_, letter)| {
            quoted ^= *letter == '"';
            *letter == '#' && !quoted
        });
        let (statement, comment) = match comment {
            Some((at, _)) => (line.get(..at)?, line.get(at + 1..)?),
            None => (line, ""),
        };
        let statement = statement.trim();
        (!statement.is_empty()).then(|| (index + 1, statement, comment.trim()))
    })
}

/// Checks values, and finds the lines of those that are wrong.
struct Check<'a> {
    name: &'a str,
    text: &'a str,
}

impl Check<'_> {
    fn values(&self, file: &File) -> Result<(), EconomicsError> {
        let (borrower, market, offer) = (&file.borrower, &file.market, &file.offer);
        let simulator = &file.simulator;
        for (section, key, value, range) in [
            ("borrower", "race", borrower.race, [0.0, 1.0]),
            ("borrower", "race_speed", borrower.race_speed, [1.0, 1_000.0]),
            ("borrower", "fade", borrower.fade, [0.0, 1.0]),
            ("borrower", "fraud", borrower.fraud, [0.0, 1.0]),
            ("borrower", "on_time", borrower.on_time, [0.0, 1.0]),
            ("borrower", "annual_default", borrower.annual_default, [0.0, 0.99]),
            ("use", "block_days", f64::from(file.r#use.block_days), [1.0, 14.0]),
            ("market", "price_drift", market.price_drift, [-0.95, 5.0]),
            ("market", "price_sigma", market.price_sigma, [0.0, 3.0]),
            ("market", "crash_share", market.crash_share, [0.0, 1.0]),
            ("market", "crash_price", market.crash_price, [-0.95, 0.0]),
            ("market", "crash_buyers", market.crash_buyers, [0.0, 1.0]),
            ("market", "buyers_per_day", market.buyers_per_day, [0.0, 50.0]),
            ("market", "buyer_pays", market.buyer_pays, [0.0, 2.0]),
            ("market", "buyer_takes", market.buyer_takes, [0.001, 1.0]),
            ("market", "provider_failure", market.provider_failure, [0.0, 0.99]),
            ("offer", "bonus_prepaid", offer.bonus_prepaid, [0.0, 5.0]),
            ("simulator", "very_late", simulator.very_late, [0.0, 1.0]),
            ("simulator", "race_lead_days", simulator.race_lead_days, [0.0, 1_000.0]),
            ("simulator", "fade_days", simulator.fade_days, [1.0, 1_000.0]),
            ("simulator", "job_hours", simulator.job_hours, [0.0, 24.0]),
            ("simulator", "list_price", simulator.list_price, [0.1, 1_000.0]),
            ("simulator", "principal", simulator.principal, [10.0, 1e9]),
            ("simulator", "discount_rate", simulator.discount_rate, [0.0, 2.0]),
            ("simulator", "relots", f64::from(simulator.relots), [0.0, 10.0]),
            ("simulator", "takeover_worth", simulator.takeover_worth, [0.0, 1.0]),
            ("simulator", "suspension_days", simulator.suspension_days, [0.0, 365.0]),
            ("simulator", "buyer_sigma", simulator.buyer_sigma, [0.0, 1.0]),
        ] {
            self.within(section, key, value, range)?;
        }
        if borrower.race + borrower.fade + borrower.fraud > 1.0 {
            return Err(self.at("borrower", "race", "race, fade and fraud add up to more than 1"));
        }
        if borrower.on_time + simulator.very_late > 1.0 {
            return Err(self.at("borrower", "on_time", "on_time and very_late add up to more than 1"));
        }
        self.ranges(file)
    }

    fn ranges(&self, file: &File) -> Result<(), EconomicsError> {
        let worlds = &file.worlds;
        let fade = file.borrower.fade + file.borrower.fraud;
        for (section, key, ends, range) in [
            ("worlds", "race", worlds.race, [0.0, 1.0 - fade]),
            ("worlds", "buyer_pays", worlds.buyer_pays, [0.0, 2.0]),
            ("worlds", "buyers_per_day", worlds.buyers_per_day, [0.0, 50.0]),
            ("worlds", "price_drift", worlds.price_drift, [-0.95, 5.0]),
            ("worlds", "crash_share", worlds.crash_share, [0.0, 1.0]),
            ("worlds", "provider_failure", worlds.provider_failure, [0.0, 0.99]),
            ("worlds", "bonus_prepaid", worlds.bonus_prepaid, [0.0, 5.0]),
            ("simulator", "late_days", file.simulator.late_days, [0.0, 60.0]),
            ("simulator", "very_late_days", file.simulator.very_late_days, [0.0, 60.0]),
        ] {
            self.within(section, key, ends[0], range)?;
            self.within(section, key, ends[1], range)?;
            if ends[0] > ends[1] {
                return Err(self.at(section, key, "the first end is above the second"));
            }
        }
        for weight in &file.simulator.tenants {
            self.within("simulator", "tenants", *weight, [0.0, 1e9])?;
        }
        if file.simulator.tenants.iter().sum::<f64>() <= 0.0 {
            return Err(self.at("simulator", "tenants", "no class has a weight"));
        }
        Ok(())
    }

    fn within(
        &self,
        section: &str,
        key: &str,
        value: f64,
        [least, most]: [f64; 2],
    ) -> Result<(), EconomicsError> {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        Err(self.at(section, key, &format!("{key} is {value}, but must be from {least} to {most}")))
    }

    /// A mistake in the line of a key; in the first line where a default is the mistake.
    fn at(&self, section: &str, key: &str, reason: &str) -> EconomicsError {
        let mut current = "";
        let line = statements(self.text).find_map(|(line, statement, _)| {
            if let Some(header) = statement.strip_prefix('[').filter(|_| !statement.contains('=')) {
                current = header.trim_end_matches(']').trim();
            }
            let is_key = statement.split_once('=').is_some_and(|(name, _)| name.trim() == key);
            (current == section && is_key).then_some(line)
        });
        mistake(self.name, line.unwrap_or(1), reason)
    }
}
