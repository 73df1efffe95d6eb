use {
    super::{MARKET, address, credit, later, open},
    crate::{FreezeOrder, Gate, OrderRefused},
    blockable_sdk::{
        AccountMeta, Hash, Instruction, Keypair, PROGRAM_ID, Pubkey, Signature, Signer, VersionedMessage,
        VersionedTransaction,
        amounts::Units,
        instructions::{credit_freeze, credit_thaw},
        message::{AddressLookupTableAccount, Message, v0},
        program::{
            errors::BlockableError,
            instructions::{FreezeAmount, UnitAmount},
            state::{Credit, FreezePolicy, FreezeReason},
            transitions::Status,
        },
        transactions::{budget, encode, sign_v0, sign_v1},
    },
    proptest::prelude::*,
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

fn refused(bytes: &[u8]) -> OrderRefused {
    FreezeOrder::read(bytes).unwrap_err()
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

#[test]
fn only_a_compute_budget_may_come_with_the_freeze() {
    let by = lender();
    let compute: Pubkey = "ComputeBudget111111111111111111111111111111".parse().unwrap();
    let limit = Instruction { program_id: compute, accounts: vec![], data: vec![2, 0, 0, 3, 0] };
    let freeze = freeze(&by, FreezeAmount::All);
    let read = |instructions: &[Instruction]| {
        FreezeOrder::read(&signed(&by, instructions, Hash::new_unique())).map(|order| order.amount)
    };
    assert_eq!(read(&[limit.clone(), freeze.clone()]), Ok(FreezeAmount::All));
    assert_eq!(read(std::slice::from_ref(&limit)), Err(OrderRefused::NotAFreeze));
    assert_eq!(read(&[]), Err(OrderRefused::NotAFreeze));
    assert_eq!(read(&[freeze.clone(), freeze.clone()]), Err(OrderRefused::NotAFreeze));
    let thaw = credit_thaw(&MARKET, &by.pubkey(), &address(1), UnitAmount::All);
    assert_eq!(read(&[freeze.clone(), thaw.clone()]), Err(OrderRefused::NotAFreeze));
    assert_eq!(read(&[thaw]), Err(OrderRefused::NotAFreeze));
    let program = Pubkey::new_unique();
    let foreign = Instruction { program_id: program, ..freeze.clone() };
    assert_eq!(read(std::slice::from_ref(&foreign)), Err(OrderRefused::ForeignInstruction { program }));
    assert_eq!(read(&[freeze, foreign]), Err(OrderRefused::ForeignInstruction { program }));
}

#[test]
fn a_freeze_that_the_client_would_not_build_is_refused() {
    let by = lender();
    let changed = |change: fn(&mut Instruction)| {
        let mut instruction = freeze(&by, FreezeAmount::Units(5));
        change(&mut instruction);
        refused(&signed(&by, &[instruction], Hash::new_unique()))
    };
    let changes: [fn(&mut Instruction); 7] = [
        |freeze| freeze.data.push(0),
        |freeze| freeze.data.truncate(9),
        |freeze| freeze.data[0] ^= 1,
        |freeze| freeze.data[8] = 9,
        |freeze| freeze.accounts.truncate(4),
        |freeze| freeze.accounts.push(AccountMeta::new(Pubkey::new_unique(), false)),
        |freeze| freeze.accounts[3].pubkey = Pubkey::new_unique(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(changed(change), OrderRefused::NotAFreeze, "change {number}");
    }
    let unwritable = changed(|freeze| freeze.accounts[2].is_writable = false);
    assert_eq!(unwritable, OrderRefused::NotAFreeze);

    let payer = Keypair::new();
    let mut unsigned = freeze(&by, FreezeAmount::All);
    unsigned.accounts[0].is_signer = false;
    assert_eq!(refused(&signed(&payer, &[unsigned], Hash::new_unique())), OrderRefused::NotAFreeze);
}

#[test]
fn forged_unsigned_and_malformed_transactions_are_refused() {
    let (by, payer) = (lender(), Keypair::new());
    let valid = all(&by);
    assert!(FreezeOrder::read(&valid).is_ok());
    let mut forged = valid.clone();
    forged[1..65].copy_from_slice(Keypair::new().sign_message(b"anything").as_ref());
    assert_eq!(refused(&forged), OrderRefused::BadSignature { signer: by.pubkey() });

    let two = sign_v0(&[freeze(&by, FreezeAmount::All)], &payer, &[&by], Hash::new_unique()).unwrap();
    let mut unsigned = two.clone();
    unsigned.signatures[1] = Signature::default();
    assert_eq!(refused(&encode(&unsigned)), OrderRefused::Unsigned);
    let mut fewer = two.clone();
    fewer.signatures.pop();
    assert_eq!(refused(&encode(&fewer)), OrderRefused::Malformed);
    let mut swapped = two;
    swapped.signatures.swap(0, 1);
    assert_eq!(refused(&encode(&swapped)), OrderRefused::BadSignature { signer: payer.pubkey() });

    assert_eq!(refused(&[]), OrderRefused::Malformed);
    assert_eq!(refused(&valid[..valid.len() - 1]), OrderRefused::Malformed);
    assert_eq!(refused(&[valid.as_slice(), &[0]].concat()), OrderRefused::Malformed);
    let more = refused(&vec![0; 4_097]);
    assert_eq!(more, OrderRefused::TooLarge { bytes: 4_097, limit: 4_096 });
    let long = Instruction { data: vec![0; 1_200], ..Instruction::new_with_bytes(PROGRAM_ID, &[], vec![]) };
    let message = v0::Message::try_compile(&by.pubkey(), &[long], &[], Hash::new_unique()).unwrap();
    let long = VersionedTransaction::try_new(VersionedMessage::V0(message), &[&by]).unwrap();
    let bytes = encode(&long).len();
    assert_eq!(refused(&encode(&long)), OrderRefused::TooLarge { bytes, limit: 1_232 });
}

#[test]
fn lookup_tables_and_accounts_named_twice_are_refused() {
    let by = lender();
    let table = AddressLookupTableAccount { key: Pubkey::new_unique(), addresses: vec![address(1)] };
    let instruction = freeze(&by, FreezeAmount::All);
    let message = v0::Message::try_compile(
        &by.pubkey(),
        std::slice::from_ref(&instruction),
        &[table],
        Hash::new_unique(),
    )
    .unwrap();
    let signed = VersionedTransaction::try_new(VersionedMessage::V0(message), &[&by]).unwrap();
    assert_eq!(refused(&encode(&signed)), OrderRefused::LookupTables);

    let mut message = Message::new_with_blockhash(&[instruction], Some(&by.pubkey()), &Hash::new_unique());
    message.account_keys.push(address(1));
    message.header.num_readonly_unsigned_accounts += 1;
    let signed = VersionedTransaction::try_new(VersionedMessage::Legacy(message), &[&by]).unwrap();
    assert_eq!(refused(&encode(&signed)), OrderRefused::Malformed);
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
    assert_eq!(check(&gate, &by, FreezeAmount::Units(1_001)), forbidden(BlockableError::BeyondLien));
    assert_eq!(check(&gate, &by, FreezeAmount::Bps(10_001)), forbidden(BlockableError::ShareOutOfRange));

    let mut state = loan();
    let mut slot = 10;
    let mut show = |change: &dyn Fn(&mut Credit)| {
        state = later(&loan(), change);
        slot += 1;
        state.event_seq = slot;
        gate.observe_credit(address(1), slot, Some(&state));
    };
    show(&|credit| credit.collateral.frozen = 400);
    assert_eq!(check(&gate, &by, FreezeAmount::Units(400)), forbidden(BlockableError::AlreadyFrozen));
    assert_eq!(check(&gate, &by, FreezeAmount::Units(401)), Ok(Units(401)));
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_are_no_order(bytes in proptest::collection::vec(any::<u8>(), 0..1_300)) {
        prop_assert!(FreezeOrder::read(&bytes).is_err());
    }

    #[test]
    fn a_transaction_with_any_byte_changed_is_no_order(
        version in 0..3_u8, at in any::<proptest::sample::Index>(), change in 1..=255_u8,
    ) {
        let (by, instruction) = (lender(), freeze(&lender(), FreezeAmount::Bps(5_000)));
        let blockhash = Hash::new_from_array([7; 32]);
        let transaction = match version {
            0 => {
                let message = Message::new_with_blockhash(&[instruction], Some(&by.pubkey()), &blockhash);
                VersionedTransaction::try_new(VersionedMessage::Legacy(message), &[&by]).unwrap()
            }
            1 => sign_v0(&[instruction], &by, &[], blockhash).unwrap(),
            _ => sign_v1(&[instruction], &by, &[], blockhash, budget(200_000)).unwrap(),
        };
        let mut bytes = encode(&transaction);
        prop_assert!(FreezeOrder::read(&bytes).is_ok());
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(FreezeOrder::read(&bytes).is_err(), "byte {at}");
    }
}
