//! `blockable credit repay`.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        commands::money::require_money,
        error::CliError,
        lookup::CreditView,
        output::Answer,
        session::MarketView,
    },
    blockable_sdk::{
        Pubkey,
        amounts::MicroUsd,
        events::Change,
        instructions::{Payment, credit_repay},
        payments::{PaymentError, PaymentQuote, least_payment_to_cure, next_instalment, quote_payment},
        program::{instructions::LoanRead, state::MarketClock, transitions::Status},
    },
    blockable_service::{
        command::values::{address, money},
        text,
    },
    clap::Args,
};

/// Pays a part of the debt, or all of it: releases, unlocks and thaws units
///
/// Anyone may pay. The money goes to the arrears first, then to the reserve, then ahead of the schedule. The payment is refused
/// where the loan is in a worse status by then than it is shown here.
#[derive(Args, Debug)]
pub(crate) struct RepayArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    amount: PaymentArgs,
    /// Token account that pays [default: the signer's own for the market's token]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    from: Option<Pubkey>,
    #[command(flatten)]
    sign: SignArgs,
}

/// The amount of a payment: one of four ways to say it.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct PaymentArgs {
    /// Pays up to this sum, such as 1500usdc or $1,234.56
    #[arg(long, value_name = "MONEY", value_parser = money)]
    amount: Option<MicroUsd>,
    /// Pays the next instalment with everything that is due by then
    #[arg(long)]
    next: bool,
    /// Pays what is due now, which ends the delinquency or default; refused where more is due as it lands
    #[arg(long)]
    cure: bool,
    /// Pays the whole debt
    #[arg(long)]
    all: bool,
}

/// Repays. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &RepayArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    if credit.status()? == Status::Repaid || credit.account.debt.total() == 0 {
        let says = format!("{} is {} and owes nothing", credit.address, credit.status_name());
        return Ok(on.nothing(&says));
    }
    let quote = quote(credit, market, &args.amount, args.sign.made_within())?;
    let parties = on.parties(credit.account.borrower)?;
    let source = args.from.unwrap_or_else(|| market.keys().token_account(&parties.signer));
    require_money(&on.session, &source, quote.paid).await?;
    let read = LoanRead::from_credit(&credit.account).map_err(|_| CliError::OutOfRange(credit.address))?;
    let payment = Payment { amount: quote.paid.get(), read, must_cure: args.amount.cure };
    let instruction = credit_repay(&market.keys(), &parties.signer, &source, &credit.address, payment);
    let (address, paid) = (credit.address, text::usd_owed(quote.paid));
    let act = Act::new(
        format!("pay up to {paid} on {address}"),
        Role::anyone("the payer", credit.account.borrower),
        vec![instruction],
        "the payment: only the lender could give it back",
        format!("paid up to {paid} on {address}"),
    )
    .with_landed(move |record| match &record.change {
        // A draw of the reserve in the same transaction has the credit as its payer.
        Change::Paid { payer, reserve, late_fees, interest, principal, .. } if *payer != address => {
            let paid: MicroUsd =
                [*reserve, *late_fees, *interest, *principal].map(MicroUsd).into_iter().sum();
            Some(format!("paid {} on {address}", text::usd_owed(paid)))
        }
        _ => None,
    });
    let mut act = act.with_facts([("from", source.to_string())]).with_facts(splits(credit, market, &quote)?);
    if args.amount.cure {
        act = act.with_facts(falls_due(&on, &quote, args.sign.made_within())?);
    }
    on.carry_out(&parties, act).await
}

/// The payment by the program's own arithmetic, as of the time by which it is made at the latest: some seconds from now.
fn quote(
    credit: &CreditView,
    market: &MarketView,
    amount: &PaymentArgs,
    within: i64,
) -> Result<PaymentQuote, CliError> {
    let refused = |error: PaymentError| CliError::Refused(format!("{}: {error}", credit.address));
    let account = &credit.account;
    if amount.cure {
        // What falls due later is not what was asked for. Where all is owed, interest grows until it lands.
        let now = cure(credit, &market.clock)?;
        return if now.pays_off() { cure(credit, &later(&market.clock, within)) } else { Ok(now) };
    }
    let clock = later(&market.clock, within);
    let sum = match (amount.amount, amount.next) {
        (Some(sum), _) => sum,
        (None, false) => MicroUsd::MAX,
        (None, true) => {
            let next = next_instalment(account, &market.clock).map_err(refused)?.ok_or_else(|| {
                CliError::Refused(format!(
                    "{}: nothing more falls due; pay the debt by --all",
                    credit.address
                ))
            })?;
            next.quote.paid
        }
    };
    quote_payment(account, &clock, sum).map_err(refused)
}

/// The least payment that ends a delinquency or default at a time. Errors: [`CliError::Refused`] where none does.
fn cure(credit: &CreditView, clock: &MarketClock) -> Result<PaymentQuote, CliError> {
    let refused = |error: PaymentError| CliError::Refused(format!("{}: {error}", credit.address));
    least_payment_to_cure(&credit.account, clock).map_err(refused)?.ok_or_else(|| {
        CliError::Refused(format!(
            "{} is {} and no payment cures that; pay a sum by --amount, or all of it by --all",
            credit.address,
            credit.status_name()
        ))
    })
}

/// The sum that falls due while a cure may still land, which it does not pay. Errors: [`CliError::OutOfRange`].
fn falls_due(
    on: &OnCredit<'_>,
    quote: &PaymentQuote,
    within: i64,
) -> Result<Option<(&'static str, String)>, CliError> {
    let out_of_range = || CliError::OutOfRange(on.credit.address);
    let (mut paid, clock) = (on.credit.account, &on.market.clock);
    let sum = paid.begin_payment(quote.paid.get(), clock).map_err(|_| out_of_range())?;
    // The payer is recorded and changes nothing.
    paid.receive_payment(Pubkey::default(), sum).map_err(|_| out_of_range())?;
    paid.accrue(later(clock, within).market).map_err(|_| out_of_range())?;
    let more = MicroUsd(paid.arrears());
    let text = || {
        format!(
            "{} that fall due within {}; from then on this payment is refused, and nothing is paid: run it again",
            text::usd_owed(more),
            text::span(within)
        )
    };
    Ok((!more.is_zero()).then(|| ("not paid", text())))
}

fn later(clock: &MarketClock, seconds: i64) -> MarketClock {
    // While a pause is in force the market's clock stands still, and no interest accrues.
    let market = if clock.is_paused { clock.market } else { clock.market.saturating_add(seconds) };
    MarketClock { chain: clock.chain.saturating_add(seconds), market, ..*clock }
}

/// The parts of the debt that a payment pays if it lands now, as its effect is simulated; and the most that it pays of late fees and
/// interest if it lands later, where a late fee may have begun by then. Errors: [`CliError::OutOfRange`].
fn splits(
    credit: &CreditView,
    market: &MarketView,
    later: &PaymentQuote,
) -> Result<Vec<(&'static str, String)>, CliError> {
    let now = quote_payment(&credit.account, &market.clock, later.paid)
        .map_err(|_| CliError::OutOfRange(credit.address))?;
    let mut facts = vec![("goes to", parts(&now))];
    if later.late_fees > now.late_fees {
        let (fees, interest) = (text::usd_owed(later.late_fees), text::usd_owed(later.interest));
        facts.push((
            "if it lands late",
            format!("at most {fees} of it to late fees, and {interest} to interest"),
        ));
    }
    Ok(facts)
}

/// The parts of a debt that a payment pays, in words: they add up to it.
fn parts(quote: &PaymentQuote) -> String {
    let sums = [quote.late_fees, quote.interest, quote.principal, quote.to_reserve];
    let names = ["late fees", "interest", "principal", "reserve"];
    let shown = names.into_iter().zip(text::usd_parts(sums)).zip(sums);
    let parts: Vec<String> = shown
        .filter(|(_, sum)| !sum.is_zero())
        .map(|((name, written), _)| format!("{name} {written}"))
        .collect();
    parts.join(", ")
}
