//! What a repository holds, and which of it a model needs.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::cache::is_commit;
use super::name::{Name, is_file};
use crate::engine::model::gguf;
use crate::engine::model::shards::{LAYOUTS, is_plain};
use crate::engine::model::vocabulary::GROUPS;
use crate::link::{Repository, RepositoryFile};
use crate::session::{Sentence, say};

/// Small files that are taken if they are there.
const WELCOME: [&str; 4] =
    ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "generation_config.json"];

/// A repository at one commit.
#[derive(Debug)]
pub(super) struct Listing {
    /// The commit.
    pub(super) commit: String,
    files: BTreeMap<String, RemoteFile>,
    /// The architecture of its GGUF files, if the Hub has looked into them.
    architecture: Option<String>,
}

/// One file: what it is called, and what its bytes must come to.
#[derive(Clone, Debug)]
pub(super) struct RemoteFile {
    /// Its name in the repository; only a GGUF file may lie in folders.
    pub(super) name: String,
    /// Its name among the blobs.
    pub(super) blob: String,
    /// Bytes, if the Hub says.
    pub(super) size: Option<u64>,
    /// SHA-256 of the bytes in hexadecimal, for large files.
    pub(super) sha256: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
    #[serde(default)]
    gguf: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    blob_id: Option<String>,
    size: Option<u64>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    #[serde(alias = "oid")]
    sha256: Option<String>,
    size: Option<u64>,
}

impl Listing {
    /// Reads the Hub's answer; names that could lead elsewhere are left out, and files in folders if
    /// they are no GGUF files.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub(super) fn parse(text: &str) -> Result<Self, Sentence> {
        let answer: Answer = serde_json::from_str(text).map_err(|e| say!("no listing of files ({e})", e))?;
        if !is_commit(&answer.sha) {
            return Err(say!("{sha} is no commit", sha = format_args!("{:?}", answer.sha)));
        }
        let fine = |name: &str| is_plain(name) || is_file(name);
        let plain = answer.siblings.into_iter().filter(|sibling| fine(&sibling.rfilename));
        let files = plain.map(|sibling| (sibling.rfilename.clone(), RemoteFile::of(sibling, &answer.sha))).collect();
        let architecture = answer.gguf.get("architecture").and_then(|name| name.as_str()).map(str::to_owned);
        Ok(Self { commit: answer.sha, files, architecture })
    }

    /// A file by its name.
    pub(super) fn get(&self, name: &str) -> Option<&RemoteFile> {
        self.files.get(name)
    }

    /// Configuration and tokenizer.
    ///
    /// # Errors
    /// Which of them the repository lacks.
    pub(super) fn small(&self) -> Result<Vec<RemoteFile>, Sentence> {
        let config = self.get("config.json").ok_or_else(|| match self.get("adapter_config.json") {
            Some(_) => {
                say!("config.json of its own: it is an adapter, which has to be merged into its base model first")
            }
            None => Sentence::verbatim("config.json"),
        })?;
        let has = |group: &&&[&str]| group.iter().all(|name| self.files.contains_key(*name));
        let group =
            GROUPS.iter().find(has).ok_or(say!("tokenizer this program reads (tokenizer.json or a vocabulary)"))?;
        let names = group.iter().chain(&WELCOME);
        Ok([config].into_iter().chain(names.filter_map(|name| self.get(name))).cloned().collect())
    }

    /// The weights in one file, or the index of their shards.
    ///
    /// # Errors
    /// That there are none this program reads.
    pub(super) fn weights(&self) -> Result<(RemoteFile, bool), Sentence> {
        let single = |name| self.get(name).map(|file| (file.clone(), false));
        let index = |name| self.get(name).map(|file| (file.clone(), true));
        let found = LAYOUTS.iter().find_map(|layout| single(layout.single).or_else(|| index(layout.index)));
        found.ok_or(say!("weights this program reads (safetensors or pytorch_model.bin)"))
    }

    /// What there is to choose from, for a person.
    pub(super) fn repository(&self, name: &Name) -> Repository {
        let (repo, revision) = (name.repo().to_owned(), name.revision().to_owned());
        let whole = self.small().is_ok() && self.weights().is_ok();
        let models = gguf::models(self.files.keys().map(String::as_str));
        let file = |(name, files): (String, Vec<String>)| {
            let mut sizes = files.iter().map(|file| self.get(file)?.size);
            let bytes = sizes.try_fold(0u64, |sum, size| Some(sum.saturating_add(size?)));
            let unread = gguf::unread(&name).map(str::to_owned);
            RepositoryFile { bytes, parts: files.len(), unread, name }
        };
        let files: Vec<RepositoryFile> = models.into_iter().map(file).collect();
        let problem = self.check_gguf().err().filter(|_| !files.is_empty());
        let (bytes, small_bytes) = (self.bytes(true), self.bytes(false));
        Repository { repo, revision, whole, bytes, small_bytes, files, problem }
    }

    /// Bytes of all files that a fetch with or without weights brings; of a model in shards those of every shard
    /// that lies beside the index, of which the index will name all or nearly all.
    fn bytes(&self, weights: bool) -> Option<u64> {
        let mut wanted = self.small().ok()?;
        if weights {
            let (file, sharded) = self.weights().ok()?;
            if sharded {
                let ending = file.name.strip_suffix(".index.json").and_then(|name| name.rsplit_once('.'));
                let (stem, ending) = ending?;
                let shard = |name: &str| name.starts_with(&format!("{stem}-")) && name.ends_with(&format!(".{ending}"));
                wanted.extend(self.files.values().filter(|file| shard(&file.name)).cloned());
            }
            wanted.push(file);
        }
        wanted.iter().try_fold(0u64, |sum, file| Some(sum.saturating_add(file.size?)))
    }

    /// Refuses GGUF files of an architecture that cannot be opened, before they are fetched.
    ///
    /// # Errors
    /// In words, with the known ones.
    pub(super) fn check_gguf(&self) -> Result<(), Sentence> {
        self.architecture.as_deref().map_or(Ok(()), gguf::check_architecture)
    }

    /// A GGUF file with all its parts, by the name of any of them.
    ///
    /// # Errors
    /// The name that the repository does not have.
    pub(super) fn gguf(&self, file: &str) -> Result<Vec<RemoteFile>, String> {
        gguf::names_of(file).into_iter().map(|name| self.get(&name).cloned().ok_or(name)).collect()
    }
}

impl RemoteFile {
    fn of(sibling: Sibling, commit: &str) -> Self {
        let sha256 = sibling.lfs.as_ref().and_then(|lfs| lfs.sha256.clone()).filter(|hash| is_hash(hash, 64));
        let git = sibling.blob_id.filter(|hash| is_hash(hash, 40));
        // Without a hash the commit and the name stand for the bytes.
        let made = || blake3::hash(format!("{commit}/{}", sibling.rfilename).as_bytes()).to_hex()[..40].to_owned();
        Self {
            blob: sha256.clone().or(git).unwrap_or_else(made),
            size: sibling.lfs.and_then(|lfs| lfs.size).or(sibling.size),
            sha256,
            name: sibling.rfilename,
        }
    }
}

fn is_hash(word: &str, length: usize) -> bool {
    word.len() == length && word.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        let siblings: Vec<_> = names.iter().map(|name| serde_json::json!({ "rfilename": name })).collect();
        Listing::parse(&serde_json::json!({ "sha": "0123456789abcdef", "siblings": siblings }).to_string()).unwrap()
    }

    fn names(files: &[RemoteFile]) -> Vec<&str> {
        files.iter().map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn the_size_of_a_model_is_that_of_what_a_fetch_brings() {
        let sized = |files: &[(&str, u64)]| {
            let file = |(name, size): &(&str, u64)| serde_json::json!({ "rfilename": name, "size": size });
            let siblings: Vec<_> = files.iter().map(file).collect();
            let text = serde_json::json!({ "sha": "0123456789abcdef", "siblings": siblings }).to_string();
            let found = Listing::parse(&text).unwrap().repository(&Name::parse("owner/name", "main").unwrap());
            (found.bytes, found.small_bytes)
        };
        let small = [("config.json", 1), ("tokenizer.json", 20), ("README.md", 7)];
        assert_eq!(
            sized(&[&small[..], &[("model.safetensors", 300), ("pytorch_model.bin", 9000)]].concat()),
            (Some(321), Some(21))
        );
        let shards = [
            ("model.safetensors.index.json", 4000),
            ("model-00001-of-00002.safetensors", 50_000),
            ("model-00002-of-00002.safetensors", 600_000),
            ("other-00001-of-00001.safetensors", 7_000_000),
        ];
        assert_eq!(sized(&[&small[..], &shards].concat()), (Some(654_021), Some(21)));
        assert_eq!(sized(&small), (None, Some(21)));
        assert_eq!(sized(&[("model.gguf", 5)]), (None, None));
    }

    #[test]
    fn only_what_is_needed_is_wanted() {
        let all = listing(&[
            "README.md",
            "config.json",
            "onnx/model.onnx",
            "../config.json",
            "vocab.txt",
            "tokenizer.json",
            "pytorch_model.bin",
            "model.safetensors",
            "tf_model.h5",
            "special_tokens_map.json",
        ]);
        assert_eq!(names(&all.small().unwrap()), ["config.json", "tokenizer.json", "special_tokens_map.json"]);
        assert_eq!(all.weights().unwrap().0.name, "model.safetensors");
        let old = listing(&["config.json", "vocab.json", "merges.txt", "pytorch_model.bin.index.json"]);
        assert_eq!(names(&old.small().unwrap()), ["config.json", "vocab.json", "merges.txt"]);
        let (index, sharded) = old.weights().unwrap();
        assert!(sharded && index.name == "pytorch_model.bin.index.json");
        assert!(listing(&["config.json", "model.gguf"]).small().unwrap_err().contains("tokenizer"));
        assert!(listing(&["model.gguf"]).weights().unwrap_err().contains("safetensors"));
        let parts = ["q/a-00001-of-00002.gguf", "q/a-00002-of-00002.gguf"];
        let split = listing(&["b.gguf", parts[0], parts[1], "../c.gguf", "q/config.json"]);
        assert_eq!(names(&split.gguf(parts[1]).unwrap()), parts);
        assert_eq!(split.gguf("c.gguf").unwrap_err(), "c.gguf");
        let repository = split.repository(&Name::parse("owner/name", "main").unwrap());
        let rows: Vec<_> = repository.files.iter().map(|file| (file.name.as_str(), file.parts)).collect();
        assert_eq!((rows, repository.whole), (vec![("b.gguf", 1), (parts[0], 2)], false));
        assert!(Listing::parse(r#"{"sha": "../../etc", "siblings": []}"#).is_err());
    }
}
