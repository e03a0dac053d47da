//! The rules of the house, as tests: who may know whom, which crate stays in which room, and that the papers are in order.

use std::path::{Path, PathBuf};

/// Where a room stands; a room may use what stands above it, and only that.
const ROOMS: [(&str, &[&str]); 18] = [
    ("core", &[]),
    ("gateway", &["core"]),
    ("spec", &["core", "gateway"]),
    ("settings", &["core", "spec"]),
    (
        "store",
        &["core", "gateway", "spec", "settings", "clock", "panics"],
    ),
    ("telemetry", &["core", "settings", "store", "clock"]),
    ("server", &["settings", "loops", "shutdown"]),
    ("registry", &["core", "spec", "store"]),
    ("broker", &["core"]),
    (
        "delivery",
        &["broker", "core", "spec", "settings", "open_files"],
    ),
    (
        "health",
        &["core", "store", "registry", "telemetry", "loops"],
    ),
    (
        "ingest",
        &[
            "core",
            "gateway",
            "spec",
            "settings",
            "store",
            "registry",
            "delivery",
            "telemetry",
            "loops",
        ],
    ),
    (
        "admin",
        &[
            "broker",
            "core",
            "spec",
            "settings",
            "store",
            "registry",
            "delivery",
            "ingest",
            "telemetry",
            "clock",
        ],
    ),
    (
        "http",
        &[
            "admin",
            "clock",
            "core",
            "gateway",
            "spec",
            "settings",
            "store",
            "registry",
            "delivery",
            "health",
            "ingest",
            "telemetry",
            "server",
            "loops",
            "memory",
            "panics",
        ],
    ),
    (
        "amqp",
        &[
            "broker",
            "core",
            "gateway",
            "ingest",
            "loops",
            "panics",
            "registry",
            "settings",
            "spec",
            "store",
            "telemetry",
        ],
    ),
    ("console", &["core"]),
    (
        "monitor",
        &[
            "core",
            "spec",
            "settings",
            "store",
            "registry",
            "delivery",
            "health",
            "telemetry",
            "server",
            "loops",
            "memory",
            "open_files",
            "panics",
            "shutdown",
        ],
    ),
    (
        "cli",
        &[
            "admin",
            "amqp",
            "console",
            "core",
            "spec",
            "settings",
            "store",
            "registry",
            "delivery",
            "health",
            "monitor",
            "telemetry",
            "http",
            "daemon",
            "loops",
            "shutdown",
        ],
    ),
];

/// Outside crates that stay in their rooms.
const CRATES: [(&str, &[&str]); 24] = [
    ("lapin::", &["src/broker/"]),
    ("async_rs::", &["src/broker/"]),
    ("redis::", &["src/store/", "src/delivery/redis_stream/"]),
    ("reqwest::", &["src/delivery/", "src/cli/client.rs"]),
    (
        "axum::",
        &[
            "src/console/",
            "src/http/",
            "src/monitor/health.rs",
            "src/server/",
        ],
    ),
    ("hyper::", &["src/server/"]),
    ("envy::", &["src/settings/"]),
    ("prometheus_client::", &["src/telemetry/"]),
    ("opentelemetry::", &["src/telemetry/tracer.rs"]),
    ("opentelemetry_sdk::", &["src/telemetry/tracer.rs"]),
    ("opentelemetry_otlp::", &["src/telemetry/tracer.rs"]),
    (
        "opentelemetry_http::",
        &["src/telemetry/tracer.rs", "src/delivery/collector.rs"],
    ),
    ("standardwebhooks::", &["src/delivery/"]),
    (
        "governor::",
        &["src/http/auth/limits.rs", "src/http/auth/session.rs"],
    ),
    ("hmac::", &["src/gateway/proof/"]),
    ("croner::", &["src/core/schedule.rs"]),
    (
        "jsonwebtoken::",
        &["src/http/auth/tokens/", "src/gateway/proof/"],
    ),
    (
        "ring::",
        &[
            "src/gateway/proof/",
            "src/store/config/sealing.rs",
            "src/store/chats/tokens.rs",
        ],
    ),
    ("toml::", &["src/console/words", "src/gateway/"]),
    ("askama::", &["src/console/"]),
    (
        "tower_http::",
        &[
            "src/console/mod.rs",
            "src/http/auth/cors.rs",
            "src/http/routes.rs",
        ],
    ),
    ("minijinja::", &["src/delivery/template/"]),
    (
        "utoipa::",
        &[
            "src/core/",
            "src/gateway/",
            "src/spec/",
            "src/health/",
            "src/loops.rs",
            "src/http/",
        ],
    ),
    ("utoipa_swagger_ui::", &["src/http/openapi/pages/"]),
];

const LONGEST_FILE: usize = 300;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// All files below a folder with this ending, by their path from the root, with their text.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == ending)
            {
                let name = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(
        !found.is_empty(),
        "no .{ending} files in {folder}: the rule would hold for nothing"
    );
    found
}

/// The code of a file, without its tests and comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn rooms_know_only_what_stands_above_them() {
    for (room, known) in ROOMS {
        for (name, text) in files(&format!("src/{room}"), "rs") {
            for line in code(&text) {
                let Some((_, used)) = line.split_once("crate::") else {
                    continue;
                };
                let used = used
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .unwrap();
                assert!(
                    used == room || known.contains(&used),
                    "{name} uses crate::{used}: {line}"
                );
            }
        }
    }
}

#[test]
fn outside_crates_stay_in_their_rooms() {
    for (name, text) in files("src", "rs") {
        for (outside, rooms) in CRATES {
            let at_home = rooms.iter().any(|room| name.starts_with(room));
            for line in code(&text) {
                let used = line.match_indices(outside).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
                });
                assert!(at_home || !used, "{name} uses {outside} {line}");
            }
        }
    }
}

#[test]
fn the_environment_is_read_in_one_place() {
    for (name, text) in files("src", "rs") {
        let reads = code(&text).any(|line| line.contains("env::var"));
        assert!(
            !reads || name == "src/settings/mod.rs",
            "{name} reads the environment"
        );
    }
}

/// Where tasks are started that nobody sees to, and why none of them is a loop that a daemon lives by.
const TASKS: [(&str, &str); 13] = [
    ("src/loops.rs", "it sees to all others"),
    ("src/telemetry/lines.rs", "a thread that only writes"),
    ("src/telemetry/tracer.rs", "sends the last spans"),
    ("src/shutdown.rs", "waits for a signal or two"),
    ("src/server/mod.rs", "a connection"),
    ("src/telemetry/bursts.rs", "writes one line"),
    ("src/ingest/memory_guard.rs", "makes room once"),
    ("src/store/links.rs", "mends a connection"),
    (
        "src/store/links/beside.rs",
        "makes the first connections to a node",
    ),
    (
        "src/store/links/batcher.rs",
        "lives as long as a connection, which is made anew where it ends",
    ),
    (
        "src/store/nodes/",
        "learns where data lies, as long as anybody asks there",
    ),
    ("src/delivery/collector.rs", "a call"),
    (
        "src/cli/up/",
        "the receiver of lull up, which is waited for",
    ),
];

#[test]
fn whatever_runs_as_long_as_a_daemon_is_a_loop_that_somebody_sees_to() {
    let sources = files("src", "rs").into_iter();
    for (name, text) in sources.filter(|(name, _)| !name.ends_with("tests.rs")) {
        for line in code(&text).filter(|line| line.contains("spawn(")) {
            let known = TASKS.iter().any(|(file, _)| name.starts_with(file));
            // What a monitor has in hand is one attempt, one closing and the like.
            let is_work = name.starts_with("src/monitor/")
                && line.contains(".spawn(")
                && !line.contains("tokio::");
            assert!(known || is_work, "{name}: {line}");
        }
    }
}

#[test]
fn no_file_outgrows_its_reader() {
    for (name, text) in files("src", "rs") {
        let lines = text.lines().count();
        assert!(
            lines <= LONGEST_FILE,
            "{name} has {lines} lines: is it still one thing?"
        );
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for folder in ["src", "tests", "benches"] {
        for (name, text) in files(folder, "rs") {
            assert!(text.starts_with("//! "), "{name}");
        }
    }
}

#[test]
fn every_setting_is_in_env_example_and_in_the_docs() {
    let (example, docs) = (read(".env.example"), read("docs/settings.md"));
    let mut settings = Vec::new();
    for (_, text) in files("src/settings", "rs") {
        for raw in text.split("struct Raw").skip(1) {
            let fields = raw.split('}').next().unwrap().lines().skip(1);
            let fields = fields.filter_map(|line| line.trim().split_once(": "));
            settings.extend(fields.map(|(field, _)| field.to_uppercase()));
        }
    }
    assert!(settings.len() > 30, "{settings:?}");
    for setting in settings {
        let shown = example.lines().any(|line| {
            line.trim_start_matches('#')
                .starts_with(&format!("{setting}="))
        });
        assert!(shown, "{setting} is not in .env.example");
        assert!(
            docs.contains(&format!("`{setting}")),
            "{setting} is not in docs/settings.md"
        );
    }
}

#[test]
fn every_route_of_the_api_is_an_endpoint_that_says_what_it_asks() {
    let mut routed = 0;
    for (name, text) in files("src/http", "rs") {
        assert!(!text.contains(".nest"), "{name}: say each route in whole");
        let routes = code(&text).filter(|line| line.contains(".route(")).count();
        match name.as_str() {
            "src/http/endpoint/mod.rs" | "src/http/receiver.rs" => routed += routes,
            _ => assert_eq!(routes, 0, "{name}: make it an Endpoint"),
        }
    }
    assert_eq!(routed, 2, "one for all endpoints, and one of the receiver");
}

#[test]
fn nothing_is_unfinished() {
    for (name, text) in files("src", "rs").into_iter().chain(files("tests", "rs")) {
        if name.ends_with("tidy.rs") {
            continue;
        }
        for word in ["TODO", "FIXME", "todo!(", "unimplemented!(", "#[ignore"] {
            assert!(!text.contains(word), "{name}: {word}");
        }
    }
}
