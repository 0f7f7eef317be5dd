//! Pictures: the preview and the history.

catalogue! {
    NO_PICTURES: "No pictures yet: {key} draws the first", "还没有图像,按 {key} 生成第一张";
    COPIED_INFOTEXT: "Infotext copied", "已复制生成信息";
    COPIED_PATH: "Path copied: {path}", "已复制路径:{path}";
    PARAMETERS_TAKEN: "Parameters taken from {name}", "已采用 {name} 的参数";
    SEED_TAKEN: "Seed {seed} taken", "已采用随机种子 {seed}";
}
