//! Figures as SVG and PNG. Each is read without the text around it: the title says the finding, the axes their units,
//! the last line what it rests on.

mod canvas;
mod distribution;
mod png;
mod recovery;
mod sensitivities;
#[cfg(test)]
mod tests;

use {
    crate::{
        EconomicsError,
        results::{Results, Tornado},
        study::{Summary, WorldsResult},
    },
    canvas::{Canvas, Painter},
    std::path::{Path, PathBuf},
};

/// One figure.
#[derive(Clone, Copy, Debug)]
enum Figure<'a> {
    /// Mean and percentiles of the recovery by preset.
    Recovery(&'a [Summary]),
    /// Mean recovery by preset in each scene; the scenes one after the other, each with the same presets.
    Scenes(&'a [Summary]),
    /// Where the recovery comes from, by preset.
    Sources(&'a [Summary]),
    /// Distributions of the recovery over loans.
    Distribution(&'a [Summary]),
    /// Days that a paying borrower's unit is put off, by preset.
    DaysPutOff(&'a [Summary]),
    /// Sensitivities of a preset.
    Tornado(&'a Tornado),
    /// A preset in many worlds.
    Worlds(&'a WorldsResult),
}

impl Figure<'_> {
    /// The last line: what the figure rests on.
    fn footer(&self, results: &Results) -> String {
        let (paths, each) = match self {
            Figure::Tornado(_) => (results.side_paths, "end of a bar"),
            Figure::Worlds(_) => (results.side_paths, "world"),
            _ => (results.plan.paths, "preset"),
        };
        let seed = results.plan.seed;
        format!(
            "blockable-economics, on the program's own functions: {paths} loan paths for each {each}, seed {seed}. \
             Assumptions and limits: docs/recovery.md"
        )
    }
}

/// Writes every figure of the results into a folder, each as SVG and as PNG. Returns the files. Errors:
/// [`EconomicsError::Write`], [`EconomicsError::Figure`].
pub fn write_all(results: &Results, folder: &Path) -> Result<Vec<PathBuf>, EconomicsError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| EconomicsError::Write { path: folder.to_path_buf(), source })?;
    let mut files = Vec::new();
    for (name, figure) in figures(results) {
        let footer = figure.footer(results);
        let painter = Painter { figure: &name, footer: &footer };
        for (ending, bytes) in [("svg", figure.svg(&painter)?), ("png", figure.png(&painter)?)] {
            let path = folder.join(format!("{name}.{ending}"));
            std::fs::write(&path, bytes)
                .map_err(|source| EconomicsError::Write { path: path.clone(), source })?;
            files.push(path);
        }
    }
    Ok(files)
}

/// The figures that there is data for, by name.
fn figures(results: &Results) -> Vec<(String, Figure<'_>)> {
    let mut figures = Vec::new();
    let mut scenes = results.presets.chunk_by(|a, b| a.scene == b.scene);
    if let Some(scene) = scenes.next() {
        let name = scene.first().map_or("assumed", |summary| summary.scene);
        figures.push((format!("recovery-{name}"), Figure::Recovery(scene)));
        figures.push(("sources".to_string(), Figure::Sources(scene)));
        figures.push(("distribution".to_string(), Figure::Distribution(scene)));
        figures.push(("days-put-off".to_string(), Figure::DaysPutOff(scene)));
    }
    if scenes.next().is_some() {
        figures.push(("scenes".to_string(), Figure::Scenes(&results.presets)));
    }
    if let Some(tornado) = &results.tornado {
        figures.push((format!("tornado-{}", tornado.preset), Figure::Tornado(tornado)));
    }
    // With the sensitivities of one preset, its worlds; else those of all.
    let moved = results.tornado.as_ref().map(|tornado| tornado.preset.as_str());
    for result in results.worlds.iter().filter(|result| moved.is_none_or(|moved| moved == result.preset)) {
        figures.push((format!("worlds-{}", result.preset), Figure::Worlds(result)));
    }
    figures
}

impl Figure<'_> {
    fn svg(&self, painter: &Painter) -> Result<Vec<u8>, EconomicsError> {
        painter.svg(&|canvas| self.paint(canvas))
    }

    fn png(&self, painter: &Painter) -> Result<Vec<u8>, EconomicsError> {
        painter.png(&|canvas| self.paint(canvas))
    }

    fn paint(&self, canvas: &mut dyn Canvas) -> Result<(), EconomicsError> {
        match self {
            Figure::Recovery(summaries) => recovery::percentiles(canvas, summaries),
            Figure::Scenes(summaries) => recovery::scenes(canvas, summaries),
            Figure::Sources(summaries) => recovery::sources(canvas, summaries),
            Figure::Distribution(summaries) => distribution::curves(canvas, summaries),
            Figure::DaysPutOff(summaries) => recovery::days_put_off(canvas, summaries),
            Figure::Tornado(tornado) => sensitivities::tornado(canvas, tornado),
            Figure::Worlds(result) => sensitivities::worlds(canvas, result),
        }
    }
}
