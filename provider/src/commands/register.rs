//! `blockable-provider register`.

use {
    super::{
        chain::{
            ActError, Authority, ChainArgs, Session, carry_out, nothing, payout_owner, provider_json,
            reporter_keys, role, settings_lines,
        },
        reporters::{ReporterArgs, reporters_of},
    },
    blockable_provider::PriceList,
    blockable_sdk::{
        Instruction, Pubkey, addresses,
        amounts::{Lamports, Units},
        errors::{ClientError, refusal},
        instructions::provider_register,
        program::state::{Provider, ProviderSettings},
        tokens,
    },
    blockable_service::{
        command::{
            Answer, Change, Effect, Line, Step,
            values::{address, seconds_span, units, units_or_zero},
        },
        text,
    },
    clap::Args,
};

/// Bytes of a token account.
const TOKEN_ACCOUNT_BYTES: usize = 165;

/// Registers the provider with its reporters, prices and bounds
///
/// Where it is registered already nothing is done, and other values than it has are refused with the commands that change them. The
/// payout account is made where it is the authority's own and missing.
#[derive(Args, Debug)]
pub(super) struct RegisterArgs {
    #[command(flatten)]
    chain: ChainArgs,
    #[command(flatten)]
    reporters: ReporterArgs,
    /// Units that you commit to serve
    #[arg(long, value_name = "UNITS", value_parser = units_or_zero)]
    capacity: Units,
    /// Highest rate of use that a loan may allow
    #[arg(long, value_name = "UNITS", value_parser = units)]
    max_units_per_second: Units,
    /// Longest job that a loan may allow for, such as 1h
    #[arg(long, value_name = "SPAN", value_parser = seconds_span)]
    longest_job: u32,
    /// Token account that principal is paid to [default: the authority's associated account]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    payout: Option<Pubkey>,
    /// Credits per chunk of a usage report
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=32))]
    chunk_size: u8,
    /// The authority's address, for a dry run
    #[arg(long, value_name = "ADDRESS", value_parser = address, requires = "dry_run")]
    authority: Option<Pubkey>,
}

impl RegisterArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

/// Registers the provider. Errors: [`ActError`].
pub(super) async fn run(args: &RegisterArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let authority = authority(args, &session)?;
    let address = addresses::provider(&session.market_address(), &authority.address);
    if session.provider_address() != address {
        return Err(ActError::Usage(format!(
            "chain.provider is {}, and the key {} registers {address}; set that in the server's file",
            session.provider_address(),
            authority.address
        )));
    }
    match session.client.provider(&address).await {
        Ok(provider) => {
            require_same(args, &provider)?;
            let says = format!("provider {address} is registered; the other commands change its settings");
            return Ok(nothing(&session, &says, provider_json(&session, &provider)));
        }
        Err(ClientError::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let settings = settings(args, &session, &authority.address).await?;
    let (rent, instructions) = steps(args, &session, &authority.address, settings).await?;
    let change = Change {
        title: "register as a provider of this market".to_string(),
        market: session.market_head(),
        role: role(&authority),
        facts: facts(args, &session, &settings),
        steps: vec![Step { instructions, watched: vec![address] }],
        effect: Box::new(|after| {
            let provider: Provider = after.require(&address)?;
            Ok(Effect { lines: Vec::new(), state: provider_json(&session, &provider) })
        }),
        irreversible: "a provider's account is never removed, and its rent is not returned".to_string(),
        rent,
        created: vec![("provider", address)],
        gate: None,
    };
    let done = |_: &Effect| format!("registered provider {address}; lenders can offer loans on it now");
    carry_out(&session, &authority, &change, done).await
}

/// Requires that the provider has the values that the arguments name, in force or in the change that waits. Errors:
/// [`ActError::Refused`], which names the command for each of the others.
fn require_same(args: &RegisterArgs, provider: &Provider) -> Result<(), ActError> {
    let is_waiting = provider.change_ready_at != 0;
    let has = |same: &dyn Fn(&ProviderSettings) -> bool| {
        same(&provider.settings) || (is_waiting && same(&provider.proposed))
    };
    let mut others = Vec::new();
    let mut other = |is_same: bool, says: String| others.extend((!is_same).then_some(says));
    let (found, capacity) = (Units(provider.capacity_units), args.capacity);
    other(
        found == capacity,
        format!("its capacity is {}: `blockable-provider capacity {}`", text::units(found), capacity.get()),
    );
    let (rate, job) = (args.max_units_per_second.get(), args.longest_job);
    other(
        has(&|settings| settings.max_units_per_second == rate && settings.longest_job == job),
        format!(
            "its bounds are {} a second and {}: `blockable-provider bounds`",
            text::units(Units(provider.settings.max_units_per_second)),
            text::span(provider.settings.longest_job.into())
        ),
    );
    let payout = args.payout.unwrap_or(provider.settings.payout);
    other(
        has(&|settings| settings.payout == payout),
        format!(
            "its payout account is {}: `blockable-provider payout --to {payout}`",
            provider.settings.payout
        ),
    );
    other(
        provider.settings.chunk_size == args.chunk_size,
        format!("its reports have {} credits a chunk, which stays so", provider.settings.chunk_size),
    );
    if others.is_empty() {
        return Ok(());
    }
    Err(ActError::Refused(format!("the provider is registered with other values; {}", others.join("; "))))
}

fn authority(args: &RegisterArgs, session: &Session) -> Result<Authority, ActError> {
    match (args.chain.dry_run, args.authority) {
        (false, _) => Authority::load_any(&args.chain, &session.config.operator),
        (true, Some(address)) => Ok(Authority::unsigned(address)),
        (true, None) => {
            let advice = "a dry run loads no key; name the authority with --authority ADDRESS";
            Err(ActError::Usage(advice.to_string()))
        }
    }
}

async fn settings(
    args: &RegisterArgs,
    session: &Session,
    owner: &Pubkey,
) -> Result<ProviderSettings, ActError> {
    let config = &session.config;
    let keys = reporter_keys(config).await?;
    let (reporters, quorum) = reporters_of(&args.reporters, keys, session.now)?;
    let settings = ProviderSettings {
        payout: args.payout.unwrap_or_else(|| session.keys().token_account(owner)),
        price_list_hash: PriceList::new(&config.models, &config.gpus).hash(),
        max_units_per_second: args.max_units_per_second.get(),
        longest_job: args.longest_job,
        chunk_size: args.chunk_size,
        ..ProviderSettings::with_reporters(&reporters, quorum)
    };
    settings.validate().map_err(|error| ActError::broken(refusal(&error)))?;
    Ok(settings)
}

fn facts(args: &RegisterArgs, session: &Session, settings: &ProviderSettings) -> Vec<Line> {
    let mut facts = vec![
        ("provider".to_string(), session.provider_address().to_string()),
        ("capacity".to_string(), text::units(args.capacity)),
    ];
    facts.extend(settings_lines(settings));
    facts
}

/// The instructions that are missing, and the rent of the accounts that they make.
async fn steps(
    args: &RegisterArgs,
    session: &Session,
    owner: &Pubkey,
    settings: ProviderSettings,
) -> Result<(Lamports, Vec<Instruction>), ActError> {
    let rpc = session.client.rpc();
    let mut rent =
        rpc.get_minimum_balance_for_rent_exemption(Provider::SPACE).await.map_err(ClientError::from)?;
    let keys = session.keys();
    let mut instructions = Vec::new();
    if payout_owner(session, &settings.payout).await?.is_none() {
        if settings.payout != keys.token_account(owner) {
            let payout = settings.payout;
            return Err(ActError::NotFound(format!("there is no account at {payout}; name a token account")));
        }
        let account = rpc.get_minimum_balance_for_rent_exemption(TOKEN_ACCOUNT_BYTES).await;
        rent = rent.saturating_add(account.map_err(ClientError::from)?);
        instructions.push(tokens::create_associated(owner, owner, &keys.mint, &keys.token_program));
    }
    let market = session.market_address();
    instructions.push(provider_register(&market, owner, owner, args.capacity.get(), settings));
    Ok((Lamports(rent), instructions))
}
