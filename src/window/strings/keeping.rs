//! Phrases of what is kept: sessions, runs and their folders, students.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // sessions that were put aside
    ("A session that was not saved is kept:", "一个未保存的会话已保留："),
    ("Opens the session as it stood; the present one is kept in its place", "按原样打开该会话；当前会话会被保留"),
    ("Recover it", "恢复"),
    ("Forget it", "丢弃"),
    ("Removes the kept session", "删除保留的会话"),
    ("Later", "稍后"),
    ("It stays kept, under Session", "仍然保留，可在“会话”菜单中找到"),
    ("earlier", "更早的"),
    ("Kept sessions", "保留的会话"),
    ("the oldest of the kept sessions had to go; so many are kept at most", "最早保留的会话已被移除；最多保留的数量"),
    // a run that another process has
    ("This run is open in another process", "此运行正由另一个进程打开"),
    ("It does not say which.", "未说明是哪一个。"),
    (
        "What it has written so far is shown. Only one process can go on with a run.",
        "这里显示它迄今写下的内容。一个运行只能由一个进程继续。",
    ),
    (
        "Trains from step 0 in a folder of its own; that run is left alone",
        "在自己的文件夹里从第 0 步训练；不触动那个运行",
    ),
    ("Open a copy", "打开副本"),
    (
        "Shows curves and answers as they are now, without the folder: nothing is written there",
        "显示当前的曲线和回答，不占用该文件夹：不会写入任何内容",
    ),
    ("Reads the run once more: it may have come to its end", "重新读取该运行：它可能已经结束"),
    ("copy", "副本"),
    ("Open run folder", "打开运行文件夹"),
    ("Open run folder…", "打开运行文件夹…"),
    ("Open this folder", "打开此文件夹"),
    ("Shows the run and its session as it was run", "显示该运行及其运行时的会话"),
    // a student that could not be written
    ("The trained student could not be written", "训练好的学生模型无法写入"),
    ("It is kept in memory until it is written or let go.", "它保留在内存中，直到写入或放弃。"),
    ("Write it again", "再写一次"),
    ("Into the run's folder, once there is room", "有空间后写入运行文件夹"),
    ("Write elsewhere…", "写到别处…"),
    ("Into a folder on another disk", "写入另一个磁盘上的文件夹"),
    ("Let it go", "放弃"),
    (
        "The student is lost; the run can be continued from its newest checkpoint",
        "学生模型将丢失；可从最新的检查点继续运行",
    ),
    ("Write the student elsewhere", "将学生模型写到别处"),
    ("Write it there", "写到那里"),
    ("Into this folder, or into one within it that is new", "写入此文件夹，或其中的一个新文件夹"),
    (
        "the student of the last run is not written yet: write it or let it go first",
        "上次运行的学生模型尚未写入：请先写入或放弃",
    ),
    ("saved to", "已保存到"),
    ("Path of a folder", "文件夹的路径"),
    // closing
    ("Close the window?", "关闭窗口？"),
    (
        "A run is under way. Closing keeps a checkpoint, from which it can be continued. Step",
        "运行正在进行。关闭时会保留一个检查点，可从那里继续。步数",
    ),
    (
        "The trained student is not written yet, and is lost when the window closes.",
        "训练好的学生模型尚未写入，关闭窗口后将丢失。",
    ),
    ("Keep it open", "保持打开"),
    ("Keep running", "继续运行"),
    ("Close", "关闭"),
    ("Ends the program", "结束程序"),
    // the run's folder
    ("The run's folder; click to open it", "运行文件夹；点击打开"),
    ("no file manager could be opened; the folder is", "无法打开文件管理器；文件夹是"),
    ("another session is shown instead", "现在显示的是另一个会话"),
    ("the session was not written; save it again: {path}", "会话未写入；请再次保存：{path}"),
    ("the thread that writes has ended", "负责写入的线程已结束"),
    ("cannot start a thread: {error}; close other programs", "无法启动线程：{error}；请关闭其他程序"),
];
