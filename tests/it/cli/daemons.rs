//! The daemons, which are `lull` as well: by a subcommand, and by the name of a link, as the images have it.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::daemon::{LULL, free_port};
use crate::support::{Daemon, Receiver, TestRedis};

/// Starts `program` as a daemon that listens on the port which `variable` names, and waits until it is well.
async fn serves(program: &Path, arguments: &[&str], variable: &str) {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let port = free_port();
    let settings = [
        ("REDIS_URL", redis.url()),
        ("WEBHOOK_URL", receiver.url()),
        (variable, port.to_string()),
        ("HOST", "127.0.0.1".to_owned()),
    ];
    let settings = settings
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let daemon = Daemon::spawn(program.to_str().unwrap(), arguments, &settings, port);
    daemon.wait_until_up().await;
}

#[tokio::test]
async fn a_daemon_is_a_subcommand_of_lull() {
    serves(Path::new(LULL), &["api"], "PORT").await;
    serves(Path::new(LULL), &["monitor"], "MONITOR_PORT").await;
}

#[tokio::test]
async fn lull_under_the_name_of_a_daemon_is_that_daemon() {
    let folder = tempfile::tempdir().unwrap();
    for (name, variable) in [("api", "PORT"), ("monitor", "MONITOR_PORT")] {
        let link = folder.path().join(name);
        symlink(LULL, &link).unwrap();
        serves(&link, &[], variable).await;
    }
}

#[test]
fn each_daemon_helps_under_its_own_name() {
    let usage = |program: &Path, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).output().unwrap();
        assert!(ran.status.success());
        let help = String::from_utf8(ran.stdout).unwrap();
        let usage = help.lines().find(|line| line.starts_with("Usage: "));
        usage.unwrap().to_owned()
    };
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("monitor");
    symlink(LULL, &link).unwrap();

    assert_eq!(usage(&link, &["--help"]), "Usage: monitor [COMMAND]");
    let subcommand = usage(Path::new(LULL), &["monitor", "--help"]);
    assert_eq!(subcommand, "Usage: lull monitor [COMMAND]");
}
