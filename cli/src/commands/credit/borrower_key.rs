//! `blockable credit borrower-key`: the borrower's place goes to another key.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::CreditView,
        output::Answer,
        parties::Parties,
        session::MarketView,
        settings::KeySource,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MicroUsd, Units},
        errors::refusal,
        instructions::{
            credit_accept_borrower, credit_offer_borrower, credit_withdraw_borrower, vault_collect,
        },
        program::{errors::BlockableError, instructions::BorrowerLimits, state::Party},
        tokens::create_associated,
    },
    blockable_service::{command::values::address, text},
    clap::Args,
};

/// Hands the borrower's place to another key: offered by both parties, and taken by that key after the market's delay
///
/// For a key that may have leaked. The new key owes the debt and uses the units from then on.
#[derive(Args, Debug)]
pub(crate) struct BorrowerKeyArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// The key to offer it to; lender and borrower sign
    #[arg(value_name = "ADDRESS", value_parser = address, required_unless_present_any = ["accept", "withdraw"])]
    to: Option<Pubkey>,
    /// Takes the place; the key that it is offered to signs
    #[arg(long, conflicts_with = "to")]
    accept: bool,
    /// Withdraws the offer; lender or borrower signs
    #[arg(long, conflicts_with_all = ["to", "accept"])]
    withdraw: bool,
    /// The borrower's key, for an offer
    #[arg(long, value_name = "KEY", conflicts_with_all = ["accept", "withdraw"], help_heading = "Signing")]
    borrower_keypair: Option<KeySource>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Hands the place on. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &BorrowerKeyArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let (account, pending) = (&credit.account, credit.account.pending_borrower);
    let to = args.to.unwrap_or_default();
    let is_done = !args.accept && to == pending || args.to.is_some() && to == account.borrower;
    if is_done {
        let says = match args.to {
            None => "the place is offered to nobody".to_string(),
            Some(to) if to == account.borrower => format!("the borrower is {to}"),
            Some(to) => {
                format!("the place is offered to {to}, who may take it from {}", ready_at(credit, market))
            }
        };
        return Ok(on.nothing(&says));
    }
    let (parties, act) = match (args.accept, args.withdraw) {
        (true, _) => accept(&on)?,
        (false, true) => withdraw(&on)?,
        (false, false) => offer(&on, args)?,
    };
    on.carry_out(&parties, act).await
}

fn offer(on: &OnCredit<'_>, args: &BorrowerKeyArgs) -> Result<(Parties, Act), CliError> {
    let (credit, market) = (&on.credit, &on.market);
    let (account, to) = (&credit.account, args.to.unwrap_or_default());
    let delay = market.account.change_delay;
    let mut tried = *account;
    tried
        .offer_borrower(account.offer_slot, to, delay, &market.clock)
        .map_err(|error| refused(credit, market, refusal(&error)))?;
    let parties = on.parties(account.lender)?;
    let parties =
        parties.with_cosigner("--borrower-keypair", args.borrower_keypair.as_ref(), account.borrower)?;
    let instruction = credit_offer_borrower(
        &market.address,
        &parties.signer,
        &account.borrower,
        &credit.address,
        account.offer_slot,
        to,
    );
    let delay = text::span(delay.into());
    let act = Act::new(
        format!("offer the borrower's place to {to}"),
        Role::lender(account),
        vec![instruction],
        "nothing until it is taken: either party may take the offer back by --withdraw",
        format!(
            "offered; {to} takes it after {delay} by `blockable credit borrower-key {} --accept`",
            credit.address
        ),
    );
    Ok((parties, act.with_facts([("can be taken", format!("after {delay}"))])))
}

fn withdraw(on: &OnCredit<'_>) -> Result<(Parties, Act), CliError> {
    let (account, market) = (&on.credit.account, &on.market);
    let parties = on.parties(account.lender)?;
    let act = Act::new(
        format!("withdraw the offer of the borrower's place to {}", account.pending_borrower),
        Role::new("the lender or the borrower", vec![account.lender, account.borrower]),
        vec![credit_withdraw_borrower(&market.address, &parties.signer, &on.credit.address)],
        "the offer: both parties would have to make it again, and its delay begins anew",
        "withdrawn".to_string(),
    );
    Ok((parties, act))
}

fn accept(on: &OnCredit<'_>) -> Result<(Parties, Act), CliError> {
    let (credit, market) = (&on.credit, &on.market);
    let (account, pending) = (&credit.account, credit.account.pending_borrower);
    if pending == Pubkey::default() {
        return Err(CliError::Refused(format!(
            "the borrower's place of {} is offered to nobody; lender and borrower offer it first",
            credit.address
        )));
    }
    let out_of_range = |_| CliError::OutOfRange(credit.address);
    let mut later = *account;
    later
        .accrue(market.clock.market.saturating_add(on.sign.made_within()))
        .map_err(|_| CliError::OutOfRange(credit.address))?;
    let limits = BorrowerLimits::from_credit(&later).map_err(out_of_range)?;
    let mut tried = *account;
    tried.claims.borrower = 0;
    tried
        .accept_borrower(&pending, &limits, &market.clock)
        .map_err(|error| refused(credit, market, refusal(&error)))?;
    let parties = on.parties(pending)?;
    let keys = market.keys();
    let old = keys.token_account(&account.borrower);
    // What the old borrower may collect goes to its own account first.
    let mut instructions = Vec::new();
    if account.claims.borrower > 0 {
        instructions.push(create_associated(
            &parties.payer,
            &account.borrower,
            &keys.mint,
            &keys.token_program,
        ));
        instructions.push(vault_collect(&keys, &parties.signer, &credit.address, &old, Party::Borrower, 0));
    }
    instructions.push(credit_accept_borrower(&market.address, &parties.signer, &credit.address, limits));
    let act = Act::new(
        format!("take the borrower's place of {}", account.borrower),
        Role::new("the key that it is offered to", vec![pending]),
        instructions,
        "the debt: you owe it from then on, and only you and the lender can hand the place on",
        format!("the borrower is {pending}"),
    )
    .with_facts([
        ("owes", format!("at most {}", text::usd_owed(MicroUsd(limits.most_debt)))),
        ("open to use", format!("at least {}", text::units(Units(limits.least_available)))),
    ]);
    Ok((parties, act))
}

fn ready_at(credit: &CreditView, market: &MarketView) -> String {
    text::time(market.chain_time_of(credit.account.pending_borrower_ready_at))
}

fn refused(credit: &CreditView, market: &MarketView, error: Option<BlockableError>) -> CliError {
    let Some(error) = error else { return CliError::OutOfRange(credit.address) };
    CliError::Refused(match error {
        BlockableError::ChangeDelayRunning => {
            format!(
                "the borrower's place can be taken from {}; run this again then",
                ready_at(credit, market)
            )
        }
        BlockableError::ChangeLapsed => format!(
            "the offer of the borrower's place could be taken from {}, and has lapsed; both parties offer it again",
            ready_at(credit, market)
        ),
        BlockableError::SelfLoan => {
            "that key is the lender's, and nobody lends to itself; name another key".to_string()
        }
        BlockableError::WrongStatus => format!(
            "{} is {}; a place is handed on from the issue to the end of a loan",
            credit.address,
            credit.status_name()
        ),
        error => format!("{} ({error:?}): {error}", credit.address),
    })
}
