//! Comments in streams of events while nothing else comes, so that no proxy in between takes the connection for dead.

use {
    blockable_service::sse::Boundary,
    bytes::Bytes,
    futures_util::{Stream, StreamExt, stream},
    std::{convert::Infallible, time::Duration},
    tokio::time::{Instant, timeout_at},
};

/// A comment, which clients of server-sent events pass over.
const COMMENT: &[u8] = b": keep-alive\n\n";

/// Passes on a stream of server-sent events, with a comment after each pause. None stands within an event, however the stream is
/// cut into pieces.
pub(crate) fn with_comments<S>(events: S, pause: Duration) -> impl Stream<Item = S::Item> + Send + use<S>
where
    S: Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
{
    stream::unfold((Box::pin(events), Boundary::new()), move |(mut events, mut place)| async move {
        let deadline = Instant::now() + pause;
        loop {
            let piece = match place.is_between() {
                true => timeout_at(deadline, events.next()).await,
                false => Ok(events.next().await),
            };
            return match piece {
                Err(_) => Some((Ok(Bytes::from_static(COMMENT)), (events, place))),
                Ok(None) => None,
                Ok(Some(Ok(piece))) if piece.is_empty() => continue,
                Ok(Some(Ok(piece))) => {
                    place.feed(&piece);
                    Some((Ok(piece), (events, place)))
                }
            };
        }
    })
}

#[cfg(test)]
mod tests {
    use {super::*, tokio::sync::mpsc, tokio_stream::wrappers::ReceiverStream};

    #[tokio::test]
    async fn a_silent_stream_gets_comments_between_its_events_and_never_within_one() {
        let (sender, receiver) = mpsc::channel::<Result<Bytes, Infallible>>(8);
        let stream = with_comments(ReceiverStream::new(receiver), Duration::from_millis(20));
        let reading = tokio::spawn(async move {
            let pieces: Vec<_> = Box::pin(stream).collect().await;
            pieces.into_iter().flat_map(|piece| piece.unwrap().to_vec()).collect::<Vec<u8>>()
        });
        let pieces = [
            ("data: 1\n\n", 100),
            ("data: ", 100),
            ("2\r\n", 50),
            ("\r\n", 0),
            ("", 100),
            ("data: [DONE]\n\n", 0),
        ];
        for (text, milliseconds) in pieces {
            sender.send(Ok(Bytes::from(text))).await.unwrap();
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        }
        drop(sender);
        let text = String::from_utf8(reading.await.unwrap()).unwrap();
        let comment = ": keep-alive\n\n";
        assert_eq!(text.replace(comment, ""), "data: 1\n\ndata: 2\r\n\r\ndata: [DONE]\n\n");
        let (before, after) = text.split_once("data: 2\r\n\r\n").expect("no comment stands within an event");
        assert!(before.contains(comment) && after.contains(comment), "{text}");
    }
}
