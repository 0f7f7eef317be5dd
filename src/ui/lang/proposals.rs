//! What taggers and captioners propose.

catalogue! {
    VIEW: "Proposals", "标注建议";
    BEGIN: "Nothing is proposed yet. {key} asks a tagger.", "还没有建议,按 {key} 运行打标模型。";
    NOT_HERE: "Nothing is proposed for this picture. {next} goes to the next of {pictures} with proposals, {key} asks a tagger.", "该图片没有建议。按 {next} 转到下一张有建议的图片(共 {pictures}),{key} 运行打标模型。";
    SUMMARY: "{new} here, proposals for {pictures}. {key} takes them and goes on, {next} goes on without.", "此处有 {new},共 {pictures}有建议。按 {key} 采纳并继续,{next} 跳过。";
    ONE_NEW: "{n} new tag", "{n} 个新标签";
    NEW: "{n} new tags", "{n} 个新标签";
    ONLY_HERE: "not proposed, stays: {tags}", "未建议,保留:{tags}";
    SENTENCE: "sentence", "句子";
    NO_TAGGER: "There is no tagger. For a WD14 tagger, put model.onnx and selected_tags.csv into {path}; for BLIP, put config.json, model.safetensors and vocab.txt there.", "没有打标模型。WD14 打标模型:请将 model.onnx 和 selected_tags.csv 放入 {path};BLIP:请将 config.json、model.safetensors 和 vocab.txt 放入该目录。";
    QUEUED: "{model} looks at {pictures}; proposals come in as they are made", "{model} 正在处理 {pictures},建议会陆续出现";

    FORM: "Ask a tagger", "运行打标模型";
    MODEL: "Model", "模型";
    MODEL_HELP: "Which tagger or captioner looks at the pictures", "用哪个模型处理图片";
    PATH_HELP: "The folder of a tagger or captioner; none was found in the model folders", "模型所在目录;在模型目录中没有找到";
    THRESHOLD: "Threshold", "阈值";
    THRESHOLD_HELP: "The least confidence of a tag", "标签的最低置信度";
    CHARACTER: "For characters", "角色阈值";
    CHARACTER_HELP: "The least confidence of a character", "角色标签的最低置信度";
    RATING: "Rating", "分级";
    RATING_HELP: "Whether the rating becomes a tag", "分级是否作为标签写入";
    LEAVE: "is left out", "不写入";
    FIRST_TAG: "as the first tag", "作为第一个标签";
    LAST_TAG: "as the last tag", "作为最后一个标签";
    EXCLUDE: "Never", "排除";
    EXCLUDE_HELP: "Tags that are never proposed, with commas between them", "从不建议的标签,以逗号分隔";
    FIRST: "First", "优先";
    FIRST_HELP: "Tags that stand first where they are found", "找到时排在最前的标签";
    ADD: "Always", "总是添加";
    ADD_HELP: "Tags that are put in front of every proposal, such as the trigger word", "加在每条建议之前的标签,如触发词";
    UNDERSCORES: "Underscores", "保留下划线";
    UNDERSCORES_HELP: "Underscores stay; else they become spaces, but in emoticons", "保留下划线;否则改为空格,表情除外";
    ESCAPE: "Escape", "转义括号";
    ESCAPE_HELP: "Parentheses get a backslash, as prompts want it and captions do not", "为括号加反斜杠(提示词需要,训练描述不需要)";
    CONFLICT: "Captions there", "已有描述";
    CONFLICT_HELP: "What becomes of a caption that is there already", "如何处理已有的描述";
    APPEND: "new tags behind", "新标签加在末尾";
    PREPEND: "new tags in front", "新标签加在最前";
    OVERWRITE: "give way", "被替换";
    IGNORE: "are left alone", "不处理";
    PROMPT: "Begins with", "句首";
    PROMPT_HELP: "What a captioner's sentence begins with; it is left out of the caption", "描述模型的句子以此开头,但不写入描述";
    BEAMS: "Beams", "束宽";
    BEAMS_HELP: "How many sentences a captioner follows at once; more are slower and a little better", "描述模型同时搜索的句子数;越多越慢,效果略好";
    SHORTEST: "Least tokens", "最少 token";
    SHORTEST_HELP: "The least number of tokens of a captioner's sentence", "描述模型句子的最少 token 数";
    LONGEST: "Most tokens", "最多 token";
    LONGEST_HELP: "The largest number of tokens of a captioner's sentence", "描述模型句子的最多 token 数";
    ACCEPT: "Take proposals", "采纳建议";
    LEAST: "From", "不低于";
    LEAST_HELP: "Takes every proposed tag of at least this confidence; a diff comes first", "采纳置信度不低于此值的全部标签;先显示差异";
}
