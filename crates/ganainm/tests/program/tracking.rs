//! How ranks moved, and the page that tells a whole run.

use crate::workshop::{CONFIG, Workshop};

/// A trained and judged run in the folder `run`, with a title that would break a careless page.
fn judged() -> Workshop {
    let workshop = Workshop::new(150);
    let book = std::fs::read_to_string(workshop.path("book.abc")).unwrap();
    let nasty = book.replace("T:The ", "T:<i>Bold</i> & \"Brave\" ");
    std::fs::write(workshop.path("nasty.abc"), nasty).unwrap();
    workshop.succeed(&["corpus", "add", "nasty.abc", "--db", "nasty.db"]);
    // So that something moves within a few steps.
    let quick = CONFIG.replace("[training]", "[training]\nlearning_rate = 0.02");
    std::fs::write(workshop.path("small.toml"), quick).unwrap();
    workshop.succeed(&["train", "small.toml", "--run", "run", "--db", "nasty.db"]);
    workshop.succeed(&["evaluate", "run"]);
    workshop
}

fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn tracks_are_tables_for_eyes_lines_for_machines_and_a_picture() {
    let workshop = judged();
    let text = workshop.succeed(&["track", "run"]);
    for part in
        ["melody→title: by dance type", "title→melody: by what the title names", "rose most"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let svg = std::fs::read_to_string(workshop.path("run/track.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("polyline") && !svg.contains("</i>"));

    let all = lines(&workshop.succeed(&["track", "run", "--json"]));
    let tracks: Vec<&serde_json::Value> =
        all.iter().filter(|line| line["kind"] == "track").collect();
    let looks = all[0]["steps"].as_array().unwrap().len();
    assert_eq!(looks, 3, "6 epochs, a look every other one");
    assert!(tracks.iter().all(|track| track["ranks"].as_array().unwrap().len() == looks));

    let id = tracks[0]["id"].as_str().unwrap();
    let one = ["track", "run", "--tune", id, "--direction", "title-to-melody", "--json"];
    let one = lines(&workshop.succeed(&one));
    let chosen: Vec<&serde_json::Value> =
        one.iter().filter(|line| line["kind"] == "track").collect();
    assert!(chosen.len() == 1 && chosen[0]["direction"] == "title_to_melody");
    let shown = workshop.succeed(&["track", "run", "--tune", id]);
    assert!(shown.contains(id) && shown.contains("best candidates"), "{shown}");
}

#[test]
fn what_cannot_be_tracked_is_named() {
    let workshop = judged();
    let message = workshop.fail(&["track", "run", "--tune", "Gan Ainm"]);
    assert!(message.contains("`Gan Ainm`") && message.contains("validation"), "{message}");
    std::fs::remove_file(workshop.path("run/predictions.parquet")).unwrap();
    let message = workshop.fail(&["track", "run"]);
    assert!(message.contains("predictions.parquet"), "{message}");
}

#[test]
fn the_page_tells_the_whole_run_and_loads_nothing() {
    let workshop = judged();
    let html = std::fs::read_to_string(workshop.path("run/report.html")).unwrap();
    for id in
        ["run", "reading", "melody-to-title", "words", "examples", "training", "tracks", "files"]
    {
        assert!(html.contains(&format!("<section id=\"{id}\">")), "{id}");
        assert!(html.contains(&format!("href=\"#{id}\"")), "{id} is not in the contents");
    }
    for outside in ["http", "src=", "<script", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("&amp; &quot;Brave&quot;") && !html.contains("</i>"), "titles are text");
    assert!(!html.contains("NaN"));
    for link in html.split("<a href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let there = link.starts_with('#') || workshop.path("run").join(link).is_file();
        assert!(there, "{link}");
    }
}
