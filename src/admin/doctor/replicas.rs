//! What is to be said about the replicas that must have what a client is told of (`REDIS_WAIT_REPLICAS`).

use super::finding::Finding;
use crate::store::inspection::Inspection;
use crate::store::inspection::cluster::Inspected;

const CHECK: &str = "waited for";

/// Of each master that has too few, or no more than must have it; else that all have enough.
pub(super) fn findings(redis: &Inspected) -> Vec<Finding> {
    let wanted = u64::from(redis.wait_replicas);
    if wanted == 0 {
        return Vec::new();
    }
    let ill = redis.nodes.iter().filter_map(|node| of(node, wanted));
    let ill: Vec<_> = ill.collect();
    if ill.is_empty() {
        let found = format!("more than {wanted} replicas of each master are in step");
        return vec![Finding::ok(CHECK, found)];
    }
    ill
}

fn of(node: &Inspection, wanted: u64) -> Option<Finding> {
    let (place, there) = (&node.place, node.replicas);
    let found =
        format!("{there} replicas are in step with {place}, and REDIS_WAIT_REPLICAS is {wanted}");
    if there < wanted {
        let found = format!(
            "{found}: what is sent is stored there and answered with 503 (not_on_replicas)"
        );
        let advice =
            "start the replicas that are missing, or set a smaller REDIS_WAIT_REPLICAS for api";
        return Some(Finding::problem(CHECK, found, advice));
    }
    let advice = "give it one more than REDIS_WAIT_REPLICAS: when one ends, or takes the place of the master, posts are answered with 503 until another is there";
    (there == wanted).then(|| Finding::warning(CHECK, found, advice))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::super::redis_checks::tests::well;
    use super::*;

    fn levels(wait_replicas: u32, there: &[u64]) -> Vec<Level> {
        let nodes = there
            .iter()
            .map(|&replicas| Inspection { replicas, ..well() });
        let redis = Inspected {
            nodes: nodes.collect(),
            silent: Vec::new(),
            cluster: None,
            watch: None,
            wait_replicas,
        };
        findings(&redis).iter().map(|it| it.level).collect()
    }

    #[test]
    fn too_few_are_a_problem_and_none_to_spare_is_a_warning() {
        assert_eq!(levels(0, &[0]), []);
        assert_eq!(levels(1, &[2, 3]), [Level::Ok]);
        assert_eq!(levels(1, &[2, 0]), [Level::Problem]);
        assert_eq!(levels(1, &[1, 0]), [Level::Warning, Level::Problem]);
        assert_eq!(levels(2, &[1]), [Level::Problem]);
    }
}
