//! Writes the built-in corpus and the tokenizers of the built-in pair into `assets/`.

mod posts;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, GzBuilder};
use posts::vocabulary;
use tokenizers::tokenizer::{Result, Tokenizer};

fn main() -> Result<()> {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let corpus = posts::corpus(posts::SEED);
    write_corpus(&corpus, &assets.join("corpora/posts.jsonl.gz"))?;
    let lessons: Vec<&posts::Post> = corpus.iter().filter(|post| post.part == "train").collect();
    write_tokenizer(&vocabulary::teacher(&lessons)?, &assets.join("models/posts-teacher"))?;
    write_tokenizer(&vocabulary::student(&lessons)?, &assets.join("models/posts-student"))
}

fn write_corpus(corpus: &[posts::Post], path: &Path) -> Result<()> {
    let mut file = GzBuilder::new().write(fs::File::create(path)?, Compression::best());
    file.write_all(posts::json_lines(corpus)?.as_bytes())?;
    file.finish()?;
    println!("{} posts", corpus.len());
    Ok(())
}

fn write_tokenizer(tokenizer: &Tokenizer, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    tokenizer.save(folder.join("tokenizer.json"), true)?;
    println!("{} entries in {}", tokenizer.get_vocab_size(true), folder.file_name().unwrap_or_default().display());
    Ok(())
}
