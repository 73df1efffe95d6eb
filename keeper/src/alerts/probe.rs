//! Sinks without a store: a test message to each, and checks of each.

use {
    crate::{
        alerts::{
            Alert, Level,
            entries::Phase,
            rules::Evaluated,
            settings::AlertSettings,
            sink::Sink,
            sinks::{Http, Pinger},
            unix_now,
        },
        finding::{Fact, Finding, Loss},
    },
    blockable_sdk::{Pubkey, amounts::ChainTime},
    futures_util::future::{BoxFuture, FutureExt, join_all, ready},
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

/// Tells the sinks that want it of a loss of the store which keeps the keeper from starting, or of the end of that. Returns the result
/// of each sink.
pub(crate) async fn tell_of_store(
    settings: &AlertSettings,
    market: Pubkey,
    loss: &Loss,
    is_over: bool,
) -> Vec<SinkResult> {
    let finding = Finding::is(market, Fact::StoreLost(loss.clone()));
    let found = Evaluated::new(finding, &settings.rules);
    let Some(mut alert) = Alert::from_finding(&found, loss.since).filter(|_| found.level == Level::Raise)
    else {
        return Vec::new();
    };
    let phase = if is_over { Phase::Cleared } else { Phase::Raised };
    alert.cleared_at = is_over.then_some(loss.until);
    let (alert, message) = (&alert, &settings.origin(market).alert(&alert, phase));
    let send = |sink: Sink| {
        async move {
            match sink.subscription.includes(alert) {
                true => sink.channel.send(message).await.map_err(|refusal| refusal.reason),
                false => Ok(()),
            }
        }
        .boxed()
    };
    each(settings, None, send, |_| ready(Ok(())).boxed()).await
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
    opened.unwrap_or_else(|error| ready(Err(error.to_string())).boxed())
}
