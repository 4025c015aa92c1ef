//! Phrases of what the engine says of a run, and the record of its journal.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // loss/objective, vetting
    ("the script turns {knob}", "脚本转动 {knob}"),
    ("{knob} is set", "设置了 {knob}"),
    (
        "{what}, which divides the weight between labels and teacher, and recipe.terms has not both; leave it out, or name a loss of the other kind",
        "{what}，它在标签与教师之间分配权重，而 recipe.terms 没有两者；请去掉它，或指定另一类损失",
    ),
    (
        "{what}, which only the loss {loss} reads, and recipe.terms does not name it; leave it out, or add the loss",
        "{what}，只有损失 {loss} 读取它，而 recipe.terms 没有指定该损失；请去掉它，或加上该损失",
    ),
    ("{what}, which nothing of this recipe reads; leave it out", "{what}，这个配方中没有任何部分读取它；请去掉它"),
    (
        "the script turns {knob} at step {step}, and the last step of the run is {last} (counted from 0); {count} of its changes will not act: give them earlier steps, or raise recipe.steps",
        "脚本在第 {step} 步转动 {knob}，而运行的最后一步是 {last}（从 0 起）；它有 {count} 处改动不会起作用：请给它们更早的步，或调高 recipe.steps",
    ),
    ("mend the script, or the recipe it is for", "请修改脚本，或它所属的配方"),
    (
        "every term of the loss has weight 0 as the knobs stand, so nothing is learned; raise a weight, or move the label weight off its end",
        "按当前旋钮，损失的每一项权重都为 0，因此什么也学不到；请调高某个权重，或把标签权重移离端点",
    ),
    (
        "columns of the text that the {side}'s template does not name before the answer are not read by it: {columns}; name them there if they should be",
        "{side}的模板没有在答案之前写出以下文本列，因此它读不到：{columns}；若应该读，请写在那里",
    ),
    (
        "the student answers by a classifier, which reads the bare text: its own prompt is not read; set its head to LabelWords to have it read",
        "学生用分类器回答，只读原文：它自己的提示不会被读取；请把它的输出头设为 LabelWords",
    ),
    // checkpoint
    ("the checkpoint of step {step} is damaged ({file}: {reason})", "第 {step} 步的检查点已损坏（{file}：{reason}）"),
    (
        "the folder has none, as a finished run with recipe.checkpoint_every at 0; start the run anew",
        "该文件夹里没有检查点，例如 recipe.checkpoint_every 为 0 的已结束运行就没有；请重新开始运行",
    ),
    (
        "none of its {faults} can be read, {newest}; start the run anew in another folder",
        "{faults} 个检查点都无法读取，{newest}；请在另一个文件夹重新开始运行",
    ),
    ("it is not what was written", "内容与写入时不同"),
    ("the checkpoint", "检查点"),
    ("{name} has shape {stored} there", "其中 {name} 的形状是 {stored}"),
    ("it has no weights for {name}", "其中没有 {name} 的权重"),
    // device
    ("this program was built without it", "本程序构建时没有包含它"),
    (
        "build it with `--features cuda`, or set recipe.device to Cpu",
        "用 `--features cuda` 构建，或把 recipe.device 设为 Cpu",
    ),
    (
        "build it with `--features metal`, or set recipe.device to Cpu",
        "用 `--features metal` 构建，或把 recipe.device 设为 Cpu",
    ),
    ("the driver says {said}", "驱动报告：{said}"),
    ("this machine shows {there} such devices", "本机显示有 {there} 个这样的设备"),
    (
        "check the driver, or set recipe.device to one that is there, such as Cpu",
        "检查驱动，或把 recipe.device 设为现有的设备，例如 Cpu",
    ),
    ("check the driver, or set recipe.device to Cpu", "检查驱动，或把 recipe.device 设为 Cpu"),
    // divergence
    ("{times} times the lowest running median ({lowest})", "是最低滑动中位数（{lowest}）的 {times} 倍"),
    ("from the first steps on", "从最初几步起就是如此"),
    (
        "the loss has come apart: in three quarters of the last {recent} steps it was {now} or more, {than}; the first step had {first}",
        "损失失控：最近 {recent} 步中有四分之三的损失不低于 {now}，{than}；第一步为 {first}",
    ),
    (
        "the gradient explodes: in three quarters of the last {recent} steps its norm was {now} or more, {times} times the longest it was used to ({used})",
        "梯度爆炸：最近 {recent} 步中有四分之三的范数不低于 {now}，是此前惯有最大值（{used}）的 {times} 倍",
    ),
    (
        "the student guesses: its accuracy on {texts} validation texts is {accuracy}, as good as chance ({chance}), after {best}",
        "学生在瞎猜：它在 {texts} 篇验证文本上的准确率为 {accuracy}，与随机（{chance}）无异，此前为 {best}",
    ),
    (
        "the answers have collapsed: the student names one class for all of {texts} validation texts",
        "回答已坍缩：学生对全部 {texts} 篇验证文本都给出同一个类别",
    ),
    (
        "attention carries no information any more: in every head all tokens look at the same places (mutual information {information} of 1)",
        "注意力不再携带信息：每个头里所有词元都看向相同的位置（互信息为 {information}，满值为 1）",
    ),
    // inputs
    ("the data", "数据"),
    ("a file of the {role}", "{role}的一个文件"),
    ("it is no longer read", "它不再被读取"),
    ("this program reads other examples from it", "本程序从中读出的样本不同了"),
    ("its content is another one", "它的内容变了"),
    ("it was not there then", "当时没有它"),
    ("data", "数据"),
    ("model whose layers the student takes", "供学生取层的模型"),
    ("it cannot be read ({e})", "无法读取（{e}）"),
    // loss/objective
    ("there is no loss {id}{suggested}; the known ones are {known}", "没有损失 {id}{suggested}；现有的是 {known}"),
    (
        "the loss {id} needs a teacher; choose one or leave the loss out",
        "损失 {id} 需要教师；请选择一个教师，或去掉该损失",
    ),
    (
        "the loss {id} compares every outcome of the teacher by itself, and recipe.teacher_rows keeps the likeliest alone; set it to Live or Whole, or leave the loss out",
        "损失 {id} 逐个比较教师的每个结果，而 recipe.teacher_rows 只保留可能性最大的；请设为 Live 或 Whole，或去掉该损失",
    ),
    ("the loss {id} needs a causal student that answers by label words", "损失 {id} 需要用标签词回答的因果学生"),
    // mod
    ("the student {title}: {reason}", "学生 {title}：{reason}"),
    ("the recipe: {reason}", "配方：{reason}"),
    ("a knob: {reason}", "旋钮：{reason}"),
    ("the checkpoint: {reason}; earlier checkpoints are kept: {path}", "检查点：{reason}；更早的检查点仍保留：{path}"),
    ("there is no checkpoint to go on from: {reason}: {path}", "没有可以继续的检查点：{reason}：{path}"),
    (
        "{what} has changed since the run began: {reason}; put it back as it was, or start a new run in another folder: {path}",
        "{what}在运行开始后有了变化：{reason}；请恢复原样，或在另一个文件夹开始新的运行：{path}",
    ),
    (
        "{what} has format {found}, this program reads up to {known}; update retort: {path}",
        "{what}的格式为 {found}，本程序最高读取 {known}；请更新 retort：{path}",
    ),
    (
        "the answers on the test part could not be written: {reason}; make room, or free the file: {path}",
        "测试部分的回答无法写入：{reason}；请腾出空间，或释放该文件：{path}",
    ),
    ("it was stopped", "已停止"),
    (
        "the student of the last run is not written yet: write it, elsewhere if need be, or let it go, before another run begins: {path}",
        "上次运行的学生还没有写入：请写入它（必要时写到别处）或放弃它，然后才能开始另一次运行：{path}",
    ),
    ("cannot compute on {name}: {reason}; {next}", "无法在 {name} 上计算：{reason}；{next}"),
    ("tensor library: {reason}", "张量库：{reason}"),
    (
        "the engine met a bug and dropped the run ({words}); continue it from its last checkpoint, and please report this",
        "引擎遇到错误，放弃了运行（{words}）；请从它的最后一个检查点继续，并报告此事",
    ),
    // optim/mod
    (
        "the optimiser moves f32 variables only, but {name} is {found}; convert the model first",
        "优化器只更新 f32 变量，而 {name} 是 {found}；请先转换模型",
    ),
    (
        "two variables are both named {name}; tied weights belong in the list once",
        "有两个变量都叫 {name}；共享的权重在列表中只能出现一次",
    ),
    ("the optimiser has no variable named {name}", "优化器没有名为 {name} 的变量"),
    (
        "the saved optimiser state has no tensor {name}; was it written by another optimiser or model?",
        "保存的优化器状态没有张量 {name}；它是由别的优化器或模型写的吗？",
    ),
    ("{name} has shape {found} where its variable has {expected}", "{name} 的形状是 {found}，而其变量是 {expected}"),
    ("the optimiser's step failed: {reason}", "优化器的一步失败了：{reason}"),
    // run/asking
    ("the key may go until this window closes: {e}", "在此窗口关闭之前，密钥可以发送：{e}"),
    // run/claim
    (
        "cannot use the run folder: {reason}; choose another with --out: {path}",
        "不能使用运行文件夹：{reason}；请用 --out 另选一个：{path}",
    ),
    (
        "the folder holds {holds} and is not the folder of a run; choose one that is empty or not there yet: {path}",
        "该文件夹里有 {holds}，不是运行的文件夹；请选择空的或还不存在的：{path}",
    ),
    (
        "the folder already holds a run; add --resume to go on with it, or choose another --out: {path}",
        "该文件夹里已有运行；加上 --resume 继续它，或另选 --out：{path}",
    ),
    (
        "the run is under way in another process ({holder}); wait for its end or stop it there, then try again: {path}",
        "该运行正在另一个进程中进行（{holder}）；请等它结束或在那里停止它，然后再试：{path}",
    ),
    (
        "the run would save its student over a model that no run has made; move that elsewhere first: {path}",
        "运行会把学生保存到并非运行生成的模型之上；请先把那个模型移到别处：{path}",
    ),
    ("its {lock} is not a run's", "它的 {lock} 不是运行的"),
    ("it does not say which", "它没有说明是谁"),
    ("it is a link that leads nowhere", "它是一个指向空处的链接"),
    ("it is a file", "它是文件"),
    ("it is your home folder; name a folder within it", "它是您的主文件夹；请指定其中的一个文件夹"),
    // run/connecting
    (
        "cannot look into the file: {e}; close other programs and look again",
        "无法查看文件：{e}；请关闭其他程序后再看一次",
    ),
    ("cannot ask the server: {e}; close other programs and ask again", "无法询问服务器：{e}；请关闭其他程序后再问一次"),
    // run/fetching
    ("cannot look for models: {e}; close other programs and look again", "无法查找模型：{e}；请关闭其他程序后再看一次"),
    ("cannot ask the Hub: {e}; close other programs and look again", "无法询问 Hub：{e}；请关闭其他程序后再看一次"),
    // run/finish
    ("{fault}; the run was put back to step {step}", "{fault}；运行已退回到第 {step} 步"),
    ("the student is saved, and ", "学生已保存，"),
    ("{lack}; {student}the run can be continued to measure again", "{lack}；{student}可以继续运行以再次测量"),
    ("those behind step {step} cannot be set aside ({e})", "第 {step} 步之后的无法移开（{e}）"),
    ("{e}; the student of the last step is saved instead of the best one", "{e}；改为保存最后一步的学生，而不是最好的"),
    // run/inspection
    ("checking the pair", "正在检查模型对"),
    // run/key storage
    ("cannot reach the keyring: {e}; close other programs and try again", "无法使用密钥环：{e}；请关闭其他程序后再试"),
    ("the key is in the keyring, but {e}", "密钥已在密钥环中，但{e}"),
    // run/measuring
    ("the teacher could not be measured at the end: {reason}", "结束时无法测量教师：{reason}"),
    ("the models were not measured at the end: that was stopped", "结束时没有测量模型：测量被停止了"),
    ("the student could not be measured at the end: {reason}", "结束时无法测量学生：{reason}"),
    ("the validation part was not measured at the end: that was stopped", "结束时没有测量验证部分：测量被停止了"),
    ("speed was not measured: {e}", "没有测量速度：{e}"),
    (
        "the student names {class} for all of {rows} test texts: it has learned nothing that tells them apart; another learning rate, more steps or a student with stored weights usually help",
        "学生对全部 {rows} 篇测试文本都回答 {class}：它没有学到任何能区分它们的东西；换一个学习率、增加步数或使用有存储权重的学生通常有帮助",
    ),
    // run/probing
    (
        "the data that is open is not that of the table, so the text under the lens is cut as the table shows it; open the session of that run",
        "打开的数据不是表中的数据，因此透镜下的文本按表中所示截断；请打开那次运行的会话",
    ),
    // run/start
    (
        "this run is from before it was noted which data and models a run reads: whether they are still the same cannot be told; it is gone on with as it is, and from now on they are noted",
        "这次运行早于记录运行所读数据与模型的版本：无法判断它们是否仍然相同；运行照原样继续，从现在起会记录它们",
    ),
    ("stop the run before opening another pair or data set", "请先停止运行，再打开另一个模型对或数据集"),
    (
        "{fault}; the run goes on from step {step}, and what was damaged lies in abandoned/",
        "{fault}；运行从第 {step} 步继续，损坏的部分在 abandoned/ 中",
    ),
    (
        "the run has done {step} steps already; ask for more than that in all, not {planned}",
        "运行已完成 {step} 步；总步数必须比它多，而不是 {planned}",
    ),
    (
        "the session was run with {asked} threads and now has {threads}: the curves may differ in their last digits; set RAYON_NUM_THREADS={asked} to repeat them exactly",
        "会话曾以 {asked} 个线程运行，现在有 {threads} 个：曲线的末几位可能不同；设置 RAYON_NUM_THREADS={asked} 可精确重现",
    ),
    // run/train loop
    ("asking the teacher about the validation part", "正在向教师询问验证部分"),
    ("asking the teacher, {known} / {all}{waiting}", "正在询问教师，{known} / {all}{waiting}"),
    ("the evaluation of step {step} is without the teacher: {lack}", "第 {step} 步的评估没有教师：{lack}"),
    (
        "the loss or the gradient of step {step} is not a finite number; the weights were left as they were. A lower learning rate usually helps",
        "第 {step} 步的损失或梯度不是有限的数；权重保持原样。降低学习率通常有帮助",
    ),
    ("{what}; a lower learning rate usually helps", "{what}；降低学习率通常有帮助"),
    // train
    (
        "no training example has a label and no teacher speaks; raise data.labelled",
        "没有训练样本带标签，也没有教师；请调高 data.labelled",
    ),
    // watch
    ("keep and patience compare by the validation part, which is empty", "keep 和 patience 按验证部分比较，而它是空的"),
    ("set data.validation above 0", "把 data.validation 设为大于 0"),
    (
        "keep compares with the answers of a teacher, and this run has none",
        "keep 要与教师的回答比较，而这次运行没有教师",
    ),
    ("choose Accuracy, MacroF1 or Loss", "选择 Accuracy、MacroF1 或 Loss"),
    // record/journal
    (
        "cannot use the journal: {reason}; check that the folder can be written and has room: {path}",
        "无法使用日志：{reason}；请检查文件夹可写且有空间：{path}",
    ),
    (
        "not a run's journal, or damaged from its first line on: {reason}; checkpoints and student are not touched by that: {path}",
        "不是运行的日志，或从第一行起就已损坏：{reason}；检查点和学生不受影响：{path}",
    ),
    (
        "the journal has version {found}, this program reads up to {version}; update retort: {path}",
        "日志的版本为 {found}，本程序最高读取 {version}；请更新 retort：{path}",
    ),
    ("another process has written to it", "另一个进程写过它"),
    ("nothing more can be written", "无法再写入"),
    ("{left_out} of its lines found no room and are left out", "它有 {left_out} 行放不下，已略去"),
    // record/journal/reading
    (
        "1 line of the journal is damaged and left out (line {numbers}: {reason}); the other {events} are used, and checkpoints and student are not touched by that: {path}",
        "日志有 1 行已损坏而略去（第 {numbers} 行：{reason}）；其余 {events} 个事件照常使用，检查点和学生不受影响：{path}",
    ),
    (
        "{count} lines of the journal are damaged and left out (lines {numbers}{more}: {reason}); the other {events} are used, and checkpoints and student are not touched by that: {path}",
        "日志有 {count} 行已损坏而略去（第 {numbers} 行{more}：{reason}）；其余 {events} 个事件照常使用，检查点和学生不受影响：{path}",
    ),
    (
        "the journal lacks steps {last} to {steps}: they found no room on the disk; the student and its figures are those of the whole run: {path}",
        "日志缺少第 {last} 到 {steps} 步：磁盘上放不下；学生及其数值属于整个运行：{path}",
    ),
    // record/metrics
    ("the curves", "曲线"),
    (
        "cannot write {what}: {error}; check that the folder can be written and has room: {path}",
        "无法写入{what}：{error}；请检查文件夹可写且有空间：{path}",
    ),
    // record/opening
    (
        "the folder holds no run: it has no {file}; open the folder of a run or a session's .ron file: {path}",
        "该文件夹里没有运行：它没有 {file}；请打开运行的文件夹或会话的 .ron 文件：{path}",
    ),
    // link/temperature_scaling, session/inference_spec
    (
        "at temperature {temperature}, fitted to {texts} validation texts",
        "温度为 {temperature}，在 {texts} 条验证文本上拟合",
    ),
    ("at temperature {temperature}, which is kept beside the model", "温度为 {temperature}，保存在模型旁"),
    ("{it}, {change}", "{it}，{change}"),
    (
        "test ECE {ece}, test cross-entropy {loss} nats; accuracy stays",
        "测试 ECE {ece}，测试交叉熵 {loss} 奈特；准确率不变",
    ),
    (
        "the best one lies beyond {least} to {most}, as where all validation texts are answered right or hardly any is, and was put at the end of that; more validation texts would tell",
        "最佳值在 {least} 到 {most} 之外（例如验证文本全部答对或几乎全错时），因此取了该范围的端点；更多验证文本才能确定",
    ),
    ("no temperature was fitted to its probabilities: {reason}", "没有为其概率拟合温度：{reason}"),
    (
        "there is no validation part; name a validation file, or raise data.validation",
        "没有验证部分；请指定验证文件，或调高 data.validation",
    ),
    ("an answer on the validation part is no distribution", "验证部分的某个回答不是概率分布"),
    (
        "the right class of a validation text has probability 0, at any temperature",
        "某条验证文本的正确类别在任何温度下概率都为 0",
    ),
    ("temperature must be a number above 0, not {temperature}", "temperature 必须是大于 0 的数，而不是 {temperature}"),
    ("the temperature of its probabilities is not kept beside the student: {e}", "其概率的温度没有保存在学生旁：{e}"),
    // record/recorder
    ("the outcome", "结果"),
    ("the student's card", "学生的模型卡"),
];
