use {
    super::*,
    crate::{
        assumptions::Assumptions,
        path::{Course, Kind, Scene},
        preset::Preset,
        usage::UseModel,
    },
};

fn plan(paths: u64, threads: usize) -> StudyPlan {
    StudyPlan { paths, seed: 7, threads }
}

fn course(name: &str, assumptions: &Assumptions) -> Course {
    let preset = Preset::named(name).unwrap();
    let model = UseModel::from_assumptions(assumptions).unwrap();
    Course::new(&preset, preset.size(assumptions), model, assumptions).unwrap()
}

fn summary(name: &str, paths: u64) -> Summary {
    let assumptions = Assumptions::built_in().unwrap();
    let course = course(name, &assumptions);
    let plan = plan(paths, 2);
    Summary::new(&course, Scene::Assumed, &assumptions, &plan, &run(&course, &plan).unwrap())
}

#[test]
fn kinds_fill_the_plan() {
    let plan = plan(1_003, 1);
    for kind in [Kind::Default, Kind::Paying, Kind::Vanished] {
        let paths = (0..plan.paths).filter(|path| plan.kind_of(*path) == kind).count() as u64;
        assert_eq!(paths, plan.paths_of(kind), "{kind:?}");
    }
}

#[test]
fn threads_change_nothing() {
    let assumptions = Assumptions::built_in().unwrap();
    let course = course("standard", &assumptions);
    let one = run(&course, &plan(1_500, 1)).unwrap();
    assert_eq!(one, run(&course, &plan(1_500, 3)).unwrap());
    assert_ne!(one, run(&course, &StudyPlan { seed: 8, ..plan(1_500, 3) }).unwrap());
}

#[test]
fn parts_of_the_recovery_add_up() {
    for name in ["prepaid-12", "advance", "standard"] {
        let summary = summary(name, 1_000);
        let parts = summary.sources;
        let sum = parts.holdback + parts.reserve + parts.sales + parts.takeover;
        // Single loans may recover more than their debt; the recovery counts at most the debt.
        assert!(
            sum >= summary.recovery.value - 1e-9 && sum < summary.recovery.value + 0.15,
            "{name}: {summary:?}"
        );
        let last = summary.distribution.last().copied().unwrap();
        assert!((last - 1.0).abs() < 1e-12);
        assert!(summary.distribution.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}

#[test]
fn worlds_are_drawn_within_their_ranges() {
    let assumptions = Assumptions::built_in().unwrap();
    let preset = Preset::named("advance").unwrap();
    let result = worlds(&preset, None, &assumptions, 5, [0.5, 0.0], &plan(60, 1)).unwrap();
    assert_eq!(result.worlds.len(), 5);
    for world in &result.worlds {
        let ranges = &assumptions.worlds;
        assert!((ranges.race[0]..=ranges.race[1]).contains(&world.race));
        assert!((ranges.buyers_per_day[0]..=ranges.buyers_per_day[1]).contains(&world.buyers_per_day));
    }
    let reached = result.worlds.iter().filter(|world| world.mean >= 0.5).count();
    assert!((result.reached.value - reached as f64 / 5.0).abs() < 1e-12);
}

#[test]
fn the_widest_bar_comes_first() {
    let assumptions = Assumptions::built_in().unwrap();
    let bars = tornado(&Preset::named("prepaid-12").unwrap(), None, &assumptions, &plan(120, 2)).unwrap();
    assert!(bars.len() > 12);
    assert!(bars.windows(2).all(|pair| pair[0].width() >= pair[1].width()));
}

#[test]
fn the_standard_preset_meets_its_goals() {
    let assumptions = Assumptions::built_in().unwrap();
    let standard = Preset::named("standard").unwrap();
    let summary = Summary::simulate(&standard, None, Scene::Assumed, &assumptions, &plan(4_000, 2)).unwrap();
    assert!(summary.recovery.low > 0.9, "{:?}", summary.recovery);
    assert!(summary.quantiles.p5.low > 0.6, "{:?}", summary.quantiles.p5);
    assert!(summary.days_put_off.value < 0.6, "{:?}", summary.days_put_off);
    let worlds = worlds(&standard, None, &assumptions, 40, [0.9, 0.6], &plan(300, 2)).unwrap();
    assert!(worlds.reached.value >= 0.8, "{:?}", worlds.reached);
}
