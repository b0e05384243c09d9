//! A sentence encoder is found wherever its files lie, its vectors are kept, and the real one's equal the reference.

#![allow(clippy::unwrap_used, reason = "helpers of tests unwrap as the tests do")]

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use train::{LoadedEncoder, SentenceVectors, load_sentence_encoder};
use zip::write::SimpleFileOptions;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures");
    fs::read(folder.join(name)).unwrap()
}

/// The files of a small random encoder, as a Hugging Face folder names them.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let pooling = br#"{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}"#;
    vec![
        ("config.json", fixture("sentence_tiny_config.json")),
        ("tokenizer.json", fixture("sentence_tiny_tokenizer.json")),
        ("model.safetensors", fixture("sentence_tiny.safetensors")),
        ("1_Pooling/config.json", pooling.to_vec()),
    ]
}

fn lay_out(folder: &Path) -> PathBuf {
    for (name, bytes) in files() {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
    folder.to_owned()
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// All files of the encoder in an archive, below a folder in it.
fn zipped(at: &str) -> Vec<u8> {
    let files: Vec<_> = files().into_iter().map(|(name, x)| (format!("{at}{name}"), x)).collect();
    let members: Vec<_> = files.iter().map(|(name, x)| (name.as_str(), &x[..])).collect();
    archive(&members)
}

fn error(path: &Path) -> String {
    load_sentence_encoder(path).unwrap_err().to_string()
}

#[test]
fn an_encoder_is_found_in_folders_archives_and_archives_in_these() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let plain = load_sentence_encoder(&lay_out(&at("plain/encoder"))).unwrap();
    assert_eq!(plain.hash.len(), 64);
    let expected = plain.encoder.embed(&["The Kesh"]);

    fs::write(at("root.zip"), zipped("")).unwrap();
    fs::write(at("below.whl"), zipped("package/encoder/")).unwrap();
    let wheel = archive(&[("package/model.zip", &zipped("")), ("package/broken.zip", b"no")]);
    fs::write(at("nested.whl"), &wheel).unwrap();
    fs::create_dir_all(at("site-packages/package")).unwrap();
    fs::write(at("site-packages/package/model.zip"), zipped("")).unwrap();
    fs::create_dir_all(at("downloads")).unwrap();
    fs::write(at("downloads/nested.whl"), &wheel).unwrap();
    for name in ["plain", "root.zip", "below.whl", "nested.whl", "site-packages", "downloads"] {
        let found = load_sentence_encoder(&at(name)).unwrap();
        assert_eq!(found.hash, plain.hash, "{name}");
        assert_eq!(found.encoder.embed(&["The Kesh"]), expected, "{name}");
    }
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(error(&at("nowhere")).contains("nowhere"));
    fs::write(at("text"), "X:1").unwrap();
    assert!(error(&at("text")).contains("is no folder or archive"));
    fs::create_dir(at("empty")).unwrap();
    assert!(error(&at("empty")).contains(
        "holds no sentence encoder: no model.safetensors with config.json and tokenizer.json or vocab.txt beside it"
    ));
    fs::remove_file(lay_out(&at("part")).join("tokenizer.json")).unwrap();
    assert!(error(&at("part")).contains("without tokenizer.json or vocab.txt beside it"));
    lay_out(&at("two/a"));
    lay_out(&at("two/b"));
    assert!(error(&at("two")).contains("several sentence encoders (`a/`, `b/`): name one of them"));
    let pooling = r#"{"pooling_mode_cls_token": true}"#;
    fs::write(lay_out(&at("cls")).join("1_Pooling/config.json"), pooling).unwrap();
    assert!(error(&at("cls")).contains("only their mean is supported"));
    fs::write(lay_out(&at("damaged")).join("model.safetensors"), "no").unwrap();
    let message = error(&at("damaged"));
    assert!(message.contains("damaged") && message.contains("not a readable safetensors file"));
}

fn tiny() -> LoadedEncoder {
    let folder = tempfile::tempdir().unwrap();
    load_sentence_encoder(&lay_out(folder.path())).unwrap()
}

#[test]
fn vectors_are_the_same_whether_they_were_kept_or_not() {
    let (encoder, folder) = (tiny(), tempfile::tempdir().unwrap());
    let titles = ["The Kesh", "Drowsy Maggie", "The Kesh", "Port na bPúcaí", ""];
    let expected = encoder.encoder.embed(&titles);
    assert_eq!(SentenceVectors::new(&encoder, None).of(&titles), expected);
    let mut vectors = SentenceVectors::new(&encoder, Some(folder.path()));
    assert_eq!(vectors.of(&titles[..2]), expected[..2 * 21]);
    assert_eq!(vectors.of(&titles), expected);

    let file = folder.path().join(format!("{}.vectors", encoder.hash));
    let kept = fs::read(&file).unwrap();
    assert_eq!(SentenceVectors::new(&encoder, Some(folder.path())).of(&titles), expected);
    assert_eq!(fs::read(&file).unwrap(), kept);
    let mut other = encoder.clone();
    other.encoder.precision = model::Precision::Bf16;
    assert_ne!(SentenceVectors::new(&other, Some(folder.path())).of(&titles), expected);

    fs::write(&file, &kept[..kept.len() - 7]).unwrap();
    assert_eq!(SentenceVectors::new(&encoder, Some(folder.path())).of(&titles), expected);
    assert_eq!(fs::read(&file).unwrap(), kept);
    // A folder that cannot be made costs the keeping, not the vectors.
    assert_eq!(SentenceVectors::new(&encoder, Some(&file.join("below"))).of(&titles), expected);
}

/// all-MiniLM-L6-v2 has 90 MB and is not in the repository; `GANAINM_SENTENCE_ENCODER` tells where it is.
#[test]
fn the_real_encoder_equals_the_reference() {
    let Some(path) = std::env::var_os("GANAINM_SENTENCE_ENCODER") else {
        println!("skipped: GANAINM_SENTENCE_ENCODER names no copy of all-MiniLM-L6-v2");
        return;
    };
    let encoder = load_sentence_encoder(Path::new(&path)).unwrap().encoder;
    let titles: Vec<(String, Vec<u32>)> =
        serde_json::from_slice(&fixture("sentence_titles.json")).unwrap();
    let mut texts = Vec::new();
    for (title, ids) in &titles {
        assert_eq!(&encoder.token_ids(title), ids, "{title:?}");
        texts.push(title.as_str());
    }
    let together = encoder.embed(&texts);
    for (text, vector) in texts.iter().zip(together.chunks_exact(384)) {
        assert!(encoder.embed(&[text]) == vector, "{text:?} with and without neighbours");
    }
    let bytes = fixture("sentence_real.safetensors");
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let (expected, _) = file.tensor("vectors").unwrap().data().as_chunks();
    assert_eq!(expected.len() % 384, 0);
    for (at, (found, &expected)) in together.iter().zip(expected).enumerate() {
        let expected = f32::from_le_bytes(expected);
        assert!((found - expected).abs() < 1e-5, "{}: {found} {expected}", texts[at / 384]);
    }
}
