//! The file that settlements are written into. It may be moved or removed at any time: then another is made in its place.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use prometheus_client::metrics::counter::Counter;
use tracing::error;

/// It may hold what people said.
const ONLY_OWNER: u32 = 0o600;

/// A file, which takes whole lines.
#[derive(Debug)]
pub(super) struct ExportFile {
    path: PathBuf,
    file: File,
    /// The last line is there in part.
    torn: bool,
    /// It was said that nothing can be written.
    said: bool,
    written: Counter,
}

impl ExportFile {
    pub(super) fn open(path: &Path, written: Counter) -> io::Result<Self> {
        let mut file = Self {
            path: path.to_owned(),
            file: opened(path)?,
            torn: false,
            said: false,
            written,
        };
        // Whoever wrote it before may have been killed in the middle of a line.
        file.torn = !ends_a_line(path).unwrap_or(true);
        Ok(file)
    }

    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        if !self.is_in_place() {
            self.file = opened(&self.path)?;
            self.torn = false;
        }
        if self.torn {
            self.file.write_all(b"\n")?;
            self.torn = false;
        }
        let mut rest = line;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    self.torn = !rest.is_empty();
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn is_in_place(&self) -> bool {
        let id = |it: fs::Metadata| (it.dev(), it.ino());
        let here = self.file.metadata().map(id);
        let there = fs::metadata(&self.path).map(id);
        matches!((here, there), (Ok(here), Ok(there)) if here == there)
    }
}

impl Write for ExportFile {
    /// Writes all of it, or fails.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.put(line) {
            Ok(()) => {
                self.said = false;
                self.written.inc();
                Ok(line.len())
            }
            Err(error) => {
                if !self.said {
                    self.said = true;
                    let path = self.path.display();
                    error!(error = %error, "HISTORY_EXPORT: {path} cannot be written, and lines are lost until it can: {error}");
                }
                // Of any other kind whoever asks would try again.
                Err(io::Error::other(error))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn opened(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.append(true).create(true).mode(ONLY_OWNER);
    options.open(path)
}

fn ends_a_line(path: &Path) -> io::Result<bool> {
    use std::io::{Read, Seek, SeekFrom};
    if !fs::metadata(path)?.is_file() {
        return Ok(true);
    }
    let mut file = File::open(path)?;
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_moved_is_made_anew_and_a_torn_line_ended() {
        let folder = std::env::temp_dir().join(format!("lull-export-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, moved) = (folder.join("h.jsonl"), folder.join("h.jsonl.1"));
        fs::write(&path, "{\"torn").unwrap();
        let written = Counter::default();
        let mut file = ExportFile::open(&path, written.clone()).unwrap();

        file.write_all(b"first\n").unwrap();
        fs::rename(&path, &moved).unwrap();
        file.write_all(b"second\n").unwrap();
        fs::remove_file(&path).unwrap();
        file.write_all(b"third\n").unwrap();

        assert_eq!(fs::read_to_string(&moved).unwrap(), "{\"torn\nfirst\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "third\n");
        assert_eq!(written.get(), 3);
        fs::remove_dir_all(&folder).unwrap();
    }
}
