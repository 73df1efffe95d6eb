//! Recovery by preset: its percentiles, where it comes from, and what it costs a borrower that pays.

use {
    super::canvas::{Axis, Canvas, HEIGHT, Side, WIDTH, Words, colours, percents, title},
    crate::{EconomicsError, path::Scene, study::Summary},
    plotters::style::RGBColor,
};

/// Left end of the bars: names stand before it.
const LEFT: i32 = 330;
const TOP: i32 = 130;
const BOTTOM: i32 = HEIGHT - 100;

fn axis() -> Axis {
    Axis { values: [0.0, 1.0], pixels: [LEFT, WIDTH - 110] }
}

/// The middle of the row of a preset, and half of its height.
fn row(index: usize, count: usize) -> (i32, i32) {
    let height = f64::from(BOTTOM - TOP) / count.max(1) as f64;
    (TOP + (height * (index as f64 + 0.5)) as i32, (height * 0.3).clamp(4.0, 16.0) as i32)
}

/// The presets' names before their rows.
fn names(canvas: &mut dyn Canvas, summaries: &[Summary]) -> Result<(), EconomicsError> {
    for (index, summary) in summaries.iter().enumerate() {
        let (y, _) = row(index, summaries.len());
        canvas.write(Words {
            side: Side::Left,
            bold: true,
            size: 15,
            ..Words::new(&summary.preset, (LEFT - 12, y - 7))
        })?;
        canvas.write(Words {
            side: Side::Left,
            size: 12,
            colour: colours::GREY,
            ..Words::new(&summary.title, (LEFT - 12, y + 8))
        })?;
    }
    Ok(())
}

/// Mean and percentiles of the recovered share of the debt.
pub(super) fn percentiles(canvas: &mut dyn Canvas, summaries: &[Summary]) -> Result<(), EconomicsError> {
    let scene = summaries.first().map_or("", |summary| summary.scene);
    let heading = match scene {
        name if name == Scene::Crash.name() => "In a crash: share of the debt at default that comes back",
        name if name == Scene::FailingProviders.name() => {
            "Providers failing at 10 % a year: share of the debt that comes back"
        }
        _ => "Share of the debt at default that comes back",
    };
    title(
        canvas,
        heading,
        "Dot and number: mean, weighted by debt. Bar: the middle half of the loans, its line the median. Thin line: 5th to 95th percentile.",
    )?;
    axis().draw_below(canvas, [TOP, BOTTOM], &percents(10), "recovered of the debt at default, by loan")?;
    for (index, summary) in summaries.iter().enumerate() {
        let (y, half) = row(index, summaries.len());
        let q = &summary.quantiles;
        let [p5, p25, p50, p75, p95] = [q.p5, q.p25, q.p50, q.p75, q.p95].map(|at| axis().at(at.value));
        canvas.line(vec![(p5, y), (p95, y)], colours::BLUE, 3)?;
        canvas.fill((p25, y - half), (p75, y + half), colours::SKY)?;
        canvas.line(vec![(p50, y - half), (p50, y + half)], colours::BLUE, 3)?;
        canvas.dot((axis().at(summary.recovery.value), y), 7, colours::RED)?;
        let mean = format!("{:.1} %", summary.recovery.value * 100.0);
        canvas.write(Words { bold: true, colour: colours::RED, ..Words::new(&mean, (WIDTH - 88, y)) })?;
    }
    names(canvas, summaries)
}

/// Mean recovery of each preset in each scene.
pub(super) fn scenes(canvas: &mut dyn Canvas, summaries: &[Summary]) -> Result<(), EconomicsError> {
    title(
        canvas,
        "What a crash and failing providers cost the lender",
        "Mean share of the debt at default that comes back, in three surroundings. Number: the worst of them.",
    )?;
    axis().draw_below(canvas, [TOP, BOTTOM], &percents(10), "mean recovery of the debt at default")?;
    let scenes: Vec<&[Summary]> = summaries.chunk_by(|a, b| a.scene == b.scene).collect();
    let mut x = LEFT;
    for scene in scenes.iter().filter_map(|scene| scene.first()).map(|summary| summary.scene) {
        let (name, colour) = legend(scene);
        canvas.dot((x + 9, 103), 8, colour)?;
        canvas.write(Words::new(name, (x + 26, 103)))?;
        x += 270;
    }
    let first = scenes.first().copied().unwrap_or_default();
    for (index, preset) in first.iter().enumerate() {
        let (y, _) = row(index, first.len());
        let mut worst = f64::INFINITY;
        for summary in summaries.iter().filter(|summary| summary.preset == preset.preset) {
            let mean = summary.recovery.value;
            worst = worst.min(mean);
            canvas.dot((axis().at(mean), y), 7, legend(summary.scene).1)?;
        }
        let worst = format!("{:.1} %", worst * 100.0);
        canvas.write(Words { bold: true, ..Words::new(&worst, (WIDTH - 88, y)) })?;
    }
    names(canvas, first)
}

/// The words and the colour of a scene.
fn legend(scene: &str) -> (&'static str, RGBColor) {
    match scene {
        name if name == Scene::Crash.name() => ("every default in a crash", colours::RED),
        name if name == Scene::FailingProviders.name() => ("providers fail at 10 % a year", colours::ORANGE),
        _ => ("as assumed", colours::BLUE),
    }
}

/// The parts of the debt by where they came from.
pub(super) fn sources(canvas: &mut dyn Canvas, summaries: &[Summary]) -> Result<(), EconomicsError> {
    title(
        canvas,
        "Where the recovery comes from",
        "Parts of the debt at default. Money that never left the vault is the lender's own, not recovered from anybody.",
    )?;
    axis().draw_below(canvas, [TOP, BOTTOM], &percents(10), "share of the debt at default")?;
    let parts = [
        ("never left the vault", colours::BLUE),
        ("borrower's reserve", colours::GREEN),
        ("units sold", colours::ORANGE),
        ("units taken over", colours::PINK),
    ];
    let mut x = LEFT;
    for (name, colour) in parts {
        canvas.fill((x, 94), (x + 18, 112), colour)?;
        canvas.write(Words::new(name, (x + 26, 103)))?;
        x += 210;
    }
    for (index, summary) in summaries.iter().enumerate() {
        let (y, half) = row(index, summaries.len());
        let of = &summary.sources;
        let mut sum = 0.0;
        for (part, (_, colour)) in [of.holdback, of.reserve, of.sales, of.takeover].into_iter().zip(parts) {
            canvas.fill((axis().at(sum), y - half), (axis().at(sum + part), y + half), colour)?;
            sum += part;
        }
        let total = format!("{:.1} %", summary.recovery.value * 100.0);
        canvas.write(Words { bold: true, ..Words::new(&total, (WIDTH - 88, y)) })?;
    }
    names(canvas, summaries)
}

/// Days that a unit of a paying borrower is put off.
pub(super) fn days_put_off(canvas: &mut dyn Canvas, summaries: &[Summary]) -> Result<(), EconomicsError> {
    title(
        canvas,
        "What safety costs a borrower that pays",
        "Days that one of its units is put off because it is locked or frozen. Bar and number: the mean. Dot: one borrower in twenty waits longer.",
    )?;
    let days = summaries.iter().flat_map(|summary| [summary.days_put_off.value, summary.days_put_off_p95]);
    let most = days.fold(1.0, f64::max).ceil();
    let axis = Axis { values: [0.0, most], pixels: axis().pixels };
    let step = (most / 10.0).ceil().max(1.0) as usize;
    // A cast of a float saturates.
    let ticks: Vec<(f64, String)> =
        (0..=most as u32).step_by(step).map(|day| (f64::from(day), day.to_string())).collect();
    axis.draw_below(canvas, [TOP, BOTTOM], &ticks, "days")?;
    for (index, summary) in summaries.iter().enumerate() {
        let (y, half) = row(index, summaries.len());
        let (mean, p95) = (summary.days_put_off.value, summary.days_put_off_p95);
        canvas.fill((axis.at(0.0), y - half), (axis.at(mean).max(LEFT + 1), y + half), colours::SKY)?;
        canvas.dot((axis.at(p95), y), 5, colours::BLUE)?;
        let text = format!("{mean:.2}");
        canvas.write(Words { bold: true, ..Words::new(&text, (WIDTH - 88, y)) })?;
    }
    names(canvas, summaries)
}
