//! `retort new`: a session written from a file, its roles guessed and each guess explained, to be read and changed
//! by a person: over classes, or over tokens where the file holds conversations, completions or texts alone.

use std::fmt::Write as _;
use std::path::Path;

use super::output::tell;
use super::{CommandError, NewArguments};
use crate::engine::data::preview::preview;
use crate::link::grouped;
use crate::link::guess::Guess;
use crate::link::preview::Sheet;
use crate::session::{BUILT_IN, Column, DataSource, FilePart, Files, Role, Roles, SESSION_VERSION, file, paths};

/// A session for the file that is named, or the built-in one; to stdout, or into a file that is not there yet.
///
/// # Errors
/// [`CommandError`] if the file cannot be read or is no table, or the session cannot be written.
pub fn new(arguments: &NewArguments) -> Result<String, CommandError> {
    let text = match &arguments.from {
        None => BUILT_IN.to_owned(),
        Some(_) => from_files(arguments)?,
    };
    let place = arguments.out.as_deref().unwrap_or(Path::new("session.ron"));
    file::parse(&text, place).map_err(CommandError::run)?;
    let Some(out) = &arguments.out else { return Ok(text) };
    if out.exists() {
        let out = out.display();
        return Err(CommandError::input(format!("{out} is there already; name another file with --out, or remove it")));
    }
    std::fs::write(out, text).map_err(|e| CommandError::input(format!("cannot write {}: {e}", out.display())))?;
    tell(format!("examine it with: retort doctor {}", out.display()));
    Ok(format!("{} is written", out.display()))
}

fn from_files(arguments: &NewArguments) -> Result<String, CommandError> {
    let part = |path: &Option<std::path::PathBuf>| FilePart::of(path.iter().cloned());
    let files = Files {
        train: part(&arguments.from),
        validation: part(&arguments.validation),
        test: part(&arguments.test),
        ..Files::default()
    };
    let sheet = preview(&DataSource::from(files.clone())).map_err(CommandError::input)?;
    let guesses = sheet.guess();
    let roles = sheet.likely_roles();
    if roles.texts().chain(&roles.prompt).chain(&roles.messages).next().is_none() {
        let names: Vec<&str> = sheet.columns.iter().map(|column| column.name.as_str()).collect();
        let said = format!("no column of it could be the text; its columns are {}", names.join(", "));
        return Err(CommandError::input(said));
    }
    sheet.notes.iter().for_each(|note| tell(format!("data: {note}")));
    for Guess { column, role, reason } in &guesses {
        tell(format!("{column} is taken for the {}: {reason}", role.label()));
    }
    let told = Told::of(&sheet, &roles);
    match told {
        Some(told) => told.explain(&sheet),
        None if roles.label.is_none() => {
            tell("no column could be the class: name the classes under data.labels.names and choose a teacher")
        }
        None => {}
    }
    Ok(Written { arguments, files: &files, sheet: &sheet, guesses: &guesses, roles: &roles, told }.text())
}

/// What is told token by token, where the file holds no classes.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    /// What the assistant says in conversations.
    Turns,
    /// Completions behind prompts.
    Completions,
    /// Running text, or a text a line.
    Text,
}

impl Told {
    /// What the columns of a file let expect; `None` where classes are.
    fn of(sheet: &Sheet, roles: &Roles) -> Option<Self> {
        let is_plain = PLAIN.contains(&sheet.written.as_str());
        match () {
            () if roles.messages.is_some() && roles.text.is_empty() => Some(Self::Turns),
            () if roles.label.is_some() => None,
            () if roles.prompt.is_some() && roles.completion.is_some() => Some(Self::Completions),
            () if is_plain => Some(Self::Text),
            () => None,
        }
    }

    fn explain(self, sheet: &Sheet) {
        tell(match self {
            Self::Turns => "the file holds conversations: the task is the next token of what the assistant says",
            Self::Completions => "the file holds prompts and completions: the task is the next token of a completion",
            Self::Text => {
                "the file holds texts and no classes: the task is the next token; for classes name them under data.labels.names, choose a teacher and leave recipe.task out"
            }
        });
        if self == Self::Turns {
            tell(
                "a model with a chat template learns this; the built-in ones have none, so one of the Hub is named: put yours in its place",
            );
        }
        if sheet.whole && sheet.read < FEW {
            tell(format!(
                "its {} rows are too few to set a tenth aside for validation and test: name files with --validation and --test",
                sheet.read
            ));
        }
    }

    /// The fields of a session behind its data.
    fn rest(self) -> String {
        let (student, template, rate) = match self {
            Self::Turns => ("Hub(repo: \"Qwen/Qwen2.5-0.5B-Instruct\"), max_tokens: 512", "{text} {answer}", "0.00002"),
            Self::Completions => ("BuiltIn(\"posts-teacher\"), max_tokens: 64", "{prompt}\\n{answer}", "0.001"),
            Self::Text => ("BuiltIn(\"posts-teacher\"), max_tokens: 64", "{text} {answer}", "0.001"),
        };
        let asked = match self {
            Self::Completions => "How a prompt leads to its completion, {answer}.",
            Self::Turns | Self::Text => "Not read by this task.",
        };
        format!(
            "    // A larger model of the same vocabulary that teaches; then terms: [\"soft_targets\", \"hard_labels\"].\n    \
             // teachers: [(source: Hub(repo: \"Qwen/Qwen2.5-1.5B-Instruct\"))],\n    \
             student: (source: {student}),\n    \
             // {asked}\n    \
             prompt: (teacher: (template: \"{template}\")),\n    \
             recipe: (\n        task: NextToken(),\n        \
             terms: [\"hard_labels\"], steps: 300, batch: 8, warmup: 10, evaluate_every: 50,\n    ),\n    \
             knobs: {{\"optimizer.learning_rate\": {rate}}},\n"
        )
    }
}

/// How files are written that hold nothing but texts.
const PLAIN: [&str; 3] = ["running text", "a text a line", "a text a file"];
/// Rows of which a tenth is none.
const FEW: usize = 5;

/// What the session is written from.
struct Written<'a> {
    arguments: &'a NewArguments,
    files: &'a Files,
    sheet: &'a Sheet,
    guesses: &'a [Guess],
    roles: &'a Roles,
    told: Option<Told>,
}

impl Written<'_> {
    fn text(&self) -> String {
        let name = self.arguments.from.as_deref().and_then(Path::file_stem).unwrap_or_default().to_string_lossy();
        let (rows, whole) = (grouped(self.sheet.read as u64), if self.sheet.whole { "" } else { ", or more" });
        let (source, labels, rest) = (self.source(), self.labels(), self.rest());
        format!(
            "// Every field of a session, with its default: retort list session\n(\n    version: {SESSION_VERSION},\n    \
             name: {name:?},\n    data: (\n        // {rows} rows{whole}.\n{source}{labels}        \
             // Shares set aside where no file is named for them.\n        validation: 0.1,\n        test: 0.1,\n    \
             ),\n{rest})\n"
        )
    }

    fn source(&self) -> String {
        let mut text = String::from("        source: Files(\n");
        let parts = [("train", &self.files.train), ("validation", &self.files.validation), ("test", &self.files.test)];
        for (part, files) in parts.into_iter().filter(|(_, files)| !files.is_empty()) {
            for path in &files.files {
                let _ = writeln!(text, "            {part}: {:?},", self.written(path));
            }
        }
        if !self.sheet.has_names {
            text += "            // The first row is data, so columns go by their places, counted from 0.\n";
            text += "            format: Delimited(header: false),\n";
        }
        text + "            roles: (\n" + &self.roles() + "            ),\n        ),\n"
    }

    /// A path as the session's file finds it.
    fn written(&self, path: &Path) -> String {
        let folder =
            self.arguments.out.as_deref().and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            None => path.display().to_string(),
            Some(_) => paths::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string(),
        }
    }

    fn roles(&self) -> String {
        let column = |column: &Column| match column {
            Column::Name(name) => format!("{name:?}"),
            Column::Index(place) => place.to_string(),
        };
        let texts: Vec<String> = self.roles.text.iter().map(column).collect();
        let mut lines = String::new();
        // Of rows that are told token by token the text is what is asked, or the conversation.
        if self.told.is_none() || !texts.is_empty() {
            let _ = writeln!(lines, "                text: [{}],{}", texts.join(", "), self.why(Role::Text));
        }
        let label = self.roles.label.as_ref().filter(|_| self.told.is_none()).map_or("None".to_owned(), column);
        let _ = writeln!(lines, "                label: {label},{}", self.why(Role::Label));
        let others = [
            ("pair", &self.roles.pair, Role::Pair),
            ("weight", &self.roles.weight, Role::Weight),
            ("prompt", &self.roles.prompt, Role::Prompt),
            ("completion", &self.roles.completion, Role::Completion),
            ("messages", &self.roles.messages, Role::Messages),
        ];
        for (name, chosen, role) in others {
            if let Some(chosen) = chosen {
                let _ = writeln!(lines, "                {name}: {},{}", column(chosen), self.why(role));
            }
        }
        lines
    }

    fn why(&self, role: Role) -> String {
        let reason = self.guesses.iter().find(|guess| guess.role == role).map(|guess| guess.reason.to_string());
        reason.map_or(String::new(), |reason| format!(" // {reason}"))
    }

    fn labels(&self) -> String {
        match self.roles.label {
            _ if self.told.is_some() => String::new(),
            Some(_) => "        // labels: (names: [\"first\", \"second\"]), where the labels are ids.\n".to_owned(),
            None => "        // The classes, which no column says.\n        \
                     labels: (names: [\"first class\", \"second class\"]),\n"
                .to_owned(),
        }
    }

    fn rest(&self) -> String {
        if let Some(told) = self.told {
            return told.rest();
        }
        let term = if self.roles.label.is_some() { "hard_labels" } else { "soft_targets" };
        format!(
            "    // A prompted model that teaches; then terms: [\"soft_targets\", \"hard_labels\"]. For example\n    \
             // teachers: [(source: Hub(repo: \"Qwen/Qwen2.5-0.5B-Instruct\"))],\n    \
             student: (source: BuiltIn(\"posts-student\"), init: Fresh),\n    \
             prompt: (teacher: (template: \"{{text}}\\nThe answer is {{answer}}\")),\n    \
             recipe: (terms: [{term:?}], steps: 300, batch: 16, evaluate_every: 50),\n"
        )
    }
}
