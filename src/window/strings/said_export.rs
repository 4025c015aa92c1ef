//! Sentences about exported curves.

pub(super) const CHINESE: &[(&str, &str)] = &[
    (
        "there is no journal, and so there are no curves; name the folder of a run that has begun: {path}",
        "没有运行日志，因此没有曲线；请指定一个已开始的运行的文件夹：{path}",
    ),
    (
        "the run has no curves yet; export it once it has made a step: {path}",
        "该运行还没有曲线；请在它完成一步之后再导出：{path}",
    ),
    ("the run is named twice; name it once: {path}", "该运行被指定了两次；请只指定一次：{path}"),
    ("no run has a curve {name}; there are {known}", "没有运行含有曲线 {name}；现有 {known}"),
    (
        "none of the runs came to its end, and only those that did are averaged; export them one by one",
        "没有一个运行完成，而只有完成的运行才会求平均；请逐个导出",
    ),
    (
        "the file is there already and is not replaced unasked; name another, or say that it may be replaced (--force): {path}",
        "文件已存在，未经要求不会被替换；请换一个名称，或说明可以替换（--force）：{path}",
    ),
    (
        "the folder holds other events, which TensorBoard would draw as the same run; name another folder, or remove them: {path}",
        "该文件夹中有其他事件，TensorBoard 会将其画成同一个运行；请换一个文件夹，或将其删除：{path}",
    ),
    (
        "cannot write the export: {reason}; check that the folder can be written and has room, or name another place: {path}",
        "无法写入导出文件：{reason}；请检查文件夹是否可写且有空间，或另选位置：{path}",
    ),
    (
        "{curves} curves do not fit into a height of {height}; name fewer, or give at least {least}",
        "{curves} 条曲线放不进高度 {height}；请减少曲线，或至少给出 {least}",
    ),
    (
        "{drawn} of {count} curves are drawn; name others, or groups of them, to see the other {rest}",
        "绘制了 {count} 条曲线中的 {drawn} 条；要看其余 {rest} 条，请指定其名称或其组",
    ),
    (
        "characters missing from the picture: {count}; its font has no {signs}{more}; export it as SVG, which keeps text as text",
        "图片中缺少的字符：{count} 个；其字体没有 {signs}{more}；请导出为 SVG，其中文字仍为文字",
    ),
    (
        "characters missing from the picture: {count}; its font has no {signs}{more}; read them in the window, which also uses the system's fonts",
        "图片中缺少的字符：{count} 个；其字体没有 {signs}{more}；请在窗口中查看，窗口也使用系统字体",
    ),
    ("the picture could not be drawn: {reason}", "无法绘制图片：{reason}"),
    ("{pixels} pixels are no picture of {width} × {height}", "{pixels} 个像素构不成 {width} × {height} 的图片"),
    (
        "{left} of {all} runs of {name} do not count: they did not come to their end, or a newer run has their seed",
        "{name} 的 {all} 个运行中有 {left} 个不计入：未完成，或有更新的运行使用其种子",
    ),
    ("{count} steps are not drawn: not all runs of their group have them", "未绘制 {count} 步：并非组内所有运行都有"),
    ("{curve} of {group} is not drawn: not all of its runs have it", "未绘制 {group} 的 {curve}：并非其所有运行都有"),
    ("{count} values are no numbers and are drawn as gaps", "{count} 个值不是数字，画成空缺"),
    (
        "{count} values of 0 and below have no place on a logarithmic axis and are left out",
        "{count} 个小于等于 0 的值在对数轴上没有位置，已省略",
    ),
    (
        "long curves of seeds are drawn thinner: a point is the mean of up to {every} steps",
        "较长的种子曲线绘制得更稀：每点为至多 {every} 步的均值",
    ),
];
