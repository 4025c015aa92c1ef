//! A model in several files, as llama.cpp's `llama-gguf-split` leaves it: metadata in the first part,
//! tensors in all of them. The parts find one another by their names; which files are one model is known by
//! those alone, before anything of them is read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::header::{Header, Info};
use super::{is_named, refused};
use crate::engine::model::ModelError;
use crate::session::{Sentence, say};

/// What is to be done about parts that contradict one another.
fn mixed() -> Sentence {
    say!("parts of different models are mixed, so fetch all of them again from one place")
}

/// The files of one model, mapped.
pub struct Whole {
    /// Metadata of the first file, tensors of all.
    pub header: Header,
    /// The files in their order.
    pub files: Vec<Mapped>,
}

/// One mapped file.
pub struct Mapped {
    /// Where it is.
    pub path: PathBuf,
    /// Its bytes.
    pub map: memmap2::Mmap,
}

impl Whole {
    /// Maps a file, or all parts of the model if it is one of several; any part will do.
    ///
    /// # Errors
    /// As [`Header::open`]; [`ModelError::File`] naming the part that is missing or belongs elsewhere.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let (header, map) = Header::open(path)?;
        let Some(count) = parts(&header) else {
            return Ok(Self { header, files: vec![Mapped { path: path.to_owned(), map }] });
        };
        let paths = siblings(path, count)?;
        let (header, map) = checked(&paths[0], &header)?;
        let mut whole = Self { header, files: vec![Mapped { path: paths[0].clone(), map }] };
        for path in &paths[1..] {
            let (header, map) = checked(path, &whole.header)?;
            whole.take(header, path)?;
            whole.files.push(Mapped { path: path.clone(), map });
        }
        whole.check_total()?;
        Ok(whole)
    }

    /// The bytes of a tensor.
    pub fn bytes(&self, info: &Info) -> Option<&[u8]> {
        self.files.get(info.file)?.map.get(info.bytes.clone())
    }

    /// Takes over the tensors of the next file.
    fn take(&mut self, header: Header, path: &Path) -> Result<(), ModelError> {
        let file = self.files.len();
        for (name, info) in header.tensors {
            let before = self.header.tensors.insert(name.clone(), Info { file, ..info });
            if let Some(other) = before.and_then(|info| self.files.get(info.file)) {
                let other = file_name(&other.path);
                return Err(refused(
                    say!("its tensor {name} is in {other} as well; {mixed}", name, other, mixed = mixed()),
                    path,
                ));
            }
        }
        Ok(())
    }

    fn check_total(&self) -> Result<(), ModelError> {
        let (there, parts) = (self.header.tensors.len() as i64, self.files.len());
        match self.header.whole("split.tensors.count") {
            Some(total) if total != there => {
                let reason = say!(
                    "its {parts} parts hold {there} tensors and should hold {total}; {mixed}",
                    parts,
                    there,
                    total,
                    mixed = mixed()
                );
                Err(refused(reason, &self.files[0].path))
            }
            _ => Ok(()),
        }
    }
}

/// Of how many parts a file says it is one; `None` if it is a whole model.
fn parts(header: &Header) -> Option<i64> {
    header.whole("split.count").filter(|count| *count > 1)
}

/// The paths of all parts, each of which is there.
fn siblings(path: &Path, count: i64) -> Result<Vec<PathBuf>, ModelError> {
    let named = PartName::parse(&file_name(path)).filter(|named| named.count as i64 == count);
    let named = named.ok_or_else(|| {
        let reason = say!("it is one of {count} parts, which are looked for by names like NAME-00001-of-{last}.gguf; give them such names in one folder, or join them with llama.cpp's llama-gguf-split --merge", count, last = format_args!("{count:05}"));
        refused(reason, path)
    })?;
    let paths: Vec<PathBuf> = named.all().map(|name| path.with_file_name(name)).collect();
    let missing: Vec<&PathBuf> = paths.iter().filter(|path| !path.is_file()).collect();
    match missing.first() {
        None => Ok(paths),
        Some(first) => {
            let (n, first) = (missing.len(), file_name(first));
            let reason = say!(
                "{n} of its {count} parts are not there, the first is {first}; fetch them into its folder",
                n,
                count,
                first
            );
            Err(refused(reason, path))
        }
    }
}

/// Opens a part and holds what it says of itself against its name and against another part.
fn checked(path: &Path, other: &Header) -> Result<(Header, memmap2::Mmap), ModelError> {
    let (header, map) = Header::open(path)?;
    let says = (header.whole("split.no").map(|number| number + 1), parts(&header));
    let named = PartName::parse(&file_name(path)).map(|named| (named.number as i64, named.count as i64));
    if named.is_none_or(|(number, count)| says != (Some(number), Some(count))) {
        let word = |number: Option<i64>| number.map_or("?".to_owned(), |number| number.to_string());
        let reason = say!(
            "its metadata calls it part {number} of {count}; {mixed}",
            number = word(says.0),
            count = word(says.1),
            mixed = mixed()
        );
        return Err(refused(reason, path));
    }
    let total = |header: &Header| header.whole("split.tensors.count");
    let kind = |header: &Header| header.text("general.architecture").ok().map(str::to_owned);
    let kinds = kind(&header).zip(kind(other));
    if total(&header) != total(other) || kinds.is_some_and(|(ours, theirs)| ours != theirs) {
        return Err(refused(say!("it belongs to another model than the other parts; {mixed}", mixed = mixed()), path));
    }
    Ok((header, map))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name of one part: `STEM-00001-of-00003.gguf`; the stem may have folders in it.
pub struct PartName {
    stem: String,
    /// Which part it is, from 1.
    pub number: usize,
    /// Of how many.
    pub count: usize,
}

impl PartName {
    /// Reads a name; `None` for that of a whole model.
    pub fn parse(name: &str) -> Option<Self> {
        let (rest, count) = name.strip_suffix(".gguf")?.rsplit_once("-of-")?;
        let (stem, number) = rest.rsplit_once('-')?;
        let digits = |word: &str| (word.len() == 5).then(|| word.parse::<u32>().ok())?.map(|number| number as usize);
        let (number, count) = (digits(number)?, digits(count)?);
        (1..=count).contains(&number).then(|| Self { stem: stem.to_owned(), number, count })
    }

    /// The names of all parts in their order.
    pub fn all(&self) -> impl Iterator<Item = String> {
        (1..=self.count).map(|number| format!("{}-{number:05}-of-{:05}.gguf", self.stem, self.count))
    }
}

/// All files of the model of which `name` is one: itself, or all parts.
pub fn names_of(name: &str) -> Vec<String> {
    PartName::parse(name).map_or_else(|| vec![name.to_owned()], |part| part.all().collect())
}

/// The models among the names of files: each under the name of its (first) file, with those of its
/// files that are among them, in order. What lies beside a model that sees pictures is no language
/// model.
pub fn models<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let own = |name: &str| name.rsplit('/').next().is_some_and(|own| !own.starts_with("mmproj"));
    for name in names.into_iter().filter(|name| is_named(Path::new(name)) && own(name)) {
        let first = names_of(name).swap_remove(0);
        found.entry(first).or_default().push(name.to_owned());
    }
    found.values_mut().for_each(|names| names.sort());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_one_model_are_one_row() {
        let names = ["b.gguf", "q8/a-00002-of-00002.gguf", "mmproj-b.gguf", "x.txt", "q8/a-00001-of-00002.gguf"];
        let found = models(names);
        let rows: Vec<(&str, usize)> = found.iter().map(|(name, files)| (name.as_str(), files.len())).collect();
        assert_eq!(rows, [("b.gguf", 1), ("q8/a-00001-of-00002.gguf", 2)]);
        assert_eq!(models(["a-00003-of-00003.gguf"]).keys().next().unwrap(), "a-00001-of-00003.gguf");
        for single in ["a-0001-of-00002.gguf", "a-00003-of-00002.gguf", "a-00000-of-00002.gguf", "a-of-00002.gguf"] {
            assert_eq!(names_of(single), [single]);
        }
    }
}
