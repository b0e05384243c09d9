//! The page: files of `web/dist`, inside the program.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

const INDEX: &[u8] = include_bytes!("../../../../web/dist/index.html");
const SCRIPT: &[u8] = include_bytes!("../../../../web/dist/app.js");
const STYLE: &[u8] = include_bytes!("../../../../web/dist/app.css");
const ICON: &[u8] = include_bytes!("../../../../web/dist/icon.svg");

pub(super) async fn index(headers: HeaderMap) -> Response {
    file(&headers, "text/html; charset=utf-8", INDEX)
}

pub(super) async fn script(headers: HeaderMap) -> Response {
    file(&headers, "text/javascript; charset=utf-8", SCRIPT)
}

pub(super) async fn style(headers: HeaderMap) -> Response {
    file(&headers, "text/css; charset=utf-8", STYLE)
}

pub(super) async fn icon(headers: HeaderMap) -> Response {
    file(&headers, "image/svg+xml", ICON)
}

/// A file, or word that the browser's copy is still right: a browser asks each time and fetches only what is new.
fn file(headers: &HeaderMap, kind: &'static str, bytes: &'static [u8]) -> Response {
    let sum = Sha256::digest(bytes);
    let tag =
        sum[..8].iter().fold(String::from("\""), |tag, byte| tag + &format!("{byte:02x}")) + "\"";
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| *known == *tag);
    let about = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache".to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(header::CONTENT_TYPE, kind)], bytes).into_response()
}
