//! What a vCard says of a contact: how it is called, and its numbers.

/// Most lines of a vCard that are looked at.
const MOST_LINES: usize = 512;

/// A contact, as far as its vCard tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Card {
    /// Its name.
    pub(super) called: Option<String>,
    /// Its numbers, digits only: the one that WhatsApp knows it by, where the vCard has it, instead of how it is written.
    pub(super) phones: Vec<String>,
}

impl Card {
    /// Reads what is there; whatever is no vCard tells nothing.
    pub(super) fn read(card: &str) -> Self {
        let mut read = Self::default();
        // A line that begins with a blank goes on with the one before.
        let card = card.replace("\r\n", "\n");
        let card = card.replace("\n ", "").replace("\n\t", "");
        let mut structured = None;
        for line in card.lines().take(MOST_LINES) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let mut parameters = name.split(';');
            let property = parameters.next().unwrap_or_default();
            // It may belong to a group: `item1.TEL`.
            let property = property.rsplit('.').next().unwrap_or_default();
            let mut parameters = parameters.filter_map(|parameter| parameter.split_once('='));
            if property.eq_ignore_ascii_case("TEL") {
                let known = parameters.find(|(name, _)| name.eq_ignore_ascii_case("waid"));
                let known = known.map(|(_, number)| digits(number));
                let phone = known.filter(|known| !known.is_empty());
                let phone = phone.unwrap_or_else(|| digits(value));
                if !phone.is_empty() && !read.phones.contains(&phone) {
                    read.phones.push(phone);
                }
            } else if parameters.any(|(name, _)| name.eq_ignore_ascii_case("ENCODING")) {
                // Not in plain letters.
            } else if property.eq_ignore_ascii_case("FN") {
                read.called = read.called.or_else(|| words(value));
            } else if property.eq_ignore_ascii_case("N") {
                // The family's name comes first.
                let mut parts = value.splitn(3, ';').map(words);
                let (family, given) = (parts.next().flatten(), parts.next().flatten());
                let both: Vec<_> = given.into_iter().chain(family).collect();
                structured = Some(both.join(" ")).filter(|name| !name.is_empty());
            }
        }
        read.called = read.called.or(structured);
        read
    }
}

fn words(value: &str) -> Option<String> {
    let mut words = String::with_capacity(value.len());
    let mut letters = value.trim().chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n' | 'N') => words.push(' '),
                Some(letter) => words.push(letter),
                None => {}
            },
            letter => words.push(letter),
        }
    }
    Some(words).filter(|words| !words.is_empty())
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(card: &str) -> (Option<String>, Vec<String>) {
        let Card { called, phones } = Card::read(card);
        (called, phones)
    }

    #[test]
    fn a_vcard_tells_the_name_and_the_numbers_however_they_are_written() {
        for card in [
            "BEGIN:VCARD\nVERSION:3.0\nN:;Bia;;;\nFN:Bia\nTEL;type=CELL;waid=5511977776666:+55 11 97777-6666\nEND:VCARD",
            "BEGIN:VCARD\r\nfn:Bia\r\nitem1.TEL;waid=5511977776666:+55 (11) 9777\r\n 7-6666\r\nitem1.X-ABLabel:Celular\r\nEND:VCARD",
            "BEGIN:VCARD\nN:;Bia;;;\nTEL;VALUE=uri:tel:+55-11-97777-6666\nTEL:5511977776666\nEND:VCARD",
        ] {
            let phones = vec!["5511977776666".to_owned()];
            assert_eq!(read(card), (Some("Bia".to_owned()), phones), "{card}");
        }
    }

    #[test]
    fn names_are_unescaped_and_what_is_no_vcard_tells_nothing() {
        assert_eq!(read("FN:Silva\\, Bia\\nLoja").0.unwrap(), "Silva, Bia Loja");
        assert_eq!(read("N:Silva;Bia;;;").0.unwrap(), "Bia Silva");
        let quoted = "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=42=69=61\nTEL;HOME:12";
        assert_eq!(read(quoted), (None, vec!["12".to_owned()]));
        assert_eq!(read("BEGIN:VCARD"), (None, Vec::new()));
        assert_eq!(read("oi"), (None, Vec::new()));
    }
}
