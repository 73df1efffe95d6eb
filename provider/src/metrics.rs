//! Figures for Prometheus. Each server has a recorder of its own, so several can live in one process.

use {
    metrics::{Recorder, counter, gauge, histogram, with_local_recorder},
    metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder},
    std::time::Duration,
};

/// Upper bounds of the buckets of histograms, in seconds.
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// The figures of one server.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    /// None yet.
    pub fn new() -> Metrics {
        let builder = PrometheusBuilder::new();
        // Only an empty list of buckets is refused.
        let recorder = match builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_string()), SECONDS)
        {
            Ok(builder) => builder.build_recorder(),
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        let handle = recorder.handle();
        let metrics = Metrics { recorder, handle };
        metrics.describe();
        metrics
    }

    fn with(&self, record: impl FnOnce()) {
        let recorder: &dyn Recorder = &self.recorder;
        with_local_recorder(recorder, record);
    }

    fn describe(&self) {
        use metrics::{describe_counter, describe_gauge, describe_histogram};
        self.with(|| {
            describe_counter!("blockable_requests_total", "Requests by route and HTTP status");
            describe_counter!("blockable_refusals_total", "Requests that were not served, by code");
            describe_histogram!("blockable_request_seconds", "From a request's head to its answer's");
            describe_histogram!(
                "blockable_upstream_seconds",
                "From the call of an upstream to its answer's end"
            );
            describe_histogram!("blockable_admit_seconds", "Until a hold was recorded");
            describe_histogram!("blockable_settle_seconds", "Until a settlement was recorded");
            describe_counter!("blockable_held_units_total", "Units held for jobs");
            describe_counter!("blockable_settled_units_total", "Units settled");
            describe_counter!("blockable_above_hold_units_total", "Units settled above what was held");
            describe_counter!("blockable_freezes_total", "Signed freezes by result");
            describe_counter!("blockable_webhooks_total", "Posts to webhooks by result");
            describe_gauge!("blockable_holds_open", "Holds that are open");
            describe_gauge!("blockable_held_units", "Units that open holds hold");
            describe_gauge!("blockable_leases_open", "Leases that are open");
            describe_gauge!("blockable_requests_running", "Requests that run");
            describe_gauge!(
                "blockable_sight_age_seconds",
                "Since the chain was last seen to move; -1 before"
            );
            describe_gauge!("blockable_slot", "The highest slot seen");
            describe_gauge!(
                "blockable_storage_full",
                "1 while new jobs are refused because nothing can be recorded"
            );
            describe_gauge!("blockable_websocket_up", "1 while the WebSocket is up");
            describe_gauge!("blockable_websocket_reconnects", "Times the WebSocket was connected anew");
            describe_gauge!("blockable_rpc_errors", "Requests to the node that failed");
            describe_gauge!("blockable_rpc_stale_answers", "Answers of the node that lagged too far behind");
            describe_gauge!("blockable_reconciles", "Reconciles with the chain that succeeded");
            describe_gauge!(
                "blockable_updates_missed",
                "Changes that a reconcile found and no stream had shown"
            );
            describe_gauge!("blockable_freezes_open", "Signed freezes that are obeyed and have not landed");
            describe_gauge!("blockable_report_age_seconds", "Since a key last reported; -1 before");
            describe_counter!("blockable_reports_signed_total", "Usage reports signed");
        });
    }

    /// Adds to a counter.
    pub fn count(&self, name: &'static str, label: &'static str, value: impl Into<String>) {
        let value = value.into();
        self.with(|| counter!(name, label => value).increment(1));
    }

    /// Adds units to a counter.
    pub fn add(&self, name: &'static str, units: u64) {
        self.with(|| counter!(name).increment(units));
    }

    /// A request that was answered.
    pub fn request(&self, route: String, status: u16, took: Duration) {
        self.with(|| {
            counter!("blockable_requests_total", "route" => route.clone(), "status" => status.to_string())
                .increment(1);
            histogram!("blockable_request_seconds", "route" => route).record(took.as_secs_f64());
        });
    }

    /// How long something took.
    pub fn took(&self, name: &'static str, took: Duration) {
        self.with(|| histogram!(name).record(took.as_secs_f64()));
    }

    /// Sets a gauge.
    pub fn set(&self, name: &'static str, value: f64) {
        self.with(|| gauge!(name).set(value));
    }

    /// Sets one of several gauges of a name.
    pub fn set_of(&self, name: &'static str, label: &'static str, of: String, value: f64) {
        self.with(|| gauge!(name, label => of).set(value));
    }

    /// Makes room for further figures of histograms.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// All figures in Prometheus's text format.
    pub fn render(&self) -> String {
        self.handle.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_in_one_process_have_figures_of_their_own() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.add("blockable_settled_units_total", 7);
        one.request("/v1/models".to_string(), 200, Duration::from_millis(3));
        assert!(one.render().contains("blockable_settled_units_total 7"));
        assert!(
            one.render().contains(r#"blockable_request_seconds_bucket{route="/v1/models",le="0.005"} 1"#)
        );
        assert!(!other.render().contains("blockable_settled_units_total 7"));
    }
}
