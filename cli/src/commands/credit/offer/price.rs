//! The price of an offer's units, beside that of the provider's other loans.

use {
    crate::{
        error::CliError,
        session::{MarketView, Session},
    },
    blockable_sdk::{
        Pubkey,
        accounts::CreditFilter,
        amounts::{MicroUsd, Units},
        program::auction,
    },
    blockable_service::text,
    serde_json::{Value, json},
};

/// Times by which a price may differ from that of other loans before a warning says so.
const FAR: u64 = 3;

/// The price of the units that an offer pays for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OfferPrice {
    /// Micro-USDC per million units.
    price: MicroUsd,
    /// Those of the provider's other loans in the market that were issued, in order.
    others: Vec<MicroUsd>,
}

impl OfferPrice {
    /// The price of a principal for units, and those of the provider's other loans. Errors: [`CliError::Carry`],
    /// [`CliError::Usage`] for amounts out of range.
    pub(super) async fn read(
        session: &Session,
        market: &MarketView,
        provider: &Pubkey,
        (principal, units): (MicroUsd, Units),
    ) -> Result<OfferPrice, CliError> {
        let price = auction::price_paid(principal.get(), units.get());
        let price =
            price.map_err(|_| CliError::Usage("the price of a million units is out of range".to_string()))?;
        let filters = [CreditFilter::Market(market.address), CreditFilter::Provider(*provider)];
        let loans = session.client.credits(&filters).await?;
        let issued = loans.iter().filter(|(_, account)| account.issued_at != 0 && !account.is_unrestricted());
        let others = issued.filter_map(|(_, account)| account.price_paid().ok().map(MicroUsd));
        Ok(OfferPrice::new(MicroUsd(price), others.collect()))
    }

    fn new(price: MicroUsd, mut others: Vec<MicroUsd>) -> OfferPrice {
        others.sort_unstable();
        OfferPrice { price, others }
    }

    /// The median of the others; `None` where there are none.
    fn usual(&self) -> Option<MicroUsd> {
        self.others.get(self.others.len() / 2).copied().filter(|price| !price.is_zero())
    }

    /// The warning of a price that is far from that of the other loans: a digit too many is seen by nothing else.
    pub(super) fn warning(&self) -> Option<String> {
        let usual = self.usual()?;
        let (price, other) = (self.price.get(), usual.get());
        let times = |more: u64, less: u64| text::thousands(more / less.max(1));
        let far = match () {
            () if price >= other.saturating_mul(FAR) => format!("{} times", times(price, other)),
            () if other >= price.saturating_mul(FAR) => format!("a part in {} of", times(other, price)),
            () => return None,
        };
        Some(format!(
            "the price of {} is {far} what the provider's other loans of this market paid ({}, {} at the median); check --principal \
             and --units",
            per_million(self.price),
            loans(self.others.len()),
            per_million(usual)
        ))
    }

    /// Lines for a review.
    pub(super) fn lines(&self) -> [(&'static str, String); 2] {
        let others = match self.usual() {
            Some(usual) => format!("{} at the median, {}", per_million(usual), loans(self.others.len())),
            None => "none of this provider in this market to compare with".to_string(),
        };
        [("price", per_million(self.price)), ("other loans paid", others)]
    }

    /// The same as data, in micro-USDC per million units.
    pub(super) fn json(&self) -> Value {
        json!({ "price": self.price, "other_loans": self.others.len(), "median_of_other_loans": self.usual() })
    }
}

fn per_million(price: MicroUsd) -> String {
    format!("{} per million units", text::usd_owed(price))
}

fn loans(count: usize) -> String {
    if count == 1 { "1 loan".to_string() } else { format!("{count} loans") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(dollars: u64, others: &[u64]) -> OfferPrice {
        let micro = |dollars: &u64| MicroUsd(dollars * 1_000_000);
        OfferPrice::new(micro(&dollars), others.iter().map(micro).collect())
    }

    #[test]
    fn a_price_that_is_far_from_the_others_is_warned_of() {
        let warning = price(5_000, &[6, 4, 5]).warning().unwrap();
        assert!(warning.contains("$5,000.00 per million units is 1,000 times what"), "{warning}");
        assert!(warning.contains("(3 loans, $5.00 per million units at the median)"), "{warning}");
        let warning = price(1, &[5]).warning().unwrap();
        assert!(warning.contains("is a part in 5 of what") && warning.contains("(1 loan, "), "{warning}");
        for (near, others) in [(5, &[][..]), (14, &[5]), (2, &[5]), (5, &[0])] {
            assert_eq!(price(near, others).warning(), None, "{near} {others:?}");
        }
    }
}
