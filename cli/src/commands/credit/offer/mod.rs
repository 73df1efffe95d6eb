//! `blockable credit offer`.

mod draft;
mod price;

use {
    self::{
        draft::{Draft, draft, offered_by_same_flags, require_fits, require_provider_takes},
        price::OfferPrice,
    },
    super::agreement::{
        ConditionArgs, Expiry, Forecast, GrantArgs, RiderArgs, ScheduleArgs, TermsName, expiry, require_taken,
    },
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::{carry_out, nothing},
        change::{After, Change, Effect, EffectLine, Line, MarketHead, Role, Step},
        commands::{
            act::load_own_key,
            money::{balance_after, require_money},
        },
        error::CliError,
        kind::kind_of,
        lookup::{CreditView, ProviderView, credit_if_any, provider},
        output::{Answer, keep_warning, warn},
        parties::Parties,
        session::{MarketView, Session},
        views::{credit_json, key_or_none},
    },
    blockable_sdk::{
        PROGRAM_ID, Pubkey, addresses,
        amounts::{ChainTime, Lamports, MicroUsd, Units},
        events::Event,
        instructions::credit_offer,
        program::{
            actions::NewCredit,
            state::{Credit, Provider},
        },
        squads, tokens,
    },
    blockable_service::{
        command::values::{address, money, units},
        terms::terms_lines,
        text,
    },
    bytemuck::Zeroable,
    clap::Args,
};

/// Offers a loan: the principal goes into escrow until the borrower has accepted and the provider has issued the units
///
/// The lender signs. The terms begin as the named ones, and flags change them. The review shows what the simulator expects of exactly
/// these terms. The same offer twice is one: name another --nonce for another loan on the same terms.
#[derive(Args, Debug)]
pub(crate) struct OfferArgs {
    /// The borrower's key
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    borrower: Pubkey,
    /// The provider's account
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    provider: Pubkey,
    /// Amount that you lend, such as 100000usdc
    #[arg(long, value_name = "MONEY", value_parser = money)]
    principal: MicroUsd,
    /// Units that the provider grants for it
    #[arg(long, value_name = "UNITS", value_parser = units)]
    units: Units,
    /// Named terms that the other flags change
    #[arg(long, value_name = "NAME", value_enum, default_value_t = TermsName::Standard)]
    terms: TermsName,
    /// Key that may freeze and thaw besides you [default: none but yours]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    freeze_authority: Option<Pubkey>,
    /// Time until which the offer can be accepted and issued, or never
    #[arg(long, value_name = "TIME", value_parser = expiry, default_value = "7d")]
    expires: Expiry,
    /// Number that tells loans between the same parties apart [default: made of the terms]
    #[arg(long, value_name = "NUMBER")]
    nonce: Option<u64>,
    /// Token account that the principal comes from [default: the lender's own for the market's token]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    from: Option<Pubkey>,
    #[command(flatten)]
    schedule: ScheduleArgs,
    #[command(flatten)]
    conditions: ConditionArgs,
    #[command(flatten)]
    grant: GrantArgs,
    #[command(flatten)]
    rider: RiderArgs,
    #[command(flatten)]
    sign: SignArgs,
}

/// Offers the loan. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &OfferArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, Some(&args.sign), None).await?;
    let (provider, market) = provider(&session, &args.provider).await?;
    require_named(&session, &market, &args.provider)?;
    require_new_business(&market)?;
    let parties = load_own_key(&session, &args.sign, "lends")?;
    let lender = parties.signer;
    if lender == args.borrower {
        return Err(CliError::Refused(format!(
            "{lender} is the borrower, and nobody lends to itself; name another key"
        )));
    }
    require_wallet(&session, &args.borrower).await?;
    let draft = draft(args, &market, &provider.account, &lender)?;
    if let Some(existing) = credit_if_any(&session, &draft.address).await? {
        return repeated(&session, args, (&market, &provider.account), &draft, existing);
    }
    require_taken(&draft.agreement, args.principal.get(), &market.account.bounds)?;
    require_provider_takes(&provider.account, &draft.agreement.terms)?;
    let source = args.from.unwrap_or_else(|| market.keys().token_account(&lender));
    let balance = require_money(&session, &source, args.principal).await?;
    let instruction = credit_offer(
        &market.keys(),
        &lender,
        &parties.payer,
        &args.borrower,
        &args.provider,
        &source,
        draft.offer.clone(),
    );
    require_fits(&instruction, &parties.payer, draft.agreement.schedule.len())?;
    let forecast = Forecast::new(&draft.agreement, &draft.preset, &draft.planned);
    let price = OfferPrice::read(&session, &market, &args.provider, (args.principal, args.units)).await?;
    if let Some(warning) = price.warning() {
        warn(&warning);
    }
    if let Some(warning) = forecast.warning() {
        keep_warning(&warning);
    }
    let facts = facts(args, &market, &provider, &draft, &parties, &source, (&price, &forecast))?;
    let watched = vec![draft.address, source];
    let change = Change {
        title: format!("offer {} to {}", text::usd_owed(args.principal), args.borrower),
        market: MarketHead::from(&market),
        role: Role::anyone("the lender", lender),
        facts,
        steps: vec![Step { instructions: vec![instruction], watched }],
        effect: Box::new(|after| effect(&market, &draft, (&source, balance), (&price, &forecast), after)),
        irreversible:
            "you can withdraw the offer until the units are issued; from then on the money is the provider's"
                .to_string(),
        rent: rent(&session).await?,
        created: vec![("credit", draft.address)],
        gate: None,
    };
    let done = |_: &Effect, _: &[Event]| {
        format!("offered; {} accepts it by `blockable credit accept {}`", args.borrower, draft.address)
    };
    carry_out(&session, &args.sign, &parties, &change, done).await
}

/// Requires a borrower that can sign: no account that was pasted in the place of a key, such as a credit, a token account, or a multisig,
/// which signs as its vault. Errors: [`CliError::Refused`], [`CliError::Carry`].
async fn require_wallet(session: &Session, borrower: &Pubkey) -> Result<(), CliError> {
    let Some(account) = session.client.account(borrower).await? else { return Ok(()) };
    let name = match account.owner {
        squads::PROGRAM => format!("a multisig's vault, such as {}", squads::vault(borrower, 0)),
        owner if owner == PROGRAM_ID || tokens::balance(&account.data).is_some() => {
            "the borrower's key".to_string()
        }
        _ => return Ok(()),
    };
    Err(CliError::Refused(format!(
        "--borrower {borrower} is {}, which no key can sign for; name {name}",
        kind_of(&account.owner, &account.data)
    )))
}

/// Requires a market that takes new loans. Errors: [`CliError::Refused`].
fn require_new_business(market: &MarketView) -> Result<(), CliError> {
    match market.clock.require_new_business() {
        Ok(()) => Ok(()),
        Err(_) => Err(CliError::Refused(
            "the market is paused or halted and takes no new loans; `blockable market show` has the end of that".to_string(),
        )),
    }
}

/// Requires that the settings name no other market than the provider's. Errors: [`CliError::Usage`].
fn require_named(session: &Session, market: &MarketView, provider: &Pubkey) -> Result<(), CliError> {
    match session.settings.market.as_ref().filter(|named| named.value != market.address) {
        Some(named) => Err(CliError::Usage(format!(
            "the provider {provider} is of market {}, and the settings name {}; change --market or --provider",
            market.address, named.value
        ))),
        None => Ok(()),
    }
}

/// The answer where the address of the loan is taken: the same offer is there, or a loan on other terms. Errors:
/// [`CliError::Refused`].
fn repeated(
    session: &Session,
    args: &OfferArgs,
    (market, provider): (&MarketView, &Provider),
    draft: &Draft,
    existing: Credit,
) -> Result<Answer, CliError> {
    let now = ChainTime(market.clock.chain);
    let offered_at = offered_by_same_flags(args, draft, provider, &existing, now);
    let credit = CreditView { address: draft.address, account: existing };
    let Some(offered_at) = offered_at else {
        return Err(CliError::Refused(format!(
            "{} is a loan of yours on other terms ({}), with the same number {}; name another --nonce",
            draft.address,
            credit.status_name(),
            draft.offer.nonce
        )));
    };
    let counted = match offered_at == now {
        true => String::new(),
        false => format!(
            ", with dates that were counted from {}: a later issue moves them by as much",
            text::time(offered_at)
        ),
    };
    let says = format!(
        "{} is on these terms and {}{counted}; name a --nonce for another loan on the same terms",
        draft.address,
        credit.status_name()
    );
    Ok(nothing(session, market, &says, credit_json(&credit, market)))
}

/// Rent of the credit's account and of its vault.
async fn rent(session: &Session) -> Result<Lamports, CliError> {
    let credit = session.rent(Credit::SPACE).await?;
    Ok(credit.saturating_add(session.rent(tokens::ACCOUNT_SPACE).await?))
}

/// The facts of the review: parties, terms as the borrower reads them, dates, and what is expected. Errors:
/// [`CliError::OutOfRange`].
fn facts(
    args: &OfferArgs,
    market: &MarketView,
    provider: &ProviderView,
    draft: &Draft,
    parties: &Parties,
    source: &Pubkey,
    (price, forecast): (&OfferPrice, &Forecast),
) -> Result<Vec<Line>, CliError> {
    let new = NewCredit {
        market: market.address,
        lender: parties.signer,
        borrower: args.borrower,
        provider: args.provider,
        bump: 0,
        vault: addresses::vault(&draft.address),
        rent_payer: parties.payer,
        slot: 0,
    };
    let mut credit = Credit::zeroed();
    let schedule = draft.agreement.schedule.clone();
    credit
        .offer(new, &draft.offer, schedule, &market.clock)
        .map_err(|_| CliError::OutOfRange(draft.address))?;
    let mut lines = forecast.lines();
    let warning = if lines.first().is_some_and(|(name, _)| *name == "WARNING") { 1 } else { 0 };
    let expected = lines.split_off(warning);
    lines.extend([
        ("credit", draft.address.to_string()),
        ("lender", parties.signer.to_string()),
        ("borrower", args.borrower.to_string()),
        ("provider", args.provider.to_string()),
        ("from", source.to_string()),
        ("freeze authority", key_or_none(draft.offer.freeze_authority)),
    ]);
    let terms = terms_lines(&credit, ChainTime(market.clock.chain));
    let units = terms
        .iter()
        .position(|(name, _)| *name == "units")
        .map_or(terms.len(), |place| place.saturating_add(1));
    let (first, rest) = terms.split_at(units);
    lines.extend(first.iter().cloned().chain(price.lines()).chain(rest.iter().cloned()));
    lines.push(("due dates", draft.planned.text()));
    let free = provider.free_units();
    if free < args.units.get() {
        let free = text::units(Units(free));
        lines.push((
            "capacity",
            format!("the provider has {free} left: it cannot issue before it raises its capacity"),
        ));
    }
    lines.extend(expected);
    Ok(lines.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
}

fn effect(
    market: &MarketView,
    draft: &Draft,
    (source, before): (&Pubkey, MicroUsd),
    (price, forecast): (&OfferPrice, &Forecast),
    after: &After,
) -> Result<Effect, CliError> {
    let account: Credit = after.require(&draft.address)?;
    let escrow = text::usd_received(MicroUsd(account.claims.escrow));
    let credit = CreditView { address: draft.address, account };
    let held = balance_after(after, source).unwrap_or(before);
    let lines = [
        EffectLine::changed(
            "credit",
            "none".to_string(),
            format!("{}, {escrow} in escrow", credit.status_name()),
        ),
        EffectLine::changed("your account", text::usd_received(before), text::usd_received(held)),
    ];
    let mut state = credit_json(&credit, market);
    state["nonce"] = draft.offer.nonce.into();
    state["schedule"] = draft.planned.json();
    state["price"] = price.json();
    state["forecast"] = forecast.json();
    Ok(Effect { lines: lines.into_iter().flatten().collect(), state })
}
