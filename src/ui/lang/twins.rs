//! Near-duplicates of a dataset.

catalogue! {
    VIEW: "Near-duplicates", "近似重复";
    BEGIN: "{key} looks for pictures that look nearly the same.", "按 {key} 查找看起来几乎相同的图片。";
    SEARCHING: "Pictures are being compared …", "正在比较图片…";
    NONE: "None of {pictures} looks nearly like another. {key} looks again, with other limits.", "{pictures}中没有近似重复。按 {key} 以其他条件重新查找。";
    BETTER: "better:", "较好:";
    WORSE: "other:", "另一张:";
    BECAUSE: "Of the other one: {why}. {key} keeps the better one, the other goes to the trash and can be taken back.", "对另一张而言:{why}。按 {key} 保留较好的一张,另一张移入回收站,可撤销。";
    SUMMARY: "{pairs} among {pictures}", "{pictures}中有 {pairs}";
    ONE_PAIR: "{n} pair", "{n} 对";
    PAIRS: "{n} pairs", "{n} 对";
    OUTDATED: "Pictures came or changed since they were compared; {key} looks again.", "比较之后图片有新增或更改,按 {key} 重新查找。";
    MIRRORED: "mirrored", "镜像";
    FORM: "Near-duplicates", "近似重复";
    LIKENESS: "Likeness", "相似度";
    LIKENESS_HELP: "How alike pictures must be, to 1; copies come to 0.97 and more", "相似到何种程度,最高 1;副本通常在 0.97 以上";
    DISTANCE: "Bits apart", "相差位数";
    DISTANCE_HELP: "In how many of 128 bits their hashes may differ", "128 位哈希最多相差多少位";
    MIRRORED_TOO: "Mirrored too", "含镜像";
    MIRRORED_HELP: "Also mirrored copies, which may be there on purpose", "同时查找镜像副本(可能是有意制作的)";
    KEPT: "Keep the better near-duplicate", "保留近似重复中较好的一张";
    KEPT_OTHER: "Keep the other near-duplicate", "保留近似重复中的另一张";
    KEPT_ALL: "Keep the better near-duplicates", "保留全部近似重复中较好的";
}
