//! `blockable-idl PROGRAM OUT`: writes the IDL of the Anchor program in the folder `PROGRAM` to the file `OUT`.
//!
//! The IDL comes from Anchor's own generator, the library behind `anchor idl build`. Some of what it writes is wrong or
//! missing, and is put right here from the program's source:
//!
//! | module | puts right |
//! |---|---|
//! | `accounts` | groups of accounts, seeds that are read from accounts, addresses that are fixed, docs of accounts |
//! | `instructions` | docs of instructions and of their arguments |
//! | `types` | enums that accounts store as a byte, so that no type names them |
//! | `constants` | the constants |
//! | `text` | links, which lead nowhere outside Rust |
//!
//! Nothing is listed by hand. What cannot be read from the source fails the build, with a hint to the line to change.

mod accounts;
mod constants;
mod error;
mod instructions;
mod listed;
mod seeds;
mod source;
mod text;
mod types;

use {
    anchor_lang_idl::{build::IdlBuilder, types::Idl},
    error::IdlError,
    source::Source,
    std::{env, fs, path::PathBuf, process::ExitCode},
};

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
    let program = program.canonicalize().map_err(|error| IdlError::Read(program.clone(), error))?;
    let source = Source::read(&program.join("src"))?;
    let idl = IdlBuilder::new().program_path(program).resolution(true).build();
    let idl = idl.map_err(|error| IdlError::Build(error.to_string()))?;
    let text = serde_json::to_string_pretty(&mend(idl, &source)?)?;
    fs::write(out, text).map_err(|error| IdlError::Write(out.clone(), error))
}

/// Puts right what Anchor's generator writes. Errors: what the source does not say.
fn mend(mut idl: Idl, source: &Source) -> Result<Idl, IdlError> {
    accounts::mend(&mut idl, source)?;
    instructions::mend(&mut idl, source)?;
    types::mend(&mut idl, source)?;
    constants::mend(&mut idl, source)?;
    text::mend(&mut idl);
    Ok(idl)
}
