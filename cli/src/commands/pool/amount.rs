//! The units of a purchase, and their cost by the program's own arithmetic.

use {
    crate::{
        error::CliError,
        lookup::{LotView, NotForSale},
        session::MarketView,
        views::expiry,
    },
    blockable_sdk::{
        Pubkey,
        amounts::{MicroUsd, Units},
        program::{
            instructions::UnitBounds,
            units::{PRICE_SCALE, mul_div_floor},
        },
    },
    blockable_service::{
        command::values::{money, units},
        text,
    },
    clap::Args,
};

/// The units of a purchase: one of three ways to say it.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct PurchaseArgs {
    /// This number of units, such as 500000units
    #[arg(long, value_name = "UNITS", value_parser = units)]
    units: Option<Units>,
    /// As many units as this sum buys now, such as 1500usdc
    #[arg(long, value_name = "MONEY", value_parser = money)]
    spend: Option<MicroUsd>,
    /// All units that are left
    #[arg(long)]
    all: bool,
}

/// A purchase as it would be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Purchase {
    /// The units.
    pub units: Units,
    /// The price per million units, which is the highest that is paid: prices only fall.
    pub price: MicroUsd,
    /// The sum.
    pub cost: MicroUsd,
}

impl PurchaseArgs {
    /// The purchase by `buyer` now. Errors: [`CliError::Refused`] with the numbers where there is nothing to buy, or not so much.
    pub(super) fn purchase(
        &self,
        lot: &LotView,
        market: &MarketView,
        buyer: &Pubkey,
    ) -> Result<Purchase, CliError> {
        require_for_sale(lot, market)?;
        let left = Units(lot.account.units_left);
        let price = price_for(lot, market, buyer)?;
        let units = match (self.units, self.spend) {
            (Some(wanted), _) if wanted > left => {
                let (wanted, left) = (text::units(wanted), text::units(left));
                return Err(CliError::Refused(format!(
                    "{} has {left} left, fewer than {wanted}; buy all by --all",
                    lot.address
                )));
            }
            (Some(wanted), _) => wanted,
            (None, Some(sum)) => {
                let most = mul_div_floor(sum.get(), PRICE_SCALE, price.get()).unwrap_or(u64::MAX);
                if most == 0 {
                    return Err(CliError::Refused(format!(
                        "{} buy not one unit at {} per million units; spend more",
                        text::usd_received(sum),
                        text::usd_owed(price)
                    )));
                }
                Units(most).min(left)
            }
            (None, None) => left,
        };
        let bounds = UnitBounds::exactly(units.get());
        let quote = lot.account.quote(&lot.credit.account, buyer, bounds, u64::MAX, &market.clock);
        let quote = quote.map_err(|_| CliError::OutOfRange(lot.address))?;
        Ok(Purchase { units, price, cost: MicroUsd(quote.cost) })
    }

    /// True where exactly the units that were named are wanted.
    pub(super) fn is_exact(&self) -> bool {
        self.units.is_some()
    }
}

/// The price per million units that `buyer` pays now: the lender of the loan pays no less than the loan did. Errors:
/// [`CliError::OutOfRange`].
fn price_for(lot: &LotView, market: &MarketView, buyer: &Pubkey) -> Result<MicroUsd, CliError> {
    let price = lot.price(market)?;
    let credit = &lot.credit.account;
    if *buyer != credit.lender && *buyer != lot.account.lender {
        return Ok(price);
    }
    let paid = credit.price_paid().map_err(|_| CliError::OutOfRange(lot.address))?;
    Ok(price.max(MicroUsd(paid)))
}

/// Requires a lot from which something can be bought. Errors: [`CliError::Refused`] with the reason.
fn require_for_sale(lot: &LotView, market: &MarketView) -> Result<(), CliError> {
    let Some(reason) = lot.not_for_sale(market) else { return Ok(()) };
    let address = lot.address;
    Err(CliError::Refused(match reason {
        NotForSale::SoldOut => format!("{address} is sold out; `blockable pool list` lists the others"),
        NotForSale::DebtPaid => {
            format!(
                "the debt behind {address} is paid, and its units go back; `blockable pool list` lists the others"
            )
        }
        NotForSale::Expired => {
            let at = expiry(lot, market).map(text::time).unwrap_or_default();
            format!("the units of {address} expired at {at}; `blockable pool list` lists the others")
        }
        NotForSale::Paused => {
            "the market is paused, and nothing is sold meanwhile; `blockable market show` has its end"
                .to_string()
        }
    }))
}
