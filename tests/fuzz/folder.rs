//! A model folder in one piece: what a fuzzer changes, and a test replays. One byte says how the model
//! is to be opened; then, for every file, one byte of name, its length (4 bytes, little-endian) and
//! its bytes. Every sequence of bytes is some folder.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::Device;
use retort::engine::data::Layout;
use retort::engine::model::{self, DropoutRng, HeadKind, Model, ModelError, Trace};
use retort::engine::task;
use retort::session::{Chat, Head, Init, ModelChoice, Prompt, Scoring, Source};

/// Files a folder may hold; the first byte of an entry counts through them.
pub const NAMES: [&str; 16] = [
    "config.json",
    "tokenizer.json",
    "model.safetensors",
    "pytorch_model.bin",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer_config.json",
    "added_tokens.json",
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
    "chat_template.jinja",
    "shard",
    "model.gguf",
    "model-00001-of-00002.gguf",
    "model-00002-of-00002.gguf",
];

/// Most parameters that a run with random weights makes: such a model may rightly be large, and the
/// time to fill it is no fault.
const FRESH: u64 = 1 << 20;

/// A model folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Bits: a classifier on top; random weights.
    pub how: u8,
    /// Place in [`NAMES`] and bytes.
    pub files: Vec<(usize, Vec<u8>)>,
}

impl Folder {
    /// Reads one; what is cut off is a shorter file.
    pub fn parse(bytes: &[u8]) -> Self {
        let Some((how, mut rest)) = bytes.split_first() else { return Self::default() };
        let mut files = Vec::new();
        while let Some((head, behind)) = rest.split_at_checked(5) {
            let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let (file, next) = behind.split_at(length.min(behind.len()));
            files.push((usize::from(head[0]) % NAMES.len(), file.to_vec()));
            rest = next;
        }
        Self { how: *how, files }
    }

    /// The bytes of it.
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = vec![self.how];
        for (name, file) in &self.files {
            bytes.push(*name as u8);
            bytes.extend((file.len() as u32).to_le_bytes());
            bytes.extend(file);
        }
        bytes
    }

    /// Writes the files into `folder`, in place of all that stood there.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        for name in NAMES {
            match std::fs::remove_file(folder.join(name)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
                _ => {}
            }
        }
        self.files.iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(NAMES[*name]), bytes))
    }

    /// Opens the model in `folder` as the program does, and asks it once.
    pub fn open(&self, folder: &Path) -> Result<(), ModelError> {
        let head = if self.how & 1 == 0 { Head::LabelWords } else { Head::Classifier };
        let init = if self.how & 2 == 0 { Init::Stored } else { Init::Fresh };
        if init == Init::Fresh && self.fresh() > FRESH {
            return Ok(());
        }
        let choice = ModelChoice { head, init, ..ModelChoice::stored(Source::Folder(folder.to_owned())) };
        ask(&model::open(&choice, 3, 1, &Device::Cpu)?)
    }

    /// More parameters than a configuration asks for: the product of its four largest numbers (layers,
    /// heads, their size, width).
    fn fresh(&self) -> u64 {
        let config = self.files.iter().rev().find(|(name, _)| *name == 0).map(|(_, bytes)| bytes.as_slice());
        let value: serde_json::Value = serde_json::from_slice(config.unwrap_or_default()).unwrap_or_default();
        let fields = value.as_object().into_iter().flatten();
        let mut sizes: Vec<u64> = fields.filter_map(|(_, value)| value.as_u64()).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes.iter().take(4).fold(1, |product, size| product.saturating_mul(*size))
    }
}

/// Few tokens through the whole network, and a prompt made ready, in a chat template if there is one;
/// a model that was opened must bear it.
fn ask(model: &Model) -> Result<(), ModelError> {
    let prompt = Prompt {
        template: "{text} about {answer}".into(),
        variants: Vec::new(),
        label_words: BTreeMap::new(),
        scoring: Scoring::Sum,
        chat: Chat::Auto,
    };
    let classes = ["goal", "far", "out"].map(str::to_owned);
    // A prompt may rightly be refused; how is for other tests to say.
    if let Ok(task) = task::for_model(model, &prompt, &classes, &Layout::default()) {
        let _ = task.encode(model, &retort::engine::data::Example::unlabelled("a goal"), 0);
    }
    let pieces = model.tokens.encode("a goal, far out", true)?;
    let size = model.config.vocabulary() as u32;
    let ids: Vec<u32> = pieces.ids.into_iter().take(model.max_tokens.min(8)).collect();
    if ids.is_empty() || ids.iter().any(|id| *id >= size) {
        return Ok(());
    }
    let input = model.input(&[&ids])?;
    let hidden = model.detached.encode(&model.detached.embed(&input)?, &mut Trace::none(), &DropoutRng::none())?;
    match model.top {
        HeadKind::Classes(_) => model.detached.classify(&hidden, &[ids.len() as u32 - 1], &DropoutRng::none())?,
        HeadKind::Vocabulary => model.detached.vocabulary(&hidden.squeeze(0)?)?,
    };
    Ok(())
}
