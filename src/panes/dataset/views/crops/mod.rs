//! Where training puts the pictures: bucket, scale and what is lost of each, those that lose most first; and crops set by hand.
//!
//! [`Crops`] has the pictures' sizes, which the thread of these views reads, and places them anew whenever the settings, the crops set by
//! hand or the shown pictures are others. The cursor is the picture under the cursor, wherever it stands in this list. [`overlay`] draws
//! the kept rectangle into the picture, [`hand`] moves it, [`form`] has the settings of the buckets, [`view`] draws.

pub mod form;
pub mod hand;
pub mod overlay;
mod view;

use std::sync::Arc;

use self::hand::Moving;
use super::options::Options;
use crate::data::batches::regularization;
use crate::data::buckets::hand::{Hand, Hands};
use crate::data::buckets::overview::{Filling, Row, fillings, sort_by_loss};
use crate::data::buckets::{Buckets, Error, Placement, Settings, Size};
use crate::panes::dataset::book::Book;
use crate::panes::preview::Numbered;
use crate::term::graphics::Picture;
use crate::ui::lang::told::{Sentence, Trouble};

pub use view::{Keys, Scene};

/// Numbers of pictures with a frame begin here, far from those of other pictures that share their place.
const FIRST: u64 = 1 << 41;

/// The sizes of all pictures of a set as stored, or why one cannot be read, in a sentence.
pub type Sizes = Arc<[Result<Size, Sentence>]>;

/// The placed pictures.
#[derive(Debug, Default)]
pub struct Crops {
    sizes: Option<Sizes>,
    /// Whether they are to be read again; until they are, the old ones are shown.
    outdated: bool,
    hands: Arc<Hands>,
    /// Where it cannot be used, a sentence.
    hands_fault: Option<Trouble>,
    /// The buckets of each dataset, where they are not those of the options.
    chosen: Option<Vec<Settings>>,
    /// What the rows were made of.
    made_of: Option<Made>,
    rows: Vec<Row>,
    /// The row of each picture of the set; `u32::MAX` for none.
    places: Vec<u32>,
    fillings: Vec<Filling>,
    batches: [usize; 2],
    /// What is wrong with the settings.
    fault: Option<Error>,
    /// Whether buckets are shown in place of pictures.
    pub table: bool,
    moving: Option<Moving>,
    /// The picture as it was read and made smaller, by its number.
    small: Option<(u64, Picture)>,
    /// It with its frame, and what that was made of.
    framed: Option<(Frame, Numbered)>,
    numbers: u64,
}

/// By which rows are known to be up to date.
#[derive(Debug)]
struct Made {
    sizes: Sizes,
    hands: Arc<Hands>,
    settings: Vec<Settings>,
    shown: Option<Arc<[usize]>>,
    options: Arc<Options>,
}

impl Made {
    fn is(&self, other: &Self) -> bool {
        let shown = match (&self.shown, &other.shown) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        shown
            && Arc::ptr_eq(&self.sizes, &other.sizes)
            && Arc::ptr_eq(&self.hands, &other.hands)
            && Arc::ptr_eq(&self.options, &other.options)
            && self.settings == other.settings
    }
}

/// By which a frame is known to be up to date.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    number: u64,
    placement: Placement,
    focus: Option<[f64; 2]>,
}

impl Crops {
    /// Whether sizes have to be read.
    pub fn wants_sizes(&self) -> bool {
        self.sizes.is_none() || self.outdated
    }

    /// The sizes were read, and the crops set by hand.
    pub fn put(&mut self, sizes: Sizes, hands: Result<Arc<Hands>, Trouble>) {
        self.sizes = Some(sizes);
        self.outdated = false;
        self.put_hands(hands);
    }

    /// Pictures may have other sizes.
    pub fn read_again(&mut self) {
        self.outdated = true;
    }

    /// The crops set by hand were read again.
    pub fn put_hands(&mut self, hands: Result<Arc<Hands>, Trouble>) {
        match hands {
            Ok(hands) => (self.hands, self.hands_fault) = (hands, None),
            Err(why) => (self.hands, self.hands_fault) = (Arc::default(), Some(why)),
        }
    }

    /// Pictures came or went.
    pub fn forget(&mut self) {
        self.sizes = None;
        self.made_of = None;
        self.moving = None;
        self.framed = None;
        self.rows.clear();
        self.places.clear();
        self.fillings.clear();
    }

    /// The settings of a dataset's buckets.
    pub fn settings(&self, options: &Options, dataset: usize) -> Settings {
        let chosen = self.chosen.as_ref().unwrap_or(&options.buckets);
        chosen.get(dataset).copied().unwrap_or_default()
    }

    /// Sets those of one dataset; `None` takes those of the options again, for all of them.
    pub fn choose(&mut self, options: &Options, dataset: usize, settings: Option<Settings>) {
        self.chosen = settings.map(|settings| {
            let mut all = self.chosen.take().unwrap_or_else(|| options.buckets.clone());
            if let Some(one) = all.get_mut(dataset) {
                *one = settings;
            }
            all
        });
    }

    /// The pictures, those that lose most first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row of a picture.
    pub fn row_of(&self, picture: usize) -> Option<usize> {
        let row = *self.places.get(picture)? as usize;
        (row < self.rows.len()).then_some(row)
    }

    /// Places all pictures that are shown, unless that is done.
    pub fn look(&mut self, book: &Book, options: &Arc<Options>, shown: Option<&Arc<[usize]>>) {
        let Some(sizes) = self.sizes.clone().filter(|sizes| sizes.len() == book.len()) else {
            return;
        };
        let settings = self.chosen.clone().unwrap_or_else(|| options.buckets.clone());
        let made = Made {
            sizes: Arc::clone(&sizes),
            hands: Arc::clone(&self.hands),
            settings,
            shown: shown.cloned(),
            options: Arc::clone(options),
        };
        if self.made_of.as_ref().is_some_and(|before| before.is(&made)) {
            return;
        }
        let buckets: Result<Vec<Buckets>, Error> = made.settings.iter().map(Buckets::new).collect();
        self.made_of = Some(made);
        self.rows.clear();
        self.fault = None;
        match buckets {
            Ok(buckets) => self.place(book, options, shown, &sizes, &buckets),
            Err(fault) => self.fault = Some(fault),
        }
        self.fillings = fillings(&self.rows);
        self.places = vec![u32::MAX; book.len()];
        for (row, at) in self.rows.iter().zip(0_u32..) {
            self.places[row.picture] = at;
        }
    }

    fn place(
        &mut self,
        book: &Book,
        options: &Options,
        shown: Option<&Arc<[usize]>>,
        sizes: &Sizes,
        buckets: &[Buckets],
    ) {
        let all: Vec<usize> = match shown {
            Some(shown) => shown.to_vec(),
            None => (0..book.len()).collect(),
        };
        let mut dealt: Vec<[Vec<(Size, u32)>; 2]> = vec![Default::default(); buckets.len()];
        for picture in all {
            let Some(folder) = options.of(&book.set, picture) else {
                continue;
            };
            let Some(buckets) = buckets.get(folder.dataset) else {
                continue;
            };
            let placement = match &sizes[picture] {
                Ok(size) => {
                    let hand = self.hands.of(&book.set.root, book.path(picture));
                    buckets.place(*size, hand.filter(|hand| hand.fits(*size)))
                }
                // Its own sentence is told in the place of this error's.
                Err(_) => Err(Error::Empty([0, 0])),
            };
            if let Ok(placement) = &placement {
                let is_reg = book.set.subsets[book.set.pictures[picture].subset as usize].is_reg;
                dealt[folder.dataset][usize::from(is_reg)].push((placement.bucket, folder.repeats));
            }
            self.rows.push(Row { picture, placement });
        }
        sort_by_loss(&mut self.rows);
        self.batches = [0; 2];
        for (number, of_dataset) in dealt.into_iter().enumerate() {
            let size = options.folders.iter().flatten().find(|folder| folder.dataset == number);
            let size = size.map_or(1, |folder| folder.batch_size.max(1) as usize);
            let [all, short] = batches(of_dataset, size);
            self.batches[0] += all;
            self.batches[1] += short;
        }
    }

    /// Where a picture goes now; while its crop is being moved, where it would.
    pub fn placement(&self, book: &Book, options: &Options, picture: usize) -> Option<Result<Placement, Error>> {
        match self.moving.as_ref().filter(|moving| moving.picture == picture) {
            Some(moving) => {
                let dataset = options.of(&book.set, picture)?.dataset;
                let buckets = Buckets::new(&self.settings(options, dataset));
                Some(buckets.and_then(|buckets| buckets.place(moving.size, Some(moving.hand))))
            }
            None => Some(self.rows.get(self.row_of(picture)?)?.placement.clone()),
        }
    }

    /// What was set by hand for a picture.
    pub fn hand(&self, book: &Book, picture: usize) -> Option<Hand> {
        match self.moving.as_ref().filter(|moving| moving.picture == picture) {
            Some(moving) => Some(moving.hand),
            None => self.hands.of(&book.set.root, book.path(picture)),
        }
    }

    /// The crop that is being moved.
    pub fn moving(&self) -> Option<&Moving> {
        self.moving.as_ref()
    }

    /// The same, to move it.
    pub fn moving_mut(&mut self) -> Option<&mut Moving> {
        self.moving.as_mut()
    }

    /// Begins to move a picture's rectangle or focal point, from where it is.
    pub fn begin(&mut self, book: &Book, options: &Options, picture: usize, focus: bool) {
        if let (Some(Ok(placement)), None) = (self.placement(book, options, picture), &self.moving) {
            let set = self.hand(book, picture);
            self.moving = Some(Moving::new(picture, &placement, set, focus));
        }
    }

    /// Ends moving; gives what it came to.
    pub fn end(&mut self) -> Option<Moving> {
        self.moving.take()
    }

    /// Draws the frame into the picture under the cursor, unless that is done.
    pub fn frame(&mut self, book: &Book, options: &Options, picture: usize, sight: Option<&Numbered>) {
        let Some(sight) = sight else {
            self.framed = None;
            return;
        };
        let Some(Ok(placement)) = self.placement(book, options, picture) else {
            self.framed = None;
            return;
        };
        let focus = match self.hand(book, picture) {
            Some(Hand::Focus(parts)) => Some(parts),
            _ => None,
        };
        let frame = Frame {
            number: sight.number,
            placement,
            focus,
        };
        if self.framed.as_ref().is_some_and(|(made, _)| *made == frame) {
            return;
        }
        if self.small.as_ref().is_none_or(|(number, _)| *number != sight.number) {
            self.small = Some((sight.number, overlay::smaller(&sight.picture)));
        }
        let Some((_, small)) = &self.small else { return };
        self.numbers += 1;
        let numbered = Numbered {
            number: FIRST + self.numbers,
            picture: overlay::framed(small, &placement, focus),
        };
        self.framed = Some((frame, numbered));
    }

    /// The picture with its frame.
    pub fn framed(&self) -> Option<&Numbered> {
        self.framed.as_ref().map(|(_, numbered)| numbered)
    }
}

/// How many batches the training and the regularization pictures of a dataset make in an epoch, and how many of these are not full.
fn batches([train, reg]: [Vec<(Size, u32)>; 2], batch_size: usize) -> [usize; 2] {
    let count = train.iter().map(|(_, repeats)| u64::from(*repeats)).sum();
    let repeats: Vec<u32> = reg.iter().map(|(_, repeats)| *repeats).collect();
    let used = reg.iter().zip(regularization(count, &repeats));
    let used = used.filter_map(|((bucket, _), repeats)| Some((*bucket, repeats?)));
    let mut full = std::collections::BTreeMap::<Size, u64>::new();
    for (bucket, repeats) in train.iter().copied().chain(used) {
        *full.entry(bucket).or_default() += u64::from(repeats);
    }
    let size = batch_size as u64;
    let all: u64 = full.values().map(|count| count.div_ceil(size)).sum();
    let short = full.values().filter(|count| *count % size != 0).count();
    [all as usize, short]
}
