//! Servers of models: their health, the choice between them, and their answers without what is only the provider's.

mod fault;
mod health;
mod http;
mod pool;
mod probe;
mod public;
mod redact;
mod server;
mod stated;
mod words;

pub(crate) use {
    fault::{FaultClass, Names, UpstreamFault},
    http::{SendError, UpstreamHttp},
    pool::{Pool, Slot},
    probe::{log, probe},
    public::{PublicNames, REPEATED, event, with_member},
    server::UpstreamServer,
    stated::MAX_ERROR_BODY,
};
