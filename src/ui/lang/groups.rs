//! Names of the groups and scopes of actions, and of the keys that open more keys.

catalogue! {
    WORKSTATION: "Workstation", "工作台";
    PANES: "Panes", "窗格";
    DRAWING: "Drawing", "出图";
    CHOOSING: "Choosing", "选择";
    WRITING: "Writing a prompt", "编写提示词";
    PARAMETERS: "Parameters", "参数";
    QUEUE: "Queue", "队列";
    PICTURES: "Pictures", "图像";
    MODELS: "Models", "模型";
    LISTS: "Lists", "列表";
    GO_TO: "go to", "转到";
    CHOOSE: "choose", "选择";
    OF_QUEUE: "queue", "队列";
    OF_WORKSTATION: "workstation", "工作台";
    LEADER: "more", "更多";
    OF_TOP: "go to the top", "转到顶部";
    WORKBENCH: "workbench", "模型加工";
    MORE_KEYS: "more keys", "更多按键";
    SCOPE_GLOBAL: "everywhere", "全局";
    SCOPE_NORMAL: "outside editors", "编辑框之外";
    SCOPE_EDITOR: "prompt editors", "提示词编辑框";
    SCOPE_FORM: "parameters", "参数表单";
    SCOPE_QUEUE: "queue", "队列";
    SCOPE_PREVIEW: "preview", "预览";
    SCOPE_HISTORY: "history", "历史";
    SCOPE_MODELS: "models", "模型";
    SCOPE_NOTES: "notes on a model", "模型备注";
    SCOPE_DIALOG: "dialogs", "对话框";
    SCOPE_INPUT: "one-line input", "单行输入";
    SCOPE_LIST: "lists and forms", "列表与表单";
    SCOPE_PICKER: "pickers", "选择器";
    SCOPE_PALETTE: "commands", "命令面板";
    SCOPE_HELP: "help", "帮助";
    SCOPE_CONFIRM: "questions", "确认框";
}
