//! The grants of an offer, and the named terms that it begins with.

use {
    super::parsers::{PartOfPrice, PartOfUnits, lifetime, part_of_price, part_of_units},
    crate::error::CliError,
    blockable_economics::preset::Preset,
    blockable_sdk::{
        amounts::{MicroUsd, Units},
        program::{
            state::{ProviderSettings, Terms},
            units::mul_div_floor,
        },
    },
    blockable_service::{
        command::values::{seconds_span, units},
        text,
    },
    clap::{Args, ValueEnum},
};

/// Named terms, which the other flags change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TermsName {
    /// Half an instalment ahead of payment, half of the locked units' price held back
    Standard,
    /// Those of standard, and a reserve of half an instalment
    StandardReserve,
    /// One instalment ahead, half held back, a reserve of half an instalment
    Bursty,
    /// Half an instalment ahead, everything held back
    Sealed,
    /// Those of sealed, and a reserve of half an instalment
    SealedReserve,
    /// Half an instalment ahead, a quarter held back
    Light,
    /// Those of light, and a reserve of half an instalment
    LightReserve,
    /// Everything open and paid to the provider at issue, due in arrears
    #[value(alias = "prepaid-12")]
    Prepaid,
}

impl TermsName {
    /// The simulator's preset. Errors: [`CliError::Failed`] for one that it does not know.
    pub(crate) fn preset(self) -> Result<Preset, CliError> {
        let name = match self {
            TermsName::Standard => "standard",
            TermsName::StandardReserve => "standard-reserve",
            TermsName::SealedReserve => "sealed-reserve",
            TermsName::LightReserve => "light-reserve",
            TermsName::Bursty => "bursty",
            TermsName::Sealed => "sealed",
            TermsName::Light => "light",
            TermsName::Prepaid => "prepaid-12",
        };
        Preset::named(name).map_err(|error| CliError::Failed(error.to_string()))
    }
}

/// The units and the rules of their use.
#[derive(Args, Clone, Debug)]
pub(crate) struct GrantArgs {
    /// Units that the borrower may use ahead of payment: a number, a share, or all for no lock
    #[arg(long, value_name = "PART", value_parser = part_of_units, help_heading = "Units")]
    ahead: Option<PartOfUnits>,
    /// Principal that stays in the vault until payments unlock its units: money, a share of the locked units' price, or none
    #[arg(long, value_name = "PART", value_parser = part_of_price, help_heading = "Units")]
    holdback: Option<PartOfPrice>,
    /// Time from the issue after which unused units expire, or none
    #[arg(long, value_name = "SPAN", value_parser = lifetime, help_heading = "Units")]
    lifetime: Option<u32>,
    /// Most units a second that reports may count [default: as the terms say, at most the provider's bound]
    #[arg(long, value_name = "UNITS", value_parser = units, help_heading = "Units")]
    units_per_second: Option<Units>,
    /// Longest job that a freeze makes room for [default: a day, at most the provider's bound]
    #[arg(long, value_name = "SPAN", value_parser = seconds_span, help_heading = "Units")]
    longest_job: Option<u32>,
}

impl GrantArgs {
    /// Puts what is named into the place of what the preset has; what is not named keeps to the provider's bounds. Errors:
    /// [`CliError::Usage`] with the sums.
    pub(crate) fn apply(&self, terms: &mut Terms, provider: &ProviderSettings) -> Result<(), CliError> {
        let (usual_rate, usual_job) = (terms.max_units_per_second, terms.longest_job);
        terms.max_units_per_second =
            self.units_per_second.map_or(usual_rate.min(provider.max_units_per_second), Units::get);
        terms.longest_job = self.longest_job.unwrap_or(usual_job.min(provider.longest_job));
        terms.unit_lifetime = self.lifetime.unwrap_or(terms.unit_lifetime);
        let held = share_held(terms);
        match self.ahead {
            Some(PartOfUnits::All) => terms.unlocked_ahead = terms.units,
            Some(PartOfUnits::Share(share)) => {
                terms.unlocked_ahead = part(terms.units, share.get()).clamp(1, terms.units);
            }
            Some(PartOfUnits::Units(ahead)) if ahead.get() > terms.units => {
                return Err(CliError::Usage(format!(
                    "--ahead {} are more than the {} of the loan; write all for no lock",
                    text::units(ahead),
                    text::units(Units(terms.units))
                )));
            }
            Some(PartOfUnits::Units(ahead)) => terms.unlocked_ahead = ahead.get(),
            None => {}
        }
        self.hold_back(terms, held)
    }

    /// Sets the holdback: what is named, else the share `held` of the locked units' price that the preset has.
    fn hold_back(&self, terms: &mut Terms, held: u64) -> Result<(), CliError> {
        let most = price_of_locked(terms);
        terms.holdback = match self.holdback {
            Some(PartOfPrice::Money(sum)) if sum.get() > most => {
                return Err(CliError::Usage(format!(
                    "--holdback {} is more than the loan pays for its locked units, {}; lower it, or unlock less by --ahead",
                    text::usd_owed(sum),
                    text::usd_owed(MicroUsd(most))
                )));
            }
            Some(PartOfPrice::Money(sum)) => sum.get(),
            Some(PartOfPrice::Share(share)) => part(most, share.get()),
            Some(PartOfPrice::None) => 0,
            None => mul_div_floor(most, held, WHOLE).unwrap_or(0),
        };
        if terms.holdback == 0 {
            terms.holdback_apr_bps = 0;
        }
        Ok(())
    }
}

/// The whole of a share of a price, fine enough to lose nothing that anybody sees.
const WHOLE: u64 = 1_000_000_000;

/// The share of the locked units' price that is held back, of [`WHOLE`].
fn share_held(terms: &Terms) -> u64 {
    match price_of_locked(terms) {
        0 => 0,
        most => mul_div_floor(terms.holdback, WHOLE, most).unwrap_or(0),
    }
}

/// The price that the loan pays for its locked units, in micro-USDC, rounded down.
fn price_of_locked(terms: &Terms) -> u64 {
    let locked = terms.units.saturating_sub(terms.unlocked_ahead);
    mul_div_floor(locked, terms.principal, terms.units.max(1)).unwrap_or(0)
}

fn part(whole: u64, bps: u64) -> u64 {
    mul_div_floor(whole, bps, 10_000).unwrap_or(whole)
}
