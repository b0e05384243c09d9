//! Writes every tune of a book as a MIDI file, for comparison with what others play.
//!
//! `cargo run --example midi -- BOOK.abc FOLDER` makes `FOLDER/1.mid` of the first tune, and so on.

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let (Some(book), Some(folder)) = (args.next(), args.next()) else {
        return Err(std::io::Error::other("expected BOOK.abc and FOLDER"));
    };
    let text = abc::decode(&std::fs::read(book)?).into_owned();
    for (place, (_, tune)) in abc::tunes(&text).enumerate() {
        let path = std::path::Path::new(&folder).join(format!("{}.mid", place + 1));
        std::fs::write(path, abc::midi(&tune))?;
    }
    Ok(())
}
