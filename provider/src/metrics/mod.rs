//! Metrics for Prometheus. Each server has a recorder of its own, so several can live in one process.

mod begun;

use {
    crate::price::Tokens,
    blockable_sdk::amounts::Units,
    metrics::{
        Recorder, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
        with_local_recorder,
    },
    metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder},
    std::time::Duration,
};

/// Upper bounds of the buckets of histograms, in seconds.
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// Counters and their descriptions.
const COUNTERS: &[(&str, &str)] = &[
    ("blockable_provider_requests_total", "Requests by route and HTTP status"),
    ("blockable_provider_refusals_total", "Requests that were not served, by code"),
    ("blockable_provider_held_units_total", "Units held for jobs"),
    ("blockable_provider_settled_units_total", "Units settled"),
    (
        "blockable_provider_above_hold_units_total",
        "Units that upstreams used above what was held for prompt and answer",
    ),
    (
        "blockable_provider_lost_settlements_total",
        "Settlements that could not be recorded and are not tried again; answers that had not gone out were withheld",
    ),
    (
        "blockable_provider_counted_requests_total",
        "Requests charged by tokens that were counted here, since the upstream stated none, by model and endpoint",
    ),
    (
        "blockable_provider_fitted_requests_total",
        "Requests without a limit whose answers were limited to what is open",
    ),
    ("blockable_provider_tokens_total", "Tokens that were charged, by model, endpoint and class"),
    (
        "blockable_provider_tokenized_total",
        "Prompts whose tokens an upstream was asked for, by model, upstream and result",
    ),
    ("blockable_provider_upstream_requests_total", "Requests sent to upstreams, by model and upstream"),
    (
        "blockable_provider_upstream_failures_total",
        "Requests that failed there, by model, upstream and class",
    ),
    ("blockable_provider_behind_chain_units_total", "Units that the chain had counted and the store had not"),
    ("blockable_provider_reloads_total", "Files that were read anew at SIGHUP, by result"),
    ("blockable_provider_freezes_total", "Signed freezes by result"),
    ("blockable_provider_webhooks_total", "Posts to webhooks by result"),
    ("blockable_provider_reports_signed_total", "Usage reports signed"),
    ("blockable_provider_websocket_reconnects_total", "Reconnections of the WebSocket"),
    ("blockable_provider_rpc_errors_total", "Requests to the node that failed"),
    ("blockable_provider_rpc_stale_answers_total", "Answers of the node that lagged too far behind"),
    ("blockable_provider_reconciles_total", "Reconciliations with the chain that succeeded"),
    (
        "blockable_provider_updates_missed_total",
        "Changes that a reconciliation found and no stream had shown",
    ),
];

/// Gauges and their descriptions.
const GAUGES: &[(&str, &str)] = &[
    ("blockable_provider_holds_open", "Open holds"),
    ("blockable_provider_held_units", "Units of open holds"),
    (
        "blockable_provider_settlements_waiting",
        "Settlements of answers that have gone out, which wait until the store takes them",
    ),
    (
        "blockable_provider_overdue_hold_seconds",
        "Seconds since the deadline of an open hold passed; 0 while there is none",
    ),
    ("blockable_provider_credit_units", "Units of all credits by state"),
    (
        "blockable_provider_held_back_micro_usd",
        "Money that loans hold back until payments unlock the last units",
    ),
    ("blockable_provider_claim_micro_usd", "Money that the provider has earned of it and not collected"),
    ("blockable_provider_leases_open", "Open leases"),
    ("blockable_provider_requests_running", "Requests that run, with those whose answers are being taken"),
    ("blockable_provider_bodies_coming", "Bodies of requests that are coming"),
    ("blockable_provider_requests_limit", "Requests that may run"),
    ("blockable_provider_upstream_healthy", "1 while an upstream is up, by model and upstream"),
    (
        "blockable_provider_upstream_requests_running",
        "Requests that run at an upstream, by model and upstream",
    ),
    ("blockable_provider_connections_open", "Open connections of clients"),
    ("blockable_provider_connections_limit", "Connections of clients that may be open"),
    ("blockable_provider_keys_ending", "Sub-keys that expire within seven days"),
    (
        "blockable_provider_chain_view_age_seconds",
        "Seconds since the chain last moved; -1 before it first did",
    ),
    ("blockable_provider_slot", "Highest slot of the chain view"),
    ("blockable_provider_storage_full", "1 while new jobs are refused because nothing can be recorded"),
    ("blockable_provider_reload_refused", "1 while the file that was read last at SIGHUP is not in force"),
    ("blockable_provider_websocket_up", "1 while the WebSocket is up"),
    ("blockable_provider_freezes_open", "Freeze orders that are obeyed and have not landed"),
    ("blockable_provider_report_quorum", "Reporters whose reports a metering needs, as the chain says"),
    ("blockable_provider_report_age_seconds", "Seconds since a key last reported; -1 before it first did"),
];

/// Histograms and their descriptions.
const HISTOGRAMS: &[(&str, &str)] = &[
    ("blockable_provider_request_seconds", "From a request's head to its answer's"),
    (
        "blockable_provider_upstream_seconds",
        "From the call of an upstream to its answer's end, by model and upstream",
    ),
    ("blockable_provider_admit_seconds", "Until a hold was recorded"),
    ("blockable_provider_settle_seconds", "Until a settlement was recorded"),
];

/// The metrics of one server.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    /// Makes a recorder and describes every metric.
    pub(crate) fn new() -> Metrics {
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
        metrics.begin();
        metrics
    }

    fn with(&self, record: impl FnOnce()) {
        let recorder: &dyn Recorder = &self.recorder;
        with_local_recorder(recorder, record);
    }

    /// Describes every metric.
    fn describe(&self) {
        self.with(|| {
            for (name, text) in COUNTERS {
                describe_counter!(*name, *text);
            }
            for (name, text) in GAUGES {
                describe_gauge!(*name, *text);
            }
            for (name, text) in HISTOGRAMS {
                describe_histogram!(*name, *text);
            }
        });
    }

    /// Adds one to a counter with a label.
    pub(crate) fn count(&self, name: &'static str, label: &'static str, value: impl Into<String>) {
        let value = value.into();
        self.with(|| counter!(name, label => value).increment(1));
    }

    /// Adds a number to a counter.
    pub(crate) fn add(&self, name: &'static str, count: u64) {
        self.with(|| counter!(name).increment(count));
    }

    /// Adds units to a counter.
    pub(crate) fn add_units(&self, name: &'static str, units: Units) {
        self.add(name, units.get());
    }

    /// Raises a counter to a total that is counted elsewhere.
    pub(crate) fn set_total(&self, name: &'static str, total: u64) {
        self.with(|| counter!(name).absolute(total));
    }

    /// Counts a request that was answered, and records its time.
    pub(crate) fn request(&self, route: &'static str, status: u16, took: Duration) {
        self.with(|| {
            counter!("blockable_provider_requests_total", "route" => route, "status" => status.to_string())
                .increment(1);
            histogram!("blockable_provider_request_seconds", "route" => route).record(took.as_secs_f64());
        });
    }

    /// Counts the tokens of a job that was settled. Cached tokens are a part of those of the prompt.
    pub(crate) fn count_tokens(&self, model: &str, endpoint: &'static str, tokens: &Tokens) {
        let Tokens { prompt, cached, generated, reasoning, .. } = *tokens;
        let classes =
            [("prompt", prompt), ("cached", cached), ("generated", generated), ("reasoning", reasoning)];
        self.with(|| {
            for (class, count) in classes.into_iter().filter(|(_, count)| *count > 0) {
                let labels = [
                    ("model", model.to_string()),
                    ("endpoint", endpoint.to_string()),
                    ("class", class.to_string()),
                ];
                counter!("blockable_provider_tokens_total", &labels).increment(count);
            }
        });
    }

    /// Counts a job some of whose tokens were counted here.
    pub(crate) fn count_counted(&self, model: &str, endpoint: &'static str) {
        let labels = [("model", model.to_string()), ("endpoint", endpoint.to_string())];
        self.with(|| counter!("blockable_provider_counted_requests_total", &labels).increment(1));
    }

    /// Counts a request whose tokens an upstream was asked for.
    pub(crate) fn count_tokenized(&self, model: &str, upstream: &str, result: &'static str) {
        let [model, upstream] = upstream_labels(model, upstream);
        let labels = [model, upstream, ("result", result.to_string())];
        self.with(|| counter!("blockable_provider_tokenized_total", &labels).increment(1));
    }

    /// Counts a request that is sent to an upstream.
    pub(crate) fn count_upstream(&self, model: &str, upstream: &str) {
        let labels = upstream_labels(model, upstream);
        self.with(|| counter!("blockable_provider_upstream_requests_total", &labels).increment(1));
    }

    /// Counts a failure of an upstream.
    pub(crate) fn count_upstream_failure(&self, model: &str, upstream: &str, class: &'static str) {
        let [model, upstream] = upstream_labels(model, upstream);
        let labels = [model, upstream, ("class", class.to_string())];
        self.with(|| counter!("blockable_provider_upstream_failures_total", &labels).increment(1));
    }

    /// Records the time of a request at an upstream.
    pub(crate) fn record_upstream_time(&self, model: &str, upstream: &str, took: Duration) {
        let labels = upstream_labels(model, upstream);
        self.with(|| {
            histogram!("blockable_provider_upstream_seconds", &labels).record(took.as_secs_f64());
        });
    }

    /// Sets the gauges of an upstream.
    pub(crate) fn set_upstream(&self, model: &str, upstream: &str, is_up: bool, running: usize) {
        let labels = upstream_labels(model, upstream);
        self.with(|| {
            gauge!("blockable_provider_upstream_healthy", &labels).set(f64::from(u8::from(is_up)));
            gauge!("blockable_provider_upstream_requests_running", &labels).set(running as f64);
        });
    }

    /// Notes that an upstream is no longer one: it is neither up nor down.
    pub(crate) fn end_upstream(&self, model: &str, upstream: &str) {
        let labels = upstream_labels(model, upstream);
        self.with(|| {
            gauge!("blockable_provider_upstream_healthy", &labels).set(f64::NAN);
            gauge!("blockable_provider_upstream_requests_running", &labels).set(f64::NAN);
        });
    }

    /// Records a time in a histogram.
    pub(crate) fn record_time(&self, name: &'static str, took: Duration) {
        self.with(|| histogram!(name).record(took.as_secs_f64()));
    }

    /// Sets a gauge.
    pub(crate) fn set(&self, name: &'static str, value: f64) {
        self.with(|| gauge!(name).set(value));
    }

    /// Sets a gauge with a label.
    pub(crate) fn set_labelled(&self, name: &'static str, label: &'static str, labelled: String, value: f64) {
        self.with(|| gauge!(name, label => labelled).set(value));
    }

    /// Moves what histograms have recorded into their buckets.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// Renders all metrics in Prometheus's text format.
    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }
}

fn upstream_labels(model: &str, upstream: &str) -> [(&'static str, String); 2] {
    [("model", model.to_string()), ("upstream", upstream.to_string())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_in_one_process_have_metrics_of_their_own() {
        let (one, other) = (Metrics::new(), Metrics::new());
        one.add_units("blockable_provider_settled_units_total", Units(7));
        one.request("/v1/models", 200, Duration::from_millis(3));
        assert!(one.render().contains("blockable_provider_settled_units_total 7"));
        assert!(
            one.render()
                .contains(r#"blockable_provider_request_seconds_bucket{route="/v1/models",le="0.005"} 1"#)
        );
        assert!(!other.render().contains("blockable_provider_settled_units_total 7"));
    }

    #[test]
    fn what_is_alarmed_at_its_first_event_has_been_counted_from_0() {
        let metrics = Metrics::new();
        metrics.begin_route("/v1/models");
        metrics.begin_upstream("m", "u", &["refused"]);
        let rendered = metrics.render();
        for series in [
            "blockable_provider_lost_settlements_total 0",
            "blockable_provider_above_hold_units_total 0",
            r#"blockable_provider_webhooks_total{result="given_up"} 0"#,
            r#"blockable_provider_webhooks_total{result="failed"} 0"#,
            r#"blockable_provider_upstream_failures_total{model="m",upstream="u",class="refused"} 0"#,
            r#"blockable_provider_settle_seconds_bucket{le="0.25"} 0"#,
            r#"blockable_provider_requests_total{route="/v1/models",status="500"} 0"#,
        ] {
            assert!(rendered.contains(series), "{series}: {rendered}");
        }
    }
}
