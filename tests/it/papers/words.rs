//! What stands in a payload's `text` for a message without words is what the page of the gateways says.

use lull::core::item::read_items;
use lull::core::language::Language;

#[test]
fn what_names_a_message_without_words_is_what_the_page_says_in_each_language() {
    let path = super::root().join("docs/gateways/README.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (_, table) = page.split_once("| `pt-BR` | `es` | `en` |\n").unwrap();
    let rows = table.lines().skip(1).map(str::trim);
    let rows: Vec<_> = rows.take_while(|row| row.starts_with('|')).collect();
    assert!(rows.len() >= 12, "{rows:?}");

    for row in rows {
        let cells: Vec<_> = row.split('`').skip(1).step_by(2).collect();
        let [kind, said @ ..] = cells.as_slice() else {
            panic!("{row}")
        };
        let items = format!(r#"{{"at":1,"message":{{}},"type":"{kind}"}}"#);
        let items = read_items(&items).unwrap();
        let languages = [Language::Portuguese, Language::Spanish, Language::English];
        assert_eq!(
            said,
            languages.map(|language| language.text_of(&items)),
            "{kind}"
        );
    }
}
