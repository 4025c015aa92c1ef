//! What a folder really is that is no model this program opens: adapters, quantised weights, the files
//! of other programs, a folder one level too high. Each is named with the next step, since "a file is
//! missing" helps nobody who has fetched all there is.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::text::read_text;
use super::{Config, ModelError};
use crate::session::{Say, Sentence, say};

/// Most folders that a sentence names.
const SHOWN: usize = 4;
/// How deep a model is looked for below a folder: the Hub's cache keeps it under `snapshots/COMMIT`.
const DEPTH: usize = 3;
/// Most entries of a folder that are looked at.
const ENTRIES: usize = 1000;

/// Ways of quantising, by how transformers calls them, and what people call them.
const METHODS: [(&str, &str); 14] = [
    ("bitsandbytes", "bitsandbytes"),
    ("gptq", "GPTQ"),
    ("awq", "AWQ"),
    ("compressed-tensors", "compressed-tensors"),
    ("fbgemm_fp8", "FP8 (fbgemm)"),
    ("fp8", "FP8"),
    ("hqq", "HQQ"),
    ("quanto", "Quanto"),
    ("torchao", "torchao"),
    ("aqlm", "AQLM"),
    ("eetq", "EETQ"),
    ("mxfp4", "MXFP4"),
    ("bitnet", "BitNet"),
    ("exl2", "EXL2"),
];

/// Ends of names that only quantised tensors have, and what quantised them.
const QUANTISED: [(&str, &str); 9] = [
    (".qweight", "GPTQ or AWQ"),
    (".qzeros", "GPTQ or AWQ"),
    (".SCB", "bitsandbytes (8 bit)"),
    (".weight_format", "bitsandbytes (8 bit)"),
    (".weight.absmax", "bitsandbytes (4 bit)"),
    (".weight.quant_map", "bitsandbytes (4 bit)"),
    (".W_q", "HQQ"),
    (".weight_packed", "compressed-tensors"),
    (".q_weight", "EXL2"),
];

/// Files in a folder that tell which other program wrote it, and what to do.
fn others() -> [(&'static str, Sentence); 16] {
    [
        ("model_index.json", say!("a diffusion pipeline (diffusers), which makes pictures; choose a language model")),
        ("tf_model.h5", tensorflow()),
        ("model.ckpt.index", tensorflow()),
        ("bert_model.ckpt.index", tensorflow()),
        ("saved_model.pb", tensorflow()),
        (
            "flax_model.msgpack",
            say!(
                "a Flax model; open it with transformers (from_flax=True) and save it with save_pretrained, or fetch its safetensors"
            ),
        ),
        ("rust_model.ot", say!("a model of rust-bert; fetch its safetensors or pytorch_model.bin")),
        ("model.onnx", onnx()),
        ("model_quantized.onnx", onnx()),
        ("onnx/model.onnx", onnx()),
        (
            "openvino_model.xml",
            say!("an OpenVINO model, which holds no weights that can be read here; fetch the model it was made from"),
        ),
        (
            "model.tflite",
            say!(
                "a TensorFlow Lite model, which holds no weights that can be read here; fetch the model it was made from"
            ),
        ),
        ("mlx_model.safetensors", say!("an MLX model; fetch the model it was made from")),
        (
            "params.json",
            say!(
                "a model in its publisher's own format (consolidated.*.pth, params.json); fetch the one in Hugging Face's format, whose folder has a config.json"
            ),
        ),
        (
            "consolidated.safetensors",
            say!(
                "a model in its publisher's own format (consolidated.safetensors); fetch the one in Hugging Face's format, whose folder has model.safetensors"
            ),
        ),
        ("mergekit_config.yml", say!("a recipe for a merge of models; run it, and choose the folder it writes")),
    ]
}

fn tensorflow() -> Sentence {
    say!(
        "a TensorFlow model; open it with transformers (from_tf=True) and save it with save_pretrained, or fetch its safetensors"
    )
}

fn onnx() -> Sentence {
    say!("an ONNX model, which holds no weights that can be read here; fetch the model it was made from")
}

/// What is wrong with a folder without a `config.json`, or without weights.
pub fn explain(folder: &Path) -> Option<ModelError> {
    let has_config = folder.join("config.json").is_file();
    adapter(folder)
        .or_else(|| foreign(folder))
        .or_else(|| within(folder).filter(|_| !has_config))
        .or_else(|| misnamed(folder).filter(|_| has_config))
        .or_else(|| nothing(folder))
        .map(|reason| failed(reason, folder))
}

fn failed(reason: Sentence, folder: &Path) -> ModelError {
    ModelError::File { what: say!("the model folder"), reason, path: folder.to_owned() }
}

/// Weights that only make sense on top of another model's.
fn adapter(folder: &Path) -> Option<Sentence> {
    let files = ["adapter_model.safetensors", "adapter_model.bin", "pytorch_adapter.bin"];
    let settings = object(&folder.join("adapter_config.json"));
    if settings.is_none() && !files.iter().any(|name| folder.join(name).is_file()) {
        return None;
    }
    let settings = settings.unwrap_or_default();
    let word = |name: &str| settings.get(name).and_then(Value::as_str).filter(|word| !word.is_empty());
    let kind = word("peft_type").unwrap_or("PEFT");
    let base =
        word("base_model_name_or_path").map_or(say!("its base model"), |base| say!("its base model {base}", base));
    let kind = match kind {
        "LORA" => say!("a LoRA"),
        "IA3" => say!("an IA³"),
        other => say!("a {kind}", kind = other.to_lowercase().replace('_', " ")),
    };
    if ["PREFIX_TUNING", "PROMPT_TUNING", "P_TUNING", "MULTITASK_PROMPT_TUNING"]
        .contains(&word("peft_type").unwrap_or(""))
    {
        return Some(say!(
            "it is {kind} adapter, not a model, and it puts learned vectors before the text of {base}, so it cannot be merged; choose a model that was trained whole",
            kind,
            base
        ));
    }
    Some(say!(
        "it is {kind} adapter, not a model; merge it into {base} (peft's merge_and_unload, then save_pretrained) and choose that folder",
        kind,
        base
    ))
}

/// A model that lies in folders below.
fn within(folder: &Path) -> Option<Sentence> {
    let found = models_below(folder);
    let first = found.first()?;
    let below = |path: &PathBuf| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let what = if folder.join("modules.json").is_file() {
        say!("it is a model of sentence-transformers, whose encoder lies in its folder")
    } else {
        say!("it holds no config.json itself; the model lies in its folder")
    };
    if found.len() == 1 {
        return Some(say!("{what} {folder}: choose {path}", what, folder = below(first), path = first.display()));
    }
    let shown = found.iter().take(SHOWN).map(below).collect::<Vec<_>>().join(", ");
    let more = found.len().saturating_sub(SHOWN);
    let more = if more > 0 { say!(" and {more} more", more) } else { Sentence::default() };
    Some(say!(
        "it holds no config.json itself, but models in the folders {shown}{more}; choose one of them",
        shown,
        more
    ))
}

/// Folders below with a `config.json`, the nearest only, in name order.
fn models_below(folder: &Path) -> Vec<PathBuf> {
    let mut level = vec![folder.to_owned()];
    for _ in 0..DEPTH {
        level = level.iter().flat_map(|folder| folders(folder)).take(ENTRIES).collect();
        let found: Vec<PathBuf> = level.iter().filter(|folder| is_model(folder)).cloned().collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// Whether a folder's `config.json` is a model's: layers of pooling and the like have one too.
fn is_model(folder: &Path) -> bool {
    let config = object(&folder.join("config.json")).unwrap_or_default();
    ["model_type", "architectures", "vocab_size"].iter().any(|field| config.contains_key(*field))
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(ENTRIES);
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

/// The files of another program.
fn foreign(folder: &Path) -> Option<Sentence> {
    let (file, what) = others().into_iter().find(|(name, _)| folder.join(name).exists())?;
    Some(say!("it is {what} (it holds {file})", what, file))
}

/// Weights under a name that nobody looks for.
fn misnamed(folder: &Path) -> Option<Sentence> {
    let mut names = names(folder);
    names.retain(|name| {
        let end = Path::new(name).extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
        ["safetensors", "bin", "pt", "pth", "ckpt", "h5", "onnx", "msgpack"].contains(&&*end)
    });
    let (first, count) = (names.first()?, names.len());
    let more = if count > 1 { say!(" and {count} more", count = count - 1) } else { Sentence::default() };
    let next = match Path::new(first).extension().and_then(|end| end.to_str()) {
        Some("safetensors") => say!("if those are its weights, name the file model.safetensors"),
        Some("bin" | "pt" | "pth" | "ckpt") => {
            say!("if those are its weights, open them with PyTorch and save them as model.safetensors")
        }
        _ => say!("fetch its safetensors"),
    };
    Some(say!("there is neither model.safetensors nor pytorch_model.bin, but {first}{more}; {next}", first, more, next))
}

/// A folder without anything of a model.
fn nothing(folder: &Path) -> Option<Sentence> {
    let names = names(folder);
    if names.is_empty() && folders(folder).is_empty() {
        return Some(say!("it is empty; choose the folder that holds config.json, tokenizer and weights"));
    }
    let archive =
        names.iter().find(|name| [".zip", ".tar", ".gz", ".tgz", ".7z"].iter().any(|end| name.ends_with(end)));
    archive.map(|name| say!("it holds an archive, {name}; unpack it and choose the folder with config.json", name))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(ENTRIES);
    let files = entries.filter(|entry| entry.path().is_file());
    let mut names: Vec<String> = files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn object(path: &Path) -> Option<Map<String, Value>> {
    serde_json::from_str(&read_text(path, "adapter_config.json").ok()?).ok()
}

/// Refuses weights that a configuration calls quantised.
///
/// # Errors
/// [`ModelError::File`] naming what quantised them.
pub fn check_quantised(config: &Config, folder: &Path) -> Result<(), ModelError> {
    let settings = config.value("quantization_config").and_then(Value::as_object).cloned().or_else(|| {
        // What the tools of GPTQ and AWQ wrote before transformers knew them.
        ["quantize_config.json", "quant_config.json"].iter().find_map(|name| object(&folder.join(name)))
    });
    let Some(settings) = settings else { return Ok(()) };
    let word = |name: &str| settings.get(name).and_then(Value::as_str);
    let switch = |name: &str| settings.get(name).and_then(Value::as_bool).unwrap_or(false);
    let method = word("quant_method").unwrap_or(match () {
        () if switch("load_in_4bit") || switch("load_in_8bit") => "bitsandbytes",
        () if folder.join("quant_config.json").is_file() || word("version").is_some() => "awq",
        () if folder.join("quantize_config.json").is_file() => "gptq",
        () => "",
    });
    let name = METHODS.iter().find(|(id, _)| *id == method).map_or(method, |(_, name)| name);
    let bits = settings.get("bits").or_else(|| settings.get("w_bit")).and_then(Value::as_u64);
    let bits = bits.or_else(|| switch("load_in_4bit").then_some(4)).or_else(|| switch("load_in_8bit").then_some(8));
    let bits = bits.map_or(Sentence::default(), |bits| say!(" to {bits} bits", bits));
    let by = if name.is_empty() { say!("a method it does not name") } else { name.said() };
    Err(quantised(say!("{by}{bits}", by, bits), folder))
}

/// Refuses weights whose tensors have names that only quantised ones have.
///
/// # Errors
/// As [`check_quantised`].
pub fn check_tensors(names: impl Iterator<Item = String>, folder: &Path) -> Result<(), ModelError> {
    let by = |name: String| QUANTISED.iter().find(|(end, _)| name.ends_with(end));
    match names.filter_map(by).next() {
        Some((_, by)) => Err(quantised(by.said(), folder)),
        None => Ok(()),
    }
}

fn quantised(by: Sentence, folder: &Path) -> ModelError {
    failed(
        say!(
            "its weights are quantised by {by}, which is not read here; fetch a version that is not quantised, or a GGUF file of the model, which can teach",
            by
        ),
        folder,
    )
}

/// What a file is that is given instead of a folder.
pub fn explain_file(path: &Path) -> Sentence {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default().to_ascii_lowercase();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match &*end {
        "safetensors" | "bin" | "json" | "txt" | "model" | "jinja" => {
            say!("it is a file; choose its folder, {folder}", folder = folder.display())
        }
        "zip" | "gz" | "tgz" | "tar" | "7z" | "rar" => {
            say!("it is an archive; unpack it and choose the folder with config.json")
        }
        "ggml" => say!("it is a GGML file, the format before GGUF; fetch a .gguf file of the model"),
        "onnx" => say!("it is {onnx}", onnx = onnx()),
        "h5" | "pb" | "tflite" => say!("it is {tensorflow}", tensorflow = tensorflow()),
        "pt" | "pth" | "ckpt" => {
            say!("it is a file of PyTorch; choose a folder with config.json, tokenizer and weights")
        }
        _ => say!("it is a file; give the folder that holds config.json, tokenizer and weights, or a .gguf file"),
    }
}

/// What a file of weights is whose first bytes are not those of its format; `None` for what is just
/// broken.
pub fn explain_bytes(path: &Path) -> Option<Sentence> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(4096).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).trim_start().to_ascii_lowercase();
    let begins = |start: &[u8]| bytes.starts_with(start);
    let said = match () {
        () if text.starts_with("<!doctype") || text.starts_with("<html") => {
            say!(
                "it is a web page and not the file: the download was answered by a page, e.g. for signing in; fetch it again"
            )
        }
        () if begins(b"GGUF") => say!("it is a GGUF file under another name; give it the ending .gguf and choose it"),
        // Protocol 2, then the magic number with which torch.save began until PyTorch 1.6.
        () if begins(b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") => {
            say!(
                "it was saved before PyTorch 1.6, in a format that is not read here; open it with PyTorch and save it once more as safetensors"
            )
        }
        () if bytes.get(257..262) == Some(b"ustar") => {
            say!(
                "it was saved by one of the first versions of PyTorch, as a tar archive, which is not read here; open it with PyTorch and save it once more as safetensors"
            )
        }
        () if begins(b"\x80") => {
            say!(
                "it is a pickle without PyTorch's archive around it, which is not read here; open it with PyTorch and save it once more as safetensors"
            )
        }
        () if begins(b"\x1f\x8b") => say!("it is packed by gzip; unpack it first"),
        () if begins(b"\x89HDF") => {
            say!("it is a file of TensorFlow or Keras (HDF5) under another name; fetch the model's safetensors")
        }
        () if begins(b"PK\x03\x04") && path.extension().is_none_or(|end| end != "bin") => {
            say!("it is an archive of PyTorch under another name; name it pytorch_model.bin")
        }
        () => return None,
    };
    Some(said)
}
