//! Files that are no models, or damaged ones: a sentence each time.

use std::path::Path;
use std::sync::LazyLock;

use danlu::vision::onnx::Graph;
use danlu::vision::tagger::Tagger;

use crate::support::{tagger_folder, unpacked};

static GRAPH: LazyLock<Vec<u8>> = LazyLock::new(|| unpacked("taggers/v3_convnext.onnx.gz"));

fn sentence(error: &impl ToString) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.contains('\n') && text.len() < 800, "{text}");
}

#[test]
fn what_is_no_graph_is_said_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    sentence(&Graph::open(&path).unwrap_err());
    sentence(&Graph::open(folder.path()).unwrap_err());
    for bytes in [
        &b""[..],
        b"\0",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        b"<!DOCTYPE html>\n<html>",
        &[0xff; 4096],
        &GRAPH[..GRAPH.len() / 2],
        &GRAPH[..100],
    ] {
        std::fs::write(&path, bytes).unwrap();
        sentence(&Graph::open(&path).unwrap_err());
    }
}

/// Thousands of single flipped bytes in the graph's structure: read or refused, run or failed, but never broken off.
#[test]
fn flipped_bytes_never_break_off() {
    let folder = tagger_folder(&GRAPH, 12);
    let path = folder.path().join("model.onnx");
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([90, 120, 150])).into();
    let mut state = 1_u64;
    let (mut read, mut ran) = (0, 0);
    for _ in 0..400 {
        let mut bytes = GRAPH.clone();
        for _ in 0..3 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] ^= 1 << (state >> 20 & 7);
        }
        std::fs::write(&path, &bytes).unwrap();
        match Tagger::open(&path) {
            Ok(tagger) => {
                read += 1;
                match tagger.scores(&picture) {
                    Ok(_) => ran += 1,
                    Err(error) => sentence(&error),
                }
            }
            Err(error) => sentence(&error),
        }
    }
    assert!(read > 0 && ran > 0, "{read} {ran}");
}

#[test]
fn a_list_that_does_not_fit_is_named() {
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([90, 120, 150])).into();
    for tags in [11, 13] {
        let folder = tagger_folder(&GRAPH, tags);
        let tagger = Tagger::open(&folder.path().join("model.onnx")).unwrap();
        let error = tagger.scores(&picture).unwrap_err().to_string();
        assert!(
            error.contains("gives 12 numbers") && error.contains(&format!("{tags} tags")),
            "{error}"
        );
    }
    let folder = tagger_folder(&GRAPH, 12);
    std::fs::remove_file(folder.path().join("selected_tags.csv")).unwrap();
    let error = Tagger::open(Path::new(&folder.path().join("model.onnx"))).unwrap_err();
    assert!(error.to_string().contains("selected_tags.csv"), "{error}");
}
