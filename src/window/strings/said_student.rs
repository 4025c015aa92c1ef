//! Phrases of what the engine says of the student in the making and of the prompt.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // pair
    (
        "{reason}; no loss learns from it, so the run goes on without it",
        "{reason}；没有损失从它学习，因此运行不用它继续进行",
    ),
    (
        "it starts from random weights (init: Fresh) and can only teach noise",
        "它从随机权重开始（init: Fresh），只能教噪声",
    ),
    ("set its init to Stored, or train it first", "把它的 init 设为 Stored，或先训练它"),
    (
        "let it answer by label words (head: LabelWords), or train it first and choose what was trained",
        "让它用标签词回答（head: LabelWords），或先训练它再选择训练好的",
    ),
    (
        "let it answer by a classifier that was trained, or choose a model whose head over the vocabulary is stored",
        "让它用训练过的分类器回答，或选择存有词表输出层的模型",
    ),
    (" and {more} more", "，另有 {more} 个"),
    (
        "these parts of it are not stored and were filled at random, so that it can only teach noise: {shown}{more}",
        "它的这些部分没有存储而随机填充，因此只能教噪声：{shown}{more}",
    ),
    // layer_rates
    (
        "recipe.groups freezes every variable of the student, so there is nothing to train; give one of its groups a rate above 0, or leave it out",
        "recipe.groups 冻结了学生的所有变量，因此没有可训练的内容；请给其中一组大于 0 的倍数，或去掉它",
    ),
    (
        "recipe.groups names the layers {first} to {last} and the student has {layers}, numbered from 0 to {end}; name among those",
        "recipe.groups 指定了第 {first} 到 {last} 层，而学生有 {layers} 层，编号从 0 到 {end}；请从中指定",
    ),
    (
        "recipe.groups names the variables {pattern} and the student has none of that name{suggested}; its variables are called {examples} and the like, and * stands for any letters",
        "recipe.groups 指定了变量 {pattern}，而学生没有这样名称的变量{suggested}；它的变量名如 {examples} 等，* 代表任意字母",
    ),
    (
        "the table of tokens {table} is the head over the vocabulary too (tied), so {part} of recipe.groups acts on both",
        "词元表 {table} 同时也是词表输出头（二者绑定），因此 recipe.groups 的 {part} 对两者都起作用",
    ),
    (
        "{before} and {after} of recipe.groups both name {count} variables, such as {example}; the later one counts",
        "recipe.groups 的 {before} 和 {after} 都指定了 {count} 个变量，如 {example}；以后一个为准",
    ),
    (
        "recipe.groups freezes {count} variables that start from random numbers and so stay random, such as {example}; let them learn, or start from stored weights",
        "recipe.groups 冻结了 {count} 个从随机数开始的变量，它们会一直是随机的，如 {example}；请让它们学习，或从已存储的权重开始",
    ),
    (
        "{trainable} of the student's {all} parameters learn; recipe.groups freezes the others",
        "学生的 {all} 个参数中有 {trainable} 个参与学习；其余被 recipe.groups 冻结",
    ),
    // prompt/chat
    ("it has more than {longest} kB", "它超过 {longest} kB"),
    (
        "it rewrites the message instead of writing around it, so the text could not be found in it again",
        "它改写了消息，而不是在消息周围书写，因此无法再从中找到文本",
    ),
    ("it goes on without end (more than {steps} steps)", "它没完没了（超过 {steps} 步）"),
    ("{reason} (line {line})", "{reason}（第 {line} 行）"),
    // prompt/mod
    (
        "the template takes {template} of the model's {most} tokens and leaves no room for the text; shorten it",
        "模板占了模型 {most} 个词元中的 {template} 个，没有给文本留下位置；请缩短它",
    ),
    ("the label word {word} of class {class} {reason}", "类别 {class} 的标签词 {word} {reason}"),
    (
        "the tokenizer has no mask token, so this model cannot fill the answer slot; choose a classifier head",
        "分词器没有掩码词元，因此这个模型无法填写回答位置；请改用分类器",
    ),
    (
        "the model's chat template cannot be used: {reason}; correct it (chat_template.jinja in the model's folder goes before all others) or set the prompt's chat to Off",
        "模型的对话模板不能使用：{reason}；请改正它（模型文件夹中的 chat_template.jinja 优先于其他），或把提示的 chat 设为 Off",
    ),
    // prompt/template
    (
        "the template has {{{unknown}}}, which is no slot{meant}; the slots are {text_slot}, {answer_slot} and the columns that are read, by their names: {columns}. If the braces belong to the prompt, put a space inside them",
        "模板含有 {{{unknown}}}，它不是插槽{meant}；插槽是 {text_slot}、{answer_slot} 和所读取的各列的名称：{columns}。若花括号是提示的一部分，请在里面加一个空格",
    ),
    (
        "{text_slot} must come before {answer_slot}, so that the model has read it",
        "{text_slot} 必须在 {answer_slot} 之前，这样模型才读过它",
    ),
    // prompt/verbalizer
    ("vanishes under the tokenizer", "经分词器处理后什么也不剩"),
    ("choose a word it knows", "选择它认识的词"),
    ("has a part that the tokenizer does not know", "有一部分是分词器不认识的"),
    ("has the same tokens as that of class {other}", "与类别 {other} 的词有相同的词元"),
    ("give each class a word of its own", "给每个类别各自的词"),
    (
        "is the beginning of that of class {other} and would always score at least as high",
        "是类别 {other} 的词的开头，得分总不会更低",
    ),
    ("change one of them or score by the mean", "改动其中一个，或按平均计分"),
    // student init/fit
    (
        "the student is a {ours} and {title} a {theirs}; choose a student of the same architecture",
        "学生是 {ours}，而 {title} 是 {theirs}；请选择同一架构的学生",
    ),
    (
        "the student is {ours} wide and {title} only {theirs}; choose a width of {theirs} or less",
        "学生宽 {ours}，而 {title} 只有 {theirs}；请选择不超过 {theirs} 的宽度",
    ),
    (
        "layers of width {theirs} cannot be those of a student of width {ours}; choose EmbeddingsOnly, which reduces the embeddings and starts the layers anew, or a student of width {theirs}",
        "宽度为 {theirs} 的层不能用于宽度为 {ours} 的学生；请选择 EmbeddingsOnly（嵌入降维、层重新开始），或宽度为 {theirs} 的学生",
    ),
    (
        "the map takes {given} of the {layers} layers of {title} and the student's {field} is {asked}; choose a map of {asked} layers or change the configuration",
        "对应取 {title} 的 {layers} 层中的 {given} 层，而学生的 {field} 为 {asked}；请选择 {asked} 层的对应，或更改配置",
    ),
    ("attention heads", "注意力头"),
    (
        "the student has {ours} {what} and {title} has {theirs}; make them equal, or choose EmbeddingsOnly",
        "学生有 {ours} 个 {what}，而 {title} 有 {theirs} 个；请使两者相等，或选择 EmbeddingsOnly",
    ),
    (
        "{name} is {theirs} in {title} and would be {ours} in the student; make the configurations equal, or choose EmbeddingsOnly",
        "{name} 在 {title} 中是 {theirs}，在学生中会是 {ours}；请使配置一致，或选择 EmbeddingsOnly",
    ),
    // student init/from layers
    ("no model is named to take them from; name one under `of`", "没有指定从哪个模型取层；请在 `of` 下指定"),
    // student init/init source
    (
        "{title} is behind a server, which gives no weights away; name another model under `of`",
        "{title} 在服务器后面，不会交出权重；请在 `of` 下指定另一个模型",
    ),
    (
        "{title} holds rounded weights, from which nothing can learn; name the model's safetensors under `of`",
        "{title} 的权重已舍入，无法从中学习；请在 `of` 下指定该模型的 safetensors",
    ),
    (
        "the student's tokenizer has {token} at {id} and {title} does not; put its tokenizer beside the student's configuration",
        "学生的分词器在 {id} 处是 {token}，而 {title} 不是；请把它的分词器放到学生的配置旁边",
    ),
    // student init/layer map
    (
        "DistilBERT's map is for 12 layers and the source has {layers}; choose EveryOther, or Pick with layers by hand",
        "DistilBERT 的对应针对 12 层，而来源有 {layers} 层；请选择 EveryOther，或用 Pick 手选层",
    ),
    (
        "layer {layer} is picked but the source has {layers} layers, 0 to {last}; pick among those",
        "选了第 {layer} 层，而来源有 {layers} 层，即 0 到 {last}；请从中选择",
    ),
    ("Pick names no layer; name some, or choose EmbeddingsOnly", "Pick 没有列出层；请列出一些，或选择 EmbeddingsOnly"),
    // student init/layer selection
    (
        "embeddings of {title} reduced to width {width}, {kept} % of their squares kept; the layers are new",
        "{title} 的嵌入降到宽度 {width}，保留其平方和的 {kept} %；层是新的",
    ),
    ("layers {picked} of {title}", "{title} 的第 {picked} 层"),
    ("embeddings of {title}; the layers are new", "{title} 的嵌入；层是新的"),
    (
        "{name} has {theirs} rows and the student's configuration asks for {ours}; lower vocab_size or the number of positions",
        "{name} 有 {theirs} 行，而学生的配置要求 {ours} 行；请调低 vocab_size 或位置数",
    ),
    // student init/mod
    ("the student's layers: {reason}", "学生的层：{reason}"),
    ("the student's vocabulary: {reason}", "学生的词表：{reason}"),
    // student init/reduce
    ("no table of token embeddings", "没有词元嵌入表"),
    // student init/trim/mod
    ("its tokenizer cannot be read again: {e}", "无法再次读取它的分词器：{e}"),
    (
        "the token {token} cannot be given a new id in this tokenizer; keep the vocabulary Whole",
        "在这个分词器中无法给词元 {token} 新的编号；请让词表保持 Whole",
    ),
    ("vocabulary trimmed to {ids} of {before} tokens", "词表从 {before} 个词元裁剪到 {ids} 个"),
    ("{what}; keep the student's vocabulary Whole", "{what}；请让学生的词表保持 Whole"),
    // student init/trim/rewrite
    ("how a {other} tokenizer is trimmed is not known here", "这里不知道如何裁剪 {other} 分词器"),
    ("how a BPE with a {field} is trimmed is not known here", "这里不知道如何裁剪带 {field} 的 BPE"),
    ("the tokenizer has no vocabulary", "分词器没有词表"),
    // student init/trim/token ids
    (
        "config.json's {name} is no token; keep the vocabulary Whole",
        "config.json 的 {name} 不是词元；请让词表保持 Whole",
    ),
];
