//! Structs whose bytes are their Borsh: clients go field by field, as the IDL says.

use {
    super::*,
    crate::{
        report::CreditReading,
        state::{ProviderSettings, Rider, TermBounds},
    },
    anchor_lang::{AnchorDeserialize, AnchorSerialize},
};

/// Requires that a value is written as its fields one by one, in the order of the struct, and read back.
macro_rules! assert_plain {
    ($value:expr, $type:ident { $($field:ident),* }) => {
        let value: $type = $value;
        let $type { $($field),* } = value;
        assert!([$(core::mem::offset_of!($type, $field)),*].is_sorted());
        let mut expected = Vec::new();
        $($field.serialize(&mut expected).unwrap();)*
        let mut written = Vec::new();
        value.serialize(&mut written).unwrap();
        assert_eq!(written, expected);
        assert_eq!($type::try_from_slice(&written).unwrap(), value);
        assert!($type::try_from_slice(&written[1..]).is_err(), "a byte is missing");
        written.push(0);
        assert!($type::try_from_slice(&written).is_err(), "a byte is left");
    };
}

fn filled<T: bytemuck::Pod>(bytes: &[u8]) -> T {
    bytemuck::pod_read_unaligned(&bytes[..size_of::<T>()])
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn plain_structs_are_written_as_their_fields(bytes in prop::collection::vec(any::<u8>(), 400)) {
        assert_plain!(filled(&bytes), Terms {
            principal, units, unlocked_ahead, holdback, late_fee, offer_expires_at, max_units_per_second, delinquency_grace,
            default_grace, cure_period, unit_lifetime, longest_job, apr_bps, holdback_apr_bps, freeze_policy, auto_freeze,
            reserved, reporters_hash
        });
        assert_plain!(filled(&bytes), Rider {
            planned_units, reserve, covenant_window, high_bps, low_bps, apr_step_bps, apr_floor_bps, apr_ceiling_bps,
            top_up_bps, pay_in_kind_bps, breach_notice, cross_default, reserved
        });
        assert_plain!(filled(&bytes), TermBounds {
            min_principal, max_principal, min_instalment_interval, max_term, min_delinquency_grace, min_default_grace,
            min_cure_period, min_lot_window, max_lot_window, max_apr_bps, max_late_fee_bps, min_start_price_bps,
            max_start_price_bps, min_floor_price_bps, reserved
        });
        assert_plain!(filled(&bytes), ProviderSettings {
            reporters, payout, price_list_hash, max_units_per_second, longest_job, reporter_count, quorum, chunk_size,
            reserved
        });
        assert_plain!(filled(&bytes), CreditReading { cumulative, in_flight });
    }
}
