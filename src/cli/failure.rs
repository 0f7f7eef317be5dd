//! Errors as the shell shows them: one sentence, a hint, an exit code.

use std::io::{IsTerminal, Write};

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    hint: Option<String>,
    pub(super) code: u8,
}

impl Failure {
    /// The command could not be done.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            code: 1,
        }
    }

    /// The command makes no sense.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            ..Self::failed(message)
        }
    }

    /// The user stopped it.
    pub(super) fn interrupted(message: impl Into<String>) -> Self {
        Self {
            code: 130,
            ..Self::failed(message)
        }
    }

    /// The same, where a file rather than the command line is at fault.
    pub(super) fn of_a_file(self) -> Self {
        Self { code: 1, ..self }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    pub(super) fn maybe_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// Writes the sentence and the hint to standard error. Understandable without colour.
    pub(super) fn report(&self) {
        let stderr = std::io::stderr();
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = stderr.is_terminal() && !is_dumb && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let paint = |code: &str, text: &str| {
            if colour {
                format!("\x1b[{code}m{text}\x1b[0m")
            } else {
                text.to_owned()
            }
        };
        let mut text = format!("{} {}\n", paint("1;31", "error:"), self.message);
        if let Some(hint) = &self.hint {
            text += &format!("{} {hint}\n", paint("36", "hint:"));
        }
        // Nobody is left to tell when this fails.
        let _ = stderr.lock().write_all(text.as_bytes());
    }
}

macro_rules! from {
    ($make:ident: $($error:ty),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let hint = error.hint();
                Self::$make(error.to_string()).maybe_hint(hint)
            }
        }
    )*};
}

from!(failed:
    danlu::library::FindError,
    danlu::library::LibraryError,
    danlu::store::WriteError,
    danlu::store::paths::NoHome,
    danlu::weights::Error,
    danlu::infotext::carrier::Error,
    danlu::infotext::FieldError,
    danlu::diffusion::parameters::ParameterError,
    danlu::workstation::Error,
    danlu::workstation::picks::Error,
    danlu::engine::client::ConnectError,
    danlu::engine::client::Lost,
    danlu::engine::server::HostError,
    danlu::engine::seat::SeatError,
    danlu::store::QueueError,
);
from!(usage:
    danlu::diffusion::recipe::Invalid,
    danlu::diffusion::noise::UnknownSource,
    danlu::diffusion::sampler::UnknownSampler,
    danlu::diffusion::schedule::UnknownSchedule,
    danlu::engine::device::Error,
);

impl From<danlu::store::SettingsError> for Failure {
    fn from(error: danlu::store::SettingsError) -> Self {
        let code = if error.is_usage() { 2 } else { 1 };
        let hint = error.hint();
        Self {
            code,
            ..Self::failed(error.to_string()).maybe_hint(hint)
        }
    }
}

impl From<danlu::engine::Failure> for Failure {
    fn from(failure: danlu::engine::Failure) -> Self {
        Self::failed(failure.message).maybe_hint(failure.hint)
    }
}
