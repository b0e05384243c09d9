//! What a report holds, how it is written down, and how it looks.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use retrieval::report::{Evaluation, Ranked, Report, Role, Settings, System, Trial};
use retrieval::{Bootstrap, Error, Scores, Truth};

fn ids(prefix: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{prefix}{i}")).collect()
}

fn system(name: &str, role: Role, score: impl Fn(usize, usize) -> f32) -> System {
    let scores = Scores::from_fn(ids("m", 17), ids("t", 13), score).unwrap();
    System { name: name.to_owned(), role, scores }
}

/// Seventeen melodies of two dances, the last without one, and thirteen titles; four titles have two melodies.
fn report() -> Report {
    let truth = Truth::new((0..17).map(|m| vec![m % 13]).collect(), 13).unwrap();
    let near = |m: usize, t: usize| if m % 13 == t { 7.5 } else { ((m * 5 + t * 7) % 11) as f32 };
    let systems = [
        system("two <towers> & \"more\"", Role::Model, near),
        system("popularity", Role::Baseline, |m, t| (m * 3 % 7 + t % 5) as f32),
        system("chance", Role::Baseline, |_, _| 0.0),
    ];
    let mut melody_groups: Vec<String> =
        (0..16).map(|m| ["jig", "reel", "reel"][m % 3].to_owned()).collect();
    melody_groups.push(String::new());
    let title_groups: Vec<String> = (0..13).map(|t| ["jig", "reel"][t % 2].to_owned()).collect();
    let evaluation = Evaluation {
        truth: &truth,
        melody_groups: &melody_groups,
        title_groups: &title_groups,
        systems: &systems,
    };
    let settings = Settings { bootstrap: Bootstrap::new(200, 3, 0.95).unwrap(), pool: Some(7) };
    Report::both_ways("two dances", &settings, &evaluation).unwrap()
}

#[test]
fn both_directions_groups_pools_and_comparisons_are_there() {
    let report = report();
    let [to_title, to_melody] = report.directions.as_slice() else { panic!("two directions") };
    assert_eq!((to_title.queries, to_title.candidates), (17, 13));
    assert_eq!((to_melody.queries, to_melody.candidates), (13, 17));
    let groups: Vec<(&str, usize)> = to_title.systems[0]
        .full
        .groups
        .iter()
        .map(|group| (group.group.as_str(), group.metrics.mrr.n))
        .collect();
    assert_eq!(groups, [("reel", 10), ("jig", 6)]);
    assert_eq!(to_title.systems[0].pool.as_ref().unwrap().candidates, 7);
    let pairs: Vec<&str> = to_title.comparisons.iter().map(|c| c.baseline.as_str()).collect();
    assert_eq!(pairs, ["popularity", "chance"]);
}

#[test]
fn a_random_order_measures_at_chance_everywhere() {
    for direction in &report().directions {
        let chance = &direction.systems[2];
        for measured in [&chance.full, chance.pool.as_ref().unwrap()] {
            for (name, metric) in measured.overall.named() {
                // The median of expected ranks is not the median rank where some queries have several relevant.
                if name != "median_rank" {
                    assert!((metric.value - metric.chance).abs() < 1e-12, "{name}: {metric:?}");
                }
            }
        }
    }
}

#[test]
fn a_report_survives_json_and_its_field_names_are_fixed() {
    let report = report();
    let text = serde_json::to_string(&report).unwrap();
    let read: Report = serde_json::from_str(&text).unwrap();
    assert_eq!((read.to_string(), read.to_html()), (report.to_string(), report.to_html()));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys = |at: &str| -> Vec<String> {
        json.pointer(at).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    let check = |at: &str, expected: &str| assert_eq!(keys(at).join(" "), expected, "{at}");
    check("", "bootstrap directions format name");
    check("/bootstrap", "level resamples seed");
    check("/directions/0", "candidates comparisons direction queries systems");
    check("/directions/0/systems/0", "full name pool role");
    check("/directions/0/systems/0/full", "candidates groups overall");
    check("/directions/0/systems/0/full/groups/0", "group metrics");
    check(
        "/directions/0/systems/0/full/overall",
        "dcg mean_rank median_rank mrr ndcg recall_at_1 recall_at_10 recall_at_100 recall_at_5",
    );
    check("/directions/0/systems/0/full/overall/mrr", "chance high low n value");
    check("/directions/0/comparisons/0", "baseline differences system");
    check("/directions/0/comparisons/0/differences/mrr", "high low p value");
    let names = [&json["directions"][0]["direction"], &json["directions"][1]["direction"]];
    assert_eq!(names, ["melody_to_title", "title_to_melody"]);
    assert_eq!(json["directions"][0]["systems"][0]["role"], "model");
}

#[test]
fn the_text_is_aligned_in_columns() {
    let text = report().to_string();
    let blocks: Vec<&str> = text.split("\n\n").collect();
    // A title; per direction all candidates, pools, groups, differences; a note.
    assert_eq!(blocks.len(), 10, "{text}");
    for block in &blocks[1..9] {
        let widths: Vec<usize> = block.lines().skip(1).map(|line| line.chars().count()).collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{block}");
    }
    assert!(blocks[1].starts_with("melody→title: 17 queries, 13 candidates\n"), "{}", blocks[1]);
    assert!(blocks[1].contains("chance (exact)"));
}

#[test]
fn the_page_is_whole_in_itself_and_escapes_names() {
    let html = report().to_html();
    for outside in ["http", "src=", "<script", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("two &lt;towers&gt; &amp; &quot;more&quot;"));
    assert!(!html.contains("<towers>") && !html.contains("NaN"));
    for tag in ["svg", "table", "tr", "td", "th", "section", "div", "figure", "text", "main"] {
        let opened =
            html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
        assert!(opened > 0, "{tag}");
    }
}

#[test]
fn systems_that_cannot_stand_side_by_side_are_refused() {
    let truth = Truth::diagonal(3);
    let ranked = |name: &str, prefix: &str| {
        let scores = Scores::new(ids(prefix, 3), ids("t", 3), vec![0.0; 9]).unwrap();
        let rankings = scores.rank(&truth, 0).unwrap();
        Ranked { name: name.to_owned(), role: Role::Model, rankings }
    };
    let refuse = |systems: &[Ranked], groups: usize, pool: Option<usize>| {
        let groups = vec![String::new(); groups];
        let direction = retrieval::report::Direction::MelodyToTitle;
        let settings = Settings { pool, ..Settings::default() };
        Report::new("r", &settings, &[Trial { direction, groups: &groups, systems }]).unwrap_err()
    };
    let unpaired = Error::Unpaired { left: "a".into(), right: "b".into() };
    assert_eq!(refuse(&[ranked("a", "m"), ranked("b", "x")], 3, None), unpaired);
    let twice = Error::DuplicateId { id: "a".into() };
    assert_eq!(refuse(&[ranked("a", "m"), ranked("a", "m")], 3, None), twice);
    assert!(matches!(refuse(&[ranked("a", "m")], 2, None), Error::Length { .. }));
    assert!(matches!(refuse(&[ranked("a", "m")], 3, Some(4)), Error::Pool { size: 4, .. }));
    assert_eq!(refuse(&[], 3, None), Error::NothingToMeasure);
}

#[test]
fn sections_pictures_and_lines_escape_what_they_are_given() {
    use retrieval::report::{Axis, Line, Panel, Section, drawing, page, picture};
    let nasty = "</svg><script>alert(\"&\")</script>";
    let line = |points: &[(f64, f64)]| Line { name: nasty.to_owned(), points: points.to_vec() };
    let panel = |axis, lines| Panel {
        title: nasty.to_owned(),
        axis,
        lines,
        kept: Some(2.0),
        chance: Some(5.0),
    };
    let panels = [
        panel(Axis::Rank, vec![line(&[(1.0, 7.0), (2.0, f64::NAN), (3.0, 1.0)])]),
        panel(Axis::FromZero, vec![line(&[(2.0, 0.0)])]),
        panel(Axis::Own, vec![line(&[]), line(&[(2.0, 3.5), (3.0, 3.5)])]),
        panel(Axis::Rank, Vec::new()),
    ];
    let figures: String = panels.iter().map(Panel::figure).collect();
    let body = figures + &picture(&drawing(&panels), nasty);
    let html = page(nasty, "", &[Section::new("a", nasty, body)]);
    for text in [&html, &drawing(&panels)] {
        assert!(
            !text.contains("<script") && !text.contains("NaN") && !text.contains("inf"),
            "{text}"
        );
    }
    // A picture is data within the page, so nothing is fetched.
    assert_eq!(html.matches("src=").count(), html.matches("src=\"data:image/svg+xml,").count());
    assert!(html.contains("&lt;/svg&gt;&lt;script&gt;"));
}

#[test]
fn a_table_of_words_prints_them_from_the_left() {
    use retrieval::report::Grid;
    let grid = Grid {
        caption: "Tunes".to_owned(),
        words: 2,
        header: ["title", "dance", "rank"].map(str::to_owned).to_vec(),
        rows: vec![["The Kesh", "jig", "12"].map(str::to_owned).to_vec()],
    };
    assert_eq!(grid.to_string(), "Tunes\n  title     dance  rank\n  The Kesh  jig      12\n");
    assert_eq!(grid.to_html().matches("class=\"words\"").count(), 4);
}
