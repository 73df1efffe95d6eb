//! `page export`: the page as static files, which work without a keeper.

use {
    crate::page::{
        PageDocument, PageSettings,
        files::{self, INDEX, PageFile},
        headers,
    },
    std::{
        fs, io,
        path::{Path, PathBuf},
    },
};

/// A fault that ends an export.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// The folder has files already.
    #[error("{0} is not empty; name a new folder")]
    NotEmpty(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {path}: {reason}; name a folder that this program may write to")]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: io::Error,
    },
    /// The page has no `head` to put the policy into.
    #[error("the embedded page has no <head>; build it anew with scripts/build-page")]
    NoHead,
    /// The settings cannot be written as JSON.
    #[error("cannot write page.json: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes the files of the page, its settings, and the headers in the form that static hosts read. The folder is made, or is empty.
/// Returns the number of files. Errors: [`ExportError`].
pub(crate) fn export(
    folder: &Path,
    settings: &PageSettings,
    document: &PageDocument,
) -> Result<usize, ExportError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |reason| ExportError::Write { path, reason }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    if fs::read_dir(folder).map_err(failed(folder))?.next().is_some() {
        return Err(ExportError::NotEmpty(folder.to_path_buf()));
    }
    let mut written = 0_usize;
    let mut write = |name: &str, bytes: &[u8]| -> Result<(), ExportError> {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(failed(parent))?;
        fs::write(&path, bytes).map_err(failed(&path))?;
        written = written.saturating_add(1);
        Ok(())
    };
    for (name, file) in files::read_all() {
        match name.as_str() {
            INDEX => write(&name, with_policy(&file, settings)?.as_bytes())?,
            _ => write(&name, file.bytes)?,
        }
    }
    write("page.json", serde_json::to_string_pretty(document)?.as_bytes())?;
    write("_headers", header_file(settings).as_bytes())?;
    // Views have no files of their own.
    write("_redirects", b"/* /index.html 200\n")?;
    Ok(written)
}

/// The first file with the policy in it, for hosts that set no headers.
fn with_policy(file: &PageFile, settings: &PageSettings) -> Result<String, ExportError> {
    let text = String::from_utf8_lossy(file.bytes);
    let (before, after) = text.split_once("<head>").ok_or(ExportError::NoHead)?;
    let policy = headers::content_policy(settings, true);
    Ok(format!(
        "{before}<head>\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">{after}"
    ))
}

/// The headers in the form of Netlify, Cloudflare Pages and others.
fn header_file(settings: &PageSettings) -> String {
    let mut text = "/*\n".to_string();
    for (name, value) in headers::FIXED {
        text += &format!("  {name}: {value}\n");
    }
    text += &format!("  content-security-policy: {}\n", headers::content_policy(settings, false));
    text += &format!("  cache-control: {}\n", headers::ASK_AGAIN);
    text += &format!("/assets/*\n  ! cache-control\n  cache-control: {}\n", headers::FOR_EVER);
    text
}
