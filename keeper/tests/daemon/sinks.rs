//! The commands around sinks, secrets and the store: `alert test`, `doctor`, `keys new`, `backup`, as their page has them.

use {
    crate::{
        books::change,
        hook::{Hook, SECRET},
        setup::{KEEPER, Setup},
    },
    blockable_service::private_file,
    std::{
        fs::{self, Permissions},
        os::unix::fs::PermissionsExt,
        path::Path,
        process::{Command, Output},
    },
};

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn ends(output: &Output, code: i32, parts: &[&str]) {
    let text = text(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_the_sinks_is_tested_and_doctor_names_everything_that_fails() {
    let setup = Setup::new(1).await;
    let url = setup.cluster.rpc_url();
    let (good, bad) = (Hook::start(), Hook::start());
    bad.refuse("test", "410 Gone");
    let secret = setup.config("secret").with_extension("txt");
    private_file::replace(&secret, SECRET.as_bytes()).unwrap();
    let shown = secret.display();
    let slack = setup.config("slack").with_extension("txt");
    private_file::replace(&slack, format!("{}/T0/B0/MARKER", bad.url()).as_bytes()).unwrap();
    let sinks = format!(
        "\n[[webhook]]\nname = \"good\"\nurl = \"{}\"\nparty = \"all\"\nsecret = {{ file = \"{shown}\" }}\n\
         [[slack]]\nname = \"bad\"\nurl = {{ file = \"{}\" }}\nparty = \"all\"\n",
        good.url(),
        slack.display()
    );
    setup.write_config("keeper", &[url.clone(), url.clone()], &sinks);
    let run = |arguments: &[&str]| setup.command("keeper", arguments);
    ends(&run(&["alert", "test", "good"]), 0, &["ok   webhook/good"]);
    assert_eq!((good.of_type("test"), bad.posts().len()), (1, 0), "to one sink alone");
    verifies(&good);
    let all = run(&["alert", "test"]);
    ends(&all, 1, &["ok   webhook/good", "BAD  slack/bad: it answers 410 Gone"]);
    assert!(!text(&all).contains("MARKER"), "{}", text(&all));
    ends(&run(&["alert", "test", "nobody"]), 1, &["no sink has the name \"nobody\""]);
    ends(
        &run(&["doctor"]),
        0,
        &["ok   sink webhook/good", "ok   sink slack/bad", "ok   disk", "ok   history"],
    );

    // Everything that is wrong is named at once.
    for file in [&secret, &setup.config("metering").with_extension("json")] {
        fs::set_permissions(file, Permissions::from_mode(0o666)).unwrap();
    }
    fs::remove_file(&slack).unwrap();
    setup.edit_config(
        "keeper",
        &[
            ("\"enforcement.json\"", "\"nowhere.json\""),
            ("[api]\n", "[api]\ntoken = { env = \"NO_SUCH_TOKEN\" }\n"),
        ],
    );
    let failing = [
        "BAD  metering key: ",
        "has mode 666",
        "BAD  enforcement key: ",
        "nowhere.json",
        "BAD  api token: ",
        "NO_SUCH_TOKEN",
        "BAD  sink webhook/good: ",
        "BAD  sink slack/bad: ",
        "ok   market",
    ];
    ends(&run(&["doctor"]), 1, &failing);
    // A keeper does not start with a key that others can read.
    setup.edit_config("keeper", &[("\"nowhere.json\"", "\"enforcement.json\"")]);
    ends(&run(&["run"]), 1, &["metering key", "has mode 666", "chmod 600"]);
    setup.cluster.stop();
}

/// The example of the page verifies a post as it came, and refuses one that was changed.
fn verifies(hook: &Hook) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operator-reference.md");
    let page = fs::read_to_string(page).unwrap();
    let example = page.split_once("```python\n").unwrap().1.split("```").next().unwrap().to_string();
    let (headers, body) = hook.latest();
    let check = |body: &[u8]| {
        let given = serde_json::json!({ "headers": headers, "body": String::from_utf8_lossy(body), "secret": SECRET });
        let script = format!(
            "{example}\nimport sys\ngiven = json.loads(sys.argv[1])\n\
             print(alert(given['body'].encode(), given['headers'], given['secret'])['type'])\n"
        );
        Command::new("python3").args(["-c", &script, &given.to_string()]).output().unwrap()
    };
    ends(&check(&body), 0, &["test"]);
    ends(&check(&[&body[..], b" "].concat()), 1, &["not from the keeper"]);
}

#[test]
fn keys_and_secrets_are_made_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, kind: &str| {
        let path = folder.path().join(name);
        let mut command = Command::new(KEEPER);
        (command.args(["keys", "new"]).arg(&path).args(["--kind", kind]).output().unwrap(), path)
    };
    let (made, key) = make("fees.json", "key");
    let address = blockable_sdk::Signer::pubkey(&blockable_sdk::read_keypair_file(&key).unwrap());
    ends(&made, 0, &[&format!("send SOL to {address}")]);
    let (made, webhook) = make("webhook", "webhook");
    ends(&made, 0, &["wrote "]);
    let secret = fs::read_to_string(&webhook).unwrap();
    assert!(secret.starts_with("whsec_") && !text(&made).contains(&secret), "{}", text(&made));
    let (made, token) = make("token", "token");
    ends(&made, 0, &["api.token"]);
    assert_eq!(fs::read_to_string(&token).unwrap().len(), 64);
    for path in [key, webhook, token] {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let (again, _) = make("fees.json", "key");
    ends(&again, 1, &["exists and is left alone"]);
}

/// The commands of a page that stand in code blocks under a heading, up to the next one.
fn commands_under(page: &str, heading: &str) -> Vec<String> {
    let part = page.split_once(&format!("\n{heading}\n")).expect(heading).1;
    let part = part.split("\n## ").next().unwrap();
    part.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap().to_string()).collect()
}

/// The page's commands of backup and restore, as they are written, on a keeper whose file is as the page has it.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_is_backed_up_and_restored_by_the_commands_of_its_page() {
    let mut setup = Setup::new(1).await;
    let url = setup.cluster.rpc_url();
    setup.write_config("keeper", &[url.clone(), url], "");
    let keeper = setup.spawn("keeper", "");
    setup.set_used(0, 1_000).await;
    setup.until("use is metered", async |setup: &Setup| setup.consumed(0).await == 1_000).await;
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operator.md")).unwrap();
    let blocks = commands_under(&page, "## The store");
    assert_eq!(blocks.len(), 2, "backup and restore: {blocks:?}");
    let store = setup.store("keeper");
    let (data, backup) = (store.parent().unwrap(), tempfile::tempdir().unwrap());
    // The tools of root and of systemd are not those of a test.
    let run = |block: &str| {
        let block = block
            .replace("sudo systemctl", ": systemctl")
            .replace("sudo ", "")
            .replace("/etc/blockable-keeper/keeper.toml", &setup.config("keeper").display().to_string())
            .replace("/var/lib/blockable-keeper", &data.display().to_string())
            .replace("/backup", &backup.path().display().to_string());
        let path =
            format!("{}:{}", Path::new(KEEPER).parent().unwrap().display(), std::env::var("PATH").unwrap());
        Command::new("sh").args(["-euc", &block]).env("PATH", path).output().unwrap()
    };
    ends(&run(&blocks[0]), 0, &["wrote "]);
    assert_eq!(mode(&backup.path().join("keeper.sqlite")), 0o600);
    keeper.stop().await;
    change(&store, "DELETE FROM last_reading", []);
    ends(&run(&blocks[1]), 0, &[]);
    let keeper = setup.spawn("keeper", "");
    setup.set_used(0, 2_000).await;
    setup.until("use is metered again", async |setup: &Setup| setup.consumed(0).await == 2_000).await;
    keeper.stop().await;
    setup.cluster.stop();
}
