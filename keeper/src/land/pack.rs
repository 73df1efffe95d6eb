//! Packs intents into transactions: as many as its bytes, its account locks and its compute units have room for.

use {
    crate::{
        land::left_out::LeftOut,
        plan::{Intent, IntentAction, Role},
    },
    blockable_sdk::{
        Hash, Instruction, Pubkey, SIGNATURE_BYTES, VersionedMessage,
        transactions::{self, V0_MAX_BYTES, V1_MAX_ACCOUNTS, V1_MAX_BYTES},
    },
};

/// Most compute units of one transaction, with room for what a simulation does not show.
pub(crate) const MAX_COMPUTE_UNITS: u32 = 1_200_000;
/// Most accounts that a transaction of version 0 may lock.
const V0_MAX_LOCKS: usize = 64;

/// The reason for an intent that fits no transaction.
const UNFIT: &str =
    "it fits no transaction; with transactions of version 0 a provider needs chunks of 8 credits";

/// A transaction format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// Up to 1,232 bytes.
    V0,
    /// Up to 4,096 bytes.
    V1,
}

impl Version {
    /// Reads the format of a message.
    pub(crate) fn from_message(message: &VersionedMessage) -> Version {
        match message {
            VersionedMessage::V1(_) => Version::V1,
            VersionedMessage::Legacy(_) | VersionedMessage::V0(_) => Version::V0,
        }
    }
}

/// Intents that one transaction carries, in order.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// The role whose key pays.
    pub role: Role,
    /// The intents, in order.
    pub intents: Vec<Intent>,
}

impl Batch {
    /// Builds the instructions, one per intent; `payer` pays the transaction's fee.
    pub(crate) fn instructions(&self, market: &Pubkey, payer: &Pubkey) -> Vec<Instruction> {
        self.intents.iter().map(|intent| intent.instruction(market, payer)).collect()
    }

    /// Parts the work into two batches; `None` where there is nothing to halve.
    pub(crate) fn halves(&self) -> Option<[Batch; 2]> {
        let half = |intents: Vec<Intent>| Batch { role: self.role, intents };
        match self.intents.as_slice() {
            [] => None,
            [only] => only.halves().map(|halves| halves.map(|intent| half(vec![intent]))),
            many => {
                let (first, second) = many.split_at(many.len() / 2);
                Some([half(first.to_vec()), half(second.to_vec())])
            }
        }
    }
}

/// Intents in batches, and those that fit none.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// The batches, in order.
    pub batches: Vec<Batch>,
    /// Intents that are too large for any transaction and cannot be halved.
    pub unfit: Vec<LeftOut>,
}

/// Packs intents, in their order, by the key that pays. One that is too large by itself is halved until it fits.
pub(crate) fn pack(intents: &[Intent], market: &Pubkey, version: Version) -> Packed {
    let (mut batches, mut unfit) = (Vec::new(), Vec::new());
    for role in Role::ALL {
        let mut open = Batch { role, intents: Vec::new() };
        let mut waiting: Vec<Intent> =
            intents.iter().filter(|intent| intent.kind().role() == role).rev().cloned().collect();
        while let Some(intent) = waiting.pop() {
            open.intents.push(intent);
            if fits(&open, market, version) {
                continue;
            }
            let Some(last) = open.intents.pop() else { continue };
            if !open.intents.is_empty() {
                waiting.push(last);
                batches.push(std::mem::replace(&mut open, Batch { role, intents: Vec::new() }));
            } else if let Some([first, second]) = last.halves() {
                waiting.extend([second, first]);
            } else {
                unfit.push(last);
            }
        }
        if !open.intents.is_empty() {
            batches.push(open);
        }
    }
    Packed { batches, unfit: LeftOut::all(unfit, UNFIT) }
}

fn fits(batch: &Batch, market: &Pubkey, version: Version) -> bool {
    let units = batch.intents.iter().fold(0u32, |sum, intent| sum.saturating_add(estimate(intent)));
    if units > MAX_COMPUTE_UNITS {
        return false;
    }
    let payer = Pubkey::new_from_array([1; 32]);
    let mut instructions = batch.instructions(market, &payer);
    let message = match version {
        Version::V0 => {
            instructions.splice(0..0, transactions::budget_v0(MAX_COMPUTE_UNITS, u64::MAX));
            transactions::message_v0(&instructions, &payer, Hash::default())
        }
        Version::V1 => {
            let budget = transactions::budget(MAX_COMPUTE_UNITS).with_priority_fee(u64::MAX);
            transactions::message_v1(&instructions, &payer, Hash::default(), budget)
        }
    };
    let Ok(message) = message else { return false };
    let locks = message.static_account_keys().len();
    let bytes = size(&message);
    match version {
        Version::V0 => bytes <= V0_MAX_BYTES && locks <= V0_MAX_LOCKS,
        Version::V1 => bytes <= V1_MAX_BYTES && locks <= V1_MAX_ACCOUNTS,
    }
}

/// Counts the bytes of the transaction with this message and one signature.
fn size(message: &VersionedMessage) -> usize {
    let count = if matches!(message, VersionedMessage::V1(_)) { 0 } else { 1 };
    message.serialize().len() + count + SIGNATURE_BYTES
}

/// Estimates the compute units that an intent may take, before it is simulated; docs/compute-units.md has the figures.
fn estimate(intent: &Intent) -> u32 {
    match &intent.action {
        IntentAction::Meter { reports, credits, .. } => {
            let (reports, credits) = (reports.len(), credits.len());
            let units =
                16_000usize.saturating_mul(reports).saturating_add(3_000usize.saturating_mul(credits));
            u32::try_from(units.saturating_add(5_000)).unwrap_or(u32::MAX)
        }
        _ => 40_000,
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        crate::plan::{IntentId, Kind, Reason},
        blockable_sdk::amounts::ChainTime,
        blockable_sdk::reports::{RecordReading, ReportRecord},
        std::sync::Arc,
    };

    fn key(number: u64) -> Pubkey {
        let mut bytes = [9; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Pubkey::new_from_array(bytes)
    }

    fn one(kind: Kind, number: u64) -> Intent {
        let credit = key(number);
        Intent {
            id: IntentId::from_parts(kind, &credit, &[]),
            action: IntentAction::Credit { kind, credit },
            due_at: ChainTime(0),
            reason: Reason::UnitsExpired { at: ChainTime(0) },
        }
    }

    fn meter(credits: u64, reporters: u8) -> Intent {
        let report = |reporter: u8| {
            Arc::new(ReportRecord {
                seq: 1,
                cluster_tag: Default::default(),
                market: key(1),
                provider: key(2),
                epoch: 1,
                chunk: 0,
                chunk_size: 32,
                reporter: key(100 + u64::from(reporter)),
                reporter_index: reporter,
                reported_at: 5,
                bitmap: u32::try_from((1u64 << credits) - 1).unwrap(),
                readings: (0..credits)
                    .map(|bit| RecordReading {
                        bit: u32::try_from(bit).unwrap(),
                        credit: key(1_000 + bit),
                        cumulative: 5,
                        in_flight: 0,
                    })
                    .collect(),
                signature: Default::default(),
            })
        };
        Intent {
            id: IntentId::from_parts(Kind::Meter, &key(2), &[]),
            action: IntentAction::Meter {
                provider: key(2),
                chunk: 0,
                reports: (0..reporters).map(report).collect(),
                credits: (0..credits).map(|bit| key(1_000 + bit)).collect(),
            },
            due_at: ChainTime(0),
            reason: Reason::UnitsExpired { at: ChainTime(0) },
        }
    }

    fn credits(batches: &[Batch]) -> Vec<Vec<usize>> {
        batches
            .iter()
            .map(|batch| batch.intents.iter().map(|intent| intent.credits().len()).collect())
            .collect()
    }

    #[test]
    fn a_whole_chunk_fits_version_1_and_one_of_eight_fits_version_0() {
        let whole = [meter(32, 3)];
        assert_eq!(credits(&pack(&whole, &key(1), Version::V1).batches), [[32]]);
        assert_eq!(credits(&pack(&[meter(8, 3)], &key(1), Version::V0).batches), [[8]]);
        // A report is signed whole: fewer credits do not make it smaller.
        let packed = pack(&whole, &key(1), Version::V0);
        assert_eq!((packed.batches.len(), packed.unfit.len()), (0, 32));
    }

    #[test]
    fn what_is_too_much_for_one_transaction_is_cut_in_order() {
        let mut many = meter(32, 3);
        if let IntentAction::Meter { credits, .. } = &mut many.action {
            credits.extend((32..100).map(|number| key(1_000 + number)));
        }
        let Packed { batches: cut, unfit } = pack(&[many], &key(1), Version::V1);
        assert!(unfit.is_empty() && cut.len() > 1);
        let all: Vec<Pubkey> = cut
            .iter()
            .flat_map(|batch| &batch.intents)
            .flat_map(|intent| intent.credits())
            .copied()
            .collect();
        assert_eq!(all, (0..100).map(|number| key(1_000 + number)).collect::<Vec<_>>(), "none twice");
    }

    #[test]
    fn roles_never_share_a_transaction_and_order_is_kept() {
        let intents: Vec<Intent> = (0..60)
            .map(|number| one(if number % 2 == 0 { Kind::ExpireUnits } else { Kind::MarkDelinquent }, number))
            .collect();
        let Packed { batches, unfit } = pack(&intents, &key(1), Version::V1);
        assert!(unfit.is_empty());
        for batch in &batches {
            assert!(batch.intents.iter().all(|intent| intent.kind().role() == batch.role));
            assert!(fits(batch, &key(1), Version::V1));
        }
        let packed: Vec<IntentId> =
            batches.iter().flat_map(|batch| &batch.intents).map(|intent| intent.id).collect();
        let expected: Vec<IntentId> = Role::ALL
            .iter()
            .flat_map(|role| intents.iter().filter(move |intent| intent.kind().role() == *role))
            .map(|intent| intent.id)
            .collect();
        assert_eq!(packed, expected);
        assert!(batches.len() < 12, "{} transactions", batches.len());
    }

    #[test]
    fn halves_carry_the_same_work() {
        let batch = Batch { role: Role::Metering, intents: vec![meter(5, 2)] };
        let [first, second] = batch.halves().unwrap();
        assert_eq!((first.intents[0].credits().len(), second.intents[0].credits().len()), (2, 3));
        assert_ne!(first.intents[0].id, second.intents[0].id);
        assert_eq!(first.intents[0].lane(), batch.intents[0].lane());
        let single = Batch { role: Role::Metering, intents: vec![meter(1, 2)] };
        assert!(single.halves().is_none());
    }
}
