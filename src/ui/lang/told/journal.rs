//! Why the journal leaves a file alone, and why it cannot do what it was asked.

use super::{Chinese, Tell, says};
use crate::data::journal::{Error, Why};

impl Tell for Why {
    fn chinese(&self) -> Chinese {
        says(match self {
            Self::Changed => "已在外部修改".to_owned(),
            Self::Missing => "文件已不存在".to_owned(),
            Self::Taken => "名称已被占用".to_owned(),
            Self::TrashEmptied => "回收站已清空".to_owned(),
            Self::Outside => "不属于该数据集".to_owned(),
            Self::Unreadable(why) => format!("无法读取:{}", why.chinese().sentence),
        })
    }
}

impl Tell for Error {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::Write(error) => error.chinese(),
            Self::Busy(path) => {
                says(format!("另一个 danlu 正在写入 {}", path.display())).hint("请等待其完成,或将其关闭")
            }
            Self::Stopped => says("已停止,没有写入任何内容"),
            Self::NothingToUndo(path) => says(format!("{} 没有可撤销的更改", path.display()))
                .hint("其他程序或在其他目录下所作的更改不在此记录中"),
            Self::NothingToRedo(path) => says(format!("{} 没有可重做的更改", path.display())),
            Self::Conflicts { count, of, first } => says(format!(
                "{of} 个文件中有 {count} 个在读取后已被修改,其中第一个是 {};没有写入任何内容",
                first.display()
            ))
            .hint("请重新读取数据集后再次更改"),
            Self::Outside { path, root } => {
                says(format!("{} 不在 {} 之内", path.display(), root.display())).hint("请打开包含该文件的目录")
            }
            Self::Contradiction { path, .. } => says(format!("{}:同一批更改互相矛盾", path.display())),
            Self::NoSnapshot { name, known } => says(format!("没有名为 {name:?} 的快照")).hint(if known.is_empty() {
                "请先保存快照".to_owned()
            } else {
                format!("已有快照:{}", known.join("、"))
            }),
            Self::SnapshotExists(name) => {
                says(format!("已有名为 {name:?} 的快照")).hint("请换一个名称,或先删除原有快照")
            }
            Self::Newer { path, found, known } => says(format!(
                "{} 的版本为 {found},此 danlu 最高支持版本 {known}",
                path.display()
            ))
            .hint("请使用更新的 danlu"),
            Self::Damaged { path, why } => says(format!("{} 已损坏:{why}", path.display()))
                .hint(format!("描述不受影响;将 {} 移走即可重新开始记录", path.display())),
            Self::Database { path, why } => {
                says(format!("无法使用 {}:{why}", path.display())).hint("请确认磁盘正常,且没有其他程序占用该文件")
            }
        }
    }
}
