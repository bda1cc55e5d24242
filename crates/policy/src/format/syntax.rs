//! A TOML document as its lines: what stands where, with every comment.

use toml_parser::{
    Source,
    parser::{Event, EventKind, parse_document},
};

/// What a line is about.
#[derive(Debug)]
pub(super) enum Line<'a> {
    Blank,
    Comment(&'a str),
    /// `[a.b]` or `[[a.b]]`.
    Header(String, Option<&'a str>),
    Entry(Entry<'a>),
}

/// A value with its key, if it has one, and its comments.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// On lines of their own before it, within an array or an inline table.
    pub(super) before: Vec<&'a str>,
    pub(super) key: Option<String>,
    pub(super) value: Value<'a>,
    /// Behind it, on its line.
    pub(super) after: Option<&'a str>,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    /// As it is written.
    Scalar(&'a str),
    Array(Group<'a>),
    Table(Group<'a>),
}

/// What stands between brackets.
#[derive(Debug, Default)]
pub(super) struct Group<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    /// Comments behind the last of them.
    pub(super) end: Vec<&'a str>,
}

/// The lines of a document that reads as TOML; none where something stands where this does not expect it.
pub(super) fn lines(text: &str) -> Option<Vec<Line<'_>>> {
    let mut parser = Parser { text, events: events(text).into_iter().peekable() };
    let mut lines = Vec::new();
    while let Some(kind) = parser.peek() {
        match kind {
            EventKind::Whitespace => drop(parser.next()),
            EventKind::Newline => {
                parser.next();
                lines.push(Line::Blank);
            }
            EventKind::Comment => {
                lines.push(Line::Comment(parser.comment()?));
                parser.end_of_line()?;
            }
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                let header = parser.header()?;
                lines.push(Line::Header(header, parser.end_of_line()?));
            }
            EventKind::SimpleKey => {
                let mut entry = parser.entry()?;
                entry.after = parser.end_of_line()?;
                lines.push(Line::Entry(entry));
            }
            _ => return None,
        }
    }
    Some(lines)
}

/// Every comment, in order.
pub(super) fn comments(text: &str) -> Vec<&str> {
    let events = events(text).into_iter().filter(|event| event.kind() == EventKind::Comment);
    events.filter_map(|event| slice(text, &event)).collect()
}

fn events(text: &str) -> Vec<Event> {
    let tokens = Source::new(text).lex().into_vec();
    let mut events = Vec::new();
    // What does not read as TOML was refused before.
    parse_document(&tokens, &mut |event: Event| events.push(event), &mut ());
    events
}

fn slice<'a>(text: &'a str, event: &Event) -> Option<&'a str> {
    text.get(event.span().start()..event.span().end()).map(str::trim_end)
}

struct Parser<'a> {
    text: &'a str,
    events: std::iter::Peekable<std::vec::IntoIter<Event>>,
}

impl<'a> Parser<'a> {
    fn peek(&mut self) -> Option<EventKind> {
        self.events.peek().map(Event::kind)
    }

    fn next(&mut self) -> Option<Event> {
        self.events.next()
    }

    fn blank(&mut self) {
        while self.peek() == Some(EventKind::Whitespace) {
            self.next();
        }
    }

    fn comment(&mut self) -> Option<&'a str> {
        slice(self.text, &self.next()?)
    }

    /// Whatever ends a line, and the comment before it.
    fn end_of_line(&mut self) -> Option<Option<&'a str>> {
        self.blank();
        let comment = if self.peek() == Some(EventKind::Comment) { Some(self.comment()?) } else { None };
        match self.next().map(|event| event.kind()) {
            None | Some(EventKind::Newline) => Some(comment),
            Some(_) => None,
        }
    }

    fn header(&mut self) -> Option<String> {
        let is_array = self.next()?.kind() == EventKind::ArrayTableOpen;
        let name = self.key()?;
        match self.next()?.kind() {
            EventKind::StdTableClose if !is_array => Some(format!("[{name}]")),
            EventKind::ArrayTableClose if is_array => Some(format!("[[{name}]]")),
            _ => None,
        }
    }

    /// A key with its dots, up to what follows it.
    fn key(&mut self) -> Option<String> {
        let mut key = String::new();
        loop {
            self.blank();
            match self.peek()? {
                EventKind::SimpleKey => key.push_str(slice(self.text, &self.next()?)?),
                EventKind::KeySep => {
                    self.next();
                    key.push('.');
                }
                _ => return Some(key),
            }
        }
    }

    fn entry(&mut self) -> Option<Entry<'a>> {
        let key = self.key()?;
        (self.next()?.kind() == EventKind::KeyValSep).then_some(())?;
        self.blank();
        Some(Entry { before: Vec::new(), key: Some(key), value: self.value()?, after: None })
    }

    fn value(&mut self) -> Option<Value<'a>> {
        let event = self.next()?;
        match event.kind() {
            EventKind::Scalar => slice(self.text, &event).map(Value::Scalar),
            EventKind::ArrayOpen => self.group(EventKind::ArrayClose).map(Value::Array),
            EventKind::InlineTableOpen => self.group(EventKind::InlineTableClose).map(Value::Table),
            _ => None,
        }
    }

    fn group(&mut self, close: EventKind) -> Option<Group<'a>> {
        let mut group = Group::default();
        let mut is_on_line_of_last = false;
        loop {
            match self.peek()? {
                kind if kind == close => {
                    self.next();
                    return Some(group);
                }
                EventKind::Whitespace | EventKind::ValueSep => drop(self.next()),
                EventKind::Newline => {
                    self.next();
                    is_on_line_of_last = false;
                }
                EventKind::Comment => {
                    let comment = self.comment()?;
                    match group.entries.last_mut() {
                        Some(last) if is_on_line_of_last && last.after.is_none() => last.after = Some(comment),
                        _ => group.end.push(comment),
                    }
                }
                kind => {
                    let mut entry = if kind == EventKind::SimpleKey {
                        self.entry()?
                    } else {
                        Entry { before: Vec::new(), key: None, value: self.value()?, after: None }
                    };
                    entry.before = std::mem::take(&mut group.end);
                    group.entries.push(entry);
                    is_on_line_of_last = true;
                }
            }
        }
    }
}
