//! Health, and counts of what was asked and how long it took, in Prometheus' text form.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::App;

/// Upper bounds of the classes of durations, in seconds.
const BOUNDS: [f64; 8] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

/// Counts of requests.
#[derive(Debug, Default)]
pub(super) struct Meter {
    running: Arc<AtomicUsize>,
    routes: Mutex<BTreeMap<(String, u16), Counts>>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    requests: u64,
    seconds: f64,
    /// Requests no longer than each bound.
    within: [u64; BOUNDS.len()],
}

/// A request under way; over when dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Meter {
    pub(super) fn enter(&self) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(&self.running))
    }

    pub(super) fn count(&self, route: &str, status: u16, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = routes.entry((route.to_owned(), status)).or_default();
        counts.requests += 1;
        counts.seconds += seconds;
        for (count, bound) in counts.within.iter_mut().zip(BOUNDS) {
            *count += u64::from(seconds <= bound);
        }
    }

    fn text(&self, waiting: usize) -> String {
        let mut text = String::new();
        let mut gauge = |name: &str, help: &str, value: usize| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n");
        };
        let running = self.running.load(Ordering::Relaxed);
        gauge("ganainm_requests_in_flight", "Requests that are not answered yet.", running);
        gauge("ganainm_work_taken", "Pieces of heavy work that run or wait.", waiting);
        if let Some(bytes) = resident_bytes() {
            gauge("process_resident_memory_bytes", "Memory held.", bytes);
        }
        let name = "ganainm_request_seconds";
        let _ = write!(text, "# HELP {name} Time to answer.\n# TYPE {name} histogram\n");
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for ((route, status), counts) in &routes {
            let labels = format!("route=\"{route}\",status=\"{status}\"");
            for (bound, count) in BOUNDS.iter().zip(counts.within) {
                let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
            }
            let Counts { requests, seconds, .. } = counts;
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {requests}");
            let _ = writeln!(text, "{name}_sum{{{labels}}} {seconds}");
            let _ = writeln!(text, "{name}_count{{{labels}}} {requests}");
        }
        text
    }
}

/// Memory that this process holds, where the system tells.
fn resident_bytes() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().ok()? * 1024)
}

/// `GET /health`
pub(super) async fn health(State(app): State<Arc<App>>) -> impl IntoResponse {
    let works = app.finder.corpus().works.len();
    let body =
        serde_json::json!({ "status": "ok", "works": works, "music": app.finder.has_music() });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string())
}

/// `GET /metrics`
pub(super) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, app.meter.text(app.gate.taken()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_in_every_class_that_holds_them() {
        let meter = Meter::default();
        let running = meter.enter();
        meter.count("/api/find", 200, Duration::from_millis(20));
        meter.count("/api/find", 200, Duration::from_secs(20));
        let text = meter.text(7);
        let line = |bound: &str, count: u32| {
            format!(
                "ganainm_request_seconds_bucket{{route=\"/api/find\",status=\"200\",le=\"{bound}\"}} {count}\n"
            )
        };
        for expected in [line("0.01", 0), line("0.03", 1), line("10", 1), line("+Inf", 2)] {
            assert!(text.contains(&expected), "{expected} in {text}");
        }
        assert!(text.contains("\nganainm_requests_in_flight 1\n"));
        assert!(text.contains("\nganainm_work_taken 7\n"));
        drop(running);
        assert!(meter.text(0).contains("\nganainm_requests_in_flight 0\n"));
    }
}
