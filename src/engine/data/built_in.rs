//! The corpora that ship inside the program: gzipped JSON Lines with part, label and text, written
//! by the project's own generator.

use std::path::Path;

use serde::Deserialize;

use super::data_error::DataError;
use super::decode::unpack;
use super::parts::{Part, Parts, Place};
use crate::session::knob::Entry;

/// The corpus of the built-in experiment.
pub const POSTS: Entry = Entry {
    id: "posts",
    label: "Posts by topic",
    help: "Short posts in English and Chinese, written and generated for this program, by topic.",
};

const POSTS_BYTES: &[u8] = include_bytes!("../../../assets/corpora/posts.jsonl.gz");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Post {
    part: PostPart,
    label: String,
    text: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PostPart {
    Train,
    Validation,
    Test,
}

impl From<PostPart> for Part {
    fn from(part: PostPart) -> Self {
        match part {
            PostPart::Train => Self::Train,
            PostPart::Validation => Self::Validation,
            PostPart::Test => Self::Test,
        }
    }
}

/// Reads the corpus `name`.
///
/// # Errors
/// [`DataError::UnknownCorpus`]; others only if the program was built with a damaged corpus, which
/// a test opens.
pub fn read(name: &str) -> Result<Parts, DataError> {
    if name != POSTS.id {
        return Err(DataError::UnknownCorpus { name: name.to_owned(), known: format!("`{}`", POSTS.id) });
    }
    let path = Path::new("posts.jsonl.gz");
    let text = String::from_utf8(unpack(POSTS_BYTES, path)?).map_err(|e| DataError::text(e, path))?;
    let mut parts = Parts::default();
    for (line, text) in (1..).zip(text.lines()) {
        let post: Post = serde_json::from_str(text).map_err(|e| DataError::line(line, e, path))?;
        let rows = parts.part_mut(post.part.into());
        rows.push(&post.text, Some(&post.label), Place { file: 0, line })
            .map_err(|reason| DataError::line(line, reason, path))?;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_corpus_opens_and_has_all_three_parts() {
        let parts = read("posts").unwrap();
        assert_eq!(parts.iter().count(), 3);
        assert!(parts.iter().all(|(_, rows)| !rows.rows.is_empty() && rows.without_text.rows == 0));
    }

    #[test]
    fn an_unknown_corpus_is_refused_with_the_known_ones() {
        assert!(read("poems").unwrap_err().to_string().ends_with("choose one of: `posts`"));
    }
}
