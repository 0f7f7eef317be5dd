//! Why a caption is left alone, and why an edit makes no sense.

use super::{Chinese, Tell, says};
use crate::data::edit::{Error, Named, Refusal};
use crate::data::set::Closed;

const WRITE: &str = "请按描述中的写法填写标签";

impl Tell for Refusal {
    fn chinese(&self) -> Chinese {
        says(match self {
            Self::Unreadable(why) => format!("无法读取:{}", why.chinese().sentence),
            Self::Metadata(file) => return Closed::Metadata(file.clone()).chinese(),
            Self::Stale => "文件已重新读取,而标签尚未更新".to_owned(),
            Self::Folder => "其描述的名称被目录占用".to_owned(),
            Self::Torn => "含有带分隔符的选项 {…|…},会被拆散".to_owned(),
            Self::Utf16 => "编码为 UTF-16,请另存为 UTF-8".to_owned(),
            Self::NotUtf8 { byte, at } => format!("不是 UTF-8 编码:第 {at} 字节为 {byte:#04x}"),
        })
    }
}

impl Tell for Error {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::NoTag(named) => {
                let (place, hint) = match named {
                    Named::Choice => ("所选内容", WRITE),
                    Named::Added => ("要添加的内容", WRITE),
                    Named::OldName => ("原标签", WRITE),
                    Named::NewName => ("新名称", "要删除标签,请使用删除标签的操作"),
                    Named::Merged => ("要合并的内容", WRITE),
                    Named::First => ("要放在最前的内容", WRITE),
                    Named::Trigger => ("触发词", WRITE),
                };
                says(format!("{place}中没有标签")).hint(hint)
            }
            Self::Regex { pattern, reason } => says(format!("`{pattern}` 不是有效的正则表达式:{reason}"))
                .hint("表示字符本身的符号前请加反斜杠,如 `\\(`"),
            Self::Group(name) => {
                says(format!("正则表达式中没有分组 `{name}`")).hint(match name.find(|c: char| !c.is_ascii_digit()) {
                    Some(end) if end > 0 => {
                        let (group, text) = name.split_at(end);
                        format!("若要在分组 {group} 后接 `{text}`,请写 ${{{group}}}{text}")
                    }
                    _ => "分组写作 `(…)` 或 `(?<名称>…)`;`$$` 表示美元符号本身".to_owned(),
                })
            }
            Self::Threshold(text) => {
                says(format!("`{text}` 不是有效的阈值")).hint("请填写描述的占比,如 80%,或描述的条数,如 20")
            }
            Self::NoChoice => says("没有指明是哪些标签").hint("请填写标签、正则表达式、类别或阈值"),
            Self::NoText => says("要查找的文本为空").hint("要重写整条描述,请设置其文本"),
        }
    }
}
