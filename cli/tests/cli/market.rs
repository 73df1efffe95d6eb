//! `blockable market`.

use {
    crate::world::world,
    blockable_sdk::{Keypair, Signer, write_keypair_file},
    std::fs,
};

#[test]
fn a_market_is_shown_to_people_and_scripts() {
    let world = world();
    let shown = world.run(&["market", "show"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    for line in ["admin", "state", "bounds", "graces"] {
        let has = shown.stdout.lines().any(|shown| shown.starts_with(line));
        assert!(has || line == "bounds", "{line}: {}", shown.stdout);
    }
    let data = world.run(&["market", "show", &world.market(), "--output", "json"]).data();
    assert_eq!(data["admin"], world.party("admin"));
    assert_eq!(data["guardian"], world.party("guardian"));
    assert_eq!((&data["is_paused"], &data["is_test"]), (&false.into(), &true.into()));
    assert_eq!(data["redistribution_fee_bps"], 200);
    let chosen = world.run(&["market", "show", "--json", "id,bounds.min_principal"]).data();
    let keys: Vec<&str> = chosen.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["bounds.min_principal", "id"]);
}

#[test]
fn what_is_no_market_is_not_found() {
    let world = world();
    let credit = world.sandbox_loan(blockable_sandbox::loans::LoanName::Repaid).to_string();
    for address in [&credit, &world.party("lender")] {
        let error = world.run(&["market", "show", address, "--output", "json"]).error();
        assert_eq!(error["code"], "not_found");
        assert!(error["message"].as_str().unwrap().contains("there is no market at"), "{error}");
    }
}

#[test]
fn a_market_is_created_once() {
    let (world, folder) = (world(), tempfile::tempdir().unwrap());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let admin = Keypair::new();
    write_keypair_file(&admin, path("admin.json")).unwrap();
    let example = include_str!("../../../migrations/market.example.toml");
    let value = |line: &str| match line.split_once(" = ").map(|(key, _)| key) {
        Some("admin") => format!("admin = \"{}\"", admin.pubkey()),
        Some("guardian") => format!("guardian = \"{}\"", world.party("guardian")),
        Some("treasury_owner") => format!("treasury_owner = \"{}\"", world.party("treasury")),
        Some("payment_mint") => format!("payment_mint = \"{}\"", world.venue().keys.mint),
        Some("id") => {
            format!("id = {}", u64::from_le_bytes(admin.pubkey().to_bytes()[..8].try_into().unwrap()) >> 1)
        }
        _ => line.to_string(),
    };
    let lines: Vec<String> = example.lines().map(value).collect();
    fs::write(path("market.toml"), lines.join("\n")).unwrap();
    let (file, payer, key) = (path("market.toml"), world.key("lender"), path("admin.json"));
    let init = ["market", "init", "--config", &file, "-k", &key, "--fee-payer", &payer, "--output", "json"];

    let dry = world.run(&[&init[..], &["--dry-run"]].concat()).data();
    assert_eq!((&dry["changed"], &dry["dry_run"]), (&false.into(), &true.into()));
    let created = world.run(&[&init[..], &["--yes"]].concat());
    assert!(created.stderr.contains(&format!("(admin {})", admin.pubkey())), "{created:?}");
    let data = created.data();
    assert_eq!(
        (&data["changed"], &data["state"]["admin"]),
        (&true.into(), &admin.pubkey().to_string().into())
    );
    let market = data["created"]["market"].as_str().unwrap().to_string();
    assert!(data["rent_lamports"].as_u64().unwrap() > 1_000_000);

    // A second run changes nothing, and needs no key.
    let again = world.run(&["market", "init", "--config", &file, "--output", "json"]).data();
    assert_eq!((&again["changed"], &again["market"]), (&false.into(), &market.clone().into()));
    fs::write(
        path("market.toml"),
        lines.join("\n").replace(&world.party("guardian"), &world.party("lender")),
    )
    .unwrap();
    let other = world.run(&init).error();
    assert_eq!(other["code"], "refused");
    assert!(other["message"].as_str().unwrap().contains("guardian: the file says"), "{other}");
}
