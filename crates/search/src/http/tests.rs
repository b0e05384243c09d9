//! Claims about the API, asked without a network.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use corpus::{ImportOptions, Store};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

const BOOK: &str = "\
X:1\nT:Drowsy Maggie\nR:reel\nM:4/4\nL:1/8\nK:Edor\n|:E2BE dEBE|E2BE AFDF|E2BE dEBE|BABc dAFD:|\n\n\
X:2\nT:The Kesh\nR:jig\nM:6/8\nL:1/8\nK:G\n|:GAG GAB|ABA ABd|edd gdd|edB dBA:|\n";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server over two tunes.
struct Served {
    router: Router,
    runtime: tokio::runtime::Runtime,
    folder: tempfile::TempDir,
}

impl Served {
    fn new(allow_origin: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("a.db");
        let store = Store::open(&db).unwrap();
        store.import_bytes(("a.abc", BOOK.into()), &ImportOptions::default(), &mut |_| ()).unwrap();
        let options = ServeOptions {
            db,
            run: None,
            vectors: None,
            runs: Some(folder.path().to_owned()),
            host: [127, 0, 0, 1].into(),
            port: 0,
            allow_origin: allow_origin.map(str::to_owned),
        };
        let router = router(Arc::new(App::open(&options, &crate::silent).unwrap()));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self { router, runtime, folder }
    }

    fn ask(&self, request: Request<Body>) -> Answer {
        self.runtime.block_on(async {
            let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
            Answer { status: head.status, headers: head.headers, body }
        })
    }

    fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
    }

    /// Puts a file into a run below the folder of runs, which is made where there is none.
    fn write(&self, run: &str, name: &str, content: &Value) {
        let folder = self.folder.path().join(run);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), "[melody]\nheader = [\"metre\"]\n").unwrap();
        let manifest = json!({ "format": 1, "kind": "towers", "version": "0.1.0", "commit": "c", "corpus": "h", "seed": 3,
            "machine": "m", "threads": 1, "steps": 7, "seconds": 1.0, "finished": true });
        std::fs::write(folder.join("run.json"), manifest.to_string()).unwrap();
        std::fs::write(folder.join(name), content.to_string()).unwrap();
    }

    fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.ask(Request::post(path).body(body.into()).unwrap())
    }
}

#[test]
fn the_document_names_every_route_and_no_other() {
    let source = include_str!("../http.rs");
    let routes: BTreeSet<&str> = source
        .split(".route(\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|route| route.starts_with("/api") || ["/health", "/metrics"].contains(route))
        .collect();
    let document: Value = serde_json::from_str(openapi::DOCUMENT).unwrap();
    let named: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(routes, named);
    assert!(routes.len() > 10, "{routes:?}");
}

#[test]
fn words_find_tunes_and_ids_give_their_settings() {
    let served = Served::new(None);
    let found = served.get("/api/find?q=drowsie%20magie").json();
    let id = found["found"][0]["tune"].as_str().unwrap().to_owned();
    assert_eq!(found["found"][0]["title"], "Drowsy Maggie");
    assert_eq!(found["found"][0]["why"][0]["matched"], "spelling");
    let tune = served.get(&format!("/api/tunes/{id}")).json();
    assert!(tune["settings"][0]["abc"].as_str().unwrap().contains("E2BE"));
    assert_eq!(served.get("/api/find?type=jig").json()["found"].as_array().unwrap().len(), 1);
    assert_eq!(served.get("/health").json()["works"], 2);
}

#[test]
fn a_tune_without_a_name_is_named_from_abc_and_from_midi() {
    let served = Served::new(None);
    let kesh = "X:7\nM:6/8\nL:1/8\nK:A\n|:ABA ABc|BcB Bce|fee aee|fec ecB:|\n".to_owned();
    let check = |body: Vec<u8>, x: &str| {
        let answer = served.post("/api/name?k=1", body).json();
        assert_eq!(answer[0]["x"], x);
        let best = &answer[0]["matches"][0];
        assert_eq!(best["title"], "The Kesh");
        assert!(best["abc"].as_str().unwrap().contains("GAG"));
        assert!(!best["evidence"].as_array().unwrap().is_empty());
        assert!(answer[0]["abc"].as_str().unwrap().contains("K:"));
    };
    check(kesh.clone().into_bytes(), "7");
    let music = kesh.split("K:A\n").nth(1).unwrap().to_owned();
    check(music.into_bytes(), "");
    check(abc::midi(&abc::read_tune(&kesh)), "");
}

#[test]
fn bodies_without_music_or_with_too_much_are_refused() {
    let served = Served::new(None);
    let status = |body: Vec<u8>| served.post("/api/name", body).status.as_u16();
    assert_eq!(status(Vec::new()), 422);
    assert_eq!(status(b"\x00\xff\xfe".to_vec()), 422);
    assert_eq!(status(b"MThd\x00\x00".to_vec()), 422);
    assert_eq!(status(vec![b'A'; BODY_LIMIT + 1]), 413);
    assert_eq!(status("ABcd ".repeat(2000).into_bytes()), 413);
    assert_eq!(status("X:1\nK:C\nABc|\n\n".repeat(21).into_bytes()), 413);
}

#[test]
fn errors_are_problem_documents() {
    let served = Served::new(None);
    let check = |answer: Answer, status: u16| {
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.json()["status"], status);
        assert!(!answer.json()["detail"].as_str().unwrap().is_empty());
    };
    check(served.get("/nothing"), 404);
    check(served.get("/api/tunes/a:99"), 404);
    check(served.get("/api/tunes/%FF"), 400);
    check(served.get("/api/find?k=many"), 400);
    check(served.get("/api/find?type=blues"), 400);
    check(served.get(&format!("/api/find?q={}", "a".repeat(501))), 400);
    check(served.post("/api/find", ""), 405);
    check(served.get("/api/runs/none/curves"), 404);
    check(served.get("/api/runs/..%2F..%2Fetc"), 404);
    check(served.get("/api/map?run=none"), 404);
}

/// What a view is of, its step and the places of two tunes.
type View = (&'static str, Option<u64>, [[f64; 2]; 2]);

/// A picture of two tunes.
fn picture(views: &[View]) -> Value {
    let view = |(vectors, step, places): &View| {
        let mut view =
            json!({ "vectors": vectors, "method": "PCA", "note": "n", "places": places });
        if let Some(step) = step {
            view["step"] = json!(step);
        }
        view
    };
    json!({
        "name": "two tunes",
        "points": [{ "id": "a:1", "title": "Drowsy Maggie" }, { "id": "a:2", "title": "The Kesh" }],
        "aspects": [{ "name": "dance type", "classes": ["reel", "jig"], "of": [0, 1] }],
        "views": views.iter().map(view).collect::<Vec<_>>(),
    })
}

#[test]
fn a_map_is_sent_as_finely_however_small_it_is() {
    let served = Served::new(None);
    let views = [("melody", None, [[0.001, 0.002], [0.003, 0.0035]])];
    served.write("gru", "map.json", &json!({ "told": ["metre"], "picture": picture(&views) }));
    let answer = served.get("/api/map").json();
    assert_eq!(answer["maps"], json!([{ "run": "gru", "steps": 7 }]));
    assert_eq!(answer["map"]["points"][1], json!(["a:2", "The Kesh"]));
    assert_eq!(answer["map"]["layers"][0]["places"], json!([0, 12_500, 100_000, 87_500]));
}

#[test]
fn maps_over_a_training_are_offered_beside_those_of_runs_and_share_a_square() {
    let served = Served::new(None);
    assert_eq!(served.get("/api/map").json()["trainings"], json!([]));
    let steps = picture(&[
        ("melody", Some(5), [[0.0, 0.0], [0.1, 0.1]]),
        ("title", Some(5), [[3.0, 3.0], [7.0, 7.0]]),
        ("melody", Some(7), [[0.0, 0.1], [0.2, 0.2]]),
        ("title", Some(7), [[3.0, 7.0], [7.0, 3.0]]),
    ]);
    served.write("study/gru-1", "map-steps.json", &steps);
    let answer = served.get("/api/map").json();
    assert_eq!(answer["trainings"], json!([{ "run": "study/gru-1", "steps": 7 }]));
    assert_eq!((&answer["maps"], &answer["map"]), (&json!([]), &Value::Null));
    assert_eq!(served.get("/api/runs").json()["runs"][0]["map_steps"], true);
    let map = served.get("/api/map/training?run=study%2Fgru-1").json();
    assert_eq!((&map["run"], &map["told"]), (&json!("study/gru-1"), &json!(["metre"])));
    assert_eq!(map["aspects"][0]["of"], json!([0, 1]));
    let steps: Vec<u64> =
        map["layers"].as_array().unwrap().iter().map(|l| l["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [5, 5, 7, 7]);
    assert_eq!(map["layers"][0]["places"], json!([0, 0, 50_000, 50_000]));
    assert_eq!(map["layers"][2]["places"], json!([0, 50_000, 100_000, 100_000]));
}

#[test]
fn a_run_without_maps_over_its_training_is_said_to_have_none() {
    let served = Served::new(None);
    served.write("gru", "map.json", &json!({ "told": [], "picture": picture(&[]) }));
    let status = |path: &str| served.get(path).status.as_u16();
    assert_eq!(status("/api/map/training?run=gru"), 404);
    assert_eq!(status("/api/map/training?run=none"), 404);
    assert_eq!(status("/api/map/training"), 400);
    served.write("gru", "map-steps.json", &json!("no picture"));
    assert_eq!(status("/api/map/training?run=gru"), 500);
}

#[test]
fn other_origins_may_read_answers_only_where_they_are_allowed() {
    let allowed = header::ACCESS_CONTROL_ALLOW_ORIGIN;
    let served = Served::new(None);
    assert!(!served.get("/api/find").headers.contains_key(&allowed));
    let served = Served::new(Some("https://example.org"));
    assert_eq!(served.get("/api/find").headers[&allowed], "https://example.org");
    let ask = Request::options("/api/name").header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    let answer = served.ask(ask.body(Body::empty()).unwrap());
    assert_eq!(
        (answer.status, &answer.headers[&allowed]),
        (StatusCode::NO_CONTENT, &"https://example.org".parse().unwrap())
    );
}

#[test]
fn the_page_is_inside_the_program_and_has_nothing_inline() {
    let served = Served::new(None);
    let page = served.get("/");
    let text = String::from_utf8(page.body.clone()).unwrap();
    assert!(
        page.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .contains("script-src 'self'")
    );
    assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains("onclick"));
    for path in ["/app.js", "/app.css", "/icon.svg"] {
        assert!(text.contains(path), "{path}");
        let first = served.get(path);
        assert_eq!(first.status, StatusCode::OK, "{path}");
        let again = Request::get(path).header(header::IF_NONE_MATCH, &first.headers[header::ETAG]);
        let again = served.ask(again.body(Body::empty()).unwrap());
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    }
}

#[test]
fn what_was_asked_is_counted_by_route() {
    let served = Served::new(None);
    served.get("/api/tunes/b:1");
    served.get("/api/tunes/b:2");
    let text = String::from_utf8(served.get("/metrics").body).unwrap();
    let line = "ganainm_request_seconds_count{route=\"/api/tunes/{id}\",status=\"404\"} 2\n";
    assert!(text.contains(line), "{text}");
}
