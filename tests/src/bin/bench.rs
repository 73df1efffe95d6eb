//! Measures the program on its real ELF.

#[path = "../bench/mod.rs"]
mod bench;

use {clap::Parser, std::process::ExitCode};

fn main() -> ExitCode {
    match bench::run(&bench::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
