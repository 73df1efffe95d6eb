//! Seeded tamperings with records and with the answers of a node.

use {
    crate::{
        node::{Call, IMITATOR, Node, PROGRAM, encode},
        world,
    },
    blockable_sdk::{
        Pubkey, Signature,
        accounts::BlockableAccount,
        audit::Auditor,
        events::{CreditRecord, Event},
        program::state::Credit,
    },
    std::{collections::BTreeMap, mem::offset_of},
};

/// A generator of numbers from a seed: xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

/// A way to tamper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// A byte of a record is another one.
    Alter,
    /// A record is left out of its transaction.
    Drop,
    /// A transaction has its event twice.
    Duplicate,
    /// Two transactions have each other's events.
    Swap,
    /// A record of another credit comes in its name.
    Insert,
    /// Another program sends what looks like an event.
    Forge,
    /// The last transactions are missing.
    Truncate,
    /// A transaction is neither listed nor served.
    Hide,
    /// A transaction is listed and not served.
    Withhold,
    /// Another transaction is served in the place of one.
    Exchange,
    /// A transaction is shown as failed.
    Fail,
    /// A transaction is said to be in another slot.
    Move,
    /// A byte of the account is another one.
    Account,
}

const WAYS: [Way; 13] = [
    Way::Alter,
    Way::Drop,
    Way::Duplicate,
    Way::Swap,
    Way::Insert,
    Way::Forge,
    Way::Truncate,
    Way::Hide,
    Way::Withhold,
    Way::Exchange,
    Way::Fail,
    Way::Move,
    Way::Account,
];

/// Bytes of an account that no event, no hash and no address covers, with the offset of the first.
const UNCOVERED: [(usize, usize); 4] = [
    (offset_of!(Credit, bump), 1),
    (offset_of!(Credit, paused_at_offer), 8),
    (offset_of!(Credit, cross_credit), 32),
    (offset_of!(Credit, covenant) + 19, 5),
];

/// Tampers `count` times with a loan's history. Each must be found, or be without any effect on what the audit reads.
pub(crate) async fn run(count: u64) {
    let (world, credit, other) = world();
    let whole = Node::of(&world);
    let log = world.log(&credit);
    let mut found: BTreeMap<Way, u32> = BTreeMap::new();
    for seed in 1..=count {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let way = WAYS[usize::try_from(seed).unwrap() % WAYS.len()];
        let mut node = whole.clone();
        tamper(&mut node, way, &credit, &other, &mut random);
        match Auditor::new([node]).audit_with_records(&credit).await {
            Err(_) => {}
            Ok((audited, records)) => {
                let records: Vec<CreditRecord> = records.into_iter().map(|found| found.record).collect();
                let has_no_effect = matches!(way, Way::Forge | Way::Duplicate | Way::Swap | Way::Move);
                assert!(has_no_effect && records == log, "seed {seed}: {way:?} was not found");
                assert_eq!(audited.events, log.len() as u64);
            }
        }
        *found.entry(way).or_default() += 1;
    }
    println!("{count} tamperings found: {found:?}");
}

fn tamper(node: &mut Node, way: Way, credit: &Pubkey, other: &Pubkey, random: &mut Random) {
    let own = node.transactions_of(credit);
    let signature = own[random.below(own.len())];
    let second = own[random.below(own.len())];
    let place = |node: &Node, signature: &Signature| {
        node.transactions.iter().position(|one| one.signature == *signature).unwrap()
    };
    let (at, second_at) = (place(node, &signature), place(node, &second));
    let one = &mut node.transactions[at];
    match way {
        Way::Alter => alter(&mut one.calls[0], credit, random),
        Way::Drop => one.calls.clear(),
        Way::Duplicate => one.calls.push(one.calls[0].clone()),
        Way::Swap => {
            let first = one.calls.clone();
            let second = std::mem::replace(&mut node.transactions[second_at].calls, first);
            node.transactions[at].calls = second;
        }
        Way::Insert => {
            let foreign = node.transactions.iter().find(|one| one.touches == [*other]).unwrap();
            let mut data = foreign.calls[0].data.clone();
            data[16..48].copy_from_slice(credit.as_ref());
            node.transactions[at].calls = vec![Call { program: PROGRAM, data }];
        }
        Way::Forge => {
            let data = one.calls[0].data.clone();
            one.calls.insert(random.below(2), Call { program: IMITATOR, data });
        }
        Way::Truncate => {
            let last = own.len() - 1 - random.below(own.len() / 2);
            own[last..].iter().for_each(|signature| node.hide(signature));
        }
        Way::Hide => node.hide(&signature),
        Way::Withhold => node.withheld.push(signature),
        Way::Exchange => {
            let instead = own[(own.iter().position(|one| *one == signature).unwrap() + 1) % own.len()];
            node.instead.insert(signature, instead);
        }
        Way::Fail => one.failed = true,
        Way::Move => one.slot = 90 + random.below(60) as u64,
        Way::Account => {
            let data = &mut node.accounts.get_mut(credit).unwrap().data;
            loop {
                let offset = 8 + random.below(size_of::<Credit>());
                let is_covered =
                    |(start, length): &(usize, usize)| !(*start..start + length).contains(&(offset - 8));
                if UNCOVERED.iter().all(is_covered) {
                    data[offset] ^= 1 << random.below(8);
                    break;
                }
            }
            assert!(Credit::decode(data).is_ok());
        }
    }
}

/// Alters a byte of the credit's record, in a way that leaves an event.
fn alter(call: &mut Call, credit: &Pubkey, random: &mut Random) {
    loop {
        let mut data = call.data.clone();
        let start = data.windows(32).position(|bytes| bytes == credit.as_ref()).unwrap();
        let end = data[start + 32..].windows(32).position(|bytes| bytes == credit.as_ref());
        let length = end.unwrap_or(data.len() - start - 32);
        data[start + 32 + random.below(length.min(64))] ^= 1 << random.below(8);
        let is_event = Event::decode(&data).is_some_and(|event| encode(&event) == data);
        if is_event && data != call.data {
            call.data = data;
            return;
        }
    }
}
