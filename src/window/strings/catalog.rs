//! Phrases of the engine: what it says it does, and the names and helps of its catalogue.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // what the engine says it does
    ("reading models and data", "读取模型和数据"),
    ("asking both models about the text under the lens", "就当前文本询问两个模型"),
    ("reading models, data and the checkpoint", "读取模型、数据和检查点"),
    ("measuring on the validation part", "在验证部分评测"),
    ("measuring on the test part", "在测试部分评测"),
    ("asking the teacher", "询问教师"),
    ("target reached", "达到目标"),
    ("no improvement", "不再进步"),
    // the catalog
    ("Temperature", "温度"),
    (
        "Softens both distributions before they are compared: higher shows more of what the teacher thinks of the wrong classes.",
        "比较之前先软化两个分布：温度越高，越能看出教师对错误类别的看法。",
    ),
    ("Labels vs teacher", "标签与教师之比"),
    (
        "Weight of the label loss; the teacher's soft targets get the rest. 0 listens to the teacher alone, 1 to the labels alone.",
        "标签损失的权重，其余归教师的软目标。0 只听教师，1 只听标签。",
    ),
    ("Next-word weight", "下一词权重"),
    ("Soft-target weight", "软目标权重"),
    ("Hard-label weight", "硬标签权重"),
    (
        "Weight of the teacher's soft targets beside the other losses, times what the label weight leaves them.",
        "教师软目标相对其他损失的权重，再乘以标签权重留给它的部分。",
    ),
    (
        "Weight of the labels' cross-entropy beside the other losses, times the label weight.",
        "标签交叉熵相对其他损失的权重，再乘以标签权重。",
    ),
    ("no effect: the losses are all of one kind", "不起作用：损失都属同一类"),
    ("Weight of next-word prediction on the text beside the other losses.", "与其他损失并列的下一词预测的权重。"),
    ("Learning rate", "学习率"),
    ("How far one step goes, before the schedule's factor.", "一步走多远，尚未乘以调度系数。"),
    ("Weight decay", "权重衰减"),
    (
        "Pulls the weights towards 0 at every step; biases and norms are left alone.",
        "每一步把权重拉向 0；偏置和归一化参数除外。",
    ),
    ("Gradient clip", "梯度裁剪"),
    (
        "A longer gradient is shortened to this length; 0 never shortens it.",
        "超过此长度的梯度会被缩短；0 表示从不缩短。",
    ),
    ("Momentum (beta 1)", "动量（beta 1）"),
    (
        "How much of the last steps' direction is kept: SGD's momentum, Adam's beta 1.",
        "保留多少此前的方向：SGD 的动量，Adam 的 beta 1。",
    ),
    ("Beta 2", "Beta 2（二阶矩）"),
    ("× mean", "× 均值"),
    (
        "How slowly Adam's estimate of the gradient's size moves; SGD does not read it.",
        "Adam 对梯度大小的估计变化多慢；SGD 不使用它。",
    ),
    ("Pruning threshold θ", "剪枝阈值 θ"),
    (
        "Removes weights whose importance |w|/Σ|w| is below θ times the mean; 0 prunes nothing, lowering it brings weights back.",
        "剪去重要性 |w|/Σ|w| 低于均值 θ 倍的权重；0 不剪枝，调低会让权重恢复。",
    ),
    ("Hard labels", "硬标签"),
    ("Learn the given labels, at temperature 1.", "学习给定的标签，温度为 1。"),
    ("Soft targets", "软目标"),
    (
        "Learn the teacher's probabilities over the classes, softened by the temperature.",
        "学习教师对各类别的概率，并以温度软化。",
    ),
    ("Next word", "下一词"),
    (
        "Learn to predict each next token of the text itself; for causal models.",
        "学习预测文本自身的下一个词元；适用于因果模型。",
    ),
    ("Posts by topic", "按主题分类的帖子"),
    (
        "Short posts in English and Chinese, written and generated for this program, by topic.",
        "为本程序编写和生成的中英文短帖，按主题分类。",
    ),
    (
        "BERT distilled to half its layers; answers by a classifier or by label words at masks.",
        "层数减半的蒸馏版 BERT；用分类器或掩码处的标签词回答。",
    ),
    (
        "BERT's encoder trained longer, on bytes; answers by a classifier or by label words at masks.",
        "训练更久、基于字节的 BERT 编码器；用分类器或掩码处的标签词回答。",
    ),
    (
        "Decoder with rotary positions and a gated feed-forward; answers a prompt by label words.",
        "带旋转位置和门控前馈的解码器；用标签词回答提示。",
    ),
    (
        "Llama's relation whose tokens see a sliding window of those before them.",
        "Llama 的近亲，每个词元只看到前面一个滑动窗口。",
    ),
    (
        "Llama's relation with biases on queries, keys and values; Qwen2 and Qwen2.5.",
        "Llama 的近亲，查询、键和值带偏置；Qwen2 和 Qwen2.5。",
    ),
    ("Llama's relation with a norm on every head's queries and keys.", "Llama 的近亲，每个头的查询和键各有归一化。"),
    (
        "Encoder that reads both ways; answers by a classifier or by label words at masks.",
        "双向阅读的编码器；用分类器或掩码处的标签词回答。",
    ),
    (
        "Decoder that reads left to right; answers a prompt by the probabilities of label words.",
        "从左到右阅读的解码器；用标签词的概率回答提示。",
    ),
    (
        "Encoder and decoder: reads the prompt both ways and writes its answer; label words are answers.",
        "编码器加解码器：双向阅读提示并写出回答；标签词即回答。",
    ),
    ("Posts teacher", "帖子教师"),
    (
        "A small GPT-style model that answers a prompt about a short post with a word.",
        "小型 GPT 式模型，用一个词回答关于短帖的提示。",
    ),
    ("Posts student", "帖子学生"),
    (
        "A tiny BERT-style encoder without weights: it starts from random ones.",
        "没有权重的微型 BERT 式编码器：从随机权重开始。",
    ),
];
