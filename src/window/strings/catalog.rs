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
    ("×", "倍"),
    ("Temperature ramp", "温度渐变"),
    (
        "What the temperature is multiplied by at the last planned step; it gets there by equal factors. 1 leaves it as it is.",
        "到计划的最后一步时温度所乘的倍数，途中按等比变化。1 表示不变。",
    ),
    ("Temperature by confidence", "按置信度调温"),
    (
        "Above 0 rows of which the teacher is sure are softened more and doubtful ones less, below 0 the other way round; 0 softens all alike.",
        "大于 0 时，教师有把握的行软化得更多，没把握的更少；小于 0 时相反；0 表示一视同仁。",
    ),
    (
        "Weight of this loss beside the others, times what the label weight leaves to what learns from the teacher.",
        "此损失相对其他损失的权重，再乘以标签权重留给向教师学习者的部分。",
    ),
    ("Label smoothing", "标签平滑"),
    (
        "How much of each label's probability is spread evenly over all classes; 0 takes the labels as they are.",
        "每个标签的概率有多少平均分给所有类别；0 表示原样采用标签。",
    ),
    ("Reverse KL", "反向 KL"),
    ("Reverse-KL weight", "反向 KL 权重"),
    (
        "Learn the teacher's main answers: the sum of the student's probabilities times the logarithm of the student's over the teacher's.",
        "学习教师的主要回答：学生的概率乘以学生与教师概率之比的对数，再求和。",
    ),
    ("Jensen–Shannon", "詹森–香农散度"),
    ("Jensen–Shannon weight", "詹森–香农散度权重"),
    (
        "Learn from both directions at once: β times the teacher's KL to the mixture of both, plus 1 − β times the student's.",
        "同时从两个方向学习：β 乘以教师到两者混合分布的 KL，加上 1 − β 乘以学生到混合分布的 KL。",
    ),
    ("Forward to reverse β", "正向到反向 β"),
    (
        "0 is the forward KL, teacher to student, which covers all that the teacher holds possible; 1 is the reverse KL, student to teacher, which keeps to its main answers; between them both are compared with their mixture.",
        "0 是正向 KL（教师到学生），覆盖教师认为可能的一切；1 是反向 KL（学生到教师），专注教师的主要回答；两者之间则各与混合分布比较。",
    ),
    ("Skewed KL", "偏斜 KL"),
    ("Skewed-KL weight", "偏斜 KL 权重"),
    (
        "Learn the teacher's probabilities with bounded cost: the teacher's KL to a mixture of λ parts teacher and 1 − λ parts student.",
        "以有界的代价学习教师的概率：教师到混合分布（λ 份教师、1 − λ 份学生）的 KL。",
    ),
    ("Skew λ", "偏斜 λ"),
    (
        "How much of the teacher is mixed into the student before they are compared: 0 is the forward KL, more bounds what a single outcome can cost.",
        "比较之前向学生中混入多少教师：0 是正向 KL，越大，单个结果的代价上限越低。",
    ),
    ("Skewed reverse KL", "偏斜反向 KL"),
    ("Skewed-reverse-KL weight", "偏斜反向 KL 权重"),
    (
        "Learn the teacher's main answers with bounded cost: the student's KL to a mixture of λ parts student and 1 − λ parts teacher.",
        "以有界的代价学习教师的主要回答：学生到混合分布（λ 份学生、1 − λ 份教师）的 KL。",
    ),
    (
        "How much of the student is mixed into the teacher before they are compared: 0 is the reverse KL, more bounds what a single outcome can cost.",
        "比较之前向教师中混入多少学生：0 是反向 KL，越大，单个结果的代价上限越低。",
    ),
    ("Total variation", "全变差"),
    ("Total-variation weight", "全变差权重"),
    (
        "Learn the teacher's probabilities by half the sum of how far the student's are off, each as it is, large ones no more.",
        "学习教师的概率：学生各概率偏差之和的一半，偏差按原值计，大的不另加重。",
    ),
    ("Squared Hellinger", "平方 Hellinger 距离"),
    ("Hellinger weight", "Hellinger 权重"),
    (
        "Learn the teacher's probabilities by how far their square roots are off: symmetric, and bounded where either rules an outcome out.",
        "按概率平方根之差学习教师的概率：双方对称；任一方排除某个结果时，代价也有上限。",
    ),
    ("Logit error", "逻辑值误差"),
    ("Logit-error weight", "逻辑值误差权重"),
    (
        "Learn the teacher's logits: half the mean squared difference over the outcomes, each side less its mean; what the soft targets become at high temperature.",
        "学习教师的逻辑值：双方各减去均值后，在所有结果上均方差的一半；即高温下的软目标。",
    ),
    ("Soft cross-entropy", "软交叉熵"),
    ("Soft-cross-entropy weight", "软交叉熵权重"),
    (
        "Learn the teacher's probabilities as the soft targets do, shown with the teacher's entropy on top: the sum of the teacher's probabilities times the student's negative logarithms.",
        "与软目标学的相同，但数值多出教师的熵：教师的概率乘以学生概率的负对数，再求和。",
    ),
    ("Ranking", "排序"),
    ("Ranking weight", "排序权重"),
    (
        "Learn how far the teacher's likeliest outcome is ahead of each other one: the mean divergence of the two's probabilities, pair by pair.",
        "学习教师最看好的结果领先其他每个结果多少：逐对比较两者的概率，取散度的平均。",
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
