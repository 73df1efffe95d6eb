//! The program that tests run on.

use std::{env, fs, path::PathBuf, sync::LazyLock};

/// Names another build of the program than the committed one, for example one of the official toolchain before it is
/// deployed. Read when a test runs, so that nothing is built anew.
pub const ELF_VARIABLE: &str = "BLOCKABLE_ELF";

/// The program's bytes.
pub static ELF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let path = elf_path();
    fs::read(&path).unwrap_or_else(|error| panic!("cannot read the program {}: {error}", path.display()))
});

/// The file of the program: the one that [`ELF_VARIABLE`] names, or else the committed one.
pub fn elf_path() -> PathBuf {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../app-idl/blockable_credits.so");
    env::var_os(ELF_VARIABLE).map_or_else(|| PathBuf::from(committed), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_between(begin: &str, end: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&ELF).into_owned();
        let (_, rest) = text.split_once(begin)?;
        rest.split_once(end).map(|(inside, _)| inside.to_string())
    }

    #[test]
    fn the_program_carries_its_projects_contact() {
        let (begin, end) = ("=======BEGIN SECURITY.TXT V1=======\0", "=======END SECURITY.TXT V1=======\0");
        let text = text_between(begin, end).expect("the markers that explorers look for");
        let values: Vec<&str> = text.split_terminator('\0').collect();
        let pairs = values.chunks(2).map(|pair| (pair[0], pair[1]));
        let named: Vec<&str> = pairs.filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect();
        for required in ["name", "project_url", "contacts", "policy"] {
            assert!(named.contains(&required), "{required} is missing: {text}");
        }
    }
}
