//! Why there are no buckets, or none for a picture; why crops set by hand cannot be used.

use super::{Chinese, Tell, says};
use crate::data::buckets::{Error, LONGEST, hand};

impl Tell for Error {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::Resolution([w, h]) => says(format!("分辨率 {w}x{h} 有一边为 0 或超过 {LONGEST} 像素"))
                .hint("请使用 512 或 768x512 这样的尺寸"),
            Self::Step(step) => {
                says(format!("分桶步长为 {step},应在 1 到 {LONGEST} 之间")).hint("通常为 64,SDXL 可用 32")
            }
            Self::MinBelowStep { min, step } => {
                says(format!("分桶最短边 {min} 小于步长 {step}")).hint(format!("请使用 {step} 或更大的值"))
            }
            Self::MinAboveResolution { min, side } => says(format!("分桶最短边 {min} 大于分辨率的短边 {side}"))
                .hint(format!("请使用 {side} 或更小的值,或提高分辨率")),
            Self::MaxBelowResolution { max, side } => says(format!("分桶最长边 {max} 小于分辨率的长边 {side}"))
                .hint(format!("请使用 {side} 或更大的值,或降低分辨率")),
            Self::MaxTooLarge(max) => says(format!("分桶最长边为 {max},最大为 {LONGEST}")).hint("通常为 1024 或 2048"),
            Self::Empty([w, h]) => says(format!("图片尺寸 {w}x{h} 没有面积")).hint("文件已损坏,或记录的尺寸有误"),
            Self::TooSmall { size: [w, h], step } => {
                says(format!("{w}x{h} 像素的图片太小或太窄,步长为 {step} 的分桶都放不下"))
                    .hint("请去掉这张图片,或允许放大(不使用 no_upscale)")
            }
            Self::TooLong([w, h]) => says(format!("{w}x{h} 像素的图片过长,缩放后的像素数会超出上限")).hint("请先裁剪"),
            Self::Outside {
                rectangle: [x, y, width, height],
                size: [w, h],
            } => says(format!("位于 {x},{y} 的 {width}x{height} 矩形在 {w}x{h} 的图片之外"))
                .hint("图片在此之后已更改,请重新设置矩形"),
        }
    }
}

impl Tell for hand::Error {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        let why = match &self.why {
            hand::Why::Unread(why) => format!("无法读取:{}", why.chinese().sentence),
            hand::Why::TooLarge => "文件超过 64 MiB".to_owned(),
            hand::Why::Toml(why) => format!("不是有效的 TOML:{why}"),
            hand::Why::Focus(name) => format!("{name:?}:focus 应为 0 到 1 之间的两个数"),
            hand::Why::Rectangle(name) => format!("{name:?}:rectangle 的宽和高应大于 0"),
            hand::Why::Entry(name) => format!("{name:?}:focus 与 rectangle 应有且只有其一"),
        };
        says(format!("无法使用 {}:{why}", self.path.display())).hint("请修正该文件;将其移走则所有图片都按中心裁剪")
    }
}
