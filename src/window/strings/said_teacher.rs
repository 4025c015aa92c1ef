//! Phrases of what the engine says of a teacher and its answers.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // budget
    (
        "the teacher would be paid more than token_limit allows: {sentence}, and one long question may take {reserve} of it; {advice}",
        "付给教师的会超过 token_limit 允许的数量：{sentence}，其中一个长问题可能占去 {reserve}；{advice}",
    ),
    (
        "raise token_limit, or ask less by data.limit or recipe.steps",
        "调高 token_limit，或用 data.limit 或 recipe.steps 少问一些",
    ),
    // teacher/answer file
    (
        "they have format {format}, this program reads up to {version}; update retort",
        "它们的格式为 {format}，本程序最高读取 {version}；请更新 retort",
    ),
    ("the file is damaged or another's ({reason}); move it away", "文件已损坏或属于别的教师（{reason}）；请把它移走"),
    ("its answers are kept in a way that this program does not know", "它的回答以本程序不认识的方式存放"),
    ("its header is cut", "它的文件头被截断"),
    ("its header has a wrong checksum", "它的文件头校验和错误"),
    ("it has no header", "它没有文件头"),
    ("its answers have another number of classes", "它的回答的类别数不同"),
    // teacher/cached teacher
    ("its thread ended without a word", "它的线程没有说明就结束了"),
    (
        "answers kept from an earlier version are not this teacher's and are not read",
        "早期版本保留的回答不属于这个教师，不会读取",
    ),
    // teacher/estimator
    ("label words scored whole", "整个标签词计分"),
    ("the {alternatives} likeliest first tokens", "可能性最大的 {alternatives} 个首词元"),
    // teacher/former
    (
        "{mute} answers kept from an earlier version say nothing, since every class is as likely; they are asked anew: {path}",
        "早期版本保留的 {mute} 个回答没有信息，因为各类别可能性都相同；将重新询问：{path}",
    ),
    (
        "the tokens their server counted do not tell whether they were scored whole or by first tokens",
        "服务器计的词元数无法说明它们是整词计分还是按首词元计分",
    ),
    (
        "their server counted no tokens, and nothing else tells whether they were scored whole or by first tokens",
        "服务器没有计词元数，也没有别的能说明它们是整词计分还是按首词元计分",
    ),
    ("nothing tells with which weights or on which device they were made", "无从知道它们由哪些权重、在哪个设备上得出"),
    (
        "{count} answers kept from an earlier version are not read, since {why}; they stay where they are (retort list answers): {path}",
        "早期版本保留的 {count} 个回答没有读取，因为{why}；它们留在原处（retort list answers）：{path}",
    ),
    // teacher/kept answers
    (
        "kept by an earlier version; read by a session whose teacher cannot have answered in two ways",
        "由早期版本保留；由教师只可能以一种方式回答的会话读取",
    ),
    (
        "; not by one whose server continues prompts (Completions), since it counted no tokens and nothing else tells how they were scored",
        "；服务器续写提示（Completions）的会话不读取，因为它没有计词元数，也没有别的能说明如何计分",
    ),
    ("no answer can be read from it", "无法从中读出任何回答"),
    // teacher/mod
    ("the teacher's prompt: {reason}", "教师的提示：{reason}"),
    ("the teacher: {reason}", "教师：{reason}"),
    (
        "the session sets the prompt's chat to On, but the teacher is not asked through a chat template: its folder has neither chat_template.jinja nor chat_template in tokenizer_config.json, or it does not answer by label words; put the template there or set chat to Auto or Off",
        "会话把提示的 chat 设为 On，但教师不通过对话模板询问：它的文件夹既没有 chat_template.jinja，tokenizer_config.json 中也没有 chat_template，或者它不用标签词回答；请放入模板，或把 chat 设为 Auto 或 Off",
    ),
    ("the teacher {title} cannot teach this data: {reason}: {path}", "教师 {title} 无法教这些数据：{reason}：{path}"),
    (
        "the teacher cannot be asked: {reason}; answers so far are kept, so the next run goes on from there",
        "无法询问教师：{reason}；已得到的回答会保留，下次运行从那里继续",
    ),
    // teacher/row file
    ("its rows are another teacher's, or kept in another way", "它的行属于别的教师，或以别的方式存放"),
    // teacher/row store
    (
        "the teacher's kept rows have all the room on the disk that they may take, so no more are kept and the teacher reads the other texts anew; retort cache --clear makes room: {path}",
        "教师保留的行已占满磁盘上允许的空间，不再保留更多，其余文本由教师重新读取；retort cache --clear 可以腾出空间：{path}",
    ),
    (
        "the teacher's rows are not kept, and it reads every text anew: {reason}: {path}",
        "教师的行没有保留，它会重新读取每篇文本：{reason}：{path}",
    ),
    // teacher/server/client
    ("echoed prompts are not scored", "回显的提示没有计分"),
    ("no top_logprobs", "没有 top_logprobs"),
    ("it has moved to {to}", "它已移到 {to}"),
    ("it has signs that no address has", "它含有地址不会有的符号"),
    ("{reason}; asked again in {secs} s", "{reason}；{secs} 秒后再次询问"),
    (
        "an environment variable, and name it as the session's key (it names none)",
        "环境变量，并把它写作会话的密钥（会话没有指定）",
    ),
    ("the server's address", "服务器的地址"),
    (
        "{url} is no address of a server: {reason}; give one like http://localhost:8000/v1",
        "{url} 不是服务器的地址：{reason}；请给出 http://localhost:8000/v1 这样的地址",
    ),
    // teacher/server/error
    (
        "{url} does not accept the key ({said}); put a valid one into {key}",
        "{url} 不接受密钥（{said}）；请把有效的密钥放入{key}",
    ),
    (
        "{url} refuses access ({said}); check that the account may use this model, and put its key into {key}",
        "{url} 拒绝访问（{said}）；请检查账户是否可以使用这个模型，并把其密钥放入{key}",
    ),
    (
        "{url} gives no answer ({said}); the account has nothing left to pay with: see its billing page, or name another key; answers so far are kept, so the next run goes on from there",
        "{url} 不给出回答（{said}）；账户已没有余额：请查看其计费页面，或指定另一个密钥；已得到的回答会保留，下次运行从那里继续",
    ),
    (
        "{url} refuses the question ({said}); check address, model and mode",
        "{url} 拒绝该问题（{said}）；请检查地址、模型和模式",
    ),
    (
        "{url} no longer answers as it did: the answers that are kept came from {before}, and answers of two kinds are not mixed ({said}); try again later, or move the kept answers away (retort list answers) to ask all anew",
        "{url} 的回答方式变了：保留的回答来自{before}，而两种回答不能混用（{said}）；请稍后再试，或移走保留的回答（retort list answers）以全部重新询问",
    ),
    (
        "{url} says nothing that could be taught: in the first {texts} texts {what}; it shows {shown}; {advice}; nothing further was asked",
        "{url} 没有给出可以教的内容：在最初 {texts} 篇文本中{what}；它显示 {shown}；{advice}；没有再继续询问",
    ),
    ("the question was called off", "该问题已取消"),
    (
        "the prompt is too long for {url}: {reason}; set the teacher's max tokens",
        "提示对 {url} 来说太长：{reason}；请设置教师的 max tokens",
    ),
    (
        "{url} does not answer: {reason}; check that the server runs, and that address and port are its own",
        "{url} 没有回答：{reason}；请检查服务器正在运行，且地址和端口正确",
    ),
    (
        "{url} gives no answer: {reason}; answers so far are kept, so the next run goes on from there",
        "{url} 没有给出回答：{reason}；已得到的回答会保留，下次运行从那里继续",
    ),
    (
        "{url} answers without log-probabilities ({reason}); choose a server or a mode that gives them",
        "{url} 的回答没有对数概率（{reason}）；请选择能给出它们的服务器或模式",
    ),
    (
        "the certificate of {url} is refused: {reason}; answers so far are kept",
        "{url} 的证书被拒绝：{reason}；已得到的回答会保留",
    ),
    (
        "the teacher has been paid {paid} of {limit} tokens, and the next question may take {next} more; the answers so far are kept: raise token_limit and start again to go on from there",
        "已付给教师 {limit} 个词元中的 {paid} 个，而下一个问题可能再占 {next} 个；已得到的回答会保留：请调高 token_limit 并重新开始，即可从那里继续",
    ),
    ("status {status}", "状态 {status}"),
    ("status {status}: {reason}", "状态 {status}：{reason}"),
    // teacher/server/key
    ("the environment variable {name}", "环境变量 {name}"),
    ("the system's keyring (retort key set {name})", "系统密钥环（retort key set {name}）"),
    // teacher/server/mod
    ("the teacher is not a server", "教师不是服务器"),
    // teacher/server/questions
    (
        "the session sets the prompt's chat to On, but a server puts a prompt into its chat template only in mode Chat; set the teacher's mode to Chat, or chat to Auto or Off",
        "会话把提示的 chat 设为 On，但服务器只在 Chat 模式下把提示放入其对话模板；请把教师的模式设为 Chat，或把 chat 设为 Auto 或 Off",
    ),
    ("two classes have the label word {trim}; give each its own", "有两个类别的标签词都是 {trim}；请各用各的"),
    ("a label word is empty; give every class a word", "有标签词是空的；请给每个类别一个词"),
    // teacher/server/seen
    ("every label word is as likely as every other", "每个标签词的可能性都相同"),
    ("the same score for all of them", "全部得分相同"),
    ("choose a prompt after which the words differ, or another model", "选择能让各个词有差别的提示，或另选模型"),
    ("the label words {a} and {b} begin alike, with {token}", "标签词 {a} 和 {b} 开头相同，都是 {token}"),
    ("the label words have {percent} of the probability", "标签词占概率的 {percent}"),
    (
        "choose label words that begin differently, or a server with echo, which scores whole words",
        "选择开头不同的标签词，或支持回显、对整词计分的服务器",
    ),
    (
        "the model thinks before it answers: turn its thinking off at the server or in the prompt (some know /no_think), or choose one that answers at once",
        "模型先思考再回答：请在服务器或提示中关闭思考（有些认识 /no_think），或选择直接回答的模型",
    ),
    (
        "the server does not score whole label words, so they are scored by their first tokens: {why}",
        "服务器不对整个标签词计分，因此按首词元计分：{why}",
    ),
    (
        "the server shows only its {most} likeliest tokens: the label words have {mean} of the probability in the {texts} so far, {worst} in the worst, and words that are not shown share what is left",
        "服务器只显示可能性最大的 {most} 个词元：至今{texts}中，标签词平均占概率的 {mean}，最差为 {worst}，没有显示的词分享其余部分",
    ),
    (
        "{says}; {a} and {b} begin alike, with {token}, so that their classes are not told apart",
        "{says}；{a} 和 {b} 开头相同，都是 {token}，因此无法区分它们的类别",
    ),
    ("{says}; the model thinks before it answers", "{says}；模型先思考再回答"),
    (
        "{says}; it shows {shown}; a server with echo scores all words whole",
        "{says}；它显示 {shown}；支持回显的服务器会对所有词整词计分",
    ),
    ("one text", "一篇文本"),
    ("{count} texts", "{count} 篇文本"),
    // teacher/target cache
    ("they came about in another way than those that are kept", "它们的得出方式与保留的不同"),
    (
        "soft targets are not kept for later runs: {reason}; free some room or set RETORT_CACHE: {path}",
        "软目标没有为以后的运行保留：{reason}；请腾出空间或设置 RETORT_CACHE：{path}",
    ),
    // vetting
    (", a bag of words that learned from few labels {bar}", "，从少量标签学习的词袋模型 {bar}"),
    (
        "the teacher's validation accuracy is {accuracy} over {texts} texts (always the commonest class: {commonest}{bag})",
        "教师在 {texts} 篇文本上的验证准确率为 {accuracy}（总答最常见的类别：{commonest}{bag}）",
    ),
    (
        "the teacher's validation accuracy of {accuracy} is no better than always answering the commonest class ({commonest}): the student would learn noise; check its prompt and label words, or choose another teacher",
        "教师的验证准确率 {accuracy} 不比总答最常见的类别（{commonest}）更好：学生会学到噪声；请检查它的提示和标签词，或另选教师",
    ),
    (
        "the teacher's validation accuracy of {accuracy} is below that of a bag of words ({bar}): check its prompt and label words, or train without it",
        "教师的验证准确率 {accuracy} 低于词袋模型（{bar}）：请检查它的提示和标签词，或不用它训练",
    ),
    ("; left out: {few}", "；略去：{few}"),
    (
        "the teacher's outputs are matched to the data's classes by name: {few}{left_out}",
        "教师的输出按名称对应到数据的类别：{few}{left_out}",
    ),
    (
        "{texts} of {of} training texts are longer than the student's {max_tokens} tokens and are cut at the end, {tokens} tokens in all",
        "{of} 篇训练文本中有 {texts} 篇超过学生的 {max_tokens} 个词元，末尾被截断，共 {tokens} 个词元",
    ),
    ("the teacher: {why}", "教师：{why}"),
    // link/budget
    (
        "nothing to pay: no loss of the recipe learns from the teacher, so its server is not asked",
        "无需付费：配方中没有损失从教师学习，因此不询问其服务器",
    ),
    ("nothing to pay: all {questions} answers are kept from before", "无需付费：全部 {questions} 个回答都是以前保留的"),
    ("; the limit is {limit}", "；上限为 {limit}"),
    (", {paid} paid already", "，已付 {paid}"),
    (
        "about {tokens} tokens to pay ({prompt_tokens} of prompts, {answer_tokens} of answers) for {open} of {questions} questions, {known} answered before{paid}; {grounds}{limit}",
        "约需付 {tokens} 个词元（提示 {prompt_tokens}，回答 {answer_tokens}），用于 {questions} 个问题中的 {open} 个，{known} 个以前已回答{paid}；{grounds}{limit}",
    ),
    (
        "estimated at a token per 4 letters, since the server has not counted any yet",
        "按每 4 个字母一个词元估算，因为服务器还没有计过数",
    ),
    ("estimated from what the server counted for one answer", "按服务器对一个回答的计数估算"),
    ("estimated from what the server counted for {basis} answers", "按服务器对 {basis} 个回答的计数估算"),
];
