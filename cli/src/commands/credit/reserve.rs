//! `blockable credit reserve`: the borrower's cash in the vault is paid in, or drawn.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::{
            act::{Act, OnCredit},
            money::require_money,
        },
        error::CliError,
        lookup::CreditView,
        output::Answer,
    },
    blockable_sdk::{
        Pubkey,
        amounts::MicroUsd,
        errors::refusal,
        events::Change,
        instructions::{reserve_draw, reserve_fund},
        program::{errors::BlockableError, instructions::LoanRead},
    },
    blockable_service::{
        command::values::{address, money},
        text,
    },
    clap::Args,
};

/// Pays into the borrower's reserve, or draws it for missed instalments
///
/// Anyone may sign either. The units are issued only once the reserve is full.
#[derive(Args, Debug)]
pub(crate) struct ReserveArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    act: ActArgs,
    /// Token account that pays [default: the signer's own for the market's token]
    #[arg(long, value_name = "ADDRESS", value_parser = address, conflicts_with = "draw")]
    from: Option<Pubkey>,
    #[command(flatten)]
    sign: SignArgs,
}

/// The act on the reserve.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
struct ActArgs {
    /// Pays up to this sum in
    #[arg(long, value_name = "MONEY", value_parser = money)]
    amount: Option<MicroUsd>,
    /// Pays in what is missing
    #[arg(long)]
    fill: bool,
    /// Pays the arrears from the reserve, where it reaches for all of them; in a recovery the debt
    #[arg(long)]
    draw: bool,
}

/// Funds or draws the reserve. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &ReserveArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let credit = &on.credit;
    if credit.account.rider.reserve == 0 {
        return Err(CliError::Refused(format!("the terms of {} ask for no reserve", credit.address)));
    }
    if args.act.draw {
        return draw(&on).await;
    }
    fund(&on, args).await
}

async fn fund(on: &OnCredit<'_>, args: &ReserveArgs) -> Result<Answer, CliError> {
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    let whole = MicroUsd(account.rider.reserve);
    let missing = whole.saturating_sub(MicroUsd(account.reserve_held));
    if missing.is_zero() {
        let says = format!("the reserve of {} is full, {}", credit.address, text::usd_owed(whole));
        return Ok(on.nothing(&says));
    }
    let amount = args.act.amount.unwrap_or(missing).min(missing);
    let mut tried = *account;
    tried.begin_funding(amount.get(), &market.clock).map_err(|error| refused(credit, refusal(&error)))?;
    let parties = on.parties(account.borrower)?;
    let source = args.from.unwrap_or_else(|| market.keys().token_account(&parties.signer));
    require_money(&on.session, &source, amount).await?;
    let read = LoanRead::from_credit(account).map_err(|_| CliError::OutOfRange(credit.address))?;
    let instruction =
        reserve_fund(&market.keys(), &parties.signer, &source, &credit.address, amount.get(), read);
    let sum = text::usd_owed(amount);
    let act = Act::new(
        format!("pay {sum} into the reserve"),
        Role::anyone("the payer", account.borrower),
        vec![instruction],
        "the payment: it pays missed instalments, and what is left returns to the borrower at the end",
        format!("paid up to {sum} into the reserve"),
    )
    .with_landed(|record| match &record.change {
        Change::ReserveFunded { amount, .. } => {
            Some(format!("paid {} into the reserve", text::usd_owed(MicroUsd(*amount))))
        }
        _ => None,
    })
    .with_facts([("from", source.to_string()), ("agreed reserve", text::usd_owed(whole))]);
    on.carry_out(&parties, act).await
}

async fn draw(on: &OnCredit<'_>) -> Result<Answer, CliError> {
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    if account.arrears() == 0 && account.debt.late_fees == 0 {
        let says = format!("{} is not in arrears", credit.address);
        return Ok(on.nothing(&says));
    }
    let mut tried = *account;
    tried.draw_reserve(credit.address, &market.clock).map_err(|error| refused(credit, refusal(&error)))?;
    let (parties, address) = (on.parties(account.lender)?, credit.address);
    let act = Act::new(
        format!("draw the reserve of {}", text::usd_owed(MicroUsd(account.reserve_held))),
        Role::anyone("anyone", account.lender),
        vec![reserve_draw(&market.address, &credit.address)],
        "the payment; while the reserve is short past the delinquency grace the lender may freeze",
        "drawn".to_string(),
    )
    .with_landed(move |record| match &record.change {
        Change::Paid { payer, late_fees, interest, principal, .. } if *payer == address => {
            let drawn: MicroUsd = [*late_fees, *interest, *principal].map(MicroUsd).into_iter().sum();
            Some(format!("drawn {} from the reserve", text::usd_owed(drawn)))
        }
        _ => None,
    });
    on.carry_out(&parties, act).await
}

fn refused(credit: &CreditView, error: Option<BlockableError>) -> CliError {
    let (account, usd) = (&credit.account, |sum: u64| text::usd_owed(MicroUsd(sum)));
    let Some(error) = error else { return CliError::OutOfRange(credit.address) };
    CliError::Refused(match error {
        BlockableError::WrongStatus => {
            format!(
                "{} is {}, and its reserve is neither filled nor drawn",
                credit.address,
                credit.status_name()
            )
        }
        BlockableError::ReserveTooSmall => format!(
            "the reserve holds {}, and the arrears are {}: a part would cure nothing; fill it, or pay by `blockable credit repay`",
            usd(account.reserve_held),
            usd(account.arrears())
        ),
        BlockableError::ReserveEmpty => "the reserve is empty; nothing can be drawn".to_string(),
        BlockableError::CancelFirst => {
            "locked units are covered by the holdback; `blockable credit cancel-locked` comes first"
                .to_string()
        }
        BlockableError::SeizeFirst => {
            "there is collateral to take; `blockable credit seize` or `take-over` comes first".to_string()
        }
        error => format!("{} ({error:?}): {error}", credit.address),
    })
}
