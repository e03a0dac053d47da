//! The language of those who read a payload's `text`: what stands there for a message without words.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::item::Item;

/// The languages that there are words in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Language {
    /// Portuguese, as in Brazil.
    #[default]
    #[serde(rename = "pt-BR")]
    Portuguese,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// Of each kind its word in Portuguese, Spanish and English.
const WORDS: &[(&str, [&str; 3])] = &[
    ("image", ["imagem", "imagen", "image"]),
    ("audio", ["áudio", "audio", "audio"]),
    ("video", ["vídeo", "video", "video"]),
    ("document", ["documento", "documento", "document"]),
    ("sticker", ["figurinha", "sticker", "sticker"]),
    ("contact", ["contato", "contacto", "contact"]),
    ("location", ["localização", "ubicación", "location"]),
    ("link", ["link", "enlace", "link"]),
    ("order", ["pedido", "pedido", "order"]),
    ("product", ["produto", "producto", "product"]),
    ("form", ["formulário", "formulario", "form"]),
    ("poll", ["enquete", "encuesta", "poll"]),
    ("edit", ["editada", "editado", "edited"]),
    ("delete", ["apagada", "eliminado", "deleted"]),
];

impl Language {
    /// What stands for something of this kind, such as `[áudio]`.
    fn word(self, kind: &str) -> String {
        let known = WORDS.iter().find(|(known, _)| *known == kind);
        let word = known.map_or(kind, |(_, words)| words[self as usize]);
        format!("[{word}]")
    }

    /// What was said in these messages as one text, a line each: texts, captions and transcripts, and a word in brackets
    /// for what has none.
    pub fn text_of(self, items: &[Item]) -> String {
        let mut lines = Vec::with_capacity(items.len());
        for item in items {
            let text = item.text().filter(|text| !text.is_empty());
            let named = match (&text, item.media.as_slice()) {
                // The words of a message are those of its first medium.
                (Some(_), [_, rest @ ..]) => rest,
                (Some(_), []) => &[],
                (None, media) => media,
            };
            let nothing_else = text.is_none() && named.is_empty();
            lines.extend(text.map(Into::into));
            if nothing_else {
                lines.push(self.word(item.kind()));
            }
            for medium in named {
                let caption = medium.caption.clone();
                lines.push(caption.unwrap_or_else(|| self.word(&medium.kind)));
            }
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::item::read_items;

    fn text(language: Language, items: &[&str]) -> String {
        language.text_of(&read_items(&items.join(",")).unwrap())
    }

    #[test]
    fn texts_captions_and_transcripts_are_lines_and_what_has_no_words_is_named() {
        let items = [
            r#"{"at":1,"message":"oi"}"#,
            r#"{"at":1,"message":{"type":"image","caption":"esse"},"text":"esse","type":"image"}"#,
            r#"{"at":1,"message":{"type":"audio","text":"me liga"},"text":"me liga","type":"audio"}"#,
            r#"{"at":1,"message":{"type":"audio","url":"u"},"type":"audio"}"#,
            r#"{"at":1,"message":{"type":"order"},"type":"order","parts":{"order":{}}}"#,
        ];

        assert_eq!(
            text(Language::Portuguese, &items),
            "oi\nesse\nme liga\n[áudio]\n[pedido]"
        );
        assert_eq!(text(Language::Spanish, &items[3..]), "[audio]\n[pedido]");
        assert_eq!(text(Language::English, &items[3..]), "[audio]\n[order]");
    }

    #[test]
    fn of_several_pictures_each_has_its_caption_or_its_name() {
        let album = concat!(
            r#"{"at":1,"type":"image","text":"um","message":[{"type":"image","caption":"um"},"#,
            r#"{"type":"image"},{"type":"image","caption":"três"}]}"#
        );

        assert_eq!(text(Language::Portuguese, &[album]), "um\n[imagem]\ntrês");
    }
}
