//! Sinks without a store: a test message to each, and checks of each.

use {
    crate::alerts::{
        settings::AlertSettings,
        sink::Sink,
        sinks::{Http, Pinger},
        unix_now,
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    futures_util::future::{BoxFuture, FutureExt, join_all},
};

/// The result on a sink, by its name.
pub(crate) type SinkResult = (String, Result<(), String>);

/// Sends a test message to every sink, or to the one of a name (`webhook/NAME`, or `NAME` alone), and asks for every ping's URL. Returns
/// the result of each, and none where no sink has the name.
pub(crate) async fn test_sinks(
    settings: &AlertSettings,
    market: Pubkey,
    only: Option<&str>,
) -> Vec<SinkResult> {
    let message = settings.origin(market).test(ChainTime(unix_now()));
    let message = &message;
    let send = |sink: Sink| {
        async move { sink.channel.send(message).await.map_err(|refusal| refusal.reason) }.boxed()
    };
    let ping = |pinger: Pinger| async move { pinger.ping().await }.boxed();
    each(settings, only, send, ping).await
}

/// Checks every sink without a message: its secrets, and that its server takes connections. Returns the result of each.
pub(crate) async fn check_sinks(settings: &AlertSettings) -> Vec<SinkResult> {
    let check = |sink: Sink| async move { sink.channel.check().await }.boxed();
    let ping = |pinger: Pinger| async move { pinger.check().await }.boxed();
    each(settings, None, check, ping).await
}

async fn each<'a>(
    settings: &AlertSettings,
    only: Option<&str>,
    of_sink: impl Fn(Sink) -> BoxFuture<'a, Result<(), String>>,
    of_pinger: impl Fn(Pinger) -> BoxFuture<'a, Result<(), String>>,
) -> Vec<SinkResult> {
    let http = match Http::new() {
        Ok(http) => http,
        Err(error) => return vec![("sinks".to_string(), Err(error.to_string()))],
    };
    let is_chosen = |name: &str| {
        only.is_none_or(|only| name == only || name.split_once('/').is_some_and(|(_, bare)| bare == only))
    };
    let sinks = Sink::open_each(settings, &http).into_iter();
    let mut results: Vec<(String, BoxFuture<'a, Result<(), String>>)> = Vec::new();
    for (name, sink) in sinks.filter(|(name, _)| is_chosen(name)) {
        results.push((name, started(sink.map(&of_sink))));
    }
    for ping in &settings.pings {
        let name = format!("ping/{}", ping.name);
        if is_chosen(&name) {
            results.push((name, started(Pinger::new(ping, &http).map(&of_pinger))));
        }
    }
    join_all(results.into_iter().map(async |(name, result)| (name, result.await))).await
}

/// The future of what was opened, or the reason for which it was not.
fn started<'a>(
    opened: Result<BoxFuture<'a, Result<(), String>>, crate::alerts::AlertError>,
) -> BoxFuture<'a, Result<(), String>> {
    opened.unwrap_or_else(|error| std::future::ready(Err(error.to_string())).boxed())
}
