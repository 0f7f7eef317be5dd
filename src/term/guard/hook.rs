//! A panic leaves the screen before its message is printed.

use std::panic;
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

use super::screen::Screen;

static SCREENS: Mutex<Vec<Weak<Screen>>> = Mutex::new(Vec::new());

/// Has a panic on the thread that made this screen leave it. Panics on other threads are not the screen's; the hook that was there
/// before gets them all.
pub(super) fn watch(screen: &Arc<Screen>) {
    static HOOK: Once = Once::new();
    {
        let mut screens = SCREENS.lock().unwrap_or_else(PoisonError::into_inner);
        screens.retain(|screen| screen.strong_count() > 0);
        screens.push(Arc::downgrade(screen));
    }
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let screens: Vec<_> = SCREENS.try_lock().map(|screens| screens.clone()).unwrap_or_default();
            for screen in screens.iter().filter_map(Weak::upgrade) {
                if screen.is_own_thread() {
                    screen.leave();
                }
            }
            previous(info);
        }));
    });
}
