//! Why a file cannot be written or read, as the system says it.

use std::io::ErrorKind;

use super::{Chinese, Tell, says};
use crate::store::atomic::{Reason, WriteError};

impl Tell for WriteError {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        let told = |why: &str| says(format!("无法写入 {}:{why}", self.path.display()));
        match &self.reason {
            Reason::NotAllowed(folder) => {
                told(&format!("不允许在 {} 中写入", folder.display())).hint("请换一个目录,或用 chmod 允许写入")
            }
            Reason::DiskFull => told("磁盘已满").hint("请腾出空间,或换用其他磁盘上的目录"),
            Reason::NoFolder(folder) => told(&format!("目录 {} 不存在", folder.display()))
                .hint(format!("请用 mkdir -p {} 创建", folder.display())),
            Reason::FolderIsFile(path) => told(&format!("{} 是文件,不是目录", path.display())).hint("请换一个名称"),
            Reason::IsFolder => told("它是目录").hint("请换一个名称"),
            Reason::Exists => told("文件已存在").hint("请换一个名称"),
            Reason::NameTooLong => told("名称过长").hint("请使用更短的文件名或名称格式"),
            Reason::Other(error) => told(&of_system(error.kind(), &error.to_string())),
        }
    }
}

/// What the system says; of what is rare, its own words.
pub(super) fn of_system(kind: ErrorKind, words: &str) -> String {
    let known = match kind {
        ErrorKind::NotFound => "文件不存在",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::IsADirectory => "它是目录",
        ErrorKind::NotADirectory => "路径中有一部分不是目录",
        ErrorKind::StorageFull => "磁盘已满",
        ErrorKind::QuotaExceeded => "已超出磁盘配额",
        ErrorKind::ReadOnlyFilesystem => "文件系统只读",
        ErrorKind::InvalidFilename => "名称过长",
        ErrorKind::StaleNetworkFileHandle => "网络文件已失效",
        ErrorKind::TimedOut => "等待超时",
        ErrorKind::FileTooLarge => "文件过大",
        ErrorKind::UnexpectedEof => "文件提前结束",
        ErrorKind::InvalidData => "内容不是 UTF-8 文本",
        _ => return words.to_owned(),
    };
    known.to_owned()
}
