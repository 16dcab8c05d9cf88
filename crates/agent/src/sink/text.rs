//! Text files: the names of the fields, then a record a line, all of it in gzip.

use std::io::{self, BufRead, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// The next line with its end; none at the end, or at a line that has none.
pub(super) fn line<'a>(
    from: &mut impl BufRead,
    line: &'a mut String,
) -> io::Result<Option<&'a str>> {
    line.clear();
    from.read_line(line)?;
    Ok(line.ends_with('\n').then_some(line.as_str()))
}

/// Compresses all whole lines.
pub(super) fn write(header: &str, lines: &mut impl BufRead, to: impl Write) -> io::Result<()> {
    let mut to = GzEncoder::new(to, Compression::default());
    writeln!(to, "{header}")?;
    let mut buffer = String::new();
    while let Some(line) = line(lines, &mut buffer)? {
        to.write_all(line.as_bytes())?;
    }
    to.finish()?.flush()
}
