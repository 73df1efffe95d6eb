//! Tests of the vaults that a refresh reads.

use {
    crate::chain::vaults::Vaults,
    blockable_sdk::{
        Pubkey,
        amounts::MarketTime,
        program::{
            state::{Credit, Instalment},
            transitions::Status,
        },
    },
    bytemuck::Zeroable,
    std::{
        collections::{BTreeMap, BTreeSet},
        sync::Arc,
    },
};

const DUE: MarketTime = MarketTime(1_000);

fn key(kind: u8, number: u16) -> Pubkey {
    let mut bytes = [kind; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    Pubkey::new_from_array(bytes)
}

/// An active credit with a vault, whose first instalment falls due at [`DUE`].
fn credit(number: u16) -> Credit {
    let mut credit = Credit::zeroed();
    (credit.status, credit.vault) = (Status::Active.byte(), key(2, number));
    credit.set_schedule(&[Instalment { due_after: 1_000, principal: 5 }]).unwrap();
    credit.debt.principal = 5;
    credit
}

fn credits(count: u16) -> BTreeMap<Pubkey, Arc<Credit>> {
    (0..count).map(|number| (key(1, number), Arc::new(credit(number)))).collect()
}

/// The numbers of the credits whose vaults are read, and the vaults after that, with those of `frozen` frozen.
fn round(
    vaults: &Vaults,
    credits: &BTreeMap<Pubkey, Arc<Credit>>,
    now: MarketTime,
    frozen: &[u16],
) -> (Vec<u16>, Vaults) {
    let reads = vaults.choose(credits, now);
    let number = |credit: &Pubkey| u16::from_be_bytes([credit.as_ref()[0], credit.as_ref()[1]]);
    let numbers = reads.vaults.iter().map(|(credit, vault)| {
        assert_eq!(*vault, key(2, number(credit)));
        number(credit)
    });
    let numbers = numbers.collect();
    let frozen: BTreeSet<Pubkey> = frozen.iter().map(|number| key(1, *number)).collect();
    (numbers, Vaults { frozen: Arc::new(frozen), turn: reads.turn })
}

#[test]
fn the_first_refresh_reads_every_vault_and_later_ones_a_page_in_turn() {
    let before = MarketTime(DUE.get() - 1);
    let credits = credits(250);
    let (read, vaults) = round(&Vaults::default(), &credits, before, &[]);
    assert_eq!(read, (0..250).collect::<Vec<_>>());
    let (read, vaults) = round(&vaults, &credits, before, &[]);
    assert_eq!(read, (0..100).collect::<Vec<_>>());
    let (read, vaults) = round(&vaults, &credits, before, &[]);
    assert_eq!(read, (100..200).collect::<Vec<_>>());
    let (read, _) = round(&vaults, &credits, before, &[]);
    assert_eq!(read, (200..250).chain(0..50).collect::<Vec<_>>(), "and from the first again");
}

#[test]
fn a_vault_that_is_frozen_or_may_hold_up_a_mark_is_read_every_time() {
    let before = MarketTime(DUE.get() - 1);
    let mut credits = credits(250);
    let (_, vaults) = round(&Vaults::default(), &credits, before, &[7]);
    let (read, vaults) = round(&vaults, &credits, before, &[7]);
    assert_eq!((read[0], read.len()), (7, 100));
    let mut late = *credits[&key(1, 200)];
    late.debt.arrears_since = 5;
    credits.insert(key(1, 200), Arc::new(late));
    let (read, vaults) = round(&vaults, &credits, before, &[7]);
    assert_eq!((read[..2].to_vec(), read.len()), (vec![7, 200], 100));
    let (read, _) = round(&vaults, &credits, DUE, &[]);
    assert_eq!(read.len(), 250, "every instalment is due");
}

#[test]
fn a_credit_without_a_vault_is_not_asked_about() {
    let mut credits = credits(3);
    let mut closed = *credits[&key(1, 1)];
    closed.vault_closed = 1;
    credits.insert(key(1, 1), Arc::new(closed));
    let mut unrestricted = *credits[&key(1, 2)];
    unrestricted.vault = Pubkey::default();
    credits.insert(key(1, 2), Arc::new(unrestricted));
    let (read, _) = round(&Vaults::default(), &credits, DUE, &[]);
    assert_eq!(read, [0]);
}
