//! Decimal numbers, exactly.

/// A reason for which a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberError {
    /// It is none.
    None,
    /// It has more digits behind the point than its unit has.
    TooFine,
    /// It does not fit.
    TooLarge,
}

/// Reads a number of digits, with `_` or `,` between groups of three and with a point, as a whole number of `10^-decimals`.
/// Errors: [`NumberError`].
pub(super) fn scaled(text: &str, decimals: usize) -> Result<u64, NumberError> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
        Some(_) => return Err(NumberError::None),
        None => (text, ""),
    };
    let whole = without_separators(whole).ok_or(NumberError::None)?;
    // Zeros at the end say nothing.
    let fraction = fraction.trim_end_matches('0');
    let missing = decimals.checked_sub(fraction.len()).ok_or(NumberError::TooFine)?;
    format!("{whole}{fraction}{}", "0".repeat(missing)).parse().map_err(|_| NumberError::TooLarge)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits of a whole number; `None` where separators are not between groups of three.
fn without_separators(text: &str) -> Option<String> {
    let separator = if text.contains(',') { ',' } else { '_' };
    let groups: Vec<&str> = text.split(separator).collect();
    let (first, others) = groups.split_first()?;
    let is_grouped = others.is_empty() || first.len() <= 3;
    let is_sound = groups.iter().all(|group| is_digits(group)) && others.iter().all(|group| group.len() == 3);
    (is_grouped && is_sound).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use {super::*, proptest::prelude::*};

    #[test]
    fn numbers_are_read_exactly_or_refused() {
        for (text, decimals, expected) in [
            ("0", 6, Ok(0)),
            ("1.5", 6, Ok(1_500_000)),
            ("1.500000000", 6, Ok(1_500_000)),
            ("1,234.56", 2, Ok(123_456)),
            ("1_000_000", 0, Ok(1_000_000)),
            ("18446744073709551615", 0, Ok(u64::MAX)),
            ("18446744073709551616", 0, Err(NumberError::TooLarge)),
            ("0.0000001", 6, Err(NumberError::TooFine)),
        ] {
            assert_eq!(scaled(text, decimals), expected, "{text}");
        }
        for text in [
            "", ".", "1.", ".5", "-1", "+1", "1e3", "1,23", "1234,567", "1,2_3", "1,,000", "١", "1 000",
            "0x1",
        ] {
            assert_eq!(scaled(text, 2), Err(NumberError::None), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(number: u64, decimals in 0_usize..9) {
            let power = 10_u64.pow(u32::try_from(decimals).unwrap());
            let text = match decimals {
                0 => number.to_string(),
                _ => format!("{}.{:0decimals$}", number / power, number % power),
            };
            prop_assert_eq!(scaled(&text, decimals), Ok(number));
        }

        #[test]
        fn no_text_panics(text: String, decimals in 0_usize..9) {
            let _ = scaled(&text, decimals);
        }
    }
}
