//! Phrases of what was drawn into the pictures of many runs and is kept.

pub(super) const CHINESE: &[(&str, &str)] = &[
    (
        "lines, brushes and baselines cannot be read; the pictures of runs are drawn without them",
        "无法读取参考线、刷选和基线；运行的图将不含它们",
    ),
    (
        "lines, brushes and baseline hold until the window is closed; they cannot be kept",
        "参考线、刷选和基线在窗口关闭前有效；无法保存",
    ),
];
