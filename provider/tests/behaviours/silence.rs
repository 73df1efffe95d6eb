//! Upstreams that are silent for long while they answer: their clients hear that the stream lives.

use {
    super::{
        case::{Case, DONE, ERROR, FINISH, stream, text, usage},
        common::{Bench, ours},
        run::models,
        script::Act,
        upstream::Upstream,
    },
    blockable_provider::config::ModelConfig,
    serde_json::json,
    std::{collections::HashMap, sync::Arc, time::Duration},
    tokio::{sync::Notify, time::timeout},
};

/// The comment that clients of server-sent events skip.
const COMMENT: &str = ": keep-alive\n\n";
/// Longest time until a comment comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer as far as it has come.
struct Stream {
    answer: reqwest::Response,
    text: String,
}

impl Stream {
    /// Reads on until the text has so many comments.
    async fn until_comments(&mut self, count: usize) {
        while self.text.matches(COMMENT).count() < count {
            let piece = timeout(PATIENCE, self.answer.chunk()).await.expect("a comment comes");
            self.text += &String::from_utf8_lossy(&piece.unwrap().expect("the stream goes on"));
        }
    }
}

/// Asks for a stream at a server that writes a comment each second.
async fn ask(case: Case) -> (Bench, Stream) {
    let (addr, _) = Upstream::start(HashMap::from([(0, case.acts)])).await;
    let bench = Bench::start(|config| {
        let patient = |model| ModelConfig { timeout_seconds: 60, silence_seconds: 60, ..model };
        config.models = models(addr).into_iter().map(patient).collect();
        config.limits.stream_comment_seconds = 1;
    })
    .await;
    let mut body =
        json!({"model": "plain", "metadata": {"case": "0"}, "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(case.more.as_object().unwrap().clone());
    let request = bench.http.post(bench.url("/v1/chat/completions")).bearer_auth(bench.key(&ours()));
    let stream = Stream { answer: request.json(&body).send().await.unwrap(), text: String::new() };
    assert_eq!(stream.answer.status(), 200);
    (bench, stream)
}

/// The head goes out with the first text, but no later than the first comment: proxies in between wait no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_fails_after_its_first_comment_ends_with_the_error() {
    let failed = Arc::new(Notify::new());
    let case = stream("silent, then an error").act(Act::Wait(failed.clone())).sends(&[ERROR]);
    let (bench, mut stream) = ask(case).await;
    stream.until_comments(1).await;
    failed.notify_one();
    while let Some(piece) = stream.answer.chunk().await.unwrap() {
        stream.text += &String::from_utf8_lossy(&piece);
    }
    assert!(stream.text.contains("upstream_failed") && !stream.text.contains("[DONE]"), "{}", stream.text);
    assert_eq!(bench.used().await, 0);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hears_that_its_stream_lives_while_the_upstream_is_silent() {
    let [first, second] = [(); 2].map(|()| Arc::new(Notify::new()));
    let word = text("hello wo");
    let (begin, end) = word.split_at(20);
    let case = stream("silent before its first event and within its second one")
        .act(Act::Wait(first.clone()))
        .then(&[&word])
        .act(Act::Wait(second.clone()))
        .then(&[begin])
        .act(Act::Pause(50))
        .sends(&[end, FINISH, &usage(10, 4), DONE]);
    let (bench, mut stream) = ask(case).await;

    stream.until_comments(2).await;
    assert_eq!(stream.text, COMMENT.repeat(2), "nothing has come from the upstream");
    first.notify_one();
    stream.until_comments(3).await;
    assert!(stream.text.contains("hello wo"), "{}", stream.text);
    second.notify_one();
    while let Some(piece) = stream.answer.chunk().await.unwrap() {
        stream.text += &String::from_utf8_lossy(&piece);
    }
    let events = stream.text.replace(COMMENT, "");
    let events: Vec<&str> = events.split("\n\n").filter(|event| !event.is_empty()).collect();
    assert!(events.iter().all(|event| event.starts_with("data: ")), "no comment within an event: {events:?}");
    assert_eq!((events.len(), events.last()), (5, Some(&"data: [DONE]")), "{events:?}");
    assert_eq!(bench.used().await, 10 + 8, "comments cost nothing");
    bench.stop().await;
}
