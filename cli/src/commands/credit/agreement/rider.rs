//! The rider of an offer.

use {
    crate::error::CliError,
    blockable_sdk::{
        amounts::{Bps, MicroUsd, Units},
        program::state::{Rider, Terms},
    },
    blockable_service::command::values::{money, rate, seconds_span, share, units},
    clap::Args,
};

/// Optional terms.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct RiderArgs {
    /// Cash that the borrower lays down before the issue, and that pays missed instalments
    #[arg(long, value_name = "MONEY", value_parser = money, help_heading = "Optional terms")]
    reserve: Option<MicroUsd>,
    /// Lets you freeze while another loan of yours to the same borrower is in default
    #[arg(long, help_heading = "Optional terms")]
    cross_default: bool,
    /// Lets you give notice of default for a breach of the agreement
    #[arg(long, help_heading = "Optional terms")]
    breach_notice: bool,
    /// Share of the coupon on unused units that is added to the principal instead of falling due
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "Optional terms")]
    pay_in_kind: Option<Bps>,
    #[command(flatten)]
    covenant: CovenantArgs,
}

/// The covenant on utilisation: none, or all of its parts.
#[derive(Args, Clone, Debug, Default)]
struct CovenantArgs {
    /// Time over which utilisation is measured
    #[arg(long, value_name = "SPAN", value_parser = seconds_span, help_heading = "Covenant on utilisation",
        requires_all = ["planned_units", "low", "high", "apr_step", "apr_floor", "apr_ceiling"])]
    covenant_window: Option<u32>,
    /// Units that the borrower plans to use in that time
    #[arg(long, value_name = "UNITS", value_parser = units, help_heading = "Covenant on utilisation", requires = "covenant_window")]
    planned_units: Option<Units>,
    /// Utilisation below which the rate rises by a step
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "Covenant on utilisation", requires = "covenant_window")]
    low: Option<Bps>,
    /// Utilisation from which on it falls by a step
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "Covenant on utilisation", requires = "covenant_window")]
    high: Option<Bps>,
    /// The step
    #[arg(long, value_name = "RATE", value_parser = rate, help_heading = "Covenant on utilisation", requires = "covenant_window")]
    apr_step: Option<Bps>,
    /// Lowest rate
    #[arg(long, value_name = "RATE", value_parser = rate, help_heading = "Covenant on utilisation", requires = "covenant_window")]
    apr_floor: Option<Bps>,
    /// Highest rate
    #[arg(long, value_name = "RATE", value_parser = rate, help_heading = "Covenant on utilisation", requires = "covenant_window")]
    apr_ceiling: Option<Bps>,
    /// Share of the principal that falls due early where utilisation is below --low
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "Covenant on utilisation", requires = "covenant_window")]
    top_up: Option<Bps>,
}

impl RiderArgs {
    /// Puts what is named into the place of what the preset has. Errors: [`CliError::Usage`].
    pub(crate) fn apply(&self, rider: &mut Rider, terms: &Terms) -> Result<(), CliError> {
        rider.reserve = self.reserve.map_or(rider.reserve, MicroUsd::get);
        rider.cross_default |= u8::from(self.cross_default);
        rider.breach_notice |= u8::from(self.breach_notice);
        rider.pay_in_kind_bps = self.pay_in_kind.map_or(rider.pay_in_kind_bps, bps);
        if rider.reserve > terms.principal {
            return Err(CliError::Usage("--reserve is more than the principal; lower it".to_string()));
        }
        let covenant = &self.covenant;
        rider.covenant_window = covenant.covenant_window.unwrap_or(rider.covenant_window);
        rider.planned_units = covenant.planned_units.map_or(rider.planned_units, Units::get);
        rider.low_bps = covenant.low.map_or(rider.low_bps, bps);
        rider.high_bps = covenant.high.map_or(rider.high_bps, bps);
        rider.apr_step_bps = covenant.apr_step.map_or(rider.apr_step_bps, bps);
        rider.apr_floor_bps = covenant.apr_floor.map_or(rider.apr_floor_bps, bps);
        rider.apr_ceiling_bps = covenant.apr_ceiling.map_or(rider.apr_ceiling_bps, bps);
        rider.top_up_bps = covenant.top_up.map_or(rider.top_up_bps, bps);
        Ok(())
    }
}

fn bps(share: Bps) -> u16 {
    u16::try_from(share.get()).unwrap_or(u16::MAX)
}
