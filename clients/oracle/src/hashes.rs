//! Random agreements, reporters, reports and records, with their addresses and hashes.

use {
    crate::{
        draw::{key, part, wild, wild_time},
        value::{hex, object},
    },
    anchor_lang::{AnchorSerialize, Discriminator, Event},
    blockable_sdk::{
        addresses,
        events::{Change, ChunkMetered, CreditRecord, SkippedCredit},
        program::{
            metering::{Metered, Skip},
            report::{CreditReading, ReportScope, SignedReport},
            state::{
                Instalment, LoanParties, MAX_REPORTERS, Provider, ProviderSettings, Reporter, Rider,
                ScheduleRuns, Terms, terms_hash,
            },
        },
    },
    bytemuck::{Zeroable, bytes_of},
    rand::{Rng, rngs::StdRng},
    serde_json::{Value, json},
};

/// Agreement, provider, report and log in JSON, with their hashes.
pub(crate) fn draw(rng: &mut StdRng) -> Value {
    json!({
        "kind": "hashes",
        "agreement": agreement(rng),
        "provider": provider(rng),
        "report": report(rng),
        "log": log(rng),
        "addresses": derived(rng),
    })
}

fn agreement(rng: &mut StdRng) -> Value {
    let parties = LoanParties {
        market: key(rng),
        lender: key(rng),
        borrower: key(rng),
        provider: key(rng),
        nonce: wild(rng),
    };
    let terms: Terms = bytemuck::cast(rng.random::<[[u8; 24]; 5]>());
    let rider: Rider = bytemuck::cast(rng.random::<[[u8; 8]; 5]>());
    let mut due_after = 0u32;
    let schedule: Vec<Instalment> = (0..rng.random_range(0..=36))
        .map(|_| {
            due_after += [100, 200, rng.random_range(1..100_000)][rng.random_range(0..3)];
            Instalment { due_after, principal: [1, 2, wild(rng)][rng.random_range(0..3)] }
        })
        .collect();
    let runs = ScheduleRuns::from_schedule(&schedule);
    let hash = terms_hash(&parties, &terms, &rider, &schedule).unwrap_or_default();
    json!({
        "parties": object([
            ("market", &parties.market), ("lender", &parties.lender), ("borrower", &parties.borrower),
            ("provider", &parties.provider), ("nonce", &parties.nonce),
        ]),
        "terms": hex(bytes_of(&terms)),
        "rider": hex(bytes_of(&rider)),
        "schedule": hex(&borsh(&schedule)),
        "runs": hex(&borsh(&runs)),
        "hash": hex(&hash),
    })
}

fn borsh(value: &impl AnchorSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a vector does not fail.
    let _ = value.serialize(&mut bytes);
    bytes
}

fn settings(rng: &mut StdRng) -> ProviderSettings {
    let count = rng.random_range(1..=MAX_REPORTERS);
    let reporters: Vec<Reporter> =
        (0..count).map(|_| Reporter { key: key(rng), expires_at: wild_time(rng) }).collect();
    ProviderSettings::with_reporters(&reporters, rng.random_range(1..=count) as u8)
}

fn provider(rng: &mut StdRng) -> Value {
    let mut provider = Provider { settings: settings(rng), ..Provider::zeroed() };
    provider.proposed = if rng.random() { settings(rng) } else { provider.settings };
    provider.change_ready_at = rng.random_range(0..2);
    let account = [Provider::DISCRIMINATOR, bytes_of(&provider)].concat();
    json!({ "account": hex(&account), "reportersHash": hex(&provider.reporters_hash()) })
}

fn report(rng: &mut StdRng) -> Value {
    let scope = ReportScope {
        cluster_tag: rng.random(),
        market: key(rng),
        provider: key(rng),
        epoch: rng.random(),
        chunk: rng.random(),
    };
    let bitmap = rng.random::<u32>() & rng.random::<u32>();
    let reading = |_| CreditReading { cumulative: wild(rng), in_flight: wild(rng) };
    let readings: Vec<CreditReading> = (0..bitmap.count_ones()).map(reading).collect();
    let report = SignedReport {
        reporter: rng.random(),
        signature: [7; 64],
        reported_at: wild_time(rng),
        bitmap,
        readings,
    };
    let bit = rng.random_range(0..32);
    let reading = report.reading(bit).copied().unwrap_or_default();
    json!({
        "scope": object([("market", &scope.market), ("provider", &scope.provider), ("epoch", &scope.epoch), ("chunk", &scope.chunk)]),
        "clusterTag": hex(&scope.cluster_tag),
        "report": hex(&borsh(&report)),
        "digest": hex(&report.digest(&scope)),
        "bit": bit,
        "reading": object([("cumulative", &reading.cumulative), ("inFlight", &reading.in_flight)]),
    })
}

/// A log of one credit and the event hash after it, as one event.
fn log(rng: &mut StdRng) -> Value {
    let credit = key(rng);
    let mut hash = [0; 32];
    let records: Vec<CreditRecord> = (0..rng.random_range(1..6))
        .map(|seq| CreditRecord { credit, seq, at: wild_time(rng), change: change(rng) })
        .collect();
    for record in &records {
        hash = record.fold(&hash).unwrap_or_default();
    }
    let skipped = vec![SkippedCredit { credit: key(rng), reason: Skip::Stale }];
    let event =
        ChunkMetered { provider: key(rng), epoch: rng.random(), chunk: rng.random(), records, skipped };
    let data = [anchor_lang::event::EVENT_IX_TAG_LE, event.data().as_slice()].concat();
    json!({ "credit": credit.to_string(), "event": hex(&data), "hash": hex(&hash) })
}

fn change(rng: &mut StdRng) -> Change {
    match rng.random_range(0..4) {
        0 => Change::MarkedDelinquent { arrears: wild(rng) },
        1 => Change::MarkedDefaulted { arrears: wild(rng), debt: wild(rng) },
        2 => Change::Accepted,
        _ => Change::Metered {
            cumulative: wild(rng),
            metered: Metered { consumed: wild(rng), overrun: wild(rng), deferred: part(rng, 9) },
            in_flight: wild(rng),
            reported_at: wild_time(rng),
        },
    }
}

fn derived(rng: &mut StdRng) -> Value {
    let (id, nonce, index) = (rng.random(), rng.random(), rng.random());
    let (market, owner, other, expires) = (key(rng), key(rng), key(rng), wild_time(rng));
    object([
        ("id", &id),
        ("nonce", &nonce),
        ("index", &index),
        ("expires", &expires),
        ("owner", &owner),
        ("other", &other),
        ("in", &market),
        ("market", &addresses::market(id)),
        ("provider", &addresses::provider(&market, &owner)),
        ("credit", &addresses::credit(&market, &owner, &other, nonce)),
        ("unrestricted", &addresses::unrestricted_credit(&market, &other, &owner, expires)),
        ("vault", &addresses::vault(&owner)),
        ("lot", &addresses::lot(&owner, index)),
        ("eventAuthority", &addresses::event_authority()),
        ("token", &addresses::associated_token(&owner, &market, &other)),
    ])
}
