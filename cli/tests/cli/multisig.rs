//! A multisig of two of three as lender: `--no-send` prints what its members sign together.
//!
//! No registry has the built program of Squads. `cli/tests/programs/multisig` signs by a derived address in the same way: enough members
//! sign, and the vault is a signer of the inner instruction without a key.

use {
    crate::world::{World, world},
    base64::{Engine, prelude::BASE64_STANDARD},
    blockable_multisig::PREFIX,
    blockable_sdk::{AccountMeta, Instruction, Keypair, Pubkey, Signer, VersionedTransaction, transactions},
    serde_json::Value,
};

/// The address that the test's program is loaded at.
const PROGRAM: Pubkey = Pubkey::from_str_const("MuLtisig11111111111111111111111111111111111");
/// Members that must sign.
const THRESHOLD: u8 = 2;

/// Three members and their vault.
struct Multisig {
    members: [Keypair; 3],
    vault: Pubkey,
    bump: u8,
}

impl Multisig {
    fn new() -> Multisig {
        let members = [(); 3].map(|()| Keypair::new());
        let keys = members.each_ref().map(|member| member.pubkey().to_bytes());
        let seeds: [&[u8]; 5] = [PREFIX, &keys[0], &keys[1], &keys[2], &[THRESHOLD]];
        let (vault, bump) = Pubkey::find_program_address(&seeds, &PROGRAM);
        Multisig { members, vault, bump }
    }

    /// Wraps an instruction that the vault signs, for these members to sign; others stay as they are.
    fn wrap(&self, instruction: Instruction, signing: &[usize]) -> Instruction {
        if !instruction.accounts.iter().any(|account| account.pubkey == self.vault && account.is_signer) {
            return instruction;
        }
        let member = |(place, key): (usize, &Keypair)| {
            AccountMeta::new_readonly(key.pubkey(), signing.contains(&place))
        };
        let mut accounts: Vec<AccountMeta> = self.members.iter().enumerate().map(member).collect();
        accounts.push(AccountMeta::new_readonly(instruction.program_id, false));
        accounts.extend(instruction.accounts.into_iter().map(|account| AccountMeta {
            is_signer: account.is_signer && account.pubkey != self.vault,
            ..account
        }));
        let data = [&[THRESHOLD, self.bump, 3][..], &instruction.data].concat();
        Instruction { program_id: PROGRAM, accounts, data }
    }

    /// Has members sign what a command has printed. Errors: the cluster's refusal.
    fn execute(&self, world: &World, printed: &Value, signing: &[usize]) -> Result<(), String> {
        let bytes = BASE64_STANDARD.decode(printed["base64"].as_str().unwrap()).unwrap();
        let transaction = transactions::decode(&bytes).unwrap();
        let wrapped: Vec<Instruction> = instructions(&transaction)
            .into_iter()
            .map(|instruction| self.wrap(instruction, signing))
            .collect();
        let signers: Vec<&Keypair> = signing.iter().map(|place| &self.members[*place]).collect();
        world.send_as(&wrapped, signers[0], &signers)
    }
}

/// The instructions of a transaction.
fn instructions(transaction: &VersionedTransaction) -> Vec<Instruction> {
    let message = &transaction.message;
    let (keys, header) = (message.static_account_keys(), message.header());
    let signed = usize::from(header.num_required_signatures);
    let signed_writable = signed - usize::from(header.num_readonly_signed_accounts);
    let writable = keys.len() - usize::from(header.num_readonly_unsigned_accounts);
    let meta = |place: &u8| {
        let place = usize::from(*place);
        let is_signer = place < signed;
        let is_writable = if is_signer { place < signed_writable } else { place < writable };
        AccountMeta { pubkey: keys[place], is_signer, is_writable }
    };
    let build = |compiled: &blockable_sdk::message::compiled_instruction::CompiledInstruction| Instruction {
        program_id: keys[usize::from(compiled.program_id_index)],
        accounts: compiled.accounts.iter().map(meta).collect(),
        data: compiled.data.clone(),
    };
    message.instructions().iter().map(build).collect()
}

/// Runs a command for a lender without a key; the transaction that it prints.
fn printed(world: &World, arguments: &[&str], vault: &str, payer: &str) -> Value {
    let sign = ["--no-send", "--keypair", vault, "--fee-payer", payer, "--output", "json"];
    let data = world.run(&[arguments, &sign].concat()).data();
    assert_eq!((&data["changed"], &data["signer"]), (&false.into(), &vault.into()), "{data}");
    assert_eq!(data["transactions"][0]["signers"], serde_json::json!([payer, vault]));
    data["transactions"][0].clone()
}

#[test]
fn two_of_three_members_freeze_as_the_lender() {
    let (world, credit, multisig) = (world(), world().loan(), Multisig::new());
    let (address, vault) = (credit.to_string(), multisig.vault.to_string());
    let payer = multisig.members[0].pubkey();
    world.give_sol(&payer);
    let payer = payer.to_string();
    // It buys the loan, and is lender and freeze authority from then on.
    world.run_as("lender", &["credit", "assign", &address, &vault]).data();
    let accept = printed(world, &["credit", "accept-assignment", &address], &vault, &payer);
    multisig.execute(world, &accept, &[0, 2]).unwrap();
    assert_eq!(world.credit(&credit).lender, multisig.vault);

    let freeze = printed(world, &["credit", "freeze", &address, "--all"], &vault, &payer);
    let alone = multisig.execute(world, &freeze, &[0]).unwrap_err();
    assert!(alone.contains("0x4") || alone.contains("Custom(4)"), "one of three is refused: {alone}");
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
    multisig.execute(world, &freeze, &[0, 1]).unwrap();
    let account = world.credit(&credit);
    assert_eq!(account.collateral.frozen(), account.collateral.freezable());
    assert!(account.collateral.frozen() > 0);
    // No key of the old lender's can thaw it.
    assert_eq!(world.run_as("lender", &["credit", "thaw", &address, "--all"]).error()["code"], "refused");
    let thaw = printed(world, &["credit", "thaw", &address, "--all"], &vault, &payer);
    multisig.execute(world, &thaw, &[0, 2]).unwrap();
    assert_eq!(world.credit(&credit).collateral.frozen(), 0);
}
