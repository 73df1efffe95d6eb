//! Events in all manners of writing.

use super::{
    case::{Case, DONE, FINISH, stream, text, usage},
    run::run,
};

pub fn cases() -> Vec<Case> {
    let plain = [&*text("hello wo"), FINISH, &usage(10, 3), DONE].concat();
    let each_byte: Vec<String> = plain.chars().map(String::from).collect();
    let each_byte: Vec<&str> = each_byte.iter().map(String::as_str).collect();
    let several_lines = "data: {\"choices\":[],\ndata: \"usage\":\ndata:{\"prompt_tokens\":10,\ndata: \"completion_tokens\":3}}\n\n";
    let named = plain.replace("data: {", "id: 7\nevent: message\nretry: 10\ndata: {");
    let alive = plain.replace("\n\n", "\n\n: alive\n\n");
    vec![
        stream("all in one piece").sends(&[&plain]).costs(16).has(&["hello wo", "[DONE]"]),
        stream("split at each byte").sends(&each_byte).costs(16).has(&["hello wo", "[DONE]"]),
        stream("lines end with CRLF")
            .sends(&[&plain.replace('\n', "\r\n")])
            .costs(16)
            .has(&["hello wo", "[DONE]"]),
        stream("lines end with CR")
            .sends(&[&plain.replace('\n', "\r")])
            .costs(16)
            .has(&["hello wo", "[DONE]"]),
        stream("a byte order mark at the start")
            .sends(&["\u{feff}", &plain])
            .costs(16)
            .has(&["hello wo", "[DONE]"]),
        stream("a usage over several lines of data")
            .sends(&[&text("a"), several_lines, DONE])
            .costs(16)
            .has(&["[DONE]"]),
        stream("names, numbers and times of events").sends(&[&named]).costs(16).has(&["hello wo", "[DONE]"]),
        stream("comments between the events")
            .sends(&[&alive])
            .costs(16)
            .has(&["hello wo", ":\n"])
            .lacks(&["alive"]),
        stream("no blank after the colon")
            .sends(&[&plain.replace("data: ", "data:")])
            .costs(16)
            .has(&["hello wo", "[DONE]"]),
        stream("the last line without an end")
            .sends(&[plain.trim_end()])
            .costs(16)
            .has(&["hello wo", "[DONE]"]),
        stream("a usage without an end at the end")
            .sends(&[&text("a"), usage(10, 3).trim_end()])
            .costs(16)
            .has(&["\"a\"", "\"prompt_tokens\":10"]),
        stream("events that are no events")
            .sends(&["<html>internal</html>\n\n", "data: {{{\n\n", "data: 3\n\n", &plain])
            .costs(16)
            .has(&["hello wo", "[DONE]"])
            .lacks(&["internal", "{{{"]),
        stream("white space around the data")
            .sends(&[&text("a"), &usage(10, 3).replace("data: ", "data:   "), "data:  [DONE] \n\n"])
            .costs(16)
            .has(&["[DONE]"]),
        stream("a name of the model that is the upstream's own")
            .sends(&[
                &text("a").replace("{\"choices\"", "{\"model\":\"org/internal-7\",\"choices\""),
                &usage(10, 3),
                DONE,
            ])
            .costs(16)
            .has(&["\"plain\"", "[DONE]"])
            .lacks(&["internal-7"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_however_they_are_written() {
    run(cases()).await;
}
