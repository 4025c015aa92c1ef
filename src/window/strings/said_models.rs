//! Phrases of what the engine says of a model's configuration, weights and tokenizer.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // model/bert
    ("position_embedding_type must be absolute", "position_embedding_type 必须是 absolute"),
    // model/chat template
    (
        "chat_template of tokenizer_config.json is neither a text nor a list with one named default (it names {names}); put the one to use into chat_template.jinja",
        "tokenizer_config.json 的 chat_template 既不是文本，也不是含有一个默认项的列表（其中有 {names}）；请把要用的放入 chat_template.jinja",
    ),
    // model/config
    ("it is not a JSON object", "它不是 JSON 对象"),
    ("it has no model_type", "它没有 model_type"),
    ("it has no {names}", "它没有 {names}"),
    ("{name} must be a whole number from 1 to {most}, not {value}", "{name} 必须是 1 到 {most} 的整数，而不是 {value}"),
    ("{name} must be a number, not {value}", "{name} 必须是数，而不是 {value}"),
    ("{name} must be a number above 0", "{name} 必须是大于 0 的数"),
    ("{name} must be an object, not {other}", "{name} 必须是对象，而不是 {other}"),
    ("{name} must be a list of words", "{name} 必须是词的列表"),
    ("{name} must be a list of numbers", "{name} 必须是数的列表"),
    // model/encoder layer
    ("a width of {width} is no multiple of {heads} attention heads", "宽度 {width} 不是 {heads} 个注意力头的整数倍"),
    // model/error
    ("cannot read {what}: {reason}: {path}", "无法读取{what}：{reason}：{path}"),
    (
        "the weights are damaged: {reason}; fetch the file again: {path}",
        "权重已损坏：{reason}；请重新获取该文件：{path}",
    ),
    ("config.json: {reason}", "config.json：{reason}"),
    ("the weights do not fit the configuration: {reason}", "权重与配置不符：{reason}"),
    ("the tokenizer: {reason}", "分词器：{reason}"),
    ("there is no built-in model {name}; the known ones are {known}", "没有内置模型 {name}；现有的是 {known}"),
    (
        "cannot write the model: {reason}; check that the folder can be written and has room: {path}",
        "无法写入模型：{reason}；请检查文件夹可写且有空间：{path}",
    ),
    // model/feed forward
    (
        "activation {other} is not known here; the known ones are gelu, gelu_new, gelu_pytorch_tanh, relu, silu",
        "这里不认识激活函数 {other}；认识的有 gelu、gelu_new、gelu_pytorch_tanh、relu、silu",
    ),
    // model/gpt2
    ("scale_attn_weights must be true for a GPT-2 here", "这里的 GPT-2 要求 scale_attn_weights 为 true"),
    ("scale_attn_by_inverse_layer_idx is not known here", "这里不支持 scale_attn_by_inverse_layer_idx"),
    ("n_embd {width} is no multiple of n_head {heads}", "n_embd {width} 不是 n_head {heads} 的整数倍"),
    // model/identity
    ("its architectures", "它的 architectures"),
    ("the names of its tensors", "它的张量名称"),
    ("config.json has no model_type; by {by} it is a {id}", "config.json 没有 model_type；根据{by}，它是 {id}"),
    (
        "it has no model_type, and neither architectures nor the tensors tell it; add a line like \"model_type\": \"bert\" to it, with one of {known}",
        "它没有 model_type，architectures 和张量也无法说明；请加入一行，例如 \"model_type\": \"bert\"，取 {known} 之一",
    ),
    // model/init
    ("{name} would be {shape}, too large to be made", "{name} 会是 {shape}，太大而无法创建"),
    // model/llama
    (
        "hidden_size {width} is no multiple of num_attention_heads {heads}, and there is no head_dim",
        "hidden_size {width} 不是 num_attention_heads {heads} 的整数倍，也没有 head_dim",
    ),
    ("layer_types names {kinds} layers of {layers}", "layer_types 只列出 {layers} 层中的 {kinds} 层"),
    (
        "layer type {other} is not known here; the known ones are full_attention, sliding_attention",
        "这里不认识层类型 {other}；认识的有 full_attention、sliding_attention",
    ),
    (
        "num_attention_heads {heads} is no multiple of num_key_value_heads {kv_heads}",
        "num_attention_heads {heads} 不是 num_key_value_heads {kv_heads} 的整数倍",
    ),
    // model/opened
    (
        "its classifier was trained to give a text several labels (problem_type); here its outputs are read as one choice among the classes",
        "它的分类器是为一篇文本给多个标签而训练的（problem_type）；这里把它的输出读作在各类别中单选",
    ),
    (
        "nothing names the outputs of its classifier: they are taken for the data's classes in their order, from which training goes on",
        "它的分类器的输出没有名称：按顺序当作数据的类别，并由此继续训练",
    ),
    (
        "it was trained on the classes {names}, which are not the data's: a new classifier, with random weights, stands in the place of its own",
        "它是按类别 {names} 训练的，与数据的类别不同：改用随机权重的新分类器",
    ),
    ("it answers by label words", "它用标签词回答"),
    ("no classifier is stored with it", "它没有存储分类器"),
    (
        "`classes` says which output is which class, but {why}; leave `classes` out",
        "`classes` 说明哪个输出是哪个类别，但{why}；请去掉 `classes`",
    ),
    ("kept frozen ({kinds}): it can only teach", "保持冻结（{kinds}）：只能当教师"),
    // model/outputs
    ("`classes` names no output for {lost}", "`classes` 没有为 {lost} 指定输出"),
    ("name one for every class: the outputs are {outputs}", "请为每个类别指定一个：输出有 {outputs}"),
    ("its outputs are {outputs} and the data's classes {classes}", "它的输出是 {outputs}，而数据的类别是 {classes}"),
    (
        "it cannot answer for all of them: choose a model for these classes, or train one",
        "它无法回答全部类别：请选择针对这些类别的模型，或训练一个",
    ),
    (
        "no class is {left_out}: say which output is which class under `classes`, e.g. {example}, and those not named are left out",
        "没有类别叫 {left_out}：请在 `classes` 下说明哪个输出是哪个类别，例如 {example}，没有列出的会略去",
    ),
    (
        "say which output is which class under `classes`, e.g. {example}, or choose a model for these classes",
        "请在 `classes` 下说明哪个输出是哪个类别，例如 {example}，或选择针对这些类别的模型",
    ),
    (
        "`classes` names an output {output}, and the model has {outputs}",
        "`classes` 列出输出 {output}，而模型的输出是 {outputs}",
    ),
    ("name one of these", "请写其中之一"),
    (
        "`classes` names a class {class}, and the data has {classes}",
        "`classes` 列出类别 {class}，而数据的类别是 {classes}",
    ),
    ("`classes` names {output} or {class} twice", "`classes` 把 {output} 或 {class} 列了两次"),
    ("give every class one output of its own", "请给每个类别各自一个输出"),
    // model/pickle
    (
        "it holds no tensors by name; is it a whole model instead of its weights?",
        "它没有按名称存放的张量；它是不是整个模型而不是权重？",
    ),
    ("{name} is not there", "没有 {name}"),
    ("it is no PyTorch archive ({e})", "它不是 PyTorch 归档（{e}）"),
    (
        "{name} is packed or longer than the file, as PyTorch never writes it",
        "{name} 经过压缩或比文件还长，PyTorch 从不这样写",
    ),
    ("the numbers of {name} are not in it", "其中没有 {name} 的数值"),
    (
        "{name} is said to be {layout}, more than the {held} bytes that are there",
        "{name} 据称为 {layout}，超过现有的 {held} 字节",
    ),
    ("its description is malformed", "它的描述格式错误"),
    // model/pickle/weigh
    ("its description has more than {most} MB", "它的描述超过 {most} MB"),
    ("it holds a number beyond 64 bits", "它含有超出 64 位的数"),
    (
        "its description uses operation {other}, which PyTorch's weights do not",
        "它的描述用了操作 {other}，PyTorch 的权重不会用它",
    ),
    ("its description is cut off", "它的描述被截断了"),
    (
        "it asks for {module}.{name}, which weights do not need (nothing was run); do not trust it, look for safetensors",
        "它要求 {module}.{name}，而权重不需要它（没有运行任何东西）；不要信任它，请找 safetensors",
    ),
    ("its description grows or nests beyond all reason; do not trust it", "它的描述增长或嵌套得不合常理；不要信任它"),
    // model/position
    ("rope_parameters of each kind of layer are not known here", "这里不支持按层类型区分的 rope_parameters"),
    ("rotary positions need heads of an even size, not {wide}", "旋转位置要求头的大小为偶数，而不是 {wide}"),
    ("partial_rotary_factor must be 1 here", "这里要求 partial_rotary_factor 为 1"),
    (
        "rope scaling {other} is not known here; the known ones are default, linear, llama3",
        "这里不认识旋转缩放 {other}；认识的有 default、linear、llama3",
    ),
    (
        "{buckets} relative_attention_num_buckets and a relative_attention_max_distance of {distance} make no scale",
        "relative_attention_num_buckets 为 {buckets}、relative_attention_max_distance 为 {distance} 时无法构成刻度",
    ),
    (
        "rope_divisors has {given} numbers for {wanted} frequencies",
        "rope_divisors 有 {given} 个数，而频率有 {wanted} 个",
    ),
    (
        "high_freq_factor {high} must be above low_freq_factor {low}",
        "high_freq_factor {high} 必须大于 low_freq_factor {low}",
    ),
    // model/registry
    (
        "model_type {name} is not known here; the known ones are {known}",
        "这里不认识 model_type {name}；认识的有 {known}",
    ),
    // model/shards
    (
        "there is neither model.safetensors nor pytorch_model.bin, nor an index of either; put the weights there or pick another folder",
        "既没有 model.safetensors，也没有 pytorch_model.bin，也没有两者的索引；请把权重放在那里，或另选文件夹",
    ),
    (
        "{n} of the {of} shards it names are not there, the first is {first}; fetch them too",
        "它列出的 {of} 个分片中缺少 {n} 个，首个是 {first}；请也获取它们",
    ),
    ("it is no index of shards ({e})", "它不是分片索引（{e}）"),
    (
        "it names {outside}, which lies outside the folder; do not trust this model",
        "它指向文件夹之外的 {outside}；不要信任这个模型",
    ),
    ("it names no shards; fetch it again", "它没有列出分片；请重新获取"),
    // model/stored
    (
        "{name} holds numbers beyond the range of {half}; keep this model in bf16 or f32",
        "{name} 含有超出 {half} 范围的数；请让这个模型保持 bf16 或 f32",
    ),
    ("{name} holds numbers that are NaN or infinite", "{name} 含有 NaN 或无穷大的数"),
    (
        "{name} is stored as {kept}; this program reads f32, f16, bf16 and f64, so fetch a version that is not quantised",
        "{name} 以 {kept} 存储；本程序读取 f32、f16、bf16 和 f64，请获取未量化的版本",
    ),
    (
        "its header is cut off or it is no safetensors file ({wrong})",
        "它的文件头被截断，或它不是 safetensors 文件（{wrong}）",
    ),
    ("its length is not the one its header states; it is cut off", "它的长度与文件头所述不同；文件被截断了"),
    ("its tensors overlap or leave gaps, the first is {name}", "它的张量重叠或有空隙，首个是 {name}"),
    // model/text
    (
        "it has more than {most} MB; is it another file under this name?",
        "它超过 {most} MB；是不是别的文件用了这个名称？",
    ),
    ("it is not UTF-8 text; fetch it again", "它不是 UTF-8 文本；请重新获取"),
    ("it is not there; put it there or pick another folder", "它不在那里；请放入它，或另选文件夹"),
    (
        "it is a Git LFS pointer, not the file itself; fetch it with git lfs pull",
        "它是 Git LFS 指针，不是文件本身；请用 git lfs pull 获取",
    ),
    // model/tokenizer class
    ("tokenizer.json cannot be read: {e}", "无法读取 tokenizer.json：{e}"),
    (
        "tokenizer_config.json goes before tokenizer.json, as in transformers: {list}",
        "与 transformers 一样，tokenizer_config.json 优先于 tokenizer.json：{list}",
    ),
    // model/tokens
    (
        "tokenizer.json cannot be read: its added tokens make no tokenizer",
        "无法读取 tokenizer.json：它的附加词元构不成分词器",
    ),
    (
        "it has {entries} entries but the model only {rows}, none for {word} ({id}); is it another model's tokenizer?",
        "它有 {entries} 项，而模型只有 {rows} 行，{word}（{id}）没有对应的行；它是不是另一个模型的分词器？",
    ),
    (
        "the tokenizer has {word} ({id}){more}, for which the model's table of {rows} rows has none: a text with such a token is refused",
        "分词器有 {word}（{id}）{more}，而模型的 {rows} 行表中没有对应的行：含有这种词元的文本会被拒绝",
    ),
    (
        "a text has the token {word} ({id}), and the model's table has only {rows} rows; take it out of the text, or add a row for it to the model",
        "有文本含有词元 {word}（{id}），而模型的表只有 {rows} 行；请从文本中去掉它，或在模型中为它加一行",
    ),
    ("tokenizer.json cannot be read: {reason}", "无法读取 tokenizer.json：{reason}"),
    ("it is no JSON, {e}", "它不是 JSON，{e}"),
    ("it makes no tokenizer; fetch it again", "它构不成分词器；请重新获取"),
    ("its parts contradict one another; fetch it again", "它的各部分互相矛盾；请重新获取"),
    ("a text cannot be encoded: {reason}", "有文本无法编码：{reason}"),
    ("tokenizer.json contradicts itself; fetch it again", "tokenizer.json 自相矛盾；请重新获取"),
    // model/tokens/two_texts
    (
        "its tokenizer.json puts nothing between two texts; give its post_processor a template for pairs, or name the second column as text to have both read as one",
        "它的 tokenizer.json 不在两段文本之间放任何标记；请给 post_processor 加上文本对的模板，或把第二列也列为文本，让两者作为一段来读",
    ),
    // model/vocabulary
    ("the tokenizer", "分词器"),
    (
        "there is no tokenizer.json, no vocab.txt and no vocab.json with merges.txt; a SentencePiece file (.model) has to be converted to tokenizer.json first",
        "没有 tokenizer.json、vocab.txt，也没有 vocab.json 加 merges.txt；SentencePiece 文件（.model）必须先转换为 tokenizer.json",
    ),
    ("it is no JSON object ({e})", "它不是 JSON 对象（{e}）"),
    ("vocab.txt has no {word}", "vocab.txt 没有 {word}"),
    // model/weights
    ("stored but not used: {unused}", "已存储但没有使用：{unused}"),
    ("new, with random weights: {added}", "新建，权重随机：{added}"),
    (
        "config.json ties the head to the embeddings, but another matrix is stored for it: that one is used, as in transformers",
        "config.json 让输出层与嵌入共享权重，但另存有一个矩阵：与 transformers 一样使用后者",
    ),
    ("{found} is {real}, expected {shape}", "{found} 是 {real}，应为 {shape}"),
    (
        "the sizes it names need more memory than is free: {name} {shape} is the first tensor that finds no room; choose a smaller model or close other programs",
        "它所列的大小需要的内存超过空闲内存：{name} {shape} 是首个放不下的张量；请选择更小的模型，或关闭其他程序",
    ),
    (
        "{n} tensors are missing: {names}; is this a {id} checkpoint?",
        "缺少 {n} 个张量：{names}；这是 {id} 的检查点吗？",
    ),
    ("wrong shapes: {misshaped}", "形状错误：{misshaped}"),
    // words of the tensor library
    (
        "{said}; the card's memory is full: lower recipe.batch or max_tokens, keep the teacher in bf16, close what else computes there, or set recipe.device to Cpu",
        "{said}；显卡内存已满：请调低 recipe.batch 或 max_tokens，让教师保持 bf16，关闭占用显卡的其他程序，或把 recipe.device 设为 Cpu",
    ),
];
