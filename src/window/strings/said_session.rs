//! Phrases of what is said of a session and its file.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // session/assignment
    (
        "there is no field and no knob {name}{meant}; what can be set is under data, teachers, student, prompt and recipe, and every knob by its id",
        "没有字段或旋钮 {name}{meant}；可以设置的是 data、teachers、student、prompt 和 recipe 下的字段，以及每个旋钮（按其 id）",
    ),
    ("{name} is given no value; write a number behind the =", "{name} 没有给出值；请在 = 后写一个数"),
    ("{whole} is given no value; write one behind the ={example}", "{whole} 没有给出值；请在 = 后写一个{example}"),
    (", such as {whole}={now}, which it is now", "，例如 {whole}={now}，即它现在的值"),
    (
        "{whole} leads into a list of {count}, whose items are named by their places from 0, as {place}.{first}; or set {place} as a whole",
        "{whole} 指向一个有 {count} 项的列表，其项按从 0 起的位置命名，如 {place}.{first}；或者把 {place} 整个设置",
    ),
    (
        "{whole} is a field of {having}, which {place} is not; set it as a whole, such as {place}={choice}{form}",
        "{whole} 是 {having} 的字段，而 {place} 现在不是它；请整个设置，例如 {place}={choice}{form}",
    ),
    (
        "there is no field {name}{meant}; those of {place} are {known}",
        "没有字段 {name}{meant}；{place} 的字段有 {known}",
    ),
    (
        "{name} cannot be set from outside; what can be set is under data, teachers, student, prompt and recipe, and every knob by its id",
        "{name} 不能从外部设置；可以设置的是 data、teachers、student、prompt 和 recipe 下的字段，以及每个旋钮（按其 id）",
    ),
    ("{name} is called {new} in today's sessions; set that", "{name} 在如今的会话中叫作 {new}；请设置它"),
    (
        "{name} is of a teacher and the session has none; name one under teachers",
        "{name} 属于教师，而会话没有教师；请在 teachers 下指定一个",
    ),
    ("{name} takes a number, not {value}", "{name} 要一个数，而不是 {value}"),
    ("teacher.token_limit takes a whole number, not {value}", "teacher.token_limit 要一个整数，而不是 {value}"),
    (
        "teacher.token_limit is for a teacher behind a server; this session has none",
        "teacher.token_limit 用于服务器后面的教师；这个会话没有",
    ),
    (
        "{whole} takes what a session's file would say there, a text in quotation marks: {reason}",
        "{whole} 要会话文件在那里会写的内容，文本放在引号中：{reason}",
    ),
    (
        "{whole} has fields within a value that has none; set that value as a whole",
        "{whole} 在一个没有字段的值里写了字段；请把那个值整个设置",
    ),
    // session/file
    ("cannot read the session: {reason}; check the path {path}", "无法读取会话：{reason}；请检查路径 {path}"),
    (
        "not a valid session at line {line}, column {column}: {reason}; mend it in a text editor: {path}",
        "不是有效的会话，第 {line} 行第 {column} 列：{reason}；请用文本编辑器改正：{path}",
    ),
    (
        "the session has version {found}, this program reads up to {session_version}; update retort to open {path}",
        "会话的版本为 {found}，本程序最高读取 {session_version}；请更新 retort 以打开 {path}",
    ),
    ("the session asks for the impossible: {reason}; in {path}", "会话提出了不可能的要求：{reason}；在 {path}"),
    ("cannot write the session: {reason}; the old file is kept: {path}", "无法写入会话：{reason}；旧文件保留：{path}"),
    ("it is not UTF-8 text ({e})", "它不是 UTF-8 文本（{e}）"),
    ("{name} must be at least {least}", "{name} 必须至少为 {least}"),
    ("{name} must be at least {least}: {advice}", "{name} 必须至少为 {least}：{advice}"),
    ("it counts evaluations; leave it out to never stop early", "它以评估次数计；去掉它则从不提前停止"),
    ("leave it out to ask as fast as the server answers", "去掉它则按服务器回答的速度询问"),
    ("{id} must be a finite number, not {value}", "{id} 必须是有限的数，而不是 {value}"),
    (
        "the script must be in step order; the change of {knob} at step {step} comes too late",
        "脚本必须按步数排序；{knob} 在第 {step} 步的改动来得太晚",
    ),
    // session/from tree
    ("the word {word}", "词 {word}"),
    ("the number {number}", "数字 {number}"),
    ("the text {text}", "文本 {text}"),
    ("a map", "映射"),
    ("{found} stands where {wanted} belongs; write {form}", "{wanted}的位置上是 {found}；请写 {form}"),
    ("one without quotation marks, such as 1 or 0.5", "不带引号的数，例如 1 或 0.5"),
    ("a text", "文本"),
    ("one in quotation marks", "带引号的文本"),
    ("a group of fields", "一组字段"),
    ("a whole number", "整数"),
    ("one without a point, of at most 64 bits", "不带小数点、至多 64 位的整数"),
    ("one such as 1, 0.5 or 2e-5", "1、0.5 或 2e-5 这样的数"),
    ("yes or no", "是或否"),
    ("true or false, without quotation marks", "true 或 false，不带引号"),
    ("one value", "单个值"),
    ("Some(…) around it", "外面加 Some(…)"),
    ("Some((…)), with two parentheses", "Some((…))，带两层括号"),
    ("nothing", "空值"),
    ("[] for an empty one", "[] 表示空列表"),
    ("a choice", "选项"),
    ("a name", "名称"),
    ("one", "一个"),
    ("the key {name} is there twice; keep one", "键 {name} 出现了两次；请保留一个"),
    ("a value without a name", "没有名称的值"),
    ("its name", "它的名称"),
    ("a choice with a value", "带值的选项"),
    ("a choice without a value", "不带值的选项"),
    ("a choice with fields", "带字段的选项"),
    // session/inference spec
    (
        "cannot read how the model is asked: {reason}; check the file {path}",
        "无法读取模型的询问方式：{reason}；请检查文件 {path}",
    ),
    (
        "retort.ron says not how the model is asked: {reason}; mend or delete it: {path}",
        "retort.ron 没有说明模型的询问方式：{reason}；请改正或删除它：{path}",
    ),
    (
        "retort.ron has version {found}, this program reads up to {usage_version}; update retort to open {path}",
        "retort.ron 的版本为 {found}，本程序最高读取 {usage_version}；请更新 retort 以打开 {path}",
    ),
    ("{refusal}, at line {line}, column {column}", "{refusal}，第 {line} 行第 {column} 列"),
    ("it names no classes", "它没有列出类别"),
    ("head must be Classifier or LabelWords", "head 必须是 Classifier 或 LabelWords"),
    // session/key
    (
        "it is written NAME@HOST, such as MY_KEY@https://api.example.com or keyring:NAME@HOST",
        "写法是 NAME@HOST，例如 MY_KEY@https://api.example.com 或 keyring:NAME@HOST",
    ),
    ("its host cannot be used: {e}; {form}", "它的主机不能使用：{e}；{form}"),
    // session/knob
    ("{id} must be between {min} and {max}, not {value}", "{id} 必须在 {min} 到 {max} 之间，而不是 {value}"),
    ("there is no knob {id}{suggested}; the known ones are {known}", "没有旋钮 {id}{suggested}；现有的是 {known}"),
    // session/migration
    ("there is no version 0; the first is 1", "没有版本 0；第一个版本是 1"),
    // session/mod
    (
        "{knob} is read at the start only; set it under knobs and leave it out of the script",
        "{knob} 只在开始时读取；请把它设在 knobs 下，并从脚本中去掉",
    ),
    ("the script's change at step {step}: {reason}", "脚本在第 {step} 步的改动：{reason}"),
    // session/models
    (
        "teachers names {count} models, {another} the second of them, and a student learns from one so far; keep one",
        "teachers 列出了 {count} 个模型，第二个是 {another}，而学生目前只向一个学习；请保留一个",
    ),
    (
        "a teacher under teachers cannot be made from layers or trimmed; ask this of student",
        "teachers 下的教师不能由层构成或裁剪；请对 student 提出这个要求",
    ),
    (
        "student.precision must be F32: what learns is trained in single precision",
        "student.precision 必须是 F32：学习者以单精度训练",
    ),
    (
        "student.init takes layers and there is no teacher to take them from; name a model under `of`",
        "student.init 要取层，但没有可取的教师；请在 `of` 下指定模型",
    ),
    (
        "student names a GGUF file, which is frozen: it can teach, not learn; leave `file` out",
        "student 指定了 GGUF 文件，而它已冻结：能当教师，不能学习；请去掉 `file`",
    ),
    (
        "teachers: classes says which output of a classifier is which class, and a model behind a server has none; leave it out",
        "teachers：classes 说明分类器的哪个输出是哪个类别，而服务器后面的模型没有分类器；请去掉它",
    ),
    // session/near
    (" (did you mean {name}?)", "（是否指 {name}？）"),
    // session/origin
    ("it does not begin with http:// or https://", "它不以 http:// 或 https:// 开头"),
    ("it has a space, a control character or a backslash", "它含有空格、控制字符或反斜杠"),
    ("it has a ? or a #, behind which nothing can be asked", "它含有 ? 或 #，其后无法再询问"),
    ("it names a user before an @, which hides the host", "它在 @ 之前写了用户，掩盖了主机"),
    ("its [ has no ]", "它的 [ 没有 ]"),
    ("something stands behind its ]", "它的 ] 后面还有内容"),
    ("its port is no number from 1 to 65535", "它的端口不是 1 到 65535 的数"),
    ("what stands in [ ] is no IPv6 address", "[ ] 中的不是 IPv6 地址"),
    (
        "its host has letters beyond ASCII; write it as it is registered, with xn--",
        "它的主机含有 ASCII 以外的字母；请按注册的写法写，即带 xn--",
    ),
    ("its host is no name and no number", "它的主机既不是名称也不是数字"),
    ("its host is a number but no IPv4 address; write all four parts", "它的主机是数字但不是 IPv4 地址；请写全四段"),
    // session/prompt
    ("the template has no {slot}; add it where it belongs", "模板没有 {slot}；请加到该在的位置"),
    ("the template has {slot} {n} times; keep one", "模板中 {slot} 出现了 {n} 次；请保留一个"),
    // session/inference spec
    (
        "columns must name at least one column, and texts say how many of them make up the text",
        "columns 必须至少写出一列，texts 必须说明其中几列组成文本",
    ),
    // session/prompts
    (
        "prompt.label_words has no word for class {class}; name one, or leave the class out to have it stand for itself",
        "prompt.label_words 没有给类别 {class} 写词；请写一个，或去掉该类别，让它代表自己",
    ),
    (
        "prompt.label_words has {count} words for class {class}, and one word a class is scored so far; keep one",
        "prompt.label_words 给类别 {class} 写了 {count} 个词，而目前每个类别只评一个词；请保留一个",
    ),
    (", … ({known} in all)", "，…（共 {known} 个）"),
    (
        "label words for classes that the data does not have, which are not used: {strays}; its classes are {shown}{more}",
        "有些标签词所属的类别不在数据中，因此没有使用：{strays}；数据的类别是 {shown}{more}",
    ),
    // session/recipe
    ("recipe.terms is empty; name at least one loss", "recipe.terms 是空的；请至少写一个损失"),
    (
        "recipe.terms names {loss} more than once, which would count it twice; name it once and turn its weight",
        "recipe.terms 多次列出 {loss}，会重复计算；请只列一次并调它的权重",
    ),
    (
        "recipe.patience counts evaluations; set recipe.evaluate_every above 0",
        "recipe.patience 以评估次数计；请把 recipe.evaluate_every 设为大于 0",
    ),
    (
        "recipe.keep chooses by evaluations; set recipe.evaluate_every above 0, or keep: Last",
        "recipe.keep 按评估选择；请把 recipe.evaluate_every 设为大于 0，或写 keep: Last",
    ),
    (
        "recipe.extended must be in step order, none of it behind the steps it was planned for",
        "recipe.extended 必须按步数排序，且不能晚于原计划的步数",
    ),
    // session/layer_group
    (
        "recipe.groups names the layers {first} to {last}, the last before the first; write the smaller number first",
        "recipe.groups 指定了第 {first} 到 {last} 层，末层在首层之前；请先写较小的编号",
    ),
    (
        "recipe.groups names variables by an empty text; write a part of their names, such as *.attention.*",
        "recipe.groups 用空文本指定变量；请写出其名称的一部分，如 *.attention.*",
    ),
    (
        "recipe.groups has a LayerDecay of {rate}, by which lower layers would learn faster; choose a rate of at most 1",
        "recipe.groups 的 LayerDecay 为 {rate}，这会让较低的层学得更快；请选择不大于 1 的倍数",
    ),
    // session/refusal
    (
        "there is no field `{field}` here{meant}; the fields are {ticked}",
        "这里没有字段“{field}”{meant}；字段有 {ticked}",
    ),
    (" (called {new} in today's sessions)", "（在如今的会话中叫作 {new}）"),
    ("{reason}; the fields are {ticked}", "{reason}；字段有 {ticked}"),
    ("`{variant}` is none of {ticked}{meant}", "“{variant}”不在 {ticked} 之中{meant}"),
    ("a whole number of at least {least}", "不小于 {least} 的整数"),
    ("a whole number of at most {most}", "不大于 {most} 的整数"),
    ("a larger one", "更大的数"),
    ("a smaller one", "更小的数"),
    ("the field `{field}` is missing", "缺少字段“{field}”"),
    ("{unexpected} stands where {expected} belongs", "{expected} 的位置上是 {unexpected}"),
    ("{unexpected} is out of range; it must be {expected}", "{unexpected} 超出范围；必须是 {expected}"),
    ("the field `{field}` is there twice; keep one", "字段“{field}”出现了两次；请保留一个"),
    // session/ron tree
    ("the end of the file", "文件的结尾"),
    ("{c} is no quotation mark here; write \"", "{c} 在这里不是引号；请写 \""),
    ("{wanted} is expected here, not {c}", "这里应为{wanted}，而不是 {c}"),
    ("{wanted} is expected here, but the text ends", "这里应为{wanted}，但文本到此结束"),
    ("the comment /* has no */", "注释 /* 没有 */"),
    ("the attribute has no ]", "属性没有 ]"),
    ("values lie more than {deepest} deep inside one another", "值的嵌套超过 {deepest} 层"),
    ("a value", "值"),
    ("a comma or {end}", "逗号或 {end}"),
    ("the name of a field, without quotation marks,", "不带引号的字段名"),
    ("the text has no second quotation mark", "文本没有第二个引号"),
    ("the raw text has no {close} at its end", "原始文本的末尾没有 {close}"),
    ("a text stands between double quotation marks", "文本要放在双引号之间"),
    // session/run folder
    (
        "process {pid} on {host} since {since}, retort {retort}",
        "进程 {pid}，主机 {host}，自 {since} 起，retort {retort}",
    ),
];
