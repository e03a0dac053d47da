//! The tables of a catalogue for what is configured; see `tables.rs`.

texts! {
    /// A form over what is configured.
    FormWords {
        behind: String,
        behind_detail: String,
        refused: String,
        theirs: String,
        nothing: String,
        on: String,
        off: String,
        save: String,
        edit: String,
        leave: String,
    }
}
