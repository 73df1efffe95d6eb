//! The files of the page, embedded in the program. `scripts/build-page` writes them to `keeper/page`.

use {
    flate2::{Compression, write::GzEncoder},
    include_dir::{Dir, include_dir},
    sha2::{Digest, Sha256},
    std::{
        collections::BTreeMap,
        io::{self, Write},
    },
};

/// The file that the page begins with.
pub(super) const INDEX: &str = "index.html";
/// Bytes from which on a file is worth compressing.
const LEAST: usize = 512;

/// The folder; the build script has the program compiled anew when it changes.
static EMBEDDED: Dir = include_dir!("$CARGO_MANIFEST_DIR/page");

/// A file of the page.
pub(super) struct PageFile {
    /// Its bytes.
    pub(super) bytes: &'static [u8],
    /// The same, compressed by gzip, where that is shorter.
    pub(super) gzip: Option<Vec<u8>>,
    /// Its type.
    pub(super) kind: &'static str,
    /// The tag of its content.
    pub(super) etag: String,
    /// True where its name has the hash of its content, so that a name never has another content.
    pub(super) is_hashed: bool,
}

/// Reads the files, by their paths from the page's root.
pub(super) fn read_all() -> BTreeMap<String, PageFile> {
    let mut files = BTreeMap::new();
    let mut folders = vec![&EMBEDDED];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            // Names of files are those of a build: plain characters.
            let name = file.path().to_string_lossy().replace('\\', "/");
            let page_file = PageFile::new(&name, file.contents());
            files.insert(name, page_file);
        }
    }
    files
}

impl PageFile {
    fn new(name: &str, bytes: &'static [u8]) -> PageFile {
        let hash = blockable_service::hex::encode(&Sha256::digest(bytes)[..16]);
        let kind = kind(name);
        let gzip = (is_text(kind) && bytes.len() >= LEAST).then(|| gzip(bytes).ok()).flatten();
        PageFile {
            gzip: gzip.filter(|gzip| gzip.len() < bytes.len()),
            bytes,
            kind,
            etag: format!("\"{hash}\""),
            is_hashed: name.starts_with("assets/"),
        }
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// The type of a file by the end of its name.
fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, end)| end) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn is_text(kind: &str) -> bool {
    kind.starts_with("text/") || kind.contains("json") || kind.contains("svg")
}
