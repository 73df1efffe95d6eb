//! `blockable credit take-over`: the lender takes collateral of a loan in default.

use {
    super::seize::{SeizureArgs, There, require_seizable, undone},
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::{CreditView, credit_if_any},
        output::Answer,
    },
    blockable_sdk::{
        Pubkey, addresses,
        amounts::{MicroUsd, Units},
        events::Change,
        instructions::credit_seize_to_lender,
        program::{auction, state::Credit},
    },
    blockable_service::{command::values::address, text},
    clap::Args,
};

/// Takes collateral of a loan in default over, at what the loan paid for it
///
/// The lender signs, once the cure period has passed. Their value comes off the debt, and the lender uses the units itself.
#[derive(Args, Debug)]
pub(crate) struct TakeOverArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    amount: SeizureArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// Takes units over. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &TakeOverArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    require_seizable(credit, market)?;
    let account = &credit.account;
    let out_of_range = |_| CliError::OutOfRange(credit.address);
    let worth = auction::units_worth(account.debt.total(), account.terms.principal, account.terms.units);
    let there = account.seizable(&market.clock).map_err(out_of_range)?.min(worth);
    let free = There {
        units: Units(there),
        name: "free to take over",
        none: "running jobs keep theirs until they end; run this again then",
    };
    let amount = args.amount.bounds(credit, &free)?;
    let parties = on.parties(account.lender)?;
    let (provider, expiry) = (account.provider, account.units_expire_at);
    let to = addresses::unrestricted_credit(&market.address, &provider, &parties.signer, expiry);
    let instruction = credit_seize_to_lender(
        &market.address,
        &parties.signer,
        &parties.payer,
        &credit.address,
        &provider,
        expiry,
        amount,
    );
    let value = account.value_paid(amount.most).map_err(out_of_range)?.min(account.debt.total());
    let facts = [
        ("units", text::units(Units(amount.most))),
        ("at the loan's price", text::usd_received(MicroUsd(value))),
        ("to credit", to.to_string()),
    ];
    let title = format!("take {} over", text::units(Units(amount.most)));
    let done = format!("taken over into {to}; use them at the provider");
    let gone = undone(credit, "the units: they leave the lien, and their value comes off the debt")?;
    let mut act = Act::new(title, Role::lender(&credit.account), vec![instruction], gone, done)
        .with_facts(facts)
        .with_warning(cash_instead(credit, amount.most, there)?)
        .with_landed(move |record| match &record.change {
            Change::TakenOver { units, value, .. } => Some(format!(
                "taken over {} for {} of debt, into {to}; use them at the provider",
                text::units(Units(*units)),
                text::usd_received(MicroUsd(*value))
            )),
            _ => None,
        });
    if credit_if_any(&on.session, &to).await?.is_none() {
        act.rent = on.session.rent(Credit::SPACE).await?;
        act.created = vec![("credit", to)];
    }
    on.carry_out(&parties, act).await
}

/// The warning of units for which the holdback would pay the lender instead; none where a takeover takes none of these, which it takes
/// last. Errors: [`CliError::OutOfRange`].
fn cash_instead(credit: &CreditView, taken: u64, there: u64) -> Result<Option<String>, CliError> {
    let out_of_range = |_| CliError::OutOfRange(credit.address);
    let account = &credit.account;
    let covered = account.cancellable().map_err(out_of_range)?;
    let held = taken.saturating_sub(there.saturating_sub(covered)).min(covered);
    if held == 0 {
        return Ok(None);
    }
    let money = account.value_paid(held).map_err(out_of_range)?.min(account.holdback_left);
    Ok(Some(format!(
        "{} of these are units that the holdback pays for: `blockable credit cancel-locked {} --all` would bring you {} in cash for \
             them",
        text::units(Units(held)),
        credit.address,
        text::usd_received(MicroUsd(money))
    )))
}
