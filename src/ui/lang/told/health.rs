//! What is wrong with a dataset.

use super::{Chinese, Tell, says};
use crate::data::health::{Finding, What};

impl Tell for Finding {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    #[expect(clippy::too_many_lines, reason = "a sentence and a hint for each finding")]
    fn chinese(&self) -> Chinese {
        let n = self.files.len();
        let one = self.files.first().map(String::as_str).unwrap_or_default();
        match &self.what {
            What::Broken(fault) => {
                let Chinese { sentence, hint } = fault.chinese();
                let sentence = format!("{one} {sentence}");
                Chinese { sentence, hint }
            }
            What::MoreBroken => says(format!("另有 {n} 张图片无法读取")).hint("请从数据集中去掉,或重新复制"),
            What::Exif => says(format!("{n} 张图片由 EXIF 标记为旋转:看图软件会转正,训练脚本不会"))
                .hint("用 `danlu dataset rotate` 旋转像素"),
            What::Alpha { used: true } => says(format!(
                "{n} 张图片有透明部分:训练脚本会丢弃透明度并露出其下的颜色,常为黑色"
            ))
            .hint(OPAQUE),
            What::Alpha { used: false } => {
                says(format!("{n} 张图片有透明通道:训练脚本会将其丢弃并露出其下的颜色")).hint(OPAQUE)
            }
            What::Gray16 => says(format!(
                "{n} 张图片为 16 位灰度:训练脚本所用的 Pillow 会截断 255 以上的值,结果几乎全白"
            ))
            .hint("用 `danlu dataset convert` 转为 8 位"),
            What::Depth16 => says(format!("{n} 张图片每通道超过 8 位:训练脚本只用 8 位"))
                .hint("用 `danlu dataset convert` 可减小体积"),
            What::Cmyk => says(format!(
                "{n} 张图片为印刷颜色(CMYK):训练脚本转换时不使用色彩配置,颜色会有偏差"
            ))
            .hint("用 `danlu dataset convert --to png` 转为 RGB,并检查结果"),
            What::Animated => says(format!("{n} 张图片有多帧:训练脚本只用第一帧")),
            What::Format => says(format!("{n} 张图片的实际格式与扩展名不符,但仍可读取"))
                .hint("用 `danlu dataset convert` 改为相符的名称"),
            What::Buckets(error) | What::Size(error) => error.chinese(),
            What::Small { enlarged, at: [w, h] } => says(format!(
                "{n} 张图片以 {w}x{h} 训练时要放大超过 {enlarged} 倍:模型会学到模糊"
            ))
            .hint("请换用更大的图片、妥善放大,或训练时不放大(bucket_no_upscale)"),
            What::Enlarged { at: [w, h] } => says(format!("{n} 张图片以 {w}x{h} 训练时会略微放大")),
            What::Cropped { share, at: [w, h] } => says(format!(
                "{n} 张图片以 {w}x{h} 训练时会被裁去超过 {:.0} %",
                share * 100.0
            ))
            .hint("参见 `danlu tags buckets`;可手动裁剪,或允许更长的分桶"),
            What::Ending => says(format!("{n} 张图片的扩展名大小写混用:kohya 脚本找不到它们"))
                .hint("用 `danlu dataset convert --to png`,或改名"),
            What::Case => says(format!(
                "{n} 张图片的名称只有大小写不同:在 Windows 和 macOS 上会丢失其一"
            ))
            .hint("用 `danlu dataset rename` 改为编号"),
            What::Stem => says(format!("{n} 张图片只有扩展名不同:它们共用一条描述和潜空间缓存"))
                .hint("若为同一张图片,用 `danlu dataset dedup` 去重,否则请改名"),
            What::Stray => says(format!("{n} 条描述没有对应的图片")).hint("图片可能已改名或删除"),
            What::Ignored(why) => says(format!("{n} 处未收入:{}", why.chinese().sentence)),
            What::Unreadable => says(format!("{n} 张图片的描述无法读取")).hint("请检查文件权限"),
            What::Uncaptioned { all } => says(format!("{n} 张图片没有描述:以目录名中的类别词代替,没有类别词则为空"))
                .hint(if *all {
                    "用 `danlu tags auto` 生成描述;若有意只用类别词,则无需处理"
                } else {
                    "请补写描述,或用 `danlu tags auto` 生成"
                }),
            What::Encoding => {
                says(format!("{n} 张图片的描述不是 UTF-8:kohya 脚本会因此中止")).hint("请用编辑器另存为 UTF-8")
            }
            What::Bom => says(format!(
                "{n} 张图片的描述以字节序标记(BOM)开头,它会成为第一个标签的一部分"
            ))
            .hint("用 `danlu tags clean`,或另存为无 BOM 的 UTF-8"),
            What::Void => says(format!("{n} 张图片的描述文件是 0 字节:kohya 脚本会因此中止"))
                .hint("请补写描述,或删除这些文件:类别词会代替"),
            What::Extension { config } => says(format!(
                "{n} 张图片有 .txt 文件,但训练不会读取,因为 {config} 没有设置 caption_extension"
            ))
            .hint("请在其 [general] 中加入 caption_extension = \".txt\""),
            What::Capitals => says(format!("{n} 条描述的扩展名含大写字母:kohya 脚本找不到它们")).hint("请改为小写"),
            What::Second => says(format!("{n} 条描述未被读取,因为图片另有一条描述"))
                .hint("请删除多余的描述,或用 --extension 指定所用的扩展名"),
            What::Empty => {
                says(format!("{n} 张图片的描述为空:不会有任何内容代替,类别词也不会")).hint("请补写描述,或删除空文件")
            }
            What::Lines => says(format!("{n} 张图片的描述有多行:kohya 脚本只读第一行"))
                .hint("请合并为一行,或训练时使用 enable_wildcard 随机取一行"),
            What::Tokens { most } => {
                says(format!("{n} 张图片的描述超过 {most} 个 token:超出部分不会被学习")).hint(if *most < 225 {
                    "请缩短描述,或训练时将 max_token_length 设为 150 或 225"
                } else {
                    "请缩短描述"
                })
            }
            What::MetadataRepeated => {
                says(format!("{n} 个键在元数据文件中重复出现:以最后一个为准")).hint("请去掉其余的")
            }
            What::MetadataMissing => says(format!(
                "元数据文件列出的 {n} 张图片不存在:除非已缓存潜空间,训练脚本会因此中止"
            ))
            .hint("键应为带扩展名的路径;kohya 的合并脚本只有加 --full_path 才会这样写"),
            What::MetadataTags => says(format!(
                "{n} 张图片在元数据文件中只有标签而无描述:启用 enable_wildcard 时标签会丢失"
            ))
            .hint("请补写描述,或训练时不用 enable_wildcard"),
            What::MetadataSize => says(format!(
                "{n} 张图片的尺寸与元数据或潜空间缓存所记不同:分桶以所记为准,宽高比不同时图像会变形"
            ))
            .hint("请写正确的 image_size 或不写,并删除旧缓存"),
            What::NoTrigger { tag, share } => says(format!(
                "没有九成描述共有的标签;最常见的 {tag:?} 占 {:.0} %",
                share * 100.0
            ))
            .hint("训练主体或画风时,请在最前加上专用的触发词:`danlu tags add --front`"),
            What::TriggerPlace { tag, share, first } => says(format!(
                "{:.0} % 的描述有 {tag:?},但只有 {:.0} % 将其放在最前",
                share * 100.0,
                first * 100.0
            ))
            .hint("打乱时只有最前的标签能固定(keep_tokens):`danlu tags first`"),
            What::TriggerMissing { tag, without } => {
                says(format!("{without} 条描述没有 {tag:?},其余描述都以它开头")).hint("`danlu tags add --front`")
            }
            What::Nothing => says("没有可训练的图片").hint("请填写图片所在的目录,或 `10_名称` 目录的上级目录"),
            What::Few(pictures) => says(format!("只有 {pictures} 张图片:它们的任何共同点都会被死记"))
                .hint("教程建议主体 15 到 50 张,画风更多,且背景、角度和光线各不相同"),
            What::Many(shown) => {
                says(format!("每轮要看 {shown} 张图片(含重复)")).hint("减少重复次数、增加轮数,更便于适时停止")
            }
            What::RegMany { reg, train } => says(format!(
                "{reg} 张正则化图片中有 {n} 张不会用到:排在前面的已足够 {train} 张训练图片(含重复)使用"
            ))
            .hint("请减少正则化图片,或增加训练图片的重复次数"),
            What::Balance { most, least } => says(format!(
                "每轮 {:?} 出现 {} 次,{:?} 出现 {} 次",
                most.0, most.1, least.0, least.1
            ))
            .hint("请使各目录的重复次数 x 图片数大致相等,除非有意侧重其一"),
            What::Repeats => says(format!("{n} 个目录的重复次数为 0:不参与训练")),
            What::RegSame => says(format!("{n} 张图片既在训练图片中,又在正则化图片中,逐字节相同"))
                .hint("正则化图片应为同类的其他图片"),
            What::Identical => says(format!("{n} 张图片重复出现,逐字节相同:学习权重会相应增加"))
                .hint("用 `danlu dataset dedup` 各保留一张,也能找出不同尺寸的副本"),
        }
    }
}

const OPAQUE: &str = "用 `danlu dataset convert --background white` 铺上底色,或训练时使用 alpha_mask";
