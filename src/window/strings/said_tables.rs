//! Phrases of what the engine says of tables and their rows.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // data/conversation
    ("its conversation is empty; give it messages, or leave it out", "它的对话是空的；请补上消息，或去掉这一行"),
    (
        "in its conversation the assistant says nothing, and that is what is learned; give it an answer, or leave it out",
        "它的对话里 assistant 什么也没说，而要学的正是这部分；请补上回答，或去掉这一行",
    ),
    (
        "its conversation is no JSON; write it as a list of messages with role and content",
        "它的对话不是 JSON；请写成带 role 和 content 的消息列表",
    ),
    (
        "its conversation is an object without `messages` and without `conversations`; write it as a list of messages with role and content",
        "它的对话是一个对象，却没有 `messages` 或 `conversations`；请写成带 role 和 content 的消息列表",
    ),
    (
        "its conversation is {kind}; write it as a list of messages with role and content",
        "它的对话是{kind}；请写成带 role 和 content 的消息列表",
    ),
    (
        "message {number} of its conversation is {kind}; write it as an object with role and content",
        "它的对话中第 {number} 条消息是{kind}；请写成带 role 和 content 的对象",
    ),
    (
        "message {number} of its conversation does not say who speaks; give it a role: system, user or assistant",
        "它的对话中第 {number} 条消息没有说明是谁说的；请给出 role：system、user 或 assistant",
    ),
    (
        "message {number} of its conversation is of the role `{role}`, which is not known; roles are system, user and assistant",
        "它的对话中第 {number} 条消息的 role 是不认识的“{role}”；可用的有 system、user 和 assistant",
    ),
    (
        "message {number} of its conversation is a tool's or calls one, and tools are not learned; leave this conversation out",
        "它的对话中第 {number} 条消息来自工具或调用工具，而工具不在学习之列；请去掉这段对话",
    ),
    (
        "message {number} of its conversation has no content; write what is said, or leave the message out",
        "它的对话中第 {number} 条消息没有内容；请写上所说的话，或去掉这条消息",
    ),
    (
        "the content of message {number} of its conversation is {kind}, not text",
        "它的对话中第 {number} 条消息的内容是{kind}，而不是文本",
    ),
    (
        "message {number} of its conversation has a part of the type `{kind}`, and only texts are read; leave this conversation out",
        "它的对话中第 {number} 条消息有类型为“{kind}”的部分，而这里只读文本；请去掉这段对话",
    ),
    // data/running_text
    (
        "{name} is running text: {documents} documents with {mark} between them",
        "{name} 是连续文本：{documents} 篇文档，之间用{mark}分隔",
    ),
    (
        "{name} is read as one document: nothing in it is parted by {mark}",
        "{name} 读作一整篇文档：其中没有任何内容用{mark}分隔",
    ),
    ("blank lines", "空行"),
    // data, where texts are learned
    (
        "data.labels.weights has no effect: texts are learned, and they have no classes",
        "data.labels.weights 不起作用：学的是文本本身，没有类别",
    ),
    (
        "data.labelled asks for {asked} texts, but there are {usable}: all are kept",
        "data.labelled 要求 {asked} 篇文本，但只有 {usable} 篇：全部保留",
    ),
    // data/columns
    ("no column is named as text", "没有指定文本列"),
    ("it has {record} cells where the first row has {first}", "它有 {record} 个单元格，而首行有 {first} 个"),
    (
        "column `{name}` is asked for by name, but the first row is said not to name columns",
        "按名称指定了列“{name}”，但又说明首行不是列名",
    ),
    ("{column} occurs {places} times; choose it by its place", "{column} 出现了 {places} 次；请按位置选择"),
    ("numbered 0 to {names}", "编号 0 到 {names}"),
    ("a tab", "制表符"),
    ("a comma", "逗号"),
    ("a semicolon", "分号"),
    ("a bar", "竖线"),
    ("number {place} (counted from 0)", "第 {place} 列（从 0 数起）"),
    ("{count} columns {names}", "{count} 列：{names}"),
    ("{count} columns", "{count} 列"),
    // data/decode
    (
        "{damaged} of its {lines} lines, first line {first}, hold bytes that are no characters of {encoding}; save it as UTF-8",
        "它的 {lines} 行中有 {damaged} 行（首个是第 {first} 行）含有不属于 {encoding} 的字节；请另存为 UTF-8",
    ),
    (
        "it holds NUL bytes, so it is binary or a kind of text that is not known here; save it as UTF-8",
        "它含有 NUL 字节，因此是二进制文件或这里不认识的文本；请另存为 UTF-8",
    ),
    ("it begins like UTF-16 but is damaged; save it as UTF-8", "它的开头像 UTF-16，但已损坏；请另存为 UTF-8"),
    (" and not as windows-1252", "而不是 windows-1252"),
    ("{name} is not UTF-8 and was read as {encoding}", "{name} 不是 UTF-8，已按 {encoding} 读取"),
    (
        "{name} is not UTF-8 and was read as {encoding}{instead}, judged by its letters; save it as UTF-8 if they look wrong",
        "{name} 不是 UTF-8，从文字判断，已按 {encoding} 读取{instead}；若文字不对，请另存为 UTF-8",
    ),
    (
        "{name} holds bytes that are no characters, read as U+FFFD, in {lines} {named}{more}",
        "{name} 的{lines} {named}{more} 含有不是字符的字节，已读作 U+FFFD",
    ),
    ("it is not a file", "它不是文件"),
    ("it has more than the {file_limit} bytes allowed", "它超过允许的 {file_limit} 字节"),
    // data/delimited
    ("the file has no row with text", "文件中没有带文本的行"),
    ("{part} rows without text", "没有文本的{part}行"),
    (
        "its quoted cell holds {inner} lines that are rows themselves; where quotation marks are text, double them and quote the cell",
        "它的带引号单元格里有 {inner} 行，而这些行本身就是数据行；若引号是文本的一部分，请写成两个并给单元格加引号",
    ),
    (
        "{name} is read without quoting, its quotation marks as plain text: in line {line} {reason}",
        "{name} 按不带引号的方式读取，引号当作普通文本：第 {line} 行{reason}",
    ),
    // data/error
    ("cannot read the data: {reason}; check the path {path}", "无法读取数据：{reason}；请检查路径 {path}"),
    (
        "the archive cannot be read: {reason}; fetch or pack it again: {path}",
        "无法读取压缩包：{reason}；请重新获取或打包：{path}",
    ),
    (
        "line {line} cannot be used: {reason}; mend or remove it in {path}",
        "第 {line} 行不能使用：{reason}；请在 {path} 中改正或删除它",
    ),
    ("the text cannot be used: {reason}: {path}", "该文本不能使用：{reason}：{path}"),
    (
        "there is no column {wanted}; the columns are {columns}; choose among them for {path}",
        "没有列 {wanted}；现有的列是 {columns}；请从中为 {path} 选择",
    ),
    (
        "the roles of the columns do not work: {reason}; edit them for {path}",
        "列的分工行不通：{reason}；请为 {path} 修改",
    ),
    ("the labels cannot be used: {reason}: {path}", "标签不能使用：{reason}：{path}"),
    ("there is no built-in corpus `{name}`; choose one of: {known}", "没有内置语料“{name}”；请从这些中选择：{known}"),
    ("no {what} examples are left: {reason}; in {path}", "没有剩下任何{what}样本：{reason}；在 {path}"),
    (
        "all examples have the class `{class}`, but a classifier needs two or more; check the label in {path}",
        "所有样本的类别都是“{class}”，而分类器需要两个以上；请检查 {path} 中的标签",
    ),
    // data/json lines
    ("no row has the key `{label}`; those of the first are {keys}", "没有任何行有键“{label}”；首行的键是 {keys}"),
    ("`{key}` is {kind}, not text", "“{key}”是{kind}，不是文本"),
    ("it has no key `{key}`; its keys are {keys}", "它没有键“{key}”；它的键是 {keys}"),
    // data/json values
    ("it is {kind}, not a JSON object", "它是{kind}，不是 JSON 对象"),
    ("text stands behind the end of the array", "数组结束之后还有文本"),
    ("a comma or the end of the array is missing before it", "它之前缺少逗号或数组的结尾"),
    ("; JSON has no NaN: write null", "；JSON 没有 NaN：请写 null"),
    ("it is not JSON: {reason}, at column {column}{hint}", "它不是 JSON：{reason}，在第 {column} 列{hint}"),
    ("null", "null"),
    ("a truth value", "真假值"),
    ("a number", "数字"),
    ("a string", "字符串"),
    ("a list", "列表"),
    ("an object", "对象"),
    // data/quoting
    ("a quotation mark is opened but never closed", "有一个引号打开后没有关闭"),
    ("a quotation mark would take in whole rows", "有一个引号会把整行整行的内容包进去"),
    (
        "text follows a closing quotation mark (a mark inside quoted text must be doubled)",
        "关闭的引号后面还有文本（带引号的文本中的引号必须写成两个）",
    ),
    // data/stream
    ("the file is not UTF-8 and is read as {name}", "文件不是 UTF-8，按 {name} 读取"),
    ("it has {has} cells where the first row has {should}", "它有 {has} 个单元格，而首行有 {should} 个"),
    ("`{key}` is no text", "“{key}”不是文本"),
    ("it is written in another way than the first row", "它的写法与首行不同"),
    ("it has no row that could be read", "它没有可以读取的行"),
    (
        "it is one JSON array, which cannot be read row by row; write one object a line, as jq -c '.[]' does",
        "它是一个 JSON 数组，无法逐行读取；请每行写一个对象，例如用 jq -c '.[]'",
    ),
    (
        "it is read without quoting, its quotation marks as plain text: in line {line} {reason}",
        "它按不带引号的方式读取，引号当作普通文本：第 {line} 行{reason}",
    ),
    ("line {line}: {reason}", "第 {line} 行：{reason}"),
    ("it has no column `{missing}`; its columns are {there}", "它没有列“{missing}”；它的列是 {there}"),
    (
        "which column is the text? name it with --text; its columns are {there}",
        "哪一列是文本？请用 --text 指定；它的列是 {there}",
    ),
    ("several columns are called `{name}`; rename all but one", "有多列都叫“{name}”；请只保留一个，其余改名"),
    ("it has no column `{name}`", "它没有列“{name}”"),
    // data/stream/bytes
    (
        "no encoding is called {label}; say utf-8, windows-1252, gbk, shift_jis, utf-16le or the like",
        "没有叫 {label} 的编码；请写 utf-8、windows-1252、gbk、shift_jis、utf-16le 之类",
    ),
    (
        "a row has more than {row_limit} MB; is a quotation mark opened there and never closed?",
        "有一行超过 {row_limit} MB；是不是那里有个引号打开后没有关闭？",
    ),
    // data/stream/records
    ("it is no JSON object", "它不是 JSON 对象"),
    ("it is not JSON: {e}", "它不是 JSON：{e}"),
    (
        "it holds bytes that are not UTF-8; name its encoding with --encoding, or save the file as UTF-8",
        "它含有不是 UTF-8 的字节；请用 --encoding 指定编码，或另存为 UTF-8",
    ),
    ("it holds bytes that are no characters of {encoding}", "它含有不属于 {encoding} 的字节"),
    ("it holds NUL bytes", "它含有 NUL 字节"),
    ("{reason} (lines {lines}{more})", "{reason}（第 {lines}{more} 行）"),
    ("it has more than {most} entries", "它有超过 {most} 个条目"),
    (
        "`{name}` in it is a link, which is not followed; pack it without",
        "其中的 `{name}` 是链接，不会跟随；请不带它重新打包",
    ),
    ("{name}: {aside} are not read", "{name}：{aside} 未读取"),
    (
        "it is a file of {kind}, which is not read here; unpack it, or save it as CSV, JSON or Parquet, packed by gzip or zip if need be",
        "它是 {kind} 文件，这里无法读取；请解压，或另存为 CSV、JSON 或 Parquet，需要时用 gzip 或 zip 压缩",
    ),
    (
        "it is a spreadsheet or another office document; save its table as CSV",
        "它是电子表格或其他办公文档；请把其中的表格另存为 CSV",
    ),
    ("{name} holds {part} rows", "{name} 是{part}数据"),
    ("it holds rows of other parts, and none that it calls {part}", "它含有其他部分的行，但没有称作{part}的行"),
    (
        "{columns} where {mark} parts the cells; another separator is chosen by format: Delimited(separator: …), and lines that are texts by format: Lines",
        "{columns}，单元格以{mark}分隔；可用 format: Delimited(separator: …) 选择别的分隔符；若每行就是一篇文本，请写 format: Lines",
    ),
    (
        "the first row is said to name the columns, but looks like data: {first}; say format: Delimited(header: false)",
        "首行被说成是列名，但看起来像数据：{first}；请写 format: Delimited(header: false)",
    ),
    (
        "the first row looks like the names of the columns, {first}, but is said to be data; say format: Delimited(header: true)",
        "首行看起来像列名（{first}），却被说成是数据；请写 format: Delimited(header: true)",
    ),
    (
        "it has {theirs}, the training file {training} has {ours}; give both the same, or this part roles of its own",
        "它有{theirs}，训练文件 {training} 有{ours}；请让两者一致，或给这一部分单独的 roles",
    ),
    (
        "column {place} is called `{theirs}` in {other} and `{ours}` in the training file",
        "第 {place} 列在 {other} 中叫 `{theirs}`，在训练文件中叫 `{ours}`",
    ),
    (
        "its column `{name}` is packed with {packing}, which is not read here; write it with snappy, zstd, lz4 or gzip",
        "其列 `{name}` 用 {packing} 压缩，这里无法读取；请用 snappy、zstd、lz4 或 gzip 写出",
    ),
    ("row {row}: {reason}", "第 {row} 行：{reason}"),
    (
        "it is no Parquet file that can be read: {reason}; write it anew",
        "它不是可读的 Parquet 文件：{reason}；请重新写出",
    ),
    ("a page of it is damaged", "其中一页已损坏"),
    ("bytes that are no text", "不是文本的字节"),
    (
        "the file is one JSON object with the keys {keys}, and which of them hold its rows cannot be told; call them train, validation and test, or save one array of objects",
        "文件是一个 JSON 对象，键为 {keys}，无法判断哪些键存放数据行；请把它们命名为 train、validation 和 test，或保存为一个对象数组",
    ),
    ("{name}: the {rows} rows under `{key}` are {part} rows", "{name}：`{key}` 下的 {rows} 行是{part}数据"),
    ("{name}: what stands under {aside} is not read", "{name}：{aside} 下的内容未读取"),
    ("row {row} of {key}: {reason}", "{key} 的第 {row} 行：{reason}"),
    (
        "it is an object, whose values have names and not places; name the column instead of {key}",
        "它是对象，其值按名称而不是按位置存放；请写列名而不是 {key}",
    ),
    (
        "it is a list and has no `{key}`; its columns are numbered 0 to {places}, so choose them as in roles: (text: [0], label: 1)",
        "它是列表，没有 `{key}`；其列编号为 0 到 {places}，请像 roles: (text: [0], label: 1) 这样选择",
    ),
    (
        "the separator is empty; write what stands between two cells, such as \",\" or \"\\t\"",
        "分隔符为空；请写出两个单元格之间的字符，例如 \",\" 或 \"\\t\"",
    ),
    ("{said} cannot stand between cells, it has another meaning", "{said} 不能用作分隔符，它另有含义"),
    ("a separator cannot hold a line break", "分隔符不能含有换行"),
    ("a blank", "空格"),
    ("{name}: the first row, {first}, is taken for the names of the columns", "{name}：首行 {first} 被当作列名"),
    ("{name}: the first row, {first}, is taken for data", "{name}：首行 {first} 被当作数据"),
    (
        "{without} texts lie in a folder that is called unlabelled, and have no label",
        "{without} 篇文本位于名为“未标注”的文件夹中，没有标签",
    ),
    (
        "{count} files in no class folder are read as a text each, without a label",
        "{count} 个不在类别文件夹中的文件各读作一篇无标签的文本",
    ),
    (
        "its weight `{key}` is {text}, and a weight is a number not below 0",
        "其权重 `{key}` 为 {text}，而权重须是不小于 0 的数",
    ),
    ("it is called so", "名称如此"),
    ("{values} different values in {rows} rows", "{rows} 行中有 {values} 种取值"),
    ("the two are usually read as a pair", "两列通常成对读取"),
    ("title and body are one text", "标题与正文是一篇文本"),
    ("it has most to read: {chars} characters a row", "文字最多：每行 {chars} 个字符"),
    ("question and answer, and no column could be a class", "问与答，且没有可作类别的列"),
];
