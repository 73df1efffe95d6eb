//! Endpoints that are pulled, well-behaved and otherwise.

use {
    super::{
        server::{Reports, Server, until_so},
        *,
    },
    axum::{
        body::Body,
        http::{StatusCode, header::LOCATION},
        response::IntoResponse,
    },
    futures_util::{StreamExt, stream},
    std::convert::Infallible,
};

/// Reports of five instants, by reporter 0 on chunk 0.
fn five() -> Vec<ReportRecord> {
    (0..5).map(|number| report(0, 0, CLOCK + number, &[number.unsigned_abs()])).collect()
}

async fn pull(keeper: &Keeper, settings: &SourceSettings) -> Result<Taken, SourceError> {
    keeper.ingest.round(std::slice::from_ref(settings)).await.remove(0).1
}

#[tokio::test]
async fn pages_are_read_to_the_end_and_the_cursor_survives_a_restart() {
    let served = Reports::new(five());
    let server = served.serve().await;
    let keeper = Keeper::new().await;
    let mut settings = server.settings();
    settings.limits.pages = 1;
    let taken = pull(&keeper, &settings).await.unwrap();
    assert_eq!((taken.accepted, keeper.latest(0, 0).unwrap().reported_at), (5, CLOCK + 4));
    assert_eq!(served.asked(), ["0", "2", "4"], "pages of two");
    let keeper = keeper.restarted().await;
    let taken = pull(&keeper, &server.settings()).await.unwrap();
    assert_eq!((taken, served.asked()), (Taken::default(), vec!["5".to_string()]));
    let mut other = server.settings();
    other.provider = key(9);
    assert!(matches!(pull(&keeper, &other).await, Err(SourceError::UnknownProvider(_))));
    assert_eq!(served.asked(), Vec::<String>::new(), "what could not be validated is not asked for");
}

#[tokio::test]
async fn a_round_that_does_not_come_to_the_last_page_says_so_and_the_next_goes_on() {
    let served = Reports::new(five());
    let server = served.serve().await;
    let keeper = Keeper::new().await;
    let sources = [server.settings()];
    let round = async |pages| {
        let limit = Duration::from_secs(60);
        keeper.ingest.round_within(&sources, pages, limit).await.remove(0).1.map(|taken| taken.accepted)
    };
    assert!(matches!(round(2).await, Err(SourceError::Unfinished)));
    assert_eq!(keeper.latest(0, 0).unwrap().reported_at, CLOCK + 3, "what was read is known");
    assert_eq!((round(2).await.unwrap(), served.asked()), (1, ["0", "2", "4"].map(String::from).to_vec()));

    let next = Arc::new(std::sync::atomic::AtomicU64::new(9));
    let endless = Server::answering(move || {
        let next = next.fetch_add(2, std::sync::atomic::Ordering::SeqCst);
        let page = blockable_sdk::reports::ReportPage { next, reports: numbered(five()) };
        serde_json::to_string(&page).unwrap()
    })
    .await;
    let sources = [endless.settings()];
    let limit = Duration::from_millis(300);
    let began = std::time::Instant::now();
    let (_, pulled) = keeper.ingest.round_within(&sources, u32::MAX, limit).await.remove(0);
    assert!(matches!(pulled, Err(SourceError::Unfinished)), "{pulled:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test]
async fn numbers_that_start_over_are_read_from_the_start() {
    let served = Reports::new(five());
    let server = served.serve().await;
    let keeper = Keeper::new().await;
    pull(&keeper, &server.settings()).await.unwrap();
    let anew: Vec<ReportRecord> = (5..9).map(|number| report(0, 0, CLOCK + number, &[9])).collect();
    served.set(anew[..3].to_vec());
    served.asked();
    let taken = pull(&keeper, &server.settings()).await.unwrap();
    assert_eq!(served.asked(), ["5", "0", "2"]);
    assert_eq!((taken.accepted, keeper.latest(0, 0).unwrap().reported_at), (3, CLOCK + 7));
    served.set(anew);
    assert_eq!(pull(&keeper, &server.settings()).await.unwrap().accepted, 1);
    assert_eq!(served.asked(), ["3"]);
    served.set([]);
    assert_eq!(pull(&keeper, &server.settings()).await.unwrap(), Taken::default());
    assert_eq!(served.asked(), ["4", "0"], "and from an empty one");
}

#[tokio::test]
async fn an_epoch_that_the_chain_does_not_show_yet_is_waited_for_but_not_for_ever() {
    let mut reports = five();
    reports[1] = resigned(reports[1].clone(), |record| record.epoch = EPOCH + 1);
    let served = Reports::new(reports);
    let server = served.serve().await;
    let keeper = Keeper::new().await;
    let taken = pull(&keeper, &server.settings()).await.unwrap();
    assert_eq!((taken.accepted, taken.count(ReportRefusal::NewerEpoch)), (1, 1));
    assert_eq!(pull(&keeper, &server.settings()).await.unwrap().duplicates, 1);
    assert_eq!(served.asked(), ["0", "0"], "the cursor has not moved");
    let mut raised = chain();
    raised.providers.get_mut(&provider()).unwrap().epoch = EPOCH + 1;
    keeper.ingest.update_chain(Arc::new(raised));
    let taken = pull(&keeper, &server.settings()).await.unwrap();
    assert_eq!((taken.accepted, taken.count(ReportRefusal::OlderEpoch)), (1, 4));
    assert_eq!(served.asked(), ["0", "2", "4"]);

    let mut impatient = server.settings();
    impatient.limits.wait_for_epoch = Duration::ZERO;
    let keeper = Keeper::new().await;
    assert_eq!(pull(&keeper, &impatient).await.unwrap().accepted, 4);
}

#[tokio::test]
async fn reports_of_others_and_reports_that_cannot_be_read_do_not_spoil_a_page() {
    let good = report(0, 0, CLOCK, &[10]);
    let other = resigned(good.clone(), |record| record.provider = key(9));
    let page = serde_json::json!({"reports": [other, {"seq": 2}, "garbage", good], "next": 4});
    let server = Server::answering(move || page.to_string()).await;
    let keeper = Keeper::new().await;
    let mut settings = server.settings();
    settings.limits.page = 10;
    let taken = pull(&keeper, &settings).await.unwrap();
    assert_eq!(
        (taken.accepted, taken.count(ReportRefusal::WrongProvider), taken.count(ReportRefusal::Malformed)),
        (1, 1, 2)
    );
    assert_eq!(keeper.latest(0, 0), Some(good));
}

#[tokio::test]
async fn more_reports_than_were_asked_for_are_taken_in_bounded_batches() {
    let old = ReportRecord { epoch: EPOCH - 1, ..report(0, 0, CLOCK, &[1]) };
    let reports = numbered(std::iter::repeat_n(old, 519).chain([report(0, 0, CLOCK, &[2])]));
    let page = blockable_sdk::reports::ReportPage { next: 520, reports };
    let body = serde_json::to_string(&page).unwrap();
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let empty = r#"{"reports": [], "next": 520}"#.to_string();
    let answer = move || match asked.swap(true, std::sync::atomic::Ordering::SeqCst) {
        false => body.clone(),
        true => empty.clone(),
    };
    let server = Server::answering(answer).await;
    let keeper = Keeper::new().await;
    let mut settings = server.settings();
    let taken = pull(&keeper, &settings).await.unwrap();
    assert_eq!((taken.accepted, taken.count(ReportRefusal::OlderEpoch)), (1, 519));
    settings.limits.body = 20;
    assert!(matches!(pull(&keeper, &settings).await, Err(SourceError::TooLong(20))));
}

#[tokio::test]
async fn what_a_bad_server_answers_is_bounded_and_named() {
    let keeper = Keeper::new().await;
    let failure = async |server: Server, change: fn(&mut EndpointLimits)| {
        let mut settings = server.settings();
        change(&mut settings.limits);
        let error = pull(&keeper, &settings).await.unwrap_err();
        assert!(!error.to_string().contains("under"), "no path: {error}");
        error
    };
    let same: fn(&mut EndpointLimits) = |_| {};
    let hurry: fn(&mut EndpointLimits) = |limits| limits.deadline = Duration::from_millis(50);

    let server = Server::answering(|| (StatusCode::INTERNAL_SERVER_ERROR, "secret")).await;
    assert!(matches!(failure(server, same).await, SourceError::Status(500)));
    let server = Server::answering(|| (StatusCode::FOUND, [(LOCATION, "http://127.0.0.1:1/")])).await;
    assert!(matches!(failure(server, same).await, SourceError::Redirect(302)));
    for text in
        ["<html>", "", "{}", "[1, 2]", r#"{"reports": 7, "next": 1}"#, r#"{"reports": [], "next": -1}"#]
    {
        let server = Server::answering(move || text).await;
        assert!(matches!(failure(server, same).await, SourceError::NotReports), "{text}");
    }
    let nested = "[".repeat(100_000);
    let server = Server::answering(move || nested.clone()).await;
    assert!(matches!(failure(server, same).await, SourceError::NotReports));
    let noise = || stream::repeat_with(|| Ok::<_, Infallible>(vec![0xff_u8; 1 << 16]));
    let server = Server::answering(move || Body::from_stream(noise()).into_response()).await;
    assert!(matches!(failure(server, same).await, SourceError::TooLong(_)));
    let slow = || {
        let drop = stream::once(async { Ok::<_, Infallible>("{") });
        drop.chain(stream::pending())
    };
    let server = Server::answering(move || Body::from_stream(slow()).into_response()).await;
    assert!(matches!(failure(server, hurry).await, SourceError::Timeout));
    let gone = Server::answering(|| "").await.url.clone();
    let mut settings = SourceSettings::new(gone, provider());
    settings.limits.deadline = Duration::from_secs(5);
    tokio::task::yield_now().await;
    assert!(matches!(pull(&keeper, &settings).await, Err(SourceError::Unreachable(_))));
    assert!(keeper.ingest.shelf().is_empty());
}

#[tokio::test]
async fn the_loops_go_on_over_failures_and_health_says_how_they_fare() {
    let keeper = Keeper::new().await;
    let health = Health::default();
    let (stop, stopped) = watch::channel(false);
    let broken = Server::answering(|| StatusCode::INTERNAL_SERVER_ERROR).await;
    let mut settings = broken.settings();
    (settings.every, settings.limits.deadline) = (Duration::from_millis(10), Duration::from_millis(100));
    let oracles = |health: &Health| health.parts().get("oracles").cloned();
    let tasks = keeper.ingest.start(vec![settings.clone()], stopped.clone(), &health);
    until_so("trouble", || {
        oracles(&health).is_some_and(|state| state.is_err_and(|why| why.contains("HTTP status 500")))
    })
    .await;
    assert!(health.stalled().is_empty(), "it goes round");
    stop.send(true).unwrap();
    for task in tasks {
        task.await.unwrap();
    }

    let served = Reports::new(five());
    let server = served.serve().await;
    let (stop, stopped) = watch::channel(false);
    let mut working = server.settings();
    working.limits.deadline = Duration::from_millis(500);
    let tasks = keeper.ingest.start(vec![settings, working], stopped, &health);
    until_so("reports", || keeper.ingest.shelf().len() == 1).await;
    until_so("readiness", || oracles(&health) == Some(Ok(()))).await;
    served.set(five().into_iter().chain([report(1, 0, CLOCK, &[3])]));
    until_so("what was signed since", || keeper.ingest.shelf().len() == 2).await;
    drop(server);
    until_so("trouble with both", || oracles(&health).is_some_and(|state| state.is_err())).await;
    drop(stop);
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_read_before_the_chain_is() {
    let keeper = Keeper::new().await;
    let blind = Ingest::open(keeper.store.clone(), market()).await.unwrap();
    let served = Reports::new(five());
    let server = served.serve().await;
    let (host, pulled) = blind.round(&[server.settings()]).await.remove(0);
    assert!(matches!(pulled, Err(SourceError::NoChain)));
    assert_eq!(host, format!("127.0.0.1:{}", server.url.port().unwrap()));
    let (_stop, stopped) = watch::channel(false);
    blind.start(vec![server.settings()], stopped, &Health::default());
    assert_eq!(served.asked(), Vec::<String>::new());
    blind.update_chain(Arc::new(chain()));
    until_so("reports", || blind.shelf().len() == 1).await;
}
