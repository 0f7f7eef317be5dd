//! What each role of a theme is for, for docs/THEMES.md.

catalogue! {
    BACKGROUND: "behind everything", "整个屏幕的底色";
    TEXT: "text", "正文";
    DIM: "text of less weight", "次要文字";
    TITLE: "title of a pane", "窗格标题";
    TITLE_FOCUS: "title of the pane that has the keys", "当前窗格的标题";
    BORDER: "border of a pane", "窗格边框";
    BORDER_FOCUS: "border of the pane that has the keys", "当前窗格的边框";
    ACCENT: "what the eye should find first", "强调";
    SELECTION: "selected row or text", "选中的行或文字";
    SELECTION_INACTIVE: "selected row of a pane without the keys", "非当前窗格中选中的行";
    CURSOR: "cursor in an editor", "编辑框光标";
    HINT_KEY: "a key in the hint bar", "提示栏中的按键";
    HINT_TEXT: "what that key does", "提示栏中的说明";
    OK: "something succeeded", "成功";
    WARNING: "something deserves a look", "警告";
    ERROR: "something failed", "错误";
    INFO: "something to know", "信息";
    PROGRESS_DONE: "done part of a gauge", "进度条已完成部分";
    PROGRESS_REST: "rest of a gauge", "进度条剩余部分";
    WEIGHT_UP1: "slightly raised attention, up to 1.15", "略微提高的权重,至 1.15";
    WEIGHT_UP2: "raised attention, up to 1.35", "提高的权重,至 1.35";
    WEIGHT_UP3: "strongly raised attention", "大幅提高的权重";
    WEIGHT_DOWN1: "slightly lowered attention, down to 0.87", "略微降低的权重,至 0.87";
    WEIGHT_DOWN2: "lowered attention, down to 0.74", "降低的权重,至 0.74";
    WEIGHT_DOWN3: "strongly lowered attention", "大幅降低的权重";
    WEIGHT_SYNTAX: "brackets, colons and numbers of attention", "权重的括号、冒号和数字";
    NETWORK: "a network called in the prompt, <lora:name:1>", "提示词中调用的网络 <lora:name:1>";
    TOKEN: "count of tokens", "词元计数";
    TOKEN_OVER: "count of tokens that begins another chunk", "超出一段的词元计数";
    TAB: "tab", "标签页";
    TAB_ACTIVE: "tab that is shown", "当前标签页";
    POPUP: "inside of what opens above", "弹出内容";
    POPUP_BORDER: "border of what opens above", "弹出内容的边框";
    INPUT: "line being typed", "正在输入的文字";
    INPUT_PLACEHOLDER: "what an empty line is for", "空输入行的说明";
    MATCH: "letters that the filter matched", "与筛选匹配的字符";
    SCROLL_THUMB: "place in a list", "滚动条滑块";
    SCROLL_TRACK: "rest of the scroll bar", "滚动条轨道";
}
