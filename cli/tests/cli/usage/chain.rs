//! Wrong inputs that a node is needed for: nothing is sent, so that nobody pays a fee, and no account changes.

use {
    super::{Refused, refuse, require_distinct, wrong},
    crate::world::{World, world},
    blockable_sandbox::loans::LoanName,
    blockable_sdk::{Keypair, Pubkey, Signer},
    std::{fs, os::unix::fs::PermissionsExt, path::Path},
};

/// The state of all that the cases could change: a loan, the newcomer's SOL, its money.
fn state(world: &World, credit: &Pubkey, newcomer: &Keypair) -> (Vec<u8>, u64, u64) {
    world.block_on(async {
        let rpc = world.venue().client.rpc();
        let credit = rpc.get_account(credit).await.unwrap().data;
        let sol = rpc.get_balance(&newcomer.pubkey()).await.unwrap();
        let wallet = rpc.get_account(&world.venue().wallet(newcomer)).await.unwrap();
        (credit, sol, blockable_sdk::tokens::balance(&wallet.data).unwrap())
    })
}

fn key_file(folder: &Path, name: &str, content: &str, mode: u32) {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_the_chain_or_a_key_forbids_is_refused_and_nothing_is_sent() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    let credit = world.loan();
    let (newcomer, file) = world.newcomer(folder.path());
    let own = fs::read_to_string(&file).unwrap();
    key_file(folder.path(), "open.json", &own, 0o644);
    key_file(folder.path(), "none.json", "[1, 2, 3]", 0o600);
    key_file(folder.path(), "short.json", "", 0o600);
    fs::write(folder.path().join("letter.txt"), "Dear borrower").unwrap();
    let names = [
        ("LOAN", credit.to_string()),
        ("REPAID", world.sandbox_loan(LoanName::Repaid).to_string()),
        ("OFFERED", world.sandbox_loan(LoanName::Offered).to_string()),
        ("MARKET", world.market()),
        ("PROVIDER", world.venue().provider.to_string()),
        ("BORROWER", world.party("borrower")),
        ("LENDER", world.party("lender")),
        ("NEWCOMER", newcomer.pubkey().to_string()),
        ("NOBODY", Pubkey::new_from_array([9; 32]).to_string()),
        ("KEY", file),
    ];
    let before = state(world, &credit, &newcomer);
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let named = |part: &str| {
            names.iter().find(|(name, _)| *name == part).map_or(part.to_string(), |(_, value)| value.clone())
        };
        let word = |word: &&str| word.split('=').map(named).collect::<Vec<_>>().join("=");
        let words: Vec<String> = arguments.iter().map(word).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["--yes"]).collect();
        world.run_in(folder.path(), &words, variables)
    };
    let refused: Vec<Refused> = wrong(include_str!("inputs_on_chain.txt"))
        .iter()
        .map(|case| refuse(case, folder.path(), run))
        .collect();
    require_distinct(&refused);
    assert_eq!(state(world, &credit, &newcomer), before, "somebody has paid a fee, or a loan has changed");
}
