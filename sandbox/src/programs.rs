//! The programs that a sandbox's cluster has from its start.

use {
    crate::SandboxError,
    blockable_cluster::Program,
    blockable_sdk::{PROGRAM_ID, Pubkey, program::hash::sha256},
    blockable_service::{address::address, hex},
    blockable_testkit::{ELF_VARIABLE, ElfError, read_elf, read_program},
    std::{fs, path::Path},
};

/// The committed program.
const ELF: &[u8] = include_bytes!("../../app-idl/blockable_credits.so");

include!(concat!(env!("OUT_DIR"), "/programs.rs"));

/// Reads the market's program: the file that [`ELF_VARIABLE`] names, or else the committed one. Errors: [`SandboxError::Elf`].
pub fn market_program() -> Result<Program, SandboxError> {
    let elf = match std::env::var_os(ELF_VARIABLE) {
        None => ELF.to_vec(),
        Some(_) => read_elf()?,
    };
    Ok(Program { address: PROGRAM_ID, elf })
}

/// Lists the market's program, those of `sandbox/programs` at the time of the build, and those of a folder. One in the folder
/// replaces one of the same address. Errors: [`SandboxError::Elf`], [`SandboxError::ReadFolder`], [`SandboxError::NotAProgram`],
/// [`SandboxError::ProgramName`].
pub(crate) fn all(folder: Option<&Path>) -> Result<Vec<Program>, SandboxError> {
    let mut programs = vec![market_program()?];
    for (name, elf) in BUILT_IN {
        programs.push(Program { address: program_address(name)?, elf: elf.to_vec() });
    }
    for program in folder.map(read_folder).transpose()?.into_iter().flatten() {
        programs.retain(|known| known.address != program.address);
        programs.push(program);
    }
    Ok(programs)
}

/// Hash of the market's program in a list, in hex.
pub(crate) fn hash(programs: &[Program]) -> String {
    let market = programs.iter().find(|program| program.address == PROGRAM_ID);
    market.map(|program| hex::encode(sha256(&[&program.elf]))).unwrap_or_default()
}

fn read_folder(folder: &Path) -> Result<Vec<Program>, SandboxError> {
    let failed = |source| SandboxError::ReadFolder { path: folder.display().to_string(), source };
    let mut programs = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_program = path.extension().is_some_and(|extension| extension == "so");
        if let Some(name) = path.file_stem().filter(|_| is_program) {
            programs.push(Program {
                address: program_address(&name.to_string_lossy())?,
                elf: read_elf_file(&path)?,
            });
        }
    }
    Ok(programs)
}

fn read_elf_file(path: &Path) -> Result<Vec<u8>, SandboxError> {
    let path_text = || path.display().to_string();
    read_program(path).map_err(|error| match error {
        ElfError::File(_, source) => SandboxError::ReadFolder { path: path_text(), source },
        ElfError::Foreign(_) => SandboxError::NotAProgram { path: path_text() },
    })
}

fn program_address(name: &str) -> Result<Pubkey, SandboxError> {
    address(name).map_err(|_| SandboxError::ProgramName(name.to_string()))
}
