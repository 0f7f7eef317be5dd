//! What a theme gives a style to.
//!
//! Views name a role, never a colour. A role's scope is its name in a theme's file; one that a theme does not name takes its
//! parent's style: `weight.up2` takes `weight.up`'s, then `weight`'s.

use crate::ui::lang::{Text, roles};

macro_rules! roles {
    ($($variant:ident $scope:literal $doc:ident;)*) => {
        /// What something on the screen means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Role {
            $(
                #[doc = concat!("`", $scope, "` in a theme.")]
                $variant,
            )*
        }

        impl Role {
            /// Every role, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in a theme.
            pub const fn scope(self) -> &'static str {
                match self {
                    $(Self::$variant => $scope,)*
                }
            }

            /// What it is for.
            pub const fn doc(self) -> Text {
                match self {
                    $(Self::$variant => roles::$doc,)*
                }
            }
        }
    };
}

roles! {
    Background "background" BACKGROUND;
    Text "text" TEXT;
    Dim "dim" DIM;
    Title "title" TITLE;
    TitleFocus "title.focus" TITLE_FOCUS;
    Border "border" BORDER;
    BorderFocus "border.focus" BORDER_FOCUS;
    Accent "accent" ACCENT;
    Selection "selection" SELECTION;
    SelectionInactive "selection.inactive" SELECTION_INACTIVE;
    Cursor "cursor" CURSOR;
    HintKey "hint.key" HINT_KEY;
    HintText "hint.text" HINT_TEXT;
    Ok "ok" OK;
    Warning "warning" WARNING;
    Error "error" ERROR;
    Info "info" INFO;
    ProgressDone "progress.done" PROGRESS_DONE;
    ProgressRest "progress.rest" PROGRESS_REST;
    WeightUp1 "weight.up1" WEIGHT_UP1;
    WeightUp2 "weight.up2" WEIGHT_UP2;
    WeightUp3 "weight.up3" WEIGHT_UP3;
    WeightDown1 "weight.down1" WEIGHT_DOWN1;
    WeightDown2 "weight.down2" WEIGHT_DOWN2;
    WeightDown3 "weight.down3" WEIGHT_DOWN3;
    WeightSyntax "weight.syntax" WEIGHT_SYNTAX;
    Network "network" NETWORK;
    Token "token" TOKEN;
    TokenOver "token.over" TOKEN_OVER;
    Tab "tab" TAB;
    TabActive "tab.active" TAB_ACTIVE;
    Popup "popup" POPUP;
    PopupBorder "popup.border" POPUP_BORDER;
    Input "input" INPUT;
    InputPlaceholder "input.placeholder" INPUT_PLACEHOLDER;
    Match "match" MATCH;
    ScrollThumb "scroll.thumb" SCROLL_THUMB;
    ScrollTrack "scroll.track" SCROLL_TRACK;
}

impl Role {
    /// The role of a word with this attention.
    pub fn of_weight(weight: f64) -> Self {
        match weight {
            w if w > 1.35 => Self::WeightUp3,
            w if w > 1.15 => Self::WeightUp2,
            w if w > 1.0 => Self::WeightUp1,
            w if w < 0.74 => Self::WeightDown3,
            w if w < 0.87 => Self::WeightDown2,
            w if w < 1.0 => Self::WeightDown1,
            _ => Self::Text,
        }
    }

    /// Whether it shows words, which must be read well.
    pub const fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Background
                | Self::Border
                | Self::BorderFocus
                | Self::PopupBorder
                | Self::ScrollThumb
                | Self::ScrollTrack
                | Self::ProgressRest
        )
    }

    /// The scopes whose style it takes, nearest first: its own and its parents.
    pub fn scopes(self) -> impl Iterator<Item = &'static str> {
        std::iter::successors(Some(self.scope()), |scope| parent(scope))
    }
}

/// The scope above a scope: a level's number goes first, then the last word.
fn parent(scope: &str) -> Option<&str> {
    let unnumbered = scope.trim_end_matches(|c: char| c.is_ascii_digit());
    if unnumbered.len() < scope.len() {
        return Some(unnumbered);
    }
    scope.rsplit_once('.').map(|(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_takes_after_its_parents() {
        let scopes: Vec<_> = Role::WeightUp2.scopes().collect();
        assert_eq!(scopes, ["weight.up2", "weight.up", "weight"]);
        assert_eq!(Role::Text.scopes().count(), 1);
        assert_eq!(Role::BorderFocus.scopes().last(), Some("border"));
    }

    #[test]
    fn attention_has_six_levels() {
        let weights = [0.5, 0.8, 0.91, 1.0, 1.1, 1.21, 1.5, f64::NAN];
        let roles = weights.map(Role::of_weight);
        assert_eq!(roles[0], Role::WeightDown3);
        assert_eq!((roles[3], roles[7]), (Role::Text, Role::Text));
        assert_eq!(roles[4], Role::WeightUp1);
        assert_eq!(roles[6], Role::WeightUp3);
    }
}
