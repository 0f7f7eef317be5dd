//! Why a dataset cannot be opened, what of it is left out, and which captions cannot be read.

use super::store::of_system;
use super::{Chinese, Tell, says};
use crate::data::set::{Anchored, Closed, Error, Ignored, metadata};
use crate::data::unread::Unread;

impl Tell for Unread {
    fn chinese(&self) -> Chinese {
        says(match self {
            Self::System { kind, words } => of_system(*kind, words),
            Self::NoFile => "它不是普通文件".to_owned(),
            Self::DeadLink => "它是链接,而目标文件不存在".to_owned(),
            Self::Metadata(why) => format!("元数据文件无法使用:{why}"),
            Self::NoEntry => "元数据文件中已没有该条目".to_owned(),
            Self::TooLarge(bytes) => format!("文件有 {} MiB,不可能是描述", bytes >> 20),
        })
    }
}

impl Tell for Ignored {
    fn chinese(&self) -> Chinese {
        says(match self {
            Self::DeadLink => "链接的目标不存在".to_owned(),
            Self::KnownLink => "链接指向的目录已在数据集中".to_owned(),
            Self::Unnumbered { .. } => "图片所在目录的名称没有以重复次数开头".to_owned(),
            Self::Format(ending) => format!("不支持 {ending} 图片"),
            Self::Unreadable(why) => format!("无法读取:{}", why.chinese().sentence),
            Self::Repeats(repeats) => format!("重复次数为 {repeats}"),
            Self::Twice => "重复列出".to_owned(),
            Self::NoEntries => "元数据文件中没有图片".to_owned(),
        })
    }
}

impl Tell for Closed {
    fn chinese(&self) -> Chinese {
        says(match self {
            Self::Unreadable(why) => format!("无法读取:{}", why.chinese().sentence),
            Self::Metadata(file) => format!(
                "{file} 存有多张图片的描述,不会写入:请在该文件中修改,或在图片旁另写描述并从 TOML 中去掉 metadata_file"
            ),
        })
    }
}

impl Tell for Anchored {
    fn chinese(&self) -> Chinese {
        let Self(file) = self;
        says(format!(
            "{file} 以路径引用该图片,不会写入:请先从 TOML 中去掉 metadata_file"
        ))
    }
}

impl Tell for metadata::Error {
    fn english_hint(&self) -> Option<String> {
        Some(self.hint())
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::Read { path, reason } => {
                let why = of_system(reason.kind(), &reason.to_string());
                says(format!("无法读取元数据文件 {}:{why}", path.display()))
                    .hint("metadata_file 取自 TOML 所在目录或 danlu 的运行目录")
            }
            Self::Content { path, sentence, .. } => says(format!("元数据文件 {} 有误:{sentence}", path.display()))
                .hint("请修正该条目,或从 TOML 中去掉 metadata_file"),
        }
    }
}

impl Tell for Error {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::NotThere(path) => {
                says(format!("目录 {} 不存在", path.display())).hint("请填写图片所在的目录,或 `10_名称` 目录的上级目录")
            }
            Self::Unreadable { path, reason } => {
                let why = of_system(reason.kind(), &reason.to_string());
                says(format!("无法读取 {}:{why}", path.display())).hint("请用 chmod 允许读取")
            }
            Self::NotASet(path) => {
                says(format!("{} 既不是目录,也不是数据集 TOML", path.display())).hint("请填写图片所在的目录")
            }
            Self::Config(error) => error.chinese(),
            Self::Metadata(error) => error.chinese(),
            Self::Stopped => says("已停止打开数据集"),
        }
    }
}
