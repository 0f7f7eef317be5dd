//! Sizes, choices and crops against kohya's.

use danlu::data::buckets::crop::{Fixed, bucketed};
use danlu::data::buckets::overview::{Row, fillings, sort_by_loss};
use danlu::data::buckets::{Buckets, Error, Settings, Size, sizes};
use danlu::data::random::Python;
use serde::Deserialize;

use super::{Exact, fixture};

#[test]
fn lists_of_sizes_are_kohyas() {
    for (width, height, min, max, step, expected) in
        fixture::<Vec<(u32, u32, u32, u32, u32, Vec<Size>)>>("sizes.json.gz")
    {
        assert_eq!(
            sizes([width, height], min, max, step),
            expected,
            "{width}x{height} {min}..{max} by {step}"
        );
    }
}

type Case = (
    (u32, u32, Option<u32>, Option<u32>, Option<u32>, bool),
    Vec<Option<Vec<Exact>>>,
);

#[derive(Deserialize)]
struct Placements {
    images: Vec<Size>,
    cases: Vec<Case>,
}

#[test]
fn two_thousand_sizes_go_where_kohya_puts_them_under_every_setting() {
    let Placements { images, cases } = fixture("placements.json.gz");
    assert!(images.len() >= 1990 && cases.len() >= 15);
    for ((width, height, min, max, step, no_upscale), rows) in cases {
        let settings = Settings {
            resolution: [width, height],
            enable: min.is_some(),
            min: min.unwrap_or(0),
            max: max.unwrap_or(0),
            step: step.unwrap_or(0),
            no_upscale,
        };
        let buckets = Buckets::new(&settings).unwrap();
        for (seed, (&image, row)) in images.iter().zip(rows).enumerate() {
            let at = format!("{image:?} under {settings:?}");
            let Some(row) = row else {
                assert!(matches!(buckets.select(image), Err(Error::TooSmall { .. })), "{at}");
                continue;
            };
            let placement = buckets.select(image).unwrap_or_else(|error| panic!("{at}: {error}"));
            let drawn = bucketed(&placement, &mut Python::new(seed as i64));
            let [crop, drawn] = [placement.crop, drawn].map(|[x, y, w, h]| {
                assert_eq!([w, h], placement.bucket, "{at}");
                [x, y]
            });
            let sides = [placement.bucket, placement.resized, crop, drawn].concat();
            let ours = sides.into_iter().map(f64::from).chain(placement.crop_ltrb());
            let ours: Vec<_> = ours.map(Exact).collect();
            assert_eq!(ours, row, "{at}");
        }
    }
}

type FaceCrop = (Size, Size, [i64; 4], [Exact; 2], bool, Option<[u32; 4]>, Exact);

#[test]
fn crops_around_faces_are_kohyas() {
    let cases: Vec<FaceCrop> = fixture("face_crops.json.gz");
    for (seed, (resolution, image, face, range, random_crop, expected, next)) in cases.into_iter().enumerate() {
        let fixed = Fixed {
            resolution,
            face: Some(face),
            face_range: Some(range.map(|times| times.0)),
            random_crop,
        };
        let mut random = Python::new(seed as i64);
        let cut = fixed.cut(image, &mut random).ok();
        let ours = cut.map(|cut| [cut.resized[0], cut.resized[1], cut.crop[0], cut.crop[1]]);
        assert_eq!(ours, expected, "{seed}: {image:?} {face:?} {range:?} to {resolution:?}");
        if expected.is_some() {
            assert_eq!(Exact(random.random()), next, "{seed}: draws");
        }
    }
}

#[test]
fn settings_that_kohya_refuses_are_refused_all_at_once() {
    let settings = Settings {
        min: 640,
        max: 500,
        ..Settings::default()
    };
    let faults = settings.faults();
    assert_eq!(faults.len(), 1, "the largest side is rounded up to 512: {faults:?}");
    assert_eq!(
        faults[0].to_string(),
        "the smallest bucket side 640 is more than the resolution's shorter side 512"
    );
    let worse = Settings { max: 440, ..settings };
    assert_eq!(worse.faults().len(), 2);
    assert!(worse.faults().iter().all(|fault| fault.hint().is_some()));
    let none = Settings {
        resolution: [0, 512],
        step: 0,
        ..settings
    };
    assert_eq!(none.faults(), [Error::Resolution([0, 512]), Error::Step(0)]);
    assert!(Settings { enable: false, ..worse }.faults().is_empty());
}

#[test]
fn sizes_that_lie_are_refused_and_never_overflow() {
    for no_upscale in [false, true] {
        let buckets = Buckets::new(&Settings {
            no_upscale,
            ..Settings::default()
        })
        .unwrap();
        for side in [0, 1, 63, u32::MAX] {
            for other in [0, 1, 64, u32::MAX] {
                if let Ok(placement) = buckets.select([side, other]) {
                    assert!(
                        placement.crop[2] > 0 && (0.0..=1.0).contains(&placement.lost()),
                        "{side}x{other}"
                    );
                }
            }
        }
        assert_eq!(buckets.select([0, 5]), Err(Error::Empty([0, 5])));
    }
}

#[test]
fn what_is_lost_is_told_in_the_pictures_own_pixels() {
    let buckets = Buckets::new(&Settings::default()).unwrap();
    let wide = buckets.select([2000, 1000]).unwrap();
    assert_eq!(
        (wide.bucket, wide.resized, wide.crop),
        ([704, 320], [704, 352], [0, 16, 704, 320])
    );
    let [x, y, width, height] = wide.kept();
    assert_eq!((x, width), (0.0, 2000.0));
    assert!((y - 16.0 / 352.0 * 1000.0).abs() < 1e-9 && (height - 320.0 / 352.0 * 1000.0).abs() < 1e-9);
    assert!((wide.lost() - 32.0 / 352.0).abs() < 1e-12 && wide.scale() < 1.0 && wide.shrinks());
    let small = buckets.select([256, 256]).unwrap();
    assert!(small.lost() == 0.0 && small.scale() == 2.0 && !small.shrinks());
}

#[test]
fn whoever_loses_most_comes_first() {
    let buckets = Buckets::new(&Settings::default()).unwrap();
    let images = [[512, 512], [2000, 1000], [300, 300], [0, 9], [100, 1000]];
    let mut rows: Vec<Row> = images
        .iter()
        .enumerate()
        .map(|(picture, &size)| Row {
            picture,
            placement: buckets.select(size),
        })
        .collect();
    sort_by_loss(&mut rows);
    let order: Vec<_> = rows.iter().map(|row| row.picture).collect();
    assert_eq!(order, [3, 4, 1, 2, 0]);
    let fillings = fillings(&rows);
    assert_eq!(fillings.iter().map(|filling| filling.pictures).sum::<usize>(), 4);
    let square = fillings.iter().find(|filling| filling.bucket == [512, 512]).unwrap();
    assert_eq!((square.pictures, square.enlarged, square.most), (2, 1, 0.0));
}
