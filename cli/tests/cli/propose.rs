//! `--propose`: a multisig of Squads v4 as lender, whose members decide on what a member proposes.
//!
//! The tests that need Squads' own program run where BLOCKABLE_SQUADS names its file, which `scripts/build-squads` builds from the crate
//! that Squads has published.

use {
    crate::run::Done,
    crate::world::{World, world},
    blockable_sdk::{
        AccountMeta, Instruction, Keypair, Pubkey, Signer,
        program::hash::sha256,
        squads::{self, Multisig, PROGRAM, Permission, Proposal, StoredTransaction},
        write_keypair_file,
    },
    serde_json::Value,
    std::env,
    tempfile::TempDir,
};

/// A multisig of two approvals: two members with every permission, one who votes alone, and one who proposes alone.
struct Members {
    multisig: Pubkey,
    keys: [Keypair; 4],
    folder: TempDir,
}

impl Members {
    /// Makes the multisig, and a loan of which its vault is the lender. `None` without Squads' program.
    fn with_loan(world: &World) -> Option<(Members, Pubkey)> {
        if env::var_os("BLOCKABLE_SQUADS").is_none() {
            eprintln!("skipped: BLOCKABLE_SQUADS names no program; build it by scripts/build-squads");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (create_key, keys) = (Keypair::new(), [(); 4].map(|()| Keypair::new()));
        for (number, key) in keys.iter().enumerate() {
            write_keypair_file(key, folder.path().join(format!("{number}.json"))).unwrap();
            world.give_sol(&key.pubkey());
        }
        let members = Members { multisig: squads::multisig(&create_key.pubkey()), keys, folder };
        let create = members.create(&create_key.pubkey());
        world.send_as(&[create], &members.keys[0], &[&create_key]).unwrap();
        world.give_sol(&members.vault());
        let credit = world.loan();
        let (address, vault) = (credit.to_string(), members.vault().to_string());
        world.run_as("lender", &["credit", "assign", &address, &vault]).data();
        let proposal = members.propose(world, 0, &["credit", "accept-assignment", &address]).proposal();
        assert_ne!(world.credit(&credit).lender, members.vault(), "proposed is not done");
        members.decide(world, &proposal);
        assert_eq!(world.credit(&credit).lender, members.vault());
        Some((members, credit))
    }

    /// Creates the multisig.
    fn create(&self, create_key: &Pubkey) -> Instruction {
        let all = Permission::Initiate as u8 | Permission::Vote as u8 | Permission::Execute as u8;
        let mut data = sha256(&[b"global:multisig_create"])[..8].to_vec();
        // No authority over the members; two approvals.
        data.extend_from_slice(&[0, 2, 0, 4, 0, 0, 0]);
        for (key, mask) in
            self.keys.iter().zip([all, all, Permission::Vote as u8, Permission::Initiate as u8])
        {
            data.extend_from_slice(key.pubkey().as_ref());
            data.push(mask);
        }
        // No time lock, no memo.
        data.extend_from_slice(&[0; 5]);
        let accounts = vec![
            AccountMeta::new(self.multisig, false),
            AccountMeta::new_readonly(*create_key, true),
            AccountMeta::new(self.keys[0].pubkey(), true),
            AccountMeta::new_readonly(Pubkey::default(), false),
        ];
        Instruction { program_id: PROGRAM, accounts, data }
    }

    fn vault(&self) -> Pubkey {
        squads::vault(&self.multisig, 0)
    }

    fn file(&self, member: usize) -> String {
        self.folder.path().join(format!("{member}.json")).display().to_string()
    }

    /// Runs a command as a proposal of a member.
    fn propose(&self, world: &World, member: usize, arguments: &[&str]) -> Done {
        let multisig = self.multisig.to_string();
        world.run_by(&self.file(member), &[arguments, &["--propose", &multisig]].concat())
    }

    /// Has the second and the third member approve a proposal as far as it needs, and the second execute it.
    fn decide(&self, world: &World, proposal: &Value) {
        let number = proposal["number"].as_u64().unwrap();
        let of = |member: &Keypair| Proposal {
            multisig: self.multisig,
            vault_index: 0,
            number,
            member: member.pubkey(),
            rent_payer: member.pubkey(),
        };
        let approvals = proposal["approvals"].as_u64().unwrap();
        for member in self.keys[1..=2].iter().take(2usize.saturating_sub(approvals as usize)) {
            world.send_as(&[of(member).approve()], member, &[]).unwrap();
        }
        let account = world.account(&squads::transaction(&self.multisig, number));
        let stored = StoredTransaction::decode(&account.data).unwrap();
        let execute = squads::execute(&stored, &self.keys[1].pubkey()).unwrap();
        world.send_as(&[execute], &self.keys[1], &[]).unwrap();
    }

    fn latest(&self, world: &World) -> u64 {
        Multisig::decode(&self.multisig, &world.account(&self.multisig).data).unwrap().latest_number
    }
}

/// Runs the command of docs/lender.md.
fn from_page(world: &World, members: &Members, credit: &str) -> Done {
    let page = include_str!("../../../docs/lender.md");
    let command =
        page.lines().find(|line| line.starts_with("blockable ") && line.contains("--propose")).unwrap();
    let command = command
        .replace("$CREDIT", credit)
        .replace("$MULTISIG", &members.multisig.to_string())
        .replace("$MEMBER_KEY", &members.file(0));
    let words: Vec<&str> = command.split_whitespace().skip(1).chain(["--yes", "--output", "json"]).collect();
    world.run(&words)
}

#[test]
fn members_of_a_multisig_freeze_and_thaw_as_the_lender() {
    let world = world();
    let Some((members, credit)) = Members::with_loan(world) else { return };
    let address = credit.to_string();
    let freeze = ["credit", "freeze", &address, "--all"];
    let dry = members.propose(world, 0, &[&freeze[..], &["--dry-run"]].concat());
    assert!(dry.stderr.contains("propose to freeze"), "{dry:?}");
    let shown = dry.data();
    assert_eq!((&shown["proposal"]["status"], &shown["proposal"]["number"]), (&Value::Null, &2.into()));
    assert_eq!(shown["state"][0]["frozen"], world.credit(&credit).collateral.freezable(), "its effect");

    let done = from_page(world, &members, &address);
    let data = done.data_of(7);
    let proposal = done.proposal();
    assert_eq!((&data["changed"], &data["signatures"].as_array().unwrap().len()), (&false.into(), &1));
    assert_eq!((&proposal["status"], &proposal["approvals"]), (&"active".into(), &1.into()));
    assert_eq!(proposal["address"], squads::proposal(&members.multisig, 2).to_string());
    assert!(data["rent_lamports"].as_u64().unwrap() > 1_000_000, "the rent of the two accounts");
    assert_eq!(world.credit(&credit).collateral.frozen(), 0, "proposed is not done");

    let again = members.propose(world, 1, &freeze);
    assert_eq!((again.proposal()["number"].clone(), members.latest(world)), (2.into(), 2), "no second one");
    let text = world
        .run(&[&freeze[..], &["--propose", &members.multisig.to_string(), "-k", &members.file(0)]].concat());
    assert!(text.code == 7 && text.stdout.starts_with("proposed already, not done"), "{text:?}");
    let other = ["credit", "freeze", &address, "--units", "5", "--dry-run"];
    let other = members.propose(world, 0, &other);
    assert!(other.stderr.contains("proposal 2 (active) is the same act with other amounts"), "{other:?}");

    members.decide(world, &proposal);
    let account = world.credit(&credit);
    assert_eq!(account.collateral.frozen(), account.collateral.freezable());
    assert!(account.collateral.frozen() > 0);
    assert_eq!(members.propose(world, 0, &freeze).data()["changed"], false, "frozen already is done");
    let thaw = members.propose(world, 3, &["credit", "thaw", &address, "--all"]);
    assert_eq!(thaw.proposal()["approvals"], 0, "that member cannot vote");
    assert!(thaw.stderr.contains("none by you"), "{thaw:?}");
    members.decide(world, &thaw.proposal());
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
}

#[test]
fn a_proposal_that_cannot_be_is_refused_before_anything_is_sent() {
    let world = world();
    let Some((members, credit)) = Members::with_loan(world) else { return };
    let (address, latest) = (credit.to_string(), members.latest(world));
    let freeze = ["credit", "freeze", &address, "--all"];
    let message = |done: &Done, code: &str| {
        let error = done.error();
        assert_eq!(error["code"], code, "{done:?}");
        error["message"].as_str().unwrap().to_string()
    };
    let voter = message(&members.propose(world, 2, &freeze), "refused");
    assert!(voter.contains("without the permission to propose"), "{voter}");
    let (stranger, multisig) = (world.key("buyer"), members.multisig.to_string());
    let stranger = world.run_by(&stranger, &[&freeze[..], &["--propose", &multisig]].concat());
    let stranger = message(&stranger, "refused");
    assert!(stranger.contains("is no member of"), "{stranger}");
    assert!(stranger.contains(&members.keys[3].pubkey().to_string()), "those who may propose: {stranger}");
    let wrong_vault = members.propose(world, 0, &[&freeze[..], &["--vault-index", "4"]].concat());
    let wrong_vault = message(&wrong_vault, "refused");
    assert!(wrong_vault.contains("add --vault-index 0"), "{wrong_vault}");
    // A loan of another lender.
    let other = world.loan().to_string();
    let other = message(&members.propose(world, 0, &["credit", "freeze", &other, "--all"]), "refused");
    assert!(other.contains("which is no vault of it"), "{other}");
    // The vault's address is a usual mistake.
    let vault = members.vault().to_string();
    let vault = world.run_by(&members.file(0), &[&freeze[..], &["--propose", &vault]].concat());
    assert!(message(&vault, "not_found").contains("is no multisig of Squads v4"));
    assert_eq!(members.latest(world), latest, "nothing was proposed");
    let unnamed = [&freeze[..], &["--propose", &multisig, "--dry-run", "--output", "json"]].concat();
    assert!(message(&world.run(&unnamed), "usage").contains("which member proposes"));
    let credit = credit.to_string();
    let both = ["credit", "restructure", &credit, "--instalments", "2", "--every", "30d"];
    let both = members.propose(world, 0, &both);
    assert!(message(&both, "usage").contains("signs as its vault alone"));
    let printed =
        [&freeze[..], &["--propose", &multisig, "--no-send", "-k", &members.file(0), "--output", "json"]];
    let printed = world.run(&printed.concat()).data();
    let signers = serde_json::json!([members.keys[0].pubkey().to_string()]);
    assert_eq!(
        (&printed["transactions"][0]["signers"], &printed["proposal"]["status"]),
        (&signers, &Value::Null)
    );
    assert_eq!(members.latest(world), latest, "nothing was sent");
}

#[test]
fn what_goes_with_no_proposal_is_wrong_usage() {
    let (world, credit) = (world(), world().loan().to_string());
    let (multisig, key) = (Pubkey::new_unique().to_string(), world.key("lender"));
    let freeze = ["credit", "freeze", &credit, "--all"];
    let propose = ["--propose", &multisig];
    let cases: [(&[&str], &str, &str); 5] = [
        (&["--vault-index", "1"], "usage", "--propose"),
        (&["--propose", "there"], "usage", "there"),
        (&[&propose[..], &["--gate", "http://127.0.0.1:1"]].concat(), "usage", "exclude each other"),
        (&[&propose[..], &["--vault-index", "256"]].concat(), "usage", "256"),
        (&propose, "not_found", "is no multisig of Squads v4"),
    ];
    for (arguments, code, part) in cases {
        let done = world.run_by(&key, &[&freeze[..], arguments].concat());
        let error = done.error();
        assert!(error["message"].as_str().unwrap().contains(part), "{done:?}");
        assert_eq!(error["code"], code, "{done:?}");
    }
    // Its vault's empty purse is no answer to somebody who has named another account.
    let pays = ["credit", "reserve", &credit, "--amount", "5usdc", "--propose", &multisig];
    let pays = world.run_by(&key, &pays).error();
    assert!(pays["message"].as_str().unwrap().contains("is no multisig of Squads v4"), "{pays}");
}
