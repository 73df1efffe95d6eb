//! `blockable market propose`, `apply`, `cancel` and `guardian`: changes of a market's settings.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnMarket},
        error::CliError,
        output::Answer,
        session::{MarketView, Session},
    },
    blockable_migrations::MarketConfig,
    blockable_sdk::{
        Pubkey, addresses,
        amounts::MarketTime,
        delays::Waiting,
        instructions::{market_apply_change, market_cancel_change, market_propose_change},
        program::state::MarketSettings,
    },
    blockable_service::{command::values::address, text},
    clap::Args,
    std::path::PathBuf,
};

/// Changes the market to the settings of a TOML file: at once where they only tighten, else after the market's delay
#[derive(Args, Debug)]
pub(crate) struct ProposeArgs {
    /// The market file, as for `market init`; id, kind, admin and payment token must be the market's own
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Replaces another change that waits
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    sign: SignArgs,
}

/// Proposes another guardian, who comes in after the market's delay
#[derive(Args, Debug)]
pub(crate) struct GuardianArgs {
    /// The new guardian
    #[arg(value_name = "ADDRESS", value_parser = address)]
    guardian: Pubkey,
    /// Replaces another change that waits
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    sign: SignArgs,
}

/// Puts the change that waits in force, once the market's delay has passed
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    sign: SignArgs,
}

/// Drops the change that waits
#[derive(Args, Debug)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    sign: SignArgs,
}

/// Proposes the settings of a file. Errors: [`CliError`].
pub(super) async fn propose(global: &GlobalArgs, args: &ProposeArgs) -> Result<Answer, CliError> {
    let config = MarketConfig::FILE.load(&args.config)?;
    let session = Session::open(global, Some(&args.sign), None).await?;
    let market = session.market(&addresses::market(config.id)).await?;
    let on = OnMarket { session, sign: &args.sign, market };
    let account = &on.market.account;
    for (name, file, chain) in
        [("admin", config.admin, account.admin), ("payment_mint", config.payment_mint, account.payment_mint)]
    {
        if file != chain {
            return Err(CliError::Refused(format!(
                "{name} of the file is {file}, and the market's is {chain}; this cannot be changed by a proposal"
            )));
        }
    }
    let treasury =
        addresses::associated_token(&config.treasury_owner, &account.payment_mint, &account.token_program);
    let wanted = config.market_args().settings(treasury);
    change_to(&on, wanted, args.replace).await
}

/// Proposes another guardian. Errors: [`CliError`].
pub(super) async fn guardian(global: &GlobalArgs, args: &GuardianArgs) -> Result<Answer, CliError> {
    let on = OnMarket::open(global, &args.sign).await?;
    let market = &on.market;
    let wanted = MarketSettings { guardian: args.guardian, ..market.account.settings() };
    change_to(&on, wanted, args.replace).await
}

/// Proposes settings, which come into force at once where they only tighten.
async fn change_to(on: &OnMarket<'_>, wanted: MarketSettings, replace: bool) -> Result<Answer, CliError> {
    let market = &on.market;
    let (account, current) = (&market.account, market.account.settings());
    if let Some(says) = fulfilled(market, &wanted, replace)? {
        return Ok(on.nothing(&says));
    }
    wanted.validate(account.is_test == 1).map_err(|error| {
        let named = blockable_sdk::errors::refusal(&error);
        CliError::Refused(
            named.map_or("the settings are out of range".to_string(), |named| format!("{named:?}: {named}")),
        )
    })?;
    require_open(market)?;
    let parties = on.parties(account.admin)?;
    let delay = text::span(account.change_delay.into());
    let (title, undone, done) = match wanted.is_tightening(&current) {
        true => (
            "tighten the market's settings, in force at once".to_string(),
            "loosening them again waits for the market's delay",
            "the settings are in force".to_string(),
        ),
        false => (
            format!("propose settings; they can be applied after {delay}"),
            "nothing: `blockable market cancel` drops the proposal",
            format!("proposed; run `blockable market apply` after {delay}"),
        ),
    };
    let instruction = market_propose_change(&market.address, &parties.signer, wanted);
    let act = Act::new(title, admin(market), vec![instruction], undone, done)
        .with_facts(differences(&current, &wanted));
    on.carry_out(&parties, act).await
}

/// Says why nothing is to be proposed; `None` where something is. Errors: [`CliError::Refused`] where another change would be lost.
fn fulfilled(
    market: &MarketView,
    wanted: &MarketSettings,
    replace: bool,
) -> Result<Option<String>, CliError> {
    let account = &market.account;
    if *wanted == account.settings() {
        return Ok(Some("these settings are in force".to_string()));
    }
    let is_proposed = *wanted == account.proposed_settings();
    let waiting = Waiting::market_change(account, market.now());
    match waiting {
        Waiting::Until(from) if is_proposed => Ok(Some(format!(
            "this change waits; `blockable market apply` puts it in force from {}",
            time_text(market, from)
        ))),
        Waiting::Ready { through, .. } if is_proposed => Ok(Some(format!(
            "this change is ready; `blockable market apply` puts it in force until {}",
            time_text(market, through)
        ))),
        Waiting::Until(from) | Waiting::Ready { since: from, .. } if !replace => {
            Err(CliError::Refused(format!(
                "another change waits, which can be applied from {}, and would be lost; add --replace, or drop it with \
                 `blockable market cancel`",
                time_text(market, from)
            )))
        }
        // One that has lapsed is in nobody's way.
        _ => Ok(None),
    }
}

/// A market time on the chain's clock, in words.
pub(super) fn time_text(market: &MarketView, time: MarketTime) -> String {
    text::time(market.chain_time_of(time.get()))
}

/// Applies the change that waits. Errors: [`CliError`].
pub(super) async fn apply(global: &GlobalArgs, args: &ApplyArgs) -> Result<Answer, CliError> {
    let on = OnMarket::open(global, &args.sign).await?;
    let market = &on.market;
    let ready_at = market.account.change_ready_at;
    match Waiting::market_change(&market.account, market.now()) {
        Waiting::None => return Ok(on.nothing("no change waits")),
        Waiting::Until(from) => {
            let at = time_text(market, from);
            return Err(CliError::Refused(format!(
                "the change can be applied from {at}; run this again then"
            )));
        }
        Waiting::Lapsed(through) => {
            let at = time_text(market, through);
            return Err(CliError::Refused(format!("the change lapsed at {at}; propose it again")));
        }
        Waiting::Ready { .. } => {}
    }
    require_open(market)?;
    let parties = on.parties(market.account.admin)?;
    let facts = differences(&market.account.settings(), &market.account.proposed_settings());
    let instruction = market_apply_change(&market.address, &parties.signer, ready_at);
    let undone = "undoing it is a change that waits for the market's delay";
    let act = Act::new(
        "put the change that waits in force".to_string(),
        admin(market),
        vec![instruction],
        undone,
        "the settings are in force".to_string(),
    );
    on.carry_out(&parties, act.with_facts(facts)).await
}

/// Drops the change that waits. Errors: [`CliError`].
pub(super) async fn cancel(global: &GlobalArgs, args: &CancelArgs) -> Result<Answer, CliError> {
    let on = OnMarket::open(global, &args.sign).await?;
    let market = &on.market;
    let ready_at = market.account.change_ready_at;
    if ready_at == 0 {
        return Ok(on.nothing("no change waits"));
    }
    require_open(market)?;
    let parties = on.parties(market.account.admin)?;
    let facts = differences(&market.account.settings(), &market.account.proposed_settings());
    let instruction = market_cancel_change(&market.address, &parties.signer, ready_at);
    let undone = "a change that is dropped must be proposed anew, and waits anew";
    let act = Act::new(
        "drop the change that waits".to_string(),
        admin(market),
        vec![instruction],
        undone,
        "the change is dropped".to_string(),
    );
    on.carry_out(&parties, act.with_facts(facts)).await
}

/// The admin of a market, as the one who signs.
pub(super) fn admin(market: &MarketView) -> Role {
    Role::new("the market's admin", vec![market.account.admin])
}

/// Requires that no pause is in force. Errors: [`CliError::Refused`] with its end.
pub(super) fn require_open(market: &MarketView) -> Result<(), CliError> {
    if !market.clock.is_paused {
        return Ok(());
    }
    let until = text::time(blockable_sdk::amounts::ChainTime(market.account.pause_expires_at));
    Err(CliError::Refused(format!(
        "the market is paused until {until}; run this again then, or end the pause before"
    )))
}

/// The settings that differ, each as before and after, as their file has them.
fn differences(before: &MarketSettings, after: &MarketSettings) -> Vec<(&'static str, String)> {
    let pairs = fields(before).into_iter().zip(fields(after));
    let differ = pairs.filter(|(before, after)| before != after);
    differ.map(|((name, before), (_, after))| (name, format!("{before} -> {after}"))).collect()
}

/// Every setting by its name in the file.
fn fields(settings: &MarketSettings) -> [(&'static str, String); 20] {
    let bounds = &settings.bounds;
    [
        ("redistribution_fee_bps", settings.redistribution_fee_bps.to_string()),
        ("change_delay", settings.change_delay.to_string()),
        ("provider_delay", settings.provider_delay.to_string()),
        ("min_suspension", settings.min_suspension.to_string()),
        ("guardian", settings.guardian.to_string()),
        ("treasury", settings.treasury.to_string()),
        ("min_principal", bounds.min_principal.to_string()),
        ("max_principal", bounds.max_principal.to_string()),
        ("min_instalment_interval", bounds.min_instalment_interval.to_string()),
        ("max_term", bounds.max_term.to_string()),
        ("min_delinquency_grace", bounds.min_delinquency_grace.to_string()),
        ("min_default_grace", bounds.min_default_grace.to_string()),
        ("min_cure_period", bounds.min_cure_period.to_string()),
        ("min_lot_window", bounds.min_lot_window.to_string()),
        ("max_lot_window", bounds.max_lot_window.to_string()),
        ("max_apr_bps", bounds.max_apr_bps.to_string()),
        ("max_late_fee_bps", bounds.max_late_fee_bps.to_string()),
        ("min_start_price_bps", bounds.min_start_price_bps.to_string()),
        ("max_start_price_bps", bounds.max_start_price_bps.to_string()),
        ("min_floor_price_bps", bounds.min_floor_price_bps.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::program::state::{CHANGE_LIFETIME, Market, MarketClock},
        bytemuck::Zeroable,
    };

    /// A market in which a change to a fee of 1 bp is ready at 1,000, at another time.
    fn market(now: i64) -> (MarketView, MarketSettings) {
        let account = Market { proposed_fee_bps: 1, change_ready_at: 1_000, ..Market::zeroed() };
        let clock = MarketClock { chain: now, market: now, is_paused: false, is_halted: false };
        let wanted = account.proposed_settings();
        (MarketView { address: Pubkey::default(), account, clock }, wanted)
    }

    #[test]
    fn a_change_that_has_lapsed_is_proposed_again_and_replaced_by_another() {
        let lapsed = 1_000 + i64::from(CHANGE_LIFETIME) + 1;
        for (now, says) in [(999, Some("this change waits")), (1_000, Some("is ready")), (lapsed, None)] {
            let (market, wanted) = market(now);
            let found = fulfilled(&market, &wanted, false).unwrap();
            assert_eq!(found.is_some(), says.is_some(), "{now}: {found:?}");
            assert!(found.is_none_or(|found| found.contains(says.unwrap_or_default())), "{now}");
            let other = MarketSettings { redistribution_fee_bps: 2, ..wanted };
            assert_eq!(fulfilled(&market, &other, false).is_err(), says.is_some(), "{now}");
            assert_eq!(fulfilled(&market, &other, true).unwrap(), None, "{now}");
        }
    }
}
