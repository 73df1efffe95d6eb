//! Connections, bounded in time.

use {
    std::{
        io,
        pin::Pin,
        task::{Context, Poll},
        time::Duration,
    },
    tokio::{
        io::{AsyncRead, AsyncWrite, ReadBuf},
        net::TcpStream,
        sync::OwnedSemaphorePermit,
        time::{Instant, Sleep, sleep},
    },
};

/// The longest time of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Time in which nothing moves. Suits answers that are streamed for as long as somebody reads them.
    Idle(Duration),
    /// Time of each turn: of a request until its answer begins, and of an answer until the next request begins. Suits short
    /// requests and answers: a client that sends or takes a byte now and then does not hold its place.
    Turn(Duration),
}

/// A connection that fails with [`io::ErrorKind::TimedOut`] at its limit.
pub struct Connection {
    stream: TcpStream,
    limit: Limit,
    timer: Pin<Box<Sleep>>,
    is_answering: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connection {
    /// A connection with a limit. It keeps its permit for as long as it lives.
    pub fn new(stream: TcpStream, limit: Limit, permit: Option<OwnedSemaphorePermit>) -> Connection {
        let (Limit::Idle(time) | Limit::Turn(time)) = limit;
        Connection { stream, limit, timer: Box::pin(sleep(time)), is_answering: false, _permit: permit }
    }

    fn restart(&mut self, time: Duration) {
        let now = Instant::now();
        self.timer.as_mut().reset(now.checked_add(time).unwrap_or(now));
    }

    /// Begins a turn where it was the other side's.
    fn turn(&mut self, is_answering: bool) {
        if self.is_answering != is_answering {
            self.is_answering = is_answering;
            if let Limit::Turn(time) = self.limit {
                self.restart(time);
            }
        }
    }

    /// Fails at the limit.
    fn watch<T>(&mut self, poll: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if let (Limit::Idle(time), true) = (self.limit, poll.is_ready()) {
            self.restart(time);
            return poll;
        }
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
        match self.limit {
            // A flush of nothing is no movement.
            Limit::Idle(_) => poll,
            Limit::Turn(_) => self.watch(poll, context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use {
        super::*,
        tokio::{
            io::{AsyncReadExt, AsyncWriteExt},
            net::TcpListener,
            time::timeout,
        },
    };

    /// A connection with a limit, and its client.
    async fn connected(limit: Limit) -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        (Connection::new(stream, limit, None), client)
    }

    /// Reads up to `bytes` bytes from a client that sends one every 5 ms.
    async fn read_trickle(limit: Limit, bytes: usize) -> io::Result<usize> {
        let (mut connection, mut client) = connected(limit).await;
        let trickle = tokio::spawn(async move {
            while client.write_all(b"G").await.is_ok() {
                sleep(Duration::from_millis(5)).await;
            }
        });
        let mut buffer = vec![0; bytes];
        let read = timeout(Duration::from_secs(10), connection.read_exact(&mut buffer)).await.unwrap();
        trickle.abort();
        read
    }

    #[tokio::test]
    async fn a_client_that_sends_a_byte_now_and_then_loses_its_turn() {
        let ended = read_trickle(Limit::Turn(Duration::from_millis(100)), 1_000_000).await.unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        assert_eq!(read_trickle(Limit::Idle(Duration::from_secs(2)), 10).await.unwrap(), 10);
    }

    #[tokio::test]
    async fn a_connection_on_which_nothing_moves_is_ended() {
        for limit in [Limit::Idle, Limit::Turn] {
            let (mut connection, _client) = connected(limit(Duration::from_millis(50))).await;
            let read = timeout(Duration::from_secs(10), connection.read_u8()).await.unwrap();
            assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
    }
}
