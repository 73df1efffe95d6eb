//! Series that begin with 0. Prometheus knows no increase of a series that appears with its first events: without these, six
//! failures within a few seconds after a start would raise no alert.

use {
    super::{Metrics, upstream_labels},
    metrics::{counter, histogram},
};

/// Counters that begin with 0.
const BEGUN: &[&str] = &[
    "blockable_provider_above_hold_units_total",
    "blockable_provider_behind_chain_units_total",
    "blockable_provider_lost_settlements_total",
    "blockable_provider_reports_signed_total",
    "blockable_provider_rpc_errors_total",
    "blockable_provider_rpc_stale_answers_total",
    "blockable_provider_settled_units_total",
];

/// Counters that begin with 0 for values of a label.
const BEGUN_LABELLED: &[(&str, &str, &[&str])] = &[
    (
        "blockable_provider_freezes_total",
        "result",
        &["obeyed", "chain_stale", "unchecked", "blockhash_unknown", "too_many_open", "too_many_unlanded"],
    ),
    (
        "blockable_provider_refusals_total",
        "code",
        &[
            "server_busy",
            "too_many_connections",
            "too_many_freezes",
            "too_many_keys",
            "too_many_leases",
            "too_many_requests",
            "too_many_sign_ins",
            "too_many_streams",
            "chain_stale",
            "storage_unavailable",
            "price_not_in_force",
        ],
    ),
    ("blockable_provider_webhooks_total", "result", &["taken", "failed", "given_up", "unrecorded"]),
];
/// Histograms that begin with empty buckets.
const BEGUN_HISTOGRAMS: &[&str] = &["blockable_provider_admit_seconds", "blockable_provider_settle_seconds"];

impl Metrics {
    /// Begins what has no label of a part of this server.
    pub(super) fn begin(&self) {
        self.with(|| {
            for name in BEGUN {
                counter!(*name).increment(0);
            }
            for (name, label, values) in BEGUN_LABELLED {
                values.iter().for_each(|value| counter!(*name, *label => *value).increment(0));
            }
            // One that is named has its buckets.
            BEGUN_HISTOGRAMS.iter().for_each(|name| drop(histogram!(*name)));
        });
    }

    /// Begins the count of a route's failures of our own.
    pub(crate) fn begin_route(&self, route: &'static str) {
        self.with(|| {
            counter!("blockable_provider_requests_total", "route" => route, "status" => "500").increment(0)
        });
    }

    /// Begins the counts of a model by its endpoints, where they have not begun.
    pub(crate) fn begin_model(&self, model: &str, endpoints: &[&'static str]) {
        self.with(|| {
            for endpoint in endpoints {
                let labels = [("model", model.to_string()), ("endpoint", (*endpoint).to_string())];
                counter!("blockable_provider_counted_requests_total", &labels).increment(0);
            }
        });
    }

    /// Begins the counts of an upstream, by classes of failures, where they have not begun.
    pub(crate) fn begin_upstream(&self, model: &str, upstream: &str, classes: &[&'static str]) {
        let labels = upstream_labels(model, upstream);
        self.with(|| {
            counter!("blockable_provider_upstream_requests_total", &labels).increment(0);
            for class in classes {
                let [model, upstream] = labels.clone();
                let labels = [model, upstream, ("class", (*class).to_string())];
                counter!("blockable_provider_upstream_failures_total", &labels).increment(0);
            }
        });
    }
}
