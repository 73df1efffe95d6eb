//! Every account of every instruction, wrong in every way that makes sense for it.
//!
//! The accounts are read from the committed IDL. From the attempt that goes through, one account at a time is spoilt;
//! `table` says what must come of it, `rows` where that is not the rule. What is accepted must be listed there with the
//! reason why it does no harm.

mod mutation;
mod rows;
mod slot;
mod table;

use {
    crate::attempt::Attempt,
    blockable_sdk::{Instruction, Pubkey},
    blockable_testkit::{Parties, World},
    mutation::Trial,
    slot::Slot,
    solana_sdk::{
        account::Account,
        instruction::InstructionError,
        message::Message,
        signature::Keypair,
        signer::Signer,
        transaction::{Transaction, TransactionError},
    },
    std::collections::BTreeSet,
    table::Expected,
};

/// The result of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Accepted,
    /// Refused with a custom code: Anchor's, the program's or that of a program it calls.
    Code(u32),
    /// Refused by the runtime.
    Runtime(InstructionError),
}

/// Tries each account of an instruction in each wrong way, and compares with the table.
pub fn check(name: &'static str, good: Attempt) {
    // By a key of its own, or a missing signature would go unseen beside the other one of the same key.
    let has_payer = rows::WITH_A_RENT_PAYER.contains(&name);
    let good = if has_payer { good.rent_paid_by("stranger") } else { good };
    let (world, instruction) = (&good.world, good.instruction());
    let slots = slot::slots(name, world, instruction);
    let names = table::Names::new(name, &slots);
    let mut run = Run { names: &names, checks: 0, wrong: Vec::new(), used: Vec::new() };
    run.check(world, instruction, &slots);

    // What the instruction creates only the first time is an account like any other the second time.
    let mut second = copy(world);
    assert_eq!(outcome(&mut second, instruction), Outcome::Accepted, "{name}");
    if outcome(&mut copy(&second), instruction) == Outcome::Accepted {
        let created = |slot: &Slot| !slot.is_fresh && slots[slot.index].is_fresh;
        let slots = slot::slots(name, &second, instruction).into_iter().filter(created);
        run.check(&second, instruction, &slots.collect::<Vec<_>>());
    }
    let given = slots.iter().filter(|slot| slot.kind != slot::Kind::Absent);
    println!("{name}: {} checks of {} accounts", run.checks, given.count());
    assert!(run.wrong.is_empty(), "{name}:\n{}", run.wrong.join("\n"));
    let unused: Vec<_> = names.rows().filter(|row| !run.used.contains(row)).collect();
    assert!(unused.is_empty(), "{name}: nothing is left to which these rows apply: {unused:?}");
}

/// The checks of one instruction.
struct Run<'a> {
    names: &'a table::Names,
    checks: usize,
    /// The results that differ from the table.
    wrong: Vec<String>,
    /// The rows of the table that were needed.
    used: Vec<usize>,
}

impl Run<'_> {
    fn check(&mut self, world: &World, instruction: &Instruction, slots: &[Slot]) {
        for trial in mutation::trials(slots) {
            let (mut world, mut instruction) = (copy(world), instruction.clone());
            trial.spoil(&mut world, &mut instruction);
            let outcome = outcome(&mut world, &instruction);
            let (expected, row) = self.names.expected(&trial);
            self.checks += 1;
            self.used.extend(row);
            if !expected.is_met_by(&outcome) {
                self.wrong.push(format!("{trial}: {outcome:?}, expected {expected:?}"));
            }
        }
    }
}

fn copy(world: &World) -> World {
    let (svm, events) = (world.svm.clone(), world.events.clone());
    let written = world.written.clone();
    World { svm, parties: Parties::new(), keys: world.keys, provider: world.provider, events, written }
}

/// Sends an instruction with the signatures it asks for; what is refused must have changed nothing.
fn outcome(world: &mut World, instruction: &Instruction) -> Outcome {
    world.svm.expire_blockhash();
    let wanted = instruction.accounts.iter().filter(|meta| meta.is_signer).map(|meta| meta.pubkey);
    let wanted: Vec<Pubkey> = std::iter::once(world.parties.payer.pubkey()).chain(wanted).collect();
    let keys = Parties::NAMES.into_iter().map(Parties::key);
    let signers: Vec<Keypair> = keys.filter(|key| wanted.contains(&key.pubkey())).collect();
    let message = Message::new(std::slice::from_ref(instruction), Some(&world.parties.payer.pubkey()));
    let signers: Vec<&Keypair> = signers.iter().collect();
    let transaction = Transaction::new(&signers, message, world.svm.latest_blockhash());
    let before = snapshot(world, instruction);
    match world.svm.send_transaction(transaction).map_err(|failed| failed.err) {
        Ok(_) => Outcome::Accepted,
        Err(TransactionError::InstructionError(0, error)) => {
            assert_eq!(before, snapshot(world, instruction), "a refused transaction changed an account");
            match error {
                InstructionError::Custom(code) => Outcome::Code(code),
                error => Outcome::Runtime(error),
            }
        }
        Err(error) => panic!("the transaction did not reach the program: {error:?}"),
    }
}

/// Every account that the instruction names, but for the fee payer's.
fn snapshot(world: &World, instruction: &Instruction) -> Vec<Option<Account>> {
    let payer = world.parties.payer.pubkey();
    let keys = instruction.accounts.iter().map(|meta| meta.pubkey).filter(|key| *key != payer);
    keys.map(|key| world.svm.get_account(&key)).collect()
}

impl Expected {
    fn is_met_by(&self, outcome: &Outcome) -> bool {
        match (self, outcome) {
            (Expected::Harmless(_), Outcome::Accepted) => true,
            (Expected::Code(expected), Outcome::Code(code)) => expected == code,
            (Expected::Error(expected), Outcome::Code(code)) => expected.code() == *code,
            (Expected::Runtime(expected), Outcome::Runtime(error)) => expected == error,
            _ => false,
        }
    }
}

#[test]
fn every_instruction_of_the_idl_has_a_matrix() {
    let covered: BTreeSet<_> = crate::cases().map(|case| case.instruction.to_string()).collect();
    let declared: BTreeSet<_> = slot::instructions().into_iter().collect();
    assert_eq!(covered, declared);
}

#[test]
fn only_instructions_about_a_market_can_write_it() {
    let instructions = slot::instructions().into_iter();
    let about_markets = instructions.filter(|name| name.starts_with("market_")).collect();
    assert_eq!(slot::writers("market"), about_markets);
}

#[test]
fn a_credit_that_is_wrong_is_left_out_of_metering() {
    use mutation::Mutation::*;
    let good = crate::metering::metering();
    let index = good.instruction().accounts.len() - 1;
    let (name, key) = ("credit".to_string(), good.credit);
    let (is_writable, is_fresh, is_optional) = (true, false, false);
    let slot = Slot { name, index, kind: slot::Kind::Credit, is_writable, is_fresh, is_optional, key };
    for mutation in [ReadOnly, WrongOwner, Closed, WrongDiscriminator, Emptied, OfAnotherMarket] {
        let (mut world, mut instruction) = (copy(&good.world), good.instruction().clone());
        Trial { slot: &slot, mutation, other: None }.spoil(&mut world, &mut instruction);
        let before = snapshot(&world, &instruction);
        assert_eq!(outcome(&mut world, &instruction), Outcome::Accepted, "{mutation:?}");
        assert_eq!(snapshot(&world, &instruction), before, "{mutation:?}");
    }
}

#[test]
fn the_table_names_only_what_there_is() {
    for (instruction, account) in table::places() {
        let (instruction, given) = table::parts(instruction);
        let names = slot::names(instruction);
        assert!(given.iter().all(|given| names.iter().any(|name| name == given)), "{instruction} {given:?}");
        assert!(names.iter().any(|name| name == account), "{instruction} has no account {account}");
    }
}

impl std::fmt::Display for Trial<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self.other {
            Some(other) => write!(to, "{} {:?} as {}", self.slot.name, self.mutation, other.name),
            None => write!(to, "{} {:?}", self.slot.name, self.mutation),
        }
    }
}
