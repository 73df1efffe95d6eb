//! Lists the programs in `programs/`, so that they are in the binary.

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("programs");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let is_program = path.extension().is_some_and(|extension| extension == "so");
        if let Some(name) = path.file_stem().filter(|_| is_program) {
            entries.push(format!("    ({:?}, include_bytes!({path:?})),\n", name.to_string_lossy()));
        }
    }
    entries.sort();
    let list = format!(
        "/// The programs that are in the binary, by their addresses.\nconst BUILT_IN: &[(&str, &[u8])] = &[\n{}];\n",
        entries.concat()
    );
    fs::write(Path::new(&env::var("OUT_DIR")?).join("programs.rs"), list)?;
    Ok(())
}
