//! The commands of pages for users, run as they stand there.

use {
    crate::world::{World, world},
    std::{env, fs, path::Path, process::Command},
};

/// The marker above a block that is run.
const MARKER: &str = "<!-- test: page -->";

/// The blocks of a page that are run, in their order.
fn blocks(page: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let block = |at: usize| {
        assert_eq!(lines[at + 1], "```sh", "{page}, line {}", at + 2);
        lines[at + 2..]
            .iter()
            .take_while(|line| **line != "```")
            .fold(String::new(), |text, line| text + line + "\n")
    };
    let starts = lines.iter().enumerate().filter(|(_, line)| **line == MARKER);
    starts.map(|(at, _)| block(at)).collect()
}

/// Runs a block in a shell with the names that the page uses; commands that ask are confirmed.
fn run(world: &World, page: &str, block: &str, names: &[(&str, &str)]) -> String {
    const SIGN: &str = "buy|close|submit|accept|cancel|repay|collect|freeze|thaw";
    let script = format!(
        "blockable() {{ case \"$2\" in {SIGN}) command blockable \"$@\" --yes ;; *) command blockable \"$@\" ;; esac; }}\n{block}"
    );
    let binary = Path::new(env!("CARGO_BIN_EXE_blockable")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), env::var("PATH").unwrap());
    let done = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env_clear()
        .env("HOME", &world.home)
        .env("PATH", path)
        .env("BLOCKABLE_URL", world.url())
        .env("BLOCKABLE_MARKET", world.market())
        .envs(names.iter().copied())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "docs/{page}:\n{block}\n{out}\n{err}");
    out.into_owned()
}

#[test]
fn the_page_for_buyers_does_what_it_says() {
    let world = world();
    let credit = world.defaulted_loan().to_string();
    world.run_as("lender", &["credit", "cancel-locked", &credit, "--all"]).data();
    let seized = world.run_as("lender", &["credit", "seize", &credit, "--all", "--window", "1h"]).data();
    let lot = seized["created"]["lot"].as_str().unwrap();
    let (provider, buyer, key) =
        (world.venue().provider.to_string(), world.party("buyer"), world.key("buyer"));
    let names = [("LOT", lot), ("PROVIDER", &provider), ("BUYER", &buyer), ("BUYER_KEY", &key)];
    let blocks = blocks("buyer.md");
    assert!(blocks.len() >= 5, "{blocks:?}");
    let shown: Vec<String> = blocks.iter().map(|block| run(world, "buyer.md", block, &names)).collect();
    assert!(shown[0].contains(lot) && shown.iter().any(|shown| shown.contains("you pay")), "{shown:?}");
    assert!(shown.iter().any(|shown| shown.contains("bought up to 5,000,000 units")), "{shown:?}");
}
