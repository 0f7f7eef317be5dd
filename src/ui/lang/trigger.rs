//! The dialog of the trigger word: what each choice teaches the model, in plain words.

catalogue! {
    TITLE: "A word for the subject", "触发词向导";
    WORD: "Trigger word", "触发词";
    WORD_EXAMPLE: "such as: smithzkw", "例如:smithzkw";
    SUBJECT: "It stands for", "代表";
    PERSON: "a person or character", "人物角色";
    STYLE: "a style", "画风";
    THING: "a thing, an outfit, a place", "物品、服装或场景";
    TAGS: "Strike what belongs to it; these tags are the most frequent:", "剔除属于主体的标签;以下是最常见的标签:";
    THE_WORD: "the trigger word", "触发词";
    KEYS: "space strikes or keeps · tab goes on · {write} shows the changes · {back} leaves", "空格:剔除或保留 · tab:下一项 · {write}:查看更改 · {back}:离开";
    NEEDS_WORD: "The subject needs a word first", "请先填写触发词";
    NO_TAGS: "There are no tags yet; a tagger can make some.", "还没有标签,可先用打标器生成。";
    WORD_HELP: "The word that will call the subject. Take one that the base model hardly knows: a common word brings along what it means already. It is put in front of every caption; train with keep_tokens 1, so that shuffling leaves it there.", "用来唤出主体的词。请选底模几乎不认识的词:常见词会把原有含义一并带入。它会被加到每张图标签的最前面;训练时设 keep_tokens 为 1,打乱标签时它就不会移动。";
    PERSON_HELP: "Somebody: what always belongs to them (hair, eyes, face, body) is struck, so that the word alone brings it. Clothes, poses and places stay, so that they can be changed.", "人物:剔除其固有特征(发型、眼睛、面部、体型),这样只用触发词就能画出来。服装、姿势和场景保留,以便出图时更换。";
    STYLE_HELP: "A way to draw: words for the style are struck, so that the trigger word means it. All that is to be seen in the pictures stays, so that the style is not mixed up with their content.", "画风:剔除描述画风的词,让触发词代表它。画面内容全部保留,以免画风与内容混在一起。";
    THING_HELP: "A thing: words for it and its parts are struck, so that the trigger word means it. Who is there, what they do and where stays.", "物品:剔除描述它及其部件的词,让触发词代表它。人物、动作和场景保留。";
    LOOKS_STRUCK: "Without {tag} in the captions the model learns it as part of {word}: {word} alone brings it, and a prompt can hardly change it.", "标签中去掉 {tag} 后,模型会把它当作 {word} 的一部分:只用 {word} 就会出现,提示词很难改变它。";
    LOOKS_KEPT: "With {tag} in the captions the model learns it by itself: a prompt has to ask for it, and can ask for something else.", "标签中保留 {tag},模型会单独学习它:需要在提示词中写出,也可以换成别的。";
    CLOTHES_STRUCK: "Without {tag} the outfit becomes part of {word}, and is worn even where nobody asked for it. Good for a uniform that always belongs to them.", "去掉 {tag} 后,这件服装会成为 {word} 的一部分,不写也会穿上。适合固定不变的服装。";
    CLOTHES_KEPT: "With {tag} kept, {word} can change clothes: a prompt asks for this outfit or for another.", "保留 {tag},{word} 就可以换装:由提示词决定穿什么。";
    SCENE_STRUCK: "Without {tag} the model takes it for part of {word}: it will come back in every picture. Strike it only if that is wanted.", "去掉 {tag} 后,模型会把它当作 {word} 的一部分,每张图都会出现。除非有意如此,否则不要剔除。";
    SCENE_KEPT: "With {tag} named, the model knows that it is not {word}; prompts can place the subject elsewhere.", "写明 {tag},模型就知道它不属于 {word},提示词可以把主体放到别处。";
    PEOPLE_STRUCK: "Without {tag}, how many there are is left to {word}. The word is shorter to use, but harder to combine with others.", "去掉 {tag} 后,人数由 {word} 决定。使用更省事,但较难与其他人物同框。";
    PEOPLE_KEPT: "{tag} connects {word} with what the base model knows of people; most guides keep it.", "{tag} 把 {word} 与底模已有的人物知识联系起来,多数教程建议保留。";
    STYLE_STRUCK: "Without {tag} the way of drawing is learned as {word} itself. That is what a style is trained for.", "去掉 {tag} 后,这种画法会被学成 {word} 本身,这正是训练画风的目的。";
    STYLE_KEPT: "With {tag} kept, a part of the style stays with that word: it has to be in the prompt to have the style whole.", "保留 {tag},一部分画风会留在这个词上:提示词里也要写它才能得到完整画风。";
    CONTENT_STRUCK: "Without {tag} the style learns to draw it everywhere, asked or not.", "去掉 {tag} 后,画风会学着到处画它,不写也会出现。";
    CONTENT_KEPT: "With {tag} named, the model knows that it is content and not the style.", "写明 {tag},模型就知道它是内容而不是画风。";
    QUALITY_STRUCK: "{tag} says how good a picture is. Without it the quality of these pictures becomes part of {word}.", "{tag} 描述画质。去掉后,这批图片的画质会成为 {word} 的一部分。";
    QUALITY_KEPT: "With {tag} kept, prompts with that word move towards these pictures.", "保留 {tag},含有该词的提示词会向这批图片靠拢。";
    STRUCK: "Without {tag} the model learns it as part of {word}: it comes without being asked for.", "去掉 {tag} 后,模型会把它当作 {word} 的一部分,不写也会出现。";
    KEPT: "With {tag} kept, it stays a word of its own: prompts can ask for it or leave it out.", "保留 {tag},它仍是独立的词,提示词可写可不写。";
}
