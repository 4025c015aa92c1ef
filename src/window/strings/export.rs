//! Phrases of the export menu and of what becomes of it.

pub(super) const CHINESE: &[(&str, &str)] = &[
    ("Export…", "导出…"),
    ("Writes the curves for other programs", "将曲线写出给其他程序"),
    ("Table (CSV)…", "表格（CSV）…"),
    ("Every curve, a row a point: run, curve, step, value", "所有曲线，每点一行：运行、曲线、步、值"),
    ("TensorBoard events…", "TensorBoard 事件…"),
    (
        "Every curve, in a folder for each run; tensorboard --logdir shows it",
        "所有曲线，每个运行一个文件夹；用 tensorboard --logdir 查看",
    ),
    ("Chart (SVG)…", "图表（SVG）…"),
    ("A drawing whose text stays text", "文字仍为文字的图"),
    ("Picture (PNG)…", "图片（PNG）…"),
    ("The same chart in pixels", "同一图表的像素图"),
    (
        "none of these runs has made a step yet, so there are no curves to export",
        "这些运行都还没有完成一步，因此没有可导出的曲线",
    ),
    ("Save as a picture", "另存为图片"),
    ("Export curves", "导出曲线"),
    ("what is drawn here, on light ground", "此处所绘内容，浅色底"),
    ("the picture was written: {place}", "图片已写出：{place}"),
    ("Path of a file", "文件路径"),
    ("Write the export", "写出"),
    ("Writes it there and says so", "写到该处并告知"),
    ("Replace what is there", "替换已有文件"),
    ("Otherwise a file that is there is left as it is, and you are told", "否则已有的文件保持不变，并会告知"),
    ("{curves} curves of {runs} runs were written: {place}", "已写出 {runs} 个运行的 {curves} 条曲线：{place}"),
    (
        "{curves} curves of {runs} runs were written into {files} files, the first of them {place}",
        "已将 {runs} 个运行的 {curves} 条曲线写入 {files} 个文件，第一个为 {place}",
    ),
];
