//! Tracks put together from predictions.

use super::*;

fn prediction(step: u64, direction: &str, (query, rank): (&str, f64)) -> Prediction {
    let top = vec![("b:2".to_owned(), 0.5), ("a:1".to_owned(), 0.25)];
    Prediction { step, direction: direction.to_owned(), query: query.to_owned(), rank, top }
}

/// Three works at three looks: one rises, one falls, one stays.
fn tracks() -> Tracks {
    let ranks = [
        (10, [("a:1", 8.0), ("b:2", 1.0), ("c:3", 3.0)]),
        (30, [("a:1", 4.0), ("b:2", 2.0), ("c:3", 3.0)]),
        (20, [("a:1", 1.0), ("b:2", 4.0), ("c:3", 3.0)]),
    ];
    let rows = ranks.into_iter().flat_map(|(step, ranks)| {
        ["melody_to_title", "title_to_melody"]
            .into_iter()
            .flat_map(move |way| ranks.map(|rank| prediction(step, way, rank)))
    });
    Tracks::new(rows.collect(), Names::default()).unwrap()
}

#[test]
fn looks_come_in_order_of_their_steps() {
    let tracks = tracks();
    assert_eq!(tracks.steps, [10, 20, 30]);
    assert_eq!(tracks.ways[1].tracks[0].ranks, [8.0, 1.0, 4.0]);
}

#[test]
fn a_rise_is_counted_in_halvings_of_the_rank() {
    let way = &tracks().ways[0];
    assert_eq!([1, 2].map(|to| way.tracks[0].rise(to)), [3.0, 1.0]);
    let ids = |tracks: Vec<&Track>| tracks.iter().map(|track| track.id.clone()).collect::<Vec<_>>();
    // A work that stayed where it was neither rose nor fell.
    assert_eq!(ids(way.risers(2, 5)), ["a:1"]);
    assert_eq!(ids(way.fallers(1, 5)), ["b:2"]);
}

#[test]
fn a_group_has_the_median_the_mean_and_the_mean_reciprocal_rank() {
    let all = &tracks().ways[0].groups(By::Everything)[0];
    let expected =
        Level { median_rank: 3.0, mean_rank: 4.0, mrr: (1.0 / 8.0 + 1.0 + 1.0 / 3.0) / 3.0 };
    assert_eq!((all.n, all.looks[0]), (3, expected));
}

#[test]
fn a_work_that_a_look_lacks_is_named() {
    let rows = vec![
        prediction(1, "melody_to_title", ("a:1", 1.0)),
        prediction(2, "melody_to_title", ("a:1", 1.0)),
        prediction(2, "melody_to_title", ("b:2", 2.0)),
    ];
    assert!(Tracks::new(rows, Names::default()).unwrap_err().contains("`b:2`"));
}

#[test]
fn the_kept_look_is_the_first_of_the_greatest_merit() {
    let look = |step, mrr| {
        let chance = 0.1;
        Record::Validation(crate::Validation {
            step,
            epoch: 1,
            loss: 1.0,
            melody_to_title: mrr,
            title_to_melody: mrr,
            candidates: 7,
            chance,
            best: true,
            learned: false,
        })
    };
    assert_eq!(kept(&[look(10, 0.2), look(20, 0.5), look(30, 0.5)], &[10, 20, 30]), 1);
    assert_eq!(kept(&[], &[10, 20, 30]), 2, "the last look where nothing is recorded");
}

#[test]
fn a_work_is_found_by_its_id_and_an_unknown_one_is_named() {
    let tracks = tracks();
    let find = |text: &str| tracks.find(&[text.to_owned()]);
    assert_eq!(find("b:2").unwrap(), ["b:2"]);
    assert!(find("The Kesh").unwrap_err().to_string().contains("The Kesh"));
}

#[test]
fn every_line_for_machines_is_an_object_with_a_kind() {
    let tracks = tracks();
    let kinds = |choice: &Choice| -> Vec<String> {
        let text = tracks.to_json_lines(choice).unwrap();
        let parsed =
            text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        parsed.map(|line| line["kind"].as_str().unwrap().to_owned()).collect()
    };
    // No dance types here, and all titles tell nothing: two groups a direction.
    let all = kinds(&Choice::default());
    assert_eq!(all.iter().filter(|kind| *kind == "track").count(), 6);
    assert_eq!((all[0].as_str(), all.iter().filter(|kind| *kind == "group").count()), ("looks", 4));
    let one = Choice { tunes: vec!["a:1".to_owned()], ..Choice::default() };
    assert_eq!(kinds(&one).iter().filter(|kind| *kind == "track").count(), 2);
}

#[test]
fn one_look_is_enough_for_tables_and_a_picture() {
    let row = prediction(5, "title_to_melody", ("a:1", 2.0));
    let tracks = Tracks::new(vec![row], Names::default()).unwrap();
    assert!(tracks.to_text(&Choice::default()).contains("median: only"));
    assert!(!tracks.to_svg(&Choice::default()).contains("NaN"));
}
