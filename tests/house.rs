//! The house stands: who may import whom. Cargo features hold the table between the wings; this
//! reads the sources and holds it between the rooms.

use std::path::{Path, PathBuf};

/// Room, and the rooms it may use. A room not named here may use nothing of ours.
const TABLE: &[(&str, &[&str])] = &[
    ("session", &["session"]),
    ("link", &["link", "session"]),
    ("record", &["record", "link", "session"]),
    ("engine", &["engine", "link", "session"]),
    ("window", &["window", "record", "link", "session"]),
    ("headless", &["headless", "engine", "record", "link", "session"]),
];

/// Room inside the engine, and the engine's rooms it may use.
const ENGINE: &[(&str, &[&str])] = &[
    ("model", &["model"]),
    ("environment", &["environment"]),
    ("tls", &["tls", "environment"]),
    ("hub", &["hub", "model", "environment", "secret", "tls"]),
    ("data", &["data"]),
    ("measure", &["measure", "data"]),
    ("optim", &["optim", "model"]),
    ("prompt", &["prompt", "model"]),
    ("task", &["task", "prompt", "model"]),
    ("secret", &["secret", "environment"]),
    ("teacher", &["teacher", "task", "prompt", "model", "secret", "environment", "tls"]),
    ("loss", &["loss", "task", "model"]),
    ("prune", &["prune", "model", "optim"]),
    ("make", &["make", "hub", "data", "model", "prompt", "task"]),
];

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

/// The names that follow `prefix` in code (comments left out).
fn used(text: &str, prefix: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut names = Vec::new();
    for line in code {
        for piece in line.split(prefix).skip(1) {
            let name: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            names.push(name);
        }
    }
    names
}

fn room_of(path: &Path, root: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn check(root: &Path, prefix: &str, table: &[(&str, &[&str])], rooms_only: bool) {
    let known: Vec<&str> = table.iter().map(|(room, _)| *room).collect();
    for path in sources(root) {
        let room = room_of(&path, root);
        let Some((_, allowed)) = table.iter().find(|(name, _)| *name == room) else {
            assert!(rooms_only || ["lib", "main"].contains(&room.as_str()), "{room} is no known room");
            continue;
        };
        for name in used(&std::fs::read_to_string(&path).unwrap(), prefix) {
            let fine = allowed.contains(&name.as_str()) || !known.contains(&name.as_str()) && rooms_only;
            assert!(fine || name.starts_with(char::is_uppercase), "{} uses {prefix}{name}", path.display());
        }
    }
}

#[test]
fn nothing_points_up() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "crate::", TABLE, false);
}

#[test]
fn the_rooms_of_the_engine_keep_to_their_table() {
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine"), "crate::engine::", ENGINE, true);
}

#[test]
fn panels_never_see_one_another() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/window/panel");
    let names: Vec<String> =
        sources(&folder).iter().map(|path| room_of(path, &folder)).filter(|name| name != "mod").collect();
    for path in sources(&folder).iter().filter(|path| !path.ends_with("mod.rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        for name in used(&text, "panel::") {
            assert!(!names.contains(&name) || room_of(path, &folder) == name, "{} uses panel::{name}", path.display());
        }
    }
}

#[test]
fn no_file_hides_a_panic() {
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = 0;
    for path in sources(&root) {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        // `print!`, `println!`, `eprint!`, `eprintln!`
        let prints = code.filter(|line| line.contains("print!(") || line.contains("println!(")).count();
        assert_eq!(prints, 0, "{} prints; use headless::print or headless::tell", path.display());
        found += 1;
    }
    assert!(found > 100, "the sources are elsewhere");
}
