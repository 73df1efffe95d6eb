//! Requests: a route, a method, headers, a body, and the manner in which it is sent.

use {
    super::{
        bodies,
        books::{ADMIN_TOKEN, Books},
        orders::Orders,
        values,
    },
    blockable_testkit::openapi::Description,
    flate2::{Compression, write::GzEncoder},
    rand::{Rng, rngs::StdRng, seq::IndexedRandom},
    std::{fmt, io::Write, sync::Arc},
};

/// Bytes that a bomb unpacks to.
const BOMB: usize = 64 << 20;

/// The manner in which a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// At once.
    Whole,
    /// In chunks.
    Chunked,
    /// In chunks whose sizes are wrong.
    BrokenChunks,
    /// More is announced than comes; then the client closes its side.
    Short,
    /// More is announced than comes, and then nothing.
    Stalled,
    /// Byte by byte for a while, and then nothing.
    Dripping,
    /// The client leaves before the answer.
    Leaves,
    /// The client leaves after the answer's first bytes.
    LeavesEarly,
    /// The request's head is spoiled.
    SpoiledHead,
}

/// A request.
#[derive(Clone)]
pub struct Request {
    /// The route of the description; `None` where it is none.
    pub route: Option<String>,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub manner: Manner,
    /// True for the operator's address.
    pub is_operators: bool,
    /// True where the server must be able to read it: its head is as it should be.
    pub is_sound: bool,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {} ({:?}, route {:?})", self.method, self.target, self.manner, self.route)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        let body = self.body.as_deref().unwrap_or_default();
        write!(f, "{} bytes: {}", body.len(), String::from_utf8_lossy(&body[..body.len().min(2_000)]))
    }
}

/// Makes requests.
pub struct Generator {
    description: Arc<Description>,
    routes: Vec<(String, String, bool)>,
    keys: Vec<(String, String)>,
    bombs: [(&'static str, Vec<u8>); 2],
    orders: Orders,
}

/// A signature of no freeze.
const NO_SIGNATURE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const JUNK: &[&str] =
    &["0", "%00", "%ff%fe", "..%2f..", "1111", "é", "x%20y", "{}", "9999999999999999999999"];
const PATHS: &[&str] = &[
    "/",
    "/v1",
    "/v1/nothing",
    "//v1/models",
    "/v1/models/../keys",
    "/%00%ff/../..",
    "/v1/responses/x",
    "/v1/messages/count_tokens",
    "*",
];

impl Generator {
    pub fn new(books: &Books, description: &Arc<Description>) -> Generator {
        let routes = description.operations().into_iter().map(|(path, method, operation)| {
            let is_operators = operation["tags"][0] == "operations";
            (path.to_string(), method.to_string(), is_operators)
        });
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&vec![b' '; BOMB]).unwrap();
        let zstd = zstd::encode_all(&vec![b' '; BOMB][..], 1).unwrap();
        Generator {
            routes: routes.collect(),
            description: description.clone(),
            keys: books.keys(),
            bombs: [("gzip", gzip.finish().unwrap()), ("zstd", zstd)],
            orders: Orders::default(),
        }
    }

    /// Makes a request with an id.
    pub fn make(&self, random: &mut StdRng, id: &str) -> Request {
        let (credit, key) = self.keys.choose(random).unwrap();
        let (path, method, is_operators) = self.route(random);
        let body = bodies::body(random, &self.description, &path, &method, credit, &self.orders);
        let mut request = Request {
            target: self.target(random, &path, &method, credit),
            route: Some(path),
            method: method.to_uppercase(),
            headers: vec![("x-request-id".to_string(), id.to_string())],
            body: body.map(|body| values::bytes(random, &body)),
            manner: manner(random),
            is_operators,
            is_sound: true,
        };
        authorise(random, &mut request, key);
        self.encode(random, &mut request);
        add_headers(random, &mut request);
        go_astray(random, &mut request);
        if matches!(request.manner, Manner::SpoiledHead) {
            request.is_sound = false;
        }
        request
    }

    /// A route; those of models and freezes are asked more often.
    fn route(&self, random: &mut StdRng) -> (String, String, bool) {
        if random.random_ratio(1, 2) {
            let models = [
                "chat/completions",
                "chat/completions",
                "completions",
                "embeddings",
                "responses",
                "messages",
            ];
            return (format!("/v1/{}", models.choose(random).unwrap()), "post".to_string(), false);
        }
        if random.random_ratio(1, 10) {
            return ("/v1/freezes".to_string(), "post".to_string(), false);
        }
        self.routes.choose(random).unwrap().clone()
    }

    fn target(&self, random: &mut StdRng, path: &str, method: &str, credit: &str) -> String {
        let mut target = String::new();
        let signature = self.orders.signature(random);
        let signature = signature.as_deref().filter(|_| random.random()).unwrap_or(NO_SIGNATURE);
        for part in path.split_inclusive('/') {
            let (name, slash) = part.strip_suffix('/').map_or((part, ""), |name| (name, "/"));
            let value = match name {
                "{address}" => credit,
                // Sub-keys that are used are seldom changed: most of what follows would be refused.
                "{name}" if random.random_ratio(1, 100) => ["team", "app"].choose(random).unwrap(),
                "{name}" => ["ops", "web", "echo"].choose(random).unwrap(),
                "{id}" => ["0000000000000000", "00"].choose(random).unwrap(),
                "{signature}" => signature,
                name => name,
            };
            let spoiled = name.starts_with('{') && random.random_ratio(1, 6);
            target += if spoiled { JUNK.choose(random).unwrap() } else { value };
            target += slash;
        }
        let parameters = self.description.0["paths"][path][method]["parameters"].as_array();
        let mut separator = '?';
        for parameter in parameters.into_iter().flatten().filter(|one| one["in"] == "query") {
            if random.random_ratio(2, 3) && parameter["required"] != true {
                continue;
            }
            let good = [
                "0",
                "1",
                "100",
                "true",
                "2027-01-16",
                "2027-01-16T08:00:00Z",
                "csv",
                "json",
                "echo",
                credit,
            ];
            let value = if random.random_ratio(1, 5) {
                JUNK.choose(random).unwrap()
            } else {
                good.choose(random).unwrap()
            };
            target += &format!("{separator}{}={value}", parameter["name"].as_str().unwrap());
            separator = '&';
        }
        target
    }

    /// Packs the body, or says that it is packed.
    fn encode(&self, random: &mut StdRng, request: &mut Request) {
        let Some(body) = &mut request.body else { return };
        let kind = match random.random_range(0..60) {
            0 => {
                let (kind, bomb) = self.bombs.choose(random).unwrap();
                *body = bomb.clone();
                kind
            }
            1 | 2 => {
                let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
                gzip.write_all(body).unwrap();
                *body = gzip.finish().unwrap();
                "gzip"
            }
            3 | 4 => {
                *body = zstd::encode_all(&body[..], 1).unwrap();
                "zstd"
            }
            5 => ["gzip", "zstd", "deflate", "br", "identity", "gzip, zstd", ""].choose(random).unwrap(),
            6 => {
                *body = vec![b'x'; super::books::BODY_BYTES + 1];
                return;
            }
            _ => return,
        };
        request.headers.push(("content-encoding".to_string(), kind.to_string()));
    }
}

fn manner(random: &mut StdRng) -> Manner {
    match random.random_range(0..1_000) {
        0..4 => Manner::Stalled,
        4..8 => Manner::Dripping,
        8..38 => Manner::Short,
        38..68 => Manner::BrokenChunks,
        68..168 => Manner::Chunked,
        168..198 => Manner::Leaves,
        198..248 => Manner::LeavesEarly,
        248..268 => Manner::SpoiledHead,
        _ => Manner::Whole,
    }
}

fn authorise(random: &mut StdRng, request: &mut Request, key: &str) {
    let bearer = |key: &str| ("authorization".to_string(), format!("Bearer {key}"));
    let header = match random.random_range(0..30) {
        0 => return,
        1 => bearer(&format!("{key}0")),
        2 => bearer("blk-1-2-3"),
        3 => ("authorization".to_string(), format!("basic {key}")),
        _ if request.is_operators => bearer(ADMIN_TOKEN),
        4..8 if request.target.starts_with("/v1/messages") => ("x-api-key".to_string(), key.to_string()),
        _ => bearer(key),
    };
    request.headers.push(header);
}

fn add_headers(random: &mut StdRng, request: &mut Request) {
    let mut add = |name: &str, value: &str| request.headers.push((name.to_string(), value.to_string()));
    match random.random_range(0..30) {
        0 => add("idempotency-key", &format!("name-{}", random.random_range(0..200))),
        1 => add("idempotency-key", ["", "a b", &"x".repeat(300)].choose(random).unwrap()),
        2 => add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        3 => add("traceparent", "zz"),
        4 => add("origin", "https://app.example"),
        5 => add("last-event-id", ["0", "x", "-1"].choose(random).unwrap()),
        6 => add(
            "content-type",
            ["text/plain", "application/json; charset=latin1", "multipart/form-data"].choose(random).unwrap(),
        ),
        7 => add("accept-encoding", "gzip, zstd, br"),
        8 => add(
            "x-forwarded-for",
            ["10.1.2.3", "::1, 4.4.4.4", "junk", "10.9.8.7, junk"].choose(random).unwrap(),
        ),
        9 => add("anthropic-version", ["2023-06-01", "2000-01-01"].choose(random).unwrap()),
        10 => add("expect", "100-continue"),
        _ => {}
    }
}

/// Another method, path or address.
fn go_astray(random: &mut StdRng, request: &mut Request) {
    match random.random_range(0..40) {
        0 | 1 => {
            let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FUZZ"];
            request.method = methods.choose(random).unwrap().to_string();
        }
        2 => {
            request.target = PATHS.choose(random).unwrap().to_string();
            request.route = None;
        }
        3 => request.is_operators = !request.is_operators,
        4 => request.target.push('/'),
        _ => {}
    }
}
