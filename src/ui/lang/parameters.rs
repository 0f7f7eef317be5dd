//! What each parameter does, in a sentence.

catalogue! {
    MODEL: "The checkpoint that draws", "用于出图的模型";
    VAE: "What turns latents into pixels; Automatic takes the checkpoint's own", "将潜空间解码为像素;Automatic 使用模型自带的 VAE";
    SAMPLER: "The method of denoising", "去噪的采样方法";
    SCHEDULE: "How noise levels are spaced; Automatic takes the sampler's own", "噪声等级的分布;Automatic 使用采样器默认的调度器";
    STEPS: "More steps are finer and slower", "步数越多越精细,也越慢";
    CFG: "How closely to follow the prompt; 1 ignores the negative prompt", "遵循提示词的程度;为 1 时反向提示词无效";
    WIDTH: "In pixels, a multiple of 8; best near the size the model was trained for", "像素,须为 8 的倍数;接近模型训练尺寸效果最好";
    HEIGHT: "In pixels, a multiple of 8; best near the size the model was trained for", "像素,须为 8 的倍数;接近模型训练尺寸效果最好";
    SEED: "The same seed and parameters give the same picture", "种子与参数相同,图像就相同";
    BATCH_COUNT: "How many batches one after the other", "依次生成的批次数";
    BATCH_SIZE: "Pictures drawn at once; each takes memory", "一次同时生成的张数,越多越占显存";
    CLIP_SKIP: "Stops the text encoder so many layers early; 2 for many anime models", "提前若干层结束文本编码;许多动漫模型用 2";
    RNG: "NV draws A1111's pictures on NVIDIA cards, CPU those made with RNG: CPU", "NV 与 A1111 在 NVIDIA 显卡上的结果一致,CPU 对应 RNG: CPU";
    ENSD: "Eta noise seed delta; 31337 for NovelAI's pictures", "Eta 噪声种子偏移;NovelAI 的图像用 31337";
}
