//! What a job is doing, and how far it is.

catalogue! {
    WAITING: "waiting", "等待中";
    RUNNING: "running", "进行中";
    DONE: "done", "已完成";
    CANCELLED: "cancelled", "已取消";
    INTERRUPTED: "interrupted", "已中断";
    FAILED: "failed", "失败";
    LOADING: "loading {name}", "正在载入 {name}";
    DECODING: "decoding", "正在解码";
    STEPS_PER_SECOND: "{rate} it/s", "{rate} 步/秒";
    SECONDS_PER_STEP: "{rate} s/it", "{rate} 秒/步";
    PAUSED: "paused", "已暂停";
    JOB_WAITING: "{n} job waiting", "{n} 个任务等待中";
    JOBS_WAITING: "{n} jobs waiting", "{n} 个任务等待中";
    NO_JOBS: "No jobs yet: {key} draws", "还没有任务,按 {key} 出图";
    ENGINE_STARTING: "starting the engine", "正在启动引擎";
    ENGINE_READY: "engine ready", "引擎就绪";
}
