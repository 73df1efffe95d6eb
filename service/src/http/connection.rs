//! Connections, bounded in time.

use {
    super::{
        connections::Place,
        slot::{Phase, PhaseState},
    },
    std::{
        io,
        pin::Pin,
        task::{Context, Poll},
        time::Duration,
    },
    tokio::{
        io::{AsyncRead, AsyncWrite, ReadBuf},
        net::TcpStream,
        time::{Instant, Sleep, sleep, sleep_until},
    },
};

/// The longest time of a connection that serves a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Time in which nothing moves. Suits answers that are streamed for as long as somebody reads them.
    Idle(Duration),
    /// Time of each turn: of a request until its answer begins, and of an answer until the next request begins. Suits short
    /// requests and answers: a client that sends or takes a byte now and then does not hold its place.
    Turn(Duration),
}

/// The time for which a client may let an answer wait, however long a connection may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Time in all in which nothing can be written since the client takes nothing, less the time that it earns.
    pub patience: Duration,
    /// Bytes that it must take for a second of that time.
    pub bytes_per_second: u64,
}

/// The longest times of a connection, from one part of its life to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the connection to the first byte.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head, however often bytes come.
    pub header: Duration,
    /// From the end of an answer to the first byte of the next request.
    pub keep_alive: Duration,
    /// From the end of a head until the answer has gone out.
    pub serving: Limit,
    /// Of that the time for which the client lets the answer wait.
    pub reading: Reading,
}

impl Deadlines {
    /// The time at which a phase ends, whatever moves in it; that of a request depends on what moves.
    fn end(&self, state: PhaseState) -> Instant {
        let (Limit::Idle(serving) | Limit::Turn(serving)) = self.serving;
        let (from, time) = match state.phase {
            Phase::Silent => (state.since, self.first_byte),
            Phase::Waiting => (state.since, self.keep_alive),
            Phase::Head => (state.since, self.header),
            Phase::Receiving | Phase::Serving | Phase::Flushing | Phase::Closed => (Instant::now(), serving),
        };
        from.checked_add(time).unwrap_or(from)
    }
}

/// A connection that fails with [`io::ErrorKind::TimedOut`] at its deadline. It keeps its place for as long as it lives.
///
/// | phase | time that ends it | begins anew |
/// |---|---|---|
/// | `Silent` | `first_byte` | never |
/// | `Waiting` | `keep_alive` | never |
/// | `Head` | `header` | never |
/// | `Receiving`, `Serving`, `Flushing` under [`Limit::Idle`] | that one | as bytes come or go (`watch`) |
/// | the same under [`Limit::Turn`] | that one | as the answer begins, and as bytes come after some of it (`turn`) |
/// | each, while nothing can be written | `reading.patience`, by `stall` | as bytes go, which earn time (`watch_write`) |
/// | `Closed` | none: its task ends it | |
///
/// `timer` runs for all but `stall`. It is set for each new phase (`follow_phase`); `Receiving`, `Serving` and `Flushing` of one
/// request share it.
pub(super) struct Connection {
    stream: TcpStream,
    deadlines: Deadlines,
    timer: Pin<Box<Sleep>>,
    /// Runs while nothing can be written.
    stall: Option<Pin<Box<Sleep>>>,
    /// The number of the phase that the timer runs for.
    timed: u64,
    is_answering: bool,
    place: Place,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, deadlines: Deadlines, place: Place) -> Connection {
        let state = place.slot.state();
        let timer = Box::pin(sleep_until(deadlines.end(state)));
        Connection { stream, deadlines, timer, stall: None, timed: state.number, is_answering: false, place }
    }

    fn restart(&mut self, time: Duration) {
        let now = Instant::now();
        self.timer.as_mut().reset(now.checked_add(time).unwrap_or(now));
    }

    /// Sets the timer for the phase that the connection is in. Returns true where it serves a request.
    fn follow_phase(&mut self) -> bool {
        let state = self.place.slot.state();
        if state.number != self.timed {
            self.timed = state.number;
            // What follows an answer belongs to its turn.
            if state.phase != Phase::Flushing {
                self.timer.as_mut().reset(self.deadlines.end(state));
                self.is_answering = false;
            }
        }
        matches!(state.phase, Phase::Receiving | Phase::Serving | Phase::Flushing)
    }

    /// Begins a turn where it was the other side's.
    fn turn(&mut self, is_answering: bool) {
        if self.is_answering != is_answering {
            self.is_answering = is_answering;
            if let Limit::Turn(time) = self.deadlines.serving {
                self.restart(time);
            }
        }
    }

    /// Fails at the deadline. `moved` is true where bytes have moved.
    fn watch<T>(
        &mut self,
        poll: Poll<io::Result<T>>,
        moved: bool,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        let is_serving = self.follow_phase();
        if let (Limit::Idle(time), true, true) = (self.deadlines.serving, is_serving, moved) {
            self.restart(time);
            return poll;
        }
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => poll,
        }
    }

    fn begin_write(&mut self) {
        self.follow_phase();
        self.turn(true);
    }

    /// Fails at the deadline, or where the client has let the answer wait for too long.
    fn watch_write(
        &mut self,
        poll: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let Reading { patience, bytes_per_second } = self.deadlines.reading;
        match &poll {
            Poll::Ready(Ok(bytes)) => {
                self.stall = None;
                self.place.slot.note_written(*bytes, bytes_per_second, Instant::now());
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                let left = self.place.slot.note_stall(patience, Instant::now());
                let timer = self.stall.get_or_insert_with(|| Box::pin(sleep(left)));
                if timer.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
        }
        let moved = poll.is_ready();
        self.watch(poll, moved, context)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        let received = buffer.filled().len() > before;
        if received {
            self.place.slot.received();
            if self.follow_phase() {
                self.turn(false);
            }
        }
        self.watch(poll, received, context)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.begin_write();
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch_write(poll, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.begin_write();
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch_write(poll, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// All that the server has buffered is written before it comes here.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(context);
        if poll.is_ready() && self.place.slot.note_flushed() {
            self.place.connections.note_idle();
        }
        self.watch(poll, false, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
