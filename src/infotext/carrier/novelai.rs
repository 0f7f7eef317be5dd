//! NovelAI's pictures, whose parameters stand in texts of their own.

use super::png::Texts;

/// A NovelAI picture's parameters in A1111's words, as A1111 itself translates them; `None` for any other picture.
pub(super) fn novelai(texts: &Texts) -> Option<String> {
    if texts.software.as_deref() != Some("NovelAI") {
        return None;
    }
    let comment: serde_json::Value = serde_json::from_str(texts.comment.as_deref()?).ok()?;
    let text = |key: &str| match comment.get(key)? {
        serde_json::Value::String(text) => Some(text.clone()),
        number @ serde_json::Value::Number(_) => Some(number.to_string()),
        _ => None,
    };
    let (width, height) = texts.size;
    Some(format!(
        "{}\nNegative prompt: {}\nSteps: {}, Sampler: {}, CFG scale: {}, Seed: {}, Size: {width}x{height}, Clip skip: 2, ENSD: 31337",
        texts.description.as_deref()?,
        text("uc")?,
        text("steps")?,
        novelai_sampler(&text("sampler")?),
        text("scale")?,
        text("seed")?,
    ))
}

/// A1111's name of a NovelAI sampler: those are A1111's own aliases, and what is none of them becomes `Euler a`.
fn novelai_sampler(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "k_euler" | "euler" => "Euler",
        "k_lms" | "lms" => "LMS",
        "k_heun" | "heun" => "Heun",
        "k_dpm_2" | "dpm2" => "DPM2",
        "k_dpm_2_a" | "dpm2 a" => "DPM2 a",
        "k_dpmpp_2s_a" => "DPM++ 2S a",
        "k_dpmpp_2m" => "DPM++ 2M",
        "k_dpmpp_sde" => "DPM++ SDE",
        "k_dpmpp_2m_sde" => "DPM++ 2M SDE",
        "k_dpmpp_3m_sde" => "DPM++ 3M SDE",
        "k_dpm_fast" => "DPM fast",
        "k_dpm_ad" => "DPM adaptive",
        "ddim" => "DDIM",
        "plms" => "PLMS",
        "unipc" => "UniPC",
        _ => "Euler a",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_translated_as_by_a1111() {
        let comment = r#"{"steps": 28, "sampler": "k_dpmpp_2m", "seed": 5, "scale": 11.0, "uc": "lowres"}"#;
        let mut texts = Texts {
            software: Some("NovelAI".into()),
            description: Some("{{fox}}".into()),
            comment: Some(comment.into()),
            size: (512, 768),
            ..Texts::default()
        };
        assert_eq!(
            novelai(&texts).unwrap(),
            "{{fox}}\nNegative prompt: lowres\nSteps: 28, Sampler: DPM++ 2M, CFG scale: 11.0, Seed: 5, Size: 512x768, \
             Clip skip: 2, ENSD: 31337"
        );
        texts.comment = Some("{}".into());
        assert_eq!(novelai(&texts), None);
        texts.software = None;
        assert_eq!(novelai(&texts), None);
    }
}
