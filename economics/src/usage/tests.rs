use {super::*, crate::random::Streams, std::collections::BTreeMap};

/// Quantiles of each statistic over drawn tenants, by its name.
fn measured(class: &ClassModel) -> BTreeMap<&'static str, [f64; 2]> {
    let mut window = Window::new(7);
    let mut values: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for path in 0..4_000 {
        window.count = class.draw(&mut window.days, &mut Streams::new(11, path).usage);
        let of = WindowStatistics::measure(window.days());
        for (name, value) in
            [("daily_cv", of.cv), ("peak_day", of.peak_day), ("peak_week", of.peak_week), ("lag1", of.lag1)]
        {
            values.entry(name).or_default().push(value);
        }
    }
    let quantiles = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        [0.5, 0.9].map(|at| values[(values.len() as f64 * at) as usize])
    };
    values.into_iter().map(|(name, values)| (name, quantiles(values))).collect()
}

#[test]
fn drawn_tenants_have_the_statistics_of_the_real_ones() {
    let assumptions = Assumptions::built_in().unwrap();
    for class in &assumptions.classes {
        let measured = measured(&ClassModel::fitted_to(class).unwrap());
        for (name, real) in [
            ("daily_cv", class.daily_cv),
            ("peak_day", class.peak_day),
            ("peak_week", class.peak_week),
            ("lag1", [class.lag1, measured["lag1"][1]]),
        ] {
            let drawn = measured[name];
            for (drawn, real) in drawn.iter().zip(real) {
                let near = (drawn / real - 1.0).abs() < 0.12 || (drawn - real).abs() < 0.06;
                assert!(near, "{}: {name} is {drawn:.3}, real tenants have {real:.3}", class.name);
            }
        }
    }
}

#[test]
fn blocks_keep_the_mean_and_the_shape_of_weeks() {
    let assumptions = Assumptions::built_in().unwrap();
    let model = UseModel::from_assumptions(&assumptions).unwrap();
    let mut window = Window::new(7);
    let mut total = 0.0;
    for path in 0..500 {
        let mut random = Streams::new(5, path).usage;
        model.draw(&mut window, &mut random);
        let days: Vec<f64> = (0..360).map(|_| window.next_day(&mut random)).collect();
        total += days.iter().sum::<f64>() / 360.0;
        let block = &days[7..14];
        let ring: Vec<f64> = window.days().iter().chain(window.days()).copied().collect();
        assert!(ring.windows(7).any(|week| week == block), "a block is seven days in a row");
    }
    assert!((total / 500.0 - 1.0).abs() < 0.03, "{total}");
}

#[test]
fn classes_are_drawn_by_their_weights() {
    let assumptions = Assumptions::built_in().unwrap();
    let UseModel::Tenants(classes) = UseModel::from_assumptions(&assumptions).unwrap() else { panic!() };
    assert!((classes[0].0 - 92.0 / 141.0).abs() < 1e-12);
    assert!((classes[2].0 - 1.0).abs() < 1e-12);
}

#[test]
fn a_class_without_a_distribution_is_refused() {
    let mut class = Assumptions::built_in().unwrap().classes.remove(0);
    class.name = "render_farms".to_string();
    let message = ClassModel::fitted_to(&class).unwrap_err().to_string();
    assert!(message.starts_with("no distribution is fitted to the class render_farms"), "{message}");
}

fn own(lines: &str) -> Result<OwnUse, EconomicsError> {
    OwnUse::read("use.csv", &format!("day,units\n{lines}"))
}

#[test]
fn own_use_is_scaled_to_its_mean_and_days_left_out_are_zero() {
    let lines: String =
        (0..20).filter(|day| *day != 3).map(|day| format!("{},{}\n", 100 + day, 50)).collect();
    let own = own(&lines).unwrap();
    assert_eq!(own.mean_units(), 47.5);
    assert!((own.peak_day() - 50.0 / 47.5).abs() < 1e-12);
    let mut window = Window::new(7);
    UseModel::Own(own).draw(&mut window, &mut Streams::new(1, 1).usage);
    assert_eq!(window.days()[3], 0.0);
    assert_eq!(window.days().len(), 20);
}

#[test]
fn mistakes_in_own_use_name_their_line() {
    let message = |lines: &str| own(lines).unwrap_err().to_string();
    assert_eq!(
        message("1,5\n1,5\n"),
        "use.csv, line 3: days must be whole numbers that rise, at most ten years of them, such as 0, 1, 2"
    );
    assert_eq!(message("1,-5\n"), "use.csv, line 2: units must not be negative");
    assert_eq!(message("1,5\n"), "use.csv, line 1: days in the file: 1; give at least 14");
    assert_eq!(message("1,many\n"), "use.csv, line 2: \"many\" is not a number; write one such as 12 or 0.5");
    let header = OwnUse::read("use.csv", "date,units\n").unwrap_err().to_string();
    assert!(header.starts_with("use.csv, line 1: the first line must be day,units; each line"), "{header}");
}
