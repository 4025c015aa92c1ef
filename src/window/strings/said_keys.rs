//! Phrases of what the engine says of keys.

pub(super) const CHINESE: &[(&str, &str)] = &[
    // secret
    (
        "the environment variable {name} holds no key; set it and start again",
        "环境变量 {name} 中没有密钥；请设置它并重新启动",
    ),
    (
        "there is no system keyring for the key {name}: {reason}; start one (GNOME Keyring, KWallet) and then retort again, or name an environment variable instead",
        "没有存放密钥 {name} 的系统密钥环：{reason}；请启动一个（GNOME Keyring、KWallet）再重启 retort，或改为指定环境变量",
    ),
    (
        "the system's keyring is locked and does not open for the key {name}: {reason}; unlock it and try again, or name an environment variable instead",
        "系统密钥环已锁定，无法为密钥 {name} 打开：{reason}；请解锁后再试，或改为指定环境变量",
    ),
    (
        "the system's keyring holds no key {name}; store it with: retort key set {name}, or name an environment variable instead",
        "系统密钥环中没有密钥 {name}；用 retort key set {name} 存入，或改为指定环境变量",
    ),
    (
        "the key {name} cannot be used: {reason}; store it anew with: retort key set {name}",
        "密钥 {name} 不能使用：{reason}；用 retort key set {name} 重新存入",
    ),
    (
        "the system's keyring fails for the key {name}: {reason}; look at it with its own program, or name an environment variable instead",
        "系统密钥环处理密钥 {name} 时失败：{reason}；请用它自己的程序查看，或改为指定环境变量",
    ),
    ("it is empty", "它是空的"),
    ("it has spaces or signs that no key has", "它含有密钥不会有的空格或符号"),
    ("it gives no answer within {patience} s", "它在 {patience} 秒内没有回答"),
    ("it is no text", "它不是文本"),
    ("{entries} entries have this name", "有 {entries} 个条目都用这个名称"),
    ("it is longer than {most} signs", "它超过 {most} 个字符"),
    ("for a reason it does not give", "原因它没有说明"),
    ("it went away", "它消失了"),
    // secret/grants
    (
        "there is no folder to remember in where a key may go; set RETORT_CONFIG to a folder",
        "没有文件夹来记住密钥可以发往哪里；请把 RETORT_CONFIG 设为一个文件夹",
    ),
    (
        "cannot read where keys may go: {reason}; mend the file or remove it, which forgets all of it: {path}",
        "无法读取密钥可以发往哪里：{reason}；请改正该文件，或删除它（会忘记全部）：{path}",
    ),
    (
        "cannot remember where a key may go: {reason}; free some room, or set RETORT_CONFIG to another folder: {path}",
        "无法记住密钥可以发往哪里：{reason}；请腾出空间，或把 RETORT_CONFIG 设为另一个文件夹：{path}",
    ),
    // secret/permit
    (
        "the key {key} is never sent over plain http to another machine, where everybody on the way can read it: {host}; use https, or reach the server by a tunnel to this machine (http://localhost:PORT)",
        "密钥 {key} 绝不会以明文 http 发往另一台机器，因为途中人人都能读到：{host}；请用 https，或通过到本机的隧道访问服务器（http://localhost:PORT）",
    ),
    (
        "the key {key} has not been allowed to go to {host}; if it should, add --allow-key {grant} for this run{more}, or say so where the window asks",
        "密钥 {key} 还没有获准发往 {host}；若应允许，请为这次运行加上 --allow-key {grant}{more}，或在窗口询问时同意",
    ),
    (", store it with: retort key set {name} --host {host}", "，用 retort key set {name} --host {host} 存入"),
];
