//! What the engine, the session and the record say, in a window whose language is Chinese.

use retort::engine::EngineError;
use retort::engine::data::DataError;
use retort::engine::doctor::depth;
use retort::engine::model::ModelError;
use retort::engine::teacher::TeacherError;
use retort::link::{About, Alarm, Checkup, Fact, Finding, Notice, Reply, Subject};
use retort::record::votes::Vote;
use retort::session::{Argument, Say as _, Sentence};

use super::*;

fn chinese() -> Play {
    let folder = tempfile::tempdir().unwrap();
    stage::prefer(folder.path(), Preferences { language: Some(Language::Chinese), ..Preferences::default() });
    let play = Play::within(folder, Session::built_in().unwrap(), None);
    assert!(play.says("开始"));
    play
}

/// A sentence without places.
fn plain(template: &str) -> Sentence {
    Sentence::new(template, [])
}

/// An error within an error, with words of the operating system innermost.
fn nested() -> EngineError {
    let outside = std::io::Error::other("quota exceeded").said();
    let file = ModelError::File { what: plain("the weights"), reason: outside, path: "/models/a".into() };
    EngineError::Teacher(TeacherError::Model(file))
}

#[test]
fn a_chinese_window_says_warnings_and_failures_in_chinese_and_words_from_outside_as_they_are() {
    let mut play = chinese();
    let english = nested().to_string();
    assert_eq!(english, "the teacher: cannot read the weights: quota exceeded: /models/a", "headless says it so");
    play.engine.say(Fact::Warning(nested().notice()));
    play.look(4);
    assert!(play.says("教师：无法读取权重：quota exceeded：/models/a"));
    assert!(!play.says("cannot read"));

    let data = DataError::line(7, plain("it is not a JSON object"), Path::new("/data/b.csv"));
    play.engine.say(Fact::Failed(Notice::from(data).about(About::Data)));
    play.look(4);
    assert!(play.says("第 7 行不能使用：它不是 JSON 对象；请在 /data/b.csv 中改正或删除它"));
}

#[test]
fn a_chinese_window_says_why_a_run_paused_itself_in_chinese() {
    let mut play = chinese();
    let session = play.app().session().clone();
    play.engine.start(&session);
    play.engine.steps(0..20);
    play.engine.status(Phase::Running, 20);
    play.look(4);
    let what = Sentence::new(
        "{what}; a lower learning rate usually helps",
        [(
            "what",
            Argument::Said(Sentence::new(
                "the answers have collapsed: the student names one class for all of {texts} validation texts",
                [("texts", Argument::Text("400".into()))],
            )),
        )],
    );
    play.engine.say(Fact::Trouble { step: 20, what, checkpoint: None, alarm: Some(Alarm::Answers) });
    play.engine.status(Phase::Paused, 20);
    play.look(4);
    assert!(play.says("回答已坍缩：学生对全部 400 篇验证文本都给出同一个类别；降低学习率通常有帮助"));
}

#[test]
fn a_chinese_window_says_the_rows_of_a_check_up_in_chinese() {
    let mut play = chinese();
    let opening = Finding::red(Subject::Opening, nested().said(), plain("mend what it names, then check again"));
    let findings = vec![opening, depth::layers_of(12, 5, true), depth::heads_of(12, 4, false)];
    for part in ["Prompt", "Check-up"] {
        let part = translate(Language::Chinese, part);
        play.harness.get_by_role_and_label(Role::DisclosureTriangle, part).click();
        play.look(6);
    }
    play.engine.reply(Reply::Examined(Box::new(Checkup { findings, student: None })));
    play.look(6);
    for words in [
        "教师：无法读取权重：quota exceeded：/models/a",
        "→ 按其所说改正，然后再检查",
        "学生的 5 层不能整除教师的 12 层",
        "教师每层有 12 个注意力头，学生有 4 个；这个配方中没有损失比较它们",
    ] {
        assert!(play.says(words), "{words}");
    }
    for row in ["mend what it names", "do not divide", "attention heads per layer"] {
        assert!(!play.says(row), "{row}");
    }
}

#[test]
fn a_chinese_window_shows_notices_of_old_journals_as_they_were_written() {
    let mut play = chinese();
    let old: Fact = serde_json::from_str(r#"{"Warning":{"text":"the disk is full","about":"Run"}}"#).unwrap();
    play.engine.say(old);
    play.look(4);
    assert!(play.says("the disk is full"));
    assert_eq!(play.notices(), ["the disk is full"]);
}

#[test]
fn a_session_that_cannot_be_run_is_refused_in_chinese() {
    let mut play = chinese();
    let mut session = play.app().session().clone();
    session.recipe.terms.clear();
    assert_eq!(session.problem().unwrap(), "recipe.terms is empty; name at least one loss");
    play.engine.say(Fact::Warning(Notice::from(session.problem().unwrap())));
    play.look(4);
    assert!(play.says("recipe.terms 是空的；请至少写一个损失"));
}

#[test]
fn a_chinese_window_says_in_chinese_what_the_disk_refuses_and_the_systems_words_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    stage::prefer(folder.path(), Preferences { language: Some(Language::Chinese), ..Preferences::default() });
    std::fs::create_dir_all(folder.path().join("runs/votes.jsonl")).unwrap();
    let mut play = Play::within(folder, Session::built_in().unwrap(), None);
    let says = |play: &mut Play, words: &[&str]| {
        for _ in 0..400 {
            if words.iter().all(|words| play.says(words)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
            play.look(1);
        }
        panic!("{words:?} is not said: {:?}", play.notices());
    };
    let vote = Vote { when: String::new(), text: String::new(), students: vec![], names: vec![], best: None };
    play.harness.state_mut().ask(Action::CastVote(Box::new(vote)));
    says(&mut play, &["无法保存投票：", "请腾出空间，或释放该文件", "os error"]);
    play.harness.state_mut().ask(Action::Open("/no/such/session.ron".into()));
    says(&mut play, &["无法读取会话：", "/no/such/session.ron"]);
    let (runs, session) = (play.folder.path().join("runs"), play.app().session().clone());
    std::fs::remove_dir_all(&runs).unwrap();
    std::fs::write(&runs, "").unwrap();
    play.harness.state_mut().ask(Action::Enqueue(Box::new(session), 1));
    says(&mut play, &["无法将运行放入队列：", "os error"]);
    assert!(play.notices().iter().any(|words| words.contains("cannot put a run into the queue")), "English for others");
}
