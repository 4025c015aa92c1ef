//! Phrases of runs whose journals take a while to read.

pub(super) const CHINESE: &[(&str, &str)] =
    &[("reading the journal of the run", "正在读取运行日志"), ("as the run's journal has it", "取自运行日志")];
