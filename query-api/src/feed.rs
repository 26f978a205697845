//! Whether whoever brings snapshots to the data folder from elsewhere can: it says it here, `/health`
//! repeats it.

use chrono::{DateTime, Utc};
use std::sync::{Arc, PoisonError, RwLock};

/// What became of the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The snapshot in service is the one that should be, or is being brought.
    Followed,
    /// Nobody answers there.
    Away,
    /// What is there cannot be believed.
    Refused,
}

/// Shared between the one who brings snapshots and the server.
#[derive(Debug, Clone)]
pub struct Feed(Arc<RwLock<(State, DateTime<Utc>)>>);

impl Default for Feed {
    /// Nobody was asked yet.
    fn default() -> Self {
        Self(Arc::new(RwLock::new((State::Away, Utc::now()))))
    }
}

impl Feed {
    /// What became of a look; `true` when that changed.
    pub fn say(&self, state: State) -> bool {
        let mut said = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let changed = said.0 != state;
        if changed {
            *said = (state, Utc::now());
        }
        changed
    }

    /// What was said last, and since when.
    pub(crate) fn state(&self) -> (State, DateTime<Utc>) {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_said_again_keeps_its_date() {
        let feed = Feed::default();
        assert!(feed.say(State::Followed));
        let since = feed.state();
        assert!(!feed.say(State::Followed));
        assert_eq!(feed.state(), since);
        assert!(feed.say(State::Refused));
        assert_eq!(feed.state().0, State::Refused);
    }
}
