//! Freeze orders that are read and checked.

mod companions;
mod refusals;

use {
    super::{MARKET, address, credit, later, open},
    crate::{FreezeOrder, Gate, OrderRefused},
    blockable_sdk::{
        Hash, Instruction, Keypair, Pubkey, Signer, VersionedMessage, VersionedTransaction,
        amounts::Units,
        instructions::credit_freeze,
        message::Message,
        program::{
            errors::BlockableError,
            instructions::FreezeAmount,
            state::{Credit, FreezePolicy, FreezeReason},
            transitions::Status,
        },
        transactions::{budget, encode, sign_v0, sign_v1},
    },
    std::{path::Path, time::Duration},
};

/// The lender of the credits below.
pub(super) fn lender() -> Keypair {
    Keypair::new_from_array([41; 32])
}

/// Their freeze authority.
pub(super) fn freezer() -> Keypair {
    Keypair::new_from_array([42; 32])
}

/// An active credit of 1,000 units that can be frozen at will; a quarter of its debt has fallen due.
pub(super) fn loan() -> Credit {
    let mut loan = credit(0);
    (loan.lender, loan.freeze_authority) = (lender().pubkey(), freezer().pubkey());
    loan.terms.freeze_policy = FreezePolicy::AtWill as u8;
    (loan.terms.delinquency_grace, loan.terms.default_grace) = (u32::MAX, u32::MAX);
    (loan.terms.principal, loan.debt.principal) = (1_000, 1_000);
    (loan.issued_at, loan.debt.accrued_at) = (1_799_999_000, 1_799_999_000);
    loan.instalment_count = 4;
    loan.due_after[..4].copy_from_slice(&[500, 50_000, 60_000, 70_000]);
    loan.principal_due[..4].copy_from_slice(&[250; 4]);
    loan
}

/// A gate that has seen [`loan`] at address 1.
pub(super) fn gate(folder: &Path) -> Gate {
    let gate = open(folder, |_| {});
    gate.observe_credit(address(1), 10, Some(&loan()));
    gate
}

/// The instruction by which a key freezes the credit at address 1.
pub(super) fn freeze(by: &Keypair, amount: FreezeAmount) -> Instruction {
    credit_freeze(&MARKET, &by.pubkey(), &address(1), amount, FreezeReason::Risk)
}

/// A transaction of version 0 of what `by` signs and pays for.
pub(super) fn signed(by: &Keypair, instructions: &[Instruction], blockhash: Hash) -> Vec<u8> {
    encode(&sign_v0(instructions, by, &[], blockhash).unwrap())
}

fn all(by: &Keypair) -> Vec<u8> {
    signed(by, &[freeze(by, FreezeAmount::All)], Hash::new_unique())
}

#[tokio::test]
async fn every_version_amount_and_signer_is_read_and_checked_by_the_programs_rules() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path());
    let amounts = [
        (FreezeAmount::All, 1_000),
        (FreezeAmount::Units(7), 7),
        (FreezeAmount::Bps(333), 34),
        (FreezeAmount::Shortfall, 250),
    ];
    for by in [lender(), freezer()] {
        for (amount, frozen) in amounts {
            let (instruction, blockhash) = (freeze(&by, amount), Hash::new_unique());
            let legacy = Message::new_with_blockhash(
                std::slice::from_ref(&instruction),
                Some(&by.pubkey()),
                &blockhash,
            );
            let payer = Keypair::new();
            let transactions = [
                VersionedTransaction::try_new(VersionedMessage::Legacy(legacy), &[&by]).unwrap(),
                sign_v0(std::slice::from_ref(&instruction), &by, &[], blockhash).unwrap(),
                sign_v0(std::slice::from_ref(&instruction), &payer, &[&by], blockhash).unwrap(),
                sign_v1(&[instruction], &by, &[], blockhash, budget(200_000)).unwrap(),
            ];
            for transaction in transactions {
                let order = FreezeOrder::read(&encode(&transaction)).unwrap();
                assert_eq!((order.by, order.amount, order.credit), (by.pubkey(), amount, address(1)));
                assert_eq!((order.signature, order.blockhash), (transaction.signatures[0], blockhash));
                assert_eq!(order.check(&gate), Ok(Units(frozen)), "{amount:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_program_would_refuse_is_not_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path());
    let by = lender();
    let check = |gate: &Gate, by: &Keypair, amount| {
        let bytes = signed(by, &[freeze(by, amount)], Hash::new_unique());
        FreezeOrder::read(&bytes).unwrap().check(gate)
    };
    let forbidden = |error| Err(OrderRefused::Forbidden(error));
    let stranger = Keypair::new();
    let not_freezer = Err(OrderRefused::NotFreezer { by: stranger.pubkey() });
    assert_eq!(check(&gate, &stranger, FreezeAmount::All), not_freezer);
    assert_eq!(check(&gate, &by, FreezeAmount::Units(0)), forbidden(BlockableError::AmountZero));
    // Less can be under lien by the time that it lands.
    assert_eq!(check(&gate, &by, FreezeAmount::Units(1_001)), Ok(Units(1_000)));
    assert_eq!(check(&gate, &by, FreezeAmount::Bps(10_001)), forbidden(BlockableError::ShareOutOfRange));

    let mut state = loan();
    let mut slot = 10;
    let mut show = |change: &dyn Fn(&mut Credit)| {
        state = later(&loan(), change);
        slot += 1;
        state.event_seq = slot;
        gate.observe_credit(address(1), slot, Some(&state));
    };
    show(&|credit| credit.collateral.frozen_for_other = 400);
    assert_eq!(check(&gate, &by, FreezeAmount::Units(400)), forbidden(BlockableError::AlreadyFrozen));
    assert_eq!(check(&gate, &by, FreezeAmount::Units(401)), Ok(Units(401)));
    // Recorded for its own kind of reason, though as many units are frozen for payment.
    show(&|credit| credit.collateral.frozen_for_payment = 400);
    assert_eq!(check(&gate, &by, FreezeAmount::Units(400)), Ok(Units(400)));
    show(&|credit| credit.debt.schedule_paid = 250);
    assert_eq!(check(&gate, &by, FreezeAmount::Shortfall), forbidden(BlockableError::NotInArrears));
    show(&|credit| credit.terms.freeze_policy = FreezePolicy::OnDelinquency as u8);
    assert_eq!(check(&gate, &by, FreezeAmount::All), forbidden(BlockableError::FreezePolicyForbids));
    show(&|credit| {
        credit.terms.freeze_policy = FreezePolicy::OnDelinquency as u8;
        credit.status = Status::Delinquent.byte();
    });
    assert_eq!(check(&gate, &by, FreezeAmount::All), Ok(Units(1_000)));
    for status in [Status::Offered, Status::Repaid, Status::Closed] {
        show(&|credit| credit.status = status.byte());
        assert_eq!(
            check(&gate, &by, FreezeAmount::All),
            forbidden(BlockableError::WrongStatus),
            "{status:?}"
        );
    }
    gate.observe_credit(address(1), slot + 1, None);
    let unknown = Err(OrderRefused::UnknownCredit { credit: address(1) });
    assert_eq!(check(&gate, &by, FreezeAmount::All), unknown);
}

#[tokio::test]
async fn foreign_markets_and_a_gate_with_a_stale_view_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path());
    let (by, market) = (lender(), Pubkey::new_unique());
    let foreign = credit_freeze(&market, &by.pubkey(), &address(1), FreezeAmount::All, FreezeReason::Risk);
    let order = FreezeOrder::read(&signed(&by, &[foreign], Hash::new_unique())).unwrap();
    assert_eq!(order.check(&gate), Err(OrderRefused::ForeignMarket { market }));

    let folder = tempfile::tempdir().unwrap();
    let gate = open(folder.path(), |config| config.max_staleness = Duration::ZERO);
    gate.observe_credit(address(1), 10, Some(&loan()));
    std::thread::sleep(Duration::from_millis(2));
    let order = FreezeOrder::read(&all(&by)).unwrap();
    assert_eq!(order.check(&gate), Err(OrderRefused::Stale));
}
