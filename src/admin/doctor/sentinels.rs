//! What is to be said about the Sentinels that name the master, and about its replicas.

use super::finding::Finding;
use crate::store::inspection::sentinels::{Told, Watch};

const CHECK: &str = "sentinels";

/// Everything about them.
pub(super) fn findings(watch: &Watch) -> Vec<Finding> {
    let mut findings = answering(watch);
    findings.extend(disagreeing(watch));
    findings.extend(replicas(watch));
    findings
}

/// Which of them answer, and whether they could put another in the place of the master.
fn answering(watch: &Watch) -> Vec<Finding> {
    let (master, place) = (&watch.master, &watch.place);
    let all = watch.sentinels.len();
    let told = told(watch);
    let silent = watch
        .sentinels
        .iter()
        .filter_map(|it| Some((&it.place, it.told.as_ref().err()?)));
    let silent: Vec<_> = silent
        .map(|(place, why)| format!("{place} ({why})"))
        .collect();
    let quorum = told.iter().filter_map(|(_, it)| it.quorum).max();
    let of = quorum.map_or_else(String::new, |quorum| {
        format!(", {quorum} must agree that it is dead")
    });
    let found = format!(
        "{} of {all} answer; the master {master} is at {place}{of}",
        told.len()
    );
    let advice = "start them, or correct REDIS_SENTINELS (or REDIS_URL): while too few answer, nobody takes the place of a master that dies";
    let cannot = told.iter().find_map(|(_, it)| it.cannot.as_ref());
    if let Some(cannot) = cannot {
        let found = format!("{found}. None could take its place: {cannot}");
        return vec![Finding::problem(CHECK, found, advice)];
    }
    if told.is_empty() {
        let found = format!(
            "none answers, so a new master would not be found; {master} is taken to be at {place}: {}",
            silent.join(", ")
        );
        return vec![Finding::problem(CHECK, found, advice)];
    }
    if silent.is_empty() {
        return vec![Finding::ok(CHECK, found)];
    }
    let found = format!("{found}. These do not: {}", silent.join(", "));
    // Others may be there that the settings do not name.
    let too_few = all as u64 >= quorum.unwrap_or(1) && (told.len() as u64) < quorum.unwrap_or(1);
    vec![match too_few {
        true => Finding::problem(CHECK, found, advice),
        false => Finding::warning(CHECK, found, advice),
    }]
}

/// Those that name another master than the one Lull works with.
fn disagreeing(watch: &Watch) -> Option<Finding> {
    let others = told(watch).into_iter();
    let others = others.filter(|(_, told)| told.master != watch.place);
    let others: Vec<_> = others
        .map(|(place, told)| format!("{} by {place}", told.master))
        .collect();
    let found = format!(
        "another master is named than {}: {}",
        watch.place,
        others.join(", ")
    );
    let advice = "look again in some seconds: while a master is replaced they differ; later see SENTINEL MASTER on each";
    (!others.is_empty()).then(|| Finding::warning(CHECK, found, advice))
}

fn replicas(watch: &Watch) -> Option<Finding> {
    const CHECK: &str = "replicas";
    let replicas = watch.replicas.as_ref()?;
    let in_step: Vec<_> = replicas.iter().filter(|(_, in_step)| *in_step).collect();
    let places = |some: &[&(String, bool)]| {
        let places: Vec<_> = some.iter().map(|(place, _)| place.as_str()).collect();
        places.join(", ")
    };
    if in_step.is_empty() {
        return Some(Finding::problem(
            CHECK,
            format!("none is in step with the master at {}", watch.place),
            "give the master a replica (replicaof): without one nothing takes its place, and its disk is the only copy",
        ));
    }
    Some(Finding::ok(
        CHECK,
        format!(
            "{} in step with the master: {}",
            in_step.len(),
            places(&in_step)
        ),
    ))
}

fn told(watch: &Watch) -> Vec<(&String, &Told)> {
    let told = watch.sentinels.iter();
    told.filter_map(|it| Some((&it.place, it.told.as_ref().ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;
    use crate::store::inspection::sentinels::Watcher;

    fn watch() -> Watch {
        let watcher = |place: &str| Watcher {
            place: place.to_owned(),
            told: Ok(Told {
                master: "m:1".to_owned(),
                quorum: Some(2),
                cannot: None,
            }),
        };
        Watch {
            master: "mymaster".to_owned(),
            place: "m:1".to_owned(),
            sentinels: ["s1:1", "s2:1", "s3:1"].map(watcher).into(),
            replicas: Some(vec![("r:1".to_owned(), true), ("r:2".to_owned(), false)]),
        }
    }

    fn levels(watch: &Watch) -> Vec<(&'static str, Level)> {
        let findings = findings(watch).into_iter();
        findings.map(|it| (it.check, it.level)).collect()
    }

    #[test]
    fn of_what_is_well_sentinels_and_replicas_are_said() {
        let all = findings(&watch());

        assert_eq!(
            levels(&watch()),
            [("sentinels", Level::Ok), ("replicas", Level::Ok)]
        );
        assert!(
            all[0]
                .found
                .contains("3 of 3 answer; the master mymaster is at m:1, 2 must agree")
        );
        assert_eq!(all[1].found, "1 in step with the master: r:1");
    }

    #[test]
    fn too_few_that_answer_are_a_problem_and_one_that_is_away_a_warning() {
        let silent = |count: usize| {
            let mut watch = watch();
            for it in &mut watch.sentinels[..count] {
                it.told = Err("Connection refused".to_owned());
            }
            levels(&watch)[0]
        };

        assert_eq!(silent(1), ("sentinels", Level::Warning));
        assert_eq!(silent(2), ("sentinels", Level::Problem));
        assert_eq!(silent(3), ("sentinels", Level::Problem));

        let mut watch = watch();
        let why = "NOQUORUM 1 usable Sentinels";
        watch.sentinels[0].told.as_mut().unwrap().cannot = Some(why.to_owned());
        let first = findings(&watch).remove(0);
        assert_eq!(first.level, Level::Problem);
        assert!(first.found.contains(why), "{}", first.found);
    }

    #[test]
    fn no_replica_in_step_is_a_problem_and_another_master_a_warning() {
        let mut alone = watch();
        alone.replicas = Some(vec![("r:2".to_owned(), false)]);
        assert_eq!(levels(&alone)[1], ("replicas", Level::Problem));

        let mut other = watch();
        other.sentinels[2].told.as_mut().unwrap().master = "m:2".to_owned();
        assert_eq!(levels(&other)[1], ("sentinels", Level::Warning));
        assert!(findings(&other)[1].found.contains("m:2 by s3:1"));
    }
}
