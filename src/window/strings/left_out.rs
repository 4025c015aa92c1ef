//! Phrases of figures that are in no curve and in no column.

pub(super) const CHINESE: &[(&str, &str)] = &[
    (
        "validation figures that are no numbers and are left out of curves and columns: {figures}",
        "不是数字、未计入曲线和列的验证指标：{figures}",
    ),
    ("values that are no numbers are left out", "个不是数字的值已省略"),
];
