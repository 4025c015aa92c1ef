//! Phrases of what the engine says of GGUF files.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // model/gguf/byte level
    (
        "its metadata has no {name}; convert the model again with a present llama.cpp",
        "它的元数据没有 {name}；请用新版 llama.cpp 重新转换模型",
    ),
    (
        "its merge {wrong} is not of two of its tokens into a third; fetch it again",
        "它的合并 {wrong} 不是由它的两个词元合成第三个；请重新获取",
    ),
    // model/gguf/config
    (
        "it holds a vocabulary only, and no weights; choose a file that holds the whole model",
        "它只有词表而没有权重；请选择含有整个模型的文件",
    ),
    (
        "it is a mixture of {experts} experts ({architecture}), which is not known here; choose a dense model",
        "它是 {experts} 个专家的混合模型（{architecture}），这里不认识；请选择稠密模型",
    ),
    (
        "its architecture {architecture} is not known here; the known ones are {known}; choose another model",
        "这里不认识它的架构 {architecture}；认识的有 {known}；请选择另一个模型",
    ),
    ("its {full} is {other}, not a size from 1 to {largest}", "它的 {full} 为 {other}，不是 1 到 {largest} 的大小"),
    (
        "its {full} is not one size for all layers, which is not known here",
        "它的 {full} 不是所有层共用的一个大小，这里不支持",
    ),
    (
        "its metadata has no {full}; convert the model again with a present llama.cpp",
        "它的元数据没有 {full}；请用新版 llama.cpp 重新转换模型",
    ),
    ("its metadata has no {name}", "它的元数据没有 {name}"),
    (
        "it has layers, but no tensor token_embd.weight; fetch it again",
        "它有层，却没有张量 token_embd.weight；请重新获取",
    ),
    (
        "it should have {layers} layers, but has no tensor {name}; fetch it again",
        "它应有 {layers} 层，却没有张量 {name}；请重新获取",
    ),
    (
        "its heads have {wide} numbers for keys and {values} for values; an even and equal number is needed here",
        "它的头有 {wide} 个键数和 {values} 个值数；这里要求两者相等且为偶数",
    ),
    (
        "its {name} is not {wide} numbers above 0, one a frequency; fetch it again",
        "它的 {name} 不是 {wide} 个大于 0 的数（每个频率一个）；请重新获取",
    ),
    // model/gguf/header
    ("tensors", "个张量"),
    ("entries of metadata", "个元数据项"),
    ("it has two tensors named {name}", "它有两个名为 {name} 的张量"),
    ("its tensors overlap", "它的张量互相重叠"),
    (
        "its general.alignment is {other}, not a power of two from 8",
        "它的 general.alignment 为 {other}，不是不小于 8 的二的幂",
    ),
    (
        "it is no GGUF file: it begins with \"{found}\"; fetch it again or name another",
        "它不是 GGUF 文件：它以“{found}”开头；请重新获取或另选一个",
    ),
    ("its numbers are big-endian; fetch the usual little-endian version", "它的数是大端序；请获取常用的小端版本"),
    (
        "its version is {other}, and 2 and 3 are read here; convert the model again with a present llama.cpp",
        "它的版本是 {other}，而这里读取 2 和 3；请用新版 llama.cpp 重新转换模型",
    ),
    ("its tensor {name} has {dimensions} dimensions", "它的张量 {name} 有 {dimensions} 个维度"),
    ("its tensor {name} is {why}", "它的张量 {name} 是 {why}"),
    ("its tensor {name} is {shape}", "它的张量 {name} 是 {shape}"),
    (
        "its tensor {name} is {shape}, but rows of {kind} are multiples of {block}",
        "它的张量 {name} 是 {shape}，而 {kind} 的行必须是 {block} 的整数倍",
    ),
    ("its tensor {name} lies at {offset}", "它的张量 {name} 位于 {offset}"),
    (
        "its tensor {name} needs {bytes} bytes from byte {from} on, and the file has {length}; it is cut off",
        "它的张量 {name} 从第 {from} 字节起需要 {bytes} 字节，而文件只有 {length}；文件被截断了",
    ),
    // model/gguf/kind
    ("kind {id}", "类型 {id}"),
    (
        "{other}, which is not read here; fetch a version in one of {known}",
        "{other}，这里不能读取；请获取以下类型之一的版本：{known}",
    ),
    // model/gguf/mod
    (
        "it holds {several} GGUF models ({names}); name the one you want by its path",
        "它有 {several} 个 GGUF 模型（{names}）；请用路径指定所要的那个",
    ),
    (
        "its tokenizer is of the kind {other}, which is not known here; the known ones are gpt2 and llama; choose another model",
        "它的分词器类型为 {other}，这里不认识；认识的有 gpt2 和 llama；请选择另一个模型",
    ),
    // model/gguf/parts
    (
        "parts of different models are mixed, so fetch all of them again from one place",
        "混入了不同模型的部分，请从同一处重新获取全部",
    ),
    ("its tensor {name} is in {other} as well; {mixed}", "它的张量 {name} 也在 {other} 中；{mixed}"),
    (
        "its {parts} parts hold {there} tensors and should hold {total}; {mixed}",
        "它的 {parts} 个部分共有 {there} 个张量，应有 {total} 个；{mixed}",
    ),
    (
        "it is one of {count} parts, which are looked for by names like NAME-00001-of-{last}.gguf; give them such names in one folder, or join them with llama.cpp's llama-gguf-split --merge",
        "它是 {count} 个部分之一，这些部分按 NAME-00001-of-{last}.gguf 这样的名称查找；请在同一文件夹中这样命名，或用 llama.cpp 的 llama-gguf-split --merge 合并",
    ),
    (
        "{n} of its {count} parts are not there, the first is {first}; fetch them into its folder",
        "它的 {count} 个部分中缺少 {n} 个，首个是 {first}；请把它们获取到它的文件夹",
    ),
    (
        "its metadata calls it part {number} of {count}; {mixed}",
        "它的元数据称它为 {count} 个部分中的第 {number} 个；{mixed}",
    ),
    ("it belongs to another model than the other parts; {mixed}", "它与其他部分不属于同一个模型；{mixed}"),
    // model/gguf/pre
    (
        "its metadata has no tokenizer.ggml.pre, so nobody knows how its tokenizer cuts texts; convert the model again with a present llama.cpp",
        "它的元数据没有 tokenizer.ggml.pre，因此无法知道它的分词器如何切分文本；请用新版 llama.cpp 重新转换模型",
    ),
    (
        "its tokenizer cuts texts in the way {name}, which is not known here; the known ones are {known}; choose another model",
        "它的分词器以 {name} 的方式切分文本，这里不认识；认识的有 {known}；请选择另一个模型",
    ),
    // model/gguf/sentence piece
    (
        "its metadata has no tokenizer.ggml.scores, one a token; convert the model again with a present llama.cpp",
        "它的元数据没有 tokenizer.ggml.scores（每个词元一个）；请用新版 llama.cpp 重新转换模型",
    ),
    // model/gguf/tensors
    (
        "its tensor {called} has no place in the network its metadata names, so this program would compute something else; choose another model",
        "它的张量 {called} 在其元数据所指的网络中没有位置，本程序会算出别的结果；请选择另一个模型",
    ),
    ("no tensor {name}", "没有张量 {name}"),
    ("{called} is not there", "没有 {called}"),
    ("{called} holds scales that are NaN or infinite", "{called} 含有 NaN 或无穷大的缩放系数"),
    ("{called} has {rows} rows, no multiple of a head's {wide}", "{called} 有 {rows} 行，不是每个头的 {wide} 的整数倍"),
    // model/gguf/tokenizer
    (
        "its metadata has no tokenizer.ggml.tokens; choose a file with its tokenizer",
        "它的元数据没有 tokenizer.ggml.tokens；请选择带有分词器的文件",
    ),
    (
        "its tokenizer.ggml.token_type does not say what each of {tokens} tokens is",
        "它的 tokenizer.ggml.token_type 没有说明 {tokens} 个词元各是什么",
    ),
    ("its {name} is {id}, and it has {tokens} tokens", "它的 {name} 为 {id}，而它有 {tokens} 个词元"),
    // model/gguf/value
    (
        "its header claims {count} {what}, more than the {left} bytes left of it can hold",
        "它的文件头声称有 {count} {what}，超过余下 {left} 字节所能容纳的",
    ),
    ("it ends within its header; it is cut off", "它在文件头中间就结束了；文件被截断了"),
    ("its metadata has a value of the unknown type {other}", "它的元数据有一个未知类型 {other} 的值"),
    ("entries of a list", "个列表项"),
    (
        "its metadata has a list of {count} entries; no model has so many",
        "它的元数据有一个 {count} 项的列表；没有模型会有这么多",
    ),
    ("its metadata nests lists too deeply", "它的元数据把列表嵌套得太深"),
];
