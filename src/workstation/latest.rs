//! A thread that does what it was last asked for.
//!
//! Orders have keys, and of several orders with one key only the newest is carried out: of ten counts of a prompt that is being typed
//! the last one matters, of the pictures that somebody walks past the one where they stop.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

/// The orders of a thread. Dropping it ends the thread after what it is at; what waits is not done.
#[derive(Debug)]
pub(super) struct Latest<K, T>(Arc<Orders<K, T>>);

#[derive(Debug)]
struct Orders<K, T> {
    state: Mutex<State<K, T>>,
    arrived: Condvar,
}

#[derive(Debug)]
struct State<K, T> {
    waiting: VecDeque<(K, T)>,
    closed: bool,
}

impl<K: PartialEq + Send + 'static, T: Send + 'static> Latest<K, T> {
    /// Starts a thread that does `work` for each order.
    pub(super) fn start(name: &str, mut work: impl FnMut(T) + Send + 'static) -> io::Result<Self> {
        let state = Mutex::new(State {
            waiting: VecDeque::new(),
            closed: false,
        });
        let orders = Arc::new(Orders {
            state,
            arrived: Condvar::new(),
        });
        let theirs = Arc::clone(&orders);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Some(order) = theirs.next() {
                work(order);
            }
        })?;
        Ok(Self(orders))
    }

    /// Leaves an order, in the place of an older one with the same key.
    pub(super) fn order(&self, key: K, order: T) {
        let mut state = self.0.lock();
        match state.waiting.iter_mut().find(|(other, _)| *other == key) {
            Some((_, older)) => *older = order,
            None => state.waiting.push_back((key, order)),
        }
        self.0.arrived.notify_one();
    }
}

impl<K, T> Drop for Latest<K, T> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.arrived.notify_one();
    }
}

impl<K, T> Orders<K, T> {
    fn lock(&self) -> MutexGuard<'_, State<K, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some((_, order)) = state.waiting.pop_front() {
                return Some(order);
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn of_orders_with_one_key_the_newest_is_done() {
        let (gate, opened) = mpsc::channel::<()>();
        let (done, results) = mpsc::channel();
        let worker = Latest::start("test", move |order: u32| {
            opened.recv().unwrap();
            done.send(order).unwrap();
        })
        .unwrap();
        worker.order("a", 1);
        gate.send(()).unwrap();
        assert_eq!(results.recv().unwrap(), 1);
        worker.order("b", 2);
        for order in 3..100 {
            worker.order("c", order);
        }
        for _ in 0..2 {
            gate.send(()).unwrap();
        }
        assert_eq!(results.recv().unwrap(), 2);
        assert_eq!(results.recv().unwrap(), 99);
    }
}
