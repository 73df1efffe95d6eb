use {
    super::{CommonArgs, presets, progress, share},
    crate::{
        EconomicsError,
        assumptions::Assumptions,
        path::Scene,
        preset::Preset,
        results::{Results, Tornado, json, summaries_table, tornado_table, worlds_table},
        study::{StudyPlan, Summary, tornado, worlds},
        usage::OwnUse,
    },
    clap::{Args, ValueEnum},
    std::path::PathBuf,
};

/// Recover defaults under named terms, side by side
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    #[command(flatten)]
    pub(super) common: CommonArgs,
    /// A preset; again for more; all where it is left out
    #[arg(long = "preset", value_name = "NAME")]
    presets: Vec<String>,
    /// A borrower's own use as CSV with the header day,units: days 0, 1, 2, ..., units of a GPU second; drawn from real tenants'
    /// statistics where it is left out
    #[arg(long = "use", value_name = "FILE")]
    own_use: Option<PathBuf>,
    /// Surroundings; again for more; all where it is left out
    #[arg(long = "scene", value_name = "NAME", value_enum, default_values_t = [
        SceneArg::Assumed, SceneArg::Crash, SceneArg::FailingProviders,
    ])]
    scenes: Vec<SceneArg>,
    /// Move each assumption and term of a preset, one at a time
    #[arg(long, value_name = "PRESET")]
    tornado: Option<String>,
    /// Draw so many worlds for each preset
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    worlds: u32,
    /// Loan paths of each preset in each world and at each end of a tornado
    #[arg(long, value_name = "PATHS", default_value_t = 2_000)]
    side_paths: u64,
    /// Mean recovery that a world must reach
    #[arg(long, value_parser = share, value_name = "SHARE", default_value = "90%")]
    target_mean: f64,
    /// 5th percentile of the recovery that a world must reach
    #[arg(long, value_parser = share, value_name = "SHARE", default_value = "60%")]
    target_p5: f64,
    /// Write figures as SVG and PNG into a folder
    #[cfg(feature = "figures")]
    #[arg(long, value_name = "FOLDER")]
    figures: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SceneArg {
    /// As assumed
    Assumed,
    /// Every default in a crash
    Crash,
    /// Providers failing at 10 % a year
    FailingProviders,
}

impl SceneArg {
    fn scene(self) -> Scene {
        match self {
            SceneArg::Assumed => Scene::Assumed,
            SceneArg::Crash => Scene::Crash,
            SceneArg::FailingProviders => Scene::FailingProviders,
        }
    }
}

/// Simulates and prints. Errors: [`EconomicsError`].
pub(super) fn run(args: &SimulateArgs) -> Result<(), EconomicsError> {
    let (assumptions, plan) = (args.common.assumptions()?, args.common.plan()?);
    let results = simulate(args, &assumptions, &plan)?;
    #[cfg(feature = "figures")]
    if let Some(folder) = &args.figures {
        for file in crate::figures::write_all(&results, folder)? {
            eprintln!("wrote {}", file.display());
        }
    }
    if args.common.json {
        println!("{}", json(&results)?);
    } else {
        print(&results);
    }
    Ok(())
}

/// Walks everything that the arguments ask for. Errors: those of a study.
pub(super) fn simulate(
    args: &SimulateArgs,
    assumptions: &Assumptions,
    plan: &StudyPlan,
) -> Result<Results, EconomicsError> {
    let presets = presets(&args.presets)?;
    let own = args.own_use.as_deref().map(OwnUse::from_file).transpose()?;
    let own = own.as_ref();
    let in_scenes = args.scenes.len() * presets.len();
    let of_worlds = if args.worlds > 0 { presets.len() } else { 0 };
    let bar = progress::bar((in_scenes + usize::from(args.tornado.is_some()) + of_worlds) as u64);
    bar.set_message("simulating terms");
    let mut summaries = Vec::new();
    for scene in args.scenes.iter().map(|scene| scene.scene()) {
        let assumptions = scene.applied_to(assumptions);
        for preset in &presets {
            summaries.push(Summary::simulate(preset, own, scene, &assumptions, plan)?);
            bar.inc(1);
        }
    }
    let side = StudyPlan { paths: args.side_paths.max(10), ..*plan };
    let moved = match &args.tornado {
        Some(name) => {
            bar.set_message("moving assumptions");
            let moved = sensitivities(name, own, assumptions, &side)?;
            bar.inc(1);
            Some(moved)
        }
        None => None,
    };
    bar.set_message("drawing worlds");
    let mut in_worlds = Vec::new();
    for preset in presets.iter().filter(|_| args.worlds > 0) {
        let targets = [args.target_mean, args.target_p5];
        in_worlds.push(worlds(preset, own, assumptions, args.worlds, targets, &side)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Results {
        plan: *plan,
        side_paths: side.paths,
        own_use: args.own_use.as_ref().map(|file| file.display().to_string()),
        presets: summaries,
        tornado: moved,
        worlds: in_worlds,
        assumptions: assumptions.sources.clone(),
    })
}

fn sensitivities(
    name: &str,
    own: Option<&OwnUse>,
    assumptions: &Assumptions,
    plan: &StudyPlan,
) -> Result<Tornado, EconomicsError> {
    let preset = Preset::named(name)?;
    let base = Summary::simulate(&preset, own, Scene::Assumed, assumptions, plan)?;
    let bars = tornado(&preset, own, assumptions, plan)?;
    Ok(Tornado { preset: name.to_string(), base: base.recovery.value, bars })
}

fn print(results: &Results) {
    let plan = &results.plan;
    println!("seed {}, {} loan paths a preset, {} threads", plan.seed, plan.paths, plan.threads);
    println!("use: {}", results.own_use.as_deref().unwrap_or("drawn from the statistics of real tenants"));
    for scene in results.presets.chunk_by(|a, b| a.scene == b.scene) {
        let name = scene.first().map_or("", |summary| summary.scene);
        println!("\nscene {name}: recovery of the debt at default in percent");
        print!("{}", summaries_table(scene));
    }
    println!("\n{LEGEND}");
    if let Some(tornado) = &results.tornado {
        let mean = tornado.base * 100.0;
        println!("\nsensitivities of {}: mean {mean:.1} % with nothing moved", tornado.preset);
        print!("{}", tornado_table(tornado));
    }
    if !results.worlds.is_empty() {
        println!(
            "\nworlds: the share in percent that reaches the target, and means and 5th percentiles over the worlds"
        );
        print!("{}", worlds_table(&results.worlds));
    }
}

const LEGEND: &str = "\
mean: weighted by debt; +/-: half of its 95 % interval; p5 to p95, <half: by loan; paid out: recovery of what was paid to the
provider; vault, reserve, sales, taken: parts of the debt by where they came from; loss: of the principal, over the life of
a loan; yield: the lender's a year after losses with repaid cash idle, of owed: on the principal owed; days off: days that a
paying borrower's unit is put off, mean, and p95 of the borrowers; dark: loss of the debt where the provider goes dark";
