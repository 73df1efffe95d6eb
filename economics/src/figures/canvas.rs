//! A sheet to draw on, the same for SVG and PNG: lines, boxes, dots and words at places in pixels.

use {
    super::png,
    crate::EconomicsError,
    plotters::{
        backend::{BitMapBackend, DrawingBackend, SVGBackend},
        coord::Shift,
        drawing::{DrawingArea, IntoDrawingArea},
        element::{Circle, PathElement, Rectangle},
        style::{
            Color, FontStyle, RGBColor, ShapeStyle, TextStyle,
            text_anchor::{HPos, Pos, VPos},
        },
    },
    std::sync::Once,
};

/// Width of every figure, in pixels.
pub(super) const WIDTH: i32 = 1_200;
/// Height of every figure, in pixels.
pub(super) const HEIGHT: i32 = 800;

/// Colours that the colour-blind tell apart (Okabe and Ito, 2008).
pub(super) mod colours {
    use plotters::style::RGBColor;

    pub(in crate::figures) const INK: RGBColor = RGBColor(34, 34, 34);
    pub(in crate::figures) const FAINT: RGBColor = RGBColor(221, 221, 221);
    pub(in crate::figures) const GREY: RGBColor = RGBColor(119, 119, 119);
    pub(in crate::figures) const BLUE: RGBColor = RGBColor(0, 114, 178);
    pub(in crate::figures) const ORANGE: RGBColor = RGBColor(230, 159, 0);
    pub(in crate::figures) const GREEN: RGBColor = RGBColor(0, 158, 115);
    pub(in crate::figures) const RED: RGBColor = RGBColor(213, 94, 0);
    pub(in crate::figures) const PINK: RGBColor = RGBColor(204, 121, 167);
    pub(in crate::figures) const SKY: RGBColor = RGBColor(86, 180, 233);
}

/// A place of the sheet, in pixels from the upper left.
pub(super) type Place = (i32, i32);

/// Words and their look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    pub(super) at: Place,
    pub(super) size: i32,
    pub(super) bold: bool,
    pub(super) colour: RGBColor,
    pub(super) side: Side,
}

/// The side of its place on which a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Right,
    Left,
    Middle,
}

impl<'a> Words<'a> {
    /// Words of the usual look, to the right of a place.
    pub(super) fn new(text: &'a str, at: Place) -> Words<'a> {
        Words { text, at, size: 17, bold: false, colour: colours::INK, side: Side::Right }
    }
}

/// A sheet of [`WIDTH`] x [`HEIGHT`] pixels.
pub(super) trait Canvas {
    /// Draws a line through places, so many pixels thick.
    fn line(&mut self, places: Vec<Place>, colour: RGBColor, thickness: u32) -> Result<(), EconomicsError>;
    /// Fills a box between two corners.
    fn fill(&mut self, from: Place, to: Place, colour: RGBColor) -> Result<(), EconomicsError>;
    /// Fills a dot.
    fn dot(&mut self, at: Place, radius: i32, colour: RGBColor) -> Result<(), EconomicsError>;
    /// Writes words; their middle line is at the place.
    fn write(&mut self, words: Words) -> Result<(), EconomicsError>;
}

struct Sheet<'a, DB: DrawingBackend> {
    area: DrawingArea<DB, Shift>,
    figure: &'a str,
}

impl<DB: DrawingBackend> Sheet<'_, DB> {
    fn check<E: std::fmt::Display>(&self, result: Result<(), E>) -> Result<(), EconomicsError> {
        result.map_err(|error| EconomicsError::Figure {
            figure: self.figure.to_string(),
            reason: error.to_string(),
        })
    }
}

impl<DB: DrawingBackend> Canvas for Sheet<'_, DB> {
    fn line(&mut self, places: Vec<Place>, colour: RGBColor, thickness: u32) -> Result<(), EconomicsError> {
        let style = ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: thickness };
        self.check(self.area.draw(&PathElement::new(places, style)))
    }

    fn fill(&mut self, from: Place, to: Place, colour: RGBColor) -> Result<(), EconomicsError> {
        self.check(self.area.draw(&Rectangle::new([from, to], colour.filled())))
    }

    fn dot(&mut self, at: Place, radius: i32, colour: RGBColor) -> Result<(), EconomicsError> {
        self.check(self.area.draw(&Circle::new(at, radius, colour.filled())))
    }

    fn write(&mut self, words: Words) -> Result<(), EconomicsError> {
        let style = if words.bold { FontStyle::Bold } else { FontStyle::Normal };
        let side = match words.side {
            Side::Right => HPos::Left,
            Side::Left => HPos::Right,
            Side::Middle => HPos::Center,
        };
        let style = TextStyle::from(("sans-serif", words.size, style))
            .color(&words.colour)
            .pos(Pos::new(side, VPos::Center));
        self.check(self.area.draw_text(words.text, &style, words.at))
    }
}

/// Paints one figure on either kind of sheet, with its last line.
pub(super) struct Painter<'a> {
    pub(super) figure: &'a str,
    pub(super) footer: &'a str,
}

type Paint<'a> = &'a dyn Fn(&mut dyn Canvas) -> Result<(), EconomicsError>;

impl Painter<'_> {
    /// The figure as SVG.
    pub(super) fn svg(&self, paint: Paint) -> Result<Vec<u8>, EconomicsError> {
        let mut text = String::new();
        self.paint(SVGBackend::with_string(&mut text, (WIDTH as u32, HEIGHT as u32)), paint)?;
        Ok(text.into_bytes())
    }

    /// The figure as PNG.
    pub(super) fn png(&self, paint: Paint) -> Result<Vec<u8>, EconomicsError> {
        let mut pixels = vec![0u8; (WIDTH * HEIGHT * 3) as usize];
        self.paint(BitMapBackend::with_buffer(&mut pixels, (WIDTH as u32, HEIGHT as u32)), paint)?;
        png::encode(&pixels, WIDTH as u32, HEIGHT as u32).map_err(|error| EconomicsError::Figure {
            figure: self.figure.to_string(),
            reason: error.to_string(),
        })
    }

    fn paint<DB: DrawingBackend>(&self, backend: DB, paint: Paint) -> Result<(), EconomicsError> {
        register_fonts();
        let mut sheet = Sheet { area: backend.into_drawing_area(), figure: self.figure };
        sheet.fill((0, 0), (WIDTH, HEIGHT), RGBColor(255, 255, 255))?;
        paint(&mut sheet)?;
        let footer = Words { size: 13, colour: colours::GREY, ..Words::new(self.footer, (30, HEIGHT - 18)) };
        sheet.write(footer)?;
        sheet.check(sheet.area.present())
    }
}

/// Hands the drawing library the fonts that come with this crate, once: it measures words in SVG too.
fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let normal = include_bytes!("../../data/font/DejaVuSans-subset.ttf");
        let bold = include_bytes!("../../data/font/DejaVuSans-Bold-subset.ttf");
        // A font that cannot be read leaves its words out; a test looks at the pixels.
        let _ = plotters::style::register_font("sans-serif", FontStyle::Normal, normal);
        let _ = plotters::style::register_font("sans-serif", FontStyle::Bold, bold);
    });
}

/// Writes the title and the line below it.
pub(super) fn title(canvas: &mut dyn Canvas, title: &str, below: &str) -> Result<(), EconomicsError> {
    canvas.write(Words { size: 26, bold: true, ..Words::new(title, (30, 34)) })?;
    canvas.write(Words { colour: colours::GREY, ..Words::new(below, (30, 66)) })
}

/// A horizontal or vertical axis: values along pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// Values at both ends.
    pub(super) values: [f64; 2],
    /// Pixels at both ends.
    pub(super) pixels: [i32; 2],
}

impl Axis {
    /// The pixel of a value, within the axis.
    pub(super) fn at(&self, value: f64) -> i32 {
        let [from, to] = self.values;
        let share = ((value - from) / (to - from)).clamp(0.0, 1.0);
        let [first, last] = self.pixels.map(f64::from);
        (first + (last - first) * share).round() as i32
    }

    /// Draws faint lines across at values, with their labels below; a horizontal axis between two heights.
    pub(super) fn draw_below(
        &self,
        canvas: &mut dyn Canvas,
        [top, bottom]: [i32; 2],
        ticks: &[(f64, String)],
        name: &str,
    ) -> Result<(), EconomicsError> {
        for (value, label) in ticks {
            let x = self.at(*value);
            canvas.line(vec![(x, top), (x, bottom)], colours::FAINT, 1)?;
            canvas.write(Words { side: Side::Middle, size: 15, ..Words::new(label, (x, bottom + 16)) })?;
        }
        let middle = (self.pixels[0] + self.pixels[1]) / 2;
        canvas.write(Words { side: Side::Middle, ..Words::new(name, (middle, bottom + 42)) })
    }

    /// Draws faint lines across at values, with their labels to the left; a vertical axis between two places across.
    pub(super) fn draw_left(
        &self,
        canvas: &mut dyn Canvas,
        [left, right]: [i32; 2],
        ticks: &[(f64, String)],
    ) -> Result<(), EconomicsError> {
        for (value, label) in ticks {
            let y = self.at(*value);
            canvas.line(vec![(left, y), (right, y)], colours::FAINT, 1)?;
            canvas.write(Words { side: Side::Left, size: 15, ..Words::new(label, (left - 8, y)) })?;
        }
        Ok(())
    }
}

/// Ticks from 0 to 100 % in steps.
pub(super) fn percents(step: u32) -> Vec<(f64, String)> {
    (0..=100)
        .step_by(step.max(1) as usize)
        .map(|percent| (f64::from(percent) / 100.0, format!("{percent} %")))
        .collect()
}
