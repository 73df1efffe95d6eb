//! Classes of tokens with prices of their own. A token costs: prompt 10, cached 1, sound 20; generated 100, reasoning 50, images 300.

use super::{
    case::{BOUND, Case, body, whole},
    run::run,
};
use serde_json::json;

fn stated(name: &'static str, usage: &str) -> Case {
    whole(name, body("x", &format!("{{\"prompt_tokens\":10,\"completion_tokens\":5,{usage}}}")))
        .model("classes")
        .with(json!({"max_tokens": 100}))
}

pub fn cases() -> Vec<Case> {
    let details = "\"total_tokens\":15,\"completion_tokens_details\":{\"reasoning_tokens\":3}";
    vec![
        stated("no classes", "\"total_tokens\":15").costs(600),
        stated("cached tokens", "\"prompt_tokens_details\":{\"cached_tokens\":4}").costs(60 + 4 + 500),
        stated(
            "cached tokens by other names",
            "\"prompt_cache_hit_tokens\":4,\"prompt_cache_miss_tokens\":6",
        )
        .costs(60 + 4 + 500),
        stated("more cached tokens than the prompt has", "\"prompt_tokens_details\":{\"cached_tokens\":400}")
            .costs(10 + 500),
        stated("sound in the prompt", "\"prompt_tokens_details\":{\"audio_tokens\":2}").costs(80 + 40 + 500),
        stated(
            "images in the prompt cost as much as the prompt",
            "\"prompt_tokens_details\":{\"image_tokens\":2}",
        )
        .costs(600),
        stated("reasoning within the answer", details).costs(100 + 200 + 150),
        stated("reasoning apart from the answer, by the total", &details.replace("15", "18"))
            .costs(100 + 500 + 150),
        stated("reasoning next to the answer", "\"reasoning_tokens\":3").costs(100 + 500 + 150),
        stated(
            "reasoning next to the answer that the total has in it",
            "\"reasoning_tokens\":3,\"total_tokens\":15",
        )
        .costs(100 + 200 + 150),
        stated("more reasoning than answer", "\"completion_tokens_details\":{\"reasoning_tokens\":30}")
            .costs(100 + 500 + 1_500),
        stated("images in the answer", "\"completion_tokens_details\":{\"image_tokens\":1}")
            .costs(100 + 400 + 300),
        stated(
            "sound in the answer costs as much as the answer",
            "\"completion_tokens_details\":{\"audio_tokens\":1}",
        )
        .costs(600),
        stated(
            "classes that are null",
            "\"prompt_tokens_details\":null,\"completion_tokens_details\":{\"reasoning_tokens\":null}",
        )
        .costs(600),
        stated(
            "tokens written to a cache cost as much as the prompt",
            "\"cache_creation_input_tokens\":4,\"cache_read_input_tokens\":2",
        )
        .costs(80 + 2 + 500),
        whole(
            "dear classes cost no more than the answer's limit",
            body("x", "{\"prompt_tokens\":10,\"completion_tokens\":500,\"completion_tokens_details\":{\"image_tokens\":500}}"),
        )
        .model("classes")
        .with(json!({"max_tokens": 2}))
        .costs(100 + 600),
        whole(
            "a prompt above its bound takes nothing of the answer's share, and all of it is cached",
            body("x", "{\"prompt_tokens\":1000,\"completion_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":800}}"),
        )
        .model("classes")
        .with(json!({"max_tokens": 100}))
        .costs(BOUND + 500),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_class_has_its_price() {
    run(cases()).await;
}
