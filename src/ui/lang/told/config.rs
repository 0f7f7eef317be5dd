//! What is wrong with a dataset TOML.

use super::{Chinese, Tell, says};
use crate::data::config::{Error, Found, INTERPOLATIONS, Kind, Place, Problem, Takes, Wrong};

impl Tell for Error {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::Read { path, source } => says(format!("无法读取 {}:{}", path.display(), source.chinese().sentence))
                .hint("请填写 kohya 数据集配置的 .toml 或 .json 文件"),
            Self::Problems { path, problems } => {
                let told: Vec<_> = problems.iter().map(told).collect();
                let sentence = format!(
                    "{} 有 {} 处问题:\n  {}",
                    path.display(),
                    problems.len(),
                    told.join("\n  ")
                );
                // One hint for all, as in English.
                let hint = self.hint().and_then(|_| problems.first()?.wrong.chinese().hint);
                Chinese { sentence, hint }
            }
        }
    }
}

fn told(problem: &Problem) -> String {
    let Chinese { sentence, hint } = problem.wrong.chinese();
    let line = problem.line.map(|line| format!("第 {line} 行,")).unwrap_or_default();
    let hint = hint.map(|hint| format!("({hint})")).unwrap_or_default();
    format!("{line}{}:{sentence}{hint}", problem.at)
}

impl Tell for Wrong {
    fn english_hint(&self) -> Option<String> {
        self.hint()
    }

    fn chinese(&self) -> Chinese {
        match self {
            Self::NotTaken { found, takes } => says(format!("值为{},应为{}", value(found), taken(*takes))),
            Self::NoTable(found) => says(format!("值为{},应为表", value(found))),
            Self::NoTables { found, written } => {
                says(format!("值为{},应为表的列表", value(found))).hint(format!("请写 {written},用两层方括号"))
            }
            Self::NoFile(found) => says(format!("开头是{},应为表", value(found))),
            Self::Syntax(words) => says(format!("语法错误:{words}")),
            Self::NoPart => says("不属于数据集配置").hint("数据集配置由 [general] 和 [[datasets]] 组成"),
            Self::NoKey { table, place: None } => says(format!("{table} 没有这个键")),
            Self::NoKey {
                table,
                place: Some(place),
            } => says(format!("{table} 没有这个键")).hint(match place {
                Place::Near(name) => format!("是否想写 {name}?"),
                Place::Kinds(kinds) => {
                    let kinds: Vec<_> = kinds.iter().map(|kind| kind_of(*kind)).collect();
                    format!("仅用于{}的子集", kinds.join("或"))
                }
                Place::Subsets => "应写在 [[datasets.subsets]] 中".to_owned(),
                Place::Datasets => "应写在 [[datasets]] 或 [general] 中".to_owned(),
                Place::NotHere => "描述来自元数据文件或类别词无意义时不可使用".to_owned(),
            }),
            Self::Mixed => says("有的子集有 metadata_file,有的没有").hint("请分为两个数据集"),
            Self::NoFolder => says("缺失").hint("请填写图片所在的目录"),
            Self::NoResolution => says("缺失").hint("请写 resolution = 512,或模型训练所用的分辨率"),
            Self::NoSubset => says("没有子集,因而没有图片")
                .hint("请添加 [[datasets]],并在其下添加带有 image_dir 的 [[datasets.subsets]]"),
            Self::NoBatch => says("值为 0,而每批至少要有 1 张图片"),
            Self::NoShare(share) => says(format!("值为 {share},不是图片的占比")).hint("请填写 0.0 到 1.0 之间的数"),
            Self::Buckets(error) => error.chinese(),
            Self::FaceRange(least, most) => {
                says(format!("值为面部大小的 {least} 到 {most} 倍")).hint("两个数都应大于 0")
            }
            Self::NoSeparator => says("值为空,描述无法拆分为标签").hint("请填写标签之间的分隔符,如 \",\""),
            Self::Interpolation(name) => {
                says(format!("值为 {name:?},不是缩放方式")).hint(format!("可用:{}", INTERPOLATIONS.join("、")))
            }
            Self::TooLong(whole) => says(format!("值为 {whole},超过 64 位")),
            Self::TooLarge(whole) => says(format!("值为 {whole},应在 0 到 {} 之间", u32::MAX)),
            Self::NoSize(width, height) => says(format!("值为 {width}x{height},不是尺寸")),
        }
    }
}

fn value(found: &Found) -> String {
    match found {
        Found::Written(written) => format!(" {written}"),
        Found::Text(letters) => format!("一段 {letters} 个字符的文本"),
        Found::List(values) => format!("含 {values} 项的列表"),
        Found::Table => "表".to_owned(),
    }
}

fn taken(takes: Takes) -> &'static str {
    match takes {
        Takes::Bool => " true 或 false",
        Takes::Int => "整数",
        Takes::Float => "带小数点的数,如 1.0",
        Takes::Number => "数字",
        Takes::Text => "引号中的文本",
        Takes::Floats => "两个带小数点的数,如 [1.0, 2.0]",
        Takes::Size => "一个整数,或两个,如 [768, 512]",
        Takes::Table => "表",
    }
}

fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::DreamBooth => "描述文件与图片并列",
        Kind::FineTuning => "带 metadata_file ",
        Kind::ControlNet => "带 conditioning_data_dir ",
    }
}
