//! Phrases of rows of the check-up on the run.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // doctor/answers
    (
        "no loss of the recipe learns from the teacher, so its server is not asked",
        "配方中没有损失从教师学习，因此不询问其服务器",
    ),
    (
        "the server was not asked; asking it about {count} texts takes about {tokens} tokens (retort doctor --ask)",
        "没有询问服务器；询问 {count} 篇文本约需 {tokens} 个词元（retort doctor --ask）",
    ),
    ("answers so far are kept: check again to go on from there", "已得到的回答会保留：再次检查即可从那里继续"),
    ("asking the server was called off", "对服务器的询问已取消"),
    ("there is no teacher to ask", "没有可询问的教师"),
    (
        "in {count} texts the label words have {mean} % of the probability ({worst} % in the worst), by {estimator}",
        "在 {count} 篇文本中，标签词占概率的 {mean} %（最差的为 {worst} %），计分方式：{estimator}",
    ),
    ("{count} texts were answered, by {estimator}", "已回答 {count} 篇文本，计分方式：{estimator}"),
    ("{count} texts were answered", "已回答 {count} 篇文本"),
    (
        "choose label words that the model would write there, or a prompt that asks for one of them and nothing else",
        "选择模型会写在那里的标签词，或只要求写出其中之一的提示",
    ),
    (
        "choose a teacher that knows these texts and classes, or mend its prompt and label words",
        "选择熟悉这些文本和类别的教师，或改进它的提示和标签词",
    ),
    (
        "every class is as likely for each of them, so there is nothing to learn",
        "每篇文本的各个类别可能性都相同，因此没有可学的",
    ),
    ("the answer is nearly the same for each of them, whatever the text", "无论什么文本，回答几乎都相同"),
    ("the classes {a} and {b} have the same probability in each of them", "类别 {a} 和 {b} 在每篇文本中的概率都相同"),
    ("choose label words that begin differently", "选择开头不同的标签词"),
    // doctor/budget
    ("{says}; one long question may take {reserve} more", "{says}；一个长问题可能再占 {reserve}"),
    // doctor/evaluations
    (
        "by validation {measure}, every {every} steps of {steps}: {asked}",
        "按验证部分的{measure}，在 {steps} 步中每 {every} 步一次：{asked}",
    ),
    (
        "lower recipe.patience or recipe.evaluate_every, or raise recipe.steps",
        "调低 recipe.patience 或 recipe.evaluate_every，或调高 recipe.steps",
    ),
    (
        "{says}; the only evaluation is that of the last step, so the best is the last",
        "{says}；唯一一次评估就在最后一步，因此最好的就是最后的",
    ),
    ("lower recipe.evaluate_every below recipe.steps", "把 recipe.evaluate_every 调到低于 recipe.steps"),
    ("macro f1", "宏平均 F1"),
    ("loss", "损失"),
    ("the best student is saved", "保存最好的学生"),
    ("the run stops after {patience} evaluations without a better one", "连续 {patience} 次评估没有更好的就停止运行"),
    (
        "patience never stops this run: {patience} evaluations without a better one, one every {evaluate_every} steps, are over at step {soonest} at the soonest, and the run ends at {steps}",
        "耐心值永远不会停止这次运行：每 {evaluate_every} 步一次、连续 {patience} 次没有更好的评估，最早在第 {soonest} 步才结束，而运行在第 {steps} 步就结束了",
    ),
    // doctor/kept rows
    (
        "of the teacher's rows the {k} likeliest tokens have {mass} % of the probability at temperature {temperature}; the loss over them misses {lost} % of that over all, and its gradient has a cosine of {cosine} with that; {bytes} bytes a row, measured on {rows}",
        "在教师的行中，可能性最大的 {k} 个词元在温度 {temperature} 下占概率的 {mass} %；只对它们计算的损失比对全部计算的少 {lost} %，其梯度与后者的余弦为 {cosine}；每行 {bytes} 字节，测量了 {rows} 行",
    ),
    (
        "set recipe.teacher_rows to TopK({k}), or to Live or Whole, which lose nothing",
        "把 recipe.teacher_rows 设为 TopK({k})，或设为不丢失任何内容的 Live 或 Whole",
    ),
    (
        "set recipe.teacher_rows to Live or Whole, which lose nothing; no number of tokens up to {most} is enough",
        "把 recipe.teacher_rows 设为不丢失任何内容的 Live 或 Whole；{most} 以内的词元数都不够",
    ),
    // doctor/left out
    (
        "{train} training texts, {labelled} with a label that is used, {validation} validation and {test} test texts in {classes} classes",
        "{train} 篇训练文本，其中 {labelled} 篇的标签被使用，{validation} 篇验证文本和 {test} 篇测试文本，共 {classes} 个类别",
    ),
    ("{parts}; no row is left out", "{parts}；没有略去任何行"),
    ("{parts}; left out: {reasons}", "{parts}；略去：{reasons}"),
    ("mend these rows if they were meant to be read", "若这些行本应读取，请改正它们"),
    ("{says}; the first row tells what was met while reading", "{says}；读取时遇到的情况见第一行"),
    ("see that the data was read as it is meant", "请确认数据读取得与原意相符"),
    // doctor/mod
    ("mend what it names, then check again", "按其所说改正，然后再检查"),
    ("models and data open{said}", "模型与数据已打开{said}"),
    // doctor/pace
    ("no step was taken, since the run could not start", "没有走任何一步，因为运行无法开始"),
    ("mend the red rows first", "先处理红色的各行"),
    (
        "the very first steps give numbers that are none; lower the learning rate",
        "最初几步就给出了不是数的值；请降低学习率",
    ),
    ("; the server's answers come on top", "；服务器的回答时间另算"),
    ("{pace} steps/s, {secs} to the end{far}", "{pace} 步/秒，到结束约 {secs}{far}"),
    ("lower recipe.steps or the batch, or choose a smaller student", "调低 recipe.steps 或批大小，或选择更小的学生"),
    // doctor/peak memory
    (
        "about {peak} at the peak: {resident} with both models open (teacher {teacher}, student {student}), {gradients} gradients, {moments} moments, {activations} activations, {checkpoint} checkpoint{held}",
        "峰值约 {peak}：两个模型打开后 {resident}（教师 {teacher}，学生 {student}），梯度 {gradients}，动量 {moments}，激活 {activations}，检查点 {checkpoint}{held}",
    ),
    (", {targets} for the teacher's whole rows of a batch", "，一批中教师的整行 {targets}"),
    ("set recipe.teacher_rows to Live or TopK, or {fix}", "把 recipe.teacher_rows 设为 Live 或 TopK，或者{fix}"),
    (
        "lower the batch or max_tokens, keep the teacher in bf16, choose a smaller student, or trim its vocabulary",
        "调低批大小或 max_tokens，让教师保持 bf16，选择更小的学生，或裁剪其词表",
    ),
    ("{says}; the machine has {free} to give", "{says}；本机只能提供 {free}"),
    ("{says}; close to the {free} that the machine has to give", "{says}；接近本机能提供的 {free}"),
    // doctor/permission
    ("the server's address: {e}", "服务器的地址：{e}"),
    ("mend the address", "改正地址"),
    ("the key {name} may go to {host} and nowhere else", "密钥 {name} 可以发往 {host}，不会发往别处"),
    ("allow it, or name another key or another server", "允许它，或指定另一个密钥或另一台服务器"),
    // doctor/rate
    ("a student with stored weights", "有存储权重的学生"),
    ("a student with random weights", "随机权重的学生"),
    (
        "{label} moves {student} at a rate of {rate}; {low} to {high} is usual",
        "{label} 以 {rate} 的学习率更新{student}；通常为 {low} 到 {high}",
    ),
    ("so high a rate overwrites what they know within a few steps", "这么高的学习率几步之内就会覆盖已学到的"),
    (
        "at so high a rate, and with gradients that nothing shortens, the loss grows instead of falling",
        "学习率这么高，又没有裁剪梯度，损失会上升而不是下降",
    ),
    ("at so high a rate the loss grows instead of falling", "学习率这么高，损失会上升而不是下降"),
    ("lower {id} to at most {high}", "把 {id} 降到至多 {high}"),
    ("at so low a rate they hardly move in a whole run", "学习率这么低，整个运行中权重几乎不动"),
    ("raise {id} to at least {low}", "把 {id} 升到至少 {low}"),
    // doctor/recipe
    ("change the recipe's losses or the pair", "更改配方的损失或模型对"),
    ("raise a weight under knobs", "在旋钮中调高某个权重"),
    ("mend the session's knobs or its script", "改正会话的旋钮或脚本"),
    (
        "{losses} over {steps} steps of {batch} texts, {train} training texts of which {labelled} keep their label",
        "{losses}，{steps} 步，每步 {batch} 篇文本，{train} 篇训练文本中有 {labelled} 篇保留标签",
    ),
    (
        "{says}; {trainable} of the student's {all} parameters learn, {frozen} % are frozen",
        "{says}；学生的 {all} 个参数中有 {trainable} 个参与学习，{frozen}% 被冻结",
    ),
    ("mend recipe.groups", "改正 recipe.groups"),
    ("mend recipe.groups, if that is not what is meant", "如果并非有意如此，请改正 recipe.groups"),
    ("{says}; no labelled text is of class {unseen}", "{says}；类别 {unseen} 没有带标签的文本"),
    ("raise data.labelled, or leave these classes to the teacher", "调高 data.labelled，或把这些类别交给教师"),
];
