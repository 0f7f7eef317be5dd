//! The generate screen: titles of its panes and the names of parameters, as A1111's users know them.

catalogue! {
    TAB: "Generate", "出图";
    PROMPT: "Prompt", "提示词";
    NEGATIVE_PROMPT: "Negative prompt", "反向提示词";
    PARAMETERS: "Parameters", "参数";
    PREVIEW: "Preview", "预览";
    QUEUE: "Queue", "队列";
    HISTORY: "History", "历史";
    MODEL: "Model", "模型";
    VAE: "VAE", "VAE";
    SAMPLER: "Sampler", "采样器";
    SCHEDULE: "Schedule", "调度器";
    STEPS: "Steps", "迭代步数";
    CFG: "CFG scale", "提示词引导系数 (CFG)";
    WIDTH: "Width", "宽度";
    HEIGHT: "Height", "高度";
    SEED: "Seed", "随机种子";
    BATCH_COUNT: "Batch count", "生成批次";
    BATCH_SIZE: "Batch size", "每批数量";
    CLIP_SKIP: "CLIP skip", "CLIP 终止层数";
    RNG: "Noise source", "噪声来源";
    ENSD: "ENSD", "ENSD (种子偏移)";
    PROMPT_EMPTY: "What should be drawn? {key} draws", "想画什么?按 {key} 出图";
    NEGATIVE_EMPTY: "What should not be in the picture?", "图中不要出现什么?";
}
