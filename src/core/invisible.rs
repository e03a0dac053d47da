//! Characters that nobody sees, or that only change how others are shown: a name or a secret of them is not what it seems.

/// Whether a character is a blank, a control character, a mark of the direction of writing, or has no width.
pub fn is_invisible(character: char) -> bool {
    character.is_whitespace() || character.is_control() || has_no_width(character)
}

/// Whether a character has no width of its own, such as marks of the direction of writing.
pub fn has_no_width(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}
