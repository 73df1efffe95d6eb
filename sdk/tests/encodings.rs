//! The examples in docs/encodings.md: built here from the rules on that page alone, compared with the program's functions, and
//! required to stand on the page.

use {
    anchor_lang::{AnchorSerialize, Discriminator, Event as _},
    blockable_sdk::{
        Pubkey,
        events::{Change, ChunkMetered, CreditChanged, CreditRecord},
        program::{
            ID,
            hash::sha256,
            report::{CreditReading, ReportScope, SignedReport},
            state::{
                Credit, DueRun, Instalment, LoanParties, Lot, Market, PrincipalRun, Provider,
                ProviderSettings, Reporter, Rider, ScheduleRuns, Terms, terms_hash,
            },
        },
    },
    bytemuck::Zeroable,
};

const PAGE: &str = include_str!("../../docs/encodings.md");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Requires the page to have a line with a name and these bytes.
fn assert_published(name: &str, bytes: &[u8]) {
    let line = format!("\n{name:<15} {}\n", hex(bytes));
    assert!(PAGE.contains(&line), "docs/encodings.md lacks the line{line}");
}

fn key(byte: u8) -> Pubkey {
    Pubkey::new_from_array([byte; 32])
}

/// Bytes joined together, as the page writes them.
macro_rules! joined {
    ($($part:expr),* $(,)?) => { [$(AsRef::<[u8]>::as_ref(&$part)),*].concat() };
}

fn example_terms() -> Terms {
    Terms {
        principal: 1_000_000_000,
        units: 2_000_000_000,
        unlocked_ahead: 100_000_000,
        holdback: 400_000_000,
        late_fee: 1_000_000,
        offer_expires_at: 0,
        max_units_per_second: 50_000,
        delinquency_grace: 172_800,
        default_grace: 604_800,
        cure_period: 864_000,
        unit_lifetime: 0,
        longest_job: 3_600,
        apr_bps: 1_200,
        holdback_apr_bps: 600,
        freeze_policy: 1,
        auto_freeze: 1,
        reserved: [0; 6],
        reporters_hash: [6; 32],
    }
}

#[test]
fn the_terms_hash_is_that_of_the_recipe() {
    let terms = joined![
        1_000_000_000u64.to_le_bytes(),
        2_000_000_000u64.to_le_bytes(),
        100_000_000u64.to_le_bytes(),
        400_000_000u64.to_le_bytes(),
        1_000_000u64.to_le_bytes(),
        0i64.to_le_bytes(),
        50_000u64.to_le_bytes(),
        172_800u32.to_le_bytes(),
        604_800u32.to_le_bytes(),
        864_000u32.to_le_bytes(),
        0u32.to_le_bytes(),
        3_600u32.to_le_bytes(),
        1_200u16.to_le_bytes(),
        600u16.to_le_bytes(),
        [1u8],
        [1u8],
        [0u8; 6],
        [6u8; 32],
    ];
    assert_eq!(terms.len(), 120);
    let instalment =
        |due_after: u32, principal: u64| joined![due_after.to_le_bytes(), principal.to_le_bytes()];
    let bytes = joined![
        b"blockable/terms/v2",
        [1u8; 32],
        [2u8; 32],
        [3u8; 32],
        [4u8; 32],
        5u64.to_le_bytes(),
        terms,
        [0u8; 40],
        2u32.to_le_bytes(),
        instalment(2_592_000, 400_000_000),
        instalment(5_184_000, 600_000_000),
    ];
    let parties =
        LoanParties { market: key(1), lender: key(2), borrower: key(3), provider: key(4), nonce: 5 };
    let schedule = [
        Instalment { due_after: 2_592_000, principal: 400_000_000 },
        Instalment { due_after: 5_184_000, principal: 600_000_000 },
    ];
    let hash = terms_hash(&parties, &example_terms(), &Rider::zeroed(), &schedule).unwrap();
    assert_eq!(hash, sha256(&[&bytes]));
    assert_published("terms hash", &hash);
}

#[test]
fn runs_are_expanded_as_the_page_says() {
    let runs = ScheduleRuns {
        due: vec![DueRun { count: 2, every: 30 }, DueRun { count: 1, every: 31 }],
        principal: vec![PrincipalRun { count: 1, principal: 7 }, PrincipalRun { count: 2, principal: 9 }],
    };
    let expected =
        [(30, 7), (60, 9), (91, 9)].map(|(due_after, principal)| Instalment { due_after, principal });
    assert_eq!(runs.expand().unwrap(), expected);
    let mut encoded = Vec::new();
    runs.serialize(&mut encoded).unwrap();
    let due = joined![2u32.to_le_bytes(), [2u8], 30u32.to_le_bytes(), [1u8], 31u32.to_le_bytes()];
    let principal = joined![2u32.to_le_bytes(), [1u8], 7u64.to_le_bytes(), [2u8], 9u64.to_le_bytes()];
    assert_eq!(encoded, joined![due, principal]);
}

fn settings(keys: &[u8], quorum: u8) -> ProviderSettings {
    let mut settings =
        ProviderSettings { quorum, reporter_count: keys.len() as u8, ..ProviderSettings::zeroed() };
    for (place, byte) in settings.reporters.iter_mut().zip(keys) {
        *place = Reporter { key: key(*byte), expires_at: 9 };
    }
    settings
}

#[test]
fn the_reporters_hash_is_that_of_the_recipe() {
    let hash = sha256(&[b"blockable/reporters/v1", &[2], &[10; 32], &[11; 32], &[12; 32]]);
    let mut provider = Provider { settings: settings(&[10, 11, 12], 2), ..Provider::zeroed() };
    assert_eq!(provider.reporters_hash(), hash);
    assert_published("reporters' hash", &hash);
    (provider.proposed, provider.change_ready_at) = (settings(&[10, 11], 2), 5);
    let waiting = sha256(&[b"blockable/reporters/v1", &[2], &[10; 32], &[11; 32]]);
    assert_eq!(provider.reporters_hash(), sha256(&[b"blockable/reporters/v1", &hash, &waiting]));
    // Another expiry of a key, or another bound, is no other reporter.
    provider.proposed = ProviderSettings { longest_job: 7, ..provider.settings };
    assert_eq!(provider.reporters_hash(), hash);
}

#[test]
fn a_reports_digest_and_its_encoding_are_those_of_the_recipe() {
    let readings = vec![
        CreditReading { cumulative: 120_450, in_flight: 800 },
        CreditReading { cumulative: 77, in_flight: 0 },
    ];
    let report =
        SignedReport { reporter: 1, signature: [8; 64], reported_at: 1_800_000_000, bitmap: 5, readings };
    let scope = ReportScope { cluster_tag: [9; 32], market: key(1), provider: key(4), epoch: 3, chunk: 2 };
    let read =
        joined![120_450u64.to_le_bytes(), 800u64.to_le_bytes(), 77u64.to_le_bytes(), 0u64.to_le_bytes()];
    let bytes = joined![
        b"blockable/usage-report/v2",
        ID,
        [9u8; 32],
        [1u8; 32],
        [4u8; 32],
        3u32.to_le_bytes(),
        2u32.to_le_bytes(),
        1_800_000_000i64.to_le_bytes(),
        5u32.to_le_bytes(),
        read,
    ];
    assert_eq!(report.digest(&scope), sha256(&[&bytes]));
    assert_published("report digest", &report.digest(&scope));
    let mut encoded = Vec::new();
    report.serialize(&mut encoded).unwrap();
    let head = joined![[1u8], [8u8; 64], 1_800_000_000i64.to_le_bytes(), 5u32.to_le_bytes()];
    assert_eq!(encoded, joined![head, 2u32.to_le_bytes(), read]);
}

#[test]
fn a_record_its_hash_and_its_event_are_those_of_the_recipe() {
    let bytes = joined![
        [7u8; 32],
        0u64.to_le_bytes(),
        1_800_000_000i64.to_le_bytes(),
        [5u8],
        1_500_000u64.to_le_bytes()
    ];
    let change = Change::MarkedDelinquent { arrears: 1_500_000 };
    let record = CreditRecord { credit: key(7), seq: 0, at: 1_800_000_000, change };
    let mut encoded = Vec::new();
    record.serialize(&mut encoded).unwrap();
    assert_eq!(encoded, bytes);
    assert_published("record", &bytes);
    let hash = sha256(&[&[0; 32], &bytes]);
    assert_eq!(record.fold(&[0; 32]).unwrap(), hash);
    assert_published("event_hash", &hash);
    let tag = [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d];
    let event = joined![tag, sha256(&[b"event:CreditChanged"])[..8], bytes];
    let emitted = CreditChanged { record: record.clone() };
    assert_eq!(event, joined![anchor_lang::event::EVENT_IX_TAG_LE, emitted.data()]);
    assert_published("event", &event);
    let chunk =
        ChunkMetered { provider: key(4), epoch: 3, chunk: 2, records: vec![record], skipped: Vec::new() };
    let fields = joined![
        [4u8; 32],
        3u32.to_le_bytes(),
        2u32.to_le_bytes(),
        1u32.to_le_bytes(),
        bytes,
        0u32.to_le_bytes()
    ];
    assert_eq!(chunk.data(), joined![sha256(&[b"event:ChunkMetered"])[..8], fields]);
}

#[test]
fn the_first_bytes_are_hashes_of_names() {
    let first = |name: &str| sha256(&[name.as_bytes()])[..8].to_vec();
    assert_eq!(Credit::DISCRIMINATOR, first("account:Credit"));
    assert_eq!(Market::DISCRIMINATOR, first("account:Market"));
    assert_eq!(Provider::DISCRIMINATOR, first("account:Provider"));
    assert_eq!(Lot::DISCRIMINATOR, first("account:Lot"));
    assert_eq!(blockable_sdk::program::instruction::CreditRepay::DISCRIMINATOR, first("global:credit_repay"));
}
