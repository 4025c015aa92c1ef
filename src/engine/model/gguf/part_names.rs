//! Which files are one model: by their names, before anything of them is read.

use std::collections::BTreeMap;
use std::path::Path;

use super::is_named;

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
