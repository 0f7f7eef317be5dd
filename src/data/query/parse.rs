//! Text to a tree of terms.

use super::glob::Value;
use super::term::{self, Key, Term};
use super::{Error, Node, Wrong};

/// How deep parentheses may stand within each other.
const DEPTH: usize = 100;

/// A piece of the text.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Not,
    And,
    Or,
    /// A key with its value, or words alone; `at` of the value.
    Term(Option<Key>, Value, usize),
}

pub(super) fn parse(text: &str) -> Result<Option<Node>, Error> {
    let tokens = Lexer { text, at: 0 }.tokens()?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser {
        tokens: &tokens,
        next: 0,
        end: text.len(),
    };
    let root = parser.any(0)?;
    match parser.peek() {
        None => Ok(Some(root)),
        Some((at, _)) => Err(Error::new(at, Wrong::Unopened)),
    }
}

/// Recursive descent, loosest binding first.
struct Parser<'a> {
    tokens: &'a [(usize, Token)],
    next: usize,
    end: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<(usize, &Token)> {
        self.tokens.get(self.next).map(|(at, token)| (*at, token))
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let there = self.peek().is_some_and(|(_, token)| token == wanted);
        self.next += usize::from(there);
        there
    }

    fn any(&mut self, depth: usize) -> Result<Node, Error> {
        let mut nodes = vec![self.all(depth)?];
        while self.take(&Token::Or) {
            nodes.push(self.all(depth)?);
        }
        Ok(one_or(nodes, Node::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Node, Error> {
        let mut nodes = vec![self.not(depth)?];
        loop {
            let and = self.take(&Token::And);
            match self.peek() {
                None | Some((_, Token::Or | Token::Close)) if !and => return Ok(one_or(nodes, Node::All)),
                _ => nodes.push(self.not(depth)?),
            }
        }
    }

    fn not(&mut self, depth: usize) -> Result<Node, Error> {
        let mut inverted = false;
        while self.take(&Token::Not) {
            inverted = !inverted;
        }
        let node = self.primary(depth)?;
        Ok(if inverted { Node::Not(Box::new(node)) } else { node })
    }

    fn primary(&mut self, depth: usize) -> Result<Node, Error> {
        let Some((at, token)) = self.peek() else {
            return Err(Error::new(self.end, Wrong::Unfinished));
        };
        match token {
            Token::Open if depth >= DEPTH => Err(Error::new(at, Wrong::TooDeep)),
            Token::Open => {
                self.next += 1;
                let node = self.any(depth + 1)?;
                if self.take(&Token::Close) {
                    Ok(node)
                } else {
                    Err(Error::new(at, Wrong::Unclosed))
                }
            }
            Token::Term(key, value, begin) => {
                let term = match key {
                    Some(key) => Term::new(*key, value, *begin)?,
                    None => Term::words(value, *begin)?,
                };
                self.next += 1;
                Ok(Node::Term(term))
            }
            Token::Close | Token::And | Token::Or | Token::Not => Err(Error::new(at, Wrong::NoTerm)),
        }
    }
}

fn one_or(mut nodes: Vec<Node>, many: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        last => {
            nodes.extend(last);
            many(nodes)
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn tokens(mut self) -> Result<Vec<(usize, Token)>, Error> {
        let mut tokens = Vec::new();
        loop {
            self.at += self.rest().len() - self.rest().trim_start().len();
            let begin = self.at;
            let Some(c) = self.rest().chars().next() else {
                return Ok(tokens);
            };
            let token = match c {
                '(' => self.single(Token::Open),
                ')' => self.single(Token::Close),
                '-' | '!' if self.negates() => self.single(Token::Not),
                _ => self.word()?,
            };
            tokens.push((begin, token));
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn single(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    /// Whether the sign here stands before a term and is not a word itself.
    fn negates(&self) -> bool {
        self.rest()[1..]
            .chars()
            .next()
            .is_some_and(|c| !c.is_whitespace() && c != ')')
    }

    fn word(&mut self) -> Result<Token, Error> {
        let begin = self.at;
        let rest = self.rest();
        let name = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        if name > 0 && rest[name..].starts_with(':') {
            let key = term::key(&rest[..name]).ok_or_else(|| unknown(begin, &rest[..name]))?;
            self.at += name + 1;
            let begin = self.at;
            return Ok(Token::Term(Some(key), self.value()?, begin));
        }
        let quoted = rest.starts_with(['"', '/']);
        let compares = ["<", ">", "=", "!="].iter().any(|sign| rest[name..].starts_with(sign));
        let value = self.value()?;
        if compares && term::key(&rest[..name]).is_some() {
            let [name, value] = [&rest[..name], &self.text[begin + name..self.at]].map(str::to_owned);
            return Err(Error::new(begin, Wrong::NoColon { name, value }));
        }
        // In any case, as taggui has them.
        let operator = match &value {
            Value::Glob(word) if !quoted => match word.to_ascii_uppercase().as_str() {
                "AND" => Some(Token::And),
                "OR" => Some(Token::Or),
                "NOT" => Some(Token::Not),
                _ => None,
            },
            _ => None,
        };
        Ok(operator.unwrap_or(Token::Term(None, value, begin)))
    }

    /// A quoted text, an expression between slashes, or what reaches to the next space or to a parenthesis that closes a group.
    fn value(&mut self) -> Result<Value, Error> {
        let begin = self.at;
        match self.rest().chars().next() {
            Some('"') => self
                .until('"')
                .map(Value::Glob)
                .ok_or_else(|| Error::new(begin, Wrong::Quote)),
            Some('/') => self
                .until('/')
                .map(Value::Regex)
                .ok_or_else(|| Error::new(begin, Wrong::Slash)),
            _ => {
                let mut open = 0_usize;
                let length = self.rest().char_indices().find_map(|(i, c)| {
                    match c {
                        '(' => open += 1,
                        ')' if open == 0 => return Some(i),
                        ')' => open -= 1,
                        _ => {}
                    }
                    c.is_whitespace().then_some(i)
                });
                let value = &self.rest()[..length.unwrap_or(self.rest().len())];
                self.at += value.len();
                Ok(Value::Glob(value.to_owned()))
            }
        }
    }

    /// What stands between two marks; `\` before a mark makes it part of the text.
    fn until(&mut self, mark: char) -> Option<String> {
        let mut value = String::new();
        let mut chars = self.rest().char_indices().skip(1).peekable();
        while let Some((i, c)) = chars.next() {
            match c {
                '\\' if chars.peek().is_some_and(|&(_, next)| next == mark) => {
                    value.push(mark);
                    chars.next();
                }
                _ if c == mark => {
                    self.at += i + c.len_utf8();
                    return Some(value);
                }
                _ => value.push(c),
            }
        }
        None
    }
}

fn unknown(at: usize, name: &str) -> Error {
    let keys = term::KEYS
        .iter()
        .map(|(key, _)| (strsim::damerau_levenshtein(key, name), *key));
    // The shorter a word, the more are near to it.
    let near = keys.min().filter(|&(distance, key)| distance < key.len().min(3));
    let wrong = Wrong::Key {
        name: name.to_owned(),
        near: near.map(|(_, key)| key),
        known: term::names(),
    };
    Error::new(at, wrong)
}
