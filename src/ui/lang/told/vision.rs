//! Why a model that looks at pictures cannot be run.

use super::store::of_system;
use super::{Chinese, Tell, says};
use crate::vision::onnx::Error;

impl Tell for Error {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::Read { path, reason } => {
                let why = of_system(reason.kind(), &reason.to_string());
                says(format!("无法读取 {}:{why}", path.display()))
            }
            Self::Load { path, reason } => says(format!("{} 不是可运行的 ONNX 模型:{reason}", path.display()))
                .hint("请重新下载该文件;Git LFS 指针不是模型"),
            Self::Form { path, what } => {
                says(format!("{} 的结构不符:{what}", path.display())).hint("它可能是另一种模型")
            }
            Self::Run { path, reason } => {
                says(format!("{} 处理图片时出错:{reason}", path.display())).hint("文件可能已损坏,请重新下载")
            }
        }
    }
}
