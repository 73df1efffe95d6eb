//! Terms between the presets: the smallest holdback that reaches a target.

use {
    super::Quote,
    crate::{EconomicsError, preset::Preset},
};

/// Tenths of the locked part that are tried.
const TENTHS: u32 = 10;

/// Instalments ahead, and reserves in instalments, that are searched.
const CHOICES: [(f64, f64); 4] = [(0.5, 0.0), (0.5, 0.5), (1.0, 0.0), (1.0, 0.5)];

/// The most terms that a search quotes: halving finds one of eleven in four steps.
pub const MOST_SEARCHED: u64 = 4 * CHOICES.len() as u64;

/// The smallest holdback, in tenths of the locked part, with which each choice of units ahead and reserve reaches a
/// target. Recovery rises with the holdback but for worlds in which prices rise a lot, so each is found by halving.
/// Choices that none reaches are left out, and those that one of the presets is. Errors: those of a study.
pub(super) fn least_holdbacks(
    presets: &[Preset],
    quote: impl Fn(&Preset) -> Result<Quote, EconomicsError>,
) -> Result<Vec<Quote>, EconomicsError> {
    let mut found = Vec::new();
    for (ahead, reserve) in CHOICES {
        let (mut low, mut high, mut best) = (0, TENTHS, None);
        while low <= high {
            let middle = (low + high) / 2;
            let terms = terms(ahead, reserve, middle)?;
            let quote = quote(&terms)?;
            if quote.reaches {
                best = Some((terms, quote));
                if middle == 0 {
                    break;
                }
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        found.extend(
            best.filter(|(terms, _)| !presets.iter().any(|preset| terms.is_same_as(preset)))
                .map(|(_, quote)| quote),
        );
    }
    Ok(found)
}

/// The standard preset with other units ahead, another reserve and so many tenths held back.
fn terms(ahead: f64, reserve: f64, tenths: u32) -> Result<Preset, EconomicsError> {
    let standard = Preset::named("standard")?;
    let holdback_apr_bps = if tenths > 0 { standard.holdback_apr_bps } else { 0 };
    let with_reserve = if reserve > 0.0 { "+reserve" } else { "" };
    Ok(Preset {
        name: format!("{ahead}-ahead+{}%{with_reserve}", tenths * 10),
        title: "the smallest holdback that reaches the target".to_string(),
        ahead: Some(ahead),
        holdback: f64::from(tenths) / f64::from(TENTHS),
        holdback_apr_bps,
        reserve,
        ..standard
    })
}
