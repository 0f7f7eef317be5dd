//! What is wrong with a dataset.

catalogue! {
    VIEW: "Health", "健康检查";
    LOOKING: "The dataset is being looked at …", "正在检查数据集…";
    STOPPED: "The look at the dataset was stopped. {key} begins anew.", "检查已停止,按 {key} 重新开始。";
    SUMMARY: "{pictures} pictures, {captions} captions, {n} findings; all pictures were read.", "{pictures} 张图片,{captions} 条描述,{n} 项发现;已读取全部图片。";
    SUMMARY_HEADERS: "{pictures} pictures, {captions} captions, {n} findings. {key} reads every picture, which also finds broken ones.", "{pictures} 张图片,{captions} 条描述,{n} 项发现。按 {key} 读取全部图片,可发现损坏的文件。";
    NOTHING: "Nothing is wrong.", "没有发现问题。";
    SHOW: "{key} shows these pictures and marks them:", "按 {key} 显示并标记这些图片:";
    CHECKING: "looking: {done}/{of}", "正在检查:{done}/{of}";
}
