//! Transactions that are no freeze order.

use {
    super::*,
    blockable_sdk::{
        AccountMeta, PROGRAM_ID, Signature,
        instructions::credit_thaw,
        message::{AddressLookupTableAccount, v0},
        program::instructions::ThawBounds,
    },
    proptest::prelude::*,
};

fn refused(bytes: &[u8]) -> OrderRefused {
    FreezeOrder::read(bytes).unwrap_err()
}

#[test]
fn no_other_program_may_come_with_the_freeze() {
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
    assert_eq!(read(&[freeze.clone(), freeze.clone()]), Err(OrderRefused::SeveralFreezes));
    let thaw = credit_thaw(&MARKET, &by.pubkey(), &address(1), ThawBounds::ALL);
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
