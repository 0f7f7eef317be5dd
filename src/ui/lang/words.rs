//! Words that many views need.

catalogue! {
    ON: "on", "开";
    OFF: "off", "关";
    NOTHING_FOUND: "Nothing matches {query}", "没有与 {query} 匹配的内容";
    TYPE_TO_FILTER: "type to filter", "输入以筛选";
    TYPE_TO_SEARCH: "type to search", "输入以搜索";
    SHOWN_OF: "{shown} of {of}", "{shown}/{of}";
    SURE: "{action}: are you sure?", "确定要{action}吗?";
    KEY: "Key", "按键";
    ACTION: "Action", "操作";
    WHAT_IT_DOES: "What it does", "作用";
}
