//! Phrases of what the engine says of folders and files that hold no model it reads.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // model/files
    ("the model folder", "模型文件夹"),
    (
        "it does not exist; give the folder that holds config.json, tokenizer and weights, or a .gguf file",
        "它不存在；请给出含有 config.json、分词器和权重的文件夹，或 .gguf 文件",
    ),
    (
        "{model} is behind a server, which can only teach; choose another student",
        "{model} 在服务器后面，只能当教师；请选择另一个学生",
    ),
    (
        "{repo} is a model of the Hub; fetch it first: retort fetch {repo}",
        "{repo} 是 Hub 上的模型；请先获取：retort fetch {repo}",
    ),
    (
        "a GGUF file holds weights that are rounded and frozen, so it can teach but not learn; make it the teacher, and choose a student that is built in or a folder with safetensors",
        "GGUF 文件中的权重已舍入并冻结，能当教师但不能学习；请让它当教师，并选择内置的学生或带 safetensors 的文件夹",
    ),
    ("the GGUF metadata", "GGUF 元数据"),
    ("the GGUF tokenizer", "GGUF 分词器"),
    ("the GGUF tensors", "GGUF 张量"),
    (
        "this built-in model ships without weights; let its weights start at random (init: Fresh), or choose another model",
        "这个内置模型不带权重；请让权重随机开始（init: Fresh），或选择另一个模型",
    ),
    ("the weights", "权重"),
    // model/kinds
    (
        "a diffusion pipeline (diffusers), which makes pictures; choose a language model",
        "扩散管线（diffusers），用来生成图像；请选择语言模型",
    ),
    (
        "a Flax model; open it with transformers (from_flax=True) and save it with save_pretrained, or fetch its safetensors",
        "Flax 模型；请用 transformers 打开（from_flax=True）并用 save_pretrained 保存，或获取其 safetensors",
    ),
    (
        "a model of rust-bert; fetch its safetensors or pytorch_model.bin",
        "rust-bert 的模型；请获取其 safetensors 或 pytorch_model.bin",
    ),
    (
        "an OpenVINO model, which holds no weights that can be read here; fetch the model it was made from",
        "OpenVINO 模型，其中没有这里能读的权重；请获取它的原模型",
    ),
    (
        "a TensorFlow Lite model, which holds no weights that can be read here; fetch the model it was made from",
        "TensorFlow Lite 模型，其中没有这里能读的权重；请获取它的原模型",
    ),
    ("an MLX model; fetch the model it was made from", "MLX 模型；请获取它的原模型"),
    (
        "a model in its publisher's own format (consolidated.*.pth, params.json); fetch the one in Hugging Face's format, whose folder has a config.json",
        "发布者自有格式的模型（consolidated.*.pth、params.json）；请获取 Hugging Face 格式的版本，其文件夹中有 config.json",
    ),
    (
        "a model in its publisher's own format (consolidated.safetensors); fetch the one in Hugging Face's format, whose folder has model.safetensors",
        "发布者自有格式的模型（consolidated.safetensors）；请获取 Hugging Face 格式的版本，其文件夹中有 model.safetensors",
    ),
    (
        "a recipe for a merge of models; run it, and choose the folder it writes",
        "模型合并的配方；请运行它，并选择它写出的文件夹",
    ),
    (
        "a TensorFlow model; open it with transformers (from_tf=True) and save it with save_pretrained, or fetch its safetensors",
        "TensorFlow 模型；请用 transformers 打开（from_tf=True）并用 save_pretrained 保存，或获取其 safetensors",
    ),
    (
        "an ONNX model, which holds no weights that can be read here; fetch the model it was made from",
        "ONNX 模型，其中没有这里能读的权重；请获取它的原模型",
    ),
    ("its base model", "其基础模型"),
    ("its base model {base}", "其基础模型 {base}"),
    ("a LoRA", "LoRA"),
    ("an IA³", "IA³"),
    ("a {kind}", "{kind}"),
    (
        "it is {kind} adapter, not a model, and it puts learned vectors before the text of {base}, so it cannot be merged; choose a model that was trained whole",
        "它是 {kind} 适配器，不是模型，而且它在{base}的文本前加入学到的向量，因此无法合并；请选择完整训练的模型",
    ),
    (
        "it is {kind} adapter, not a model; merge it into {base} (peft's merge_and_unload, then save_pretrained) and choose that folder",
        "它是 {kind} 适配器，不是模型；请把它合并到{base}（用 peft 的 merge_and_unload，再 save_pretrained），然后选择那个文件夹",
    ),
    (
        "it is a model of sentence-transformers, whose encoder lies in its folder",
        "它是 sentence-transformers 的模型，其编码器在文件夹",
    ),
    ("it holds no config.json itself; the model lies in its folder", "它自己没有 config.json；模型在文件夹"),
    ("{what} {folder}: choose {path}", "{what} {folder} 中：请选择 {path}"),
    (
        "it holds no config.json itself, but models in the folders {shown}{more}; choose one of them",
        "它自己没有 config.json，但这些文件夹中有模型：{shown}{more}；请选择其中之一",
    ),
    ("it is {what} (it holds {file})", "它是{what}（其中有 {file}）"),
    (" and {count} more", "，另有 {count} 个"),
    ("if those are its weights, name the file model.safetensors", "若那就是它的权重，请把文件命名为 model.safetensors"),
    (
        "if those are its weights, open them with PyTorch and save them as model.safetensors",
        "若那就是它的权重，请用 PyTorch 打开并另存为 model.safetensors",
    ),
    ("fetch its safetensors", "请获取其 safetensors"),
    (
        "there is neither model.safetensors nor pytorch_model.bin, but {first}{more}; {next}",
        "既没有 model.safetensors，也没有 pytorch_model.bin，只有 {first}{more}；{next}",
    ),
    (
        "it is empty; choose the folder that holds config.json, tokenizer and weights",
        "它是空的；请选择含有 config.json、分词器和权重的文件夹",
    ),
    (
        "it holds an archive, {name}; unpack it and choose the folder with config.json",
        "其中有压缩包 {name}；请解压并选择含有 config.json 的文件夹",
    ),
    (" to {bits} bits", "（{bits} 位）"),
    ("a method it does not name", "未说明的方法"),
    (
        "its weights are quantised by {by}, which is not read here; fetch a version that is not quantised, or a GGUF file of the model, which can teach",
        "它的权重由 {by} 量化，这里不能读取；请获取未量化的版本，或该模型的 GGUF 文件（可当教师）",
    ),
    ("it is a file; choose its folder, {folder}", "它是文件；请选择其文件夹 {folder}"),
    (
        "it is an archive; unpack it and choose the folder with config.json",
        "它是压缩包；请解压并选择含有 config.json 的文件夹",
    ),
    (
        "it is a GGML file, the format before GGUF; fetch a .gguf file of the model",
        "它是 GGML 文件，即 GGUF 之前的格式；请获取该模型的 .gguf 文件",
    ),
    ("it is {onnx}", "它是 {onnx}"),
    ("it is {tensorflow}", "它是 {tensorflow}"),
    (
        "it is a file of PyTorch; choose a folder with config.json, tokenizer and weights",
        "它是 PyTorch 的文件；请选择含有 config.json、分词器和权重的文件夹",
    ),
    (
        "it is a file; give the folder that holds config.json, tokenizer and weights, or a .gguf file",
        "它是文件；请给出含有 config.json、分词器和权重的文件夹，或 .gguf 文件",
    ),
    (
        "it is a web page and not the file: the download was answered by a page, e.g. for signing in; fetch it again",
        "它是网页而不是该文件：下载得到的是一个页面，例如登录页；请重新获取",
    ),
    (
        "it is a GGUF file under another name; give it the ending .gguf and choose it",
        "它是换了名称的 GGUF 文件；请把扩展名改为 .gguf 再选择它",
    ),
    (
        "it was saved before PyTorch 1.6, in a format that is not read here; open it with PyTorch and save it once more as safetensors",
        "它由 PyTorch 1.6 之前的版本保存，这里不能读取这种格式；请用 PyTorch 打开并另存为 safetensors",
    ),
    (
        "it was saved by one of the first versions of PyTorch, as a tar archive, which is not read here; open it with PyTorch and save it once more as safetensors",
        "它由最早的 PyTorch 版本存为 tar 归档，这里不能读取；请用 PyTorch 打开并另存为 safetensors",
    ),
    (
        "it is a pickle without PyTorch's archive around it, which is not read here; open it with PyTorch and save it once more as safetensors",
        "它是没有 PyTorch 归档包裹的 pickle，这里不能读取；请用 PyTorch 打开并另存为 safetensors",
    ),
    ("it is packed by gzip; unpack it first", "它用 gzip 压缩过；请先解压"),
    (
        "it is a file of TensorFlow or Keras (HDF5) under another name; fetch the model's safetensors",
        "它是换了名称的 TensorFlow 或 Keras（HDF5）文件；请获取该模型的 safetensors",
    ),
    (
        "it is an archive of PyTorch under another name; name it pytorch_model.bin",
        "它是换了名称的 PyTorch 归档；请命名为 pytorch_model.bin",
    ),
];
