//! `blockable credit thaw`.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::CreditView,
        output::Answer,
        session::MarketView,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{Bps, Units},
        events::Change,
        instructions::credit_thaw,
        names::freeze_reason_byte_name,
        program::{instructions::ThawBounds, units::mul_div_floor},
    },
    blockable_service::{
        command::values::{address, share, units},
        text,
    },
    clap::Args,
};

/// Thaws frozen collateral: new jobs may draw on it again
///
/// The lender or the freeze authority signs. Where a payment thaws some units meanwhile, no more are opened than this review shows.
#[derive(Args, Debug)]
pub(crate) struct ThawArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    amount: ThawAmountArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// The amount of a thaw: one of three ways to say it.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ThawAmountArgs {
    /// Thaws everything that is frozen
    #[arg(long)]
    all: bool,
    /// Thaws this number of units, such as 500000units
    #[arg(long, value_name = "UNITS", value_parser = units)]
    units: Option<Units>,
    /// Thaws this share of what is frozen, such as 25%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    share: Option<Bps>,
}

/// Thaws. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ThawArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let frozen = Units(credit.account.collateral.frozen());
    if frozen.is_zero() {
        let says = format!("nothing of {} is frozen", credit.address);
        return Ok(on.nothing(&says));
    }
    let most = most(credit, frozen, &args.amount)?;
    let bounds = ThawBounds { most: most.get(), keep: frozen.saturating_sub(most).get() };
    let parties = on.parties(credit.account.lender)?;
    let (address, thawed) = (credit.address, text::units(most));
    let act = Act::new(
        format!("thaw {thawed} of {address}"),
        Role::freezers([&credit.account]),
        vec![credit_thaw(&market.address, &parties.signer, &address, bounds)],
        "use of the units by new jobs from now on; a freeze closes again what is left",
        format!("thawed up to {thawed} of {address}"),
    )
    .with_landed(move |record| match &record.change {
        Change::Thawed { units, .. } => Some(format!("thawed {} of {address}", text::units(Units(*units)))),
        _ => None,
    });
    let act = act.with_facts(facts(credit, market));
    on.carry_out(&parties, act).await
}

/// The most units to thaw. Errors: [`CliError::Refused`] for more than are frozen.
fn most(credit: &CreditView, frozen: Units, amount: &ThawAmountArgs) -> Result<Units, CliError> {
    match (amount.units, amount.share) {
        (Some(units), _) if units > frozen => Err(CliError::Refused(format!(
            "{} has {} frozen, fewer than {}; thaw all of them by --all",
            credit.address,
            text::units(frozen),
            text::units(units)
        ))),
        (Some(units), _) => Ok(units),
        (None, Some(share)) => {
            let most = mul_div_floor(frozen.get(), share.get(), 10_000)
                .map_err(|_| CliError::OutOfRange(credit.address))?;
            // A share of a few units is at least one.
            Ok(Units(most.max(1)))
        }
        (None, None) => Ok(frozen),
    }
}

fn facts(credit: &CreditView, market: &MarketView) -> Vec<(&'static str, String)> {
    let account = &credit.account;
    let mut facts = vec![("frozen for", freeze_reason_byte_name(account.freeze_reason).replace('_', " "))];
    if account.frozen_at_market != 0 {
        facts.push(("frozen since", text::time(market.chain_time_of(account.frozen_at_market))));
    }
    if account.pending_lender != Pubkey::default() {
        facts.push(("withdraws", format!("the offer of this loan to {}", account.pending_lender)));
    }
    facts
}
