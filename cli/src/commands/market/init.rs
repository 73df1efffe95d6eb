//! `blockable market init`.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::{carry_out, nothing},
        change::{After, Change, Effect, EffectLine, MarketHead, Role, Step},
        error::CliError,
        output::Answer,
        parties::Parties,
        session::{MarketView, Session},
        views::market_json,
    },
    blockable_migrations::{Difference, MarketConfig, MarketStep, Outcome, market_step},
    blockable_sdk::{
        Instruction, Pubkey, addresses, amounts::Lamports, events::Event, program::state::Market,
    },
    clap::Args,
    serde_json::Value,
    std::path::PathBuf,
};

/// Creates the market of a TOML file, or lists how the one on the chain differs; safe to run again
///
/// The admin of the file signs. A market that exists with other settings is left alone.
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The market file; migrations/market.example.toml explains every key
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    sign: SignArgs,
}

/// Creates the market. Errors: [`CliError`]; [`CliError::Refused`] where it exists with other settings.
pub(super) async fn run(global: &GlobalArgs, args: &InitArgs) -> Result<Answer, CliError> {
    let config = MarketConfig::FILE.load(&args.config)?;
    let session = Session::open(global, Some(&args.sign), None).await?;
    let id = MarketHead { address: addresses::market(config.id), admin: config.admin };
    // A market that is there needs no key.
    if let MarketStep::Exists(outcome) = market_step(&session.client, &config, &config.admin).await? {
        return existing(&session, id, &outcome).await;
    }
    let parties = Parties::load(&session, &args.sign, config.admin)?;
    match market_step(&session.client, &config, &parties.payer).await? {
        MarketStep::Exists(outcome) => existing(&session, id, &outcome).await,
        MarketStep::Create(creation) => {
            let rent = rent(&session, &config).await?;
            let change = change(&session, id, &config, creation, rent);
            let done = |_: &Effect, _: &[Event]| {
                format!("created market {} (id {}), admin {}", id.address, config.id, id.admin)
            };
            carry_out(&session, &args.sign, &parties, &change, done).await
        }
    }
}

/// The answer about a market that exists. Anyone can take a market's id, so the address and the admin are shown beside it.
async fn existing(session: &Session, id: MarketHead, outcome: &Outcome) -> Result<Answer, CliError> {
    if let Outcome::Differs(differences) = outcome {
        return Err(CliError::Refused(differs(&id.address, differences)));
    }
    let market = session.market(&id.address).await?;
    let says = format!("market {}, admin {}, exists as in the file", id.address, id.admin);
    Ok(nothing(session, &market, &says, market_json(&market)))
}

fn differs(market: &Pubkey, differences: &[Difference]) -> String {
    let listed: Vec<String> = differences.iter().map(|difference| format!("  {difference}")).collect();
    let advice = match differences.iter().any(|difference| difference.field == "admin") {
        true => "it is another admin's: ids are first come, first served; choose another id",
        false => "correct the file, or have the admin propose a change",
    };
    format!(
        "market {market} exists with other settings; nothing was changed:\n{}\n{advice}",
        listed.join("\n")
    )
}

fn change<'a>(
    session: &'a Session,
    id: MarketHead,
    config: &'a MarketConfig,
    creation: [Instruction; 2],
    rent: Lamports,
) -> Change<'a> {
    let fact = |name: &str, value: String| (name.to_string(), value);
    Change {
        title: format!("create market {}", config.id),
        market: id,
        role: Role::new("the admin of the file", vec![config.admin]),
        facts: vec![
            fact("kind", config.kind.to_string()),
            fact("admin", config.admin.to_string()),
            fact("guardian", config.guardian.to_string()),
            fact("payment token", config.payment_mint.to_string()),
            fact("treasury of", config.treasury_owner.to_string()),
        ],
        steps: vec![Step { instructions: creation.to_vec(), watched: vec![id.address] }],
        effect: Box::new(move |after| effect(session, id, after)),
        irreversible: "kind, payment token and id stay for ever; the rest changes by proposals that wait"
            .to_string(),
        rent,
        created: vec![("market", id.address)],
        gate: None,
    }
}

fn effect(session: &Session, id: MarketHead, after: &After) -> Result<Effect, CliError> {
    let account: Market = after.require(&id.address)?;
    let clock = account.clock_at(session.now.get()).map_err(|_| CliError::OutOfRange(id.address))?;
    let state: Value = market_json(&MarketView { address: id.address, account, clock });
    let line = EffectLine::changed("market", "none".to_string(), format!("{}, open", id.address));
    Ok(Effect { lines: line.into_iter().collect(), state })
}

/// Rent of the market's account, and of the treasury's where that is missing.
async fn rent(session: &Session, config: &MarketConfig) -> Result<Lamports, CliError> {
    let market = session.rent(Market::SPACE).await?;
    let not_found = || {
        CliError::NotFound(format!("there is no mint {}; check payment_mint and --url", config.payment_mint))
    };
    let mint = session.client.account(&config.payment_mint).await?.ok_or_else(not_found)?;
    let treasury = addresses::associated_token(&config.treasury_owner, &config.payment_mint, &mint.owner);
    if session.client.account(&treasury).await?.is_some() {
        return Ok(market);
    }
    Ok(market.saturating_add(session.rent(blockable_sdk::tokens::ACCOUNT_SPACE).await?))
}
