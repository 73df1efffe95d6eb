//! The commands of pages for users, run as they stand there.

use {
    crate::world::{World, world},
    blockable_sandbox::loans::LoanName,
    std::{
        env, fs,
        path::Path,
        process::Command,
        thread,
        time::{Duration, Instant},
    },
};

/// The marker above a block that is run.
const MARKER: &str = "<!-- test: page -->";

/// The blocks of a page that are run, in their order.
fn blocks(page: &str) -> Vec<String> {
    blocks_below(MARKER, page)
}

/// The blocks of a page below a marker.
fn blocks_below(marker: &str, page: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let block = |at: usize| {
        assert_eq!(lines[at + 1], "```sh", "{page}, line {}", at + 2);
        lines[at + 2..]
            .iter()
            .take_while(|line| **line != "```")
            .fold(String::new(), |text, line| text + line + "\n")
    };
    let starts = lines.iter().enumerate().filter(|(_, line)| **line == marker);
    starts.map(|(at, _)| block(at)).collect()
}

/// Runs a block in a shell with the names that the page uses; commands that ask are confirmed.
fn run(world: &World, page: &str, block: &str, names: &[(&str, &str)]) -> String {
    const SIGN: &str = "buy|close|submit|accept|cancel|repay|collect|freeze|thaw|offer|restructure|reserve|freeze-authority|cancel-locked|seize";
    let script = format!(
        "blockable() {{ if [[ \" $* \" =~ \" \"({SIGN})\" \" ]]; then command blockable \"$@\" --yes; else command blockable \"$@\"; fi; }}\n{block}"
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

/// From the first request to the first freeze, and back; the page's ports are those of a sandbox that serves people.
#[test]
fn the_tour_goes_from_the_first_request_to_the_first_freeze() {
    let world = world();
    let (healthy, key) =
        (world.sandbox_loan(LoanName::Healthy).to_string(), world.api_key(LoanName::Healthy));
    let freezer = world.key("freeze-authority");
    let names = [("HEALTHY", healthy.as_str()), ("KEY", &key), ("FREEZER", &freezer)];
    let run = |block: &str| {
        let block = block.replace("-u localhost", &format!("-u {}", world.url()));
        run(world, "try.md", &block.replace("http://127.0.0.1:8901", &world.gate()), &names)
    };
    let requests = blocks_below("<!-- ci: sandbox -->", "try.md");
    let blocks = blocks("try.md");
    let [freeze, thaw] = blocks.as_slice() else { panic!("{} blocks", blocks.len()) };
    let is_served = || run(&requests[0]).contains("\"content\":\"freeze me if you can\"");
    assert!(is_served());
    let frozen = run(freeze);
    assert!(frozen.contains("frozen; new jobs") && frozen.contains("\nlanded     after "), "{frozen}");
    let refused = run(&requests[0]);
    assert!(refused.contains("\"code\":\"credit_frozen\""), "{refused}");
    run(thaw);
    // The server sees the chain's state some slots later.
    let began = Instant::now();
    while !is_served() {
        assert!(began.elapsed() < Duration::from_secs(60), "the thaw does not reach the provider's server");
        thread::sleep(Duration::from_millis(100));
    }
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
    assert!(shown.iter().any(|shown| shown.contains("bought 5,000,000 units for $")), "{shown:?}");
}

#[test]
fn the_page_for_lenders_does_what_it_says() {
    let world = world();
    let (credit, defaulted) = (world.loan().to_string(), world.defaulted_loan().to_string());
    let (lender, borrower, provider) =
        (world.party("lender"), world.party("borrower"), world.venue().provider.to_string());
    let keys = ["lender", "borrower", "provider"].map(|name| world.key(name));
    let gate = world.gate();
    let names = [
        ("CREDIT", credit.as_str()),
        ("DEFAULTED", &defaulted),
        ("LENDER", &lender),
        ("BORROWER", &borrower),
        ("PROVIDER", &provider),
        ("LENDER_KEY", &keys[0]),
        ("BORROWER_KEY", &keys[1]),
        ("PROVIDER_KEY", &keys[2]),
        ("GATE", &gate),
    ];
    let blocks = blocks("lender.md");
    assert!(blocks.len() >= 5, "{blocks:?}");
    let shown: Vec<String> = blocks.iter().map(|block| run(world, "lender.md", block, &names)).collect();
    assert!(shown[0].contains("offered; ") && shown[0].contains("credit  "), "{}", shown[0]);
    assert!(shown.iter().any(|shown| shown.contains("restructured")), "{shown:?}");
    assert!(shown.iter().any(|shown| shown.contains("frozen; new jobs")), "{shown:?}");
    assert!(
        shown.iter().any(|shown| shown.starts_with("cancelled ") && shown.contains(" are for sale in lot ")),
        "{shown:?}"
    );
}

#[test]
fn the_page_for_borrowers_does_what_it_says() {
    let world = world();
    let offer = world.offer(|offer| offer.rider.reserve = 10_000_000).to_string();
    let (credit, key) = (world.loan().to_string(), world.key("borrower"));
    let names = [("OFFER", offer.as_str()), ("CREDIT", &credit), ("BORROWER_KEY", &key)];
    let blocks = blocks("borrower.md");
    assert!(blocks.len() >= 3, "{blocks:?}");
    let shown: Vec<String> = blocks.iter().map(|block| run(world, "borrower.md", block, &names)).collect();
    assert!(shown[0].contains("accepted; ") && shown[0].contains("into the reserve"), "{}", shown[0]);
    assert!(shown.last().unwrap().contains("removed; the rent is back with"), "{shown:?}");
}
