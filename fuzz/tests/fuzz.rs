//! The fuzzer itself: a short run finds nothing, and whatever is done to an account by hand is noticed.

use {
    anchor_lang::__private::bytemuck::bytes_of,
    blockable_fuzz::{Amount, Attempt, By, Op, Options, Session, Step, replay, run},
    blockable_sdk::{
        Pubkey,
        accounts::BlockableAccount,
        addresses,
        program::state::{Credit, Market, Provider},
    },
    solana_sdk::account::Account,
};

/// Steps of the short run.
const STEPS: u64 = 2_000;

fn options(jobs: u64) -> Options {
    Options { seed: 42, steps: STEPS, length: 700, jobs, only: None }
}

#[test]
fn a_short_run_breaks_no_rule_and_does_not_depend_on_threads() {
    let (one, two) = (run(options(1), |_| {}), run(options(2), |_| {}));
    if let Some(violation) = &one.violation {
        panic!("{}: {:#?}", violation.rule, violation.steps);
    }
    assert_eq!(one.coverage.steps, STEPS);
    assert_eq!(one.coverage.reached, two.coverage.reached);
    assert_eq!(one.coverage.through, two.coverage.through);
    assert_eq!(one.coverage.errors(), two.coverage.errors());
    let tried = |op: &Op| one.coverage.accepted[op.index()] + one.coverage.refused[op.index()];
    assert!(Op::ALL.iter().all(|op| tried(op) > 0), "every instruction is tried");
}

fn call(op: Op, extra: u64) -> Step {
    let by = By::Entitled;
    Step::Call(Attempt { op, on: 0, by, amount: Amount::Exact, extra, flaw: None, twice: false })
}

/// Steps that issue a loan, found by the seeds of their choices.
fn issued() -> Vec<Step> {
    let tries = (1..500).map(|extra| {
        [
            call(Op::CreditOffer, extra),
            call(Op::CreditAccept, 1),
            call(Op::ReserveFund, 1),
            call(Op::CreditIssue, 1),
        ]
    });
    let live = |steps: &[Step; 4]| {
        let session = played(steps);
        session.lab.credit(0).is_some_and(|credit| credit.blockable == 1 && credit.collateral.granted > 1_000)
    };
    tries.into_iter().find(live).expect("one of many offers is issued").to_vec()
}

fn played(steps: &[Step]) -> Session {
    let mut session = Session::new();
    for step in steps {
        session.take(step).expect("no rule is broken");
    }
    session
}

fn written<T: BlockableAccount>(session: &mut Session, key: &Pubkey, change: impl FnOnce(&mut T)) {
    let mut value: T = session.lab.read(key).expect("the account exists");
    let mut account: Account = session.lab.svm.get_account(key).expect("the account exists");
    change(&mut value);
    account.data[8..8 + size_of::<T>()].copy_from_slice(bytes_of(&value));
    session.lab.svm.set_account(*key, account).expect("the account can be set");
}

/// Changes an account by hand; the change must be noticed at the next look at everything, and by the next step on it.
#[track_caller]
fn bites<T: BlockableAccount>(address: impl Fn(&Session) -> Pubkey, change: impl Fn(&mut T), expected: &str) {
    let mut session = played(&issued());
    let key = address(&session);
    assert_eq!(session.model.sweep(&session.lab), Ok(()));
    written(&mut session, &key, change);
    let found = session.model.sweep(&session.lab).expect_err("the change is noticed");
    assert!(found.contains(expected), "{found}");
}

fn credit(session: &Session) -> Pubkey {
    session.lab.address(0).1
}

fn provider(session: &Session) -> Pubkey {
    session.lab.credit(0).expect("the loan is live").provider
}

fn market(session: &Session) -> Pubkey {
    session.lab.credit(0).expect("the loan is live").market
}

#[test]
fn a_raised_claim_is_noticed() {
    bites::<Credit>(credit, |credit| credit.claims.lender += 1, "lender_claim");
}

#[test]
fn a_raised_debt_is_noticed() {
    bites::<Credit>(credit, |credit| credit.debt.principal += 1, "principal");
}

#[test]
fn a_lowered_debt_is_noticed() {
    bites::<Credit>(credit, |credit| credit.debt.principal -= 1, "principal");
}

#[test]
fn frozen_units_from_nowhere_are_noticed() {
    bites::<Credit>(credit, |credit| credit.collateral.frozen_for_other += 1, "frozen_for_other");
}

#[test]
fn a_raised_grant_is_noticed() {
    bites::<Credit>(credit, |credit| credit.collateral.granted += 1, "granted");
}

#[test]
fn released_units_are_noticed() {
    bites::<Credit>(credit, |credit| credit.collateral.released += 1, "released");
}

#[test]
fn a_raised_holdback_is_noticed() {
    bites::<Credit>(credit, |credit| credit.holdback_left += 1, "holdback");
}

#[test]
fn earnings_of_the_provider_from_nowhere_are_noticed() {
    bites::<Credit>(credit, |credit| credit.claims.provider += 1, "provider_claim");
}

#[test]
fn cancelled_units_are_noticed() {
    bites::<Credit>(credit, |credit| credit.collateral.cancelled += 1, "cancelled");
}

#[test]
fn another_credit_behind_a_freeze_is_noticed() {
    bites::<Credit>(credit, |credit| credit.cross_credit = credit.lender, "cross_credit");
}

#[test]
fn an_earlier_suspension_is_noticed() {
    bites::<Provider>(provider, |provider| provider.admin_suspended_at -= 1, "admin_suspended_at");
}

#[test]
fn another_status_is_noticed() {
    bites::<Credit>(credit, |credit| credit.status = 3, "status");
}

#[test]
fn another_lender_is_noticed() {
    bites::<Credit>(credit, |credit| credit.lender = credit.borrower, "lender");
}

#[test]
fn a_forgotten_event_is_noticed() {
    bites::<Credit>(credit, |credit| credit.event_seq += 1, "event");
}

#[test]
fn another_event_hash_is_noticed() {
    bites::<Credit>(credit, |credit| credit.event_hash[0] ^= 1, "hash");
}

#[test]
fn units_given_back_too_early_are_noticed() {
    bites::<Provider>(provider, |provider| provider.outstanding_units -= 1, "outstanding");
}

#[test]
fn a_shorter_delay_is_noticed() {
    bites::<Market>(market, |market| market.change_delay -= 1, "settings");
}

#[test]
fn seconds_paused_that_nobody_paused_are_noticed() {
    bites::<Market>(market, |market| market.paused_seconds += 1, "paused_seconds");
}

#[test]
fn money_that_left_a_vault_is_noticed() {
    let mut session = played(&issued()[..1]);
    let vault = addresses::vault(&credit(&session));
    let mut account = session.lab.svm.get_account(&vault).expect("the vault exists");
    account.data[64] ^= 1;
    session.lab.svm.set_account(vault, account).expect("the account can be set");
    let found = session.model.sweep(&session.lab).expect_err("the change is noticed");
    assert!(found.contains("balance"), "{found}");
}

#[test]
fn nothing_is_paid_into_a_vault_that_the_issuer_has_frozen() {
    let owed = |session: &Session| session.lab.credit(0).expect("the loan is live").debt.principal;
    let mut steps = issued();
    let before = owed(&played(&steps));
    steps.extend([Step::FreezeVault(0), call(Op::CreditRepay, 1), Step::Probe(0, 1)]);
    assert_eq!(owed(&played(&steps)), before);
    steps.extend([Step::FreezeVault(0), call(Op::CreditRepay, 1)]);
    assert!(owed(&played(&steps)) < before);
}

#[test]
fn a_payment_into_a_vault_that_should_be_frozen_is_noticed() {
    let mut session = played(&issued());
    session.take(&Step::FreezeVault(0)).expect("no rule is broken");
    let vault = addresses::vault(&credit(&session));
    let mut account = session.lab.svm.get_account(&vault).expect("the vault exists");
    account.data[108] = 1;
    session.lab.svm.set_account(vault, account).expect("the account can be set");
    let found = session.take(&call(Op::CreditRepay, 1)).expect_err("the payment is noticed");
    assert!(found.contains("frozen the vault"), "{found}");
}

#[test]
fn a_step_on_a_changed_account_is_noticed_at_once() {
    let mut session = played(&issued());
    let key = credit(&session);
    written::<Credit>(&mut session, &key, |credit| credit.claims.borrower += 1);
    let mut repay = Attempt {
        op: Op::CreditRepay,
        on: 0,
        by: By::Entitled,
        amount: Amount::One,
        extra: 1,
        flaw: None,
        twice: false,
    };
    let found = session.take(&Step::Call(repay)).expect_err("the change is noticed");
    assert!(found.contains("borrower_claim"), "{found}");
    repay.amount = Amount::Zero;
    assert_eq!(session.take(&Step::Call(repay)), Ok(()), "what is refused changes nothing");
}

#[test]
fn steps_replay_to_the_same_world() {
    let steps = issued();
    assert_eq!(replay(&steps), None);
    let (one, two) = (played(&steps), played(&steps));
    assert_eq!(
        one.lab.credit(0).map(|credit| credit.event_hash),
        two.lab.credit(0).map(|credit| credit.event_hash)
    );
}
