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
