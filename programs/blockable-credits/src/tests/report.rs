use {
    super::*,
    crate::report::{CreditReading, REPORT_DOMAIN, ReportScope, SignedReport},
    anchor_lang::prelude::Pubkey,
};

fn report(bitmap: u32) -> SignedReport {
    let readings = (0..u64::from(bitmap.count_ones()))
        .map(|place| CreditReading { cumulative: 1_000 + place, in_flight: place })
        .collect();
    SignedReport { reporter: 1, signature: [7; 64], reported_at: 1_700_000_000, bitmap, readings }
}

fn scope() -> ReportScope {
    let (market, provider) = (Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]));
    ReportScope { cluster_tag: [3; 32], market, provider, epoch: 3, chunk: 4 }
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_reading_belongs_to_its_set_bit(bitmap: u32) {
        let report = report(bitmap);
        let mut readings = report.readings.iter();
        for bit in 0..32 {
            let expected = if bitmap >> bit & 1 == 1 { readings.next() } else { None };
            prop_assert_eq!(report.reading(bit), expected);
        }
        prop_assert_eq!(report.reading(32), None);
        prop_assert_eq!(report.reading(u32::MAX), None);
    }

    #[test]
    fn a_report_with_too_few_readings_is_silent_about_the_rest(bitmap: u32, kept in 0usize..32) {
        let mut report = report(bitmap);
        report.readings.truncate(kept);
        let spoken = (0..32).filter(|bit| report.reading(*bit).is_some()).count();
        prop_assert_eq!(spoken, report.readings.len());
    }

    #[test]
    fn the_digest_is_over_the_bytes_as_documented(bitmap: u32, reported_at: i64, epoch: u32, chunk: u32) {
        let (mut report, scope) = (report(bitmap), ReportScope { epoch, chunk, ..scope() });
        report.reported_at = reported_at;
        let mut bytes = REPORT_DOMAIN.to_vec();
        bytes.extend(crate::ID.to_bytes());
        bytes.extend(scope.cluster_tag);
        bytes.extend(scope.market.to_bytes());
        bytes.extend(scope.provider.to_bytes());
        bytes.extend(epoch.to_le_bytes());
        bytes.extend(chunk.to_le_bytes());
        bytes.extend(reported_at.to_le_bytes());
        bytes.extend(bitmap.to_le_bytes());
        for reading in &report.readings {
            bytes.extend(reading.cumulative.to_le_bytes());
            bytes.extend(reading.in_flight.to_le_bytes());
        }
        prop_assert_eq!(report.digest(&scope), crate::hash::sha256(&[&bytes]));
    }
}

#[test]
fn the_digest_differs_when_any_signed_field_does() {
    let (base, at) = (report(0b1010), scope());
    let mut digests = vec![base.digest(&at)];
    for change in [
        |scope: &mut ReportScope| scope.cluster_tag[31] = 9,
        |scope: &mut ReportScope| scope.market = Pubkey::new_from_array([9; 32]),
        |scope: &mut ReportScope| scope.provider = Pubkey::new_from_array([9; 32]),
        |scope: &mut ReportScope| scope.epoch = 9,
        |scope: &mut ReportScope| scope.chunk = 9,
        |scope: &mut ReportScope| core::mem::swap(&mut scope.market, &mut scope.provider),
        |scope: &mut ReportScope| core::mem::swap(&mut scope.epoch, &mut scope.chunk),
    ] {
        let mut other = at;
        change(&mut other);
        digests.push(base.digest(&other));
    }
    for change in [
        |report: &mut SignedReport| report.reported_at += 1,
        |report: &mut SignedReport| report.bitmap = 0b0110,
        |report: &mut SignedReport| report.readings[0].cumulative += 1,
        |report: &mut SignedReport| report.readings[1].in_flight += 1,
        |report: &mut SignedReport| report.readings.reverse(),
        |report: &mut SignedReport| report.readings.truncate(1),
    ] {
        let mut other = base.clone();
        change(&mut other);
        digests.push(other.digest(&at));
    }
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn who_signs_is_no_part_of_what_is_signed() {
    let (base, mut other) = (report(1), report(1));
    (other.reporter, other.signature) = (5, [0; 64]);
    assert_eq!(base.digest(&scope()), other.digest(&scope()));
}
