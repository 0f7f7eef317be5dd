//! What is wrong with a picture, why one stays as it is, and why one of two is better.

use std::io::ErrorKind;

use super::{Chinese, Tell, says};
use crate::data::picture::twins::choice::{Because, megapixels};
use crate::data::picture::work::order::PatternError;
use crate::data::picture::work::{Kept, MakeError, Stopped};
use crate::data::picture::{Damage, Fault, Foreign, Part, Trouble};
use crate::data::unread::Unread;

impl Tell for Fault {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::Unreadable(why) => {
                let told = says(format!("无法读取:{}", why.chinese().sentence));
                match why {
                    Unread::System {
                        kind: ErrorKind::NotFound,
                        ..
                    } => told.hint("请检查路径"),
                    Unread::System {
                        kind: ErrorKind::PermissionDenied,
                        ..
                    } => told.hint("请用 chmod 允许读取,或复制一份"),
                    _ => told,
                }
            }
            Self::NotAFile => says("不是普通文件").hint("请填写图片文件"),
            Self::Empty => says("是空文件").hint(AGAIN),
            Self::Foreign(what) => foreign(*what),
            Self::Unknown => says("不是 PNG、JPEG、WebP 或 BMP 图片").hint(CONVERT),
            Self::Truncated(Part::Header) => says("在文件头处被截断").hint(AGAIN),
            Self::Truncated(Part::Pixels) => says("在像素数据处被截断").hint(AGAIN),
            Self::Damaged(damage) => {
                says(format!("已损坏:{}", damaged(damage))).hint("请重新复制该文件;也可能是保存它的程序写坏了文件")
            }
            Self::TooLarge { width, height, most } => says(format!(
                "标称 {width} x {height} 像素,最多读取 {} 百万像素",
                most / 1_000_000
            ))
            .hint("训练所用的 Pillow 同样拒绝读取,请用其他程序缩小"),
            Self::TooLong { bytes, most } => {
                says(format!("有 {bytes} 字节,最多读取 {most} 字节")).hint("请以更小的体积重新保存,如 JPEG 或 WebP")
            }
        }
    }
}

const AGAIN: &str = "请重新复制或下载该文件";
const CONVERT: &str = "请用其他程序转换为 PNG,或从数据集中去掉";

fn foreign(what: Foreign) -> Chinese {
    let (name, hint) = match what {
        Foreign::Gif => ("GIF", CONVERT),
        Foreign::Tiff => ("TIFF", CONVERT),
        Foreign::JpegXl => ("JPEG XL", CONVERT),
        Foreign::Avif => ("AVIF", CONVERT),
        Foreign::Heif => ("HEIF", CONVERT),
        Foreign::Video => ("视频", CONVERT),
        Foreign::Photoshop => ("Photoshop 文档", CONVERT),
        Foreign::LfsPointer => ("Git LFS 指针", "请运行 `git lfs pull` 取得它所代表的图片"),
        Foreign::WebPage => ("网页", "下载到的是图片所在的网页,请下载图片本身"),
    };
    says(format!("是 {name},不是 PNG、JPEG、WebP 或 BMP 图片")).hint(hint)
}

fn damaged(damage: &Damage) -> String {
    match damage {
        Damage::Size(width, height) => format!("尺寸为 {width} x {height} 像素"),
        Damage::Width(width) => format!("宽度为 {width} 像素"),
        Damage::NoPixels(parts, _) => format!("文件头的 {parts} 个分段之后仍没有像素数据"),
        Damage::NoStart => "没有以 IHDR 块开头".to_owned(),
        Damage::ColourType(kind) => format!("{kind} 不是 PNG 的颜色类型"),
        Damage::FirstChunk(name) => format!("第一个块是 {name:?}"),
        Damage::Frame(kind) => format!("帧的开头不符合 {kind} 格式"),
        Damage::NoFrame => "没有帧头".to_owned(),
        Damage::Segment { marker, length } => format!("分段 {marker:#x} 标称长度为 {length} 字节"),
        Damage::Channels(channels) => format!("{channels} 不是 JPEG 的通道数"),
        Damage::NoMarker(bytes) => format!("{bytes} 字节之内没有标记"),
        Damage::InfoHeader(length) => format!("信息头标称长度为 {length} 字节"),
        Damage::Bits(bits) => format!("{bits} 不是 BMP 的像素位数"),
        Damage::Checksum(chunk) => format!("{chunk} 块的校验和错误"),
        Damage::Chunk(chunk) => format!("含有未知的 {chunk} 块"),
        Damage::Pixels(words) => format!("无法解码像素({words})"),
    }
}

impl Tell for Trouble {
    fn english_hint(&self) -> Option<String> {
        self.fault.hint()
    }

    fn chinese(&self) -> Chinese {
        let Chinese { sentence, hint } = self.fault.chinese();
        let sentence = format!("{} {sentence}", self.path.display());
        Chinese { sentence, hint }
    }
}

impl Tell for Kept {
    fn chinese(&self) -> Chinese {
        says(match self {
            Self::Size => "已是该尺寸".to_owned(),
            Self::Beside => "矩形在图片之外".to_owned(),
            Self::NoSize => "没有与其宽高比足够接近的尺寸".to_owned(),
            Self::Small => "图片已足够小".to_owned(),
            Self::Short => "图片不够长,无需分割".to_owned(),
            Self::Upright => "方向正确".to_owned(),
            Self::Kind => "已是该格式".to_owned(),
            Self::Anchored(why) => return why.chinese(),
            Self::There(name) => format!("{name} 已存在"),
            Self::Shared => "另一张图片与其同名,共用一条描述".to_owned(),
            Self::Taken => "该名称已被一个不改名的文件占用".to_owned(),
        })
    }
}

impl Tell for Stopped {
    fn chinese(&self) -> Chinese {
        says("已停止,没有更改任何内容")
    }
}

impl Tell for MakeError {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::Stopped(stopped) => stopped.chinese(),
            Self::Write(error) => error.chinese(),
        }
    }
}

impl Tell for PatternError {
    fn chinese(&self) -> Chinese {
        says(match self {
            Self::NoNumber(text) => format!("名称格式 {text:?} 中没有序号,请在相应位置写 {{n}} 或 {{n:04}}"),
            Self::TwoNumbers(text) => format!("名称格式 {text:?} 中有两个序号,一个即可区分图片"),
            Self::NoName(text) => format!("名称格式 {text:?} 不能用作文件名"),
        })
    }
}

impl Tell for Because {
    fn chinese(&self) -> Chinese {
        says(match self {
            Self::Training => "较好的一张是训练图片,这张是正则化图片".to_owned(),
            Self::Pixels(better, worse) => format!(
                "较好的一张有 {:.2} 百万像素,这张有 {:.2}",
                megapixels(*better),
                megapixels(*worse)
            ),
            Self::Caption => "较好的一张有描述".to_owned(),
            Self::Lossless => "较好的一张为无损压缩".to_owned(),
            Self::Bytes(better, worse) => format!("较好的一张有 {better} 字节,这张有 {worse} 字节"),
            Self::LongerCaption => "较好的一张描述更长".to_owned(),
            Self::Equal => "两者相同,较好的一张排在前面".to_owned(),
        })
    }
}
