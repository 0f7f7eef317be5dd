//! States that must look different, and the means without colour that make them so.

use ratatui::style::{Color, Modifier, Style};

use super::role::Role;

const NONE: Modifier = Modifier::empty();
const BOLD: Modifier = Modifier::BOLD;
const DIM: Modifier = Modifier::DIM;
const ITALIC: Modifier = Modifier::ITALIC;
const LINE: Modifier = Modifier::UNDERLINED;
const BACK: Modifier = Modifier::REVERSED;

/// Roles that must never look the same.
pub(super) const PAIRS: [(Role, Role); 35] = [
    (Role::Selection, Role::Text),
    (Role::SelectionInactive, Role::Text),
    (Role::SelectionInactive, Role::Selection),
    (Role::Cursor, Role::Text),
    (Role::TitleFocus, Role::Title),
    (Role::BorderFocus, Role::Border),
    (Role::HintKey, Role::HintText),
    (Role::Error, Role::Text),
    (Role::Error, Role::Ok),
    (Role::Error, Role::Warning),
    (Role::Error, Role::Info),
    (Role::Warning, Role::Ok),
    (Role::Warning, Role::Text),
    (Role::Ok, Role::Info),
    (Role::ProgressDone, Role::ProgressRest),
    (Role::WeightUp1, Role::Text),
    (Role::WeightUp2, Role::Text),
    (Role::WeightUp3, Role::Text),
    (Role::WeightUp2, Role::WeightUp1),
    (Role::WeightUp3, Role::WeightUp2),
    (Role::WeightDown1, Role::Text),
    (Role::WeightDown2, Role::Text),
    (Role::WeightDown3, Role::Text),
    (Role::WeightDown2, Role::WeightDown1),
    (Role::WeightDown3, Role::WeightDown2),
    (Role::WeightUp1, Role::WeightDown1),
    (Role::WeightUp2, Role::WeightDown2),
    (Role::WeightUp3, Role::WeightDown3),
    (Role::Network, Role::Text),
    (Role::TokenOver, Role::Token),
    (Role::TabActive, Role::Tab),
    (Role::InputPlaceholder, Role::Input),
    (Role::Match, Role::Text),
    (Role::Dim, Role::Text),
    (Role::ScrollThumb, Role::ScrollTrack),
];

/// What tells a role without colour.
pub(super) const fn modifiers(role: Role) -> Modifier {
    match role {
        Role::Title | Role::Accent | Role::Ok | Role::WeightUp1 | Role::HintKey | Role::BorderFocus => BOLD,
        Role::Dim
        | Role::InputPlaceholder
        | Role::WeightDown1
        | Role::WeightSyntax
        | Role::ProgressRest
        | Role::ScrollTrack
        | Role::Tab => DIM,
        Role::Selection | Role::Cursor | Role::ProgressDone | Role::ScrollThumb => BACK,
        Role::SelectionInactive | Role::Warning => LINE,
        Role::TitleFocus | Role::Error | Role::TokenOver | Role::TabActive => BOLD.union(BACK),
        Role::WeightUp2 | Role::Match => BOLD.union(LINE),
        Role::WeightUp3 => BOLD.union(LINE).union(BACK),
        Role::WeightDown2 => DIM.union(ITALIC),
        Role::WeightDown3 => DIM.union(ITALIC).union(LINE),
        Role::Network => ITALIC.union(LINE),
        _ => NONE,
    }
}

/// What a style comes to on the screen, given the text and background beneath it.
pub(super) fn looks(style: Style, styles: &[Style]) -> (Color, Color, Modifier) {
    let beneath = |role: Role| styles.get(role as usize).copied().unwrap_or_default();
    let text = style.fg.or(beneath(Role::Text).fg).unwrap_or(Color::Reset);
    let background = style.bg.or(beneath(Role::Background).bg).unwrap_or(Color::Reset);
    (text, background, style.add_modifier)
}

/// Changes, by other means than colour, every style that looks like one that it must differ from.
pub(super) fn keep_apart(styles: &mut [Style]) {
    for (role, other) in PAIRS {
        if styles.len() <= role as usize || !alike(styles, role, other) {
            continue;
        }
        let own = styles[role as usize];
        let means = [
            modifiers(role),
            BOLD,
            LINE,
            BACK,
            BOLD.union(LINE),
            BOLD.union(BACK),
            LINE.union(BACK),
            ITALIC.union(LINE),
            DIM,
            DIM.union(ITALIC),
            BOLD.union(LINE).union(BACK),
            DIM.union(LINE),
        ];
        for means in means {
            styles[role as usize] = own.add_modifier(means);
            let partners = PAIRS.iter().filter(|(a, b)| *a == role || *b == role);
            if partners.clone().all(|(a, b)| !alike(styles, *a, *b)) {
                break;
            }
        }
    }
}

pub(super) fn alike(styles: &[Style], a: Role, b: Role) -> bool {
    looks(styles[a as usize], styles) == looks(styles[b as usize], styles)
}
