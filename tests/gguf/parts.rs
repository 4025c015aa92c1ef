//! A model in several files answers as the one file it was split from; a set of parts that is not
//! whole or not of one model is refused with the file that is wrong.

use std::path::PathBuf;

use candle_core::quantized::GgmlDType;
use proptest::prelude::*;
use retort::engine::model::ModelFiles;
use retort::engine::model::chat_template::ChatFile;
use retort::session::Source;

use crate::models::{config, folder, logits, matrices, open, refusal};
use crate::tiny;
use crate::writer::{File, Meta, convert, part_name, text};

const COUNT: usize = 3;

struct Scene {
    folder: tempfile::TempDir,
    whole: File,
}

impl Scene {
    fn new(kind: &str) -> Self {
        let model = folder(&config(kind, 32));
        let mut whole = convert(model.path(), &matrices(GgmlDType::Q8_0));
        whole.set("tokenizer.chat_template", text("{{ messages[0].content }}"));
        let scene = Self { folder: tempfile::tempdir().unwrap(), whole };
        scene.write(|_| ());
        scene
    }

    fn path(&self, number: usize) -> PathBuf {
        self.folder.path().join(part_name("model", number, COUNT))
    }

    /// Writes all parts anew, changed.
    fn write(&self, change: impl Fn(&mut Vec<File>)) {
        let mut parts = self.whole.split(COUNT, false);
        change(&mut parts);
        parts.iter().enumerate().for_each(|(i, part)| part.write(&self.path(i + 1)));
    }

    /// What is said of the first part after a change of the files.
    fn said(&self, change: impl Fn(&mut Vec<File>)) -> String {
        self.write(change);
        refusal(&self.path(1))
    }
}

#[test]
fn any_part_opens_the_model_it_was_split_from() {
    for kind in ["llama", "gpt2"] {
        let scene = Scene::new(kind);
        let single = scene.folder.path().join("single.gguf");
        scene.whole.write(&single);
        let whole = open(&single).unwrap();
        std::fs::remove_file(&single).unwrap();
        for number in 1..=COUNT {
            let parts = open(&scene.path(number)).unwrap();
            assert_eq!(logits(&parts), logits(&whole), "{kind}, part {number}");
            assert_eq!((&parts.card.notes, parts.card.parameters), (&whole.card.notes, whole.card.parameters));
        }
        // The folder that holds them is one model, and its first part may be without tensors.
        scene.whole.split(COUNT, true).iter().enumerate().for_each(|(i, part)| part.write(&scene.path(i + 1)));
        let of_folder = open(scene.folder.path()).unwrap();
        tiny::assert_close(kind, &logits(&of_folder), &logits(&whole), 0.0);
        let files = |number| ModelFiles::find(&Source::Folder(scene.path(number))).unwrap();
        let template = |chat: Option<ChatFile>| chat.map(|chat| chat.template);
        assert_eq!(template(files(2).chat().unwrap()).as_deref(), Some("{{ messages[0].content }}"));
        assert_eq!(files(1).content_hash().unwrap(), files(3).content_hash().unwrap());
        assert_eq!(files(2).weights().unwrap().frozen_bytes(), files(1).weights().unwrap().frozen_bytes());
    }
}

#[test]
fn what_any_part_holds_counts_for_the_whole() {
    let scene = Scene::new("llama");
    let files = |number| ModelFiles::find(&Source::Folder(scene.path(number))).unwrap();
    let before = files(1).content_hash().unwrap();
    scene.write(|parts| parts[2].tensors[0].bytes[40] ^= 1);
    assert_ne!(before, files(1).content_hash().unwrap(), "a change in the last part");
    let single = scene.folder.path().join("single.gguf");
    scene.whole.write(&single);
    let whole = ModelFiles::find(&Source::Folder(single)).unwrap().weights().unwrap();
    let parts = files(1).weights().unwrap();
    assert_eq!((parts.parameters(), parts.frozen_bytes()), (whole.parameters(), whole.frozen_bytes()));
    // What is wrong in a part is said of that part.
    let said = scene.said(|parts| {
        let norm = parts.iter_mut().flat_map(|part| &mut part.tensors).find(|part| part.name == "output_norm.weight");
        norm.unwrap().bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    let holder = scene.whole.tensors.iter().position(|part| part.name == "output_norm.weight").unwrap() % COUNT + 1;
    assert!(said.contains("NaN") && said.contains(&part_name("model", holder, COUNT)), "{said}");
}

#[test]
fn parts_that_are_missing_or_renamed_are_named() {
    let scene = Scene::new("llama");
    std::fs::remove_file(scene.path(2)).unwrap();
    for number in [1, 3] {
        let said = refusal(&scene.path(number));
        assert!(said.contains("1 of its 3 parts") && said.contains("model-00002-of-00003.gguf"), "{said}");
    }
    std::fs::remove_file(scene.path(1)).unwrap();
    let said = refusal(scene.folder.path());
    assert!(said.contains("2 of its 3 parts") && said.contains("model-00001-of-00003.gguf"), "{said}");
    scene.write(|_| ());
    std::fs::rename(scene.path(1), scene.folder.path().join("model.gguf")).unwrap();
    let said = refusal(&scene.folder.path().join("model.gguf"));
    assert!(said.contains("one of 3 parts") && said.contains("--merge"), "{said}");
    std::fs::remove_file(scene.folder.path().join("model.gguf")).unwrap();
    // Two parts whose names were swapped.
    scene.write(|parts| parts.swap(1, 2));
    let said = refusal(&scene.path(1));
    assert!(said.contains("calls it part 3 of 3") && said.contains("model-00002-of-00003.gguf"), "{said}");
}

#[test]
fn parts_of_different_models_are_not_put_together() {
    let scene = Scene::new("llama");
    let second = "model-00002-of-00003.gguf";
    let said = scene.said(|parts| {
        parts[1].set("split.count", Meta::U16(4));
    });
    assert!(said.contains("part 2 of 4") && said.contains(second), "{said}");
    let said = scene.said(|parts| {
        parts[1].fields.clear();
    });
    assert!(said.contains("part ? of ?") && said.contains(second), "{said}");
    let said = scene.said(|parts| {
        parts[1].set("split.tensors.count", Meta::I32(7));
    });
    assert!(said.contains("another model") && said.contains(second), "{said}");
    let said = scene.said(|parts| {
        parts[1].set("general.architecture", text("qwen2"));
    });
    assert!(said.contains("another model") && said.contains(second), "{said}");
    let twice = scene.whole.tensors[0].name.clone();
    let said = scene.said(|parts| {
        let tensor = parts[0].tensors[0].clone();
        parts[1].tensors.push(tensor);
    });
    assert!(said.contains(&twice) && said.contains("model-00001") && said.contains(second), "{said}");
    let said = scene.said(|parts| drop(parts[1].tensors.pop()));
    assert!(said.contains("and should hold"), "{said}");
    // A part that was cut off says so itself.
    scene.write(|_| ());
    let bytes = std::fs::read(scene.path(3)).unwrap();
    std::fs::write(scene.path(3), &bytes[..bytes.len() - 40]).unwrap();
    let said = refusal(&scene.path(1));
    assert!(said.contains("cut off") && said.contains("model-00003-of-00003.gguf"), "{said}");
}

#[test]
fn two_split_models_in_a_folder_are_two() {
    let scene = Scene::new("llama");
    let other = scene.whole.split(2, false);
    other.iter().enumerate().for_each(|(i, part)| part.write(&scene.folder.path().join(part_name("other", i + 1, 2))));
    let said = refusal(scene.folder.path());
    assert!(said.contains("2 GGUF models") && said.contains("other-00001-of-00002.gguf"), "{said}");
    assert!(open(&scene.path(1)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any few bytes of the headers changed, most of them where a part says which it is: opened or
    /// refused, never a panic.
    #[test]
    fn no_changed_byte_of_a_part_ends_in_a_panic(
        changes in proptest::collection::vec((0..COUNT, 0usize..160, any::<u8>()), 1..5),
    ) {
        thread_local! {
            static SCENE: Scene = Scene::new("llama");
        }
        SCENE.with(|scene| {
            let mut parts: Vec<Vec<u8>> = scene.whole.split(COUNT, false).iter().map(File::bytes).collect();
            for (part, at, byte) in changes {
                let start = parts[part].windows(6).position(|window| window == b"split.").unwrap();
                let from = if at % 4 == 0 { 0 } else { start };
                parts[part][from + at] = byte;
            }
            parts.iter().enumerate().for_each(|(i, part)| std::fs::write(scene.path(i + 1), part).unwrap());
            drop(open(&scene.path(1)));
        });
    }
}
