//! Phrases of what the engine says of the Hub and of connections.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // hub/cache
    ("it was not fetched yet", "尚未获取"),
    ("it holds several GGUF files, and one must be chosen: {several}", "它有多个 GGUF 文件，必须选定一个：{several}"),
    ("{missing} is missing", "缺少 {missing}"),
    ("its fetch was begun and nothing is whole yet", "获取已开始，但还没有一个完整的文件"),
    ("config.json is missing", "缺少 config.json"),
    (
        "a tokenizer is missing (tokenizer.json, vocab.txt, or vocab.json with merges.txt)",
        "缺少分词器（tokenizer.json、vocab.txt，或 vocab.json 加 merges.txt）",
    ),
    // hub/download
    ("it sent another part of the file than was asked for", "它发来的不是所要的那一部分"),
    ("the file ended early", "文件提前结束"),
    // hub/error
    (
        "{name} is no model of the Hub; write OWNER/NAME, as in the address of its page",
        "{name} 不是 Hub 上的模型；请写 OWNER/NAME，如其页面地址所示",
    ),
    (
        "{revision} is no revision; give a branch, a tag or a commit, such as main",
        "{revision} 不是版本；请给出分支、标签或提交，例如 main",
    ),
    (
        "{file} is no GGUF file of a repository; give its name as its page shows it, ending in .gguf",
        "{file} 不是仓库中的 GGUF 文件；请照其页面写出以 .gguf 结尾的名称",
    ),
    (
        "there is no home folder to keep models in; set HF_HUB_CACHE to a folder",
        "没有存放模型的主文件夹；请把 HF_HUB_CACHE 设为一个文件夹",
    ),
    (
        "HF_ENDPOINT is {address}, which is no address: {reason}; unset it, or give one like https://huggingface.co",
        "HF_ENDPOINT 为 {address}，它不是地址：{reason}；请取消设置，或给出 https://huggingface.co 这样的地址",
    ),
    (
        "{name} is not whole in the cache ({lack}) and HF_HUB_OFFLINE forbids to fetch it; unset HF_HUB_OFFLINE, or copy the model into {cache}",
        "{name} 在缓存中不完整（{lack}），而 HF_HUB_OFFLINE 禁止获取；请取消 HF_HUB_OFFLINE，或把模型复制到 {cache}",
    ),
    (
        "the Hub does not give out {name} (status {status}): {token}; if it is gated, ask for access on {page}, and if it is misspelt it looks the same",
        "Hub 不给出 {name}（状态 {status}）：{token}；若它受限，请在 {page} 申请访问；若名称写错，看起来也是如此",
    ),
    (
        "the Hub has no {what} (status 404); check name and revision on {page}",
        "Hub 上没有{what}（状态 404）；请在 {page} 核对名称和版本",
    ),
    (
        "the connection to {host} failed: {reason}; what has come is kept, so the next try goes on from there",
        "与 {host} 的连接失败：{reason}；已收到的会保留，下次从那里继续",
    ),
    (
        "the certificate of {host}, or of the store it sends to, is refused: {reason}; what has come is kept",
        "{host} 或它转向的存储的证书被拒绝：{reason}；已收到的会保留",
    ),
    (
        "{host} answered with status {status}; try again later, or set HF_ENDPOINT to a mirror",
        "{host} 回答状态 {status}；请稍后再试，或把 HF_ENDPOINT 设为镜像",
    ),
    (
        "{host} does not answer as the Hub does: {reason}; check HF_ENDPOINT",
        "{host} 的回答不像 Hub：{reason}；请检查 HF_ENDPOINT",
    ),
    (
        "{repo} holds several GGUF files, each a model by itself; choose one: in the window from the list under its name, in a session by file: Some(\"NAME\"), for retort fetch by --file NAME; there are {list}",
        "{repo} 有多个 GGUF 文件，每个都是单独的模型；请选定一个：在窗口中从其名称下的列表选择，在会话中写 file: Some(\"NAME\")，用 retort fetch 时写 --file NAME；现有 {list}",
    ),
    ("{repo} has no {file}; its GGUF files are: {list}", "{repo} 没有 {file}；它的 GGUF 文件有：{list}"),
    (
        "{name} cannot be used here: it has no {what}; pick a version of it in safetensors or GGUF",
        "{name} 不能在这里使用：它没有{what}；请选择 safetensors 或 GGUF 版本",
    ),
    ("{file} came damaged and was thrown away; fetch it again", "{file} 收到时已损坏，已丢弃；请重新获取"),
    (
        "{name} needs {needed} more and {cache} has room for {free}; free some room or set HF_HUB_CACHE",
        "{name} 还需要 {needed}，而 {cache} 只有 {free} 空间；请腾出空间或设置 HF_HUB_CACHE",
    ),
    (
        "cannot write the cache: {reason}; free some room or set HF_HUB_CACHE, what has come is kept: {path}",
        "无法写入缓存：{reason}；请腾出空间或设置 HF_HUB_CACHE，已收到的会保留：{path}",
    ),
    (
        "another fetch is at this file; wait for it or end it: {path}",
        "另一个获取正在处理这个文件；请等它结束或终止它：{path}",
    ),
    (
        "the fetch of {name} was stopped; what has come is kept, so the next try goes on from there",
        "{name} 的获取已停止；已收到的会保留，下次从那里继续",
    ),
    (" --revision {revision}", " --revision {revision}"),
    ("its weights have {bytes}", "它的权重有 {bytes}"),
    ("its size is the Hub's to tell", "它的大小要由 Hub 告知"),
    (", {present} of it are there", "，其中 {present} 已经在了"),
    (
        "{name} is not whole in the cache ({lack}) and is not fetched without being asked for: {size}{there}; fetch it with: retort fetch {name}, or add --fetch; it goes to {place}",
        "{name} 在缓存中不完整（{lack}），未经要求不会获取：{size}{there}；用 retort fetch {name} 获取，或加上 --fetch；它会放到 {place}",
    ),
    ("{parts} parts", "{parts} 个部分"),
    ("{kind} is not read here", "{kind} 在这里不能读取"),
    // hub/fetch
    ("nothing is missing", "什么都不缺"),
    ("it made this program stumble, please report this", "它使本程序出错，请报告此事"),
    ("its files are not known here", "这里不知道它有哪些文件"),
    ("the GGUF file", "GGUF 文件"),
    ("the index of the shards", "分片索引"),
    ("it has no shard {name}", "它没有分片 {name}"),
    // hub/http
    ("model {name}", "模型 {name}"),
    ("it sends from one address to the next without end", "它不停地从一个地址转到另一个地址"),
    (
        "a token is there but is not sent over plain http to another machine, where everybody on the way could read it, so use https",
        "有令牌，但不会以明文 http 发往另一台机器，因为途中人人都能读到，请用 https",
    ),
    ("the token that was sent is not enough", "发送的令牌权限不够"),
    (
        "no token was sent, so make one in your settings there and put it into HF_TOKEN",
        "没有发送令牌，请在那里的设置中创建一个，放入 HF_TOKEN",
    ),
    ("it sends on without saying where to", "它要求转向，却没有说转到哪里"),
    ("it sends to an address that is none", "它转向的不是地址"),
    ("it sends from https to plain http, {after}", "它从 https 转到明文 http：{after}"),
    ("an address of it is none", "它的一个地址不是地址"),
    // hub/hub config
    ("not repeated here", "此处不重复"),
    // hub/listing
    ("no listing of files ({e})", "不是文件清单（{e}）"),
    ("{sha} is no commit", "{sha} 不是提交"),
    (
        "config.json of its own: it is an adapter, which has to be merged into its base model first",
        "自己的 config.json：它是适配器，必须先合并到其基础模型",
    ),
    ("tokenizer this program reads (tokenizer.json or a vocabulary)", "本程序能读的分词器（tokenizer.json 或词表）"),
    (
        "weights this program reads (safetensors or pytorch_model.bin)",
        "本程序能读的权重（safetensors 或 pytorch_model.bin）",
    ),
    // hub/progress
    ("asking the Hub for {name}", "向 Hub 询问 {name}"),
    ("fetching {name} · {file} · {done} of {all}", "正在获取 {name} · {file} · {done} / {all}"),
    // tls
    ("it shows none; check address and port", "它没有出示证书；请检查地址和端口"),
    ("it has expired; check this machine's clock, or have it renewed", "它已过期；请检查本机时钟，或请人更新证书"),
    ("it is not valid yet; check this machine's clock", "它尚未生效；请检查本机时钟"),
    ("it is another host's; check the address", "它属于另一台主机；请检查地址"),
    ("nobody that this machine trusts has signed it", "签发它的机构不受本机信任"),
    (
        "{reason}{said}; if a company or a proxy signs it, put the root certificate of that authority as PEM into a file and name the file in {file}, or add it to the system's store",
        "{reason}{said}；若由公司或代理签发，请把该机构的根证书以 PEM 格式放入文件，并在 {file} 中指定该文件，或加入系统的证书库",
    ),
];
