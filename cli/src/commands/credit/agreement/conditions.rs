//! Conditions that an offer sets and a restructuring may change.

use {
    crate::error::CliError,
    blockable_sdk::{
        amounts::{Bps, MicroUsd},
        program::state::{AutoFreeze, FreezePolicy, Terms},
    },
    blockable_service::command::values::{money, rate, seconds_span},
    clap::{Args, ValueEnum},
};

/// Interest, fees, graces and the right to freeze.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ConditionArgs {
    /// Simple annual interest, such as 12.5%
    #[arg(long, value_name = "RATE", value_parser = rate, help_heading = "Conditions")]
    apr: Option<Bps>,
    /// The same on what is held back; at most --apr
    #[arg(long, value_name = "RATE", value_parser = rate, help_heading = "Conditions")]
    holdback_apr: Option<Bps>,
    /// Fee for each instalment that is unpaid once the delinquency grace has passed
    #[arg(long, value_name = "MONEY", value_parser = money, help_heading = "Conditions")]
    late_fee: Option<MicroUsd>,
    /// Grace from a due date until the loan may be marked delinquent, such as 2d
    #[arg(long, value_name = "SPAN", value_parser = seconds_span, help_heading = "Conditions")]
    delinquent_after: Option<u32>,
    /// Grace from a due date until it may be marked defaulted
    #[arg(long, value_name = "SPAN", value_parser = seconds_span, help_heading = "Conditions")]
    default_after: Option<u32>,
    /// Time from the default until collateral may be seized
    #[arg(long, value_name = "SPAN", value_parser = seconds_span, help_heading = "Conditions")]
    cure: Option<u32>,
    /// From when on you may freeze
    #[arg(long, value_name = "FROM", value_enum, help_heading = "Conditions")]
    freeze: Option<FreezeFrom>,
    /// From which mark on anyone may freeze everything
    #[arg(long, value_name = "FROM", value_enum, help_heading = "Conditions")]
    auto_freeze: Option<AutoFreezeFrom>,
}

/// The earliest status in which the lender may freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FreezeFrom {
    /// At any time
    AtWill,
    /// From the mark of delinquency
    Delinquency,
    /// From the mark of default
    Default,
}

/// The mark from which anyone may freeze.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AutoFreezeFrom {
    /// From none
    Never,
    /// From delinquency
    Delinquency,
    /// From default
    Default,
}

impl ConditionArgs {
    /// The interest that is named.
    pub(crate) fn apr(&self) -> Option<Bps> {
        self.apr
    }

    /// Puts what is named into the place of what the terms have. A later policy moves an automatic freeze that would come before it,
    /// and a lower rate moves that on the holdback, where these are not named. Errors: [`CliError::Usage`].
    pub(crate) fn apply(&self, terms: &mut Terms) -> Result<(), CliError> {
        let put = |to: &mut u32, span: Option<u32>| *to = span.unwrap_or(*to);
        put(&mut terms.delinquency_grace, self.delinquent_after);
        put(&mut terms.default_grace, self.default_after);
        put(&mut terms.cure_period, self.cure);
        terms.late_fee = self.late_fee.map_or(terms.late_fee, MicroUsd::get);
        if let Some(rate) = self.apr {
            terms.apr_bps = basis_points(rate);
            terms.holdback_apr_bps = terms.holdback_apr_bps.min(terms.apr_bps);
        }
        if let Some(rate) = self.holdback_apr {
            terms.holdback_apr_bps = basis_points(rate);
        }
        if let Some(from) = self.freeze {
            terms.freeze_policy = from.policy() as u8;
            if from == FreezeFrom::Default && terms.auto_freeze == AutoFreeze::FromDelinquency as u8 {
                terms.auto_freeze = AutoFreeze::FromDefault as u8;
            }
        }
        if let Some(from) = self.auto_freeze {
            terms.auto_freeze = from.program() as u8;
        }
        let is_early = terms.auto_freeze == AutoFreeze::FromDelinquency as u8
            && terms.freeze_policy == FreezePolicy::OnDefault as u8;
        match is_early {
            true => Err(CliError::Usage(
                "--auto-freeze delinquency comes before --freeze default: nobody may freeze before the lender may; move one of them"
                    .to_string(),
            )),
            false => Ok(()),
        }
    }
}

fn basis_points(rate: Bps) -> u16 {
    u16::try_from(rate.get()).unwrap_or(u16::MAX)
}

impl FreezeFrom {
    fn policy(self) -> FreezePolicy {
        match self {
            FreezeFrom::AtWill => FreezePolicy::AtWill,
            FreezeFrom::Delinquency => FreezePolicy::OnDelinquency,
            FreezeFrom::Default => FreezePolicy::OnDefault,
        }
    }
}

impl AutoFreezeFrom {
    fn program(self) -> AutoFreeze {
        match self {
            AutoFreezeFrom::Never => AutoFreeze::Never,
            AutoFreezeFrom::Delinquency => AutoFreeze::FromDelinquency,
            AutoFreezeFrom::Default => AutoFreeze::FromDefault,
        }
    }
}
