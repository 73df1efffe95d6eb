//! The places that reports come from: a provider's server, a file, the standard input.

use {
    crate::{error::CliError, gate, settings::Settings},
    blockable_sdk::reports::{ReportPage, ReportRecord},
    clap::Args,
    serde_json::Value,
    std::{
        fs::File,
        io::{Read, stdin},
        path::{Path, PathBuf},
    },
};

/// Most bytes of reports: those of some ten thousand chunks.
const MOST_BYTES: u64 = 64 << 20;

/// The place that reports come from.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub(super) struct SourceArgs {
    /// The provider's server [default: the setting gate]
    #[arg(long, value_name = "URL")]
    pub gate: Option<String>,
    /// File that `reports fetch` wrote, or - for the standard input
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

impl SourceArgs {
    /// Reads the reports. Errors: [`CliError::Usage`] where no place is named or it holds no reports, [`CliError::NotFound`],
    /// [`CliError::Failed`].
    pub(super) async fn read(&self, settings: &Settings) -> Result<Vec<ReportRecord>, CliError> {
        match &self.file {
            Some(path) => from_file(path),
            None => Ok(from_gate(settings, false).await?.reports),
        }
    }
}

/// Asks the provider's server for the latest report of each reporter and chunk, `fresh` ones where it is told so. Errors: as
/// [`SourceArgs::read`].
pub(super) async fn from_gate(settings: &Settings, fresh: bool) -> Result<ReportPage, CliError> {
    let url = settings.gate.as_ref().map(|gate| &gate.value).ok_or_else(|| {
        CliError::Usage(
            "no provider's server is named; pass --gate URL, keep it with `blockable config set gate URL`, or name a file with --file"
                .to_string(),
        )
    })?;
    let path = if fresh { "/v1/reports/latest?fresh=true" } else { "/v1/reports/latest" };
    let body = gate::get(url, path, MOST_BYTES).await.map_err(|reason| {
        CliError::Failed(format!("the provider's server gives no reports: {reason}; check --gate"))
    })?;
    serde_json::from_slice(&body).map_err(|error| {
        CliError::Failed(format!(
            "the answer of the provider's server has no reports ({error}); check --gate"
        ))
    })
}

fn from_file(path: &Path) -> Result<Vec<ReportRecord>, CliError> {
    let shown = path.display();
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => CliError::NotFound(format!("there is no file {shown}; name another")),
        _ => CliError::Failed(format!("{shown} cannot be read: {error}; name another file")),
    };
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        stdin().lock().take(MOST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        File::open(path).map_err(failed)?.take(MOST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    }
    parse(&bytes).map_err(|reason| {
        CliError::Usage(format!(
            "{shown} holds no reports ({reason}); write it with `blockable reports fetch --file`"
        ))
    })
}

/// Reads reports: a page of them, as servers give it, or the document of `reports fetch`. Errors: the reason.
fn parse(bytes: &[u8]) -> Result<Vec<ReportRecord>, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let page = if value.get("schema_version").is_some() { &value["data"] } else { &value };
    let page: ReportPage = serde_json::from_value(page.clone()).map_err(|error| error.to_string())?;
    Ok(page.reports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_documents_are_read_and_other_files_are_not() {
        for text in [
            r#"{"reports": [], "next": 7}"#,
            r#"{"schema_version": 1, "ok": true, "data": {"reports": [], "next": 7}, "error": null}"#,
        ] {
            assert_eq!(parse(text.as_bytes()), Ok(Vec::new()), "{text}");
        }
        for (text, said) in [
            ("", "EOF"),
            ("{}", "missing field `reports`"),
            (r#"{"reports": [{}], "next": 7}"#, "missing field"),
            (r#"{"schema_version": 1, "ok": false, "data": null, "error": {}}"#, "invalid type: null"),
        ] {
            let reason = parse(text.as_bytes()).unwrap_err();
            assert!(reason.contains(said), "{text}: {reason}");
        }
    }
}
