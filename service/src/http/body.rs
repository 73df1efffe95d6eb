//! Bodies of requests, bounded in bytes, time and rate.

use {
    super::encoding::{CODINGS, Coding, DecodeError, without_mark},
    axum::{
        body::{Body, BodyDataStream},
        http::{HeaderMap, header::CONTENT_LENGTH},
    },
    bytes::{Bytes, BytesMut},
    futures_util::StreamExt,
    std::{sync::Arc, time::Duration},
    tokio::{
        sync::{Semaphore, SemaphorePermit},
        time::{Instant, timeout_at},
    },
};

/// Bytes that are read of a body that is too large, as a multiple of its bound.
const DRAIN_FACTOR: usize = 8;
/// Bytes that one permit of [`BodyBounds::memory`] stands for.
const PERMIT_BYTES: usize = 1_024;
/// Bytes from which on a body is decompressed in a thread for work that blocks.
const BLOCKING_BYTES: usize = 32 << 10;

/// Bounds on the body of a request.
#[derive(Clone)]
pub struct BodyBounds {
    /// Most bytes, packed and unpacked.
    pub bytes: usize,
    /// Longest time in all.
    pub time: Duration,
    /// Time that a body has in any case before its rate counts.
    pub grace: Duration,
    /// Least bytes per second after the grace, on average.
    pub bytes_per_second: u64,
    /// Room for all bodies that are being read at once, in KiB.
    pub memory: Arc<Semaphore>,
}

/// A reason for which a body is not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It has too many bytes, packed or unpacked.
    #[error("the body is larger than {most} bytes; send less")]
    TooLarge {
        /// Most bytes.
        most: usize,
    },
    /// It takes too long, or its bytes come too slowly.
    #[error("the body did not arrive in time; send it again, faster")]
    TooSlow,
    /// Too much is being received at once.
    #[error("the server receives as much as it has room for; try again shortly")]
    NoRoom,
    /// The connection broke off.
    #[error("the body broke off; send it again")]
    Incomplete,
    /// It is compressed in a way that is not read.
    #[error("the Content-Encoding is none of {CODINGS}; use one of them, or none")]
    UnknownEncoding,
    /// It is not compressed as its header says.
    #[error("the body is not what its Content-Encoding says; correct the header or the body")]
    WrongEncoding,
}

/// Reads a body, unpacks it and removes a byte order mark. Errors: [`BodyError`].
pub async fn read_body(headers: &HeaderMap, body: Body, bounds: &BodyBounds) -> Result<Bytes, BodyError> {
    let coding = Coding::from_headers(headers).ok_or(BodyError::UnknownEncoding);
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let mut reading = Reading { pieces: body.into_data_stream(), bounds, began: Instant::now(), received: 0 };
    let too_large = BodyError::TooLarge { most: bounds.bytes };
    if announced.is_some_and(|bytes| bytes > bounds.bytes as u64) {
        reading.drain().await;
        return Err(too_large);
    }
    let coding = match coding {
        Ok(coding) => coding,
        Err(error) => {
            reading.drain().await;
            return Err(error);
        }
    };
    let packed = match reading.read().await {
        Err(error @ (BodyError::TooLarge { .. } | BodyError::NoRoom)) => {
            reading.drain().await;
            return Err(error);
        }
        read => read?,
    };
    let most = bounds.bytes;
    let unpacked = match coding == Coding::Plain || packed.len() < BLOCKING_BYTES {
        true => coding.decode(packed, most),
        false => tokio::task::spawn_blocking(move || coding.decode(packed, most))
            .await
            .unwrap_or(Err(DecodeError::Broken)),
    };
    match unpacked {
        Ok(body) => Ok(without_mark(body)),
        Err(DecodeError::TooLarge) => Err(too_large),
        Err(DecodeError::Broken) => Err(BodyError::WrongEncoding),
    }
}

/// A body that is being read.
struct Reading<'a> {
    pieces: BodyDataStream,
    bounds: &'a BodyBounds,
    began: Instant,
    received: usize,
}

impl Reading<'_> {
    /// The time by which the next piece must have come.
    fn deadline(&self) -> Instant {
        let millis = (self.received as u64).saturating_mul(1_000) / self.bounds.bytes_per_second.max(1);
        let earned = self.bounds.grace.saturating_add(Duration::from_millis(millis));
        let time = self.bounds.time.min(earned);
        self.began.checked_add(time).unwrap_or(self.began)
    }

    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        let next = timeout_at(self.deadline(), self.pieces.next()).await;
        let piece = next.map_err(|_| BodyError::TooSlow)?.transpose().map_err(|_| BodyError::Incomplete)?;
        self.received = self.received.saturating_add(piece.as_ref().map_or(0, Bytes::len));
        Ok(piece)
    }

    /// Reads all of it. A body of one piece is not copied.
    async fn read(&mut self) -> Result<Bytes, BodyError> {
        let bounds = self.bounds;
        let mut room: Option<SemaphorePermit<'_>> = None;
        let mut first = Bytes::new();
        let mut whole = None::<BytesMut>;
        while let Some(piece) = self.next().await? {
            if self.received > bounds.bytes {
                return Err(BodyError::TooLarge { most: bounds.bytes });
            }
            let needed = self.received.div_ceil(PERMIT_BYTES);
            let more = needed.saturating_sub(room.as_ref().map_or(0, |room| room.num_permits()));
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            let taken = bounds.memory.try_acquire_many(more).map_err(|_| BodyError::NoRoom)?;
            match &mut room {
                Some(room) => room.merge(taken),
                None => room = Some(taken),
            }
            match &mut whole {
                Some(whole) => whole.extend_from_slice(&piece),
                None if first.is_empty() => first = piece,
                None => {
                    let mut joined = BytesMut::from(&first[..]);
                    joined.extend_from_slice(&piece);
                    whole = Some(joined);
                }
            }
        }
        Ok(whole.map_or(first, BytesMut::freeze))
    }

    /// Reads a part of what a refused body still brings. A connection that is closed while its client writes is reset, and
    /// the client would not get the answer.
    async fn drain(&mut self) {
        let most = self.bounds.bytes.saturating_mul(DRAIN_FACTOR);
        while self.received < most {
            if !matches!(self.next().await, Ok(Some(_))) {
                return;
            }
        }
    }
}
