//! `blockable market admin`: the admin's place changes hands in two steps.

use {
    super::propose::{admin, require_open},
    crate::{
        args::{GlobalArgs, SignArgs},
        carry_out::nothing,
        change::Role,
        commands::act::{Act, act_on_market},
        error::CliError,
        output::Answer,
        parties::Parties,
        session::Session,
        views::market_json,
    },
    blockable_sdk::{
        Pubkey,
        instructions::{market_accept_admin, market_offer_admin},
    },
    blockable_service::{command::values::address, text},
    clap::Args,
};

/// Offers the admin's place to another key, withdraws the offer, or takes it
///
/// The key that it is offered to may take it after the market's delay.
#[derive(Args, Debug)]
pub(crate) struct AdminArgs {
    /// The key to offer it to
    #[arg(value_name = "ADDRESS", value_parser = address, required_unless_present_any = ["accept", "withdraw"])]
    to: Option<Pubkey>,
    /// Takes the place; the key that it was offered to signs
    #[arg(long, conflicts_with = "to")]
    accept: bool,
    /// Withdraws the offer
    #[arg(long, conflicts_with_all = ["to", "accept"])]
    withdraw: bool,
    #[command(flatten)]
    sign: SignArgs,
}

/// Hands the admin's place on. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &AdminArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, Some(&args.sign), None).await?;
    let market = session.named_market().await?;
    let (account, state) = (&market.account, market_json(&market));
    let pending = account.pending_admin;
    let act = if args.accept {
        if pending == Pubkey::default() {
            return Err(CliError::Refused(
                "the admin's place is offered to nobody; the admin offers it first".to_string(),
            ));
        }
        if market.clock.market < account.pending_admin_ready_at {
            let at = text::time(market.chain_time_of(account.pending_admin_ready_at));
            return Err(CliError::Refused(format!(
                "the admin's place can be taken from {at}; run this again then"
            )));
        }
        let role = Role::new("the key that it is offered to", vec![pending]);
        Act::new(
            format!("take the admin's place of {}", account.admin),
            role,
            vec![market_accept_admin(&market.address, &pending)],
            "the place: only the new admin can offer it again; a change that waits is dropped",
            format!("the admin is {pending}"),
        )
    } else {
        let to = args.to.unwrap_or_default();
        if to == pending {
            let says =
                if args.withdraw { "no offer is open".to_string() } else { format!("it is offered to {to}") };
            return Ok(nothing(&session, &market, &says, state));
        }
        if to == account.admin {
            return Ok(nothing(&session, &market, &format!("the admin is {to}"), state));
        }
        let delay = text::span(account.change_delay.into());
        let (title, done) = match args.withdraw {
            true => {
                (format!("withdraw the offer of the admin's place to {pending}"), "withdrawn".to_string())
            }
            false => (
                format!("offer the admin's place to {to}, who may take it after {delay}"),
                format!("offered to {to}"),
            ),
        };
        let instruction = market_offer_admin(&market.address, &account.admin, to);
        Act::new(
            title,
            admin(&market),
            vec![instruction],
            "nothing: --withdraw takes the offer back until it is taken",
            done,
        )
    };
    require_open(&market)?;
    let usual = if args.accept { pending } else { account.admin };
    let parties = Parties::load(&session, &args.sign, usual)?;
    act_on_market(&session, &args.sign, &parties, &market, act).await
}
