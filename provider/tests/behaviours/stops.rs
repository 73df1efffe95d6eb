//! A server that stops while streams run.

use {
    super::{
        case::{DONE, stream, text, usage, whole},
        common::{Bench, chat_body},
        run::models,
        script::Act,
        upstream::Upstream,
    },
    serde_json::{Value, json},
    std::time::Duration,
};

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_do_not_end_in_time_are_cut_short_and_charged() {
    let running = stream("").then(&[&text("hello wo"), &text("r")]).act(Act::Hang).acts;
    let ending = stream("").then(&[&text("a")]).act(Act::Pause(100)).sends(&[&usage(10, 3), DONE]).acts;
    let silent = whole("", "").acts(vec![Act::Hang]).acts;
    let (addr, upstream) = Upstream::start([(0, running), (1, ending), (2, silent)].into()).await;
    let bench = Bench::start(|config| {
        config.models = models(addr);
        config.models.iter_mut().for_each(|model| model.silence_seconds = 3);
        config.shutdown_timeout = Duration::from_millis(300);
    })
    .await;
    let ask = async |seed: u64, more: Value| {
        let mut body = chat_body(
            "hi",
            json!({"model": "plain", "metadata": {"case": seed.to_string()}, "max_tokens": 100}),
        );
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.post("/v1/chat/completions", &body)
    };
    let streamed = json!({"stream": true});
    let cut = ask(0, streamed.clone()).await.send().await.unwrap();
    let ended = ask(1, streamed).await.send().await.unwrap();
    let whole = tokio::spawn(ask(2, json!({})).await.send());
    while upstream.got(2).bodies.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (folder, cut, ended, whole) = tokio::join!(bench.stop(), cut.text(), ended.text(), whole);
    let cut = cut.unwrap();
    assert!(cut.contains("hello wo") && cut.contains("shutting_down") && !cut.contains("[DONE]"), "{cut}");
    assert!(ended.unwrap().contains("[DONE]"));
    let whole = whole.unwrap().unwrap();
    assert_eq!(whole.status(), 503);
    let bench = Bench::start_in(folder, |_| {}).await;
    assert_eq!(bench.counted(), ((2 + 6) + (10 + 6), 0));
    bench.stop().await;
}
