//! Servers of models: their health, the choice between them, and their answers without what is only the provider's.

mod fault;
mod health;
mod pool;
mod probe;
mod public;
mod redact;
mod stated;
mod words;

pub(crate) use {
    fault::{FaultClass, Names, UpstreamFault},
    pool::{Pool, Slot, UpstreamServer},
    probe::{log, probe},
    public::{PublicNames, event},
    stated::MAX_ERROR_BODY,
};
