//! The themes in the binary.

/// Name and text of each built-in theme, in the order that pickers show them in.
pub const BUILTIN: [(&str, &str); 11] = [
    ("danlu-dark", include_str!("../../../themes/danlu-dark.toml")),
    ("danlu-light", include_str!("../../../themes/danlu-light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    (
        "catppuccin-mocha",
        include_str!("../../../themes/catppuccin-mocha.toml"),
    ),
    (
        "catppuccin-latte",
        include_str!("../../../themes/catppuccin-latte.toml"),
    ),
    ("gruvbox-dark", include_str!("../../../themes/gruvbox-dark.toml")),
    ("nord", include_str!("../../../themes/nord.toml")),
    ("solarized-light", include_str!("../../../themes/solarized-light.toml")),
    ("tokyo-night", include_str!("../../../themes/tokyo-night.toml")),
    ("ansi", include_str!("../../../themes/ansi.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
];
