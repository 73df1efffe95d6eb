//! The program that tests run on.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Names another build of the program than the committed one, for example one of the official toolchain before it is
/// deployed. Read when a test runs, so that nothing is built anew. Tests run in their crate's folder, so the path is absolute.
pub const ELF_VARIABLE: &str = "BLOCKABLE_ELF";
/// The machines that an ELF for sBPF names: that of BPF, and that of sBPF.
const SBPF_MACHINES: [u16; 2] = [247, 263];

/// The program's bytes. Panics where [`read_elf`] fails.
pub static ELF: LazyLock<Vec<u8>> = LazyLock::new(|| read_elf().unwrap_or_else(|error| panic!("{error}")));

/// A reason for which no program can be had.
#[derive(Debug, thiserror::Error)]
pub enum ElfError {
    /// The file cannot be read.
    #[error("cannot read the program {path}: {1}; name a built program with {ELF_VARIABLE}, by its absolute path", path = _0.display())]
    File(PathBuf, io::Error),
    /// The file is none that a cluster runs.
    #[error("{path} is no program for Solana; name a built program with {ELF_VARIABLE}", path = _0.display())]
    Foreign(PathBuf),
}

/// Reads the program, and requires an ELF for sBPF. Tools call it first: an error reads better than a panic. Errors:
/// [`ElfError`].
pub fn read_elf() -> Result<Vec<u8>, ElfError> {
    read_program(&elf_path())
}

/// Reads a program from a file, and requires an ELF for sBPF. Errors: [`ElfError`].
pub fn read_program(path: &Path) -> Result<Vec<u8>, ElfError> {
    let bytes = fs::read(path).map_err(|error| ElfError::File(path.to_path_buf(), error))?;
    let machine = bytes.get(18..20).filter(|_| bytes.starts_with(b"\x7fELF"));
    if machine.is_some_and(|machine| SBPF_MACHINES.iter().any(|known| machine == known.to_le_bytes())) {
        return Ok(bytes);
    }
    Err(ElfError::Foreign(path.to_path_buf()))
}

/// The file of the program: the one that [`ELF_VARIABLE`] names, or else the committed one.
pub fn elf_path() -> PathBuf {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../app-idl/blockable_credits.so");
    env::var_os(ELF_VARIABLE).map_or_else(|| PathBuf::from(committed), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_program_is_refused_with_the_next_step() {
        let own = std::env::current_exe().expect("the path of this test");
        for (path, fault) in
            [(PathBuf::from("/nowhere"), "cannot read the program"), (own, "is no program for Solana")]
        {
            let error = read_program(&path).expect_err("no program").to_string();
            assert!(error.contains(fault) && error.contains("BLOCKABLE_ELF"), "{error}");
        }
        assert_eq!(read_program(&elf_path()).expect("the program"), *ELF);
    }

    #[test]
    fn explorers_find_the_projects_contacts_in_the_program() {
        let found = solana_security_txt::find_and_parse(&ELF).expect("an entry that explorers can read");
        assert_eq!(found.name, "Blockable");
        let contacts: Vec<String> = found.contacts.iter().map(ToString::to_string).collect();
        assert_eq!(contacts.len(), 2, "{contacts:?}");
        assert!(contacts.iter().all(|contact| contact.starts_with("Other: ")), "{contacts:?}");
        assert!(found.policy.contains("SECURITY.md"), "{}", found.policy);
    }
}
