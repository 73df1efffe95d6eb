//! `blockable pool close`.

use {
    crate::{
        args::{GlobalArgs, SignArgs},
        change::Role,
        commands::act::{Act, OnCredit},
        error::CliError,
        lookup::{LotView, lot},
        output::Answer,
        session::{MarketView, Session},
    },
    blockable_sdk::{
        Pubkey, amounts::Units, events::Change, instructions::lot_close, program::transitions::Status,
    },
    blockable_service::{command::values::address, text},
    clap::Args,
};

/// Closes a lot: unsold units go back to their credit, the rent to the key that paid it
///
/// Anyone may sign once the lot is sold out or the debt is paid. While units are left the lender alone may, once the price has reached
/// its floor, to offer them anew.
#[derive(Args, Debug)]
pub(crate) struct CloseArgs {
    /// The lot's account
    #[arg(value_name = "LOT", value_parser = address)]
    lot: Pubkey,
    #[command(flatten)]
    sign: SignArgs,
}

/// Closes the lot. Errors: [`CliError`].
pub(super) async fn run(global: &GlobalArgs, args: &CloseArgs) -> Result<Answer, CliError> {
    let session = Session::open(global, Some(&args.sign), None).await?;
    let (lot, market) = lot(&session, &args.lot).await?;
    let (address, account, lender) = (lot.address, lot.account, lot.credit.account.lender);
    let role = role(&lot, &market)?;
    let on = OnCredit { session, sign: &args.sign, credit: lot.credit, market };
    let parties = on.parties(lender)?;
    let (payer, index) = (&account.rent_payer, account.index);
    let instruction = lot_close(&on.market.address, &parties.signer, payer, &account.credit, index);
    let back = text::units(Units(account.units_left));
    let act = Act::new(
        format!("close lot {}", lot.address),
        role,
        vec![instruction],
        "the lot: what is left must be put up for sale anew, by `blockable credit seize`",
        format!("closed; {back} went back to {}", account.credit),
    )
    .with_landed(move |record| match &record.change {
        Change::LotClosed { lot: closed, returned } if *closed == address => {
            Some(format!("closed; {} went back to {}", text::units(Units(*returned)), account.credit))
        }
        _ => None,
    })
    .with_facts([
        ("lot", lot.address.to_string()),
        ("units back", back.clone()),
        ("rent to", account.rent_payer.to_string()),
    ]);
    on.carry_out(&parties, act).await
}

/// The keys that may close a lot now. Errors: [`CliError::Refused`] with the time from which it can be closed.
fn role(lot: &LotView, market: &MarketView) -> Result<Role, CliError> {
    let credit = &lot.credit;
    if market.clock.is_paused {
        return Err(CliError::Refused(
            "the market is paused, and no lot is closed meanwhile; `blockable market show` has its end"
                .to_string(),
        ));
    }
    let is_unsold = lot.account.units_left > 0 && credit.status()? == Status::Seizing;
    if !is_unsold {
        return Ok(Role::anyone("anyone", credit.account.lender));
    }
    if market.clock.market < lot.falls_until().get() {
        return Err(CliError::Refused(format!(
            "{} has {} left, and its price falls until {}; close it then, or buy from it",
            lot.address,
            text::units(Units(lot.account.units_left)),
            text::time(market.chain_time_of(lot.falls_until().get()))
        )));
    }
    Ok(Role::lender(&credit.account))
}
