//! Connections: bounded in number, and in the time that a request and an answer may take on them.

use {
    axum::serve::Listener,
    std::{
        io,
        net::SocketAddr,
        pin::Pin,
        sync::Arc,
        task::{Context, Poll},
        time::Duration,
    },
    tokio::{
        io::{AsyncRead, AsyncWrite, ReadBuf},
        net::{TcpListener, TcpStream},
        sync::{OwnedSemaphorePermit, Semaphore},
        time::{Instant, Sleep, sleep},
    },
};

/// What a connection gets beyond the deadline of a request, for the request to come in and the answer to go out.
const TRANSFER: Duration = Duration::from_secs(20);

/// A listener that takes no more connections than it may.
pub(super) struct Bounded {
    listener: TcpListener,
    room: Arc<Semaphore>,
    limit: Duration,
}

impl Bounded {
    /// Takes up to `most` connections at once. `deadline` is how long a request may take.
    pub fn new(listener: TcpListener, most: usize, deadline: Duration) -> Bounded {
        let room = Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Bounded { listener, room, limit: deadline.saturating_add(TRANSFER) }
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed; without it the connection would not be counted, and is still served.
        let permit = self.room.clone().acquire_owned().await.ok();
        let (stream, addr) = Listener::accept(&mut self.listener).await;
        // Without it the end of an answer waits for an acknowledgement; a failure costs that wait alone.
        let _ = stream.set_nodelay(true);
        (Connection::new(stream, self.limit, permit), addr)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection on which requests and answers take turns. Each turn has a limit, so that a client that sends or takes a
/// byte now and then does not hold its place.
pub(super) struct Connection {
    stream: TcpStream,
    answering: bool,
    timer: Pin<Box<Sleep>>,
    limit: Duration,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// A connection whose turns have a limit. It counts for as long as it lives.
    pub fn new(stream: TcpStream, limit: Duration, permit: Option<OwnedSemaphorePermit>) -> Connection {
        Connection { stream, answering: false, timer: Box::pin(sleep(limit)), limit, _permit: permit }
    }

    /// Begins a turn where it is the other one's.
    fn turn(&mut self, answering: bool) {
        if self.answering != answering {
            self.answering = answering;
            let now = Instant::now();
            self.timer.as_mut().reset(now.checked_add(self.limit).unwrap_or(now));
        }
    }

    /// Fails where the turn is over its limit.
    fn watch<T>(&mut self, poll: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        match self.timer.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => poll,
        }
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
        if buffer.filled().len() > before {
            self.turn(false);
        }
        self.watch(poll, context)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.turn(true);
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(poll, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.turn(true);
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(poll, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(poll, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
