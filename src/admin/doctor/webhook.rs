//! What is to be said about destinations.

use super::finding::Finding;
use crate::core::batch::{Millis, Outcome};
use crate::core::chat::Name;
use crate::core::destination::Destination;
use crate::core::why::Why;
use crate::delivery::reach::Unreached;
use crate::delivery::trial::{Depth, try_out};
use crate::delivery::{Clients, Sender};
use crate::settings::proxies::Proxies;
use crate::settings::webhook::variable_of;

pub(super) const CHECK: &str = "webhook";

/// How destinations are looked at.
pub(super) struct Look<'a> {
    pub(super) proxies: &'a Proxies,
    pub(super) clients: Clients,
    /// Make a marked call to each, instead of only connecting.
    pub(super) call: bool,
    /// The moment of such a call.
    pub(super) now: Millis,
}

impl Look<'_> {
    /// Everything about a destination.
    pub(super) async fn findings(&self, destination: &Destination) -> Vec<Finding> {
        let name = &destination.name;
        if !destination.active {
            let found = format!("{name} is switched off: its batches wait");
            let advice = "switch it on when they are to leave";
            return vec![Finding::warning(CHECK, found, advice)];
        }
        let sender = match Sender::new(destination, &self.clients) {
            Ok(sender) => sender,
            Err(error) => {
                let found = format!("{name} cannot be called: {}", error.why);
                let advice = format!("set {} right", field(name, &error.field));
                return vec![Finding::problem(CHECK, found, advice)];
            }
        };
        let mut findings = vec![self.contact(destination, &sender).await];
        if sender.is_test_url() {
            findings.push(Finding::problem(
                CHECK,
                format!("the URL of {name} holds /webhook-test/, n8n's test URL: it hears one call after each click"),
                format!("activate the workflow, and put its production URL, with /webhook/, into {}", field(name, "url")),
            ));
        }
        findings
    }

    async fn contact(&self, destination: &Destination, sender: &Sender) -> Finding {
        if self.call {
            return self.answer(destination, sender).await;
        }
        let (name, place) = (&destination.name, sender.place());
        let proxy = self
            .proxies
            .of(sender.scheme())
            .filter(|_| !sender.is_here());
        if let Some(variable) = proxy {
            let found = format!(
                "{name} at {place} is called by the proxy in {variable}, so nothing was tried"
            );
            return Finding::warning(
                CHECK,
                found,
                "run lull doctor --call, which makes a marked call",
            );
        }
        match sender.reach().await {
            Ok(took) => Finding::ok(
                CHECK,
                format!(
                    "{name} at {place} takes connections ({} ms); --call tells what it answers",
                    took.as_millis()
                ),
            ),
            Err(why) => {
                let advice = match &why {
                    Unreached::Tls(_) => {
                        "let it speak TLS with a certificate that this machine trusts"
                    }
                    _ => "start what listens there; batches wait meanwhile",
                };
                let found = format!("{name} at {place} cannot be reached: {why}");
                let url = field(name, "url");
                Finding::problem(CHECK, found, format!("{advice}; or set {url} right"))
            }
        }
    }

    /// What a marked call comes to.
    async fn answer(&self, destination: &Destination, sender: &Sender) -> Finding {
        let (name, place) = (&destination.name, sender.place());
        let trial = try_out(destination, &self.clients, self.now, Depth::Call);
        let attempt = match trial.await.map(|trial| trial.attempt) {
            Ok(Some(attempt)) => attempt,
            // It always makes a call.
            Ok(None) => return Finding::ok(CHECK, format!("{name} at {place} was not called")),
            Err(error) => {
                let found = format!("{name} cannot be called: {error}");
                return Finding::problem(
                    CHECK,
                    found,
                    "see docs/buffers.md for what a destination can be",
                );
            }
        };
        let found = format!(
            "{name} at {place}: {} after {} ms",
            attempt.summary,
            attempt.took.as_millis()
        );
        if attempt.outcome == Outcome::Delivered {
            return Finding::ok(CHECK, found);
        }
        let advice = match Why::read(&attempt.summary) {
            Some(Why::NotTaken(_)) => {
                "see to what it says; batches wait and are tried again".to_owned()
            }
            _ => advice(name, attempt.status),
        };
        Finding::problem(CHECK, found, advice)
    }
}

fn advice(name: &Name, status: Option<u16>) -> String {
    let url = field(name, "url");
    match status {
        None => format!("start what listens there, or set {url} right; batches wait meanwhile"),
        Some(300..=399) => format!("redirects are not followed: set {url} to where it leads"),
        Some(401 | 403) => format!("give it what it asks for in {}", field(name, "headers")),
        Some(404) => {
            format!("activate the workflow (n8n answers 404 until then), or set {url} right")
        }
        Some(405) => "let it take the method that the destination is called with".to_owned(),
        Some(410) => {
            "it wants nothing for ever, so each batch becomes a dead letter: see what it says"
                .to_owned()
        }
        Some(_) => "look at the receiver's log; batches wait and are tried again".to_owned(),
    }
}

/// Where a field of a destination is set. That of a schedule, whose name begins with a dot, is the schedule's.
fn field(name: &Name, field: &str) -> String {
    if Name::is_of_environment(name.as_str()) {
        variable_of(field).to_owned()
    } else if name.is_own() {
        let schedule = name.as_str().trim_start_matches('.');
        format!("{field} of /api/schedules/{schedule}")
    } else {
        format!("{field} of /api/destinations/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_place_where_a_field_can_be_set() {
        let report = Name::parse("report").unwrap();

        assert_eq!(field(&Name::default_name(), "url"), "WEBHOOK_URL");
        assert_eq!(field(&Name::messages_name(), "url"), "WEBHOOK_URL");
        assert_eq!(
            field(&report.of_its_schedule(), "url"),
            "url of /api/schedules/report"
        );
        assert_eq!(field(&report, "url"), "url of /api/destinations/report");
    }
}
