//! The description against the routes of a running server.

use {super::common::Bench, blockable_testkit::openapi::Description, std::collections::BTreeSet};

#[tokio::test(flavor = "multi_thread")]
async fn every_described_path_is_served_by_the_described_methods_and_no_other() {
    let bench = Bench::start(|_| {}).await;
    let answer = bench.http.get(bench.url("/openapi.json")).send().await.unwrap();
    let description = Description(answer.json().await.unwrap());
    assert!(description.paths().len() > 25);
    for path in description.paths() {
        let is_operators = description.0["paths"][&path]["get"]["tags"][0] == "operations";
        // A name that no other route has.
        let asked = path.split('/').map(|part| if part.starts_with('{') { "zz" } else { part });
        let asked = asked.collect::<Vec<_>>().join("/");
        let (here, elsewhere) = match is_operators {
            true => (bench.ops_url(&asked), bench.url(&asked)),
            false => (bench.url(&asked), bench.ops_url(&asked)),
        };
        let answer = bench.http.request("TRACE".parse().unwrap(), here).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{path}");
        let allowed = answer.headers()["allow"].to_str().unwrap().to_string();
        let allowed: BTreeSet<String> = allowed
            .split(',')
            .map(str::trim)
            .filter(|method| *method != "HEAD")
            .map(str::to_string)
            .collect();
        assert_eq!(allowed, description.methods(&path), "{path}");
        let answer = bench.http.get(elsewhere).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path} at the other address");
    }
    bench.stop().await;
}
