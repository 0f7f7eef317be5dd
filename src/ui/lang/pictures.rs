//! Pictures: the preview and the history.

catalogue! {
    PICTURE: "{n} picture", "{n} 张图";
    PICTURES: "{n} pictures", "{n} 张图";
    NO_PICTURES: "No pictures yet: {key} draws the first", "还没有图像,按 {key} 生成第一张";
    NO_PREVIEW: "The picture appears here while it is drawn", "绘制中的图像会显示在这里";
    SAVED: "saved as {path}", "已保存为 {path}";
    COPIED: "copied", "已复制";
    COPIED_INFOTEXT: "Infotext copied", "已复制生成信息";
    COPIED_PATH: "Path copied: {path}", "已复制路径:{path}";
    PARAMETERS_TAKEN: "Parameters taken from {name}", "已采用 {name} 的参数";
    SEED_TAKEN: "Seed {seed} taken", "已采用随机种子 {seed}";
    POSITION: "{n} of {of}", "第 {n}/{of} 张";
}
