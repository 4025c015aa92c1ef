//! Sessions drawn from a row of bytes: the same session in full form and in the forms that people write
//! by hand, and texts into which something was put that does not belong there.

/// Takes choices from bytes, so that a shorter row is a simpler session.
pub struct Draw<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Draw<'_> {
    pub fn from(bytes: &[u8]) -> Draw<'_> {
        Draw { bytes, at: 0 }
    }

    pub fn below(&mut self, most: usize) -> usize {
        let byte = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        usize::from(byte) % most.max(1)
    }

    fn yes(&mut self) -> bool {
        self.below(2) == 1
    }

    fn of<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }
}

/// A session as it is written in full, and the same by hand.
pub struct Drawn {
    pub full: String,
    pub by_hand: String,
}

/// Texts with every character that could be taken for syntax.
const TEXTS: [&str; 6] = ["plain", "a, b: (c)", "\\\"quoted\\\" // no comment", "{text}[/* */]", "新闻\\n", "#'r#\\\\"];

/// A session whose models and data lie behind `address` or in `folder`.
pub fn session(draw: &mut Draw, address: &str, folder: &str) -> Drawn {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut put = |full: String, by_hand: String| fields.push((full, by_hand));
    let version = draw.below(4) + 1;
    put(format!("version: {version}"), format!("version:{version}"));
    let name = draw.of(&TEXTS);
    put(format!("name: \"{name}\""), format!("name : \"{name}\""));
    if version < 3 {
        let (full, by_hand) = pair(draw, address, folder);
        put(format!("models: {full}"), format!("models: {by_hand}"));
    } else {
        let (full, by_hand) = teachers(draw, address, folder);
        put(format!("teachers: {full}"), format!("teachers: {by_hand}"));
        let (full, by_hand) = student(draw, folder);
        put(format!("student: {full}"), format!("student: {by_hand}"));
    }
    let (full, by_hand) = if version < 4 { data(draw, folder) } else { files(draw, folder) };
    put(format!("data: {full}"), format!("/* the data */ data: {by_hand}"));
    let word = draw.of(&TEXTS);
    let wording =
        if version < 3 { "template: \"{text} {answer}\"" } else { "teacher: (template: \"{text} {answer}\")" };
    let own = if version > 2 && draw.yes() { "student: Some((template: \"{text}: {answer}\")), " } else { "" };
    let prompt = |own: &str, label: String| format!("prompt: ({wording}, {own}label_words: {label})");
    let full = match version {
        3.. => format!("{{\"x\": [\"{word}\"], \"7\": [\"7\"]}}"),
        _ => format!("{{\"x\": \"{word}\", \"7\": \"7\"}}"),
    };
    let bare = own.replace("Some((", "(").replace(")),", "),");
    put(prompt(own, full), prompt(&bare, format!("{{\"x\": \"{word}\", 7: 7}}")));
    let losses = if version < 3 { "losses" } else { "terms" };
    let (full, by_hand) = recipe(draw, losses);
    put(format!("recipe: {full}"), format!("recipe: {by_hand} // the recipe\n"));
    if draw.yes() {
        put("run: Some(\"runs/1\"), probes: [\"one\"]".into(), "run: \"runs/1\", probes: \"one\"".into());
        put(
            "script: [(step: 4, knob: \"mixture.alpha\", value: 0.5)]".into(),
            "script: (step: 4, knob: \"mixture.alpha\", value: 0.5)".into(),
        );
    }
    let start = draw.below(fields.len());
    let turned = fields.iter().cycle().skip(start).take(fields.len());
    let by_hand: Vec<&str> = turned.map(|(_, by_hand)| by_hand.as_str()).collect();
    let full: Vec<&str> = fields.iter().map(|(full, _)| full.as_str()).collect();
    Drawn { full: format!("({})", full.join(", ")), by_hand: format!("\u{feff}\n(\n{},\n)\n", by_hand.join(",\n")) }
}

fn source(draw: &mut Draw, address: &str, folder: &str) -> (String, String) {
    let same = |text: String| (text.clone(), text);
    match draw.below(4) {
        0 => same("BuiltIn(\"posts-student\")".into()),
        1 => same(format!("Folder(\"{folder}/model\")")),
        2 => same("Hub(repo: \"owner/name\", revision: \"main\")".into()),
        _ => (
            format!("Server(url: \"{address}/v1\", model: \"m\", mode: Chat, key: None, token_limit: Some(9))"),
            format!("Server(url: \"{address}/v1\", model: \"m\", mode: \"Chat\", token_limit: 9)"),
        ),
    }
}

fn pair(draw: &mut Draw, address: &str, folder: &str) -> (String, String) {
    let (full, by_hand) = source(draw, address, folder);
    let (student, _) = source(&mut Draw::from(&[draw.below(3) as u8]), address, folder);
    let start = draw.of(&["Stored", "Fresh"]);
    let teacher = (
        format!("Some((source: {full}, start: {start}, max_tokens: 32))"),
        format!("(source: {by_hand}, start: \"{start}\", max_tokens: 32)"),
    );
    let student = format!("(source: {student}, start: Fresh, head: Classifier)");
    match draw.yes() {
        true => (
            format!("(teacher: {}, student: {student})", teacher.0),
            format!("(student: {student}, teacher: {})", teacher.1),
        ),
        false => (format!("(teacher: None, student: {student})"), format!("(student: {student})")),
    }
}

fn teachers(draw: &mut Draw, address: &str, folder: &str) -> (String, String) {
    let (full, by_hand) = source(draw, address, folder);
    let init = draw.of(&["Stored", "Fresh"]);
    match draw.yes() {
        true => (
            format!("[(source: {full}, init: {init}, max_tokens: 32)]"),
            format!("(max_tokens: 32, source: {by_hand}, init: \"{init}\")"),
        ),
        false => ("[]".to_owned(), "[]".to_owned()),
    }
}

fn student(draw: &mut Draw, folder: &str) -> (String, String) {
    let (full, by_hand) = source(&mut Draw::from(&[draw.below(3) as u8]), "", folder);
    let (init, init_by_hand) = match draw.below(3) {
        0 => ("Stored".to_owned(), "\"Stored\"".to_owned()),
        1 => ("Fresh".to_owned(), "Fresh".to_owned()),
        _ => (
            format!("Layers(of: Some(Folder(\"{folder}/model\")), map: Pick([0, 1]))"),
            format!("Layers(map: Pick([0, 1]), of: Folder(\"{folder}/model\"))"),
        ),
    };
    (
        format!("(source: {full}, init: {init}, head: Classifier)"),
        format!("(head: \"Classifier\", init: {init_by_hand}, source: {by_hand})"),
    )
}

fn data(draw: &mut Draw, folder: &str) -> (String, String) {
    let (full, by_hand) = match draw.below(4) {
        0 => ("BuiltIn(\"posts\")".to_owned(), "BuiltIn(\"posts\")".to_owned()),
        1 => (
            format!(
                "Delimited(path: \"{folder}/a.csv\", test: None, header: true, text: [Name(\"text\")], label: Name(\"label\"))"
            ),
            format!("Delimited(path: \"{folder}/a.csv\", text: \"text\", label: \"label\")"),
        ),
        2 => (
            format!(
                "Delimited(path: \"{folder}/a.csv\", test: Some(\"{folder}/a.csv\"), header: true, text: [Index(0)], label: Index(1))"
            ),
            format!("Delimited(label: 1, path: \"{folder}/a.csv\", test: \"{folder}/a.csv\", text: 0)"),
        ),
        _ => (
            format!("JsonLines(path: \"{folder}/a.jsonl\", test: None, text: [\"text\"], label: \"label\")"),
            format!("JsonLines(path: \"{folder}/a.jsonl\", text: \"text\", label: \"label\")"),
        ),
    };
    let limit = draw.below(200) + 10;
    (
        format!("(source: {full}, validation: 0.2, labelled: Some({limit}), limit: Some({limit}))"),
        format!("(source: {by_hand}, validation: 2e-1, limit: {limit}, labelled: {limit},)"),
    )
}

fn files(draw: &mut Draw, folder: &str) -> (String, String) {
    let roles = |text: &str, label: &str| format!("(text: [{text}], label: Some({label}))");
    let (full, by_hand) = match draw.below(4) {
        0 => ("BuiltIn(\"posts\")".to_owned(), "BuiltIn(\"posts\")".to_owned()),
        1 => (
            format!(
                "Files(train: [\"{folder}/a.csv\"], format: Auto, roles: {})",
                roles("Name(\"text\")", "Name(\"label\")")
            ),
            format!("Files(train: \"{folder}/a.csv\")"),
        ),
        2 => (
            format!(
                "Files(train: [\"{folder}/a.csv\"], test: [\"{folder}/a.csv\"], format: Delimited(separator: Some(\",\"), header: true), roles: {})",
                roles("Index(0)", "Index(1)")
            ),
            format!(
                "Files(roles: (label: 1, text: 0), test: \"{folder}/a.csv\", format: Delimited(separator: \",\"), train: (files: \"{folder}/a.csv\"))"
            ),
        ),
        _ => (
            format!("Files(train: [\"{folder}/a.jsonl\"], validation: [], format: Json)"),
            format!("Files(format: \"Json\", train: \"{folder}/a.jsonl\")"),
        ),
    };
    let limit = draw.below(200) + 10;
    let labels = "labels: (names: [\"x\", \"y\"], merge: true, several: First, weights: Equal)";
    (
        format!(
            "(source: {full}, {labels}, validation: 0.2, labelled: Some({limit}), limit: (train: Some({limit}), validation: Some({limit}), test: Some({limit})))"
        ),
        format!("(source: {by_hand}, {labels}, validation: 2e-1, limit: {limit}, labelled: {limit},)"),
    )
}

fn recipe(draw: &mut Draw, losses: &str) -> (String, String) {
    let steps = draw.below(250) + 1;
    let loss = draw.of(&["hard_labels", "soft_targets"]);
    let optimizer = draw.of(&["Sgd", "Adam", "AdamW"]);
    (
        format!(
            "({losses}: [\"{loss}\"], optimizer: {optimizer}, steps: {steps}, seed: 3, threads: Some(1), target_accuracy: None)"
        ),
        format!("({losses}: \"{loss}\", optimizer: \"{optimizer}\", steps: {steps}, seed: 0x3, threads: 1)"),
    )
}

/// Pieces that a session's text is made of, and some that it is not.
const PIECES: [&str; 26] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'",
    "r#\"",
    "/*",
    "*/",
    "//",
    "Some(",
    "None",
    "-1",
    "1e999",
    "NaN",
    "0x",
    "\u{0}",
    "\u{feff}",
    "“",
    "r#",
    "seed: 1",
    "Server(url: \"x\")",
];

/// `text` with a few places damaged: pieces put in, bytes taken out, doubled or changed.
pub fn damaged(draw: &mut Draw, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=draw.below(4) {
        let at = (draw.below(256) * 256 + draw.below(256)) % (bytes.len() + 1);
        let end = (at + draw.below(40)).min(bytes.len());
        match draw.below(5) {
            0 => drop(bytes.splice(at..at, draw.of(&PIECES).bytes())),
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
            3 => bytes.truncate(at),
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = byte.wrapping_add(draw.below(256) as u8)),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
