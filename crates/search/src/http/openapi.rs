//! `GET /api/openapi.json`: what can be asked, for machines.

use axum::http::header;
use axum::response::IntoResponse;

/// The document, as written.
pub(super) const DOCUMENT: &str = include_str!("openapi.json");

pub(super) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT)
}
