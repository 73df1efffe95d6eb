use {super::*, std::io::Write};

/// Days that vary by half around a mean of 600,000 units.
fn own() -> OwnUse {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "day,units").unwrap();
    for day in 0..60u32 {
        writeln!(file, "{day},{}", 300_000 + 600_000 * (day % 7) / 6).unwrap();
    }
    OwnUse::from_file(file.path()).unwrap()
}

fn target() -> Target {
    Target { recovery: 0.85, confidence: 0.8, worlds: 2, largest_request: None }
}

#[test]
fn those_that_reach_the_target_come_first() {
    let assumptions = Assumptions::built_in().unwrap();
    let presets = ["prepaid-4", "prepaid-12", "sealed"].map(|name| Preset::named(name).unwrap());
    let plan = StudyPlan { paths: 400, seed: 1, threads: 2 };
    let quotes = quotes(&own(), &presets, false, &assumptions, target(), &plan, &|| ()).unwrap();
    assert_eq!(quotes[0].preset, "sealed");
    assert!(quotes[0].reaches && !quotes[2].reaches, "{quotes:?}");
    for quote in &quotes {
        assert_eq!(
            quote.units,
            (own().mean_units() * 360.0 * f64::from(quote.units > 80_000_000)
                + own().mean_units() * 120.0 * f64::from(quote.units <= 80_000_000)) as u64
        );
        assert!(quote.principal > 0);
    }
}

#[test]
fn smallest_holdbacks_reach_the_target_and_are_sorted_by_cost() {
    let assumptions = Assumptions::built_in().unwrap();
    let plan = StudyPlan { paths: 400, seed: 1, threads: 2 };
    let target = Target { recovery: 0.93, confidence: 1.0, ..target() };
    let found = quotes(&own(), &[], true, &assumptions, target, &plan, &|| ()).unwrap();
    assert!(!found.is_empty() && found.iter().all(|quote| quote.reaches), "{found:?}");
    let costs: Vec<f64> = found.iter().map(|quote| quote.unit_cost).collect();
    assert!(costs.is_sorted(), "{costs:?}");
}

#[test]
fn found_terms_that_are_a_preset_are_listed_once() {
    let assumptions = Assumptions::built_in().unwrap();
    let plan = StudyPlan { paths: 400, seed: 1, threads: 2 };
    // All terms reach a target of 0, so each search ends at no holdback; half ahead with a reserve, that is this preset.
    let target = Target { recovery: 0.0, confidence: 1.0, ..target() };
    let same = Preset::named("ahead-half-reserve").unwrap();
    let alone = quotes(&own(), &[], true, &assumptions, target, &plan, &|| ()).unwrap();
    let with_it = quotes(&own(), &[same], true, &assumptions, target, &plan, &|| ()).unwrap();
    assert_eq!(alone.len(), with_it.len());
    assert!(with_it.iter().all(|quote| quote.preset != "0.5-ahead+0%+reserve"), "{with_it:?}");
}

#[test]
fn the_cost_all_in_is_the_rate_and_the_reserve_adds_to_it() {
    let assumptions = Assumptions::built_in().unwrap();
    let apr = |name: &str| {
        let preset = Preset::named(name).unwrap();
        Cost::new(&preset.agreement(preset.size(&assumptions))).unwrap().apr_all_in
    };
    // 14 % simple, paid monthly: 14.9 % a year.
    assert!((apr("prepaid-12") - 0.149).abs() < 0.002, "{}", apr("prepaid-12"));
    assert!(apr("standard") < apr("prepaid-12"), "half the rate on what is held back");
    assert!(apr("standard-reserve") > apr("standard"));
    let cost = |name: &str| {
        let preset = Preset::named(name).unwrap();
        Cost::new(&preset.agreement(preset.size(&assumptions))).unwrap()
    };
    let prepaid = cost("prepaid-12");
    assert!((prepaid.apr_all_in - prepaid.apr_on_paid_out).abs() < 1e-9, "nothing is held back");
    assert!(cost("standard").apr_on_paid_out > prepaid.apr_all_in, "interest on what lies in the vault");
}

#[test]
fn prepaid_terms_are_warned_of() {
    let assumptions = Assumptions::built_in().unwrap();
    let of = |name: &str, change: fn(&mut Preset), largest| {
        let mut preset = Preset::named(name).unwrap();
        change(&mut preset);
        let size = preset.size_for((own().mean_units() * 360.0) as u64, &assumptions);
        warnings(&preset.agreement(size), &own(), largest, &assumptions)
    };
    assert!(of("prepaid-12", |_| (), None)[0].starts_with("the rate bound times the default grace"));
    assert_eq!(of("standard", |_| (), None), Vec::<String>::new());
    let reserve = of("standard", |preset| preset.reserve = 1.0, None);
    assert!(reserve[0].starts_with("the reserve pays a whole instalment"), "{reserve:?}");
    let request = of("standard", |_| (), Some(20_000_000));
    assert!(request[0].contains("the largest request needs 20,000,000"), "{request:?}");
    let rate = of("standard", |preset| preset.rate_multiple = 1.2, None);
    assert!(rate[0].starts_with("the largest day uses 900,000 units"), "{rate:?}");
}
