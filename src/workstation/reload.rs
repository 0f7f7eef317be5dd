//! The user's files while the screen is open: what follows when they change, and what the screen itself writes into them.

use std::sync::Arc;

use super::effects::Hands;
use super::screen::Screen;
use super::{Changed, Options, files, surroundings};
use crate::app::Msg;
use crate::app::msg::Complaint;
use crate::store::Settings;
use crate::store::settings::{KEYS, Loaded, Origin};
use crate::ui::lang::trouble;

/// The settings that a running screen takes over. The others are read by what is started with them.
const LIVE: [&str; 5] = ["models_dir", "lang", "theme", "graphics", "mouse"];

impl Screen {
    /// Reads everything of the user's again.
    pub(super) fn reload(&mut self) {
        for changed in [Changed::Settings, Changed::Keymap, Changed::Themes] {
            self.changed(changed);
        }
    }

    /// Reads again what has changed.
    pub(super) fn changed(&mut self, changed: Changed) {
        match changed {
            Changed::Settings => self.reload_settings(),
            Changed::Keymap => {
                let keymap = files::keymap(&self.hands.options).map(Box::new);
                self.hands.inbox.tell(Msg::Keymap(keymap));
            }
            Changed::Themes => {
                self.hands.inbox.tell(Msg::Themes(files::themes(&self.hands.options)));
                let theme = self.hands.themed(self.dark());
                self.hands.inbox.tell(theme);
            }
        }
    }

    /// Writes a setting into the file and lives by the file from then on.
    pub(super) fn remember(&mut self, key: &'static str, value: &str) {
        if let Err(complaint) = files::set(&self.hands.options, key, value) {
            return self.hands.inbox.tell(Msg::Complain(complaint));
        }
        // The watch will report what was written; by then it is nothing new.
        self.reload_settings();
        let place = match self.hands.options.origins.get(key) {
            Some(Origin::Variable) => format!("DANLU_{}", key.to_ascii_uppercase()),
            Some(Origin::CommandLine) => format!("--{}", key.replace('_', "-")),
            _ => return,
        };
        let file = self.hands.options.config_file.display();
        let lang = surroundings::lang(&self.hands.options.settings);
        let message = lang.fill(
            &trouble::SETTING_COVERED,
            &[("key", &key), ("value", &value), ("file", &file), ("place", &place)],
        );
        self.hands.inbox.tell(Msg::Complain(Complaint { message, hint: None }));
    }

    fn reload_settings(&mut self) {
        let (old, new) = match self.hands.take_settings() {
            Ok(settings) => settings,
            Err(complaint) => return self.hands.inbox.tell(Msg::Complain(complaint)),
        };
        let lang = surroundings::lang(&new);
        if old.lang != new.lang {
            self.hands.inbox.tell(Msg::Lang(lang));
        }
        if old.theme != new.theme {
            self.hands.theme.clone_from(&new.theme);
            let theme = self.hands.themed(self.dark());
            self.hands.inbox.tell(theme);
        }
        if old.mouse != new.mouse {
            let bytes = self.guard.mouse(new.mouse == "on");
            self.questions.extend_from_slice(bytes);
        }
        if old.graphics != new.graphics {
            self.forced = files::forced_graphics(&new);
            self.learn();
        }
        let later = later(&old, &new);
        if !later.is_empty() {
            let message = lang.fill(&trouble::SETTINGS_LATER, &[("keys", &later.join(", "))]);
            self.hands.inbox.tell(Msg::Complain(Complaint { message, hint: None }));
        }
    }
}

/// The settings that are others now, but count from the next start only.
fn later(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let others = KEYS.iter().filter(|key| !LIVE.contains(&key.name));
    let changed = others.filter(|key| key.value(old) != key.value(new));
    changed.map(|key| key.name).collect()
}

impl Hands {
    /// Reads the settings and works with them from now on. Gives those of before and the new ones. With an error in them those of
    /// before stay.
    fn take_settings(&mut self) -> Result<(Settings, Settings), Complaint> {
        let options = &*self.options;
        let old = options.settings.clone();
        let loaded = Settings::load(&options.environment, &options.overrides).map_err(|error| {
            let lang = surroundings::lang(&old);
            Complaint {
                message: lang.fill(&trouble::SETTINGS_KEPT, &[("error", &error)]),
                hint: error.hint(),
            }
        })?;
        let Loaded { settings, origins, .. } = loaded;
        let roots = settings.existing_roots(&options.environment.paths);
        let moved = roots != options.roots;
        self.options = Arc::new(Options {
            settings: settings.clone(),
            origins,
            roots,
            ..options.clone()
        });
        if moved {
            self.find_models();
            match self.models.with_roots(self.options.roots.clone()) {
                Ok(models) => self.models = models,
                Err(error) => self.inbox.tell(Msg::Complain(Complaint {
                    message: error.to_string(),
                    hint: None,
                })),
            }
        }
        Ok((old, settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_a_new_start_is_named() {
        let old = Settings::default();
        let new = Settings {
            theme: "nord".into(),
            lang: "zh".into(),
            mouse: "off".into(),
            ..old.clone()
        };
        assert_eq!(later(&old, &new), [""; 0]);
        let new = Settings {
            device: "cpu".into(),
            engine_idle: 5,
            ..new
        };
        assert_eq!(later(&old, &new), ["device", "engine_idle"]);
        assert!(LIVE.iter().all(|name| KEYS.iter().any(|key| key.name == *name)));
    }
}
