//! `blockable credit waive` and `write-off`: the lender gives up money.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::CreditView,
        output::Answer,
        session::{MarketView, Session},
    },
    blockable_sdk::{
        Pubkey, addresses,
        amounts::{MarketTime, MicroUsd, Units},
        errors::ClientError,
        events::Change,
        instructions::{credit_waive_fee, credit_write_off},
        program::{state::Provider, transitions::Status},
        terms::{cure_ends, default_from},
    },
    blockable_service::{
        command::values::{address, money},
        text,
    },
    bytemuck::Zeroable,
    clap::Args,
};

/// Waives late fees
///
/// The lender signs.
#[derive(Args, Debug)]
pub(crate) struct WaiveArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// The most to waive, such as 50usdc [default: all late fees that are owed now]
    #[arg(long, value_name = "MONEY", value_parser = money)]
    amount: Option<MicroUsd>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Gives up all that is owed; the units that are left become the borrower's
///
/// The lender signs. Locked units that the holdback pays for are cancelled first, and that money goes to the lender.
#[derive(Args, Debug)]
pub(crate) struct WriteOffArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    sign: SignArgs,
}

/// Waives late fees. Errors: [`CliError`].
pub(super) async fn waive(global: &GlobalArgs, args: &WaiveArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let owed = MicroUsd(credit.account.debt.late_fees);
    if owed.is_zero() {
        let says = format!("{} owes no late fees", credit.address);
        return Ok(on.nothing(&says));
    }
    // A fee that is charged after this was read is not waived.
    let amount = args.amount.unwrap_or(owed).min(owed);
    let parties = on.parties(credit.account.lender)?;
    let role = Role::lender(&credit.account);
    let waived = text::usd_received(amount);
    let instruction = credit_waive_fee(&market.address, &parties.signer, &credit.address, amount.get());
    let act = Act::new(
        format!("waive {waived} of late fees"),
        role,
        vec![instruction],
        "the fees: they are not charged again",
        format!("waived up to {waived}"),
    )
    .with_landed(|record| match &record.change {
        Change::FeeWaived { amount, .. } => Some(format!("waived {}", text::usd_received(MicroUsd(*amount)))),
        _ => None,
    });
    on.carry_out(&parties, act).await
}

/// The market time at which every open lot of a credit is at its lowest price. Errors: [`CliError::Carry`].
async fn cheapest_at(session: &Session, credit: &CreditView) -> Result<MarketTime, CliError> {
    let mut latest = MarketTime(0);
    for index in 0..credit.account.lots_opened {
        match session.client.lot(&addresses::lot(&credit.address, index)).await {
            Ok(lot) => latest = latest.max(MarketTime(lot.opened_at).plus_seconds(lot.window.into())),
            // A lot that is closed is removed.
            Err(ClientError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(latest)
}

/// Requires that no lot of a credit is open. Errors: [`CliError::Refused`] with the time at which the last one is at its lowest price.
async fn require_no_open_lot(
    session: &Session,
    credit: &CreditView,
    market: &MarketView,
) -> Result<(), CliError> {
    let account = &credit.account;
    if account.lots_open == 0 {
        return Ok(());
    }
    let floor_at = cheapest_at(session, credit).await?;
    Err(CliError::Refused(format!(
        "{} of {}, and its sales pay the debt; at {} the last one is at its lowest price: wait until all is sold, or close by \
         `blockable pool close LOT` what `blockable pool list --all --where credit={}` lists",
        match account.lots_open {
            1 => "1 lot is open".to_string(),
            count => format!("{count} lots are open"),
        },
        credit.address,
        text::time(market.chain_time_of(floor_at.get())),
        credit.address
    )))
}

/// Requires a loan in default. Errors: [`CliError::Refused`] with the time from which it can be one.
fn require_in_default(credit: &CreditView, market: &MarketView) -> Result<(), CliError> {
    let address = credit.address;
    let status = credit.status()?;
    if matches!(status, Status::Defaulted | Status::Seizing) {
        return Ok(());
    }
    let when = match (status, default_from(&credit.account)) {
        (Status::Active | Status::Delinquent, None) => {
            "nothing of it is in arrears; `blockable credit waive` waives late fees".to_string()
        }
        (Status::Active | Status::Delinquent, Some(from)) => format!(
            "it can be from {}, once `blockable credit mark {address}` has marked the default",
            text::time(market.chain_time_of(from.get()))
        ),
        _ => format!("before the issue `blockable credit cancel {address}` withdraws it"),
    };
    Err(CliError::Refused(format!(
        "{address} is {}, and only a loan in default is written off: {when}",
        credit.status_name()
    )))
}

/// The warning of collateral that a write-off leaves to the borrower, with its value at the loan's price; none where nothing is left.
fn given_away(credit: &CreditView, cancelled: u64) -> Option<String> {
    let left = credit.account.collateral.lien().saturating_sub(cancelled);
    let value = credit.account.value_paid(left).ok().filter(|_| left > 0)?;
    Some(format!(
        "this gives {} of collateral away, worth {} at the loan's price: `blockable credit seize` or `take-over` would recover from them \
         first",
        text::units(Units(left)),
        text::usd_received(MicroUsd(value))
    ))
}

/// The money of a write-off.
#[derive(Clone, Copy)]
struct GivenUp {
    /// Debt that is given up.
    debt: MicroUsd,
    /// Money of the holdback that comes back before it.
    paid: MicroUsd,
}

/// The money of a write-off that lands so many seconds later, by the program's own function on a copy of the credit. Errors:
/// [`CliError::OutOfRange`].
fn given_up(credit: &CreditView, market: &MarketView, seconds: i64) -> Result<GivenUp, CliError> {
    let mut account = credit.account;
    let mut clock = market.clock;
    clock.market = clock.market.saturating_add(seconds);
    // A pause refuses it now, and says nothing about its money.
    clock.is_paused = false;
    let mut provider = Provider { outstanding_units: account.collateral.granted, ..Provider::zeroed() };
    let (lender, slot) = (account.lender, account.offer_slot);
    match account.write_off(&lender, slot, u64::MAX, &mut provider, &clock) {
        Ok(Change::WrittenOff { debt, paid, .. }) => {
            Ok(GivenUp { debt: MicroUsd(debt), paid: MicroUsd(paid) })
        }
        _ => Err(CliError::OutOfRange(credit.address)),
    }
}

/// The units that are cancelled before, and what comes back for them.
fn cancels_first(cancelled: u64, paid: MicroUsd) -> String {
    let units = text::units(Units(cancelled));
    if paid.is_zero() { units } else { format!("{units}, for {} of the holdback", text::usd_received(paid)) }
}

/// Writes the debt off. Errors: [`CliError`].
pub(super) async fn write_off(global: &GlobalArgs, args: &WriteOffArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    if credit.status()? == Status::Repaid {
        let says = format!("{} owes nothing", credit.address);
        return Ok(on.nothing(&says));
    }
    require_in_default(credit, market)?;
    require_no_open_lot(&on.session, credit, market).await?;
    let cancelled = account.cancellable().map_err(|_| CliError::OutOfRange(credit.address))?;
    // A write-off cancels no sooner than a cancel.
    let waits = credit.status()? == Status::Defaulted && cancelled > 0;
    if let Some(ends) = cure_ends(account).filter(|ends| waits && market.now() < *ends) {
        return Err(CliError::Refused(format!(
            "the cure period of {} runs until {}, and a write-off cancels {} before it; run this again then",
            credit.address,
            text::time(market.chain_time_of(ends.get())),
            text::units(Units(cancelled))
        )));
    }
    let parties = on.parties(account.lender)?;
    let role = Role::lender(account);
    let now = given_up(credit, market, 0)?;
    let later = given_up(credit, market, args.sign.made_within())?;
    let (debt, most) = (text::usd_owed(now.debt), now.debt.max(later.debt));
    let title = match now.paid.is_zero() {
        true => format!("write off {debt}, all that is owed"),
        false => format!(
            "write off {debt}: of {} that are owed, {} come back from the holdback first",
            text::usd_owed(MicroUsd(account.debt.total())),
            text::usd_received(now.paid)
        ),
    };
    let write_off = credit_write_off(
        &market.address,
        &parties.signer,
        &credit.address,
        &account.provider,
        account.offer_slot,
        most.get(),
    );
    let undone = "the debt: it is gone, and the units that are left are the borrower's without restriction";
    let act = Act::new(title, role, vec![write_off], undone, format!("written off {debt}"))
        .with_landed(|record| match &record.change {
            Change::WrittenOff { debt, cancelled, .. } => Some(format!(
                "written off {}, and cancelled {}",
                text::usd_owed(MicroUsd(*debt)),
                text::units(Units(*cancelled))
            )),
            _ => None,
        })
        .with_facts([
            (
                "at most",
                format!(
                    "{}, with interest until it lands: it fails rather than give up more",
                    text::usd_owed(most)
                ),
            ),
            ("cancels first", cancels_first(cancelled, now.paid)),
        ])
        .with_warning(given_away(credit, cancelled));
    on.carry_out(&parties, act).await
}
