//! Whether a file is an ONNX graph at all, before rten reads it: protocol buffers that are whole, tensors that are as large as
//! they say.
//!
//! rten holds no graph to account for time and memory (its own page on security says so), and its reader does not end on some
//! bytes that
//! are no graph. So the file is walked here first, once, without building anything: every length must lie within what is there,
//! and what
//! could ask for boundless work is refused: loops, and small constants that are sizes beyond reason.

/// Messages within messages; published graphs have six.
const DEEPEST: usize = 12;
/// Numbers that one shape may stand for: a gigabyte of floats.
const ROOM: u64 = 1 << 28;
/// Longer lists of whole numbers are data and no shape.
const SHAPE: usize = 8;
/// Nodes that could run for ever, and that no tagger has.
const REFUSED: [&str; 3] = ["Loop", "Scan", "If"];

/// What a message is, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
}

impl Kind {
    /// What the field of that number holds; `None` is looked at no further. Numbers are those of `onnx.proto`.
    fn inner(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) => Self::Tensor,
            (Self::Node, 5) => Self::Attribute,
            _ => return None,
        })
    }
}

/// A field's content.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes.
    Fixed,
}

/// Says what is wrong with the bytes of an ONNX file, in one clause.
///
/// # Errors
/// When it is no whole graph.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let mut graphs = 0;
    walk(bytes, Kind::Model, 0, &mut graphs)?;
    if graphs == 0 {
        Err("it has no graph".to_owned())
    } else {
        Ok(())
    }
}

fn walk(mut rest: &[u8], kind: Kind, depth: usize, graphs: &mut usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err("it is nested too deeply".to_owned());
    }
    if kind == Kind::Graph {
        *graphs += 1;
    }
    let mut tensor = Tensor::default();
    let whole = rest.len();
    while !rest.is_empty() {
        let (field, value) = next(&mut rest).ok_or("it is damaged or was cut off")?;
        match (kind, field, &value) {
            (Kind::Node, 4, Value::Bytes(name)) => {
                if let Some(name) = REFUSED.iter().find(|refused| refused.as_bytes() == *name) {
                    return Err(format!("it has a node {name}, which no tagger has"));
                }
            }
            (Kind::Tensor, _, value) => tensor.take(field, value)?,
            _ => {}
        }
        if let (Some(inner), Value::Bytes(bytes)) = (kind.inner(field), value) {
            walk(bytes, inner, depth + 1, graphs)?;
        }
    }
    if kind == Kind::Tensor {
        tensor.check(whole)
    } else {
        Ok(())
    }
}

/// The next field. Groups, which ONNX never had, are damage.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let tag = varint(rest)?;
    let (field, wire) = (tag >> 3, tag & 7);
    let value = match wire {
        0 => Value::Number(varint(rest)?),
        1 => split(rest, 8).map(|_| Value::Fixed)?,
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Value::Bytes(split(rest, length)?)
        }
        5 => split(rest, 4).map(|_| Value::Fixed)?,
        _ => return None,
    };
    (field > 0).then_some((field, value))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in 0..10 {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7f).checked_shl(7 * shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn split<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (front, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(front)
}

/// What a tensor says of itself.
#[derive(Default)]
struct Tensor {
    elements: Option<u64>,
    is_long: bool,
    numbers: Vec<i64>,
}

impl Tensor {
    fn take(&mut self, field: u64, value: &Value<'_>) -> Result<(), String> {
        match (field, value) {
            (1, Value::Number(size)) => self.grow(*size),
            (1, Value::Bytes(packed)) => {
                let mut packed = *packed;
                while !packed.is_empty() {
                    let size = varint(&mut packed).ok_or("it is damaged or was cut off")?;
                    self.grow(size);
                }
            }
            (2, Value::Number(kind)) => self.is_long = *kind == 7,
            (7, Value::Number(number)) => self.keep(*number as i64),
            (7, Value::Bytes(packed)) => {
                let mut packed = *packed;
                while let Some(number) = varint(&mut packed).filter(|_| self.numbers.len() <= SHAPE) {
                    self.keep(number as i64);
                }
            }
            (9, Value::Bytes(raw)) if self.is_long && raw.len() <= 8 * SHAPE => {
                for eight in raw.chunks_exact(8) {
                    self.keep(i64::from_le_bytes(eight.try_into().unwrap_or_default()));
                }
            }
            (14, Value::Number(1)) => return Err("its weights are in another file beside it".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn keep(&mut self, number: i64) {
        if self.numbers.len() <= SHAPE {
            self.numbers.push(number);
        }
    }

    fn grow(&mut self, size: u64) {
        self.elements = Some(self.elements.unwrap_or(1).saturating_mul(size));
    }

    /// Every element takes a byte at least, and few whole numbers may be a shape.
    fn check(&self, bytes: usize) -> Result<(), String> {
        let elements = self.elements.unwrap_or(1);
        if elements > bytes as u64 {
            return Err(format!("a tensor of {elements} elements has {bytes} bytes"));
        }
        if self.numbers.len() > SHAPE {
            return Ok(());
        }
        // Slices end at the largest number there is, or near it.
        let is_end = |number: u64| number >= 1 << 62 || (i32::MAX as u64..=1 << 31).contains(&number);
        let sizes = self.numbers.iter().map(|number| number.unsigned_abs());
        let sizes = sizes.filter(|&number| number != 0 && !is_end(number));
        let room = sizes.fold(1_u64, u64::saturating_mul);
        if room > ROOM {
            return Err(format!("it asks for {room} numbers at once"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(field: u8, content: &[u8]) -> Vec<u8> {
        [&[field << 3 | 2, content.len() as u8], content].concat()
    }

    fn graph_of(node: &[u8]) -> Vec<u8> {
        message(7, &message(1, node))
    }

    #[test]
    fn what_is_whole_is_let_through_and_what_is_cut_is_not() {
        let whole = graph_of(&message(4, b"Conv"));
        assert_eq!(check(&whole), Ok(()));
        for end in 1..whole.len() {
            assert!(check(&whole[..end]).is_err(), "{end}");
        }
        for bytes in [&b""[..], &[0; 64], &[0xff; 4096], b"<!DOCTYPE html>", &[0x0b; 9]] {
            assert!(check(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn boundless_work_is_refused() {
        assert!(check(&graph_of(&message(4, b"Loop"))).is_err_and(|what| what.contains("Loop")));
        let sized = |raw: &[i64]| {
            let raw: Vec<u8> = raw.iter().flat_map(|number| number.to_le_bytes()).collect();
            let count = (raw.len() / 8) as u8;
            message(7, &message(5, &[&[8, count, 16, 7][..], &message(9, &raw)].concat()))
        };
        assert_eq!(check(&sized(&[1, -1, 4096, 64])), Ok(()));
        assert_eq!(check(&sized(&[i64::MAX])), Ok(()));
        assert!(check(&sized(&[100_000, 100_000])).is_err());
        // A shape that has more elements than bytes.
        assert!(check(&message(7, &message(5, &[8, 100, 16, 1]))).is_err());
        let deep = (0..40).fold(message(4, b"Conv"), |inner, _| {
            message(1, &message(5, &message(6, &inner)))[..].to_vec()
        });
        assert!(check(&message(7, &deep)).is_err());
    }
}
