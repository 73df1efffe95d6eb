//! Distributions of the recovery over loans.

use {
    super::canvas::{Axis, Canvas, HEIGHT, WIDTH, Words, colours, percents, title},
    crate::{EconomicsError, study::Summary},
    plotters::style::RGBColor,
};

const LEFT: i32 = 110;
const TOP: i32 = 110;
const RIGHT: i32 = WIDTH - 60;
const BOTTOM: i32 = HEIGHT - 100;

/// The presets whose distributions are drawn.
const DRAWN: [(&str, RGBColor); 5] = [
    ("prepaid-12", colours::RED),
    ("advance", colours::ORANGE),
    ("ahead-half", colours::PINK),
    ("standard", colours::BLUE),
    ("sealed", colours::GREEN),
];

/// Share of the loans that recover no more than a share of their debt.
pub(super) fn curves(canvas: &mut dyn Canvas, summaries: &[Summary]) -> Result<(), EconomicsError> {
    title(
        canvas,
        "How often little comes back",
        "The lower a curve, the safer the terms: its height is the share of defaults that recover at most so much.",
    )?;
    let across = Axis { values: [0.0, 1.0], pixels: [LEFT, RIGHT] };
    let up = Axis { values: [0.0, 1.0], pixels: [BOTTOM, TOP] };
    across.draw_below(canvas, [TOP, BOTTOM], &percents(10), "recovered of the debt at default")?;
    up.draw_left(canvas, [LEFT, RIGHT], &percents(10))?;
    canvas.write(Words {
        size: 15,
        colour: colours::GREY,
        ..Words::new("share of defaults", (LEFT, TOP - 14))
    })?;
    let mut key = TOP + 24;
    for (name, colour) in DRAWN {
        let Some(summary) = summaries.iter().find(|summary| summary.preset == name) else { continue };
        let places = summary.distribution.iter().enumerate();
        let curve =
            places.map(|(percent, share)| (across.at(percent as f64 / 100.0), up.at(*share))).collect();
        canvas.line(curve, colour, 4)?;
        canvas.line(vec![(LEFT + 20, key), (LEFT + 60, key)], colour, 5)?;
        let label = format!("{name}: {}", summary.title);
        canvas.write(Words::new(&label, (LEFT + 72, key)))?;
        key += 28;
    }
    Ok(())
}
