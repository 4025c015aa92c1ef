//! Model files as they come: whole, in shards, as PyTorch's archive, in half precision, and broken
//! in every way a download or an enemy can break them. Broken ones end in a sentence that names the
//! file; never in a panic, a hang or a large allocation.
#![cfg(feature = "engine")]

mod tiny;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use retort::engine::model::{self, ModelError};
use retort::session::{Head, Init, ModelChoice, Source};

/// A folder with a tiny BERT, and its tensors.
fn model() -> (tempfile::TempDir, BTreeMap<String, Tensor>) {
    let folder = tempfile::tempdir().unwrap();
    let bert = model::ARCHITECTURES.iter().find(|a| a.id == "bert").unwrap();
    let model = tiny::fresh(bert, Head::Classifier, 3);
    model.save(folder.path(), &tiny::classes()).unwrap();
    let tensors = candle_core::safetensors::load(folder.path().join("model.safetensors"), &Device::Cpu).unwrap();
    (folder, tensors.into_iter().collect())
}

fn open(folder: &Path) -> Result<model::Model, ModelError> {
    let choice = ModelChoice { head: Head::Classifier, ..ModelChoice::stored(Source::Folder(folder.to_owned())) };
    model::open(&choice, tiny::CLASSES.len(), 0, &Device::Cpu)
}

fn refusal(folder: &Path) -> String {
    match open(folder) {
        Ok(_) => panic!("a broken model was opened"),
        Err(e) => e.to_string(),
    }
}

fn save(tensors: &BTreeMap<String, Tensor>, path: &Path) {
    let tensors: std::collections::HashMap<String, Tensor> = tensors.clone().into_iter().collect();
    candle_core::safetensors::save(&tensors, path).unwrap();
}

fn values(model: &model::Model) -> Vec<f32> {
    model.weights.variables().values().flat_map(|variable| tiny::flat(variable.as_tensor())).collect()
}

/// Cuts the model in two shards with an index; gives their paths.
fn shard(folder: &Path, tensors: &BTreeMap<String, Tensor>) -> [PathBuf; 2] {
    let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let paths = names.map(|name| folder.join(name));
    let half =
        |which: usize| tensors.clone().into_iter().enumerate().filter(move |(i, _)| i % 2 == which).map(|(_, t)| t);
    save(&half(0).collect(), &paths[0]);
    save(&half(1).collect(), &paths[1]);
    let map: BTreeMap<&String, &str> = tensors.keys().enumerate().map(|(i, name)| (name, names[i % 2])).collect();
    let index = serde_json::json!({ "metadata": { "total_size": 1 }, "weight_map": map });
    std::fs::write(folder.join("model.safetensors.index.json"), index.to_string()).unwrap();
    std::fs::remove_file(folder.join("model.safetensors")).unwrap();
    paths
}

#[test]
fn shards_and_half_precision_give_the_same_model() {
    let (folder, tensors) = model();
    let whole = values(&open(folder.path()).unwrap());
    for (dtype, tolerance) in [(DType::F16, 1e-3), (DType::BF16, 1e-2), (DType::F64, 0.0)] {
        let cast = tensors.iter().map(|(name, tensor)| (name.clone(), tensor.to_dtype(dtype).unwrap())).collect();
        save(&cast, &folder.path().join("model.safetensors"));
        let model = open(folder.path()).unwrap();
        assert!(model.weights.variables().values().all(|variable| variable.dtype() == DType::F32));
        tiny::assert_close(dtype.as_str(), &values(&model), &whole, tolerance);
    }
    shard(folder.path(), &tensors);
    assert_eq!(values(&open(folder.path()).unwrap()), whole);
}

#[test]
fn shards_that_are_missing_cut_or_elsewhere_are_named() {
    let (folder, tensors) = model();
    let paths = shard(folder.path(), &tensors);
    let bytes = std::fs::read(&paths[1]).unwrap();
    std::fs::write(&paths[1], &bytes[..bytes.len() - 4]).unwrap();
    let cut = refusal(folder.path());
    assert!(cut.contains("model-00002-of-00002.safetensors") && cut.contains("cut off"), "{cut}");
    std::fs::remove_file(&paths[1]).unwrap();
    let missing = refusal(folder.path());
    assert!(missing.contains("1 of the 2 shards") && missing.contains("model-00002-of-00002"), "{missing}");
    let index = folder.path().join("model.safetensors.index.json");
    std::fs::write(&index, r#"{"weight_map": {"a": "../../secret"}}"#).unwrap();
    assert!(refusal(folder.path()).contains("outside the folder"));
    std::fs::write(&index, "[".repeat(100_000)).unwrap();
    assert!(refusal(folder.path()).contains("model.safetensors.index.json"));
}

/// A safetensors file of this header and so many bytes behind it.
fn raw(header: &str, bytes: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; bytes]].concat()
}

#[test]
fn headers_that_lie_are_refused_by_name() {
    let (folder, _) = model();
    let path = folder.path().join("model.safetensors");
    let tensor = |shape: &str, offsets: &str| format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}"#);
    let one = |shape: &str, offsets: &str| format!(r#"{{"a":{}}}"#, tensor(shape, offsets));
    let broken: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("seven bytes", vec![0; 7]),
        ("a header longer than the file", raw("{}", 0).into_iter().map(|byte| byte.max(0x7f)).collect()),
        ("a header of 2^63 bytes", [&(1u64 << 63).to_le_bytes()[..], b"{}"].concat()),
        ("no JSON", raw("{]", 0)),
        ("deep JSON", raw(&format!(r#"{{"a":{}"#, "[".repeat(1_000_000)), 0)),
        ("offsets beyond the file", raw(&one("[4]", "[0,16]"), 8)),
        ("offsets backwards", raw(&one("[4]", "[16,0]"), 16)),
        ("another size than its shape", raw(&one("[5]", "[0,16]"), 16)),
        ("a shape that overflows", raw(&one("[4294967296,4294967296,4294967296]", "[0,16]"), 16)),
        ("bytes behind the end", raw(&one("[4]", "[0,16]"), 20)),
        ("overlap", raw(&format!(r#"{{"a":{},"b":{}}}"#, tensor("[4]", "[0,16]"), tensor("[4]", "[8,24]")), 24)),
    ];
    for (what, bytes) in broken {
        std::fs::write(&path, bytes).unwrap();
        let said = refusal(folder.path());
        assert!(said.contains("model.safetensors") && said.contains("damaged"), "{what}: {said}");
    }
}

#[test]
fn weights_that_are_no_numbers_or_of_another_model_are_refused() {
    let (folder, mut tensors) = model();
    let path = folder.path().join("model.safetensors");
    let bias = tensors["classifier.bias"].clone();
    for wrong in [f32::NAN, f32::INFINITY] {
        tensors.insert("classifier.bias".into(), Tensor::full(wrong, bias.dims(), &Device::Cpu).unwrap());
        save(&tensors, &path);
        let said = refusal(folder.path());
        assert!(said.contains("classifier.bias") && said.contains("NaN"), "{said}");
    }
    tensors.insert("classifier.bias".into(), bias.to_dtype(DType::U8).unwrap());
    save(&tensors, &path);
    assert!(refusal(folder.path()).contains("quantised"));
    tensors.insert("classifier.bias".into(), Tensor::zeros(9, DType::F32, &Device::Cpu).unwrap());
    save(&tensors, &path);
    assert!(refusal(folder.path()).contains("wrong shapes: classifier.bias is [9]"));
    tensors.insert("classifier.bias".into(), bias);
    tensors.remove("bert.embeddings.word_embeddings.weight");
    save(&tensors, &path);
    assert!(refusal(folder.path()).contains("missing: bert.embeddings.word_embeddings.weight"));
}

#[test]
fn pointers_folders_and_absurd_configurations_are_named() {
    let (folder, _) = model();
    let at = |name: &str| folder.path().join(name);
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    for name in ["model.safetensors", "tokenizer.json", "config.json"] {
        let kept = std::fs::read(at(name)).unwrap();
        std::fs::write(at(name), pointer).unwrap();
        let said = refusal(folder.path());
        assert!(said.contains("git lfs pull") && said.contains(name), "{said}");
        std::fs::write(at(name), kept).unwrap();
    }
    let config = std::fs::read_to_string(at("config.json")).unwrap();
    let huge = config.replace("\"hidden_size\": 32", "\"hidden_size\": 3999999");
    assert_ne!(huge, config);
    std::fs::write(at("config.json"), huge).unwrap();
    assert!(refusal(folder.path()).contains("3999999"));
    std::fs::write(at("config.json"), "[".repeat(300_000)).unwrap();
    assert!(refusal(folder.path()).contains("config.json"));
    std::fs::remove_file(at("config.json")).unwrap();
    assert!(refusal(folder.path()).contains("config.json: it is not there"));
    std::fs::create_dir(at("config.json")).unwrap();
    assert!(refusal(folder.path()).contains("not a file"));
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let (folder, _) = model();
    let path = folder.path().join("tokenizer.json");
    std::fs::remove_file(&path).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert!(refusal(folder.path()).contains("tokenizer"));
}

/// What PyTorch writes: `torch.save` of a dictionary of `f32` tensors, in protocol 2.
mod torch {
    use std::io::Write as _;

    use super::*;

    fn text(text: &str) -> Vec<u8> {
        [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
    }

    fn int(value: usize) -> Vec<u8> {
        [b"J", &(value as i32).to_le_bytes()[..]].concat()
    }

    fn tuple(values: &[usize]) -> Vec<u8> {
        [b"(".to_vec(), values.iter().flat_map(|value| int(*value)).collect(), b"t".to_vec()].concat()
    }

    /// The description of tensors: name, shape, and the number of their storage.
    pub fn pickle(tensors: &[(String, Vec<usize>)]) -> Vec<u8> {
        let mut bytes = b"\x80\x02ccollections\nOrderedDict\n)R(".to_vec();
        for (index, (name, shape)) in tensors.iter().enumerate() {
            let count: usize = shape.iter().fold(1usize, |n, d| n.wrapping_mul(*d));
            let stride: Vec<usize> =
                (0..shape.len()).map(|axis| shape[axis + 1..].iter().fold(1usize, |n, d| n.wrapping_mul(*d))).collect();
            bytes.extend(text(name));
            bytes.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
            bytes.extend(text("storage"));
            bytes.extend(b"ctorch\nFloatStorage\n");
            bytes.extend([text(&index.to_string()), text("cpu"), int(count)].concat());
            bytes.extend(b"tQK\x00");
            bytes.extend([tuple(shape), tuple(&stride)].concat());
            bytes.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        }
        bytes.extend(b"u.");
        bytes
    }

    /// The archive around a description and storages.
    pub fn archive(path: &Path, pickle: &[u8], storages: &[Vec<u8>]) {
        let mut archive = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file("archive/data.pkl", options).unwrap();
        archive.write_all(pickle).unwrap();
        for (index, bytes) in storages.iter().enumerate() {
            archive.start_file(format!("archive/data/{index}"), options).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
    }

    pub fn save(path: &Path, tensors: &BTreeMap<String, Tensor>) {
        let shapes: Vec<_> = tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
        let bytes = |tensor: &Tensor| tiny::flat(tensor).iter().flat_map(|value| value.to_le_bytes()).collect();
        archive(path, &pickle(&shapes), &tensors.values().map(bytes).collect::<Vec<_>>());
    }
}

#[test]
fn a_pytorch_archive_whole_or_in_shards_gives_the_same_model() {
    let (folder, tensors) = model();
    let whole = values(&open(folder.path()).unwrap());
    std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    torch::save(&folder.path().join("pytorch_model.bin"), &tensors);
    assert_eq!(values(&open(folder.path()).unwrap()), whole);
    std::fs::remove_file(folder.path().join("pytorch_model.bin")).unwrap();
    let names = ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"];
    for (which, name) in names.iter().enumerate() {
        let half = tensors.clone().into_iter().enumerate().filter(move |(i, _)| i % 2 == which).map(|(_, t)| t);
        torch::save(&folder.path().join(name), &half.collect());
    }
    let map: BTreeMap<&String, &str> = tensors.keys().enumerate().map(|(i, name)| (name, names[i % 2])).collect();
    let index = serde_json::json!({ "weight_map": map }).to_string();
    std::fs::write(folder.path().join("pytorch_model.bin.index.json"), index).unwrap();
    assert_eq!(values(&open(folder.path()).unwrap()), whole);
}

#[test]
fn a_pytorch_archive_that_lies_is_refused_by_name() {
    let (folder, tensors) = model();
    let safe = folder.path().join("model.safetensors");
    std::fs::remove_file(&safe).unwrap();
    let path = folder.path().join("pytorch_model.bin");
    let said = |part: &str| {
        let said = refusal(folder.path());
        assert!(said.contains("pytorch_model.bin") && said.contains(part), "{said:?} does not say {part:?}");
    };
    std::fs::write(&path, b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.").unwrap();
    said("before PyTorch 1.6");
    torch::archive(&path, b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.", &[]);
    said("posix.system");
    torch::archive(&path, &torch::pickle(&[("a".into(), vec![2_000_000_000, 2_000_000_000])]), &[vec![0; 16]]);
    said("more than the 16 bytes");
    torch::archive(&path, &torch::pickle(&[("a".into(), vec![4])]), &[]);
    said("not in it");
    torch::archive(&path, b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n)Rs.", &[]);
    said("malformed");
    torch::archive(&path, b"\x80\x02}.", &[]);
    said("no tensors");
    torch::save(&path, &tensors);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    said("no PyTorch archive");
}

#[test]
fn a_fresh_start_needs_no_weights() {
    let (folder, _) = model();
    std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    assert!(refusal(folder.path()).contains("pytorch_model.bin"));
    let fresh = ModelChoice {
        init: Init::Fresh,
        head: Head::Classifier,
        ..ModelChoice::stored(Source::Folder(folder.path().to_owned()))
    };
    model::open(&fresh, 4, 0, &Device::Cpu).unwrap();
}
