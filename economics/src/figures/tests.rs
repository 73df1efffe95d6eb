use {
    super::*,
    crate::{
        stats::Estimate,
        study::{Bar, Quantiles, StudyPlan, World},
    },
};

fn results() -> Results {
    let summary = |preset: &str, recovery: f64| Summary {
        preset: preset.to_string(),
        title: "a title".to_string(),
        scene: "assumed",
        recovery: Estimate::with_error(recovery, 0.01),
        quantiles: Quantiles { p95: Estimate::with_error(1.0, 0.0), ..Quantiles::default() },
        distribution: (0..=100).map(|percent| f64::from(percent) / 100.0).collect(),
        ..Summary::default()
    };
    let world = World {
        race: 0.1,
        buyer_pays: 0.8,
        buyers_per_day: 1.0,
        price_drift: 0.0,
        crash_share: 0.1,
        provider_failure: 0.0,
        bonus_prepaid: 0.3,
        mean: 0.9,
        p5: 0.6,
    };
    Results {
        plan: StudyPlan { paths: 10, seed: 7, threads: 1 },
        side_paths: 5,
        own_use: None,
        presets: vec![summary("prepaid-12", 0.5), summary("standard", 0.9)],
        tornado: Some(Tornado {
            preset: "standard".to_string(),
            base: 0.9,
            bars: vec![Bar {
                name: "share that races",
                ends: [0.0, 0.5],
                means: [0.95, 0.8],
                p5: [0.6, 0.5],
            }],
        }),
        worlds: vec![crate::study::WorldsResult {
            preset: "standard".to_string(),
            target_mean: 0.9,
            target_p5: 0.6,
            reached: Estimate::proportion(1, 1),
            worlds: vec![world],
        }],
        assumptions: Vec::new(),
    }
}

#[test]
fn every_figure_is_written_in_both_forms_with_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_all(&results(), folder.path()).unwrap();
    assert_eq!(files.len(), 12);
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        if file.extension().unwrap() == "svg" {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains("seed 7"), "{}", file.display());
        } else {
            assert!(bytes.starts_with(b"\x89PNG"), "{}", file.display());
        }
    }
}

#[test]
fn words_leave_ink_in_the_pixels() {
    let painter = Painter { figure: "words", footer: "" };
    let image = |text: &'static str| {
        painter.png(&|canvas| canvas.write(canvas::Words::new(text, (100, 100)))).unwrap()
    };
    assert_ne!(image("recovery"), image(""), "the fonts are registered");
}

#[test]
fn an_axis_keeps_values_within_its_ends() {
    let axis = canvas::Axis { values: [0.0, 1.0], pixels: [100, 200] };
    assert_eq!([-1.0, 0.0, 0.25, 1.0, 2.0].map(|value| axis.at(value)), [100, 100, 125, 200, 200]);
}
