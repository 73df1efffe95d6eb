//! The simulator's expectation of one agreement, whoever wrote it.

use {
    crate::{
        EconomicsError,
        assumptions::Assumptions,
        path::{Course, Scene},
        preset::{Agreement, Preset},
        stats::Estimate,
        study::{StudyPlan, Summary, run},
        usage::UseModel,
    },
    blockable_credits::state::Terms,
    serde::Serialize,
};

/// The lender's and the borrower's figures of an agreement. Shares are from 0 to 1; intervals are of 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Expectation {
    /// Paths walked in each scene.
    pub paths: u64,
    /// Recovered share of the debt at default, weighted by debt.
    pub recovery: Estimate,
    /// 5th percentile of it over loans.
    pub p5: Estimate,
    /// Recovered share where every default falls into a crash.
    pub in_a_crash: Estimate,
    /// Loss of the debt where the provider goes dark.
    pub provider_dark_loss: Estimate,
    /// The lender's yield a year after losses, with repaid cash idle.
    pub yield_with_idle_cash: f64,
    /// The lender's yield a year on what is owed.
    pub yield_on_outstanding: f64,
    /// Days that a paying borrower's unit is put off on average.
    pub days_put_off: f64,
    /// Price of a unit on the market at issue, relative to what the loan pays for it.
    pub market_price: f64,
}

impl Expectation {
    /// Walks the paths of an agreement as assumed and in a crash. `preset` says how a lender enforces and sells. The market price of a
    /// unit at issue is taken to be the loan's price, raised by the bonus that a provider gives for money in advance. Errors: [`EconomicsError::Refused`] for terms that no market for real money takes; those of a path.
    pub fn new(
        agreement: &Agreement,
        preset: &Preset,
        assumptions: &Assumptions,
        plan: &StudyPlan,
    ) -> Result<Expectation, EconomicsError> {
        // The simulator's clock is its own.
        let terms = Terms { offer_expires_at: 0, ..agreement.terms };
        let agreement = &Agreement { terms, ..agreement.clone() };
        let preset = preset.on_agreement(agreement);
        let market_price = preset.units_per_dollar(assumptions);
        let mut priced = assumptions.clone();
        let gpu_hours = agreement.terms.units as f64 / 3_600.0;
        let dollars = agreement.terms.principal as f64 / 1_000_000.0;
        priced.simulator.list_price = dollars / gpu_hours.max(f64::MIN_POSITIVE) * market_price;
        let simulate = |scene: Scene| {
            let assumptions = scene.applied_to(&priced);
            let model = UseModel::from_assumptions(&assumptions)?;
            let course = Course::on_agreement(&preset, agreement.clone(), model, &assumptions)?;
            Ok::<_, EconomicsError>(Summary::new(&course, scene, &assumptions, plan, &run(&course, plan)?))
        };
        let (assumed, crash) = (simulate(Scene::Assumed)?, simulate(Scene::Crash)?);
        Ok(Expectation {
            paths: plan.paths,
            recovery: assumed.recovery,
            p5: assumed.quantiles.p5,
            in_a_crash: crash.recovery,
            provider_dark_loss: assumed.vanished_loss,
            yield_with_idle_cash: assumed.yields.with_idle_cash,
            yield_on_outstanding: assumed.yields.on_outstanding,
            days_put_off: assumed.days_put_off.value,
            market_price,
        })
    }
}

#[cfg(test)]
mod tests {
    use {super::*, crate::preset::Size};

    const PLAN: StudyPlan = StudyPlan { paths: 1_000, seed: 7, threads: 2 };

    fn expected(name: &str, size: Size, change: impl FnOnce(&mut Agreement)) -> Expectation {
        let (preset, assumptions) = (Preset::named(name).unwrap(), Assumptions::built_in().unwrap());
        let mut agreement = preset.agreement(size);
        change(&mut agreement);
        Expectation::new(&agreement, &preset, &assumptions, &PLAN).unwrap()
    }

    #[test]
    fn an_agreement_of_a_preset_has_the_figures_of_the_preset() {
        let assumptions = Assumptions::built_in().unwrap();
        for name in ["prepaid-12", "standard", "bursty", "sealed", "light"] {
            let preset = Preset::named(name).unwrap();
            let found = expected(name, preset.size(&assumptions), |it| it.terms.offer_expires_at = 1);
            let summary = Summary::simulate(&preset, None, Scene::Assumed, &assumptions, &PLAN).unwrap();
            let near = |found: f64, expected: f64| (found - expected).abs() < 1e-3;
            assert!(near(found.recovery.value, summary.recovery.value), "{name}: {found:?} {summary:?}");
            assert!(near(found.p5.value, summary.quantiles.p5.value), "{name}");
            assert!(near(found.yield_with_idle_cash, summary.yields.with_idle_cash), "{name}");
            assert!(near(found.days_put_off, summary.days_put_off.value), "{name}");
            assert!(found.in_a_crash.value < found.recovery.value, "{name}");
        }
    }

    #[test]
    fn a_unit_of_another_size_changes_no_figure() {
        let size = Size { principal: 12_000_000_000, units: 20_000_000 };
        let many = Size { units: size.units * 100, ..size };
        let (one, hundred) = (expected("standard", size, |_| ()), expected("standard", many, |_| ()));
        assert!((one.recovery.value - hundred.recovery.value).abs() < 0.01, "{one:?} {hundred:?}");
    }

    #[test]
    fn what_the_agreement_changes_is_in_its_figures() {
        let size = Size { principal: 12_000_000_000, units: 20_000_000 };
        let standard = expected("standard", size, |_| ());
        let open = expected("standard", size, |agreement| {
            agreement.terms.unlocked_ahead = size.units;
            (agreement.terms.holdback, agreement.terms.holdback_apr_bps) = (0, 0);
        });
        assert!(open.recovery.value + 0.02 < standard.recovery.value, "{open:?} {standard:?}");
        assert!(open.days_put_off < standard.days_put_off);
        let later = expected("standard", size, |agreement| {
            agreement.schedule.iter_mut().for_each(|instalment| instalment.due_after += 10 * 86_400);
        });
        assert!(later.recovery.value < standard.recovery.value, "{later:?}");
    }

    #[test]
    fn terms_that_no_market_for_real_money_takes_are_refused() {
        let (preset, assumptions) = (Preset::named("standard").unwrap(), Assumptions::built_in().unwrap());
        let mut agreement = preset.agreement(Size { principal: 12_000_000_000, units: 20_000_000 });
        agreement.terms.cure_period = 60;
        let refused = Expectation::new(&agreement, &preset, &assumptions, &PLAN).unwrap_err().to_string();
        assert!(refused.contains("the program refused the offer"), "{refused}");
    }
}
