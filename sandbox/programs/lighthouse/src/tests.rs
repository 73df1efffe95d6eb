//! The encodings, operators and codes, in both directions. clients/ts-tests runs the built program on instructions of the
//! original's own client.

use crate::{Account, Clock, Failure, input, known::KNOWN, process};

const OWNER: [u8; 32] = KNOWN[1];

fn account(data: &[u8]) -> Account<'_> {
    Account {
        is_signer: true,
        is_writable: false,
        executable: false,
        owner: &OWNER,
        lamports: 1_000,
        data,
        rent_epoch: u64::MAX,
    }
}

fn clock() -> Option<Clock> {
    let fields = [7_u64, 11, 3, 4, 1_800_000_000];
    let mut bytes = [0; Clock::LENGTH];
    for (place, field) in fields.iter().enumerate() {
        bytes[place * 8..][..8].copy_from_slice(&field.to_le_bytes());
    }
    Some(Clock(bytes))
}

fn on(account: Account, data: &[u8]) -> Result<(), Failure> {
    process(&[Some(account), None], data, clock)
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// A token account: mint of sevens, owner of eights, 500 tokens, no delegate, initialised, native with 9, close authority.
fn token() -> [u8; 165] {
    let mut data = [0; 165];
    data[..32].fill(7);
    data[32..64].fill(8);
    data[64..72].copy_from_slice(&500_u64.to_le_bytes());
    data[108] = 1;
    data[109] = 1;
    data[113..121].copy_from_slice(&9_u64.to_le_bytes());
    data[121..129].copy_from_slice(&4_u64.to_le_bytes());
    data[129] = 1;
    data[133..165].fill(6);
    data
}

#[test]
fn every_operator_on_integers_holds_and_fails() {
    let lamports = |value: u64, operator: u8| {
        let data = joined(&[&[5, 0, 0], &value.to_le_bytes(), &[operator]]);
        on(account(&[]), &data)
    };
    let rows = [
        (0, 1_000, 1_001),
        (1, 1_001, 1_000),
        (2, 999, 1_000),
        (3, 1_001, 1_000),
        (4, 1_000, 1_001),
        (5, 1_000, 999),
        (6, 0b11_1110_0000, 0b111),
        (7, 0b111, 0b1000),
    ];
    for (operator, good, bad) in rows {
        assert_eq!(lamports(good, operator), Ok(()), "operator {operator}");
        assert_eq!(lamports(bad, operator), Err(Failure::Assertion), "operator {operator}");
    }
    assert_eq!(lamports(0, 8), Err(Failure::InvalidInstruction));
}

#[test]
fn signed_values_compare_with_their_sign() {
    let data = (-5_i64).to_le_bytes();
    let less = |value: i64, operator: u8| {
        on(account(&data), &joined(&[&[2, 0, 0, 8], &value.to_le_bytes(), &[operator]]))
    };
    assert_eq!(less(0, 3), Ok(()));
    assert_eq!(less(-6, 3), Err(Failure::Assertion));
    let wide = u128::MAX.to_le_bytes();
    let above =
        |operator: u8| on(account(&wide), &joined(&[&[2, 0, 0, 9], &1_u128.to_le_bytes(), &[operator]]));
    assert_eq!(above(2), Ok(()));
    assert_eq!(above(3), Err(Failure::Assertion));
}

#[test]
fn properties_of_an_account_are_asserted() {
    let data = [0; 3];
    let rows: [(&[u8], Result<(), Failure>); 9] = [
        (&[1, 3, 0, 0, 0, 0, 0, 0, 0, 0], Ok(())),
        (&[1, 4, 0, 0, 0, 0, 0, 0, 0, 0], Err(Failure::Assertion)),
        (&[3, 1, 0], Ok(())),
        (&[3, 0, 0], Err(Failure::Assertion)),
        (&[3, 9, 0], Err(Failure::InvalidInstruction)),
        (&[5, 1, 0], Ok(())),
        (&[6, 1, 0], Err(Failure::Assertion)),
        (&[7, 0, 0], Ok(())),
        (&[5, 2, 0], Err(Failure::InvalidInstruction)),
    ];
    for (assertion, expected) in rows {
        assert_eq!(on(account(&data), &joined(&[&[5, 6], assertion])), expected, "{assertion:?}");
    }
    let owner = |operator: u8| on(account(&data), &joined(&[&[5, 0, 2], &OWNER, &[operator]]));
    assert_eq!((owner(0), owner(1)), (Ok(()), Err(Failure::Assertion)));
    // Addresses have no order.
    assert_eq!(owner(2), Err(Failure::InvalidInstruction));
}

#[test]
fn a_list_names_the_first_assertion_that_does_not_hold() {
    let lamports = joined(&[&[0], &1_000_u64.to_le_bytes(), &[0]]);
    let list = |second: &[u8]| on(account(&[]), &joined(&[&[6, 0, 2], &lamports, second]));
    assert_eq!(list(&[3, 1, 0]), Ok(()));
    assert_eq!(list(&[3, 1, 1]), Err(Failure::AssertionOfList(1)));
    assert_eq!(list(&[3, 1, 1]).map_err(Failure::code), Err(0x1901));
    // Nothing is compared before everything is read.
    assert_eq!(on(account(&[]), &joined(&[&[6, 0, 2, 3, 1, 1], &[77]])), Err(Failure::InvalidInstruction));
    assert_eq!(on(account(&[]), &[6, 0, 2, 3, 1, 0]), Err(Failure::InvalidInstruction));
    let endless = joined(&[&[6, 0], &[0xff; 9], &[1], &[3, 1, 0]]);
    assert_eq!(on(account(&[]), &endless), Err(Failure::InvalidInstruction));
}

#[test]
fn fields_of_a_token_account_are_asserted() {
    let state = token();
    let holds = |assertion: &[u8]| on(account(&state), &joined(&[&[9, 1], assertion]));
    let amount = |value: u64, operator: u8| holds(&joined(&[&[2], &value.to_le_bytes(), &[operator]]));
    assert_eq!((amount(500, 4), amount(501, 4)), (Ok(()), Err(Failure::Assertion)));
    assert_eq!(holds(&joined(&[&[0], &[7; 32], &[0]])), Ok(()));
    assert_eq!(holds(&joined(&[&[1], &[7; 32], &[0]])), Err(Failure::Assertion));
    assert_eq!((holds(&[3, 0, 0]), holds(&[3, 0, 1])), (Ok(()), Err(Failure::Assertion)));
    assert_eq!((holds(&[4, 1, 0]), holds(&[4, 2, 0])), (Ok(()), Err(Failure::Assertion)));
    assert_eq!(holds(&joined(&[&[5, 1], &9_u64.to_le_bytes(), &[0]])), Ok(()));
    assert_eq!(holds(&[5, 0, 0]), Err(Failure::Assertion));
    assert_eq!(holds(&joined(&[&[6], &4_u64.to_le_bytes(), &[0]])), Ok(()));
    assert_eq!(holds(&joined(&[&[7, 1], &[6; 32], &[0]])), Ok(()));
    // The derived token account is not in this stand-in.
    assert_eq!(holds(&[8]), Err(Failure::InvalidInstruction));
    let other = Account { owner: &KNOWN[0], ..account(&state) };
    assert_eq!(on(other, &[9, 1, 3, 0, 0]), Err(Failure::WrongOwner));
    let mut bad = token();
    bad[72] = 2;
    assert_eq!(on(account(&bad), &[9, 1, 3, 0, 0]), Err(Failure::Undecodable));
    assert_eq!(on(account(&state[..100]), &[9, 1, 4, 1, 0]), Err(Failure::OutOfBounds));
}

#[test]
fn fields_of_a_mint_are_asserted() {
    let mut state = [0; 82];
    state[0] = 1;
    state[4..36].fill(5);
    state[36..44].copy_from_slice(&77_u64.to_le_bytes());
    state[44] = 6;
    state[45] = 1;
    let list = joined(&[
        &[8, 0, 5],
        &joined(&[&[0, 1], &[5; 32], &[0]]),
        &joined(&[&[1], &77_u64.to_le_bytes(), &[0]]),
        &[2, 6, 0],
        &[3, 1, 0],
        &[4, 0, 0],
    ]);
    assert_eq!(on(account(&state), &list), Ok(()));
    state[44] = 9;
    assert_eq!(on(account(&state), &list), Err(Failure::AssertionOfList(2)));
}

#[test]
fn differences_between_two_accounts_are_asserted() {
    let (before, after) = (token(), {
        let mut data = token();
        data[64..72].copy_from_slice(&420_u64.to_le_bytes());
        data
    });
    let both = |data: &[u8]| process(&[Some(account(&before)), Some(account(&after))], data, clock);
    let tokens = |value: i128, operator: u8| {
        both(&joined(&[&[4, 0, 1, 64, 64, 6], &value.to_le_bytes(), &[operator]]))
    };
    assert_eq!((tokens(-80, 4), tokens(-79, 4)), (Ok(()), Err(Failure::Assertion)));
    let byte = |value: i16, operator: u8| {
        both(&joined(&[&[4, 0, 1, 108, 64, 0], &value.to_le_bytes(), &[operator]]))
    };
    assert_eq!((byte(163, 0), byte(164, 0)), (Ok(()), Err(Failure::Assertion)));
    // The same mint, but other amounts.
    assert_eq!(both(&[4, 0, 1, 0, 0, 8, 32, 0, 0]), Ok(()));
    assert_eq!(both(&[4, 0, 1, 64, 64, 8, 8, 0, 0]), Err(Failure::Assertion));
    // The balance of the second account less the 500 in the data of the first.
    let lamports = |value: i128| both(&joined(&[&[4, 0, 0, 64, 0], &value.to_le_bytes(), &[0]]));
    assert_eq!((lamports(500), lamports(501)), (Ok(()), Err(Failure::Assertion)));
    assert_eq!(both(&[4, 0, 0, 0, 2, 0]), Err(Failure::Assertion));
    assert_eq!(both(&[4, 0, 0, 0, 2, 1]), Ok(()));
    let alone = process(&[Some(account(&before)), None], &[4, 0, 1, 0, 0, 8, 32, 0, 0], clock);
    assert_eq!(alone, Err(Failure::NotEnoughAccounts));
    assert_eq!(both(&[4, 0, 1, 0, 0, 9]), Err(Failure::InvalidInstruction));
}

#[test]
fn data_is_asserted_at_an_offset() {
    let data = [1, 0, 200, 3, 4];
    let at = |assertion: &[u8]| on(account(&data), &joined(&[&[2, 0], assertion]));
    assert_eq!((at(&[0, 0, 1, 0]), at(&[1, 0, 1, 0])), (Ok(()), Err(Failure::Assertion)));
    assert_eq!(at(&[2, 0, 1, 0]), Err(Failure::Undecodable));
    assert_eq!(at(&[2, 11, 3, 200, 3, 4, 0]), Ok(()));
    assert_eq!(at(&[2, 11, 3, 200, 3, 5, 1]), Ok(()));
    assert_eq!(at(&[3, 11, 3, 200, 3, 4, 0]), Err(Failure::OutOfBounds));
    // An offset beyond all memory.
    let far = joined(&[&[0xff; 9], &[1], &[1, 0, 0]]);
    assert_eq!(at(&far), Err(Failure::OutOfBounds));
    assert_eq!(on(account(&[]), &[2, 0, 0, 1, 0, 0]), Err(Failure::NotInitialized));
}

#[test]
fn the_clock_is_asserted() {
    let time = |value: i64, operator: u8| {
        on(account(&[]), &joined(&[&[15, 0, 4], &value.to_le_bytes(), &[operator]]))
    };
    assert_eq!((time(1_800_000_000, 5), time(1_799_999_999, 5)), (Ok(()), Err(Failure::Assertion)));
    let slot = joined(&[&[15, 0, 0], &7_u64.to_le_bytes(), &[0]]);
    assert_eq!(process(&[], &slot, clock), Ok(()));
    assert_eq!(process(&[], &slot, || None), Err(Failure::OutOfBounds));
}

#[test]
fn what_is_not_here_is_refused() {
    for number in [0, 1, 11, 12, 13, 14, 16, 17, 18, 255] {
        assert_eq!(on(account(&[1]), &[number, 0, 0, 0, 0, 0]), Err(Failure::InvalidInstruction), "{number}");
    }
    assert_eq!(on(account(&[1]), &[]), Err(Failure::InvalidInstruction));
    assert_eq!(on(account(&[1]), &[5, 7, 3, 1, 0]), Err(Failure::InvalidInstruction));
    assert_eq!(process(&[None, None], &[5, 0, 3, 1, 0], clock), Err(Failure::NotEnoughAccounts));
}

#[test]
fn codes_are_those_that_the_original_documents() {
    let rows = [
        (Failure::InvalidInstruction, 6000),
        (Failure::Assertion, 6001),
        (Failure::OutOfBounds, 6005),
        (Failure::Undecodable, 6007),
        (Failure::WrongOwner, 6009),
        (Failure::NotInitialized, 6011),
        (Failure::AssertionOfList(0), 0x1900),
        (Failure::AssertionOfList(255), 0x19ff),
        (Failure::NotEnoughAccounts, 11 << 32),
    ];
    for (failure, code) in rows {
        assert_eq!(failure.code(), code, "{failure:?}");
    }
}

/// An account as the loader serialises it.
fn serialised(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let head =
        [&[255, 1, 0, 0, 0, 0, 0, 0][..], &[3; 32], &OWNER, &1_000_u64.to_le_bytes(), &length].concat();
    let mut bytes = [&head[..], data, &[0; 10_240]].concat();
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    [&bytes[..], &u64::MAX.to_le_bytes()].concat()
}

#[test]
#[expect(unsafe_code, reason = "calls the reader of the loader's input")]
fn the_loaders_input_is_read() {
    let (first, third) = (serialised(&[1, 2, 3]), serialised(&[9; 16]));
    let repeated = [0, 0, 0, 0, 0, 0, 0, 0];
    let data = [5, 0, 3, 1, 0];
    let length = (data.len() as u64).to_le_bytes();
    let bytes = [&3_u64.to_le_bytes()[..], &first, &repeated, &third, &length, &data, &[7; 32]].concat();
    // The loader's memory is aligned, as a vector of words is.
    let words: Vec<u64> = bytes
        .chunks(8)
        .map(|part| part.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)))
        .collect();
    // SAFETY: the words are such an input, in this machine's order of bytes, and nothing changes them.
    let (accounts, read) = unsafe { input::read(words.as_ptr().cast()) };
    assert_eq!(read, data);
    for account in accounts.map(Option::unwrap) {
        assert_eq!((account.data, account.owner, account.lamports), (&[1, 2, 3][..], &OWNER, 1_000));
        assert_eq!((account.is_signer, account.is_writable, account.rent_epoch), (true, false, u64::MAX));
    }
    assert_eq!(process(&accounts, read, clock), Ok(()));
}
