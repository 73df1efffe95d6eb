//! HTTP for daemons: connections, requests and bodies with bounds. Each daemon has its own routes.

mod address;
mod body;
mod connection;
mod connections;
mod cross_origin;
mod encoding;
mod requests;
mod retry_after;
mod sending;
mod server;
mod settings;
mod slot;

#[cfg(test)]
mod tests;

pub use {
    address::{ClientNetwork, ForwardedHeader, TrustedProxies},
    body::{BodyBounds, BodyError, read_body},
    connection::{Deadlines, Limit, Reading},
    connections::Connections,
    cross_origin::{CrossOrigin, allow_origins},
    ipnet::IpNet,
    requests::ClientAddress,
    retry_after::retry_after,
    sending::{AnswerBytes, NoRoom},
    server::{Bounds, serve},
    settings::{AllowedOrigins, HttpSettings, is_origin},
};
