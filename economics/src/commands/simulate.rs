use {
    super::{CommonArgs, named_presets, progress, share},
    crate::{
        EconomicsError,
        assumptions::Assumptions,
        path::Scene,
        preset::Preset,
        results::{Results, Tornado},
        study::{StudyPlan, Summary, tornado, worlds},
        usage::OwnUse,
    },
    clap::{Args, ValueEnum},
    std::path::PathBuf,
};

/// Recover defaults under named terms, side by side
#[derive(Debug, Args)]
pub struct SimulateArgs {
    #[command(flatten)]
    common: CommonArgs,
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

impl SimulateArgs {
    /// Walks everything that the arguments ask for; shows its progress on a terminal's standard error. Errors: [`EconomicsError`].
    pub fn simulate(&self) -> Result<Results, EconomicsError> {
        let (assumptions, plan) = (self.common.assumptions()?, self.common.plan()?);
        let presets = named_presets(&self.presets)?;
        let own = self.own_use.as_deref().map(OwnUse::from_file).transpose()?;
        let own = own.as_ref();
        let in_scenes = self.scenes.len() * presets.len();
        let of_worlds = if self.worlds > 0 { presets.len() } else { 0 };
        let bar = progress::bar((in_scenes + usize::from(self.tornado.is_some()) + of_worlds) as u64);
        bar.set_message("simulating terms");
        let mut summaries = Vec::new();
        for scene in self.scenes.iter().map(|scene| scene.scene()) {
            let assumptions = scene.applied_to(&assumptions);
            for preset in &presets {
                summaries.push(Summary::simulate(preset, own, scene, &assumptions, &plan)?);
                bar.inc(1);
            }
        }
        let side = StudyPlan { paths: self.side_paths.max(10), ..plan };
        let moved = match &self.tornado {
            Some(name) => {
                bar.set_message("moving assumptions");
                let moved = sensitivities(name, own, &assumptions, &side)?;
                bar.inc(1);
                Some(moved)
            }
            None => None,
        };
        bar.set_message("drawing worlds");
        let mut in_worlds = Vec::new();
        for preset in presets.iter().filter(|_| self.worlds > 0) {
            let targets = [self.target_mean, self.target_p5];
            in_worlds.push(worlds(preset, own, &assumptions, self.worlds, targets, &side)?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(Results {
            plan,
            side_paths: side.paths,
            own_use: self.own_use.as_ref().map(|file| file.display().to_string()),
            presets: summaries,
            tornado: moved,
            worlds: in_worlds,
            assumptions: assumptions.sources,
        })
    }
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
