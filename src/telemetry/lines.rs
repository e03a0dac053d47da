//! Lines on their way out, to stderr or stdout, that nobody ever waits for.
//!
//! A line is put into a bounded queue, and a thread of its own writes it. A reader that has gone, stands still, or has a
//! full disk costs lines, which are counted, and nothing else. The library for this, `tracing-appender`, counts lines and
//! not bytes, counts none that could not be written, and at its end prints to stdout when its thread hangs, which panics
//! or blocks just then.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use tracing::warn;
use tracing_subscriber::fmt::MakeWriter;

/// Most bytes that wait to be written: some thousand lines.
const MOST_BYTES: usize = 1024 * 1024;
/// Before the next try, where whoever gave us the stream wants nobody to wait for it.
const REST: Duration = Duration::from_millis(10);

/// Where lines go. Clones are one.
#[derive(Clone, Debug)]
pub struct Lines(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is a line to write.
    filled: Condvar,
    /// All is written.
    emptied: Condvar,
    most_bytes: usize,
    dropped: Counter,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The thread has a line in hand.
    writing: bool,
    /// There is no thread, so nothing is taken.
    broken: bool,
}

impl Lines {
    /// Lines for a stream, which are counted in `dropped` when nobody takes them.
    pub fn to(stream: &impl AsFd, dropped: Counter) -> Self {
        // A handle of its own: the usual ones are locked for as long as a write takes.
        let stream = stream.as_fd().try_clone_to_owned();
        Self::with(
            stream.map(|stream: OwnedFd| File::from(stream)),
            MOST_BYTES,
            dropped,
            say_dropped,
        )
    }

    /// Lines for people on stdout; what nobody takes is dropped.
    pub fn on_stdout() -> Self {
        Self::to(&io::stdout(), Counter::default())
    }

    /// Lines for `stream`, of which so many bytes may wait. When it takes some again after others were lost, `say_lost` says
    /// how many.
    pub(super) fn with(
        stream: io::Result<impl Write + Send + 'static>,
        most_bytes: usize,
        dropped: Counter,
        say_lost: fn(u64),
    ) -> Self {
        let lines = Self(Arc::new(Shared {
            queue: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
            most_bytes,
            dropped,
        }));
        let writer = lines.clone();
        let started = stream.and_then(|stream| {
            let thread = thread::Builder::new().name("lines".to_owned());
            thread.spawn(move || writer.write_all_to(stream, say_lost))
        });
        if started.is_err() {
            lines.queue().broken = true;
        }
        lines
    }

    /// Puts a line on its way, if there is room.
    pub fn put(&self, line: &[u8]) {
        let mut queue = self.queue();
        if queue.broken || queue.bytes + line.len() > self.0.most_bytes {
            drop(queue);
            self.0.dropped.inc();
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line.to_vec());
        drop(queue);
        self.0.filled.notify_one();
    }

    /// Waits until all lines are written, but no longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let mut queue = self.queue();
        while !queue.broken && (queue.writing || !queue.lines.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.0.emptied.wait_timeout(queue, left);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing in between can panic.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all_to(&self, mut stream: impl Write, say_lost: fn(u64)) {
        let (mut torn, mut lost) = (false, 0_u64);
        loop {
            let line = self.next();
            if torn {
                // What is left of the one before is to be no part of this one.
                torn = write(&mut stream, b"\n").is_err();
            }
            match write(&mut stream, &line) {
                Ok(()) if lost > 0 && !torn => say_lost(std::mem::take(&mut lost)),
                Ok(()) => {}
                Err(written) => {
                    torn |= written > 0;
                    lost += 1;
                    self.0.dropped.inc();
                }
            }
        }
    }

    fn next(&self) -> Vec<u8> {
        let mut queue = self.queue();
        queue.writing = false;
        loop {
            if let Some(line) = queue.lines.pop_front() {
                queue.bytes -= line.len();
                queue.writing = true;
                return line;
            }
            self.0.emptied.notify_all();
            let waited = self.0.filled.wait(queue);
            queue = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn say_dropped(dropped: u64) {
    warn!(
        dropped,
        "Nobody took the log for a while: {dropped} lines were dropped"
    );
}

/// Writes all of it, however long that takes; the error is how much was written before it failed.
fn write(stream: &mut impl Write, mut bytes: &[u8]) -> Result<(), usize> {
    let whole = bytes.len();
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(whole - bytes.len()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(REST),
            Err(_) => return Err(whole - bytes.len()),
        }
    }
    Ok(())
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl Write for &Lines {
    /// Each line comes whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A stream that takes each write only when it is told how.
    struct Slow {
        answers: Receiver<io::Result<usize>>,
        taken: Sender<String>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let answer = self.answers.recv().map_err(io::Error::other)?;
            let taken = answer?.min(bytes.len());
            let _ = self
                .taken
                .send(String::from_utf8_lossy(&bytes[..taken]).into_owned());
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow(most_bytes: usize) -> (Lines, Sender<io::Result<usize>>, Receiver<String>, Counter) {
        let (answer, answers) = channel();
        let (taken, lines) = channel();
        let dropped = Counter::default();
        let stream = Ok(Slow { answers, taken });
        let out = Lines::with(stream, most_bytes, dropped.clone(), say_dropped);
        (out, answer, lines, dropped)
    }

    #[test]
    fn who_reads_nothing_costs_lines_and_no_time_and_gets_the_rest_later() {
        let (out, answer, lines, dropped) = slow(100);

        for number in 0..1_000 {
            out.put(format!("{number:09}\n").as_bytes());
        }
        // Up to one more is in the hands of the thread.
        let lost = dropped.get();
        assert!((989..=990).contains(&lost), "{lost}");
        out.flush(Duration::from_millis(20));

        for _ in 0..1_000 - lost {
            answer.send(Ok(usize::MAX)).unwrap();
        }
        let first = lines.recv_timeout(Duration::from_secs(40)).unwrap();
        assert_eq!(first, "000000000\n");
        out.flush(Duration::from_secs(40));
        let all = u64::try_from(lines.try_iter().count()).unwrap() + 1;
        assert_eq!(all + dropped.get(), 1_000);
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_the_next_begins_a_line_of_its_own() {
        let (out, answer, lines, dropped) = slow(1_000);
        answer.send(Ok(3)).unwrap();
        answer.send(Err(ErrorKind::StorageFull.into())).unwrap();
        answer.send(Err(ErrorKind::WouldBlock.into())).unwrap();
        answer.send(Ok(usize::MAX)).unwrap();
        answer.send(Ok(usize::MAX)).unwrap();

        out.put(b"first\n");
        out.put(b"second\n");

        out.flush(Duration::from_secs(40));
        let taken: Vec<_> = lines.try_iter().collect();
        assert_eq!(taken.concat(), "fir\nsecond\n");
        assert_eq!(dropped.get(), 1);
    }
}
