//! `blockable credit close`: the accounts of a loan that has ended are removed.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::CreditView,
        output::Answer,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MicroUsd, Units},
        instructions::{credit_close, vault_close},
        program::{state::Party, transitions::Status},
    },
    blockable_service::{
        command::values::{address, units},
        text,
    },
    clap::Args,
};

/// Removes the accounts of a loan that has ended; their rent goes back to the key that paid it
///
/// Anyone may sign once no units are left. Before that only the borrower can, and gives the rest of the units up.
#[derive(Args, Debug)]
pub(crate) struct CloseArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// Most units to give up, where some are left
    #[arg(long, value_name = "UNITS", value_parser = units)]
    give_up: Option<Units>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Removes the accounts. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &CloseArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    require_ended(credit)?;
    let left = Units(account.collateral.remaining());
    let given_up = args.give_up.unwrap_or(Units::ZERO);
    if given_up < left {
        return Err(CliError::Refused(format!(
            "{} has {} left, which the borrower {} may use; it closes the account by --give-up {}",
            credit.address,
            text::units(left),
            account.borrower,
            left.get()
        )));
    }
    let (role, usual) = match left.is_zero() {
        true => (Role::anyone("anyone", account.borrower), account.borrower),
        false => (Role::new("the borrower", vec![account.borrower]), account.borrower),
    };
    let parties = on.parties(usual)?;
    let (keys, receiver) = (market.keys(), account.rent_payer);
    let mut instructions = Vec::new();
    if account.vault_closed == 0 && !account.is_unrestricted() {
        instructions.push(vault_close(&keys, &credit.address, &receiver, &market.account.treasury));
    }
    instructions.push(credit_close(
        &market.address,
        &parties.signer,
        &receiver,
        &credit.address,
        &account.provider,
        left.get(),
    ));
    let title = match left.is_zero() {
        true => "remove the accounts of the loan".to_string(),
        false => format!("give up {} and remove the accounts", text::units(left)),
    };
    let act = Act::new(
        title,
        role,
        instructions,
        "the account: its history stays on the chain, and `blockable audit` reads it by its address",
        format!("removed; the rent is back with {receiver}"),
    )
    .with_facts(lost(credit, left))
    .with_facts([("rent to", receiver.to_string())]);
    on.carry_out(&parties, act).await
}

/// The units that the borrower loses, with what the loan paid for them; none where none are left.
fn lost(credit: &CreditView, left: Units) -> Option<(&'static str, String)> {
    if left.is_zero() {
        return None;
    }
    let count = text::units(left);
    let value = match credit.account.value_paid(left.get()) {
        Ok(value) if !credit.account.is_unrestricted() => {
            format!("{count}, for which the loan paid {}", text::usd_received(MicroUsd(value)))
        }
        _ => count,
    };
    Some(("you lose", format!("{value}: nobody can use them any more")))
}

/// Requires a loan that owes nothing, whose lots are closed and whose claims are collected. Errors: [`CliError::Refused`].
fn require_ended(credit: &CreditView) -> Result<(), CliError> {
    let account = &credit.account;
    if credit.status()? != Status::Repaid {
        return Err(CliError::Refused(format!(
            "{} is {}, and owes {}; only a loan that owes nothing is closed",
            credit.address,
            credit.status_name(),
            text::usd_owed(MicroUsd(account.debt.total()))
        )));
    }
    if account.lots_open > 0 {
        return Err(CliError::Refused(format!(
            "{} has {} lots open; `blockable pool list --all --where credit={}` lists them, and `blockable pool close LOT` closes each once \
             it is sold out or the debt is paid",
            credit.address, account.lots_open, credit.address
        )));
    }
    let claims = [Party::Lender, Party::Borrower, Party::Provider, Party::Treasury]
        .into_iter()
        .map(|party| (format!("{party:?}").to_lowercase(), MicroUsd(account.claims.of(party))))
        .filter(|(_, claim)| !claim.is_zero())
        .map(|(party, claim)| format!("{} for the {party}", text::usd_received(claim)))
        .collect::<Vec<_>>();
    if !claims.is_empty() && account.vault_closed == 0 {
        return Err(CliError::Refused(format!(
            "the vault of {} holds {}; `blockable credit collect {} --for PARTY` pays it out first",
            credit.address,
            claims.join(", "),
            credit.address
        )));
    }
    Ok(())
}
