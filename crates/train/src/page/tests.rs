//! Pages of runs that hold much or little.

use retrieval::report::{Evaluation, Report, Role, Settings, System};
use retrieval::{Bootstrap, Scores, Truth};

use super::*;
use crate::history::Record;
use crate::watch::{StepReport, Validation};

/// A model over seven works that finds each.
fn judged() -> Judged {
    let ids = || (0..7).map(|n| format!("a:{n}")).collect();
    let scores = Scores::from_fn(ids(), ids(), |q, c| if q == c { 0.5 } else { 0.25 }).unwrap();
    let systems = [Role::Baseline, Role::Model].map(|role| System {
        name: format!("{role:?}"),
        role,
        scores: scores.clone(),
    });
    let groups = vec![String::new(); 7];
    let evaluation = Evaluation {
        truth: &Truth::diagonal(7),
        melody_groups: &groups,
        title_groups: &groups,
        systems: &systems,
    };
    let bootstrap = Bootstrap::new(50, 1, 0.95).unwrap();
    let settings = Settings { bootstrap, pool: None };
    Judged { report: Report::both_ways("seven", &settings, &evaluation).unwrap(), scores }
}

/// A run that holds these files.
fn run(files: &[(&str, &str)]) -> (tempfile::TempDir, RunDir) {
    let dir = tempfile::tempdir().unwrap();
    let run = RunDir::create(&dir.path().join("run"), |run| {
        files.iter().try_for_each(|(name, text)| run.write(name, text.as_bytes()))
    });
    (dir, run.unwrap())
}

#[test]
fn a_run_without_any_file_still_has_its_numbers_and_examples() {
    let (_dir, run) = run(&[]);
    let html = page(&run, &judged()).unwrap();
    for part in ["id=\"run\"", "id=\"melody-to-title\"", "id=\"examples\"", "a:3"] {
        assert!(html.contains(part), "{part}");
    }
    for part in ["id=\"words\"", "id=\"tracks\"", "id=\"training\"", "id=\"maps\""] {
        assert!(!html.contains(part), "{part}");
    }
}

#[test]
fn maps_of_the_run_are_shown_as_data_and_linked() {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><style>p{color:red}</style><script>1</script></svg>";
    let (_dir, run) = run(&[("map-melody.svg", svg), ("mapping.txt", "no")]);
    let html = page(&run, &judged()).unwrap();
    assert!(html.contains("alt=\"Map melody: "), "{html}");
    assert!(html.contains("src=\"data:image/svg+xml,%3Csvg"));
    assert!(html.contains("href=\"map-melody.svg\"") && !html.contains("mapping.txt"));
    assert!(!html.contains("<script") && !html.contains("p{color:red}"));
}

#[test]
fn curves_stand_where_metrics_are() {
    let step = |step: u64| {
        Record::Step(StepReport {
            step,
            steps: 600,
            epoch: 1,
            loss: 5.0 - step as f32 / 200.0,
            learning_rate: 0.1,
            scale: 8.0,
            gradient_norm: 1.0,
            works_per_second: 1.0,
        })
    };
    let look = |step: u64, mrr: f64| {
        Record::Validation(Validation {
            step,
            epoch: 1,
            loss: 1.0,
            melody_to_title: mrr,
            title_to_melody: mrr,
            candidates: 7,
            chance: 0.37,
            best: true,
            learned: false,
        })
    };
    let mut records: Vec<Record> = (1..=600).map(step).collect();
    records.extend([look(200, 0.4), look(400, 0.6), look(600, 0.6)]);
    let lines: Vec<String> = records.iter().map(|r| serde_json::to_string(r).unwrap()).collect();
    let (_dir, run) = run(&[(files::METRICS, &(lines.join("\n") + "\n"))]);
    let html = page(&run, &judged()).unwrap();
    assert!(
        html.contains("The weights of step 400 are the run&#39;s"),
        "the first of the best looks"
    );
    assert!(html.contains("mean of 3 steps"), "600 steps are more than a reader can see");
    assert!(html.contains("MRR among 7 validation works"));
}

#[test]
fn the_lead_says_who_is_better() {
    let (_dir, run) = run(&[]);
    let html = page(&run, &judged()).unwrap();
    assert!(
        html.contains("The best baseline, Baseline, has 1.0000: no clear difference"),
        "{html}"
    );
}
