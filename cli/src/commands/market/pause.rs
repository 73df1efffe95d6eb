//! `blockable market pause`, `unpause` and `halt`.

use {
    super::propose::{admin, require_open},
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnMarket},
        error::CliError,
        output::Answer,
        session::MarketView,
    },
    blockable_sdk::{
        amounts::ChainTime,
        instructions::{market_halt, market_lift_halt, market_pause, market_unpause},
    },
    blockable_service::{
        command::values::{When, seconds_span, when},
        text,
    },
    clap::Args,
};

/// Pauses the market: no clock of a loan runs; payments, freezes and thaws go on
///
/// The guardian or the admin signs. At most six hours a UTC day and 24 hours in any 30 days.
#[derive(Args, Debug)]
pub(crate) struct PauseArgs {
    /// Time after which the pause ends by itself, such as 6h
    #[arg(long = "for", value_name = "SPAN", value_parser = seconds_span, required_unless_present = "until")]
    span: Option<u32>,
    /// Time at which it ends by itself, such as tomorrow or "2027-01-31 17:00 Europe/Berlin"; in UTC without a zone
    #[arg(long, value_name = "TIME", value_parser = when, conflicts_with = "span")]
    until: Option<When>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Ends the pause that is in force: the admin at any time, anyone once it has expired
#[derive(Args, Debug)]
pub(crate) struct UnpauseArgs {
    #[command(flatten)]
    sign: SignArgs,
}

/// Stops new loans and assignments without an end, or lets a halt end after the market's delay
///
/// The guardian or the admin signs a halt, the admin alone its end.
#[derive(Args, Debug)]
pub(crate) struct HaltArgs {
    /// Lets the halt end once the market's delay has passed
    #[arg(long)]
    lift: bool,
    #[command(flatten)]
    sign: SignArgs,
}

fn guardian(market: &MarketView) -> Role {
    Role::new("the market's guardian or admin", vec![market.account.guardian, market.account.admin])
}

/// Pauses. Errors: [`CliError`].
pub(super) async fn pause(global: &GlobalArgs, args: &PauseArgs) -> Result<Answer, CliError> {
    let on = OnMarket::open(global, &args.sign).await?;
    let market = &on.market;
    if market.clock.is_paused {
        let until = text::time(ChainTime(market.account.pause_expires_at));
        return Ok(on.nothing(&format!("the market is paused until {until}")));
    }
    let seconds = seconds(args, on.session.now)?;
    let parties = on.parties(market.account.guardian)?;
    let span = text::span(seconds.into());
    let instruction = market_pause(&market.address, &parties.signer, seconds);
    let undone = "the time: every due date moves by as long as the pause lasts; it counts against 6 hours a day and 24 hours in 30 days";
    let done = format!("paused; it ends by itself after {span}");
    let act =
        Act::new(format!("pause the market for {span}"), guardian(market), vec![instruction], undone, done);
    on.carry_out(&parties, act).await
}

/// The seconds of a pause from now. Errors: [`CliError::Usage`] for a time that has passed or is too far away.
fn seconds(args: &PauseArgs, now: ChainTime) -> Result<u32, CliError> {
    let Some(until) = &args.until else { return Ok(args.span.unwrap_or_default()) };
    let at = until.resolve(now).map_err(|error| CliError::Usage(format!("--until {until} {error}")))?;
    let seconds = u32::try_from(at.seconds_since(now)).ok().filter(|seconds| *seconds > 0);
    seconds.ok_or_else(|| {
        let (at, now) = (text::time(at), text::time(now));
        CliError::Usage(format!("--until is {at}, and the chain's clock says {now}; name a later time"))
    })
}

/// Ends a pause. Errors: [`CliError`].
pub(super) async fn unpause(global: &GlobalArgs, args: &UnpauseArgs) -> Result<Answer, CliError> {
    let on = OnMarket::open(global, &args.sign).await?;
    let market = &on.market;
    let began_at = market.account.paused_at;
    if began_at == 0 {
        return Ok(on.nothing("no pause is in force"));
    }
    let parties = on.parties(market.account.admin)?;
    let role =
        if market.clock.is_paused { admin(market) } else { Role::anyone("anyone", market.account.admin) };
    let instruction = market_unpause(&market.address, &parties.signer, began_at);
    let undone = "the clocks of all loans run again at once";
    let act = Act::new(
        "end the pause".to_string(),
        role,
        vec![instruction],
        undone,
        "the market is open".to_string(),
    );
    let since = text::time(ChainTime(began_at));
    on.carry_out(&parties, act.with_facts([("paused since", since)])).await
}

/// Halts, or lifts a halt. Errors: [`CliError`].
pub(super) async fn halt(global: &GlobalArgs, args: &HaltArgs) -> Result<Answer, CliError> {
    let on = OnMarket::open(global, &args.sign).await?;
    let market = &on.market;
    let account = &market.account;
    let is_endless = market.clock.is_halted && account.halt_lifts_at == 0;
    if args.lift {
        if !market.clock.is_halted {
            return Ok(on.nothing("no halt is in force"));
        }
        if !is_endless {
            let at = text::time(market.chain_time_of(account.halt_lifts_at));
            return Ok(on.nothing(&format!("the halt ends at {at}")));
        }
        require_open(market)?;
        let parties = on.parties(account.admin)?;
        let delay = text::span(account.change_delay.into());
        let instruction = market_lift_halt(&market.address, &parties.signer, account.halted_at);
        let undone = "nothing: until then guardian and admin can halt again";
        let act = Act::new(
            format!("let the halt end after {delay}"),
            admin(market),
            vec![instruction],
            undone,
            format!("the halt ends after {delay}"),
        );
        return on.carry_out(&parties, act).await;
    }
    if is_endless {
        return Ok(on.nothing("the market is halted"));
    }
    let parties = on.parties(account.guardian)?;
    let instruction = market_halt(&market.address, &parties.signer);
    let undone = "the delay: a halt ends no sooner than the market's delay after the admin has lifted it";
    let act = Act::new(
        "halt the market: no new loans, no assignments".to_string(),
        guardian(market),
        vec![instruction],
        undone,
        "halted; loans that live go on".to_string(),
    );
    on.carry_out(&parties, act).await
}
