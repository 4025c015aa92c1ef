//! Phrases of the plots.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // curves
    (
        "Start the run: losses, measures and every knob change are drawn here, step by step",
        "开始训练后，损失、指标和每次旋钮改动都会逐步画在这里",
    ),
    ("smoothing", "平滑"),
    (
        "Weight of the past in the moving average; 0 shows the raw curve alone",
        "滑动平均中过去所占的权重；为 0 时只显示原始曲线",
    ),
    ("log y", "对数纵轴"),
    ("Values on a logarithmic axis; values of 0 and below are left out", "纵轴取对数；不大于 0 的值不画出"),
    ("robust range", "稳健范围"),
    (
        "The value axis leaves out the outer 5 % on both sides, so that a spike does not flatten the rest",
        "纵轴去掉两端各 5 % 的值，避免一个尖峰把其余曲线压平",
    ),
    ("How to move in the curves", "如何在曲线中移动"),
    ("Fit and follow", "适应并跟随"),
    (
        "Drag pans, Ctrl+wheel zooms the steps (with Shift the values), a box drawn with the right button zooms both, a double click fits and follows again",
        "拖动平移；Ctrl+滚轮缩放步数（加 Shift 缩放数值）；右键画框同时缩放；双击恢复适应并跟随",
    ),
    ("Click hides or shows this curve, Alt+click shows it alone", "单击隐藏或显示这条曲线，Alt+单击只显示它"),
    ("more", "条更多"),
    ("knobs", "旋钮"),
    ("every knob you turn during the run leaves a mark here", "训练中每转动一次旋钮，这里就留下一个标记"),
    ("Loss", "损失"),
    ("validation loss", "验证损失"),
    ("Training", "训练"),
    ("Measures on validation texts", "验证集指标"),
    ("Pruning", "剪枝"),
    ("Losses as they weigh in the sum", "加权后的损失"),
    ("Gradient norm by loss, on a few rows", "各损失的梯度范数（少数行）"),
    ("Cosine with the labels' gradient", "与标签梯度的余弦"),
    ("floor of", "下限："),
    ("Time", "时间"),
    ("total", "总计"),
    ("soft targets", "软目标"),
    ("hard labels", "硬标签"),
    ("reverse KL", "反向 KL"),
    ("Jensen–Shannon divergence", "詹森–香农散度"),
    ("skewed KL", "偏斜 KL"),
    ("skewed reverse KL", "偏斜反向 KL"),
    ("total variation", "全变差"),
    ("squared Hellinger", "平方 Hellinger 距离"),
    ("logit error", "逻辑值误差"),
    ("soft cross-entropy", "软交叉熵"),
    ("ranking", "排序"),
    ("temperature ramp", "温度渐变"),
    ("temperature by confidence", "按置信度调温"),
    ("forward to reverse β", "正向到反向 β"),
    ("skew λ", "偏斜 λ"),
    ("label smoothing", "标签平滑"),
    ("next token", "下一个词元"),
    ("masked token", "掩码词元"),
    (
        "Of all tokens of the vocabulary, in nats; shown are the likeliest of both models, and all others as one",
        "就词表的所有词元而言，单位为奈特；所示为两个模型最可能的词元，其余合为一项",
    ),
    ("teacher entropy", "教师熵"),
    ("learning rate", "学习率"),
    ("gradient norm", "梯度范数"),
    ("weight decay", "权重衰减"),
    ("clipping", "裁剪"),
    ("accuracy on the batch", "批次准确率"),
    ("macro F1", "宏平均 F1"),
    ("agreement with the teacher", "与教师的一致率"),
    ("calibration error", "校准误差"),
    ("KL to the teacher", "与教师的 KL 散度"),
    ("sparsity", "稀疏度"),
    ("temperature", "温度"),
    ("labels' share α", "标签占比 α"),
    ("threshold θ", "阈值 θ"),
    // probability bars
    ("Type or pick a text: its probabilities appear here", "输入或选择一段文本，这里显示它的概率"),
    ("by teacher", "按教师"),
    ("by label", "按标签"),
    ("by difference", "按差异"),
    ("Order of the classes", "类别的顺序"),
    ("student", "学生"),
    (
        "How much the student's softened answer misses the teacher's, and the least a student can reach on the soft part, both in nats",
        "学生软化后的回答与教师相差多少，以及学生在软目标部分能达到的下限，单位均为奈特",
    ),
    ("right answer", "正确答案"),
    // attention
    ("attention", "注意力"),
    ("layer", "层"),
    ("head", "头"),
    ("heads", "个头"),
    ("all heads", "所有头"),
    ("Previous head", "上一个头"),
    ("Next head", "下一个头"),
    ("Ember", "余烬"),
    ("Lagoon", "碧湖"),
    ("Grey", "灰度"),
    ("max", "最大"),
    ("Colours of the heatmaps", "热图的配色"),
    ("Attention from 0 to 1, or to each head's own maximum", "注意力从 0 到 1，或到各头自身的最大值"),
    ("contrast", "对比度"),
    (
        "To the left faint cells are lifted, to the right colours follow the value",
        "向左提亮微弱的格子，向右颜色与数值成比例",
    ),
    ("each head by its own maximum", "各头按自身最大值"),
    ("Otherwise the full colour is attention 1 in every head", "否则每个头都以注意力 1 为最深颜色"),
    ("attention comes with the next look", "下一次观察时显示注意力"),
    ("heatmaps need a graphics adapter", "热图需要图形适配器"),
    (
        "Attention shows where a head reads from, one row per reading token. It does not show what the answer depends on: a strong cell may not matter, and a faint one may.",
        "注意力显示一个头从哪里读取，每行对应一个读取的词元。它不表示答案取决于什么：强的格子可能无关紧要，弱的格子也可能很重要。",
    ),
    // weights
    ("The student's weights appear here once it is open", "打开学生模型后，这里显示它的权重"),
    ("removes", "将剪去"),
    ("pruned now", "已剪去"),
    (
        "The same threshold on the importance itself, and the number of weights that can be pruned",
        "同一阈值对应的重要性绝对值，以及可剪枝的权重数",
    ),
    ("importance relative to the mean", "相对于均值的重要性"),
    ("weights", "个权重"),
    ("lie below", "在其下方"),
    ("What each tensor would lose", "每个张量将失去多少"),
    ("of", "，共"),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::CHINESE;

    /// Every phrase in quotes that the file shows through `look.t`.
    fn phrases(source: &str) -> Vec<String> {
        let after = source.split("look.t(").skip(1);
        after.filter_map(|rest| Some(rest.trim_start().strip_prefix('"')?.split('"').next()?.to_owned())).collect()
    }

    fn visit(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else {
                found.extend(phrases(&std::fs::read_to_string(path).unwrap()));
            }
        }
    }

    #[test]
    fn every_phrase_of_the_plots_has_a_translation() {
        let mut found = Vec::new();
        visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/window/plot"), &mut found);
        assert!(found.len() > 30, "only {} phrases found", found.len());
        let missing = found.iter().filter(|phrase| crate::window::strings::chinese(phrase).is_none());
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
    }

    #[test]
    fn every_character_is_in_the_bundled_font() {
        let ctx = egui::Context::default();
        crate::window::theme::install(&ctx, crate::window::preferences::ThemeChoice::Dark);
        let mut missing = String::new();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let all = CHINESE.iter().flat_map(|(_, chinese)| chinese.chars());
            let font = egui::FontId::proportional(13.0);
            missing = ui.fonts_mut(|fonts| all.filter(|&c| !fonts.has_glyph(&font, c)).collect());
        });
        output.textures_delta.clear();
        assert_eq!(missing, "");
    }

    #[test]
    fn no_phrase_is_listed_twice() {
        for (i, (key, _)) in CHINESE.iter().enumerate() {
            assert!(!CHINESE[..i].iter().any(|(earlier, _)| earlier == key), "{key}");
        }
    }
}
