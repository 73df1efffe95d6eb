//! `blockable credit accept` and `cancel`: an offer is taken or withdrawn.

use {
    super::served_by::{own_provider, provider_facts, served_by},
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::{CreditView, credit},
        output::Answer,
        session::Session,
    },
    blockable_sdk::{
        Pubkey,
        amounts::MicroUsd,
        errors::ClientError,
        events::{Change, CreditChanged, Event},
        instructions::{credit_accept, credit_cancel_offer},
        program::{instructions::OfferRead, transitions::Status},
        rpc::GetConfirmedSignaturesForAddress2Config,
        terms::agreed_hash,
        tokens::create_associated,
    },
    blockable_service::{
        command::values::{address, hash},
        hex,
        terms::terms_lines,
        text,
    },
    clap::Args,
    serde_json::Value,
};

/// Accepts an offer on the terms that are shown; the provider then issues the units
///
/// The borrower signs. It is refused where the offer is another one by then.
#[derive(Args, Debug)]
pub(crate) struct AcceptArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    /// Hash of the agreement that you have read elsewhere; another one is refused
    #[arg(long, value_name = "HEX", value_parser = hash)]
    terms_hash: Option<[u8; 32]>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Withdraws an offer before its units are issued; the principal goes back to the lender
///
/// The lender signs, or the borrower once it has accepted.
#[derive(Args, Debug)]
pub(crate) struct CancelArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    sign: SignArgs,
}

/// Accepts the offer. Errors: [`CliError`].
pub(super) async fn accept(global: &GlobalArgs, args: &AcceptArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    match credit.status()? {
        Status::Offered => {}
        Status::Closed => return Err(CliError::Refused(format!("{} has ended", credit.address))),
        _ => {
            let says = format!("{} is {}", credit.address, credit.status_name());
            return Ok(on.nothing(&says));
        }
    }
    let stated = hex::encode(account.terms_hash);
    if agreed_hash(account) != Some(account.terms_hash) {
        return Err(CliError::Refused(format!(
            "the terms of {} do not make its hash {stated}; accept nothing",
            credit.address
        )));
    }
    if args.terms_hash.is_some_and(|expected| expected != account.terms_hash) {
        return Err(CliError::Refused(format!(
            "the offer's hash is {stated}, not the one that you named; read the offer again"
        )));
    }
    if account.offer_has_expired(&market.clock).unwrap_or(true) {
        return Err(CliError::Refused(format!(
            "the offer of {} has expired; ask the lender for another",
            credit.address
        )));
    }
    let provider = served_by(&on).await?;
    let parties = on.parties(account.borrower)?;
    let role = Role::new("the borrower", vec![account.borrower]);
    let instruction =
        credit_accept(&market.address, &parties.signer, &credit.address, OfferRead::from_credit(account));
    let act = Act::new(
        format!("accept {} of {}", text::usd_owed(MicroUsd(account.terms.principal)), account.lender),
        role,
        vec![instruction],
        "until the units are issued you or the lender may cancel; from then on you owe the debt",
        accepted(credit),
    )
    .with_facts(provider_facts(&provider, market))
    .with_facts(terms_lines(account, on.session.now))
    .with_warning(own_provider(&provider, account, market));
    on.carry_out(&parties, act).await
}

/// The steps that follow the acceptance, in words.
fn accepted(credit: &CreditView) -> String {
    let account = &credit.account;
    let (agreed, held) = (MicroUsd(account.rider.reserve), MicroUsd(account.reserve_held));
    if held >= agreed {
        return "accepted; the provider issues the units now".to_string();
    }
    format!(
        "accepted; the provider issues the units once the reserve of {} is full: `blockable credit reserve {} --fill` pays in the {} \
         that are missing",
        text::usd_owed(agreed),
        credit.address,
        text::usd_owed(agreed.saturating_sub(held))
    )
}

/// Withdraws the offer. Errors: [`CliError`].
pub(super) async fn cancel(global: &GlobalArgs, args: &CancelArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, Some(&args.sign), None).await?;
    let (credit, market) = match credit(&session, &args.credit).await {
        Ok(found) => found,
        Err(CliError::NotFound(says)) => return withdrawn(&session, &args.credit, says).await,
        Err(error) => return Err(error),
    };
    let on = OnCredit { session, sign: &args.sign, credit, market };
    let (credit, market) = (&on.credit, &on.market);
    let account = &credit.account;
    let allowed = match credit.status()? {
        Status::Offered => vec![account.lender],
        Status::Accepted => vec![account.lender, account.borrower],
        _ => {
            return Err(CliError::Refused(format!(
                "{} is {}; an offer is withdrawn only before its units are issued",
                credit.address,
                credit.status_name()
            )));
        }
    };
    let parties = on.parties(account.lender)?;
    let keys = market.keys();
    let refund = keys.token_account(&account.lender);
    let instructions = vec![
        create_associated(&parties.payer, &account.lender, &keys.mint, &keys.token_program),
        credit_cancel_offer(
            &keys,
            &parties.signer,
            &account.rent_payer,
            &credit.address,
            &refund,
            account.offer_slot,
        ),
    ];
    let escrow = text::usd_received(MicroUsd(account.claims.escrow));
    let act = Act::new(
        format!("withdraw the offer; {escrow} go back to {}", account.lender),
        Role::new("a party to the offer", allowed),
        instructions,
        "the offer: it must be made anew",
        format!("withdrawn; {escrow} are in {refund}"),
    )
    .with_facts([("refund to", refund.to_string()), ("rent to", account.rent_payer.to_string())]);
    on.carry_out(&parties, act).await
}

/// The answer about an offer that is not there: nothing to do where the last transaction on its address withdrew it. Errors:
/// [`CliError::NotFound`] otherwise, which `says` what is there instead; [`CliError::Carry`].
async fn withdrawn(session: &Session, address: &Pubkey, says: String) -> Result<Answer, CliError> {
    let history = session.client.rpc().get_signatures_for_address_with_config(
        address,
        GetConfirmedSignaturesForAddress2Config { limit: Some(1), ..Default::default() },
    );
    let last = history.await.map_err(ClientError::from)?;
    let Some(signature) = last.first().and_then(|entry| entry.signature.parse().ok()) else {
        return Err(CliError::NotFound(says));
    };
    let landed = session.client.landed(&signature).await?;
    let is_withdrawal = |event: &Event| match event {
        Event::CreditChanged(CreditChanged { record }) => {
            record.credit == *address && matches!(record.change, Change::Cancelled { .. })
        }
        _ => false,
    };
    if !landed.events.iter().any(is_withdrawal) {
        return Err(CliError::NotFound(says));
    }
    // The account is gone, and its market with it.
    let market = session.settings.market.as_ref().map(|setting| setting.value);
    let says = format!("the offer {address} is withdrawn");
    Ok(Answer::nothing(&session.nodes, market, false, &says, Value::Null))
}
