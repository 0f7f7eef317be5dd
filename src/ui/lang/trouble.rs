//! What to say when something cannot go on.

catalogue! {
    HINT: "hint", "提示";
    TOO_SMALL: "Terminal too small", "终端窗口太小";
    TOO_SMALL_NOW: "{width}×{height}", "{width}×{height}";
    TOO_SMALL_NEEDED: "needed: {width}×{height}", "至少需要 {width}×{height}";
    SETTINGS_KEPT: "{error}; the settings stay as they were", "{error};设置保持不变";
    SETTINGS_LATER: "{keys}: changed in the settings, and counts from the next start of danlu and its engine", "设置中的 {keys} 已更改,重新启动 danlu 及其引擎后生效";
    SETTING_COVERED: "{file} has {key} = {value} now; {place} goes before it wherever it is given", "{file} 已写入 {key} = {value};但给出 {place} 时以其为准";
}
