//! What is wrong with a query, and with the queries that were saved.

use super::{Chinese, Tell, says};
use crate::data::query::saved::SavedError;
use crate::data::query::{Error, Example, Wrong};

impl Tell for Error {
    fn english_hint(&self) -> Option<String> {
        Some(self.hint())
    }

    fn chinese(&self) -> Chinese {
        match &self.wrong {
            Wrong::Unopened => says("右括号没有对应的左括号").hint("请删除它,或在分组开头加上 ("),
            Wrong::Unclosed => says("括号没有闭合").hint("请在分组结尾加上 )"),
            Wrong::Unfinished => says("结尾缺少内容").hint("请写出 AND、OR、NOT 或 ( 之后的内容,或将其删除"),
            Wrong::TooDeep => says("括号嵌套过深").hint("请减少嵌套"),
            Wrong::NoTerm => says("此处缺少词或条件").hint("AND 和 OR 写在两个条件之间,括号内至少要有一个条件"),
            Wrong::Quote => says("引号没有闭合").hint("请在文本结尾加上 \",文本内的引号写作 \\\""),
            Wrong::Slash => says("正则表达式没有闭合").hint("请在结尾加上 /,其中的斜杠写作 \\/;路径请加引号"),
            Wrong::Regex(why) => says(format!("正则表达式无效:{why}")).hint("表示字符本身的括号或星号前请加反斜杠"),
            Wrong::Key { name, near, known } => says(format!("没有 {name}: 这样的条件")).hint(match near {
                Some(near) => format!("是否想写 {near}:?要在描述中查找该词,请加引号"),
                None => format!("可用条件:{known};要在描述中查找该词,请加引号"),
            }),
            Wrong::NoColon { name, value } => {
                let correct = value.trim_start_matches('=');
                says(format!("{name}{value} 缺少冒号")).hint(format!("请写 {name}:{correct};要在描述中查找它,请加引号"))
            }
            Wrong::Empty(written) => says(format!("{written:?} 是从大到小的范围")).hint("请先写较小的数,如 tags:2..5"),
            Wrong::NoText => says("冒号后缺少文本").hint("例如 tag:fox 或 name:*cat*"),
            Wrong::NoNumber { written, example } => {
                let example = match example {
                    Example::Percent => "例如 crop:>10%",
                    Example::Ratio => "例如 ar:>1.5 或 ar:3:2",
                    Example::Number => "例如 tags:<5、tokens:>=75 或 w:512..1024",
                };
                says(format!("{written:?} 不是数字或范围")).hint(example)
            }
            Wrong::NoSize(written) => says(format!("{written:?} 不是尺寸")).hint("请写宽和高,如 bucket:512x768"),
            Wrong::Behind(written) => {
                says(format!("此处不应有内容,却写了 {written:?}")).hint("只写该词和冒号,如 untagged: 或 dup:")
            }
            Wrong::NotSaved { name, known } => says(format!("没有保存过查询 @{name}")).hint(if known.is_empty() {
                "还没有保存的查询;要在描述中查找该词,请加引号".to_owned()
            } else {
                format!("已保存:{known};要在描述中查找该词,请加引号")
            }),
            Wrong::Circle(name) => says(format!("@{name} 引用了自身")).hint("请将其中一个查询另存为其他名称"),
        }
    }
}

impl Tell for SavedError {
    fn chinese(&self) -> Chinese {
        match self {
            Self::Unreadable { path, why } => says(format!(
                "无法读取保存在 {} 中的查询:{}",
                path.display(),
                why.chinese().sentence
            )),
            Self::Name(name) => says(format!("{name:?} 不能用作查询的名称,只能使用字母、数字、- 和 _")),
            Self::Write(error) => says(error.chinese().sentence),
        }
    }
}
