//! Maps from the command line: files in the run, the same for one seed, and earlier maps followed.

use crate::workshop::Workshop;

fn trained() -> Workshop {
    let workshop = Workshop::new(150);
    workshop.succeed(&["train", "small.toml", "--run", "run", "--db", "corpus.db"]);
    workshop
}

fn read(workshop: &Workshop, name: &str) -> String {
    std::fs::read_to_string(workshop.path("run").join(name)).unwrap()
}

#[test]
fn a_map_is_measured_drawn_and_written_for_other_programs() {
    let workshop = trained();
    let table = workshop.succeed(&["map", "run"]);
    for word in ["dance type", "metre alone", "linear probe", "UMAP", "told dance_type, metre"] {
        assert!(table.contains(word), "no {word} in {table}");
    }
    assert!(read(&workshop, "map.html").contains("<canvas"));
    for name in ["map-melody-pca.svg", "map-melody-tsne.svg", "map-title-umap.svg"] {
        assert!(read(&workshop, name).starts_with("<svg"), "{name}");
    }
    let tensors = read(&workshop, "projector/melody-tensors.tsv");
    let metadata = read(&workshop, "projector/metadata.tsv");
    assert_eq!(tensors.lines().count() + 1, metadata.lines().count());
    assert!(read(&workshop, "projector/projector_config.pbtxt").contains("title-tensors.tsv"));
}

#[test]
fn one_seed_gives_one_map_and_an_earlier_map_is_followed() {
    let workshop = trained();
    let first = workshop.succeed(&["map", "run", "--json"]);
    assert_eq!(workshop.succeed(&["map", "run", "--json"]), first);
    assert_ne!(workshop.succeed(&["map", "run", "--json", "--seed", "2"]), first);
    workshop.succeed(&["map", "run"]);
    let again = workshop.succeed(&["map", "run", "--json", "--like", "run"]);
    let places = |text: &str| -> Vec<f64> {
        let atlas: serde_json::Value = serde_json::from_str(text).unwrap();
        let list = atlas["picture"]["views"][0]["places"].as_array().unwrap().clone();
        list.iter().flat_map(|place| [0, 1].map(|axis| place[axis].as_f64().unwrap())).collect()
    };
    for (a, b) in places(&first).iter().zip(places(&again)) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn works_are_followed_over_the_looks_of_a_training() {
    let workshop = trained();
    workshop.succeed(&["map", "run", "--steps"]);
    let picture: serde_json::Value =
        serde_json::from_str(&read(&workshop, "map-steps.json")).unwrap();
    let views = picture["views"].as_array().unwrap();
    let steps: Vec<u64> = views.iter().map(|view| view["step"].as_u64().unwrap()).collect();
    // Three maps of melodies and three of titles at each look.
    let looks = std::fs::read_dir(workshop.path("run/looks")).unwrap().count();
    assert!(looks > 1 && steps.len() == 6 * looks && steps.is_sorted(), "{steps:?}");
    let works = picture["points"].as_array().unwrap().len();
    assert!(views.iter().all(|view| view["places"].as_array().unwrap().len() == works));
    assert!(read(&workshop, "map-steps.html").contains("type=\"range\""));
}

#[test]
fn what_cannot_be_mapped_is_said() {
    let workshop = trained();
    std::fs::remove_dir_all(workshop.path("run/looks")).unwrap();
    assert!(workshop.fail(&["map", "run", "--steps"]).contains("train the run anew"));
    let message = workshop.fail(&["map", "run", "--like", "run"]);
    assert!(message.contains("map.json"), "{message}");
    assert!(workshop.fail(&["map", "elsewhere"]).contains("config.toml"));
}
