//! `page`: the page without a keeper.

use {
    crate::{
        commands::CommandError,
        config::{Config, nodes},
        page::{PageDocument, export::export},
    },
    clap::Subcommand,
    std::path::PathBuf,
};

#[derive(Subcommand)]
pub(super) enum PageAction {
    /// Writes the page as static files, which work without a keeper, to a new folder
    Export {
        /// The folder
        folder: PathBuf,
    },
}

/// Carries out an action. Returns true. Errors: [`CommandError::NoPage`] without `[page]`.
pub(super) async fn run(config: &Config, action: PageAction) -> Result<bool, CommandError> {
    let PageAction::Export { folder } = action;
    let settings = config.page.as_ref().ok_or(CommandError::NoPage)?;
    let genesis = match settings.genesis() {
        Some(known) => known,
        None => {
            let nodes = nodes(&config.rpc, &config.cycle).map_err(crate::daemon::OpenError::from)?;
            nodes.probe().await;
            nodes.genesis().ok_or(CommandError::NoGenesis)?
        }
    };
    let document = PageDocument::new(settings, config.market, Some(genesis), false);
    let written = export(&folder, settings, &document)?;
    println!("wrote {written} files to {}; serve them from the root of a site", folder.display());
    Ok(true)
}
