//! Phrases of rows of the check-up on the pair: what faces what.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // doctor/beginnings
    ("the {side}'s texts begin with {mark}", "{side}的文本以 {mark} 开头"),
    ("the {side}'s texts begin with their own first token", "{side}的文本以它们自己的首个词元开头"),
    ("{says}, twice for the {side}", "{says}，其中{side}重复了两次"),
    (
        "take the token out of the template, or out of the tokenizer's post-processor",
        "从模板中，或从分词器的后处理器中去掉该词元",
    ),
    ("{says}; the files of the {side} name {mark} for it", "{says}；而{side}的文件为此指定了 {mark}"),
    (
        "put it into the post-processor of its tokenizer.json if it was trained with it, or accept it as it is",
        "若它是这样训练的，请放入其 tokenizer.json 的后处理器，否则可保持原样",
    ),
    (
        "make sure that both were trained so; the post-processor of tokenizer.json says what a text begins with",
        "请确认两者都是这样训练的；文本以什么开头由 tokenizer.json 的后处理器决定",
    ),
    ("only one side has a first token of its own: {says}", "只有一方有自己的首词元：{says}"),
    ("no text could be rendered; see the other rows", "没有文本能够套入模板；请看其他各行"),
    // doctor/classes
    ("the teacher", "教师"),
    ("the teacher answers by label words behind its server", "教师在其服务器后面用标签词回答"),
    ("there is no teacher", "没有教师"),
    ("choose a teacher for these classes", "选择针对这些类别的教师"),
    ("the teacher's classes are not the data's: {says}", "教师的类别与数据的不同：{says}"),
    ("leave `classes` of the student out", "去掉学生的 `classes`"),
    ("of the student: {says}", "关于学生：{says}"),
    (
        "{teacher}; nothing names the outputs of the student's classifier, so they are taken for the data's classes in their order",
        "{teacher}；学生分类器的输出没有名称，因此按顺序当作数据的类别",
    ),
    (
        "name them in id2label of its config.json, or say which is which under `classes` of the student",
        "在其 config.json 的 id2label 中给出名称，或在学生的 `classes` 下说明对应关系",
    ),
    (
        "{teacher}; the student's stored classifier answers for other classes, {names}: a new one, with random weights, stands in its place",
        "{teacher}；学生自带的分类器针对其他类别（{names}）：改用随机权重的新分类器",
    ),
    (
        "if they are the data's classes by other names, say which is which under `classes` of the student",
        "若它们就是数据的类别而名称不同，请在学生的 `classes` 下说明对应关系",
    ),
    (
        "the teacher's classifier was trained to give a text several labels or a number (problem_type of its config.json); here its outputs are read as one choice among the classes",
        "教师的分类器是为一篇文本给多个标签或一个数而训练的（其 config.json 的 problem_type）；这里把它的输出读作在各类别中单选",
    ),
    (
        "choose a teacher that was trained for one class of a text, or mind what it gets right before the first step",
        "选择按一篇文本一个类别训练的教师，或留意它在第一步之前的正确率",
    ),
    ("the student", "学生"),
    (
        "{says}; outputs of the teacher that are no class are left out: {left_out}",
        "{says}；教师的输出中不是类别的已略去：{left_out}",
    ),
    ("make sure that no text of the data is of those classes", "请确认数据中没有属于那些类别的文本"),
    (
        "{says}; no loss learns from it, so the run goes on without it",
        "{says}；没有损失从它学习，因此运行不用它继续进行",
    ),
    ("{who} answers by label words", "{who}用标签词回答"),
    ("{who}'s classifier is made for the data's classes", "{who}的分类器按数据的类别建立"),
    (
        "{who}'s outputs are the data's classes, by name and in their order",
        "{who}的输出就是数据的类别，名称与顺序都一致",
    ),
    (
        "{who}'s outputs are matched to the data's classes by name: {pairs}{more}",
        "{who}的输出按名称对应到数据的类别：{pairs}{more}",
    ),
    // doctor/depth
    (
        "{student} layers of the student divide the teacher's {teacher}: student–teacher {facing}{more}",
        "学生的 {student} 层整除教师的 {teacher} 层：学生–教师 {facing}{more}",
    ),
    (
        "the student's {student} layers do not divide the teacher's {teacher}",
        "学生的 {student} 层不能整除教师的 {teacher} 层",
    ),
    (
        "choose a student whose number of layers divides {teacher}, or write the layer map by hand",
        "选择层数能整除 {teacher} 的学生，或手写层的对应",
    ),
    (
        "both have {teacher} attention heads per layer, so maps can face one by one",
        "两者每层都有 {teacher} 个注意力头，注意力图可以一一对照",
    ),
    (
        "the teacher has {teacher} attention heads per layer, the student {student}",
        "教师每层有 {teacher} 个注意力头，学生有 {student} 个",
    ),
    (
        "compare attention averaged over heads, or choose a student with as many heads",
        "比较各头平均后的注意力，或选择头数相同的学生",
    ),
    ("the teacher is behind a server, which shows no layers", "教师在服务器后面，看不到它的层"),
    ("there is no teacher to face", "没有可对照的教师"),
    ("{says}; no loss of this recipe compares them", "{says}；这个配方中没有损失比较它们"),
    ("choose a teacher with files, or leave out the losses between layers", "选择有文件的教师，或去掉层之间的损失"),
    ("{why}; no loss of this recipe compares them", "{why}；这个配方中没有损失比较它们"),
    // doctor/positions
    ("of the {side}: {e}", "关于{side}：{e}"),
    ("shorten the template or raise max_tokens", "缩短模板或调高 max_tokens"),
    (
        "the {side} reads {max_tokens} tokens and the longest of {train} texts has {longest}",
        "{side}能读 {max_tokens} 个词元，{train} 篇文本中最长的有 {longest} 个",
    ),
    ("{says}; none is cut", "{says}；没有文本被截断"),
    (
        "{says}; {share} % are cut for the {side}, which loses {lost} % of the tokens",
        "{says}；{share} % 的文本在{side}一方被截断，损失 {lost} % 的词元",
    ),
    (
        "raise the {side}'s max_tokens towards {longest} if its model allows, or accept that the ends of these texts are not read",
        "若模型允许，把{side}的 max_tokens 向 {longest} 调高，否则只能接受这些文本的末尾不被读取",
    ),
    // doctor/random
    ("train it first", "先训练它"),
    (
        "the teacher starts from random weights (init: Fresh) and can only teach noise",
        "教师从随机权重开始（init: Fresh），只能教噪声",
    ),
    ("of the teacher: {says}", "关于教师：{says}"),
    ("the teacher starts from random weights", "教师从随机权重开始"),
    ("set its init to Stored", "把它的 init 设为 Stored"),
    ("everything is stored; nothing is filled at random", "一切都来自存储；没有随机填充的部分"),
    (
        "the student starts from random weights, as asked; nothing else is filled at random",
        "按要求，学生从随机权重开始；没有其他随机填充的部分",
    ),
    ("the student starts with another model's layers, as asked", "按要求，学生从另一个模型的层开始"),
    (
        "the student gets a new classifier, which this run has to train: {random}",
        "学生得到一个新的分类器，要由这次运行来训练：{random}",
    ),
    (
        "parts of the student are not stored and start at random: {random}",
        "学生的部分权重没有存储，从随机值开始：{random}",
    ),
    (
        "choose a student with a head over its vocabulary, or the classifier head; or train long enough for a new one",
        "选择带词表输出层的学生，或改用分类器；要么训练足够久以学出新的输出层",
    ),
    ("{shown} and {more} more", "{shown}，另有 {more} 个"),
    // doctor/special
    (
        "choose the classifier head, or put the mask token into tokenizer.json",
        "改用分类器，或把掩码词元放入 tokenizer.json",
    ),
    ("the student fills masks and its tokenizer has no mask token", "学生靠填掩码回答，而它的分词器没有掩码词元"),
    ("padding", "填充"),
    ("mask", "掩码"),
    ("unknown", "未知"),
    ("end", "结束"),
    ("the {side}'s special tokens are there: {list}", "{side}的特殊词元齐全：{list}"),
    (
        ", and config.json names {id}, {word}, which is a token of texts",
        "，而 config.json 指定的 {id}（{word}）是文本中的词元",
    ),
    (
        "the student's tokenizer has no padding token{other}; here row 0 fills short texts and is never seen, other programs will ask for one",
        "学生的分词器没有填充词元{other}；这里用第 0 行补齐短文本，不会被看到，但其他程序会需要它",
    ),
    (
        "add a padding token to tokenizer.json if the student is to be used elsewhere",
        "若学生要用于别处，请在 tokenizer.json 中加入填充词元",
    ),
    (
        "the student's padding token {pad} has no row in its table; here row 0 fills short texts, other programs will fail",
        "学生的填充词元 {pad} 在其表中没有对应的行；这里用第 0 行补齐短文本，其他程序会出错",
    ),
    ("add a row for it to the model if the student is to be used elsewhere", "若学生要用于别处，请在模型中为它加一行"),
    (
        "the padding token is {pad} in the tokenizer and {named} in config.json",
        "填充词元在分词器中是 {pad}，在 config.json 中是 {named}",
    ),
    ("make pad_token_id in config.json that of the tokenizer", "让 config.json 的 pad_token_id 与分词器一致"),
    ("none", "无"),
    (
        "teacher and student have the same vocabulary, but the {role} token is {theirs} for the teacher and {ours} for the student",
        "教师与学生的词表相同，但{role}词元在教师是 {theirs}，在学生是 {ours}",
    ),
    (
        "make {role} tokens alike in tokenizer_config.json, unless both were trained so",
        "在 tokenizer_config.json 中统一{role}词元，除非两者本就这样训练",
    ),
    (
        "the classifier reads the first token, and the tokenizer puts none of its own there",
        "分类器读取首个词元，而分词器没有在那里放自己的词元",
    ),
    ("use a tokenizer.json with the post-processor that adds [CLS]", "使用后处理器会加上 [CLS] 的 tokenizer.json"),
    // doctor/vocabulary
    ("{unknown} % of the sample's tokens are unknown to the student", "样本中 {unknown} % 的词元是学生不认识的"),
    ("choose a student whose tokenizer knows the language of the texts", "选择分词器懂得文本语言的学生"),
    ("the teacher's is behind its server", "教师的词表在其服务器后面"),
    ("no teacher", "没有教师"),
    (
        "the student has {tokens} tokens; {who}, and class probabilities need none in common",
        "学生有 {tokens} 个词元；{who}，而类别概率不需要共同的词元",
    ),
    ("teacher and student have the same {mine} tokens", "教师与学生有相同的 {mine} 个词元"),
    (
        "teacher and student have the same {mine} tokens; their tables have {teacher_rows} and {student_rows} rows, the further ones unused",
        "教师与学生有相同的 {mine} 个词元；它们的表分别有 {teacher_rows} 行和 {student_rows} 行，多出的行不用",
    ),
    (
        "teacher and student have {theirs} and {mine} tokens, {shared} of them with one id; what is distilled here are the probabilities of classes, which need no common vocabulary",
        "教师有 {theirs} 个词元，学生有 {mine} 个，其中 {shared} 个编号相同；这里蒸馏的是类别概率，不需要共同的词表",
    ),
    // doctor/words
    ("{stray}; otherwise {says}", "{stray}；除此之外，{says}"),
    ("name the classes as the data does, or leave these words out", "按数据中的写法命名类别，或去掉这些词"),
    ("mend the template", "改正模板"),
    ("choose another word", "另选一个词"),
    (" ({count} words of {words} have such trouble)", "（{words} 个词中有 {count} 个有这类问题）"),
    (
        "for the {side}, the word {word} of class {class} {problem}{more}",
        "对{side}来说，类别 {class} 的词 {word} {problem}{more}",
    ),
    (
        "the words {a} and {b} begin with the same word, and a chat shows the first tokens of an answer only: their classes cannot be told apart",
        "词 {a} 和 {b} 以相同的词开头，而对话只显示回答的首批词元：无法区分它们的类别",
    ),
    (
        "choose words that begin differently, or the mode Completions of a server that echoes",
        "选择开头不同的词，或支持回显的服务器的 Completions 模式",
    ),
    (
        "the words are read behind the server, whose tokenizer is not known here",
        "这些词由服务器读取，这里不知道它的分词器",
    ),
    ("no model reads label words", "没有模型读取标签词"),
    (
        "{side}: {words} words of {shortest} to {longest} tokens",
        "{side}：{words} 个词，每个 {shortest} 到 {longest} 个词元",
    ),
    ("every class has a word of its own ({sides})", "每个类别都有自己的词（{sides}）"),
    ("{says}; summed log-probabilities favour the short ones", "{says}；对数概率求和对短的词有利"),
    ("choose words of similar length, or score by the mean", "选择长度相近的词，或按平均计分"),
];
