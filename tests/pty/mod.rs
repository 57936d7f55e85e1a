//! A program in a pseudo-terminal: keys go in, the screen can be read. It answers no questions that a program asks of it.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program that runs, and its screen.
pub struct Player {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    /// All bytes that the program has written.
    pub bytes: Vec<u8>,
}

const fn pty_size((columns, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a screen has at least one cell")
}

impl Player {
    /// Starts a program on a screen of so many columns and rows. Its home is a folder of its own, so that it finds and
    /// leaves nothing.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        size: (u16, u16),
        home: &Path,
        environment: &[(&str, &str)],
    ) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")] {
            command.env(name, value);
        }
        command.env("HOME", home);
        command.env("PATH", std::env::var("PATH").unwrap_or_default());
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(home);
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("its output can be read");
        let writer = pair.master.take_writer().expect("it can be typed to");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0_u8; 65_536];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let parser = vt100::Parser::new(cells(size.1), cells(size.0), 0);
        Self { master: pair.master, writer, child, output, parser, bytes: vec![] }
    }

    /// The characters on the screen.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// The screen with its colours.
    pub fn terminal(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Types bytes.
    pub fn send(&mut self, keys: &str) {
        let typed = self.writer.write_all(keys.as_bytes()).and_then(|()| self.writer.flush());
        typed.expect("it can be typed to");
    }

    /// Clicks with the left button at a column and a row from 0.
    pub fn click(&mut self, column: u16, row: u16) {
        let (x, y) = (column + 1, row + 1);
        self.send(&format!("\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"));
    }

    /// Gives the screen a new size.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.read_for(Duration::from_millis(20));
        self.parser.screen_mut().set_size(cells(size.1), cells(size.0));
        self.master.resize(pty_size(size)).expect("it can be resized");
    }

    /// Reads what comes for so long.
    pub fn read_for(&mut self, long: Duration) {
        let end = Instant::now() + long;
        while let Some(rest) = end.checked_duration_since(Instant::now()) {
            match self.output.recv_timeout(rest) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => return std::thread::sleep(rest),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.bytes.extend_from_slice(bytes);
    }

    /// Waits until this holds of the screen; tells what was there where it never does.
    pub fn until(&mut self, what: &str, holds: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !holds(&self.screen()) {
            assert!(start.elapsed() < PATIENCE, "waited for {what}; on the screen is:\n{}", self.screen());
            self.read_for(Duration::from_millis(10));
        }
    }

    /// Waits until a text is on the screen.
    pub fn until_shown(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    /// Sends the program a signal by name, as `kill` does.
    pub fn signal(&self, name: &str) {
        let process = self.process().to_string();
        let done = std::process::Command::new("kill").arg(format!("-{name}")).arg(process).status();
        assert!(done.expect("kill can be run").success());
    }

    /// The program's process.
    pub fn process(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Waits for the program's end and returns its exit code.
    pub fn end(&mut self) -> u32 {
        let start = Instant::now();
        loop {
            self.read_for(Duration::from_millis(10));
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                self.read_for(Duration::from_millis(100));
                return status.exit_code();
            }
            assert!(start.elapsed() < PATIENCE, "it doesn't end; on the screen is:\n{}", self.screen());
        }
    }

    /// Whether the terminal is as it was found: main screen, cursor shown, mouse and marked pastes off.
    pub fn is_as_found(&self) -> bool {
        let screen = self.parser.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
