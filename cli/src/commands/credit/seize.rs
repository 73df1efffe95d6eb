//! `blockable credit seize`: collateral of a loan in default goes into a lot.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::CreditView,
        output::Answer,
        session::MarketView,
    },
    blockable_sdk::{
        Pubkey, addresses,
        amounts::{Bps, MicroUsd, Units},
        events::Change,
        instructions::credit_seize_to_pool,
        program::{
            actions::LEAST_FIRST_SEIZURE,
            instructions::{LotTerms, UnitBounds},
            state::Lot,
            transitions::Status,
            units::mul_div_ceil,
        },
        terms::cure_ends,
    },
    blockable_service::{
        command::values::{address, price_share, seconds_span, units},
        text,
    },
    clap::Args,
};

/// Window of a lot where none is named, in seconds: a week.
const WINDOW: u32 = 604_800;

/// Puts collateral of a loan in default up for sale, at a price that falls
///
/// The lender signs, once the cure period has passed. What a buyer pays goes to the debt.
#[derive(Args, Debug)]
pub(crate) struct SeizeArgs {
    /// The credit's account
    #[arg(value_name = "CREDIT", value_parser = address)]
    credit: Pubkey,
    #[command(flatten)]
    amount: SeizureArgs,
    /// Price at the start, as a share of what the loan paid
    #[arg(long, value_name = "SHARE", value_parser = price_share, default_value = "100%")]
    start_price: Bps,
    /// Price at the end and after, as a share of what the loan paid
    #[arg(long, value_name = "SHARE", value_parser = price_share, default_value = "70%")]
    floor_price: Bps,
    /// Time over which the price falls [default: a week, or the nearest time that the market allows]
    #[arg(long, value_name = "SPAN", value_parser = seconds_span)]
    window: Option<u32>,
    #[command(flatten)]
    sign: SignArgs,
}

/// The units of a credit that a command can take.
pub(super) struct There {
    /// Their number.
    pub units: Units,
    /// The property that they have: "seizable".
    pub name: &'static str,
    /// The reason for which there are none, where there are none, and the advice.
    pub none: &'static str,
}

/// The units of a seizure.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct SeizureArgs {
    /// All units that can be taken
    #[arg(long)]
    all: bool,
    /// This number of units, such as 500000units
    #[arg(long, value_name = "UNITS", value_parser = units)]
    units: Option<Units>,
}

impl SeizureArgs {
    /// The bounds by what is there to take: no more than is shown. Errors: [`CliError::Refused`] for more than there is.
    pub(super) fn bounds(&self, credit: &CreditView, there: &There) -> Result<UnitBounds, CliError> {
        let There { units: there, name, none } = *there;
        let first = mul_div_ceil(there.get(), 1, LEAST_FIRST_SEIZURE)
            .map_err(|_| CliError::OutOfRange(credit.address))?;
        let is_first = credit.status()? == Status::Defaulted;
        let refused = |says: String| Err(CliError::Refused(format!("{}: {says}", credit.address)));
        match self.units {
            _ if there.is_zero() => refused(format!("no units are {name}: {none}")),
            Some(wanted) if wanted > there => {
                let (wanted, there) = (text::units(wanted), text::units(there));
                refused(format!("{there} are {name}, fewer than {wanted}; take all by --all"))
            }
            Some(wanted) if is_first && wanted < Units(first) => refused(format!(
                "the first seizure ends the borrower's right to cure, and takes a tenth of what can be taken or more; name at least {}",
                text::units(Units(first))
            )),
            Some(wanted) => Ok(UnitBounds::exactly(wanted.get())),
            None => Ok(UnitBounds { least: 1, most: there.get() }),
        }
    }
}

/// Seizes units into a lot. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &SeizeArgs) -> Result<Answer, CliError> {
    let on = OnCredit::open(global, &args.sign, &args.credit).await?;
    let (credit, market) = (&on.credit, &on.market);
    require_seizable(credit, market)?;
    let account = &credit.account;
    let out_of_range = |_| CliError::OutOfRange(credit.address);
    let covered = account.covered().map_err(out_of_range)?;
    let seizable = account.seizable(&market.clock).map_err(out_of_range)?;
    let there = There {
        units: Units(seizable.saturating_sub(covered)),
        name: "seizable",
        none: "running jobs keep theirs until they end, and those that the holdback covers are cancelled by \
               `blockable credit cancel-locked`",
    };
    let amount = args.amount.bounds(credit, &there)?;
    let terms = lot_terms(credit, market, args)?;
    let parties = on.parties(account.lender)?;
    let index = account.lots_opened;
    let lot = addresses::lot(&credit.address, index);
    let instruction = credit_seize_to_pool(
        &market.address,
        &parties.signer,
        &parties.payer,
        &credit.address,
        index,
        amount,
        terms,
    );
    let price = |price: u64| format!("{} per million units", text::usd_received(MicroUsd(price)));
    let facts = [
        ("lot", lot.to_string()),
        ("units", text::units(Units(amount.most))),
        ("start price", price(terms.start_price)),
        ("floor price", format!("{} after {}", price(terms.floor_price), text::span(terms.window.into()))),
    ];
    let mut act = Act::new(
        format!("put {} up for sale", text::units(Units(amount.most))),
        Role::lender(&credit.account),
        vec![instruction],
        undone(credit, "the units: they leave the lien; unsold ones come back when the lot is closed")?,
        format!("for sale in lot {lot}"),
    )
    .with_facts(facts)
    .with_landed(move |record| match &record.change {
        Change::Seized { lot: of, units, .. } if *of == lot => {
            Some(format!("{} are for sale in lot {lot}", text::units(Units(*units))))
        }
        _ => None,
    });
    act.rent = on.session.rent(Lot::SPACE).await?;
    act.created = vec![("lot", lot)];
    on.carry_out(&parties, act).await
}

/// The part of a seizure that cannot be undone; `later` is it where this is not the first one. Errors: [`CliError`] of an unknown status.
pub(super) fn undone(credit: &CreditView, later: &'static str) -> Result<&'static str, CliError> {
    Ok(match credit.status()? {
        Status::Defaulted => {
            "the first seizure ends the borrower's right to cure: payments recover, and release nothing any more"
        }
        _ => later,
    })
}

/// Requires a default whose cure period has passed, and a market that is open. Errors: [`CliError::Refused`] with the time.
pub(super) fn require_seizable(credit: &CreditView, market: &MarketView) -> Result<(), CliError> {
    let (account, address) = (&credit.account, credit.address);
    let refused = |says: String| Err(CliError::Refused(says));
    let status = credit.status()?;
    if market.clock.is_paused {
        return refused(
            "the market is paused, and nothing is seized meanwhile; `blockable market show` has its end"
                .to_string(),
        );
    }
    if !matches!(status, Status::Defaulted | Status::Seizing) {
        return refused(format!(
            "{address} is {} with {} in arrears; only collateral of a loan in default can be taken",
            credit.status_name(),
            text::usd_owed(MicroUsd(account.arrears()))
        ));
    }
    if let Some(ends) = cure_ends(account).filter(|ends| status == Status::Defaulted && market.now() < *ends)
    {
        let at = text::time(market.chain_time_of(ends.get()));
        return refused(format!("the cure period of {address} runs until {at}; run this again then"));
    }
    if account.units_expire_at != 0 && market.clock.market >= account.units_expire_at {
        let at = text::time(market.chain_time_of(account.units_expire_at));
        return refused(format!(
            "the units of {address} expired at {at}, and nothing is left to take; write the debt off"
        ));
    }
    Ok(())
}

/// The terms of the sale, within the market's bounds. Errors: [`CliError::Refused`] with the bounds.
fn lot_terms(credit: &CreditView, market: &MarketView, args: &SeizeArgs) -> Result<LotTerms, CliError> {
    let (account, bounds) = (&credit.account, &market.account.bounds);
    let out_of_range = |_| CliError::OutOfRange(credit.address);
    let paid = account.price_paid().map_err(out_of_range)?;
    let price = |share: Bps| {
        mul_div_ceil(paid, share.get(), 10_000).map_err(|_| CliError::OutOfRange(credit.address))
    };
    let window = args.window.unwrap_or(WINDOW.clamp(bounds.min_lot_window, bounds.max_lot_window));
    let terms =
        LotTerms { start_price: price(args.start_price)?, floor_price: price(args.floor_price)?, window };
    if terms.validate(paid, bounds).is_err() {
        let share = |bps: u16| text::percent(Bps(bps.into()));
        return Err(CliError::Refused(format!(
            "the market sells lots over {} to {}, from {} to {} of the loan's price down to {} or more, and not upwards; \
             you named {}, {} and {}",
            text::span(bounds.min_lot_window.into()),
            text::span(bounds.max_lot_window.into()),
            share(bounds.min_start_price_bps),
            share(bounds.max_start_price_bps),
            share(bounds.min_floor_price_bps),
            text::span(window.into()),
            text::percent(args.start_price),
            text::percent(args.floor_price)
        )));
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use {super::*, bytemuck::Zeroable};

    #[test]
    fn a_refusal_names_the_units_and_the_reason_of_the_command() {
        let account =
            blockable_sdk::program::state::Credit { status: Status::Seizing as u8, ..Zeroable::zeroed() };
        let credit = CreditView { address: Pubkey::default(), account };
        let refused = |units: u64, wanted: Option<u64>| {
            let there =
                There { units: Units(units), name: "covered by the holdback", none: "nothing is held back" };
            let args = SeizureArgs { all: wanted.is_none(), units: wanted.map(Units) };
            args.bounds(&credit, &there).unwrap_err().to_string()
        };
        let none = refused(0, None);
        assert!(none.ends_with("no units are covered by the holdback: nothing is held back"), "{none}");
        let fewer = refused(5, Some(6));
        assert!(fewer.contains("5 units are covered by the holdback, fewer than 6 units"), "{fewer}");
    }
}
