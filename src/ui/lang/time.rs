//! Lengths and points of time.

catalogue! {
    SECONDS: "{s} s", "{s} 秒";
    MINUTES: "{m} min {s} s", "{m} 分 {s} 秒";
    HOURS: "{h} h {m} min", "{h} 小时 {m} 分";
    SECONDS_LEFT: "{s} s left", "剩 {s} 秒";
    MINUTES_LEFT: "about {m} min left", "约剩 {m} 分钟";
    HOURS_LEFT: "about {h} h left", "约剩 {h} 小时";
    JUST_NOW: "just now", "刚刚";
    MINUTE_AGO: "{n} minute ago", "{n} 分钟前";
    MINUTES_AGO: "{n} minutes ago", "{n} 分钟前";
    HOUR_AGO: "{n} hour ago", "{n} 小时前";
    HOURS_AGO: "{n} hours ago", "{n} 小时前";
    DAY_AGO: "{n} day ago", "{n} 天前";
    DAYS_AGO: "{n} days ago", "{n} 天前";
}
