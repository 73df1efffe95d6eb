//! The tornado of a preset, and a preset in many worlds.

use {
    super::canvas::{Axis, Canvas, HEIGHT, Side, WIDTH, Words, colours, percents, title},
    crate::{
        EconomicsError,
        results::Tornado,
        study::{Bar, WorldsResult},
    },
};

const TOP: i32 = 110;
const BOTTOM: i32 = HEIGHT - 100;

/// Mean recovery with one assumption or term moved at a time.
pub(super) fn tornado(canvas: &mut dyn Canvas, tornado: &Tornado) -> Result<(), EconomicsError> {
    let heading = format!(
        "What moves the recovery of \"{}\": {:.0} % with nothing moved",
        tornado.preset,
        tornado.base * 100.0
    );
    title(
        canvas,
        &heading,
        "Mean recovery of the debt with one assumption or term at its low and at its high value, all else equal.",
    )?;
    let all = tornado.bars.iter().flat_map(|bar| bar.means).chain([tornado.base]);
    let (low, high) = all.fold((1.0f64, 0.0f64), |(low, high), mean| (low.min(mean), high.max(mean)));
    let values =
        [((low - 0.06) * 20.0).floor().max(0.0) / 20.0, ((high + 0.06) * 20.0).ceil().min(20.0) / 20.0];
    let axis = Axis { values, pixels: [350, WIDTH - 110] };
    let ticks: Vec<(f64, String)> = percents(5)
        .into_iter()
        .filter(|(at, _)| (values[0] - 1e-9..=values[1] + 1e-9).contains(at))
        .collect();
    axis.draw_below(canvas, [TOP, BOTTOM], &ticks, "mean recovery of the debt at default")?;
    let height = (BOTTOM - TOP) / tornado.bars.len().max(1) as i32;
    for (bar, y) in tornado.bars.iter().zip((TOP + height / 2..).step_by(height.max(1) as usize)) {
        draw_bar(canvas, &axis, bar, y, (height / 3).clamp(3, 14))?;
    }
    let base = axis.at(tornado.base);
    canvas.line(vec![(base, TOP), (base, BOTTOM)], colours::INK, 2)
}

fn draw_bar(
    canvas: &mut dyn Canvas,
    axis: &Axis,
    bar: &Bar,
    y: i32,
    half: i32,
) -> Result<(), EconomicsError> {
    canvas.write(Words { side: Side::Left, size: 15, ..Words::new(bar.name, (340, y)) })?;
    let [low, high] = bar.means.map(|mean| axis.at(mean));
    canvas.fill((low.min(high), y - half), (low.max(high), y + half), colours::SKY)?;
    let falls = low > high;
    for (x, value, is_low) in [(low, bar.ends[0], true), (high, bar.ends[1], false)] {
        let side = if is_low != falls { Side::Left } else { Side::Right };
        let x = if side == Side::Left { x - 5 } else { x + 5 };
        let text = value.to_string();
        canvas.write(Words { side, size: 13, colour: colours::GREY, ..Words::new(&text, (x, y)) })?;
    }
    Ok(())
}

/// Mean and 5th percentile of every world.
pub(super) fn worlds(canvas: &mut dyn Canvas, result: &WorldsResult) -> Result<(), EconomicsError> {
    let count = result.worlds.len();
    let heading = format!(
        "\"{}\" in {count} worlds: {:.0} of 100 reach the target",
        result.preset,
        result.reached.value * 100.0
    );
    let below = format!(
        "Each dot is a world with other borrowers, buyers, prices and providers. Target: mean {:.0} %, 5th percentile {:.0} %.",
        result.target_mean * 100.0,
        result.target_p5 * 100.0
    );
    title(canvas, &heading, &below)?;
    let lowest = |values: &mut dyn Iterator<Item = f64>| {
        (values.fold(1.0f64, |lowest, value| lowest.min(value - 0.05)).max(0.0) * 10.0).floor() / 10.0
    };
    let from_mean = lowest(&mut result.worlds.iter().map(|world| world.mean).chain([result.target_mean]));
    let from_p5 = lowest(&mut result.worlds.iter().map(|world| world.p5).chain([result.target_p5]));
    let across = Axis { values: [from_mean, 1.0], pixels: [110, WIDTH - 60] };
    let up = Axis { values: [from_p5, 1.0], pixels: [BOTTOM, TOP] };
    let (x, y) = (across.at(result.target_mean), up.at(result.target_p5));
    canvas.fill((x, TOP), (WIDTH - 60, y), plotters::style::RGBColor(232, 245, 240))?;
    across.draw_below(
        canvas,
        [TOP, BOTTOM],
        &percents_from(from_mean),
        "mean recovery of the debt in a world",
    )?;
    up.draw_left(canvas, [110, WIDTH - 60], &percents_from(from_p5))?;
    canvas.write(Words {
        size: 15,
        colour: colours::GREY,
        ..Words::new("5th percentile of the loans", (110, TOP - 14))
    })?;
    for world in &result.worlds {
        let reached = world.mean >= result.target_mean && world.p5 >= result.target_p5;
        let colour = if reached { colours::GREEN } else { colours::RED };
        canvas.dot((across.at(world.mean), up.at(world.p5)), 6, colour)?;
    }
    Ok(())
}

/// Ticks from a share to 100 %, in steps of 5 %.
fn percents_from(from: f64) -> Vec<(f64, String)> {
    percents(5).into_iter().filter(|(at, _)| *at >= from - 1e-9).collect()
}
