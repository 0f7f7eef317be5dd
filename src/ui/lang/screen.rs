//! The frame of the workstation: its bar, its overlays, its notices.

catalogue! {
    PALETTE: "Commands", "命令";
    HELP: "Keys and commands", "按键与命令";
    THEME: "Theme", "主题";
    LANGUAGE: "Language", "语言";
    FOREVER: "forever", "连续出图";
    ENGINE_LOST: "engine gone", "引擎已断开";
    NO_FAILURE: "No job has failed", "没有失败的任务";
    FAILURE_OF: "Why job {job} failed", "任务 {job} 失败的原因";
    JOB_FAILED: "Job {job} failed: {why}", "任务 {job} 失败:{why}";
    JOB_INTERRUPTED: "Job {job} was interrupted when the engine ended; {key} in the queue tries it again", "引擎退出时任务 {job} 被中断,可在队列中按 {key} 重试";
    NOTHING_TO_CANCEL: "Nothing is running that could be cancelled", "没有可取消的任务";
    NOT_FOR_THIS_JOB: "That cannot be done to this job", "无法对该任务执行此操作";
    PARAMETERS_PASTED: "The pasted parameters are in the form now", "已将粘贴的生成信息填入表单";
    UNREADABLE: "{path} cannot be shown: it {why}", "无法显示 {path}:{why}";
    SEED_OF: "seed {seed}", "种子 {seed}";
    NO_PICTURES: "No pictures yet", "还没有图像";
    STARTING: "starting", "正在开始";
    BATCH_OF: "batch {n}/{of}", "第 {n}/{of} 批";
    YES_NO: "{yes}: yes    {no}: no", "{yes}:是    {no}:否";
}
