//! What frames are drawn on: a backend that collects a frame and hands it over in one piece.
//!
//! It asks the terminal nothing (no cursor position, no size), so a terminal that answers nothing can't hold it up, and
//! it works over any writer at any size. A frame that changes nothing writes nothing.

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use std::io::{self, Write};

/// The largest screen that is drawn; a terminal that claims to be larger gets this much.
pub const LARGEST: Size = Size { width: 500, height: 250 };

const BEGIN_SYNCHRONIZED: &[u8] = b"\x1b[?2026h";
const END_SYNCHRONIZED: &[u8] = b"\x1b[?2026l";

/// A writer with a size.
#[derive(Debug)]
pub struct Surface<W: Write> {
    out: W,
    frame: Vec<u8>,
    size: Size,
    written: u64,
}

impl<W: Write> Surface<W> {
    /// Draws to `out`, which is so large.
    pub const fn new(out: W, size: Size) -> Self {
        Self { out, frame: vec![], size: clamped(size), written: 0 }
    }

    /// The writer has a new size.
    pub const fn resize(&mut self, size: Size) {
        self.size = clamped(size);
    }

    /// The bytes written so far.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Writes bytes of one's own, outside of a frame: the bell.
    ///
    /// # Errors
    /// Where the writer takes no more.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }
}

const fn clamped(size: Size) -> Size {
    Size {
        width: if size.width > LARGEST.width { LARGEST.width } else { size.width },
        height: if size.height > LARGEST.height { LARGEST.height } else { size.height },
    }
}

impl<W: Write> Backend for Surface<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        CrosstermBackend::new(&mut self.frame).draw(content)
    }

    // The cursor is hidden for as long as the screen is ours; the console draws its own.
    fn hide_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, _position: P) -> io::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        CrosstermBackend::new(&mut self.frame).clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let mut whole = Vec::with_capacity(self.frame.len() + 16);
        whole.extend_from_slice(BEGIN_SYNCHRONIZED);
        whole.append(&mut self.frame);
        whole.extend_from_slice(END_SYNCHRONIZED);
        self.written += whole.len() as u64;
        self.out.write_all(&whole)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;

    #[test]
    fn a_frame_that_changes_nothing_writes_nothing() {
        let mut terminal = Terminal::new(Surface::new(vec![], Size::new(20, 3))).unwrap();
        terminal.draw(|frame| frame.render_widget("hello", frame.area())).unwrap();
        let first = terminal.backend().written();
        assert!(first > 5);
        terminal.draw(|frame| frame.render_widget("hello", frame.area())).unwrap();
        assert_eq!(terminal.backend().written(), first);
        terminal.draw(|frame| frame.render_widget("hallo", frame.area())).unwrap();
        assert!(terminal.backend().written() > first);
    }

    #[test]
    fn nothing_is_ever_asked_of_the_terminal() {
        let mut terminal = Terminal::new(Surface::new(vec![], Size::new(20, 3))).unwrap();
        terminal.draw(|frame| frame.render_widget("hello", frame.area())).unwrap();
        terminal.backend_mut().resize(Size::new(40, 9));
        terminal.draw(|frame| frame.render_widget("hello", frame.area())).unwrap();
        terminal.clear().unwrap();
        let bytes = String::from_utf8_lossy(&terminal.backend().out).into_owned();
        for query in ["\x1b[6n", "\x1b[c", "\x1b[18t", "\x1b[?u"] {
            assert!(!bytes.contains(query));
        }
    }

    #[test]
    fn a_terminal_that_claims_to_be_huge_gets_a_screen_of_sane_size() {
        let surface = Surface::new(vec![], Size::new(65_535, 65_535));
        assert_eq!(surface.size().unwrap(), LARGEST);
    }
}
