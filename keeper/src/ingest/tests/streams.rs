//! Endpoints whose stream is followed.

use {
    super::{
        server::{Reports, Server, until_so},
        *,
    },
    axum::{Router, body::Body, http::header::CONTENT_TYPE, response::IntoResponse, routing::get},
    futures_util::stream,
    std::convert::Infallible,
};

fn instants(count: i64) -> Vec<ReportRecord> {
    (0..count).map(|number| report(0, 0, CLOCK + number, &[number.unsigned_abs()])).collect()
}

fn streaming(server: &Server) -> SourceSettings {
    SourceSettings { mode: Mode::Stream, ..server.settings() }
}

/// Reads an endpoint until the test ends.
fn follow(keeper: &Keeper, settings: SourceSettings) -> watch::Sender<bool> {
    let (stop, stopped) = watch::channel(false);
    keeper.ingest.start(vec![settings], stopped, &Health::default());
    stop
}

fn newest(keeper: &Keeper) -> Option<i64> {
    keeper.latest(0, 0).map(|latest| latest.reported_at - CLOCK)
}

#[tokio::test]
async fn a_stream_is_followed_from_where_pulling_ended_and_again_after_each_cut() {
    let served = Reports::new(instants(3));
    served.cut_streams_after(2);
    let server = served.serve().await;
    let keeper = Keeper::new().await;
    let _stop = follow(&keeper, streaming(&server));
    until_so("the first", || newest(&keeper) == Some(2)).await;
    until_so("a stream", || streams(&served) == [3]).await;
    for count in 4..=8 {
        served.set(instants(count));
        until_so("the next", || newest(&keeper) == Some(count - 1)).await;
    }
    assert_eq!(keeper.digests().await, 8, "none was left out");
    until_so("a further stream", || streams(&served).len() > 1).await;
    served.set(instants(9));
    until_so("the last", || newest(&keeper) == Some(8)).await;
    let streams = streams(&served);
    assert_eq!(streams[0], 3);
    assert!(streams.is_sorted() && streams[1] >= 5, "each begins where the last was cut: {streams:?}");
}

/// The numbers that streams were opened with.
fn streams(served: &Reports) -> Vec<u64> {
    served.log().iter().filter_map(|asked| asked.strip_prefix('s')?.parse().ok()).collect()
}

#[tokio::test]
async fn a_stream_that_cannot_be_opened_or_read_is_replaced_by_pulling() {
    let keeper = Keeper::new().await;
    let served = Reports::new(instants(1));
    served.serve_streams(false);
    let server = served.serve().await;
    let stop = follow(&keeper, streaming(&server));
    until_so("the first", || newest(&keeper) == Some(0)).await;
    served.set(instants(2));
    until_so("the second", || newest(&keeper) == Some(1)).await;
    served.serve_streams(true);
    until_so("a stream", || streams(&served) == [2]).await;
    stop.send(true).unwrap();

    // One that says nothing, and one that is no stream.
    for quiet in [true, false] {
        let live = move || async move {
            if quiet {
                let nothing = stream::pending::<Result<String, Infallible>>();
                ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(nothing)).into_response()
            } else {
                "hello".into_response()
            }
        };
        let served = Reports::new(instants(3));
        let pages = served.router();
        let pulls = Router::new().route("/v1/reports/stream", get(live)).fallback_service(pages);
        let server = Server::start(pulls).await;
        let mut settings = streaming(&server);
        settings.limits.idle = Duration::from_millis(30);
        let keeper = Keeper::new().await;
        let _stop = follow(&keeper, settings);
        until_so("the first", || newest(&keeper) == Some(2)).await;
        served.set(instants(4));
        until_so("pulled meanwhile", || newest(&keeper) == Some(3)).await;
    }
}

#[tokio::test]
async fn a_stream_that_starts_over_and_one_with_garbage_are_followed() {
    let keeper = Keeper::new().await;
    let good = serde_json::to_string(&report(0, 0, CLOCK, &[4])).unwrap();
    let text = format!("id: 7\ndata: garbage\n\nid: 2\ndata: {good}\n\n");
    let live = move || {
        let text = text.clone();
        async move {
            let once = stream::iter([Ok::<_, Infallible>(text)]);
            ([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], Body::from_stream(once))
        }
    };
    let empty = || async { r#"{"reports": [], "next": 0}"# };
    let routes = Router::new().route("/v1/reports", get(empty)).route("/v1/reports/stream", get(live));
    let server = Server::start(routes).await;
    let _stop = follow(&keeper, streaming(&server));
    until_so("the good one", || newest(&keeper) == Some(0)).await;
}
