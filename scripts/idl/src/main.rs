//! `blockable-idl PROGRAM OUT`: writes the IDL of the Anchor program in the folder `PROGRAM` to the file `OUT`.
//!
//! This is Anchor's own generator, the library behind `anchor idl build`. The command line around it would take minutes to
//! install and does nothing more.

use {
    anchor_lang_idl::build::IdlBuilder,
    std::{env, fs, io, path::PathBuf, process::ExitCode},
};

/// A reason for which no IDL was written.
#[derive(Debug, thiserror::Error)]
enum IdlError {
    #[error("usage: blockable-idl PROGRAM-FOLDER OUT-FILE")]
    Usage,
    #[error("cannot read the folder {0}: {1}")]
    Folder(PathBuf, io::Error),
    #[error("cannot build the IDL: {0}")]
    Build(String),
    #[error("cannot write the IDL as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, io::Error),
}

/// Exit codes: 0 when the file was written, 1 when it was not.
fn main() -> ExitCode {
    match write_idl() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_idl() -> Result<(), IdlError> {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [program, out] = arguments.as_slice() else { return Err(IdlError::Usage) };
    let program = program.canonicalize().map_err(|error| IdlError::Folder(program.clone(), error))?;
    let idl = IdlBuilder::new().program_path(program).resolution(true).build();
    let idl = idl.map_err(|error| IdlError::Build(error.to_string()))?;
    let text = serde_json::to_string_pretty(&idl)?;
    fs::write(out, text).map_err(|error| IdlError::Write(out.clone(), error))
}
