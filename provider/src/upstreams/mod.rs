//! Servers of models: their health, the choice between them, and their answers without what is only the provider's.

mod fault;
mod public;
mod redact;
mod stated;
mod words;

pub(crate) use {
    fault::{FaultClass, Names, UpstreamFault},
    public::{PublicNames, event, is_object},
    stated::MAX_ERROR_BODY,
};
