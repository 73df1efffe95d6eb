//! `blockable credit cancel-locked`: units under the holdback are given up for the money that was held back for them.

use {
    super::seize::{SeizureArgs, There, require_seizable},
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        output::Answer,
        settings::KeySource,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MicroUsd, Units},
        events::Change,
        instructions::credit_cancel_locked,
        program::{instructions::LoanRead, transitions::Status},
    },
    blockable_service::{command::values::address, text},
    clap::Args,
};

/// Gives locked units up for the money that was held back for them
///
/// In default the lender signs, once the cure period has passed, and 30 days later anyone. Before a default lender and borrower sign
/// together, while the market's admin has suspended the provider for long enough.
#[derive(Args, Debug)]
pub(crate) struct CancelLockedArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    amount: SeizureArgs,
    /// The borrower's key, for a loan that is not in default
    #[arg(long, value_name = "KEY")]
    borrower_keypair: Option<KeySource>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Cancels locked units. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &CancelLockedArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    let out_of_range = |_| CliError::OutOfRange(credit.address);
    let needs_both = matches!(credit.status()?, Status::Active | Status::Delinquent);
    if needs_both {
        let provider = on.session.client.provider(&account.provider).await?;
        let waits = market.account.min_suspension;
        if provider.require_suspended_for(waits, &market.clock).is_err() {
            let opens_at = provider.admin_suspended_at.saturating_add(waits.into());
            let when = match provider.is_suspended_by_admin() {
                true => format!("they can be from {}", text::time(market.chain_time_of(opens_at))),
                false => "it is not suspended by the admin".to_string(),
            };
            return Err(CliError::Refused(format!(
                "{} is {}, and units of a loan that is not in default are cancelled only while the market's admin has suspended its \
                 provider for {}; {when}",
                credit.address,
                credit.status_name(),
                text::span(waits.into())
            )));
        }
    } else {
        require_seizable(credit, market)?;
    }
    let there = There {
        units: Units(account.cancellable().map_err(out_of_range)?),
        name: "covered by the holdback",
        none: "nothing is held back for them; in default `blockable credit seize` and `take-over` take the others",
    };
    let amount = args.amount.bounds(credit, &there)?;
    let read = LoanRead::from_credit(account).map_err(out_of_range)?;
    let mut parties = on.parties(account.lender)?;
    let is_open = market.clock.market >= account.cancel_opens_at();
    let role = match is_open && !needs_both {
        true => Role::anyone("anyone", account.lender),
        false => Role::lender(account),
    };
    if needs_both {
        parties =
            parties.with_cosigner("--borrower-keypair", args.borrower_keypair.as_ref(), account.borrower)?;
    }
    let borrower = needs_both.then_some(&account.borrower);
    let instruction = credit_cancel_locked(
        &market.address,
        &parties.signer,
        borrower,
        &credit.address,
        &account.provider,
        amount,
        read,
    );
    let units = text::units(Units(amount.most));
    let collect =
        format!("`blockable credit collect {}` pays the money out to {}", credit.address, account.lender);
    let act = Act::new(
        format!("cancel up to {units} that the holdback pays for"),
        role,
        vec![instruction],
        "the units: the provider owes them to nobody any more",
        format!("cancelled up to {units}; {collect}"),
    )
    .with_landed(move |record| match &record.change {
        Change::LockedCancelled { units, paid, surplus, .. } => {
            let lenders = MicroUsd(*paid).saturating_sub(MicroUsd(*surplus));
            let (units, lenders) = (text::units(Units(*units)), text::usd_received(lenders));
            Some(format!("cancelled {units} for {lenders}; {collect}"))
        }
        _ => None,
    })
    .with_facts([("held back", text::usd_received(MicroUsd(account.holdback_left)))]);
    on.carry_out(&parties, act).await
}
