//! The bounds of a market by name, to compare the file, the program's limits and the chain.

use {
    blockable_sdk::{
        amounts::{Bps, MicroUsd},
        program::{
            state::{MAX_PRINCIPAL, TermBounds},
            units::BPS,
        },
    },
    std::fmt,
};

/// A bound in its unit of measure. Displayed as it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bound {
    /// A principal.
    Principal(MicroUsd),
    /// A duration in seconds.
    Seconds(u32),
    /// A rate or a share.
    Share(Bps),
}

impl Bound {
    const fn principal(amount: u64) -> Bound {
        Bound::Principal(MicroUsd(amount))
    }

    fn share(bps: u16) -> Bound {
        Bound::Share(Bps(bps.into()))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Principal(MicroUsd(MAX_PRINCIPAL)) => f.write_str("unlimited"),
            Bound::Principal(amount) => write!(f, "{}", amount.get()),
            Bound::Seconds(seconds) => write!(f, "{seconds}"),
            Bound::Share(share) => write!(f, "{}", share.get()),
        }
    }
}

/// Lists every bound with its key in the file.
pub(crate) fn named(bounds: &TermBounds) -> [(&'static str, Bound); 14] {
    [
        ("bounds.min_principal", Bound::principal(bounds.min_principal)),
        ("bounds.max_principal", Bound::principal(bounds.max_principal)),
        ("bounds.min_instalment_interval", Bound::Seconds(bounds.min_instalment_interval)),
        ("bounds.max_term", Bound::Seconds(bounds.max_term)),
        ("bounds.min_delinquency_grace", Bound::Seconds(bounds.min_delinquency_grace)),
        ("bounds.min_default_grace", Bound::Seconds(bounds.min_default_grace)),
        ("bounds.min_cure_period", Bound::Seconds(bounds.min_cure_period)),
        ("bounds.min_lot_window", Bound::Seconds(bounds.min_lot_window)),
        ("bounds.max_lot_window", Bound::Seconds(bounds.max_lot_window)),
        ("bounds.max_apr_bps", Bound::share(bounds.max_apr_bps)),
        ("bounds.max_late_fee_bps", Bound::share(bounds.max_late_fee_bps)),
        ("bounds.min_start_price_bps", Bound::share(bounds.min_start_price_bps)),
        ("bounds.max_start_price_bps", Bound::share(bounds.max_start_price_bps)),
        ("bounds.min_floor_price_bps", Bound::share(bounds.min_floor_price_bps)),
    ]
}

/// A key of the file, and what is wrong with its value and what to do.
pub(crate) type Mistake = (&'static str, String);

/// Contradictions between bounds, which the program refuses.
pub(crate) fn contradictions(bounds: &TermBounds) -> Vec<Mistake> {
    let rule = |holds: bool, key, what: &str| (!holds).then(|| (key, what.to_string()));
    let rules = [
        rule(bounds.min_principal > 0, "bounds.min_principal", "is 0; write at least 1"),
        rule(
            bounds.min_principal <= bounds.max_principal,
            "bounds.min_principal",
            "is above bounds.max_principal, so that no loan could be made; lower it",
        ),
        rule(
            bounds.max_principal <= MAX_PRINCIPAL,
            "bounds.max_principal",
            "is above 10^18, the most that any market may lend at once; write \"unlimited\"",
        ),
        rule(
            bounds.min_instalment_interval <= bounds.max_term,
            "bounds.min_instalment_interval",
            "is above bounds.max_term, so that no schedule could be made; lower it",
        ),
        rule(bounds.min_lot_window > 0, "bounds.min_lot_window", "is 0; write at least 1 second"),
        rule(
            bounds.min_lot_window <= bounds.max_lot_window,
            "bounds.min_lot_window",
            "is above bounds.max_lot_window, so that no lot could be opened; lower it",
        ),
        rule(
            bounds.min_floor_price_bps <= bounds.min_start_price_bps,
            "bounds.min_floor_price_bps",
            "is above bounds.min_start_price_bps, and a price can only fall; lower it",
        ),
        rule(
            u64::from(bounds.min_start_price_bps) <= BPS,
            "bounds.min_start_price_bps",
            "is above 10000, so that no lot could be sold at what the loan paid; lower it",
        ),
        rule(
            u64::from(bounds.max_start_price_bps) >= BPS,
            "bounds.max_start_price_bps",
            "is below 10000, so that no lot could be sold at what the loan paid; raise it",
        ),
    ];
    rules.into_iter().flatten().collect()
}

/// Bounds that the program refuses in a market for real money.
pub(crate) fn too_loose(bounds: &TermBounds) -> Vec<Mistake> {
    let pairs = named(bounds).into_iter().zip(named(&TermBounds::PRODUCTION));
    let loose = pairs.filter_map(|((key, value), (_, limit))| {
        let is_minimum = key.contains(".min_");
        let (wrong, word) = if is_minimum { (value < limit, "at least") } else { (value > limit, "at most") };
        let what = || format!("is {value}; a production market needs {word} {limit}");
        wrong.then(|| (key, what()))
    });
    loose.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [`TermBounds::PRODUCTION`] with one value changed, per value.
    fn neighbours(by: i64) -> Vec<TermBounds> {
        let mut all = Vec::new();
        macro_rules! change {
            ($($field:ident)*) => {$(
                let mut bounds = TermBounds::PRODUCTION;
                bounds.$field = bounds.$field.saturating_add_signed(by.try_into().unwrap());
                all.push(bounds);
            )*};
        }
        change! {
            min_principal max_principal min_instalment_interval max_term min_delinquency_grace min_default_grace
            min_cure_period min_lot_window max_lot_window max_apr_bps max_late_fee_bps min_start_price_bps
            max_start_price_bps min_floor_price_bps
        }
        all
    }

    #[test]
    fn what_is_too_loose_is_what_the_program_refuses() {
        assert_eq!(too_loose(&TermBounds::PRODUCTION), Vec::new());
        for bounds in neighbours(1).into_iter().chain(neighbours(-1)) {
            assert_eq!(
                too_loose(&bounds).is_empty(),
                bounds.is_within(&TermBounds::PRODUCTION),
                "{bounds:?}"
            );
        }
    }

    #[test]
    fn what_contradicts_itself_is_what_the_program_refuses() {
        assert_eq!(contradictions(&TermBounds::PRODUCTION), Vec::new());
        let odd = [
            TermBounds { min_principal: 0, ..TermBounds::PRODUCTION },
            TermBounds { max_principal: 1, ..TermBounds::PRODUCTION },
            TermBounds { max_principal: MAX_PRINCIPAL + 1, ..TermBounds::PRODUCTION },
            TermBounds { max_term: 1, ..TermBounds::PRODUCTION },
            TermBounds { min_lot_window: 0, ..TermBounds::PRODUCTION },
            TermBounds { max_lot_window: 1, ..TermBounds::PRODUCTION },
            TermBounds { min_floor_price_bps: 10_000, ..TermBounds::PRODUCTION },
            TermBounds { min_start_price_bps: 10_001, ..TermBounds::PRODUCTION },
            TermBounds { max_start_price_bps: 9_999, ..TermBounds::PRODUCTION },
        ];
        for bounds in odd {
            assert!(!bounds.is_consistent());
            assert_eq!(contradictions(&bounds).len(), 1, "{bounds:?}");
        }
    }
}
