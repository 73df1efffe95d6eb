//! Metrics for Prometheus: their descriptions, and the buckets of histograms. The board and the rules in `ops/` read them.

use {
    metrics::{Recorder, Unit, describe_counter, describe_gauge, describe_histogram, with_local_recorder},
    metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder},
};

/// Upper bounds of the buckets of times, in seconds.
const SECONDS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 20.0, 30.0, 45.0, 60.0, 90.0, 180.0];
/// Upper bounds of the buckets of slots.
const SLOTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 100.0, 150.0, 300.0];

/// Builds a recorder with the buckets of the keeper's histograms and a description of each metric.
pub(crate) fn recorder() -> PrometheusRecorder {
    let recorder = with_buckets().map_or_else(
        // Only an empty list of buckets is refused.
        |_| PrometheusBuilder::new().build_recorder(),
        PrometheusBuilder::build_recorder,
    );
    let local: &dyn Recorder = &recorder;
    with_local_recorder(local, describe);
    recorder
}

/// Makes a recorder that of this process. Returns its handle; `None` where the process has one already, which then goes on.
pub(crate) fn install_recorder() -> Option<PrometheusHandle> {
    let recorder = recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).is_ok().then_some(handle)
}

fn with_buckets() -> Result<PrometheusBuilder, metrics_exporter_prometheus::BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_string()), SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_slots".to_string()), SLOTS)
}

fn describe() {
    describe_counter!("blockable_keeper_loop_iterations_total", "Rounds of each loop");
    describe_histogram!(
        "blockable_keeper_cycle_seconds",
        Unit::Seconds,
        "Duration of a cycle, from reading the chain to its end"
    );
    describe_counter!("blockable_keeper_reports_total", "Usage reports by result");
    describe_gauge!(
        "blockable_keeper_report_lag_seconds",
        Unit::Seconds,
        "Age of each reporter's latest report"
    );
    describe_counter!(
        "blockable_keeper_source_errors_total",
        "Reads of reporters' endpoints that failed, by host"
    );
    describe_gauge!("blockable_keeper_intents", "Intents that are due, by kind");
    describe_gauge!(
        "blockable_keeper_oldest_intent_age_seconds",
        Unit::Seconds,
        "Seconds since the oldest intent became due"
    );
    describe_counter!("blockable_keeper_transactions_total", "Transactions by role and result");
    describe_histogram!(
        "blockable_keeper_landing_seconds",
        Unit::Seconds,
        "Duration from the signing of a transaction until it is seen in a block"
    );
    describe_histogram!(
        "blockable_keeper_landing_slots",
        "Slots from the recording of a transaction to its block"
    );
    describe_counter!(
        "blockable_keeper_expired_transactions_total",
        "Transactions that expired before they landed, whose work was signed anew"
    );
    describe_gauge!("blockable_keeper_quarantined", "Lanes of work in quarantine");
    describe_gauge!("blockable_keeper_payer_lamports", "Lamports on the key of each role");
    describe_gauge!(
        "blockable_keeper_spent_lamports",
        "Lamports spent on the UTC day, by role; those in flight included"
    );
    describe_gauge!("blockable_keeper_cap_lamports", "Lamports that each role may spend on a UTC day");
    describe_counter!("blockable_keeper_fees_lamports_total", "Lamports paid as fees, by role");
    describe_gauge!("blockable_keeper_rpc_slot", "Highest slot that each node has shown");
    describe_counter!(
        "blockable_keeper_rpc_errors_total",
        "Requests to nodes that failed, by node and request"
    );
    describe_gauge!("blockable_keeper_history_lag", "Credits whose event logs are not proven up to now");
    describe_counter!("blockable_keeper_history_records_total", "Records of event logs that were stored");
    describe_gauge!(
        "blockable_keeper_store_bytes",
        Unit::Bytes,
        "Size of the store: database, its log and its archives"
    );
    describe_gauge!("blockable_keeper_disk_free_bytes", Unit::Bytes, "Free space of the store's disk");
    describe_counter!(
        "blockable_keeper_removed_rows_total",
        "Old rows of the store that were removed, by table"
    );
    describe_gauge!("blockable_keeper_alerts_open", "Open alerts by rule and severity");
    describe_counter!("blockable_keeper_alerts_total", "Alerts raised, by rule");
    describe_counter!("blockable_keeper_deliveries_total", "Deliveries of alerts by sink and result");
    describe_counter!("blockable_keeper_heartbeats_total", "Heartbeats by sink and result");
    describe_gauge!("blockable_keeper_alerts_in_memory", "Alerts that the store did not take");
    describe_counter!(
        "blockable_keeper_alerts_dropped_total",
        "Alerts that neither the store nor the memory took"
    );
    describe_counter!("blockable_keeper_requests_total", "Requests to the API, by route and HTTP status");
}
