//! What a gateway's data file holds: where in its posts things stand, and what its posts mean.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::address::Address;
use super::event::Author;
use super::parts::PartPlaces;
use super::person::{GroupPlaces, PersonPlaces};
use super::place::{Place, Scope};
use super::proof::Proof;
use super::reading::text_at;
use crate::core::ignored::Ignored;
use crate::core::item::MediaKind;
use crate::gateway::path::Path;

/// A gateway, as its file in `presets/` describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preset {
    /// What every post of the gateway has, and those of others have not.
    pub(super) known_by: Path,
    /// Another gateway, such as a newer edition of it, whose posts may come to the same address: what that one sends is
    /// read as its own file says.
    pub(super) also: Option<String>,
    /// How a post proves that it comes from the gateway.
    pub(super) proof: Proof,
    /// Whether it asks with a GET, as Meta does, before it posts.
    #[serde(default)]
    pub(super) handshake: bool,
    /// The parts of a post that hold messages; the whole post if absent.
    pub(super) envelopes: Option<Path>,
    /// The messages of an envelope. An envelope without any stands for one, so that the rules can tell what it is.
    pub(super) messages: Option<Path>,
    /// The first rule that applies decides; a message that none applies to was said by a person.
    pub(super) rules: Vec<Rule>,
    /// Our side.
    pub(super) line: Option<Place>,
    /// Their side.
    pub(super) person: PersonPlaces,
    /// What differs in groups; a rule ignores them where the buffer does not ask for them.
    pub(super) group: Option<GroupPlaces>,
    pub(super) text: Place,
    pub(super) id: Option<Place>,
    /// What makes another message of one that is posted again with the same id, such as the answers to it.
    pub(super) id_with: Option<Place>,
    pub(super) sender: Option<Place>,
    /// When it was said; see [`super::time`].
    pub(super) at: Option<Place>,
    /// The name of a message's type, to be told of those that hold nothing known.
    #[serde(rename = "type")]
    pub(super) kind: Option<Place>,
    /// Where no field names the type, it is the name of the first object that is none of these.
    #[serde(default)]
    pub(super) not_a_type: Vec<String>,
    #[serde(default)]
    pub(super) media: Vec<MediaPlaces>,
    #[serde(default)]
    pub(super) parts: Vec<PartPlaces>,
    /// What the gateway tells of the file of a message outside of the message itself.
    pub(super) file: Option<FilePlaces>,
    /// The message as WhatsApp has it, for the gateways that pass it on; see [`Content`].
    pub(super) content: Option<Place>,
    pub(super) typing: Option<Typing>,
    pub(super) edit: Option<ChangePlaces>,
    pub(super) deletion: Option<ChangePlaces>,
    pub(super) own: Option<OwnPlaces>,
    /// What a bot needs to answer, passed through as it stands.
    #[serde(default)]
    pub(super) pass: BTreeMap<String, Place>,
}

/// Where a message has its words, its media and its parts.
#[derive(Clone, Copy)]
pub(super) struct Saying<'p> {
    pub(super) text: &'p Place,
    pub(super) media: &'p [MediaPlaces],
    pub(super) parts: &'p [PartPlaces],
}

impl Preset {
    /// The id of what a person said; of an answer that is posted with the id of its question, with a digest of it.
    pub(super) fn id_of(&self, message: Scope<'_, '_>) -> Option<String> {
        let id = text_at(self.id.as_ref(), message)?;
        let with = self.id_with.as_ref();
        let Some(with) = with.and_then(|place| place.first(message)) else {
            return Some(id);
        };
        let digest = Sha256::digest(with.raw().get());
        Some(format!("{id}-{}", hex::encode(&digest[..8])))
    }

    pub(super) fn saying(&self) -> Saying<'_> {
        Saying {
            text: &self.text,
            media: &self.media,
            parts: &self.parts,
        }
    }
}

impl Content {
    /// Whether a type is that of something which stands beside messages.
    pub(super) fn is_beside(&self, type_name: &str) -> bool {
        self.not_a_type.iter().any(|known| known == type_name)
    }

    pub(super) fn saying(&self) -> Saying<'_> {
        Saying {
            text: &self.text,
            media: &self.media,
            parts: &self.parts,
        }
    }
}

/// What stands in a message as WhatsApp itself has it, whichever gateway passes it on: the places are looked for in the
/// message out of all its wrappers, with `^` in what the gateway put around it. A preset's own places come first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    /// They come after the preset's own.
    pub(super) rules: Vec<Rule>,
    pub(super) edit: ChangePlaces,
    pub(super) deletion: ChangePlaces,
    pub(super) text: Place,
    /// Objects that are no message; the first other one names the type.
    pub(super) not_a_type: Vec<String>,
    pub(super) media: Vec<MediaPlaces>,
    pub(super) parts: Vec<PartPlaces>,
}

/// One of the rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// It applies if this finds something.
    pub(super) when: Option<Place>,
    /// Then only if both of these are there and not the same.
    pub(super) differ: Option<[Place; 2]>,
    /// It applies if the message lay in this wrapper.
    pub(super) inside: Option<String>,
    pub(super) verdict: Verdict,
    /// Why it is ignored, where [`Ignored::text`] does not tell enough.
    pub(super) why: Option<String>,
    /// What stands for `{}` in the reason: the name of an event or a type.
    pub(super) show: Option<Place>,
}

/// What a rule makes of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ignore(Ignored),
    Own,
    Typing,
    /// A person said it, whatever the rules behind it tell.
    Said,
    Edit,
    /// What was edited is told in the same way as other changes; an edit has other words.
    PerhapsEdit,
    Deletion,
}

/// Media of one kind, or of the kind that they name themselves. The places are looked for in the medium; with `^`, unless
/// that is JSON in a text, in the message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaPlaces {
    /// Where the media are.
    #[serde(rename = "in")]
    pub(super) place: Place,
    /// What stands there is a text that has JSON in it: a medium or a list of them.
    #[serde(default)]
    pub(super) is_json: bool,
    pub(super) kind: Option<MediaKind>,
    /// Without a kind: where they name it. Failing that the media type tells.
    pub(super) kind_at: Option<Place>,
    pub(super) url: Option<Place>,
    pub(super) id: Option<Place>,
    pub(super) caption: Option<Place>,
    pub(super) mime: Option<Place>,
    pub(super) name: Option<Place>,
    pub(super) size: Option<Place>,
    pub(super) base64: Option<Place>,
    /// Of a contact: its vCard, which tells the name and the numbers where nothing else does.
    pub(super) card: Option<Place>,
    #[serde(default)]
    pub(super) details: BTreeMap<String, Place>,
}

/// Where the gateway tells of the one file of a message; what stands there wins over what the medium says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilePlaces {
    pub(super) url: Option<Place>,
    pub(super) mime: Option<Place>,
    pub(super) name: Option<Place>,
    pub(super) size: Option<Place>,
    pub(super) base64: Option<Place>,
    /// Whether the URL in the medium itself is one of WhatsApp, at which the file is encrypted: it is not told.
    #[serde(default)]
    pub(super) is_encrypted: bool,
    /// Told of a file that is neither posted nor has a URL, because the call that loads it asks for this.
    #[serde(default)]
    pub(super) unloaded: BTreeMap<String, Place>,
}

/// Where a typing signal stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typing {
    pub(super) state: Place,
    /// The states of somebody who types or records.
    pub(super) on: Vec<String>,
    /// The states of somebody who ceased to.
    pub(super) off: Vec<String>,
}

/// Where it stands what a person changed or took back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePlaces {
    /// The id of the message that was changed.
    pub(super) id: Place,
    /// Its words now.
    pub(super) text: Option<Place>,
    /// The message as it is now, as WhatsApp has it.
    pub(super) content: Option<Place>,
    /// Finds something if it has no words any more: the caption of a medium was removed.
    pub(super) emptied: Option<Place>,
    /// Where the gateway may name us in place of whoever changed it.
    pub(super) misnamed: Option<MisnamedPlaces>,
}

/// Where it stands that a change may be told as the person's own program wrote it: as made by "me", in the chat with us.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MisnamedPlaces {
    /// It is told so if this finds something
    pub(super) when: Place,
    /// and the address here is ours. An alias may be ours.
    pub(super) whose: Place,
    /// Our own number.
    pub(super) us: Place,
}

impl MisnamedPlaces {
    pub(super) fn holds(&self, message: Scope<'_, '_>) -> bool {
        let address = |place: &Place| place.text(message).map(|text| Address::parse(&text));
        let is_ours = |whose: Address| match whose {
            Address::Alias(_) => true,
            Address::Phone(_) => address(&self.us) == Some(whose),
        };
        self.when.holds(message) && address(&self.whose).is_some_and(is_ours)
    }
}

/// What differs in our own messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnPlaces {
    pub(super) person: Option<PersonPlaces>,
    /// It is ours if this finds something; asked after all rules.
    pub(super) when: Option<Place>,
    /// Finds something if one of our people wrote it.
    pub(super) human: Option<Place>,
    /// Finds something if a program wrote it.
    pub(super) bot: Option<Place>,
    /// Finds something if it is a copy of what was written elsewhere: then nothing in it tells who wrote it.
    pub(super) copy: Option<Place>,
    /// The user of ours in whose name it was written.
    pub(super) user: Option<Place>,
    /// What a program sent is posted as such, and may come again under its id as if a person had written it.
    #[serde(default)]
    pub(super) echoes: bool,
}

impl OwnPlaces {
    /// Who wrote a message, and in whose name.
    pub(super) fn author(&self, message: Scope<'_, '_>) -> (Author, Option<String>) {
        let holds = |place: &Option<Place>| place.as_ref().is_some_and(|at| at.holds(message));
        let by = if holds(&self.bot) {
            Author::Bot
        } else if holds(&self.copy) {
            return (Author::Unknown, None);
        } else if holds(&self.human) {
            Author::Human
        } else {
            Author::Unknown
        };
        (by, self.user.as_ref().and_then(|at| at.text(message)))
    }
}
