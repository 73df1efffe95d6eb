//! `blockable-provider issue`.

use {
    super::{
        chain::{ActError, Authority, ChainArgs, Session, carry_out, nothing, reporter_keys, role},
        offer::{offer_json, offer_lines, status},
        watch::WatchArgs,
    },
    blockable_provider::PriceList,
    blockable_sdk::{
        Pubkey,
        accounts::CreditFilter,
        amounts::{ChainTime, Lamports, MicroUsd, Units},
        errors::refusal,
        instructions::credit_issue,
        program::{
            instructions::OfferRead,
            state::{Credit, Provider},
            transitions::Status,
        },
        terms::agreed_hash,
    },
    blockable_service::{
        command::{
            After, Answer, Change, Effect, EffectLine, Step,
            values::{address, hash},
        },
        hex, text,
    },
    clap::Args,
    serde_json::json,
};

/// Issues the units of an accepted offer: you are paid, and owe the units from then on
///
/// Without a credit it lists the offers that wait; with --watch it issues those that keep your rules. Refused where reporters or prices
/// on the chain are others than the server's file has, because the server could not meter the loan, or would charge by another list
/// than the lender has read.
#[derive(Args, Debug)]
pub(super) struct IssueArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// The credit's address
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Option<Pubkey>,
    /// Hash of the agreement that you have read elsewhere; another one is refused
    #[arg(long, value_name = "HEX", value_parser = hash, requires = "credit")]
    terms_hash: Option<[u8; 32]>,
    /// Slot of the offer that you have read elsewhere; another one is refused
    #[arg(long, value_name = "SLOT", requires = "credit")]
    offer_slot: Option<u64>,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

impl IssueArgs {
    pub(super) fn chain(&self) -> &ChainArgs {
        &self.chain
    }
}

/// Issues a credit, or lists those that wait. Errors: [`ActError`].
pub(super) async fn run(args: &IssueArgs) -> Result<Answer, ActError> {
    let session = Session::open(&args.chain).await?;
    let provider = session.provider().await?;
    let Some(address) = args.credit else { return list(&session).await };
    let credit = session.client.credit(&address).await?;
    require_ours(&session, &address, &credit)?;
    let status = credit.status().map_err(|error| ActError::broken(refusal(&error)))?;
    match status {
        Status::Accepted => {}
        Status::Offered => {
            let until = match credit.terms.offer_expires_at {
                0 => "the offer has no end".to_string(),
                at => format!("the offer ends at {}", text::time(ChainTime(at))),
            };
            let advice =
                format!("the borrower has not accepted the offer of {address} yet; wait for it: {until}");
            return Err(ActError::Refused(advice));
        }
        _ => {
            let says = format!("the units of {address} are issued");
            return Ok(nothing(&session, &says, offer_json(&session, &address, &credit)));
        }
    }
    require_named(args, &address, &credit)?;
    issue(&session, &provider, &address, &credit).await
}

/// Issues an accepted offer of the provider. Errors: [`ActError`].
pub(super) async fn issue(
    session: &Session,
    provider: &Provider,
    address: &Pubkey,
    credit: &Credit,
) -> Result<Answer, ActError> {
    if agreed_hash(credit) != Some(credit.terms_hash) {
        let reason =
            format!("the terms of {address} do not have the hash that the account states; do not issue it");
        return Err(ActError::Refused(reason));
    }
    require_served(session, provider).await?;
    let free = provider.capacity_units.saturating_sub(provider.outstanding_units);
    if credit.terms.units > free {
        return Err(ActError::Refused(format!(
            "the offer is for {} and {} of the capacity are free; raise it with `capacity`",
            text::units(Units(credit.terms.units)),
            text::units(Units(free))
        )));
    }
    let authority = Authority::load(&session.args, &session.config.operator, provider.authority)?;
    let payout = provider.settings.payout;
    let issue = credit_issue(
        &session.keys(),
        &provider.authority,
        &session.provider_address(),
        &payout,
        address,
        OfferRead::from_credit(credit),
    );
    let mut facts = offer_lines(session, address, credit);
    facts.push(("paid to".to_string(), payout.to_string()));
    let watched = vec![*address, session.provider_address()];
    let change = Change {
        title: format!("issue the units of credit {address}"),
        market: session.market_head(),
        role: role(&authority),
        facts,
        steps: vec![Step { instructions: vec![issue], watched }],
        effect: Box::new(|after| effect(session, provider, (address, credit), after)),
        irreversible: "an issue cannot be taken back: you owe these units to whoever holds them".to_string(),
        rent: Lamports::ZERO,
        created: Vec::new(),
        gate: None,
    };
    let paid = MicroUsd(credit.terms.principal.saturating_sub(credit.terms.holdback));
    let done = format!(
        "issued {} of {address} to {}; {} went to {payout}",
        text::units(Units(credit.terms.units)),
        credit.borrower,
        text::usd_received(paid)
    );
    carry_out(session, &authority, &change, |_| done).await
}

/// The effect of an issue: the credit's status, and the units that the provider owes.
fn effect(
    session: &Session,
    provider: &Provider,
    (address, credit): (&Pubkey, &Credit),
    after: &After,
) -> Result<Effect, ActError> {
    let (issued, now): (Credit, Provider) =
        (after.require(address)?, after.require(&session.provider_address())?);
    let owed = |provider: &Provider| text::units(Units(provider.outstanding_units));
    let lines = [
        EffectLine::changed("status", status(credit), status(&issued)),
        EffectLine::changed("you owe in all", owed(provider), owed(&now)),
    ];
    let lines = lines.into_iter().flatten().collect();
    Ok(Effect { lines, state: offer_json(session, address, &issued) })
}

/// Lists the offers that the borrowers have accepted.
async fn list(session: &Session) -> Result<Answer, ActError> {
    let waiting = waiting(session).await?;
    if waiting.is_empty() {
        let says = "no accepted offer waits for its units";
        return Ok(nothing(session, says, json!({"waiting": []})));
    }
    let mut answer = nothing(session, "", json!(null));
    answer.text = String::new();
    for (address, credit) in &waiting {
        for (name, value) in offer_lines(session, address, credit) {
            answer.text += &format!("{name:16}  {value}\n");
        }
        answer.text += "\n";
    }
    answer.text += "issue one with `blockable-provider issue CREDIT`";
    let all: Vec<_> = waiting.iter().map(|(address, credit)| offer_json(session, address, credit)).collect();
    answer.data["state"] = json!({"waiting": all});
    Ok(answer)
}

/// The provider's accepted offers. Errors: [`ActError::Client`].
pub(super) async fn waiting(session: &Session) -> Result<Vec<(Pubkey, Credit)>, ActError> {
    let provider = session.provider_address();
    let filters = [CreditFilter::Provider(provider), CreditFilter::Status(Status::Accepted)];
    let mut credits = session.client.credits(&filters).await?;
    credits.sort_by_key(|(address, credit)| (credit.offer_slot, *address));
    Ok(credits)
}

fn require_ours(session: &Session, address: &Pubkey, credit: &Credit) -> Result<(), ActError> {
    match credit.provider == session.provider_address() {
        true => Ok(()),
        false => Err(ActError::Refused(format!(
            "credit {address} is of provider {}; only that one can issue it",
            credit.provider
        ))),
    }
}

/// Requires that the offer is the one that was read elsewhere.
fn require_named(args: &IssueArgs, address: &Pubkey, credit: &Credit) -> Result<(), ActError> {
    if args.terms_hash.is_some_and(|read| read != credit.terms_hash) {
        return Err(ActError::Refused(format!(
            "the offer of {address} has the terms hash {}, which is not the one you name; read the offer anew",
            hex::encode(credit.terms_hash)
        )));
    }
    if args.offer_slot.is_some_and(|read| read != credit.offer_slot) {
        return Err(ActError::Refused(format!(
            "the offer of {address} was made in slot {}, which is not the one you name; read the offer anew",
            credit.offer_slot
        )));
    }
    Ok(())
}

/// Requires that the server's file has the reporters and the prices that stand on the chain.
async fn require_served(session: &Session, provider: &Provider) -> Result<(), ActError> {
    let listed: Vec<Pubkey> = provider.reporters().iter().map(|reporter| reporter.key).collect();
    if let Some(keys) = reporter_keys(&session.config).await?
        && let Some(missing) = keys.iter().find(|key| !listed.contains(key))
    {
        return Err(ActError::Refused(format!(
            "the file signs reports with {missing}, which the chain does not list; run `reporters`, or correct [reporter]"
        )));
    }
    let hash = PriceList::new(&session.config.models, &session.config.gpus).hash();
    let on_chain = provider.settings.price_list_hash;
    if hash != on_chain {
        return Err(ActError::Refused(format!(
            "the file's price list has the hash {}, and the chain has {}; run `prices`, or correct the prices in the file",
            hex::encode(hash),
            hex::encode(on_chain)
        )));
    }
    Ok(())
}
