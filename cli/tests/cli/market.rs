//! `blockable market`.

use {
    crate::run::Done,
    crate::world::world,
    blockable_sdk::{Keypair, Signer, write_keypair_file},
    std::fs,
};

#[test]
fn a_market_is_shown_to_people_and_scripts() {
    let world = world();
    let shown = world.run(&["market", "show"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    for line in ["admin", "state", "principal", "instalments", "graces"] {
        let has = shown.stdout.lines().any(|shown| shown.starts_with(line));
        assert!(has, "{line}: {}", shown.stdout);
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
    let nobody = blockable_sdk::Pubkey::new_unique().to_string();
    for (address, said) in [
        (&credit, "is a credit and no market"),
        (&world.party("lender"), "is a wallet and no market"),
        (&nobody, "there is no market at"),
    ] {
        let error = world.run(&["market", "show", address, "--output", "json"]).error();
        assert_eq!(error["code"], "not_found");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
}

/// A market of a test's own, not created yet: its file, and its admin's key file.
struct Own {
    folder: tempfile::TempDir,
    admin: Keypair,
}

impl Own {
    fn new(kind: &str) -> Own {
        let own = Own { folder: tempfile::tempdir().unwrap(), admin: Keypair::new() };
        write_keypair_file(&own.admin, own.key()).unwrap();
        let (world, key) = (world(), own.admin.pubkey());
        let id = u64::from_le_bytes(key.to_bytes()[..8].try_into().unwrap()) >> 1;
        let value = |line: &str| match line.split_once(" = ").map(|(key, _)| key) {
            Some("admin") => format!("admin = \"{key}\""),
            Some("guardian") => format!("guardian = \"{}\"", world.party("guardian")),
            Some("treasury_owner") => format!("treasury_owner = \"{}\"", world.party("treasury")),
            Some("payment_mint") => format!("payment_mint = \"{}\"", world.venue().keys.mint),
            Some("id") => format!("id = {id}"),
            Some("kind") => format!("kind = \"{kind}\""),
            Some(delay @ ("change_delay" | "provider_delay")) if kind == "test" => {
                format!("{delay} = 1")
            }
            _ => line.to_string(),
        };
        let example = include_str!("../../../migrations/market.example.toml");
        fs::write(own.file(), example.lines().map(value).collect::<Vec<_>>().join("\n")).unwrap();
        own
    }

    fn file(&self) -> String {
        self.folder.path().join("market.toml").display().to_string()
    }

    fn key(&self) -> String {
        self.folder.path().join("admin.json").display().to_string()
    }

    /// Replaces a text in the file.
    fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.file()).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        fs::write(self.file(), text.replace(from, to)).unwrap();
    }

    /// Runs a command on this market by a key, with a fee payer that has SOL.
    fn run(&self, key: &str, arguments: &[&str]) -> Done {
        let (market, payer) = (self.address(), world().key("keeper"));
        let common = ["-k", key, "--fee-payer", &payer, "--market", &market, "--yes", "--output", "json"];
        world().run(&[&["market"], arguments, &common[..]].concat())
    }

    fn address(&self) -> String {
        let key = self.admin.pubkey().to_bytes();
        blockable_sdk::addresses::market(u64::from_le_bytes(key[..8].try_into().unwrap()) >> 1).to_string()
    }
}

#[test]
fn a_market_is_created_once() {
    let (world, own) = (world(), Own::new("production"));
    let (file, key, admin) = (own.file(), own.key(), own.admin.pubkey().to_string());
    let init = ["init", "--config", &file];
    let dry = own.run(&key, &[&init[..], &["--dry-run"]].concat()).data();
    assert_eq!((&dry["changed"], &dry["dry_run"]), (&false.into(), &true.into()));
    let created = own.run(&key, &init);
    assert!(created.stderr.contains(&format!("(admin {admin})")), "{created:?}");
    let data = created.data();
    assert_eq!((&data["changed"], &data["state"]["admin"]), (&true.into(), &admin.into()));
    assert_eq!(data["created"]["market"], own.address());
    assert!(data["rent_lamports"].as_u64().unwrap() > 1_000_000);

    // A second run changes nothing, and needs no key.
    let again = world.run(&["market", "init", "--config", &file, "--output", "json"]).data();
    assert_eq!((&again["changed"], &again["market"]), (&false.into(), &own.address().into()));
    own.edit(&world.party("guardian"), &world.party("lender"));
    let other = own.run(&key, &init).error();
    assert_eq!(other["code"], "refused");
    assert!(other["message"].as_str().unwrap().contains("guardian: the file says"), "{other}");
}

#[test]
fn settings_are_proposed_applied_and_cancelled() {
    let (world, own) = (world(), Own::new("test"));
    let (file, key) = (own.file(), own.key());
    own.run(&key, &["init", "--config", &file]).data();
    let propose = ["propose", "--config", &file];
    assert_eq!(own.run(&key, &propose).data()["changed"], false, "in force");
    // What only tightens is in force at once.
    own.edit("max_apr_bps = ", "max_apr_bps = 4000 #");
    let tightened = own.run(&key, &propose).data();
    assert_eq!(tightened["state"]["bounds"]["max_apr_bps"], 4_000);
    own.edit("max_apr_bps = 4000", "max_apr_bps = 5000");
    let proposed = own.run(&key, &propose);
    assert!(proposed.stderr.contains("max_apr_bps     4000 -> 5000"), "{proposed:?}");
    assert_eq!(proposed.data()["state"]["bounds"]["max_apr_bps"], 4_000);
    assert_eq!(own.run(&key, &propose).data()["changed"], false, "it waits");
    let guardian = ["guardian", &world.party("lender")];
    let lost = own.run(&key, &guardian).error();
    assert!(lost["message"].as_str().unwrap().contains("another change waits"), "{lost}");
    let replaced = own.run(&key, &[&guardian[..], &["--replace"]].concat());
    assert!(replaced.stderr.contains("guardian"), "{replaced:?}");
    assert_eq!(replaced.data()["changed"], true);
    let back = own.run(&key, &[&propose[..], &["--replace"]].concat());
    assert!(back.stderr.contains("max_apr_bps     4000 -> 5000"), "{back:?}");
    let foreign = own.run(&world.key("lender"), &["cancel"]).error();
    assert!(foreign["message"].as_str().unwrap().contains("only the market's admin can"), "{foreign}");
    assert_eq!(own.run(&key, &["cancel"]).data()["changed"], true);
    assert_eq!(own.run(&key, &["cancel"]).data()["changed"], false);
    assert_eq!(own.run(&key, &guardian).data()["changed"], true);
    world.wait_until(world.chain_time().get() + 2);
    assert_eq!(own.run(&key, &["apply"]).data()["state"]["guardian"], world.party("lender"));
    assert_eq!(own.run(&key, &["apply"]).data()["changed"], false);
}

#[test]
fn a_market_is_paused_halted_and_handed_on() {
    let (world, own) = (world(), Own::new("test"));
    let (file, key, guardian) = (own.file(), own.key(), world.key("guardian"));
    own.run(&key, &["init", "--config", &file]).data();
    assert_eq!(own.run(&guardian, &["pause", "--for", "1h"]).data()["state"]["is_paused"], true);
    assert_eq!(own.run(&guardian, &["pause", "--for", "1h"]).data()["changed"], false);
    let waits = own.run(&key, &["guardian", &world.party("lender")]).error();
    assert!(waits["message"].as_str().unwrap().contains("the market is paused until"), "{waits}");
    assert_eq!(own.run(&guardian, &["unpause"]).error()["code"], "refused", "the admin ends it");
    assert_eq!(own.run(&key, &["unpause"]).data()["state"]["is_paused"], false);
    assert_eq!(own.run(&key, &["unpause"]).data()["changed"], false);
    let past = own.run(&guardian, &["pause", "--until", "2020-01-31 Europe/Berlin"]).error();
    assert!(
        past["message"]
            .as_str()
            .unwrap()
            .contains("--until is 2020-01-30 23:00 UTC, and the chain's clock says"),
        "{past}"
    );
    assert_eq!(own.run(&guardian, &["pause", "--until", "in 5m"]).data()["state"]["is_paused"], true);
    own.run(&key, &["unpause"]).data();
    // Two days of 6 hours each do not hold it, also where midnight is near.
    let long = own.run(&guardian, &["pause", "--for", "13h"]).error();
    assert!(long["message"].as_str().unwrap().contains("PauseBudgetExceeded"), "{long}");

    assert_eq!(own.run(&guardian, &["halt"]).data()["state"]["is_halted"], true);
    assert_eq!(own.run(&guardian, &["halt"]).data()["changed"], false);
    assert_eq!(own.run(&guardian, &["halt", "--lift"]).error()["code"], "refused");
    assert_eq!(own.run(&key, &["halt", "--lift"]).data()["changed"], true);
    assert_eq!(own.run(&key, &["halt", "--lift"]).data()["changed"], false);

    let (buyer, to) = (world.key("buyer"), world.party("buyer"));
    assert_eq!(own.run(&buyer, &["admin", "--accept"]).error()["code"], "refused", "offered to nobody");
    assert_eq!(own.run(&key, &["admin", &to]).data()["state"]["pending_admin"], to);
    assert_eq!(own.run(&key, &["admin", &to]).data()["changed"], false);
    own.run(&key, &["admin", "--withdraw"]).data();
    own.run(&key, &["admin", &to]).data();
    world.wait_until(world.chain_time().get() + 2);
    assert_eq!(own.run(&buyer, &["admin", "--accept"]).data()["state"]["admin"], to);
}
