//! The settings that a running server does not take from a file that has changed.

use super::Config;

impl Config {
    /// The keys and sections of another configuration that differ from this one and count from the next start only. A running
    /// server takes all others: `[[model]]`, `[[revoked]]`, and the prices of `[[gpu]]`.
    pub fn waiting_for_restart(&self, next: &Config) -> Vec<&'static str> {
        let gpus = |config: &Config| {
            let gpu = |gpu: &super::GpuConfig| (gpu.name.clone(), gpu.count);
            config.gpus.iter().map(gpu).collect::<Vec<_>>()
        };
        let same = [
            ("listen", self.listen == next.listen),
            ("secret_file", self.secret_file == next.secret_file),
            ("key_changes_file", self.key_changes_file == next.key_changes_file),
            ("shutdown_timeout_seconds", self.shutdown_timeout == next.shutdown_timeout),
            ("[ops]", self.ops_listen == next.ops_listen),
            ("[http]", self.http == next.http),
            ("[chain]", self.chain == next.chain),
            ("[gate]", self.gate == next.gate),
            ("[limits]", self.limits == next.limits),
            ("[upstreams]", self.probes == next.probes),
            ("[[gpu]]", gpus(self) == gpus(next)),
            ("[leases]", self.leases == next.leases),
            ("[idempotency]", self.idempotency == next.idempotency),
            ("[freezes]", self.freezes == next.freezes),
            ("[reporter]", self.reporter == next.reporter),
            ("[admin]", self.admin_token == next.admin_token),
            ("[[webhook]]", self.webhooks == next.webhooks),
        ];
        same.into_iter().filter(|(_, is_same)| !is_same).map(|(name, _)| name).collect()
    }
}
