//! How many files and sockets this process may have open at a time.

use std::fs::File;
use std::io;

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// More than anybody needs: some systems allow a billion.
const MOST: u64 = 65_536;

/// Takes all that the system allows, where it gave less at first: 1024 is what many give, and 10,000 what they allow.
/// Where it cannot be asked or told, everything stays as it is.
pub fn raise() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return;
    };
    let most = hard.min(MOST);
    if soft < most {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, hard);
    }
}

/// How many there may be.
pub fn limit() -> usize {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(MOST, |(soft, _)| soft);
    usize::try_from(soft.min(MOST)).unwrap_or(usize::MAX)
}

/// Whether an error says that there are no more to be had, in this process or on this machine.
pub fn is_out(error: &io::Error) -> bool {
    let out = [Errno::EMFILE, Errno::ENFILE];
    let code = error.raw_os_error();
    out.into_iter().any(|errno| code == Some(errno as i32))
}

/// Whether there are no more to be had at this moment.
pub fn are_out() -> bool {
    File::open("/dev/null").is_err_and(|error| is_out(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_want_of_files_is_told_as_that() {
        assert!(is_out(&io::Error::from_raw_os_error(24)));
        assert!(is_out(&io::Error::from_raw_os_error(23)));
        assert!(!is_out(&io::Error::from(io::ErrorKind::ConnectionRefused)));
        assert!(!are_out());
        assert!(limit() > 0);
    }
}
