//! Phrases of the table of runs and of comparing them.

pub(super) const CHINESE: &[(&str, &str)] = &[
    (
        "no run has a column {name}{near}; compare a measure, a setting or a field of the table",
        "没有运行有名为 {name} 的列{near}；请比较指标、设置或表中的字段",
    ),
    ("{name} may mean {columns}; write one of them whole", "{name} 可能指 {columns}；请写出其中一个的全名"),
    (
        "the filter ends where a condition or a value should stand, such as accuracy > 0.9",
        "筛选式在应有条件或值的地方结束，例如 accuracy > 0.9",
    ),
    (
        "{found} stands where a condition should, such as accuracy > 0.9",
        "应为条件的地方是 {found}，例如 accuracy > 0.9",
    ),
    ("behind @ stands a step, a whole number, and not {found}", "@ 后面应为步数，即整数，而不是 {found}"),
    (
        "{name} is not known step by step; behind a measure of the validation part, such as validation.accuracy, @ and a step may stand",
        "{name} 没有逐步的记录；只有验证集指标（如 validation.accuracy）后面可以写 @ 和步数",
    ),
    (
        "{column} is compared with a number, such as 0.9, and not with {found}",
        "{column} 应与数字比较，例如 0.9，而不是 {found}",
    ),
    (
        "the filter has too many parentheses or nots in one another; write it flatter",
        "筛选式嵌套的括号或 not 太多；请写得更平",
    ),
    (
        "one side has a single run: what another seed of it may do is not in the interval",
        "一边只有一个运行：区间不包含其另一个种子可能带来的变化",
    ),
    (
        "with {n} seeds a side the interval is rough; five and more make it fair",
        "每边只有 {n} 个种子，区间较粗略；五个及以上才较可靠",
    ),
    (
        "the run of {side} is {state}; its answers are the last it has written: {path}",
        "{side} 的运行状态为 {state}；其回答是它最后写下的：{path}",
    ),
    (
        "what was noted of the run cannot be read and is not written over; mend or move the file first: {path}",
        "无法读取对该运行的备注，也不会覆盖它；请先修复或移走该文件：{path}",
    ),
    ("{mark} is not closed", "{mark} 没有闭合"),
    (
        "cannot keep what was noted of the run: {error}; check that its folder can be written and has room: {path}",
        "无法保存对该运行的备注：{error}；请检查其文件夹可写且有空间：{path}",
    ),
    (
        "cannot read the workspace: {error}; choose another folder, or let it be read: {path}",
        "无法读取工作区：{error}；请选择另一个文件夹，或允许读取它：{path}",
    ),
    (
        "cannot put a run into the queue: {error}; check that the workspace can be written and has room: {path}",
        "无法将运行放入队列：{error}；请检查工作区可写且有空间：{path}",
    ),
    ("it has no rows", "其中没有行"),
    ("row {row} does not say how many tokens it tells", "第 {row} 行没有说明预测了多少词元"),
    ("it has no column {name}", "其中没有 {name} 列"),
    ("{side} has no run that came to its end; name other folders", "{side} 没有运行到结束的运行；请指定其他文件夹"),
    ("the run stands on both sides; name two different ones: {path}", "两边是同一个运行；请指定两个不同的运行：{path}"),
    (
        "the run has left no answers to test texts: {reason}; let it come to its end, with a test part: {path}",
        "该运行没有留下对测试文本的回答：{reason}；请让它带着测试集运行到结束：{path}",
    ),
    (
        "the table of answers cannot be read: {reason}; run again to make it anew: {path}",
        "无法读取回答表：{reason}；请重新运行以重新生成：{path}",
    ),
    (
        "the runs were tested on different texts: {ours} and {theirs}, {shared} of them with the same text, label and tokens at the same place; compare runs of one test part: {path}",
        "这些运行的测试文本不同：{ours} 条和 {theirs} 条，其中 {shared} 条在同一位置有相同的文本、标签和词元；请比较测试集相同的运行：{path}",
    ),
    (
        "one run tells classes and the other tokens; compare runs of one task: {path}",
        "一个运行预测类别，另一个预测词元；请比较任务相同的运行：{path}",
    ),
    ("both sides give the same answer to every text", "两边对每条文本的回答都相同"),
    (
        "{measure} is not compared: for {texts} texts it is no finite number: {path}",
        "不比较 {measure}：有 {texts} 条文本的值不是有限数：{path}",
    ),
    (
        "{left_out} of {count} runs of {side} do not count: they did not come to their end, or there is a newer one of the same seed",
        "{side} 的 {count} 个运行中有 {left_out} 个不计入：没有运行到结束，或同一种子有更新的运行",
    ),
    ("the runs of {side} differ in more than their seeds: {settings}", "{side} 的运行之间不只是种子不同：{settings}"),
    (
        "cannot note why the run could not begin: {error}; check that its folder can be written and has room: {path}",
        "无法记录运行未能开始的原因：{error}；请检查其文件夹可写且有空间：{path}",
    ),
];
