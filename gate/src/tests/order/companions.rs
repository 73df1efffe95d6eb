//! Instructions that wallets add to a freeze, and those that hide behind it.

use {
    super::*,
    blockable_sdk::{AccountMeta, InstructionError, PROGRAM_ID, TransactionError, message::v0},
};

const COMPUTE: Pubkey = Pubkey::from_str_const("ComputeBudget111111111111111111111111111111");
const LIGHTHOUSE: Pubkey = Pubkey::from_str_const("L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95");
const MEMOS: [Pubkey; 2] = [
    Pubkey::from_str_const("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"),
    Pubkey::from_str_const("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo"),
];
const SYSTEM: Pubkey = Pubkey::from_str_const("11111111111111111111111111111111");
const SQUADS: Pubkey = Pubkey::from_str_const("SQDS4ep65T869zMMBKyuUq6aD6EgTu8psMjkvj52pCf");

fn calls(program_id: Pubkey, accounts: Vec<AccountMeta>, data: &[u8]) -> Instruction {
    Instruction { program_id, accounts, data: data.to_vec() }
}

/// Asserts one account's information, as Phantom does: several assertions, a log at failure.
fn assertion(account: Pubkey) -> Instruction {
    let lamports = [&[6, 4, 1, 0][..], &5_000_u64.to_le_bytes(), &[4]].concat();
    calls(LIGHTHOUSE, vec![AccountMeta::new_readonly(account, false)], &lamports)
}

fn memo(text: &str) -> Instruction {
    calls(MEMOS[0], vec![], text.as_bytes())
}

fn limit() -> Instruction {
    calls(COMPUTE, vec![], &[2, 0, 0, 3, 0])
}

fn all_units() -> Instruction {
    freeze(&lender(), FreezeAmount::All)
}

fn read(instructions: &[Instruction]) -> Result<FreezeOrder, OrderRefused> {
    FreezeOrder::read(&signed(&lender(), instructions, Hash::new_unique()))
}

/// The reason for which a companion is refused.
fn reason(instructions: &[Instruction]) -> &'static str {
    match read(instructions).unwrap_err() {
        OrderRefused::Companion { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_wallets_sign_on_mainnet_is_obeyed() {
    let folder = tempfile::tempdir().unwrap();
    let gate = gate(folder.path());
    let (payer, tokens) = (lender().pubkey(), Pubkey::new_unique());
    let price = calls(COMPUTE, vec![], &[3, 1, 0, 0, 0, 0, 0, 0, 0]);
    let token_amount = calls(LIGHTHOUSE, vec![AccountMeta::new_readonly(tokens, false)], &[10, 4, 0]);
    let clock = calls(LIGHTHOUSE, vec![], &[15, 0, 0, 0]);
    let signed_memo = calls(MEMOS[0], vec![AccountMeta::new_readonly(payer, true)], "Ünïcode".as_bytes());
    let first_memo = calls(MEMOS[1], vec![], b"ticket 7");
    for instructions in [
        vec![limit(), price.clone(), all_units(), assertion(payer)],
        vec![limit(), assertion(payer), all_units(), assertion(payer)],
        vec![assertion(payer), token_amount, clock, all_units(), signed_memo, first_memo],
        vec![all_units(), memo(&"m".repeat(512))],
        [vec![price, all_units()], vec![assertion(payer); 6]].concat(),
    ] {
        let order = read(&instructions).unwrap();
        assert_eq!((order.credit, order.check(&gate)), (address(1), Ok(Units(1_000))));
        // A Ledger signs transactions of the first format.
        let message = Message::new_with_blockhash(&instructions, Some(&payer), &Hash::new_unique());
        let legacy = VersionedTransaction::try_new(VersionedMessage::Legacy(message), &[&lender()]).unwrap();
        assert_eq!(FreezeOrder::read(&encode(&legacy)).unwrap().check(&gate), Ok(Units(1_000)));
    }
}

#[test]
fn a_companion_that_could_change_the_credit_is_refused() {
    let credit = AccountMeta::new(address(1), false);
    let names = "names the credit or its program";
    // The whole transaction may write the credit, so whoever names it could.
    assert_eq!(reason(&[all_units(), assertion(address(1))]), names);
    assert_eq!(reason(&[all_units(), assertion(PROGRAM_ID)]), names);
    let write = |kind: u8| calls(LIGHTHOUSE, vec![credit.clone()], &[kind, 0, 0, 0]);
    for kind in [0, 1, 4, 16, 17, 255] {
        assert_eq!(reason(&[all_units(), write(kind)]), "is no assertion on one account", "{kind}");
    }
    let noop = calls(LIGHTHOUSE, vec![AccountMeta::new_readonly(lender().pubkey(), false)], &[6, 3, 0]);
    assert_eq!(reason(&[all_units(), noop]), "has a log level that calls another program");
    let mut two = assertion(lender().pubkey());
    two.accounts.push(AccountMeta::new_readonly(PROGRAM_ID, false));
    assert_eq!(reason(&[all_units(), two]), "names another number of accounts than an assertion does");
    for data in [&[][..], &[6]] {
        assert_eq!(reason(&[all_units(), calls(LIGHTHOUSE, vec![], data)]), "is no assertion");
    }

    let (lender, other) = (lender().pubkey(), address(2));
    let cross = blockable_sdk::instructions::credit_freeze_for_cross_default(
        &MARKET,
        &lender,
        &address(1),
        &other,
        FreezeAmount::All,
    );
    assert_eq!(reason(&[cross.clone(), assertion(other)]), names);
    assert!(read(&[cross, assertion(lender)]).is_ok());
    let older = Instruction {
        program_id: Pubkey::from_str_const("L1TEVtgA75k273wWz1s6XMmDhQY5i3MwcvKb4VbZzfK"),
        ..assertion(lender)
    };
    let program = older.program_id;
    assert_eq!(read(&[all_units(), older]), Err(OrderRefused::ForeignInstruction { program }));
}

#[test]
fn companions_are_bounded_and_none_is_certain_to_fail() {
    let often = "comes more often than it may";
    assert_eq!(reason(&[vec![all_units()], vec![assertion(lender().pubkey()); 7]].concat()), often);
    assert_eq!(reason(&[vec![all_units()], vec![memo("x"); 60]].concat()), often);
    let both = calls(MEMOS[1], vec![], b"x");
    assert_eq!(reason(&[vec![all_units()], vec![memo("x"); 3], vec![both; 2]].concat()), often);
    assert_eq!(reason(&[all_units(), memo(&"m".repeat(513))]), "is a memo of more than 512 bytes");
    let broken = calls(MEMOS[0], vec![], &[b'a', 0xff]);
    assert_eq!(reason(&[all_units(), broken]), "is a memo that is no text in UTF-8");
    let stranger = AccountMeta::new_readonly(Pubkey::new_unique(), false);
    let unsigned = calls(MEMOS[0], vec![stranger], b"x");
    assert_eq!(reason(&[all_units(), unsigned]), "is a memo that names a key which does not sign");
    assert_eq!(reason(&[limit(), all_units(), limit()]), "sets one thing twice");
    for data in [&[][..], &[0], &[5, 0]] {
        let budget = calls(COMPUTE, vec![], data);
        assert_eq!(reason(&[budget, all_units()]), "is no instruction of the compute budget program");
    }
}

#[test]
fn several_freezes_nonces_multisigs_and_tables_go_by_the_chain() {
    let by = lender();
    let second = credit_freeze(&MARKET, &by.pubkey(), &address(2), FreezeAmount::All, FreezeReason::Risk);
    assert_eq!(read(&[all_units(), second]), Err(OrderRefused::SeveralFreezes));
    assert_eq!(read(&[all_units(), memo("x"), all_units()]), Err(OrderRefused::SeveralFreezes));

    let nonce = vec![AccountMeta::new(Pubkey::new_unique(), false)];
    let advance = calls(SYSTEM, nonce, &[4, 0, 0, 0]);
    assert_eq!(read(&[advance, all_units()]), Err(OrderRefused::DurableNonce));
    let transfer = calls(SYSTEM, vec![], &[2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(read(&[all_units(), transfer]), Err(OrderRefused::ForeignInstruction { program: SYSTEM }));
    // A multisig's transaction has the freeze inside of it.
    let execute = calls(SQUADS, vec![AccountMeta::new(address(1), false)], &[1; 8]);
    let multisig = OrderRefused::Multisig { program: SQUADS };
    assert_eq!(read(std::slice::from_ref(&execute)), Err(multisig.clone()));
    assert_eq!(read(&[all_units(), execute]), Err(multisig.clone()));
    for (refused, code) in [(multisig, "multisig"), (OrderRefused::DurableNonce, "durable_nonce")] {
        assert_eq!(refused.code(), code);
        assert!(refused.to_string().contains("to the chain itself, which the provider follows"), "{refused}");
    }

    let table = blockable_sdk::message::AddressLookupTableAccount {
        key: Pubkey::new_unique(),
        addresses: vec![Pubkey::new_unique()],
    };
    // A table that is named and not used is left out of the message, which is then read as any other.
    let unused =
        v0::Message::try_compile(&by.pubkey(), &[all_units()], &[table], Hash::new_unique()).unwrap();
    let unused = VersionedTransaction::try_new(VersionedMessage::V0(unused), &[&by]).unwrap();
    assert!(FreezeOrder::read(&encode(&unused)).is_ok());
}

#[test]
fn a_failure_on_chain_is_explained_by_the_program_that_failed() {
    let order = read(&[memo("a"), assertion(address(9)), all_units()]).unwrap();
    let custom = |index, code| TransactionError::InstructionError(index, InstructionError::Custom(code));
    let code = BlockableError::AlreadyFrozen.code();
    assert_eq!(order.explain(&custom(2, code)), BlockableError::AlreadyFrozen.to_string());
    // The number is another program's own there.
    let foreign = order.explain(&custom(1, code));
    assert!(foreign.contains("custom program error") && foreign.contains("look its logs up"), "{foreign}");
    let expired = order.explain(&TransactionError::AccountNotFound);
    assert!(expired.contains("look its logs up"), "{expired}");
}
