//! Deliveries stopped and started by hand.

use tracing::info;

use super::{Admin, AdminError, NoSuch};
use crate::core::action::Action;
use crate::core::chat::Name;
use crate::core::control::{Scope, Stops};
use crate::store::audit::{Act, By};
use crate::store::config::Kind;

impl Admin {
    /// What is stopped.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn stopped(&self) -> Result<Stops, AdminError> {
        self.registry().catch_up().await?;
        Ok(self.registry().get().stops().clone())
    }

    /// Stops deliveries: what comes is kept, and attempts in hand finish. Answers what is stopped now.
    ///
    /// # Errors
    /// No such buffer or destination; full, unavailable or silent.
    pub async fn stop(&self, scope: &Scope, by: &By) -> Result<Stops, AdminError> {
        // Another daemon may have written it a moment ago.
        self.registry().catch_up().await?;
        if !self.registry().get().configured.has(scope) {
            let kind = match scope {
                Scope::Destination(_) => Kind::Destination,
                Scope::Buffer(_) | Scope::Everything => Kind::Buffer,
            };
            return Err(NoSuch::Kind(kind).into());
        }
        let act = Act::new(Action::ControlStop, by).on(scope);
        self.store()
            .config()
            .set_stopped(scope, true, Some(&act))
            .await?;
        let stops = self.stopped().await?;
        info!("An operator stopped {scope}");
        Ok(stops)
    }

    /// Starts deliveries again, also of what is gone by now. Answers what is stopped still.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn start(&self, scope: &Scope, by: &By) -> Result<Stops, AdminError> {
        let act = Act::new(Action::ControlStart, by).on(scope);
        self.store()
            .config()
            .set_stopped(scope, false, Some(&act))
            .await?;
        if *scope == Scope::Destination(Name::messages_name()) {
            // It may wait for the first start of everything, which stops nothing else.
            self.store().config().first_start().await?;
        }
        let stops = self.stopped().await?;
        info!("An operator started {scope}");
        Ok(stops)
    }
}
