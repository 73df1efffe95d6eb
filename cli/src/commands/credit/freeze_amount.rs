//! The amount and the reason of a freeze.

use {
    crate::{error::CliError, lookup::CreditView, session::MarketView},
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, MicroUsd, Units},
        errors::refusal,
        program::{
            actions::CrossCredit, errors::BlockableError, instructions::FreezeAmount, state::FreezeReason,
            transitions::Status, units::mul_div_floor,
        },
    },
    blockable_service::{
        command::values::{share, units},
        terms::freezes_text,
        text,
    },
    clap::{Args, ValueEnum},
};

/// The amount of a freeze: one of four ways to say it.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct FreezeAmountArgs {
    /// Freezes everything that can be: the borrower keeps exactly what it has repaid
    #[arg(long)]
    all: bool,
    /// Freezes up to this number of units in all, such as 500000units
    #[arg(long, value_name = "UNITS", value_parser = units)]
    units: Option<Units>,
    /// Freezes this share of what can be frozen, such as 25%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    share: Option<Bps>,
    /// Freezes the share of what can be frozen that the arrears are of the debt
    #[arg(long)]
    shortfall: bool,
}

/// The reason of a freeze. Payments of arrears thaw what is frozen for the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reason {
    /// An instalment is unpaid
    MissedPayment,
    /// The loan is in default
    Default,
    /// A covenant was broken
    Breach,
    /// Your own assessment of the risk
    Risk,
    /// Another loan of yours to the same borrower is in default, and the terms provide for it
    CrossDefault,
}

impl FreezeAmountArgs {
    /// The amount as the program has it.
    pub(super) fn amount(&self) -> FreezeAmount {
        match (self.units, self.share) {
            (Some(units), _) => FreezeAmount::Units(units.get()),
            (None, Some(share)) => FreezeAmount::Bps(u16::try_from(share.get()).unwrap_or(u16::MAX)),
            (None, None) if self.shortfall => FreezeAmount::Shortfall,
            (None, None) => FreezeAmount::All,
        }
    }
}

impl Reason {
    /// The reason that suits a credit where none is named: its default, its arrears, or the lender's own assessment.
    pub(super) fn suited(credit: &CreditView) -> Result<Reason, CliError> {
        Ok(match credit.status()? {
            Status::Defaulted | Status::Seizing if credit.account.notice_given == 0 => Reason::Default,
            Status::Defaulted | Status::Seizing => Reason::Breach,
            _ if credit.account.arrears() > 0 => Reason::MissedPayment,
            _ => Reason::Risk,
        })
    }

    /// The reason as the program has it.
    pub(super) fn program(self) -> FreezeReason {
        match self {
            Reason::MissedPayment => FreezeReason::MissedPayment,
            Reason::Default => FreezeReason::Default,
            Reason::Breach => FreezeReason::Breach,
            Reason::Risk => FreezeReason::Risk,
            Reason::CrossDefault => FreezeReason::CrossDefault,
        }
    }

    /// The effect of payments on what is frozen for this reason, in words.
    pub(super) fn undone_by(self) -> &'static str {
        match self {
            Reason::MissedPayment | Reason::Default => "payments of arrears thaw it in proportion",
            Reason::Breach | Reason::Risk => {
                "only `blockable credit thaw`, a cure that ends the right to freeze, or the last payment thaw it"
            }
            Reason::CrossDefault => {
                "no payment thaws it but the last; you may, and anyone once the other default is over"
            }
        }
    }
}

/// The freeze of one credit that is planned.
#[derive(Clone, Debug)]
pub(super) struct PlannedFreeze {
    /// The amount.
    pub amount: FreezeAmount,
    /// The reason.
    pub reason: Reason,
    /// The units that are frozen for such a reason now.
    pub before: Units,
    /// The units that will be.
    pub target: Units,
    /// The arithmetic of a shortfall, in words.
    pub arithmetic: Option<String>,
    /// The other credit that a freeze for cross-default rests on.
    pub other: Option<Pubkey>,
    /// True where the freeze rests on another credit by now.
    is_rebased: bool,
}

impl PlannedFreeze {
    /// Plans the freeze of a credit, by the program's own functions. Errors: [`CliError::Refused`] with the numbers involved.
    pub(super) fn new(
        credit: &CreditView,
        market: &MarketView,
        amount: FreezeAmount,
        reason: Option<Reason>,
        other: Option<&CreditView>,
    ) -> Result<PlannedFreeze, CliError> {
        let (account, address) = (&credit.account, credit.address);
        let status = credit.status()?;
        if !status.is_secured() {
            return Err(CliError::Refused(format!(
                "{address} is {} and secures no debt, so there is nothing to freeze; only a live loan can be frozen",
                credit.status_name()
            )));
        }
        let reason = reason.map_or_else(|| Reason::suited(credit), Ok)?;
        let cross = other.map(|other| CrossCredit { key: other.address, credit: &other.account });
        let allowed = account.require_may_freeze(reason.program(), status, cross, market.clock.market);
        if let (Err(error), Reason::CrossDefault) = (&allowed, reason) {
            return Err(not_crossed(credit, other, refusal(error)));
        }
        if allowed.is_err() {
            return Err(CliError::Refused(format!(
                "the terms of {address} do not let you freeze it now: freezes are by {}, and it is {} with {} in arrears; `blockable credit mark {address}` makes the mark once its grace is over",
                freezes_text(account.terms.freeze_policy, account.terms.auto_freeze),
                credit.status_name(),
                text::usd_owed(MicroUsd(account.arrears()))
            )));
        }
        let target = account.freeze_target(amount).map_err(|error| refused(credit, refusal(&error)))?;
        let collateral = &account.collateral;
        let before = match reason {
            Reason::MissedPayment | Reason::Default => collateral.frozen_for_payment,
            Reason::Breach | Reason::Risk => collateral.frozen_for_other,
            Reason::CrossDefault => collateral.frozen_for_cross,
        };
        let arithmetic = (amount == FreezeAmount::Shortfall).then(|| arithmetic(credit, Units(target)));
        let other = other.map(|other| other.address);
        let is_rebased = other.is_some_and(|other| other != account.cross_credit);
        let (before, target) = (Units(before), Units(target));
        Ok(PlannedFreeze { amount, reason, before, target, arithmetic, other, is_rebased })
    }

    /// True where as much is frozen already, so that nothing is left to do.
    pub(super) fn is_done(&self) -> bool {
        self.target <= self.before && !self.is_rebased
    }
}

/// The refusal of a freeze for cross-default.
fn not_crossed(credit: &CreditView, other: Option<&CreditView>, error: Option<BlockableError>) -> CliError {
    let (address, account) = (credit.address, &credit.account);
    CliError::Refused(match (error, other) {
        (Some(BlockableError::CrossDefaultNotAgreed), _) => {
            format!("the terms of {address} do not provide for cross-default; name another reason")
        }
        (_, None) => format!(
            "no other loan of {} to {} is in default, so {address} cannot be frozen for one; name another reason",
            account.lender, account.borrower
        ),
        (_, Some(other)) => format!(
            "{} is {}, of lender {} and borrower {}; a freeze for cross-default rests on a loan in default of the same two",
            other.address,
            other.status_name(),
            other.account.lender,
            other.account.borrower
        ),
    })
}

fn refused(credit: &CreditView, error: Option<BlockableError>) -> CliError {
    let account = &credit.account;
    let (address, usd) = (credit.address, |amount: u64| text::usd_owed(MicroUsd(amount)));
    CliError::Refused(match error {
        Some(BlockableError::NotInArrears) => format!(
            "{address} has no shortfall: of its debt of {} nothing is in arrears; freeze a share or a number of units instead",
            usd(account.debt.total())
        ),
        Some(error) => format!("{address} cannot be frozen ({error:?}): {error}"),
        None => return CliError::OutOfRange(address),
    })
}

/// The arithmetic of a shortfall: arrears of the debt, as a share of what can be frozen.
fn arithmetic(credit: &CreditView, target: Units) -> String {
    let (account, usd) = (&credit.account, |amount: u64| text::usd_owed(MicroUsd(amount)));
    let (arrears, debt) = (account.arrears(), account.debt.total());
    let share = Bps(mul_div_floor(arrears, 10_000, debt).unwrap_or(10_000));
    format!(
        "arrears {} of debt {} are {}; that share of {} that can be frozen is {} (rounded up)",
        usd(arrears),
        usd(debt),
        text::percent(share),
        text::units(Units(account.collateral.freezable())),
        text::units(target)
    )
}
