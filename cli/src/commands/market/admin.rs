//! `blockable market admin`: the admin's place changes hands in two steps.

use {
    super::propose::{admin, require_open, time_text},
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnMarket},
        error::CliError,
        output::Answer,
        session::MarketView,
    },
    blockable_sdk::{
        Pubkey,
        delays::Waiting,
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
    let on = OnMarket::open(global, &args.sign).await?;
    let market = &on.market;
    let pending = market.account.pending_admin;
    // Without an offer the key says whether the place is taken already.
    let usual = if args.accept { pending } else { market.account.admin };
    let fulfilled = match args.accept {
        true if pending == Pubkey::default() => {
            let parties = on.parties(usual)?;
            taken(market, &parties.signer)?
        }
        true => None,
        false => offered(market, args.to.unwrap_or_default()),
    };
    if let Some(says) = fulfilled {
        return Ok(on.nothing(&says));
    }
    let act = if args.accept { accept(market)? } else { offer(market, args.to) };
    require_open(market)?;
    let parties = on.parties(usual)?;
    on.carry_out(&parties, act).await
}

/// Says that a key has the place already, where it is offered to nobody. Errors: [`CliError::Refused`] for another key.
fn taken(market: &MarketView, key: &Pubkey) -> Result<Option<String>, CliError> {
    match *key == market.account.admin {
        true => Ok(Some(format!("the admin is {key}"))),
        false => Err(CliError::Refused(
            "the admin's place is offered to nobody; the admin offers it first".to_string(),
        )),
    }
}

/// Says why nothing is to be offered to a key, or withdrawn; `None` where something is. An offer that has lapsed is made again.
fn offered(market: &MarketView, to: Pubkey) -> Option<String> {
    let account = &market.account;
    let is_withdrawal = to == Pubkey::default();
    let is_alive = Waiting::market_admin(account, market.now()).is_alive();
    if to == account.pending_admin && (is_withdrawal || is_alive) {
        return Some(match is_withdrawal {
            true => "no offer is open".to_string(),
            false => format!("it is offered to {to}"),
        });
    }
    (to == account.admin).then(|| format!("the admin is {to}"))
}

/// Takes the place. Errors: [`CliError::Refused`] with the time, before and after the offer can be taken.
fn accept(market: &MarketView) -> Result<Act, CliError> {
    let (admin, pending) = (market.account.admin, market.account.pending_admin);
    match Waiting::market_admin(&market.account, market.now()) {
        Waiting::Until(from) => {
            let at = time_text(market, from);
            return Err(CliError::Refused(format!(
                "the admin's place can be taken from {at}; run this again then"
            )));
        }
        Waiting::Lapsed(through) => {
            let at = time_text(market, through);
            return Err(CliError::Refused(format!(
                "the offer of the admin's place lapsed at {at}; the admin {admin} offers it again"
            )));
        }
        Waiting::None | Waiting::Ready { .. } => {}
    }
    Ok(Act::new(
        format!("take the admin's place of {admin}"),
        Role::new("the key that it is offered to", vec![pending]),
        vec![market_accept_admin(&market.address, &pending)],
        "the place: only the new admin can offer it again; a change that waits is dropped",
        format!("the admin is {pending}"),
    ))
}

/// Offers the place, or withdraws the offer.
fn offer(market: &MarketView, to: Option<Pubkey>) -> Act {
    let (account, delay) = (&market.account, text::span(market.account.change_delay.into()));
    let (title, done) = match to {
        None => (
            format!("withdraw the offer of the admin's place to {}", account.pending_admin),
            "withdrawn".to_string(),
        ),
        Some(to) => (
            format!("offer the admin's place to {to}, who may take it after {delay}"),
            format!("offered to {to}"),
        ),
    };
    Act::new(
        title,
        admin(market),
        vec![market_offer_admin(&market.address, &account.admin, to.unwrap_or_default())],
        "nothing: --withdraw takes the offer back until it is taken",
        done,
    )
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        blockable_sdk::program::state::{CHANGE_LIFETIME, Market, MarketClock},
        bytemuck::Zeroable,
    };

    /// A market whose admin's place is offered to a key, who may take it from 1,000 on.
    fn market(now: i64, to: Pubkey) -> MarketView {
        let admin = Pubkey::new_from_array([1; 32]);
        let account = Market { admin, pending_admin: to, pending_admin_ready_at: 1_000, ..Market::zeroed() };
        let clock = MarketClock { chain: now, market: now, is_paused: false, is_halted: false };
        MarketView { address: Pubkey::default(), account, clock }
    }

    #[test]
    fn an_offer_that_has_lapsed_is_made_again_and_taken_by_nobody() {
        let to = Pubkey::new_from_array([2; 32]);
        let lapsed = 1_000 + i64::from(CHANGE_LIFETIME) + 1;
        for (now, is_offered, can_take) in [(999, true, false), (1_000, true, true), (lapsed, false, false)] {
            let market = &market(now, to);
            assert_eq!(offered(market, to).is_some(), is_offered, "{now}");
            assert_eq!(accept(market).is_ok(), can_take, "{now}");
            assert_eq!(offered(market, Pubkey::default()), None, "{now}: it can be withdrawn");
        }
        let message = accept(&market(lapsed, to)).err().unwrap().to_string();
        assert!(message.contains("lapsed at"), "{message}");
    }

    #[test]
    fn the_admin_who_has_the_place_has_nothing_to_take() {
        let market = &market(0, Pubkey::default());
        assert!(taken(market, &market.account.admin).unwrap().is_some());
        assert!(taken(market, &Pubkey::new_from_array([9; 32])).is_err());
    }
}
