//! Where the tags of a caption stand, row by row.

use std::ops::Range;

use crate::ui::text;

/// Columns between two tags.
const GAP: usize = 1;
/// Columns that a tag takes besides its letters.
pub const AROUND: usize = 2;

/// A tag in its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    /// Its place in the caption.
    pub place: usize,
    /// The column it begins in.
    pub x: u16,
    /// The columns it takes.
    pub width: u16,
}

/// Tags in rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chips {
    chips: Vec<Chip>,
    /// Which of them each row has.
    rows: Vec<Range<usize>>,
}

impl Chips {
    /// Lays tags out in rows of so many columns; one that is longer than a row is cut to it.
    pub fn of<'a>(tags: impl Iterator<Item = &'a str>, columns: u16) -> Self {
        let columns = usize::from(columns).max(AROUND + 1);
        let mut laid = Self::default();
        let (mut x, mut first) = (0, 0);
        for (place, tag) in tags.enumerate() {
            let wide = (text::width(&text::safe(tag)) + AROUND).min(columns);
            if x > 0 && x + wide > columns {
                laid.rows.push(first..place);
                (x, first) = (0, place);
            }
            laid.chips.push(Chip {
                place,
                x: x as u16,
                width: wide as u16,
            });
            x += wide + GAP;
        }
        if first < laid.chips.len() {
            laid.rows.push(first..laid.chips.len());
        }
        laid
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The tags of a row.
    pub fn row(&self, row: usize) -> &[Chip] {
        self.rows.get(row).map_or(&[], |range| &self.chips[range.clone()])
    }

    /// The row that a tag stands in.
    pub fn row_of(&self, place: usize) -> usize {
        self.rows.partition_point(|row| row.end <= place)
    }

    /// The tag nearest to this one in another row so far away; the first or last one beyond the ends.
    pub fn beside(&self, place: usize, rows: isize) -> usize {
        let row = self.row_of(place);
        let to = row.saturating_add_signed(rows).min(self.rows.len().saturating_sub(1));
        let Some(own) = self.chips.get(place) else { return 0 };
        if to == row {
            return place;
        }
        let middle = own.x + own.width / 2;
        let near = |chip: &&Chip| (chip.x + chip.width / 2).abs_diff(middle);
        self.row(to).iter().min_by_key(near).map_or(place, |chip| chip.place)
    }

    /// The tag at a column of a row.
    pub fn at(&self, row: usize, x: u16) -> Option<usize> {
        let found = self
            .row(row)
            .iter()
            .find(|chip| (chip.x..chip.x + chip.width).contains(&x));
        found.map(|chip| chip.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_flow_into_rows_and_the_cursor_goes_straight_up_and_down() {
        let tags = ["1girl", "solo", "狐狸", "a very long tag that is cut", "x"];
        let chips = Chips::of(tags.into_iter(), 16);
        assert_eq!(chips.rows(), 4);
        assert_eq!(chips.row(0).iter().map(|chip| chip.x).collect::<Vec<_>>(), [0, 8]);
        assert_eq!(chips.row(2)[0].width, 16);
        assert_eq!(
            (chips.beside(1, 1), chips.beside(2, -1), chips.beside(0, -1)),
            (2, 0, 0)
        );
        assert_eq!((chips.beside(4, 9), chips.at(0, 7), chips.at(0, 8)), (4, None, Some(1)));
        assert_eq!(Chips::of(std::iter::empty(), 3).rows(), 0);
    }
}
