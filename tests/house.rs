//! The house stands: who may import whom. Cargo features hold the table between the wings; this
//! reads the sources and holds it between the rooms. Paths are read as the compiler reads them: from the
//! root, from `super` and `self`, and out of groups.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Room, and the rooms it may use. A room not named here may use nothing of ours.
const TABLE: &[(&str, &[&str])] = &[
    ("session", &[]),
    ("link", &["session"]),
    ("record", &["link", "session"]),
    ("engine", &["link", "session"]),
    ("window", &["record", "link", "session"]),
    ("headless", &["engine", "record", "link", "session"]),
];

/// Room inside the engine, and the engine's rooms it may use, all of them named above it: so there is no
/// circle.
const ENGINE: &[(&str, &[&str])] = &[
    ("allocator", &[]),
    ("process_memory", &[]),
    ("environment", &[]),
    ("outside", &[]),
    ("tls", &["environment"]),
    ("cache_folder", &["environment"]),
    ("content_hash", &["cache_folder"]),
    ("model", &["content_hash"]),
    ("secret", &["environment"]),
    ("hub", &["model", "environment", "secret", "tls"]),
    ("device", &["hub"]),
    ("data", &["allocator"]),
    ("measure", &["data"]),
    ("optim", &["model"]),
    ("prompt", &["data", "model"]),
    ("task", &["data", "measure", "prompt", "model"]),
    ("teacher", &["cache_folder", "content_hash", "data", "task", "prompt", "model", "secret", "tls"]),
    ("loss", &["task", "model"]),
    ("prune", &["model", "optim"]),
    ("script", &["loss", "optim", "prune"]),
    ("student_init", &["hub", "data", "model", "prompt", "task"]),
    ("inputs", &["content_hash", "data", "hub", "model"]),
    ("assets", &["data", "device", "hub", "inputs", "model"]),
    ("text_lengths", &["data", "model"]),
    ("shared_vocabulary", &["data", "model"]),
    ("layer_rates", &["model"]),
    (
        "pair",
        &[
            "assets",
            "cache_folder",
            "data",
            "hub",
            "layer_rates",
            "loss",
            "student_init",
            "model",
            "prompt",
            "shared_vocabulary",
            "task",
            "teacher",
            "text_lengths",
        ],
    ),
    ("batch_plan", &["data", "model", "pair", "prompt", "task"]),
    (
        "train",
        &[
            "batch_plan",
            "data",
            "layer_rates",
            "loss",
            "model",
            "optim",
            "pair",
            "prompt",
            "prune",
            "script",
            "task",
            "teacher",
        ],
    ),
    ("predictions", &["data"]),
    ("in_pieces", &[]),
    (
        "token_evaluation",
        &["batch_plan", "data", "measure", "model", "in_pieces", "prompt", "task", "teacher", "train"],
    ),
    ("evaluate", &["data", "measure", "pair", "in_pieces", "predictions", "token_evaluation", "train"]),
    ("speed", &["data", "model", "pair", "task"]),
    ("vetting", &["data", "measure", "model", "pair", "prompt", "teacher", "train"]),
    ("watch", &[]),
    ("budget", &["cache_folder", "data", "loss", "pair", "teacher", "train"]),
    ("divergence", &["data", "model", "optim", "prune", "task"]),
    ("checkpoint", &["divergence", "model", "pair", "prune", "train", "watch"]),
    ("probe", &["data", "model", "pair", "prompt", "task"]),
    ("side_by_side", &["checkpoint", "content_hash", "data", "hub", "model", "pair", "probe", "task"]),
    (
        "doctor",
        &[
            "budget",
            "data",
            "device",
            "layer_rates",
            "loss",
            "student_init",
            "model",
            "optim",
            "assets",
            "pair",
            "process_memory",
            "prompt",
            "script",
            "secret",
            "task",
            "teacher",
            "train",
            "vetting",
            "watch",
        ],
    ),
    (
        "run",
        &[
            "budget",
            "checkpoint",
            "data",
            "divergence",
            "doctor",
            "evaluate",
            "hub",
            "inputs",
            "student_init",
            "model",
            "pair",
            "in_pieces",
            "probe",
            "process_memory",
            "prune",
            "secret",
            "side_by_side",
            "speed",
            "teacher",
            "train",
            "vetting",
            "watch",
        ],
    ),
];

/// Panels that are drawn inside another one, beside it.
const PARTS: &[(&str, &[&str])] = &[("pair", &["student_init", "source"]), ("source", &["server"])];

/// What stands in the engine's own file, for all of its rooms.
const ENGINE_ITEMS: &[&str] = &["EngineError", "catalog"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The module that a file is: `engine/model/mod.rs` is `[engine, model]`.
fn module_of(path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(root()).unwrap().with_extension("");
    let mut names: Vec<String> = inside.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if matches!(names.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        names.pop();
    }
    names
}

/// The code of a file without its comments and its tests.
fn code(text: &str) -> String {
    let own = text.split("#[cfg(test)]").next().unwrap_or_default();
    own.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// All paths of ours that the code of `module` uses, from the root.
fn used(module: &[String], code: &str) -> Vec<Vec<String>> {
    let (imports, rest) = imports(code);
    let paths = imports.into_iter().map(|(path, _)| path).chain(paths_in(&rest).map(str::to_owned));
    paths.filter_map(|path| resolved(module, &path)).collect()
}

/// What code imports, path and name, and the code without it.
fn imports(code: &str) -> (Vec<(String, String)>, String) {
    let mut pieces = code.split("use ");
    let (mut paths, mut rest) = (Vec::new(), pieces.next().unwrap_or_default().to_owned());
    for piece in pieces {
        // `use` in the middle of a word or a string is no declaration; its text is looked through all the same.
        match piece.split_once(';') {
            Some((tree, behind)) => {
                paths.extend(expanded(&tree.split_whitespace().collect::<Vec<_>>().join(" ")));
                rest.push_str(behind);
            }
            None => rest.push_str(piece),
        }
    }
    (paths, rest)
}

/// The words of code that are paths.
fn paths_in(code: &str) -> impl Iterator<Item = &str> {
    let separators = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
    code.split(separators).filter(|word| word.contains("::"))
}

/// The single paths of a tree of imports, each with what it is called from then on: `a::{b, c::{d as e}}` is
/// `a::b` called b and `a::c::d` called e.
fn expanded(tree: &str) -> Vec<(String, String)> {
    let Some((before, group)) = tree.split_once('{') else {
        let (path, other) = tree.split_once(" as ").map_or((tree, None), |(path, other)| (path, Some(other)));
        let last = path.trim().rsplit("::").next().unwrap_or_default();
        return vec![(path.trim().to_owned(), other.unwrap_or(last).trim().to_owned())];
    };
    let inner = group.rsplit_once('}').map_or(group, |(inner, _)| inner);
    let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
    for sign in inner.chars() {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        if sign == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(sign);
        }
    }
    parts.push(part);
    let whole = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    whole.flat_map(|part| expanded(&format!("{}{part}", before.trim()))).collect()
}

/// A path from the root; `None` of one that is not ours, or that is relative without saying so.
fn resolved(module: &[String], path: &str) -> Option<Vec<String>> {
    let mut names = path.split("::").map(str::trim).skip_while(|name| name.is_empty());
    let mut place = match names.next()? {
        "crate" => Vec::new(),
        "self" => module.to_vec(),
        "super" => module.split_last()?.1.to_vec(),
        _ => return None,
    };
    for name in names {
        match name {
            "super" => {
                place.pop();
            }
            "self" | "*" => {}
            name => place.push(name.to_owned()),
        }
    }
    Some(place)
}

/// What files use, each beside it.
fn uses() -> Vec<(PathBuf, Vec<String>, Vec<Vec<String>>)> {
    let files = sources(&root());
    assert!(files.len() > 200, "the sources are elsewhere");
    let read = |path: PathBuf| {
        let module = module_of(&path);
        let paths = used(&module, &code(&std::fs::read_to_string(&path).unwrap()));
        (path, module, paths)
    };
    files.into_iter().map(read).collect()
}

/// The faults of rooms that lie below `home`.
fn faults(home: &[&str], table: &[(&str, &[&str])], items: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let room_in = |path: &[String]| {
        let inside = path.iter().zip(home).all(|(name, home)| name == home) && path.len() > home.len();
        inside.then(|| path[home.len()].clone())
    };
    for (path, module, paths) in uses() {
        let Some(room) = room_in(&module) else { continue };
        let Some((_, allowed)) = table.iter().find(|(name, _)| *name == room) else {
            faults.push(format!("{room} is no known room: {}", path.display()));
            continue;
        };
        for used in paths.iter().filter_map(|used| room_in(used)) {
            if used != room && !allowed.contains(&used.as_str()) && !items.contains(&used.as_str()) {
                faults.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    faults
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let module = ["engine", "run", "ending"].map(str::to_owned);
    let found = |code: &str| {
        let mut found: Vec<String> = used(&module, code).iter().map(|path| path.join("::")).collect();
        found.sort();
        found
    };
    assert_eq!(
        found("use super::super::{EngineError, checkpoint::{Found, State}};"),
        ["engine::EngineError", "engine::checkpoint::Found", "engine::checkpoint::State",]
    );
    assert_eq!(
        found("use crate::{link::Event, session::{self, Keep as Kept}};"),
        ["link::Event", "session", "session::Keep"]
    );
    assert_eq!(found("pub use self::part::Thing;\nuse std::fmt;"), ["engine::run::ending::part::Thing"]);
    assert_eq!(found("fn f() { super::claim::free(crate::window::run) }"), ["engine::run::claim::free", "window::run"]);
    assert_eq!(found("let x: Vec<crate::link::Side> = y;"), ["link::Side"]);
    assert_eq!(code("// use crate::window;\nlet x = 1;\n#[cfg(test)]\nmod tests { use crate::window; }"), "let x = 1;");
}

#[test]
fn nothing_points_up() {
    assert_eq!(faults(&[], TABLE, &[]), Vec::<String>::new());
}

#[test]
fn the_rooms_of_the_engine_keep_to_their_table() {
    assert_eq!(faults(&["engine"], ENGINE, ENGINE_ITEMS), Vec::<String>::new());
    for (place, (room, allowed)) in ENGINE.iter().enumerate() {
        let above: Vec<&str> = ENGINE[..place].iter().map(|(room, _)| *room).collect();
        let below: Vec<_> = allowed.iter().filter(|used| !above.contains(used)).collect();
        assert!(below.is_empty(), "{room} may use {below:?}, which is not above it");
    }
}

#[test]
fn a_table_names_only_what_is_there() {
    let files: Vec<Vec<String>> = sources(&root()).iter().map(|path| module_of(path)).collect();
    let rooms = |place: usize| files.iter().filter_map(move |module| module.get(place).cloned());
    assert!(TABLE.iter().all(|(room, _)| rooms(0).any(|name| name == *room)));
    let missing: Vec<_> = ENGINE.iter().filter(|(room, _)| !rooms(1).any(|name| name == *room)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A panel is a file of `window/panel`, with its parts in a folder of its name.
#[test]
fn panels_never_see_one_another() {
    let home = ["window", "panel"].map(str::to_owned);
    let of = |path: &[String]| path.strip_prefix(home.as_slice()).and_then(|inside| inside.first()).cloned();
    let all = uses();
    let panels: Vec<String> = all.iter().filter_map(|(_, module, _)| of(module)).collect();
    assert!(panels.len() > 20, "the panels are elsewhere");
    let mut faults = Vec::new();
    for (path, module, paths) in &all {
        let Some(panel) = of(module) else { continue };
        let own = PARTS.iter().find(|(whole, _)| *whole == panel).map_or(&[][..], |(_, parts)| parts);
        let others = paths.iter().filter_map(|used| of(used)).filter(|used| *used != panel && panels.contains(used));
        let others = others.filter(|used| !own.contains(&used.as_str()));
        faults.extend(others.map(|other| format!("{} uses panel {other}", path.display())));
    }
    assert_eq!(faults, Vec::<String>::new());
}

/// A file as far as others are concerned, by the paths of its module.
struct File {
    module: Vec<String>,
    /// What it imports, by the names under which it does.
    names: BTreeMap<String, Vec<String>>,
    /// All paths that it uses, from the root.
    uses: Vec<Vec<String>>,
    /// Types that it adds methods to, from the root or as it says them.
    methods_of: Vec<Vec<String>>,
}

/// Files and what they use of one another.
struct Files(BTreeMap<Vec<String>, File>);

impl Files {
    /// Of modules and their code.
    fn of(sources: Vec<(Vec<String>, String)>) -> Self {
        let modules: BTreeSet<Vec<String>> = sources.iter().map(|(module, _)| module.clone()).collect();
        let file = |(module, code): (Vec<String>, String)| {
            let (imports, rest) = imports(&code);
            // What a file says without `self` may be a child of it.
            let from_root = |path: &str| {
                let first = path.split("::").next().unwrap_or_default();
                let is_child = modules.contains(&[module.as_slice(), &[first.to_owned()]].concat());
                resolved(&module, path).or_else(|| resolved(&module, &format!("self::{path}")).filter(|_| is_child))
            };
            let named = imports.into_iter().filter_map(|(path, name)| Some((name, from_root(&path)?)));
            let names: BTreeMap<String, Vec<String>> = named.collect();
            let by_name = |path: &str| {
                let (first, behind) = path.split_once("::").unwrap_or((path, ""));
                let behind = behind.split("::").filter(|name| !name.is_empty()).map(str::to_owned);
                Some([names.get(first)?.clone(), behind.collect()].concat())
            };
            let uses = paths_in(&rest).filter_map(|path| from_root(path).or_else(|| by_name(path)));
            let uses = names.values().cloned().chain(uses).collect();
            let own = |name: &str| [module.as_slice(), &[name.to_owned()]].concat();
            let methods_of = with_methods(&rest).map(|name| by_name(name).unwrap_or_else(|| own(name))).collect();
            (module.clone(), File { module, names, uses, methods_of })
        };
        Self(sources.into_iter().map(file).collect())
    }

    /// The file in which what a path names stands, and the path there: through whatever hands it on.
    fn place(&self, path: &[String]) -> Option<(&[String], Vec<String>)> {
        let mut path = path.to_vec();
        // Deeper than anything is handed on here.
        for _ in 0..8 {
            let length = (0..=path.len()).rev().find(|length| self.0.contains_key(&path[..*length]))?;
            let file = &self.0[&path[..length]];
            match path.get(length).and_then(|name| file.names.get(name)) {
                Some(other) if *other != path => path = [other.as_slice(), &path[length + 1..]].concat(),
                _ => return Some((&file.module, path)),
            }
        }
        None
    }

    /// The files of each type whose methods stand in several: where it is made, and where it is added to.
    fn of_types(&self) -> Vec<BTreeSet<&[String]>> {
        let mut types: BTreeMap<Vec<String>, BTreeSet<&[String]>> = BTreeMap::new();
        for file in self.0.values() {
            for (place, whole) in file.methods_of.iter().filter_map(|path| self.place(path)) {
                types.entry(whole).or_default().extend([file.module.as_slice(), place]);
            }
        }
        types.into_values().filter(|files| files.len() > 1).collect()
    }

    /// The files that each one uses, save its children and those it is a child of, and those with which it
    /// shares a type.
    fn arrows(&self) -> BTreeMap<&[String], BTreeSet<&[String]>> {
        let types = self.of_types();
        let mut arrows = BTreeMap::new();
        for file in self.0.values() {
            let from = file.module.as_slice();
            let others = file.uses.iter().filter_map(|path| self.place(path)).map(|(module, _)| module);
            let apart = |to: &&[String]| !to.starts_with(from) && !from.starts_with(to);
            let alien = |to: &&[String]| !types.iter().any(|files| files.contains(from) && files.contains(to));
            arrows.insert(from, others.filter(apart).filter(alien).collect());
        }
        arrows
    }

    /// Files that use one another in a circle, each circle in words.
    fn circles(&self) -> BTreeSet<String> {
        let arrows = self.arrows();
        let reached: BTreeMap<&[String], BTreeSet<&[String]>> =
            arrows.keys().map(|from| (*from, reached(&arrows, from))).collect();
        let circle = |from: &[String]| {
            let all: Vec<String> =
                reached[from].iter().filter(|to| reached[**to].contains(from)).map(|file| file.join("/")).collect();
            (!all.is_empty()).then(|| all.join(" ↔ "))
        };
        arrows.keys().filter_map(|from| circle(from)).collect()
    }
}

/// All that `from` uses, and what that uses, and so on.
fn reached<'a>(arrows: &BTreeMap<&'a [String], BTreeSet<&'a [String]>>, from: &'a [String]) -> BTreeSet<&'a [String]> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(file) = next.pop() {
        next.extend(arrows[file].iter().copied().filter(|to| seen.insert(*to)));
    }
    seen
}

/// Types that code adds methods of their own to.
fn with_methods(code: &str) -> impl Iterator<Item = &str> {
    code.lines().filter(|line| line.starts_with("impl") && !line.contains(" for ")).filter_map(|line| {
        let rest = line.strip_prefix("impl")?;
        let rest = if rest.starts_with('<') { rest.split_once("> ")?.1 } else { rest.strip_prefix(' ')? };
        rest.split(|sign: char| !(sign.is_alphanumeric() || sign == '_' || sign == ':')).next()
    })
}

/// All files of ours but the one that starts the program.
fn files() -> Files {
    let paths = sources(&root()).into_iter().filter(|path| !path.ends_with("main.rs"));
    let read = |path: PathBuf| (module_of(&path), code(&std::fs::read_to_string(&path).unwrap()));
    Files::of(paths.map(read).collect())
}

#[test]
fn no_files_use_one_another_in_a_circle() {
    let files = files();
    assert!(files.arrows().values().map(BTreeSet::len).sum::<usize>() > 1000, "imports are read no more");
    assert_eq!(files.circles(), BTreeSet::new());
}

#[test]
fn a_circle_is_seen_through_groups_and_through_what_hands_names_on() {
    let circles = |files: &[(&str, &str)]| -> Vec<String> {
        let module = |path: &str| path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let files = files.iter().map(|(path, code)| (module(path), (*code).to_owned())).collect();
        Files::of(files).circles().into_iter().collect()
    };
    let root = ("", "pub mod a;\npub mod b;");
    let (a, b) = (("a", "use super::b::{self, Thing};"), ("b", "pub fn f() { crate::a::g() }"));
    assert_eq!(circles(&[root, a, b]), ["a ↔ b"]);
    assert_eq!(circles(&[root, a, ("b", "pub struct Thing;")]), [""; 0]);
    let three =
        [("a", "use crate::{b::B};"), ("b", "use crate::c;\nfn f() { c::g() }"), ("c", "use super::a::A as B;")];
    assert_eq!(circles(&[&[root][..], &three].concat()), ["a ↔ b ↔ c"]);
    // Handed on by the parent, under another name.
    let handed = [("a", "pub use one::One as First;\nuse two::Two;"), ("a/one", "use super::two;")];
    assert_eq!(circles(&[&[root][..], &handed, &[("a/two", "use super::First;")]].concat()), ["a/one ↔ a/two"]);
    // A parent and its children.
    assert_eq!(circles(&[root, ("a", "mod x;\nuse x::X;"), ("a/x", "use super::Y;")]), [""; 0]);
    // One type, here and there; what shares nothing of it is in a circle all the same.
    let shared = [("a", "use super::b::f;\npub struct T;"), ("b", "use super::a::T;\nimpl T {\n}")];
    assert_eq!(circles(&[&[root][..], &shared].concat()), [""; 0]);
    let third = ("c", "use crate::a::T;\nimpl<'a> T<'a> {\n}\nuse crate::b::f;");
    assert_eq!(circles(&[&[root, third][..], &shared].concat()), [""; 0]);
    let trait_of_it = [("a", "use super::b::f;\npub struct T;"), ("b", "use super::a::T;\nimpl Show for T {\n}")];
    assert_eq!(circles(&[&[root][..], &trait_of_it].concat()), ["a ↔ b"]);
}

#[test]
fn no_two_files_of_the_engine_bear_one_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in sources(&root().join("engine")).into_iter().filter(|path| !path.ends_with("mod.rs")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        places.entry(name).or_default().push(path.strip_prefix(root()).unwrap().display().to_string());
    }
    assert!(places.len() > 100, "the engine is elsewhere");
    let twice: Vec<_> = places.into_values().filter(|places| places.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn no_file_hides_a_panic() {
    for path in sources(&root()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let banned = [".unwrap()", "todo!(", "unimplemented!(", "dbg!("].iter().any(|word| line.contains(word));
            assert!(!banned || line.trim_start().starts_with("//"), "{}:{}: {line}", path.display(), number + 1);
        }
    }
}

/// `println!` and its like panic where nobody reads: everything that is written goes through one file.
#[test]
fn nothing_is_printed_but_by_the_file_that_bears_a_reader_who_has_gone() {
    let mut found = 0;
    for path in sources(&root()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        // `print!`, `println!`, `eprint!`, `eprintln!`
        let prints = code.filter(|line| line.contains("print!(") || line.contains("println!(")).count();
        assert_eq!(prints, 0, "{} prints; use headless::print or headless::tell", path.display());
        found += 1;
    }
    assert!(found > 100, "the sources are elsewhere");
}

#[test]
fn pictures_are_small_enough_to_be_kept_in_every_version() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let pictures = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let sizes = pictures.map(|entry| (entry.file_name(), entry.metadata().unwrap().len()));
    let kept: Vec<_> = sizes.filter(|(name, _)| is_kept(&name.to_string_lossy())).collect();
    let large: Vec<_> = kept.iter().filter(|(_, bytes)| *bytes > 60_000).collect();
    assert!(large.is_empty(), "tests/shrink_snapshots makes them smaller: {large:?}");
    let all: u64 = kept.iter().map(|(_, bytes)| bytes).sum();
    assert!(!kept.is_empty() && all <= 4_000_000, "{all} bytes");
}

/// Whether a picture is one of those that are compared with, not what a comparison left behind.
fn is_kept(name: &str) -> bool {
    name.ends_with(".png") && ![".new.png", ".diff.png", ".old.png"].iter().any(|ending| name.ends_with(ending))
}
