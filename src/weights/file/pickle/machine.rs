//! The stack machine that a pickle is a program for: protocols 0 to 5, without the power to call anything.
//!
//! Owns the instructions. What the few functions that it knows would have made is made by [`super::build`].

use std::borrow::Cow;
use std::collections::HashMap;

use super::value::{Blob, Heap, Node, Value};
use super::{Refused, build};
use super::{escapes, globals};

/// A program while it runs.
struct Machine<'h, 'a> {
    heap: &'h mut Heap<'a>,
    file: &'a [u8],
    at: usize,
    /// Where the instruction at work began.
    begun: usize,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

/// Runs the pickle that begins at a byte of the file; its value and where it ends.
///
/// # Errors
/// [`Refused`]: the class that it wanted, or what is wrong in it.
pub(super) fn run(heap: &mut Heap<'_>, begin: usize, end: usize) -> Result<(Value, usize), Refused> {
    let file = &heap.file[..end];
    let mut machine = Machine {
        heap,
        file,
        at: begin,
        begun: begin,
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    let value = machine.run()?;
    Ok((value, machine.at))
}

impl<'a> Machine<'_, 'a> {
    fn run(&mut self) -> Result<Value, Refused> {
        loop {
            self.heap.step(1)?;
            self.begun = self.at;
            let code = self.byte()?;
            if code == b'.' {
                return self.pop();
            }
            self.instruction(code)?;
        }
    }

    #[expect(clippy::too_many_lines, reason = "one line for each of pickle's instructions")]
    fn instruction(&mut self, code: u8) -> Result<(), Refused> {
        match code {
            b'(' => self.marks.push(self.stack.len()),
            b'0' => {
                // Python drops a mark where there is nothing else.
                if self.stack.len() == self.floor() && self.marks.pop().is_some() {
                    return Ok(());
                }
                self.pop()?;
            }
            b'1' => drop(self.marked()?),
            b'2' => self.push(self.top()?),
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Bool(true)),
            0x89 => self.push(Value::Bool(false)),
            b'I' => self.decimal_or_bool()?,
            b'L' => self.decimal()?,
            b'F' => {
                let number = self.line()?.parse().map_err(|_| self.wrong("no number"))?;
                self.push(Value::Float(number));
            }
            b'J' => {
                let number = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(number.into()));
            }
            b'K' => {
                let number = self.byte()?;
                self.push(Value::Int(number.into()));
            }
            b'M' => {
                let number = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(number.into()));
            }
            b'G' => {
                let number = f64::from_be_bytes(self.array()?);
                self.push(Value::Float(number));
            }
            0x8a => self.long(1)?,
            0x8b => self.long(4)?,
            b'S' => self.quoted()?,
            b'V' => self.escaped()?,
            b'T' => self.old_text(4)?,
            b'U' => self.old_text(1)?,
            0x8c => self.text(1)?,
            b'X' => self.text(4)?,
            0x8d => self.text(8)?,
            b'C' => self.bytes(1)?,
            b'B' => self.bytes(4)?,
            0x8e | 0x96 => self.bytes(8)?,
            b')' => self.push_node(Node::Tuple(Vec::new())),
            b']' => self.push_node(Node::List(Vec::new())),
            b'}' => self.push_node(Node::Dict(Vec::new())),
            0x8f => self.push_node(Node::Set(Vec::new())),
            0x85..=0x87 => {
                let mut items: Vec<_> = (0..code - 0x84).map(|_| self.pop()).collect::<Result<_, _>>()?;
                items.reverse();
                self.push_node(Node::Tuple(items));
            }
            b't' => {
                let items = self.marked()?;
                self.push_node(Node::Tuple(items));
            }
            b'l' => {
                let items = self.marked()?;
                self.push_node(Node::List(items));
            }
            0x91 => {
                let items = self.marked()?;
                self.push_node(Node::Set(items));
            }
            b'd' => {
                let pairs = self.pairs()?;
                self.push_node(Node::Dict(pairs));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                self.extend(items)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.insert(vec![(key, value)])?;
            }
            b'u' => {
                let pairs = self.pairs()?;
                self.insert(pairs)?;
            }
            b'g' => {
                let index = self.index()?;
                self.get(index)?;
            }
            b'h' => {
                let index = self.byte()?;
                self.get(index.into())?;
            }
            b'j' => {
                let index = u32::from_le_bytes(self.array()?);
                self.get(index)?;
            }
            b'p' => {
                let index = self.index()?;
                self.put(index)?;
            }
            b'q' => {
                let index = self.byte()?;
                self.put(index.into())?;
            }
            b'r' => {
                let index = u32::from_le_bytes(self.array()?);
                self.put(index)?;
            }
            0x94 => self.put(self.memo.len() as u32)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Global(globals::find(module, name)?));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let names = self.heap.str(module).zip(self.heap.str(name));
                let (module, name) = names.ok_or_else(|| self.wrong("a class without a name"))?;
                let global = globals::find(module, name)?;
                self.push(Value::Global(global));
            }
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                let class = Value::Global(globals::find(module, name)?);
                let arguments = self.marked()?;
                self.make(class, arguments)?;
            }
            b'o' => {
                let mut arguments = self.marked()?;
                if arguments.is_empty() {
                    return Err(self.wrong("an object without a class"));
                }
                let class = arguments.remove(0);
                self.make(class, arguments)?;
            }
            b'R' | 0x81 => {
                let arguments = self.pop()?;
                self.call(arguments)?;
            }
            0x92 => {
                self.pop()?;
                let arguments = self.pop()?;
                self.call(arguments)?;
            }
            b'b' => {
                let state = self.pop()?;
                build::fill(self.heap, self.top()?, state)?;
            }
            b'Q' => {
                let id = self.pop()?;
                let named = build::persistent(self.heap, id)?;
                self.push(named);
            }
            b'P' => return Err(Refused::Class(format!("persistent object {:?}", self.line()?))),
            0x82 => return Err(Refused::Class(format!("extension {}", self.byte()?))),
            0x83 => {
                return Err(Refused::Class(format!(
                    "extension {}",
                    u16::from_le_bytes(self.array()?)
                )));
            }
            0x84 => {
                return Err(Refused::Class(format!(
                    "extension {}",
                    u32::from_le_bytes(self.array()?)
                )));
            }
            0x80 => {
                let protocol = self.byte()?;
                if protocol > 5 {
                    return Err(self.wrong(&format!("protocol {protocol}, of which only 0 to 5 exist")));
                }
            }
            0x95 => {
                let _length_of_frame: [u8; 8] = self.array()?;
            }
            _ => return Err(self.wrong(&format!("the unknown instruction 0x{code:02x}"))),
        }
        Ok(())
    }

    fn wrong(&self, what: &str) -> Refused {
        Refused::Damaged(format!("its pickle has {what} at byte {}", self.begun))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Refused> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.file.len());
        let end = end.ok_or_else(|| self.wrong("its end, before it is complete,"))?;
        let taken = &self.file[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Refused> {
        Ok(self.array::<1>()?[0])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// What follows a length of so many bytes.
    fn counted(&mut self, width: usize) -> Result<&'a [u8], Refused> {
        let mut length = [0; 8];
        length[..width].copy_from_slice(self.take(width)?);
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        self.take(length)
    }

    /// A line of text, without its end.
    fn line(&mut self) -> Result<&'a str, Refused> {
        let rest = &self.file[self.at..];
        let length = rest.iter().position(|&b| b == b'\n');
        let line = self.take(length.unwrap_or(rest.len()))?;
        self.take(1)?;
        let line = str::from_utf8(line).map_err(|_| self.wrong("a line that is no text"))?;
        Ok(line.strip_suffix('\r').unwrap_or(line))
    }

    fn index(&mut self) -> Result<u32, Refused> {
        self.line()?.parse().map_err(|_| self.wrong("no number"))
    }

    fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    fn push_node(&mut self, node: Node<'a>) {
        let value = self.heap.add(node);
        self.stack.push(value);
    }

    /// How far down the stack an instruction may reach: to the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or_default()
    }

    fn top(&self) -> Result<Value, Refused> {
        let top = self.stack[self.floor()..].last().copied();
        top.ok_or_else(|| self.wrong("nothing to work on"))
    }

    fn pop(&mut self) -> Result<Value, Refused> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// All above the last mark.
    fn marked(&mut self) -> Result<Vec<Value>, Refused> {
        let mark = self.marks.pop().ok_or_else(|| self.wrong("no mark to go back to"))?;
        Ok(self.stack.split_off(mark))
    }

    fn pairs(&mut self) -> Result<Vec<(Value, Value)>, Refused> {
        let items = self.marked()?;
        if items.len() % 2 == 1 {
            return Err(self.wrong("a key without a value"));
        }
        Ok(items.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    fn extend(&mut self, items: Vec<Value>) -> Result<(), Refused> {
        let list = self.top()?;
        match self.heap.node_mut(list) {
            Some(Node::List(list) | Node::Set(list)) => list.extend(items),
            Some(Node::Opaque(_)) => {}
            _ => return Err(self.wrong("something added to what is no list")),
        }
        Ok(())
    }

    fn insert(&mut self, pairs: Vec<(Value, Value)>) -> Result<(), Refused> {
        let dict = self.top()?;
        match self.heap.node_mut(dict) {
            Some(Node::Dict(dict)) => dict.extend(pairs),
            Some(Node::Opaque(_)) => {}
            _ => return Err(self.wrong("a key in what is no dictionary")),
        }
        Ok(())
    }

    fn get(&mut self, index: u32) -> Result<(), Refused> {
        let value = self.memo.get(&index).copied();
        let value = value.ok_or_else(|| self.wrong(&format!("no value {index} to recall")))?;
        self.push(value);
        Ok(())
    }

    fn put(&mut self, index: u32) -> Result<(), Refused> {
        let value = self.top()?;
        self.memo.insert(index, value);
        Ok(())
    }

    /// Below the arguments lies what is to be called with them.
    fn call(&mut self, arguments: Value) -> Result<(), Refused> {
        let callee = self.pop()?;
        let count = self.heap.items(arguments).map(<[_]>::len);
        // Functions of danlu's kind take few arguments: none that is long is copied.
        match count {
            Some(0..=16) => {}
            _ => return Err(self.wrong("arguments that no tensor has")),
        }
        let arguments = self.heap.items(arguments).unwrap_or_default().to_vec();
        self.make(callee, arguments)
    }

    fn make(&mut self, callee: Value, arguments: Vec<Value>) -> Result<(), Refused> {
        let Value::Global(global) = callee else {
            return Err(self.wrong("a call of what is no function"));
        };
        let made = build::make(self.heap, global, &arguments)?;
        self.push(made);
        Ok(())
    }

    fn decimal_or_bool(&mut self) -> Result<(), Refused> {
        match self.file.get(self.at..self.at + 3) {
            Some(b"00\n" | b"01\n") => {
                let value = self.line()? == "01";
                self.push(Value::Bool(value));
                Ok(())
            }
            _ => self.decimal(),
        }
    }

    fn decimal(&mut self) -> Result<(), Refused> {
        let digits = self.line()?.trim();
        let digits = digits.strip_suffix('L').unwrap_or(digits);
        let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
        if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
            return Err(self.wrong("no number"));
        }
        self.whole(digits.parse().ok());
        Ok(())
    }

    /// A whole number in two's complement, after its length.
    fn long(&mut self, width: usize) -> Result<(), Refused> {
        let bytes = self.counted(width)?;
        let number = if bytes.len() > 16 {
            None
        } else {
            let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
            let mut wide = [if negative { 0xff } else { 0 }; 16];
            wide[..bytes.len()].copy_from_slice(bytes);
            Some(i128::from_le_bytes(wide))
        };
        self.whole(number);
        Ok(())
    }

    fn whole(&mut self, number: Option<i128>) {
        match number.map(i64::try_from) {
            Some(Ok(number)) => self.push(Value::Int(number)),
            _ => self.push_node(Node::Big(number)),
        }
    }

    fn text(&mut self, width: usize) -> Result<(), Refused> {
        let bytes = self.counted(width)?;
        // Python lets lone surrogates pass, which Unicode does not know.
        if let Ok(text) = str::from_utf8(bytes) {
            self.push_node(Node::Text(Cow::Borrowed(text)));
        } else {
            self.heap.copy(bytes.len())?;
            self.push_node(Node::Text(Cow::Owned(String::from_utf8_lossy(bytes).into_owned())));
        }
        Ok(())
    }

    /// A text of Python 2, which may be bytes as well.
    fn old_text(&mut self, width: usize) -> Result<(), Refused> {
        let bytes = self.counted(width)?;
        match str::from_utf8(bytes) {
            Ok(text) => self.push_node(Node::Text(Cow::Borrowed(text))),
            Err(_) => self.push_node(Node::Bytes(Blob::File(self.at - bytes.len()..self.at))),
        }
        Ok(())
    }

    fn bytes(&mut self, width: usize) -> Result<(), Refused> {
        let length = self.counted(width)?.len();
        self.push_node(Node::Bytes(Blob::File(self.at - length..self.at)));
        Ok(())
    }

    /// A text between quotes, with Python's escapes.
    fn quoted(&mut self) -> Result<(), Refused> {
        let line = self.line()?.trim();
        let inner = ['\'', '"']
            .iter()
            .find_map(|&quote| line.strip_prefix(quote)?.strip_suffix(quote));
        let inner = inner.ok_or_else(|| self.wrong("a text without quotes"))?;
        if !inner.contains('\\') {
            self.push_node(Node::Text(Cow::Borrowed(inner)));
            return Ok(());
        }
        self.heap.copy(inner.len())?;
        let bytes = escapes::literal(inner).ok_or_else(|| self.wrong("a text with an unknown escape"))?;
        let node = match String::from_utf8(bytes) {
            Ok(text) => Node::Text(Cow::Owned(text)),
            Err(error) => {
                let begin = self.heap.decoded.len();
                self.heap.decoded.extend(error.as_bytes());
                Node::Bytes(Blob::Decoded(begin..self.heap.decoded.len()))
            }
        };
        self.push_node(node);
        Ok(())
    }

    /// A line of Latin-1 in which `\uXXXX` stands for all other characters.
    fn escaped(&mut self) -> Result<(), Refused> {
        let rest = &self.file[self.at..];
        let length = rest.iter().position(|&b| b == b'\n');
        let line = self.take(length.unwrap_or(rest.len()))?;
        self.take(1)?;
        self.heap.copy(2 * line.len())?;
        let text = escapes::raw_unicode(line).ok_or_else(|| self.wrong("a text with a broken escape"))?;
        self.push_node(Node::Text(Cow::Owned(text)));
        Ok(())
    }
}
