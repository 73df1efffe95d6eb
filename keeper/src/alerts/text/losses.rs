//! Texts on what the keeper was without: the chain, its store, its reporters. Times are by the clock of the keeper's machine.

use {
    super::Text,
    crate::finding::Loss,
    blockable_service::text::{span, time},
};

pub(super) fn chain(loss: &Loss) -> Text {
    Text::new(
        format!(
            "No node has shown the chain for {}, since {}: {}.",
            span(loss.seconds()),
            time(loss.since),
            loss.reason
        ),
        "This keeper watches no loan, meters no use and marks nobody until a node answers. Unless another keeper runs, nobody does.",
        "Check the nodes under [[rpc]], their keys and quotas, and this machine's network.",
    )
}

pub(super) fn store(loss: &Loss) -> Text {
    Text::new(
        format!("The keeper's store cannot be written since {}: {}.", time(loss.since), loss.reason),
        "This keeper submits nothing until it can. Alerts still leave, from memory alone: a restart loses those that no sink has \
         taken.",
        "Free space on the disk of data_dir, or mend the disk. Nothing has to be restarted.",
    )
}

pub(super) fn reporters(loss: &Loss) -> Text {
    Text::new(
        format!(
            "No endpoint of reports could be read for {}, since {}: {}.",
            span(loss.seconds()),
            time(loss.since),
            loss.reason
        ),
        "No use is metered meanwhile. It is counted late once reports come again, and nobody is marked for it.",
        "Check the URLs under [[reporter]] and this machine's network, then ask the providers whether their servers run.",
    )
}

pub(super) fn unwatched(loss: &Loss) -> Text {
    Text::new(
        format!(
            "This keeper has not watched your loans from {} to {}, {} in all: {}.",
            time(loss.since),
            time(loss.until),
            span(loss.seconds()),
            loss.reason
        ),
        "Unless another keeper ran, nobody has watched them: no use was metered, no late loan was marked or frozen and no alert \
         was raised. All of that goes on now.",
        "Look at your loans. If you cannot be without a watch for so long, have a second keeper run on another machine.",
    )
}
