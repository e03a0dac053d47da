//! Addresses that name several servers: seeds of a Redis Cluster, or the Sentinels that know a master. No error repeats any
//! part of them: it may be a password.

use anyhow::{Context, Result, bail, ensure};
use percent_encoding::percent_decode_str;

/// The port of a Redis that names none.
const REDIS_PORT: u16 = 6379;
/// The port of a Sentinel that names none.
const SENTINEL_PORT: u16 = 26_379;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// What the servers of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nodes of a Redis Cluster.
    Cluster,
    /// Sentinels.
    Sentinel,
}

/// What a URL of several servers says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Servers {
    pub(super) kind: Kind,
    pub(super) tls: bool,
    pub(super) all: Vec<Server>,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    /// What the Sentinels call the master.
    pub(super) master: Option<String>,
    pub(super) db: Option<i64>,
}

/// Reads a URL that names several servers; none: it is one of a single server.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn parse(url: &str) -> Result<Option<Servers>> {
    let Some((scheme, rest)) = url.trim().split_once("://") else {
        return Ok(None);
    };
    let (kind, tls) = match scheme.to_ascii_lowercase().as_str() {
        "redis+cluster" => (Kind::Cluster, false),
        "rediss+cluster" => (Kind::Cluster, true),
        "redis+sentinel" | "redis-sentinel" => (Kind::Sentinel, false),
        "rediss+sentinel" | "rediss-sentinel" => (Kind::Sentinel, true),
        _ => return Ok(None),
    };
    let read = read(kind, tls, rest);
    read.context("REDIS_URL cannot be read").map(Some)
}

fn read(kind: Kind, tls: bool, rest: &str) -> Result<Servers> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    ensure!(
        ![path, query].iter().any(|part| part.contains(['@', '#'])),
        "in a user name or a password, write / as %2F, ? as %3F, # as %23 and @ as %40; nothing may follow a #"
    );
    let (login, servers) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (username, password) = login.split_once(':').unwrap_or((login, ""));
    let mut master = named_master(kind, query)?;
    let mut words = path.split('/').filter(|word| !word.is_empty());
    if kind == Kind::Sentinel && master.is_none() {
        master = words.next().map(plain).transpose()?;
    }
    let db = words.next().map(str::parse).transpose();
    let db = db.context("what stands last in its path must be the number of a database")?;
    ensure!(words.next().is_none(), "its path has too many parts");
    Ok(Servers {
        kind,
        tls,
        all: list(kind, servers)?,
        username: filled(username)?,
        password: filled(password)?,
        master,
        db,
    })
}

/// The servers of a list with commas between them.
///
/// # Errors
/// When there is none, or one is no `host:port`.
pub(super) fn list(kind: Kind, text: &str) -> Result<Vec<Server>> {
    let port = match kind {
        Kind::Cluster => REDIS_PORT,
        Kind::Sentinel => SENTINEL_PORT,
    };
    let words = text.split(',').map(str::trim).enumerate();
    let servers = words.map(|(at, word)| {
        let server = server(word, port);
        server.with_context(|| format!("server {} in it is not host:port", at + 1))
    });
    servers.collect()
}

fn server(word: &str, default_port: u16) -> Option<Server> {
    let (host, rest) = match word.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => word.split_at(word.find(':').unwrap_or(word.len())),
    };
    let port = match rest {
        "" => default_port,
        rest => rest.strip_prefix(':')?.parse().ok()?,
    };
    let is_host =
        !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || matches!(c, '@' | '#'));
    is_host.then(|| Server {
        host: host.to_owned(),
        port,
    })
}

/// `sentinel_master_name`, the only parameter there is.
fn named_master(kind: Kind, query: &str) -> Result<Option<String>> {
    let mut master = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sentinel_master_name", name)) if kind == Kind::Sentinel => {
                master = filled(name)?;
            }
            _ => bail!(
                "it has a parameter that nobody reads; there is only sentinel_master_name, behind redis+sentinel://"
            ),
        }
    }
    Ok(master)
}

fn filled(text: &str) -> Result<Option<String>> {
    Some(text)
        .filter(|text| !text.is_empty())
        .map(plain)
        .transpose()
}

fn plain(text: &str) -> Result<String> {
    let plain = percent_decode_str(text).decode_utf8();
    Ok(plain.context("it is not UTF-8")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str, port: u16) -> Server {
        let host = host.to_owned();
        Server { host, port }
    }

    fn read(url: &str) -> Servers {
        parse(url).unwrap().unwrap()
    }

    #[test]
    fn sentinels_are_read_with_master_login_and_database() {
        let url = "redis+sentinel://me:p%40ss@s1,s2:1,[::1]:2/mymaster/3";
        let wanted = Servers {
            kind: Kind::Sentinel,
            tls: false,
            all: vec![at("s1", 26_379), at("s2", 1), at("::1", 2)],
            username: Some("me".to_owned()),
            password: Some("p@ss".to_owned()),
            master: Some("mymaster".to_owned()),
            db: Some(3),
        };
        assert_eq!(read(url), wanted);

        let other = "redis-sentinel://:p%40ss@s1/3?sentinel_master_name=mymaster";
        let wanted = Servers {
            all: vec![at("s1", 26_379)],
            username: None,
            ..wanted
        };
        assert_eq!(read(other), wanted);
        assert!(read("rediss+sentinel://s1/m").tls);
        assert_eq!(read("redis+sentinel://s1").master, None);
    }

    #[test]
    fn nodes_of_a_cluster_are_read() {
        let cluster = read("rediss+cluster://:secret@n1:7000,project_n2");

        assert_eq!((cluster.kind, cluster.tls), (Kind::Cluster, true));
        assert_eq!(cluster.all, [at("n1", 7000), at("project_n2", 6379)]);
        assert_eq!(cluster.password.as_deref(), Some("secret"));
        assert_eq!(read("redis+cluster://n1/1").db, Some(1));
    }

    #[test]
    fn a_url_of_one_server_is_left_to_who_reads_those() {
        for url in ["redis://h", "rediss://h:1/2", "unix:///x", "h:1", "redis"] {
            assert_eq!(parse(url).unwrap(), None, "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_a_word_of_it() {
        for url in [
            "redis+sentinel://",
            "redis+sentinel://s1,/m",
            "redis+sentinel://s1:horse/m",
            "redis+sentinel://s1:70000/m",
            "redis+sentinel://::1/m",
            "redis+sentinel://me:horse/7@s1/m",
            "redis+sentinel://s1/m/horse",
            "redis+sentinel://s1#horse",
            "redis+sentinel://s1/m/1/2",
            "redis+sentinel://s1/m?horse=1",
            "redis+sentinel://:%ff@s1/m",
            "redis+cluster://n1?sentinel_master_name=m",
        ] {
            let error = format!("{:#}", parse(url).err().unwrap());
            assert!(error.starts_with("REDIS_URL"), "{url}: {error}");
            assert!(!error.contains("horse"), "{error}");
        }
    }
}
