//! Files broken in every way a download or an enemy can break them: each is refused in a sentence
//! that names the file and the reason; never with a panic, a hang or a large allocation.

use std::path::PathBuf;

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};
use proptest::prelude::*;
use retort::engine::model::ModelFiles;
use retort::session::Source;

use crate::models::{config, folder, matrices, open, refusal};
use crate::writer::{File, Meta, convert, part, text};

struct Scene {
    folder: tempfile::TempDir,
    file: File,
}

impl Scene {
    fn new(kind: &str) -> Self {
        let folder = folder(&config(kind, 32));
        let file = convert(folder.path(), &matrices(GgmlDType::Q8_0));
        Self { folder, file }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("teacher.gguf")
    }

    /// What is said of these bytes.
    fn said(&self, bytes: &[u8]) -> String {
        std::fs::write(self.path(), bytes).unwrap();
        let said = refusal(&self.path());
        assert!(said.contains("teacher.gguf"), "the file is named: {said}");
        said
    }

    /// What is said of the file, changed.
    fn changed(&self, change: impl Fn(&mut File)) -> String {
        let mut file = self.file.clone();
        change(&mut file);
        self.said(&file.bytes())
    }
}

/// The first `count` bytes, then these.
fn spliced(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes
}

#[test]
fn a_file_that_was_cut_anywhere_is_refused() {
    let scene = Scene::new("llama");
    let whole = scene.file.bytes();
    std::fs::write(scene.path(), &whole).unwrap();
    assert!(open(&scene.path()).is_ok());
    for share in 0..40 {
        let said = scene.said(&whole[..whole.len() * share / 40]);
        let known = ["cut off", "no GGUF", "more than the"];
        assert!(known.iter().any(|words| said.contains(words)), "{share}: {said}");
    }
    assert!(scene.said(&whole[..whole.len() - 1]).contains("cut off"));
}

#[test]
fn a_vocabulary_without_weights_is_refused_as_such_and_not_as_a_broken_download() {
    for kind in ["llama", "gpt2", "qwen2", "qwen3"] {
        let scene = Scene::new(kind);
        for kept in [vec![], vec!["token_embd.weight"]] {
            let said = scene.changed(|file| file.tensors.retain(|part| kept.contains(&part.name.as_str())));
            assert!(said.contains("holds a vocabulary only") && !said.contains("fetch it again"), "{kind}: {said}");
        }
        let said = scene.changed(|file| file.tensors.retain(|part| !part.name.starts_with("blk.1.")));
        assert!(!said.contains("vocabulary only"), "{kind}: {said}");
    }
}

#[test]
fn what_is_no_gguf_file_is_refused() {
    let scene = Scene::new("llama");
    let whole = scene.file.bytes();
    assert!(scene.said(b"PK\x03\x04 something else entirely").contains("no GGUF file"));
    assert!(scene.said(b"version https://git-lfs.github.com/spec/v1\noid sha256:0").contains("LFS"));
    assert!(scene.said(&spliced(&whole, 4, &1u32.to_le_bytes())).contains("version is 1"));
    assert!(scene.said(&spliced(&whole, 4, &99u32.to_le_bytes())).contains("version is 99"));
    assert!(scene.said(&spliced(&whole, 4, &3u32.to_be_bytes())).contains("big-endian"));
    std::fs::remove_file(scene.path()).unwrap();
    assert!(refusal(&scene.path()).contains("does not exist"));
    std::fs::create_dir(scene.path()).unwrap();
    assert!(refusal(&scene.path()).contains("config.json"));
}

#[test]
fn huge_counts_cost_nothing_and_are_refused() {
    let scene = Scene::new("llama");
    let whole = scene.file.bytes();
    let huge = [u64::MAX, 1 << 62, 1 << 40, 1 << 31, whole.len() as u64];
    for count in huge {
        assert!(scene.said(&spliced(&whole, 8, &count.to_le_bytes())).contains("tensors"), "{count} tensors");
        assert!(scene.said(&spliced(&whole, 16, &count.to_le_bytes())).contains("metadata"), "{count} fields");
    }
    // The length of the first key, and that of a list.
    assert!(scene.said(&spliced(&whole, 24, &u64::MAX.to_le_bytes())).contains("cut off"));
    let at = whole.windows(21).position(|w| w == b"tokenizer.ggml.tokens").unwrap() + 21 + 8;
    for count in huge {
        assert!(scene.said(&spliced(&whole, at, &count.to_le_bytes())).contains("list"), "{count} entries");
    }
    assert!(scene.said(&spliced(&whole, at - 8, &77u32.to_le_bytes())).contains("type 77"));
    for (name, size) in [("llama.block_count", 4_000_000), ("llama.context_length", u32::MAX)] {
        let said = scene.changed(|file| {
            file.set(name, Meta::U32(size));
        });
        assert!(said.contains("layers") || said.contains("4294967295"), "{said}");
    }
}

#[test]
fn lists_within_lists_end() {
    let scene = Scene::new("llama");
    let nested = |depth: usize| {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend([0u64.to_le_bytes(), 1u64.to_le_bytes(), 1u64.to_le_bytes()].concat());
        bytes.extend(b"x");
        bytes.extend(9u32.to_le_bytes());
        (0..depth).for_each(|_| bytes.extend([&9u32.to_le_bytes()[..], &1u64.to_le_bytes()].concat()));
        bytes
    };
    assert!(scene.said(&nested(100_000)).contains("too deeply"));
}

#[test]
fn shapes_and_places_that_lie_are_refused() {
    let scene = Scene::new("llama");
    let shape = |shape: &[u64]| scene.changed(|file| file.part("blk.0.attn_q.weight").shape = shape.to_vec());
    assert!(shape(&[1 << 40, 1 << 40]).contains("blk.0.attn_q.weight is"));
    assert!(shape(&[u64::MAX]).contains("blk.0.attn_q.weight is"));
    assert!(shape(&[0, 32]).contains("blk.0.attn_q.weight is"));
    assert!(shape(&[1 << 33, 32]).contains("cut off"));
    assert!(shape(&[32, 31]).contains("multiples of 32"));
    assert!(shape(&[]).contains("0 dimensions") && shape(&[1, 1, 1, 1, 32]).contains("5 dimensions"));
    assert!(shape(&[16, 32]).contains("expected [32, 32]") && shape(&[32]).contains("expected [32, 32]"));
    assert!(shape(&[12, 32]).contains("blk.0.attn_q.weight"));
    for alignment in [0, 1, 7, 24, u32::MAX] {
        let said = scene.changed(|file| {
            file.set("general.alignment", Meta::U32(alignment));
        });
        assert!(said.contains("general.alignment"), "{said}");
    }
    let twice = scene.changed(|file| file.tensors.push(file.tensors[0].clone()));
    assert!(twice.contains("two tensors named"), "{twice}");
    // Every tensor at the first one's place: none is beyond the end, but all together are too much.
    let mut bytes = scene.file.bytes();
    for part in &scene.file.tensors {
        let name = part.name.as_bytes();
        let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
        let at = at + name.len() + 4 + 8 * part.shape.len() + 4;
        bytes[at..at + 8].copy_from_slice(&0u64.to_le_bytes());
    }
    let data: usize = scene.file.tensors.iter().map(|part| part.bytes.len().next_multiple_of(32)).sum();
    bytes.truncate(bytes.len() - data / 2);
    assert!(scene.said(&bytes).contains("overlap"));
}

#[test]
fn kinds_that_are_not_read_are_named() {
    let scene = Scene::new("llama");
    for (kind, name) in [(23, "IQ4_XS"), (39, "MXFP4"), (15, "Q8_K"), (4, "kind 4"), (4_000_000_000, "kind 4000000000")]
    {
        let said = scene.changed(|file| file.part("blk.0.attn_q.weight").kind = kind);
        assert!(said.contains(name) && said.contains("Q4_K") && said.contains("blk.0.attn_q.weight"), "{said}");
    }
}

#[test]
fn missing_metadata_is_named() {
    for kind in ["llama", "gpt2"] {
        let scene = Scene::new(kind);
        let epsilon = if kind == "gpt2" { "layer_norm_epsilon" } else { "layer_norm_rms_epsilon" };
        let own = ["context_length", "embedding_length", "block_count", "feed_forward_length", "attention.head_count"];
        let own = own.iter().map(|name| format!("{kind}.{name}")).chain([format!("{kind}.attention.{epsilon}")]);
        let tokens = ["tokenizer.ggml.model", "tokenizer.ggml.tokens", "general.architecture"].map(String::from);
        let last = if kind == "gpt2" { "tokenizer.ggml.merges" } else { "tokenizer.ggml.scores" };
        for name in own.chain(tokens).chain([last.to_owned()]) {
            let said = scene.changed(|file| drop(file.fields.remove(&name)));
            assert!(said.contains(&name), "{name}: {said}");
        }
    }
}

#[test]
fn metadata_that_means_another_network_is_refused_in_words() {
    let scene = Scene::new("llama");
    let refused: [(&str, Meta, &str); 15] = [
        ("general.architecture", text("gemma3"), "gemma3"),
        ("general.architecture", text("qwen3moe"), "mixture"),
        ("general.architecture", Meta::U32(3), "general.architecture"),
        ("llama.expert_count", Meta::U32(8), "mixture of 8 experts"),
        ("split.count", Meta::U32(3), "one of 3 parts"),
        ("llama.attention.head_count", Meta::U32(0), "head_count is 0"),
        ("llama.attention.head_count", Meta::I32s(vec![4, 2]), "all layers"),
        ("llama.attention.head_count_kv", Meta::U32(3), "num_key_value_heads"),
        ("llama.attention.key_length", Meta::U32(7), "7 numbers for keys"),
        ("llama.rope.dimension_count", Meta::U32(4), "partial_rotary_factor"),
        ("llama.rope.scaling.type", text("longrope"), "longrope"),
        ("llama.block_count", Meta::U32(3), "blk.2.attn_norm.weight"),
        ("tokenizer.ggml.model", text("t5"), "\"t5\""),
        ("tokenizer.ggml.bos_token_id", Meta::U32(4000), "bos_token_id is 4000"),
        ("tokenizer.ggml.token_type", Meta::I32s(vec![1]), "token_type"),
    ];
    for (name, value, words) in refused {
        let said = scene.changed(|file| {
            file.set(name, value.clone());
        });
        assert!(said.contains(words), "{name} {value:?}: {said}");
    }
    let scene = Scene::new("qwen2");
    let pre = scene.changed(|file| {
        file.set("tokenizer.ggml.pre", text("viking"));
    });
    assert!(pre.contains("viking") && pre.contains("llama-bpe"), "{pre}");
    let merge = scene.changed(|file| {
        file.set("tokenizer.ggml.merges", Meta::Texts(vec!["t zzz".into()]));
    });
    assert!(merge.contains("t zzz"), "{merge}");
}

#[test]
fn tensors_that_are_missing_too_many_or_no_numbers_are_named() {
    let scene = Scene::new("llama");
    for name in ["token_embd.weight", "output_norm.weight", "blk.1.ffn_up.weight", "blk.0.attn_norm.weight"] {
        let said = scene.changed(|file| file.tensors.retain(|part| part.name != name));
        assert!(said.contains(name), "{name}: {said}");
    }
    let ones = Tensor::ones((2, 32), candle_core::DType::F32, &Device::Cpu).unwrap();
    for name in ["blk.0.ffn_gate_inp.weight", "blk.0.attn_sub_norm.weight", "v.patch_embd.weight"] {
        let said = scene.changed(|file| file.tensors.push(part(name, &ones, GgmlDType::F32)));
        assert!(said.contains(name) && said.contains("something else"), "{said}");
    }
    let said = scene.changed(|file| file.part("blk.1.ffn_up.weight").bytes[..2].copy_from_slice(&[0, 0x7e]));
    assert!(said.contains("blk.1.ffn_up.weight") && said.contains("NaN"), "{said}");
    let nan = |file: &mut File| file.part("output_norm.weight").bytes[..4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(scene.changed(nan).contains("NaN"));
    let said = scene.changed(|file| file.tensors.push(part("rope_freqs.weight", &ones, GgmlDType::F32)));
    assert!(said.contains("rope_freqs.weight"), "{said}");
}

#[test]
fn a_folder_opens_if_it_holds_one_file_and_asks_if_it_holds_several() {
    let scene = Scene::new("llama");
    let folder = tempfile::tempdir().unwrap();
    scene.file.write(&folder.path().join("a.gguf"));
    std::fs::write(folder.path().join("mmproj-a.gguf"), b"GGUF").unwrap();
    std::fs::write(folder.path().join("README.md"), b"#").unwrap();
    assert!(open(folder.path()).is_ok());
    scene.file.write(&folder.path().join("b.gguf"));
    // A file is known by its first bytes as well.
    let hash = folder.path().join("sha256-0123");
    scene.file.write(&hash);
    assert!(open(&hash).is_ok());
    assert!(refusal(&folder.path().join("README.md")).contains("it is a file"));
    let said = refusal(folder.path());
    assert!(said.contains("a.gguf, b.gguf") && said.contains("path"), "{said}");
    // A folder that is a model by itself stays that model.
    scene.file.write(&scene.path());
    assert!(matches!(ModelFiles::find(&Source::Folder(scene.folder.path().into())), Ok(ModelFiles::Folder(_))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any few bytes of the header changed: opened or refused, never a panic.
    #[test]
    fn no_changed_byte_ends_in_a_panic(changes in proptest::collection::vec((0usize..6000, any::<u8>()), 1..6)) {
        thread_local! {
            static SCENE: Scene = Scene::new("llama");
        }
        SCENE.with(|scene| {
            let mut bytes = scene.file.bytes();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            std::fs::write(scene.path(), &bytes).unwrap();
            drop(open(&scene.path()));
        });
    }
}
