//! Text that somebody else wrote, made harmless before it is kept.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most of a name or a message that is kept, in characters.
const MOST: usize = 200;
/// What that may become, each an escape, and what is said of the rest.
const LONGEST: usize = MOST * 10 + 50;

/// A name, a reason or an argument out of a contract or a file.
///
/// What breaks a terminal, hides, or turns the line around it (controls, bidirectional text, marks that stack, blanks
/// that are none) stands as an escape such as `\u{1b}`; what is too long is cut, and says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted(String);

impl Untrusted {
    /// Takes a text of any length and content.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut kept = String::new();
        let mut rest = text.chars();
        for character in rest.by_ref().take(MOST) {
            if is_harmless(character) {
                kept.push(character);
            } else {
                kept.extend(character.escape_unicode());
            }
        }
        let cut = rest.as_str().len();
        if cut > 0 {
            kept.push_str(&format!("… ({cut} bytes more)"));
        }
        Self(kept)
    }

    /// The same in parentheses.
    #[must_use]
    pub(crate) fn aside(&self) -> Self {
        Self(format!("({})", self.0))
    }

    /// As it may be shown; markup is for each format to escape.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether other alphabets are in it, whose letters may look like these.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        !self.0.is_ascii()
    }
}

/// Letters and digits that stand in their place, and what ASCII shows.
fn is_harmless(character: char) -> bool {
    match character {
        ' '..='~' => true,
        // Marks that stack, what is written from right to left, or blank although letters.
        '\u{300}'..='\u{36f}'
        | '\u{590}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{3164}'
        | '\u{ffa0}' => false,
        // Currencies, and what this crate itself writes between words.
        '\u{20a0}'..='\u{20cf}' | '…' => true,
        other => other.is_alphanumeric(),
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl Serialize for Untrusted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Through [`Untrusted::new`] again where it is not as that leaves it: a file may say anything.
impl<'de> Deserialize<'de> for Untrusted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_short = text.chars().nth(LONGEST).is_none();
        Ok(if is_short && text.chars().all(is_harmless) { Self(text) } else { Self::new(&text) })
    }
}

impl JsonSchema for Untrusted {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "Text without control characters, and cut where it is long." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_breaks_a_terminal_or_turns_a_line_around_never_gets_through() {
        for text in ["\u{1b}[2J", "\r", "\n", "\u{7f}", "\u{9b}31m", "\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}"] {
            let shown = Untrusted::new(text).to_string();
            assert!(shown.starts_with("\\u{"), "{shown}");
            assert!(shown.chars().all(|character| character.is_ascii_graphic()), "{shown}");
        }
        for character in '\0'..=char::MAX {
            let shown = Untrusted::new(&character.to_string());
            let bad = |one: char| one.is_control() || ('\u{300}'..='\u{36f}').contains(&one) || one == '\u{2028}';
            assert!(!shown.as_str().chars().any(bad), "{character:?}");
        }
        assert_eq!(Untrusted::new("שלום").as_str(), r"\u{5e9}\u{5dc}\u{5d5}\u{5dd}");
    }

    #[test]
    fn megabytes_are_cut_and_what_is_left_out_is_told() {
        let shown = Untrusted::new(&"A".repeat(5_000_000));
        assert_eq!(shown.as_str().len(), 200 + "… (4999800 bytes more)".len());
        assert!(shown.as_str().ends_with("… (4999800 bytes more)"));
        assert_eq!(Untrusted::new("USD₮0").as_str(), "USD₮0");
        assert!(Untrusted::new("USDС").is_foreign() && !Untrusted::new("USDC").is_foreign());
    }

    #[test]
    fn a_file_cannot_bring_it_in_either() {
        let read: Untrusted = serde_json::from_str(r#""a\u001bb""#).unwrap();
        assert_eq!(read.as_str(), r"a\u{1b}b");
    }
}
