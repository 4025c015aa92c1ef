//! Which files hold a model's weights: one, or the shards an index names; safetensors before
//! PyTorch's archives.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::text::read_text;
use super::{ModelError, kinds};
use crate::session::{Say, Sentence, say};

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A header and raw numbers; mapped, not read.
    Safetensors,
    /// PyTorch's archive: a pickle that names raw numbers.
    Pickle,
}

/// One way of storing weights, by its usual file names.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Of which kind the files are.
    pub format: Format,
    /// Everything in one file.
    pub single: &'static str,
    /// Names the shards.
    pub index: &'static str,
}

/// The ways this program reads, best first.
pub const LAYOUTS: [Layout; 2] = [
    Layout { format: Format::Safetensors, single: "model.safetensors", index: "model.safetensors.index.json" },
    Layout { format: Format::Pickle, single: "pytorch_model.bin", index: "pytorch_model.bin.index.json" },
];

/// The weight files of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightFiles {
    /// How they are stored.
    pub format: Format,
    /// The files, all of them there.
    pub paths: Vec<PathBuf>,
}

impl WeightFiles {
    /// Looks for the weights in `folder`.
    ///
    /// # Errors
    /// [`ModelError::File`] if there are none, an index is damaged or shards are missing.
    pub fn find(folder: &Path) -> Result<Self, ModelError> {
        for layout in LAYOUTS {
            let single = folder.join(layout.single);
            if single.is_file() {
                return Ok(Self { format: layout.format, paths: vec![single] });
            }
            if folder.join(layout.index).is_file() {
                return Self::sharded(folder, layout);
            }
        }
        let reason = say!(
            "there is neither model.safetensors nor pytorch_model.bin, nor an index of either; put the weights there or pick another folder"
        );
        let missing =
            || ModelError::File { what: say!("the weights"), reason: reason.clone(), path: folder.to_owned() };
        Err(kinds::explain(folder).unwrap_or_else(missing))
    }

    fn sharded(folder: &Path, layout: Layout) -> Result<Self, ModelError> {
        let what = layout.index;
        let failed = |reason: Sentence| ModelError::File { what: what.said(), reason, path: folder.join(layout.index) };
        let names = shards(&read_text(&folder.join(layout.index), what)?).map_err(failed)?;
        let missing: Vec<&String> = names.iter().filter(|name| !folder.join(name).is_file()).collect();
        if let Some(first) = missing.first() {
            let (n, of) = (missing.len(), names.len());
            let reason = say!(
                "{n} of the {of} shards it names are not there, the first is {first}; fetch them too",
                n,
                of,
                first
            );
            return Err(failed(reason));
        }
        Ok(Self { format: layout.format, paths: names.iter().map(|name| folder.join(name)).collect() })
    }
}

/// The shards an index names, each once, in name order; all beside the index.
///
/// # Errors
/// What is wrong with the index, in words.
pub fn shards(index: &str) -> Result<Vec<String>, Sentence> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let parsed: Index = serde_json::from_str(index).map_err(|e| say!("it is no index of shards ({e})", e))?;
    let mut names: Vec<String> = parsed.weight_map.into_values().collect();
    names.sort();
    names.dedup();
    match names.iter().find(|name| !is_plain(name)) {
        Some(outside) => Err(say!(
            "it names {outside}, which lies outside the folder; do not trust this model",
            outside = format_args!("{outside:?}")
        )),
        None if names.is_empty() => Err(say!("it names no shards; fetch it again")),
        None => Ok(names),
    }
}

/// Whether a name stays in its folder on every platform.
pub fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let single = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    single && !name.contains(['/', '\\', ':', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_cannot_lead_out_of_its_folder() {
        for name in ["../x", "/etc/passwd", "a/b", "..", ".", "", "a\\b", "c:x", "a\0b"] {
            let index = serde_json::json!({ "weight_map": { "w": name } }).to_string();
            assert!(shards(&index).is_err(), "{name:?}");
        }
        let index = r#"{"weight_map": {"a": "two", "b": "one", "c": "two"}}"#;
        assert_eq!(shards(index).unwrap(), ["one", "two"]);
    }
}
