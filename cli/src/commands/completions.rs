//! `blockable completions` and `blockable man`.

use {
    super::Cli,
    crate::{error::CliError, output::Answer},
    clap::{Args, CommandFactory},
    clap_complete::Shell,
    serde_json::json,
    std::{fs, path::PathBuf},
};

/// Prints completions for a shell
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the manual page, or writes one page for each command
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Folder to write all pages to
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl CompletionsArgs {
    /// Makes the script.
    pub(super) fn run(&self) -> Answer {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "blockable", &mut script);
        let text = String::from_utf8_lossy(&script).into_owned();
        Answer { data: json!({"shell": self.shell.to_string(), "script": text}), text }
    }
}

impl ManArgs {
    /// Makes the pages. Errors: [`CliError::Failed`].
    pub(super) fn run(&self) -> Result<Answer, CliError> {
        let failed = |error: std::io::Error| {
            CliError::Failed(format!(
                "the manual pages cannot be written: {error}; name a folder that you may write to"
            ))
        };
        let Some(folder) = &self.folder else {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(failed)?;
            let text = String::from_utf8_lossy(&page).into_owned();
            return Ok(Answer { data: json!({"page": text}), text });
        };
        fs::create_dir_all(folder).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
        let text = format!("wrote the manual pages to {}", folder.display());
        Ok(Answer { data: json!({"folder": folder.display().to_string()}), text })
    }
}
