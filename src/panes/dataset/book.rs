//! A dataset as all threads see it: never changed, replaced by a newer one.

use std::borrow::Cow;
use std::path::Path;

use super::caption::{Caption, Closed, name_of};
use crate::data::set::Set;
use crate::data::tags::Index;

/// Pictures, captions and the counts of their tags, at one moment.
#[derive(Clone, Debug)]
pub struct Book {
    /// The pictures and captions.
    pub set: Set,
    /// Their tags.
    pub index: Index,
}

impl Book {
    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.set.pictures.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.set.pictures.is_empty()
    }

    /// A picture's file.
    pub fn path(&self, picture: usize) -> &Path {
        self.set
            .pictures
            .get(picture)
            .map_or(Path::new(""), |picture| &picture.path)
    }

    /// A picture's path below the set's folder. It may hold control characters.
    pub fn name(&self, picture: usize) -> Cow<'_, str> {
        self.set.relative(self.path(picture))
    }

    /// The name of the set's folder.
    pub fn title(&self) -> String {
        name_of(&self.set.root)
    }

    /// The bytes of a picture's caption.
    pub fn bytes(&self, picture: usize) -> Option<&[u8]> {
        let caption = self.set.pictures.get(picture)?.caption.as_ref()?;
        Some(&caption.document.bytes)
    }

    /// The text of a picture's caption, without a byte order mark.
    pub fn text(&self, picture: usize) -> Cow<'_, str> {
        let caption = self
            .set
            .pictures
            .get(picture)
            .and_then(|picture| picture.caption.as_ref());
        caption.map_or(Cow::Borrowed(""), |caption| caption.document.text())
    }

    /// Whether a picture has no tag: no caption, or an empty one.
    pub fn is_untagged(&self, picture: usize) -> bool {
        self.bytes(picture).is_none_or(|bytes| bytes.trim_ascii().is_empty())
    }

    /// A picture's caption, ready to be looked at and changed.
    pub fn caption(&self, picture: usize) -> Caption {
        let base = self.bytes(picture).map(<[u8]>::to_vec);
        let separator = self.set.separator(picture);
        let path = self.set.caption_path(picture);
        let mut caption = Caption::new(picture, path, base, &self.text(picture), separator);
        if self.set.unreadable.contains_key(&picture) {
            caption.close(Closed::Unreadable);
        } else if caption.closed().is_none() && self.set.refusal(picture).is_some() {
            caption.close(Closed::Metadata);
        }
        caption
    }

    /// The picture of a file.
    pub fn find(&self, path: &Path) -> Option<usize> {
        self.set.pictures.iter().position(|picture| picture.path == path)
    }
}
