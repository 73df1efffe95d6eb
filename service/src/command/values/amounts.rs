//! Money, units, shares and rates as people write them.

use {
    super::number::{NumberError, scaled},
    blockable_sdk::amounts::{Bps, MicroUsd, Units},
};

/// A reason for which a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// No amount of money.
    #[error("is no amount of money; write it with its currency, such as 100000usdc or $1,234.56")]
    Money,
    /// Finer than the payment token.
    #[error("is finer than the payment token, which has six digits behind the point")]
    MoneyTooFine,
    /// No number of units.
    #[error("is no number of units; write a whole number, such as 500000units")]
    Units,
    /// No share.
    #[error("is no share; write it with its sign, such as 25% or 2500bps")]
    Share,
    /// Finer than a basis point.
    #[error("is finer than a basis point, 0.01 %; write at most two digits behind the point")]
    ShareTooFine,
    /// More than the whole.
    #[error("is more than 100 %; write a share of the whole")]
    ShareAboveWhole,
    /// A rate above the largest that fits.
    #[error("is above 655.35 % a year, the largest rate that terms can hold")]
    RateTooHigh,
    /// A share of a price above the largest that fits.
    #[error("is above 655.35 %, the largest share of a price that terms can hold")]
    PriceShareTooHigh,
    /// Nothing.
    #[error("is zero; write an amount above it")]
    Zero,
    /// More than fits.
    #[error("is larger than any amount can be")]
    TooLarge,
}

/// Reads an amount of money above zero: `100000usdc`, `1.5 USDC`, `$1,234.56`. Errors: [`AmountError`].
pub fn money(text: &str) -> Result<MicroUsd, AmountError> {
    let lower = text.trim().to_ascii_lowercase();
    let number = match lower.strip_prefix('$') {
        Some(number) => number,
        None => lower.strip_suffix("usdc").or(lower.strip_suffix("usd")).ok_or(AmountError::Money)?,
    };
    let amount = scaled(number.trim(), 6).map_err(|error| match error {
        NumberError::None => AmountError::Money,
        NumberError::TooFine => AmountError::MoneyTooFine,
        NumberError::TooLarge => AmountError::TooLarge,
    })?;
    above_zero(amount).map(MicroUsd)
}

/// Reads a number of units above zero: `500000units`, `500,000`. Errors: [`AmountError`].
pub fn units(text: &str) -> Result<Units, AmountError> {
    above_zero(units_or_zero(text)?.get()).map(Units)
}

/// Reads a number of units, zero included. Errors: [`AmountError`].
pub fn units_or_zero(text: &str) -> Result<Units, AmountError> {
    let lower = text.trim().to_ascii_lowercase();
    let number = lower.strip_suffix("units").or(lower.strip_suffix("unit")).unwrap_or(&lower);
    scaled(number.trim(), 0).map(Units).map_err(|error| match error {
        NumberError::None | NumberError::TooFine => AmountError::Units,
        NumberError::TooLarge => AmountError::TooLarge,
    })
}

/// Reads a share of a whole, above zero: `25%`, `12.5 %`, `2500bps`. Errors: [`AmountError`].
pub fn share(text: &str) -> Result<Bps, AmountError> {
    above_zero(share_or_zero(text)?.get()).map(Bps)
}

/// Reads a share of a whole, zero included. Errors: [`AmountError`].
pub fn share_or_zero(text: &str) -> Result<Bps, AmountError> {
    match basis_points(text)? {
        bps @ ..=10_000 => Ok(Bps(bps)),
        _ => Err(AmountError::ShareAboveWhole),
    }
}

/// Reads a share of a price, zero included, which may be above the whole: `125%`. Errors: [`AmountError`].
pub fn price_share(text: &str) -> Result<Bps, AmountError> {
    match basis_points(text)? {
        bps if bps > u64::from(u16::MAX) => Err(AmountError::PriceShareTooHigh),
        bps => Ok(Bps(bps)),
    }
}

/// Reads a simple annual rate, zero included: `12.5% apr`, `12.5%`, `1250bps`. Errors: [`AmountError`].
pub fn rate(text: &str) -> Result<Bps, AmountError> {
    let lower = text.trim().to_ascii_lowercase();
    let bps = basis_points(lower.strip_suffix("apr").unwrap_or(&lower))?;
    if bps > u64::from(u16::MAX) {
        return Err(AmountError::RateTooHigh);
    }
    Ok(Bps(bps))
}

fn basis_points(text: &str) -> Result<u64, AmountError> {
    let lower = text.trim().to_ascii_lowercase();
    let (number, decimals) = match (lower.strip_suffix('%'), lower.strip_suffix("bps")) {
        (Some(number), _) => (number, 2),
        (None, Some(number)) => (number, 0),
        (None, None) => return Err(AmountError::Share),
    };
    scaled(number.trim(), decimals).map_err(|error| match error {
        NumberError::None => AmountError::Share,
        NumberError::TooFine => AmountError::ShareTooFine,
        NumberError::TooLarge => AmountError::TooLarge,
    })
}

fn above_zero(amount: u64) -> Result<u64, AmountError> {
    if amount == 0 { Err(AmountError::Zero) } else { Ok(amount) }
}

#[cfg(test)]
mod tests {
    use {super::*, crate::text, proptest::prelude::*};

    #[test]
    fn money_needs_its_currency_and_is_exact() {
        for (written, micro) in [
            ("100000usdc", 100_000_000_000),
            ("1.5 USDC", 1_500_000),
            ("$1,234.56", 1_234_560_000),
            ("0.000001usd", 1),
            ("$ 7", 7_000_000),
        ] {
            assert_eq!(money(written), Ok(MicroUsd(micro)), "{written}");
        }
        for (written, error) in [
            ("100000", AmountError::Money),
            ("", AmountError::Money),
            ("usdc", AmountError::Money),
            ("-5usdc", AmountError::Money),
            ("5eur", AmountError::Money),
            ("0.0000001usdc", AmountError::MoneyTooFine),
            ("0usdc", AmountError::Zero),
            ("99999999999999usdc", AmountError::TooLarge),
        ] {
            assert_eq!(money(written), Err(error), "{written}");
        }
    }

    #[test]
    fn units_are_whole() {
        assert_eq!(units("500000units"), Ok(Units(500_000)));
        assert_eq!(units("1 unit"), Ok(Units(1)));
        assert_eq!(units("1,200,000"), Ok(Units(1_200_000)));
        for written in ["", "1.5units", "five", "5usdc", "-1", "units"] {
            assert_eq!(units(written), Err(AmountError::Units), "{written}");
        }
        assert_eq!((units("0"), units_or_zero("0")), (Err(AmountError::Zero), Ok(Units(0))));
        assert_eq!(units_or_zero("-1"), Err(AmountError::Units));
    }

    #[test]
    fn shares_and_rates_need_their_sign() {
        assert_eq!(share("25%"), Ok(Bps(2_500)));
        assert_eq!(share("12.5 %"), Ok(Bps(1_250)));
        assert_eq!(share("1bps"), Ok(Bps(1)));
        assert_eq!(share("100%"), Ok(Bps(10_000)));
        for (written, error) in [
            ("25", AmountError::Share),
            ("0%", AmountError::Zero),
            ("100.01%", AmountError::ShareAboveWhole),
            ("0.001%", AmountError::ShareTooFine),
            ("1.5bps", AmountError::ShareTooFine),
            ("%", AmountError::Share),
        ] {
            assert_eq!(share(written), Err(error), "{written}");
        }
        assert_eq!((share_or_zero("0%"), price_share("125%")), (Ok(Bps(0)), Ok(Bps(12_500))));
        assert_eq!(share_or_zero("100.01%"), Err(AmountError::ShareAboveWhole));
        assert_eq!(price_share("700%"), Err(AmountError::PriceShareTooHigh));
        assert_eq!(rate("12.5% apr"), Ok(Bps(1_250)));
        assert_eq!(rate("0% APR"), Ok(Bps(0)));
        assert_eq!(rate("1400bps"), Ok(Bps(1_400)));
        assert_eq!(rate("655.36%"), Err(AmountError::RateTooHigh));
        assert_eq!(rate("12.5 apr"), Err(AmountError::Share));
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(cents in 1_u64..1_000_000_000_000, count in 1_u64.., bps in 1_u64..=10_000) {
            let amount = MicroUsd(cents * 10_000);
            prop_assert_eq!(money(&text::usd_owed(amount)), Ok(amount));
            prop_assert_eq!(units(&text::units(Units(count))), Ok(Units(count)));
            prop_assert_eq!(share(&text::percent(Bps(bps))), Ok(Bps(bps)));
        }

        #[test]
        fn no_text_panics(written: String) {
            let _ = (money(&written), units(&written), share(&written), rate(&written), price_share(&written));
        }
    }
}
