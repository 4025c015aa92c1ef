//! Phrases of what the engine says of labels, parts and folders of texts.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // data/archive
    ("it unpacks to more than {file_limit} bytes", "解压后超过 {file_limit} 字节"),
    (
        "it has {size} bytes, more than the {document_limit} allowed; pack the archive without it",
        "它有 {size} 字节，超过允许的 {document_limit}；打包时不要放入它",
    ),
    ("it ends within `{place}`", "它在“{place}”中间就结束了"),
    ("the name `{name}` points out of it", "名称“{name}”指向压缩包之外"),
    // data/folder
    ("it has more than {document_limit} bytes; remove it or cut it", "它超过 {document_limit} 字节；请移除或截短"),
    ("the folder holds more than {file_limit} bytes of text", "文件夹中的文本超过 {file_limit} 字节"),
    // data/labels
    ("{first} and {more} more", "{first}，另有 {more} 个"),
    (
        "none of the {before} rows has a label, and only with one can be measured",
        "{before} 行都没有标签，而没有标签就无法测量",
    ),
    (
        "{without} of {before} {part} texts have no label and are left out",
        "{before} 篇{part}文本中有 {without} 篇没有标签，已略去",
    ),
    ("{part} texts without a label", "没有标签的{part}文本"),
    ("`{name}` ({rows} rows) as `{whole}`", "“{name}”（{rows} 行）读作“{whole}”"),
    ("labels that are the same number are one class: {told} are read", "数值相同的标签算作一个类别：{told}"),
    ("{label} in {rows} rows", "{label} 有 {rows} 行"),
    (" ({others} more classes have several spellings)", "（另有 {others} 个类别有多种写法）"),
    (
        "the label has {classes} different values, {fractions} of them numbers with a fraction, such as {names}: these are scores, and a classifier needs classes; choose another column, or round them",
        "标签有 {classes} 个不同的值，其中 {fractions} 个是带小数的数，例如 {names}：这是分数，而分类器需要类别；请选择另一列，或先取整",
    ),
    (
        "the label has {classes} different values in {rows} rows, {single} of them once, such as {names}: this looks like a column of texts, numbers or ids; choose the column of the class",
        "标签在 {rows} 行中有 {classes} 个不同的值，其中 {single} 个只出现一次，例如 {names}：这像是文本、数字或编号列；请选择类别所在的列",
    ),
    (
        "{count} of the {asked} classes of the {part} rows have no training text, {strange}; the training rows have {taught}; their columns or their labels differ, so give both the same",
        "{part}行的 {asked} 个类别中有 {count} 个没有训练文本：{strange}；训练行的类别是 {taught}；两者的列或标签不同，请统一",
    ),
    (
        "{without} of {rows} training texts have no label: a teacher's soft targets learn from them, labels and measures leave them out",
        "{rows} 篇训练文本中有 {without} 篇没有标签：教师的软目标会用到它们，标签和测量不用它们",
    ),
    ("{rows} labels `{spelling}` are taken for missing ones", "{rows} 个标签“{spelling}”当作缺失"),
    (
        "`{label}` ({rows} rows) is taken for a class; empty these cells if they mean that there is no label",
        "“{label}”（{rows} 行）当作一个类别；若它表示没有标签，请清空这些单元格",
    ),
    // data/mod
    ("a corpus has parts of its own; name a session with it instead", "语料有自己的划分；请改为指定使用它的会话"),
    ("no row has a class, and only with one can be measured", "没有任何行有类别，而没有类别就无法测量"),
    ("rows without a class", "没有类别的行"),
    // data/newsgroups
    (
        "there are no class folders with files; point at the folder that holds them",
        "没有带文件的类别文件夹；请指向装着它们的文件夹",
    ),
    ("the class folder {class} has no files", "类别文件夹 {class} 里没有文件"),
    ("{strays} files outside of the class folders are not read", "类别文件夹之外的 {strays} 个文件没有读取"),
    ("files outside of the class folders", "类别文件夹之外的文件"),
    ("{skipped} links and hidden files are not read", "{skipped} 个链接和隐藏文件没有读取"),
    ("links and hidden files", "链接和隐藏文件"),
    (
        "only the training folder is read; point at the folder above for the test folder too",
        "只读取了训练文件夹；若也要测试文件夹，请指向上一级文件夹",
    ),
    (
        "all documents were empty after stripping; where they are plain texts and no messages, say strip: (headers: false, footers: false, quotes: false)",
        "去除之后所有文档都空了；若它们是普通文本而不是邮件，请写 strip: (headers: false, footers: false, quotes: false)",
    ),
    ("{odd} files are not UTF-8 and were read as {encoding}", "{odd} 个文件不是 UTF-8，已按 {encoding} 读取"),
    (
        "{damaged} files hold bytes that are no characters, read as U+FFFD",
        "{damaged} 个文件含有不是字符的字节，已读作 U+FFFD",
    ),
    (
        "{emptied} of {read} {part} documents were empty after stripping and are left out",
        "{read} 篇{part}文档中有 {emptied} 篇去除后为空，已略去",
    ),
    ("{part} documents empty after stripping", "去除后为空的{part}文档"),
    ("no document of the class {class} is left", "类别 {class} 没有剩下任何文档"),
    // data/parts
    ("training", "训练"),
    (
        "its label {label} holds U+FFFD, the sign of a damaged character",
        "它的标签 {label} 含有 U+FFFD，即字符损坏的记号",
    ),
    (
        "its text has {text} bytes, more than the {document_limit} allowed",
        "它的文本有 {text} 字节，超过允许的 {document_limit}",
    ),
    ("{count} {part} texts were empty and are left out", "{count} 篇{part}文本是空的，已略去"),
    // data/split
    ("texts beyond data.limit", "超出 data.limit 的文本"),
    ("the source has none with text, or the limit is 0", "来源中没有带文本的样本，或上限为 0"),
    ("no training example has the class {unseen}", "没有类别 {unseen} 的训练样本"),
    (
        "data.labelled asks for {asked} labels, but {labelled} training texts have one: all are kept",
        "data.labelled 要求 {asked} 个标签，但只有 {labelled} 篇训练文本有标签：全部保留",
    ),
    (
        "{doubled} of {all} {part} texts also occur among the training texts",
        "{all} 篇{part}文本中有 {doubled} 篇也出现在训练文本里",
    ),
    (
        "its label `{label}` names several classes, {items}, as {rows} rows do, and a text has one class here; say data.labels: (several: First) to take the first of them or (several: LeaveOut) to leave these rows out, or make a column of each label and learn one of them",
        "其标签 `{label}` 含多个类别 {items}，共有 {rows} 行如此，而这里一篇文本只有一个类别；请写 data.labels: (several: First) 取第一个，或 (several: LeaveOut) 略去这些行，或把每个标签做成一列并学习其中一列",
    ),
    ("{rows} rows have several labels, and the first of them is their class", "{rows} 行有多个标签，以第一个为其类别"),
    ("{rows} rows have several labels and are left out", "{rows} 行有多个标签，已略去"),
    ("rows with several labels", "有多个标签的行"),
    ("a name among data.labels.names is empty", "data.labels.names 中有一个名称为空"),
    (
        "the name `{name}` is there twice among data.labels.names; keep one",
        "名称 `{name}` 在 data.labels.names 中出现两次；请保留一个",
    ),
    ("data.labels.names has fewer than two classes", "data.labels.names 少于两个类别"),
    ("labels stand for classes: {replaced}", "标签代表类别：{replaced}"),
    (
        "its label `{label}` is none of the classes that data.labels.names gives, {names}; add its name there, or mend the label",
        "其标签 `{label}` 不在 data.labels.names 给出的类别 {names} 之中；请在那里加上它的名称，或修正标签",
    ),
    (
        "no row has a label; a run needs the classes, so give at least some texts theirs, or name the classes under data.labels.names",
        "没有一行有标签；运行需要类别，请至少给一些文本加上标签，或在 data.labels.names 下列出类别",
    ),
    ("labels that look alike are one class, `{kept}`: {told}", "看起来相同的标签合为一类 `{kept}`：{told}"),
    (
        "its label differs from another by letter case, blanks or digits' form alone: {told}{others}; say data.labels: (merge: true) to make them one class, write them alike, or further apart if they are two",
        "其标签与另一个只有大小写、空白或数字写法之别：{told}{others}；请写 data.labels: (merge: true) 合为一类，或统一写法；若确是两类，请区分得更明显",
    ),
];
