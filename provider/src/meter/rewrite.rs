//! Changes of an answer on its way to the client.

use {
    super::form::Reading,
    crate::upstreams::{self, PublicNames},
    blockable_service::sse::SseEvent,
};

/// The changes to be made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rewrite {
    /// True where the client gets the usage at the end of a stream.
    pub passes_usage: bool,
    /// True where the usage within running answers was not asked for by the client, so that it must not add it up.
    pub drops_running_usage: bool,
    /// The names that the client sees in the place of the provider's own.
    pub names: PublicNames,
}

impl Rewrite {
    /// The event for the client; `None` where it gets none.
    pub(super) fn event(&self, event: &SseEvent, data: &[u8], reading: &Reading) -> Option<Vec<u8>> {
        if reading.is_bare && !self.passes_usage {
            return None;
        }
        let runs = reading.ended.is_empty() && !reading.is_bare && !reading.is_last;
        let usage = reading.usage_value.filter(|_| self.drops_running_usage && runs);
        Some(upstreams::event(&event.name, &self.names.rewrite(data, usage)?))
    }

    /// The body of an answer for the client; `None` where it has none of an answer's form.
    pub(super) fn whole(&self, body: &[u8]) -> Option<Vec<u8>> {
        self.names.rewrite(body, None)
    }
}
