//! The settings file of Solana's command line, `~/.config/solana/cli/config.yml`.

use std::{collections::BTreeMap, fs, io, path::Path};

/// Reads its top-level texts: `json_rpc_url`, `keypair_path`, `commitment` and others. Empty where there is no file.
///
/// `solana config set` writes one `key: value` a line, a value with special characters in quotes. Nested values are left out.
/// Errors: the file is there and cannot be read.
pub(super) fn read(path: &Path) -> io::Result<BTreeMap<String, String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<(String, String)> {
    if line.starts_with([' ', '#', '-']) {
        return None;
    }
    let (key, value) = line.split_once(": ")?;
    let value = value.trim();
    let quote = value.chars().next().filter(|first| ['"', '\''].contains(first));
    let value = match quote {
        Some(quote) => value.strip_prefix(quote)?.strip_suffix(quote)?,
        None => value.split(" #").next().unwrap_or_default().trim(),
    };
    (!value.is_empty()).then(|| (key.trim().to_string(), value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_solanas_command_line_is_read() {
        let text = "---\njson_rpc_url: https://api.devnet.solana.com\nwebsocket_url: ''\n\
                    keypair_path: \"/home/me/my keys/id.json\" \naddress_labels:\n  '11111111111111111111111111111111': System\n\
                    commitment: confirmed # as always\n";
        let read = parse(text);
        assert_eq!(read.get("json_rpc_url").unwrap(), "https://api.devnet.solana.com");
        assert_eq!(read.get("keypair_path").unwrap(), "/home/me/my keys/id.json");
        assert_eq!(read.get("commitment").unwrap(), "confirmed");
        assert_eq!(read.len(), 3, "{read:?}");
    }
}
