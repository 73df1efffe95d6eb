use {
    super::*,
    crate::reports::UsageReport,
    blockable_credits::state::{ProviderSettings, Reporter},
    bytemuck::Zeroable,
    proptest::{collection::btree_map, prelude::*},
    solana_keypair::Keypair,
    solana_signer::Signer,
};

fn key(number: u64) -> Pubkey {
    let mut bytes = [9; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Pubkey::new_from_array(bytes)
}

/// The provider that lists a record's reporter.
fn provider(record: &ReportRecord) -> Provider {
    let mut provider = Provider::zeroed();
    let reporters = [key(2), record.reporter].map(|key| Reporter { key, expires_at: i64::MAX });
    let listed = ProviderSettings::with_reporters(&reporters, 1);
    provider.settings = ProviderSettings { chunk_size: record.chunk_size, ..listed };
    (provider.market, provider.epoch, provider.cluster_tag) = (key(1), record.epoch, [4; 32]);
    provider
}

prop_compose! {
    /// A record that the second of two reporters has signed.
    fn signed()(
        seed in any::<[u8; 32]>(),
        chunk in 0..1_000u32,
        epoch in any::<u32>(),
        chunk_size in 1..=32u8,
        reported_at in 0..4_000_000_000i64,
        readings in btree_map(0..32u32, any::<(u64, u64)>(), 0..=32),
    ) -> ReportRecord {
        let signer = Keypair::new_from_array(seed);
        let readings: Vec<RecordReading> = readings
            .into_iter()
            .filter(|(bit, _)| *bit < u32::from(chunk_size))
            .map(|(bit, (cumulative, in_flight))| {
                RecordReading { bit, credit: key(100 + u64::from(bit)), cumulative, in_flight }
            })
            .collect();
        let mut record = ReportRecord {
            seq: 1,
            cluster_tag: Hash::new_from_array([4; 32]),
            market: key(1),
            provider: key(3),
            epoch,
            chunk,
            chunk_size,
            reporter: signer.pubkey(),
            reporter_index: 1,
            reported_at,
            bitmap: readings.iter().fold(0, |bitmap, reading| bitmap | 1 << reading.bit),
            readings,
            signature: Signature::default(),
        };
        record.signature = signer.sign_message(&record.digest());
        record
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_record_survives_json_and_verifies(record in signed()) {
        let provider = provider(&record);
        let json = serde_json::to_string(&record).unwrap();
        let read: ReportRecord = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&read, &record);
        let report = read.verify(&key(3), &provider).unwrap();
        for reading in &record.readings {
            let expected = CreditReading { cumulative: reading.cumulative, in_flight: reading.in_flight };
            prop_assert_eq!(report.reading(reading.bit), Some(&expected));
        }
        // The same as what signs without a record.
        let mut draft = UsageReport::new(record.scope(), record.reported_at);
        for (reading, place) in report.readings.iter().zip(&record.readings) {
            draft.set(place.bit, *reading).unwrap();
        }
        let other = draft.sign(1, &Keypair::new()).unwrap();
        prop_assert_eq!(other.digest(&record.scope()), record.digest());
    }

    #[test]
    fn any_change_but_of_number_and_address_is_found(record in signed(), flip in any::<u64>()) {
        let provider = provider(&record);
        let by = flip | 1 | 1 << 40;
        let refused = |changed: ReportRecord| changed.verify(&key(3), &provider).is_err();
        let with = |change: &dyn Fn(&mut ReportRecord)| {
            let mut changed = record.clone();
            change(&mut changed);
            changed
        };
        prop_assert!(refused(with(&|record| record.cluster_tag = Hash::new_from_array([by as u8; 32]))));
        prop_assert!(refused(with(&|record| record.market = key(by))));
        prop_assert!(refused(with(&|record| record.provider = key(by))));
        prop_assert!(refused(with(&|record| record.epoch ^= by as u32)));
        prop_assert!(refused(with(&|record| record.chunk ^= by as u32)));
        prop_assert!(refused(with(&|record| record.chunk_size ^= by as u8)));
        prop_assert!(refused(with(&|record| record.reporter = key(by))));
        prop_assert!(refused(with(&|record| record.reporter_index = 0)));
        prop_assert!(refused(with(&|record| record.reporter_index = 2)));
        prop_assert!(refused(with(&|record| record.reported_at ^= by as i64)));
        prop_assert!(refused(with(&|record| record.bitmap ^= by as u32)));
        prop_assert!(refused(with(&|record| record.signature = Signature::from([by as u8; 64]))));
        let more = RecordReading { bit: 0, credit: key(by), cumulative: 0, in_flight: 0 };
        prop_assert!(refused(with(&|record| record.readings.push(more))));
        for place in [0, record.readings.len() / 2].into_iter().filter(|place| *place < record.readings.len()) {
            prop_assert!(refused(with(&|record| record.readings[place].bit ^= 1 + (by as u32 & 30))));
            prop_assert!(refused(with(&|record| record.readings[place].cumulative ^= by)));
            prop_assert!(refused(with(&|record| record.readings[place].in_flight ^= by)));
            prop_assert!(refused(with(&|record| record.readings.truncate(place))));
        }
        // The number is the server's own, and the address is what the index stands for.
        prop_assert!(!refused(with(&|record| record.seq ^= by)));
        if let [first, second, ..] = record.readings.as_slice() {
            let (first, second) = (first.credit, second.credit);
            prop_assert!(!refused(with(&|record| record.readings[0].credit = key(1_000))));
            prop_assert!(refused(with(&|record| record.readings[0].credit = second)));
            prop_assert!(refused(with(&|record| record.readings[1].credit = first)));
        }
    }
}

#[test]
fn the_format_is_the_documented_one() {
    let record = ReportRecord {
        seq: 7,
        cluster_tag: Hash::new_from_array([4; 32]),
        market: key(1),
        provider: key(3),
        epoch: 2,
        chunk: 4,
        chunk_size: 10,
        reporter: key(5),
        reporter_index: 0,
        reported_at: 1_800_000_000,
        bitmap: 2,
        readings: vec![RecordReading { bit: 1, credit: key(6), cumulative: u64::MAX, in_flight: 12 }],
        signature: Signature::from([1; 64]),
    };
    let json = serde_json::to_value(&record).unwrap();
    let reading = serde_json::json!({
        "bit": 1, "credit": key(6).to_string(), "cumulative": "18446744073709551615", "in_flight": "12",
    });
    assert_eq!(json["readings"][0], reading);
    assert_eq!(json["signature"], record.signature.to_string());
    assert_eq!(json["cluster_tag"], record.cluster_tag.to_string());
    assert_eq!((&json["seq"], &json["reported_at"]), (&7.into(), &1_800_000_000.into()));
    assert_eq!(record.index(1), Some(41));
    let mut numbers = json.clone();
    numbers["readings"][0]["cumulative"] = 12.into();
    assert!(serde_json::from_value::<ReportRecord>(numbers).is_err(), "amounts are text");
    let mut short = json;
    short["reporter"] = "abc".into();
    assert!(serde_json::from_value::<ReportRecord>(short).is_err());
}
