//! An answer's XML as a tree.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    name: String,
    text: String,
    children: Vec<Node>,
}

impl Node {
    /// The document's root.
    pub(crate) fn parse(text: &str) -> Self {
        let mut reader = Reader::from_str(text);
        let mut open = vec![Self::default()];
        loop {
            let last = open.last_mut().unwrap();
            match reader.read_event().unwrap() {
                Event::Start(start) => open.push(Self {
                    name: start.name().as_ref().to_owned(),
                    ..Self::default()
                }),
                Event::Empty(empty) => last.children.push(Self {
                    name: empty.name().as_ref().to_owned(),
                    ..Self::default()
                }),
                Event::Text(text) => last.text.push_str(&text),
                Event::GeneralRef(name) => match name.resolve_char_ref() {
                    Ok(Some(character)) => last.text.push(character),
                    _ => last
                        .text
                        .push_str(resolve_predefined_entity(&name).unwrap_or_default()),
                },
                Event::End(_) => {
                    let done = open.pop().unwrap();
                    open.last_mut().unwrap().children.push(done);
                }
                Event::Eof => return open.pop().unwrap().children.pop().unwrap_or_default(),
                _ => {}
            }
        }
    }

    /// The text of the first element called `name`, at any depth.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        if self.name == name {
            return Some(&self.text);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// The text of the child called `name`, or nothing.
    pub(crate) fn text(&self, name: &str) -> &str {
        let child = self.children.iter().find(|child| child.name == name);
        child.map_or("", |child| &child.text)
    }

    /// The elements of the list called `name`.
    pub(crate) fn list(&self, name: &str) -> &[Node] {
        let child = self.children.iter().find(|child| child.name == name);
        child.map_or(&[], |child| &child.children)
    }

    /// The element's own text.
    pub(crate) fn own(&self) -> &str {
        &self.text
    }
}
