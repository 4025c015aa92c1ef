//! Phrases of what the engine says of tasks over tokens.

pub(super) const CHINESE: &[(&str, &str)] = &[
    (
        "{train} training texts, {labelled} of them learned from themselves, {validation} validation and {test} test texts",
        "训练文本 {train} 条，其中 {labelled} 条从自身学习；验证文本 {validation} 条，测试文本 {test} 条",
    ),
    (
        "choose a teacher and a student of one vocabulary, or the task Classes",
        "请选择词表相同的教师和学生，或选择任务 Classes",
    ),
    ("the student has {tokens} tokens, and no teacher", "学生有 {tokens} 个词元，没有教师"),
    (
        "teacher and student have {theirs} and {mine} tokens, {shared} of them with one id",
        "教师和学生各有 {theirs} 和 {mine} 个词元，其中 {shared} 个编号相同",
    ),
    (
        "an encoder–decoder writes completions, and the data have none: name their column as roles.completion, or choose the task MaskedToken, which takes spans out of running text",
        "编码器–解码器写出补全，而数据中没有：请用 roles.completion 指明其列，或选择任务 MaskedToken，它从连续文本中取走片段",
    ),
    (
        "an encoder sees all tokens at once and cannot tell the next one; choose the task MaskedToken, or a decoder",
        "编码器同时看到所有词元，无法预测下一个；请选择任务 MaskedToken，或选择解码器",
    ),
    (
        "a decoder has no mask and sees what stands before alone; choose the task NextToken, or an encoder",
        "解码器没有掩码，只看得到前面的内容；请选择任务 NextToken，或选择编码器",
    ),
    (
        "the task takes spans out of a text and marks them by <extra_id_0> and so on, which the tokenizer does not have; choose a model that was trained so, or another task",
        "该任务从文本中取走片段，并用 <extra_id_0> 等标出，而分词器没有这些词元；请选择这样训练过的模型，或选择别的任务",
    ),
    (
        "the data are conversations, and the model {title} has no chat template: its folder has neither chat_template.jinja nor chat_template in tokenizer_config.json; put one there, or name the columns prompt and completion instead",
        "数据是对话，而模型 {title} 没有对话模板：其文件夹中既没有 chat_template.jinja，tokenizer_config.json 中也没有 chat_template；请放入一个，或改为指明 prompt 和 completion 列",
    ),
    (
        "message {number} of a conversation is not to be found in what the template makes of it",
        "对话的第 {number} 条消息在模板生成的文本中找不到",
    ),
    (
        "no training text is long enough to tell a token of it by those before; name longer texts",
        "没有一条训练文本长到能由前文预测其中的词元；请换用更长的文本",
    ),
    (
        "it is not of the student's kind (one reads, the other writes), so that the two tell other tokens at a place of a text",
        "它与学生不是同一类（一个读，一个写），因此两者在文本的同一位置预测的词元不同",
    ),
    (
        "it reads {most} tokens and the student {longest}; set the student's max_tokens to {most} or less",
        "它能读 {most} 个词元，而学生能读 {longest} 个；请把学生的 max_tokens 设为 {most} 或更小",
    ),
    (
        "it has the student's tokens and cuts texts into other ones of them, or puts other marks around them",
        "它的词元与学生相同，但切分文本的方式不同，或在文本前后加了不同的标记",
    ),
    (
        "choose a teacher and a student of one vocabulary, or the task Classes, which learns from any teacher by label words",
        "请选择词表相同的教师和学生，或选择任务 Classes，它可借助标签词向任何教师学习",
    ),
    (
        "{count} of {all} tokens are not the student's: {id} is {theirs} with it and {ours} with the student",
        "{all} 个词元中有 {count} 个与学生不同：编号 {id} 在它那里是 {theirs}，在学生那里是 {ours}",
    ),
    (
        "it ends or masks a text by another token than the student, so that the student would learn a mark that it does not stop at",
        "它结束或遮盖文本所用的词元与学生不同，学生会学到一个自己并不在其处停止的标记",
    ),
    (
        "over tokens it reads what the student reads, and the session asks it otherwise (prompt.student, or the role teacher_prompt); leave that out",
        "在词元任务中，它读学生所读的内容，而会话对它另有提问（prompt.student 或角色 teacher_prompt）；请去掉",
    ),
    (
        "it is behind a server, which gives a few likeliest tokens at best; choose a model on this machine, or the task Classes",
        "它在服务器上，最多给出几个最可能的词元；请选择本机上的模型，或选择任务 Classes",
    ),
];
