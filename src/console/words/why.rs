//! What came of a call, and why a batch was given up on: the API says it in English, as logs do.

use super::{Counted, Sentence, Words};
use crate::core::why::Why;

texts! {
    /// Why there was no answer, or no call.
    WhyWords {
        no_answer: Sentence,
        no_connection: Sentence,
        broken: Sentence,
        not_taken: Sentence,
        entry: Sentence,
        confirmed: String,
        template: Sentence,
        inside: String,
        cut_off: String,
        cut_off_often: Counted,
        not_within: Sentence,
        by_hand: String,
        gone_buffer: Sentence,
        gone_destination: Sentence,
        gone_schedule: Sentence,
        refused: String,
        unknown_host: String,
        closed: String,
        unreachable: String,
        silent: String,
        certificate: Sentence,
    }
}

impl Words {
    /// What came of a call, or why a batch was given up on, in this language. What a destination said stays as it is, and so
    /// does what is not known here.
    pub(in crate::console) fn told(&self, text: &str) -> String {
        let Some(why) = Why::read(text) else {
            return text.to_owned();
        };
        let words = &self.why;
        match why {
            Why::NoAnswer(seconds) => {
                let seconds = seconds.replace('.', &self.clock.decimal);
                words.no_answer.with(&[("seconds", &seconds)])
            }
            Why::NoConnection(cause) => {
                let cause = self.cause(cause);
                words.no_connection.with(&[("cause", &cause)])
            }
            Why::Broken(cause) => words.broken.with(&[("cause", &self.cause(cause))]),
            Why::NotTaken(cause) => words.not_taken.with(&[("cause", &cause)]),
            Why::Confirmed => words.confirmed.clone(),
            Why::Entry(id) => words.entry.with(&[("id", &id)]),
            Why::Template(cause) => words.template.with(&[("cause", &cause)]),
            Why::Inside("") => words.inside.clone(),
            Why::Inside(how) => format!("{}: {how}", words.inside),
            Why::CutOff => words.cut_off.clone(),
            Why::CutOffOften(times) => words.cut_off_often.of(u64::from(times)),
            Why::NotWithin(length, why) => {
                let length = length.replace("days", "d").replace("day", "d");
                let why = self.told(why);
                words.not_within.with(&[("length", &length), ("why", &why)])
            }
            Why::ByHand => words.by_hand.clone(),
            Why::Gone(what) => self.gone(what).unwrap_or_else(|| text.to_owned()),
        }
    }

    fn gone(&self, what: &str) -> Option<String> {
        let (kind, name) = what.split_once(' ')?;
        let sentence = match kind {
            "buffer" => &self.why.gone_buffer,
            "destination" => &self.why.gone_destination,
            "schedule" => &self.why.gone_schedule,
            _ => return None,
        };
        Some(sentence.with(&[("name", &name)]))
    }

    /// Why a connection was not to be had or ended; what the system says more exactly stands behind it.
    fn cause(&self, cause: &str) -> String {
        let words = &self.why;
        if cause.starts_with("invalid peer certificate") {
            return words.certificate.with(&[("cause", &cause)]);
        }
        let known = [
            ("Connection refused", &words.refused),
            ("failed to lookup address", &words.unknown_host),
            ("Connection reset", &words.closed),
            ("connection closed", &words.closed),
            ("Network is unreachable", &words.unreachable),
            ("No route to host", &words.unreachable),
            ("Connection timed out", &words.silent),
            ("operation timed out", &words.silent),
            ("deadline has elapsed", &words.silent),
        ];
        let known = known.iter().find(|(begins, _)| cause.starts_with(begins));
        known.map_or_else(|| cause.to_owned(), |(_, told)| (*told).clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::console::words::Catalogue;

    #[test]
    fn what_came_of_a_call_is_told_in_the_language_of_the_reader() {
        let words = Catalogue::read().unwrap().for_reader(Some("pt-BR"), "");

        for (said, told) in [
            ("no answer within 0.5 s", "sem resposta em 0,5 s"),
            (
                "not delivered within 1day: cannot connect: Connection refused (os error 111)",
                "não entregue em 1d: não conectou: conexão recusada (o bot está no ar, e a porta está certa?)",
            ),
            (
                "not delivered within 2days: HTTP 503",
                "não entregue em 2d: HTTP 503",
            ),
            (
                "cannot connect: invalid peer certificate: UnknownIssuer",
                "não conectou: o certificado TLS do bot não é aceito (invalid peer certificate: UnknownIssuer)",
            ),
            (
                "template: the template makes more than 9 bytes: let it name less",
                "o modelo do corpo não deu em nada que se possa enviar: the template makes more than 9 bytes: let it name less",
            ),
            (
                "connection broke: something new",
                "a conexão caiu: something new",
            ),
            (
                "its schedule bom-dia is gone",
                "o agendamento bom-dia não existe mais",
            ),
            ("its hat is gone", "its hat is gone"),
            ("HTTP 404: <b>its", "HTTP 404: <b>its"),
        ] {
            assert_eq!(words.told(said), told);
        }
    }
}
