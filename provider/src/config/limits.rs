//! `[limits]`: bounds on clients and on concurrent work.

use {
    super::sections::{MAX_COUNT, SECONDS},
    blockable_service::{
        http::{BodyBounds, Deadlines, Limit, Reading},
        settings::Reader,
    },
    std::{sync::Arc, time::Duration},
    tokio::sync::Semaphore,
};

/// Seconds that a body has in any case before its rate counts.
const BODY_GRACE: Duration = Duration::from_secs(5);

/// `[limits]`: bounds on clients and on concurrent work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request, packed and unpacked.
    pub body_bytes: usize,
    /// Bytes of an upstream's answer.
    pub answer_bytes: usize,
    /// Seconds that a request's body may take to arrive.
    pub body_seconds: u64,
    /// Least bytes of a body per second, on average, after its first five seconds.
    pub body_bytes_per_second: u64,
    /// Bytes of all bodies that are being received at once.
    pub receiving_bytes: usize,
    /// Bytes of all large answers that lie in memory at once.
    pub sending_bytes: usize,
    /// Requests that run at once.
    pub requests: usize,
    /// Requests of one credit that run at once, and bodies of one that are received at once.
    pub requests_per_credit: usize,
    /// Connections that are open at once.
    pub connections: usize,
    /// Connections of one IPv4 address or IPv6 prefix of 64 bits that are open at once, or requests of one behind a trusted
    /// proxy that run at once.
    pub connections_per_address: usize,
    /// Seconds from a connection to its first byte.
    pub first_byte_seconds: u64,
    /// Seconds from the first byte of a request to the end of its head.
    pub header_seconds: u64,
    /// Seconds for which a connection is kept open without a request.
    pub keep_alive_seconds: u64,
    /// Seconds after which a request's connection that nothing moves on is closed; longer than any model's timeout.
    pub idle_seconds: u64,
    /// Seconds that a client may keep an answer waiting in all; then it counts as gone.
    pub client_patience_seconds: u64,
    /// Bytes of an answer that a client takes for each second of waiting that it is given back.
    pub answer_bytes_per_second: u64,
    /// Seconds without an event after which a stream gets a comment, so that nothing in between closes it.
    pub stream_comment_seconds: u64,
    /// Streams of reports that are open at once.
    pub report_streams: usize,
    /// Streams of reports of one IPv4 address or IPv6 prefix of 64 bits that are open at once.
    pub report_streams_per_address: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 4 << 20,
            answer_bytes: 64 << 20,
            body_seconds: 30,
            body_bytes_per_second: 1_024,
            receiving_bytes: 256 << 20,
            sending_bytes: 512 << 20,
            requests: 1_024,
            requests_per_credit: 256,
            connections: 4_096,
            connections_per_address: 1_024,
            first_byte_seconds: 10,
            header_seconds: 10,
            keep_alive_seconds: 75,
            idle_seconds: 900,
            client_patience_seconds: 30,
            answer_bytes_per_second: 4_096,
            stream_comment_seconds: 15,
            report_streams: 64,
            report_streams_per_address: 4,
        }
    }
}

impl Limits {
    /// Reads the section. `longest` is the longest timeout of a model.
    pub(super) fn read(reader: &mut Reader, longest: Duration) -> Limits {
        let otherwise = Limits::default();
        reader.section("limits", |section| {
            let mut count = |key, otherwise| section.number(key, otherwise, 1..=MAX_COUNT);
            let mut limits = Limits {
                body_bytes: count("body_bytes", otherwise.body_bytes),
                answer_bytes: count("answer_bytes", otherwise.answer_bytes),
                receiving_bytes: count("receiving_bytes", otherwise.receiving_bytes),
                sending_bytes: count("sending_bytes", otherwise.sending_bytes),
                requests: count("requests", otherwise.requests),
                requests_per_credit: count("requests_per_credit", otherwise.requests_per_credit),
                connections: count("connections", otherwise.connections),
                report_streams: count("report_streams", otherwise.report_streams),
                report_streams_per_address: count(
                    "report_streams_per_address",
                    otherwise.report_streams_per_address,
                ),
                ..otherwise
            };
            // A quarter of the places, so that a few addresses cannot take them all.
            let share = otherwise.connections_per_address.min(limits.connections.div_ceil(4));
            limits.connections_per_address = section.number("connections_per_address", share, 1..=MAX_COUNT);
            limits.body_bytes_per_second =
                section.number("body_bytes_per_second", limits.body_bytes_per_second, 1..=1 << 30);
            limits.answer_bytes_per_second =
                section.number("answer_bytes_per_second", limits.answer_bytes_per_second, 1..=1 << 30);
            let mut seconds = |key, value: &mut u64| *value = section.number(key, *value, SECONDS);
            seconds("body_seconds", &mut limits.body_seconds);
            seconds("first_byte_seconds", &mut limits.first_byte_seconds);
            seconds("header_seconds", &mut limits.header_seconds);
            seconds("keep_alive_seconds", &mut limits.keep_alive_seconds);
            seconds("idle_seconds", &mut limits.idle_seconds);
            seconds("client_patience_seconds", &mut limits.client_patience_seconds);
            seconds("stream_comment_seconds", &mut limits.stream_comment_seconds);
            if limits.idle_seconds <= longest.as_secs() {
                let mistake = format!(
                    "{} is not above the longest model.timeout_seconds, {}; raise it",
                    limits.idle_seconds,
                    longest.as_secs()
                );
                section.mistake("idle_seconds", mistake);
            }
            for (key, room, (of, bytes)) in [
                ("receiving_bytes", limits.receiving_bytes, ("body of body_bytes", limits.body_bytes)),
                ("sending_bytes", limits.sending_bytes, ("answer of answer_bytes", limits.answer_bytes)),
            ] {
                if room < bytes {
                    section.mistake(key, format!("{room} has no room for one {of}, {bytes}; raise it"));
                }
            }
            limits
        })
    }

    /// The longest times of connections.
    pub(crate) fn deadlines(&self) -> Deadlines {
        Deadlines {
            first_byte: Duration::from_secs(self.first_byte_seconds),
            header: Duration::from_secs(self.header_seconds),
            keep_alive: Duration::from_secs(self.keep_alive_seconds),
            serving: Limit::Idle(Duration::from_secs(self.idle_seconds)),
            reading: Reading {
                patience: Duration::from_secs(self.client_patience_seconds),
                bytes_per_second: self.answer_bytes_per_second,
            },
        }
    }

    /// Bounds on bodies, with room for all that are received at once.
    pub(crate) fn body_bounds(&self) -> BodyBounds {
        BodyBounds {
            bytes: self.body_bytes,
            time: Duration::from_secs(self.body_seconds),
            grace: BODY_GRACE.min(Duration::from_secs(self.body_seconds)),
            bytes_per_second: self.body_bytes_per_second,
            memory: Arc::new(Semaphore::new((self.receiving_bytes / 1_024).clamp(1, Semaphore::MAX_PERMITS))),
        }
    }
}
