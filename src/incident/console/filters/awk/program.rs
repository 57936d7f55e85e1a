//! An awk program as a tree.

use std::cmp::Ordering;

/// How deep expressions and blocks may lie in each other.
const DEEPEST: usize = 60;

/// `pattern { action }`.
pub struct Rule {
    pub pattern: Pattern,
    pub action: Vec<Statement>,
}

pub enum Pattern {
    Begin,
    End,
    Every,
    Where(Expression),
}

pub enum Statement {
    Print(Vec<Expression>),
    Printf(Vec<Expression>),
    Do(Expression),
    If(Expression, Vec<Statement>, Vec<Statement>),
    ForIn(String, String, Vec<Statement>),
    Next,
}

pub enum Expression {
    Text(String),
    Number(String),
    Variable(String),
    Field(Box<Expression>),
    Element(String, Box<Expression>),
    Matches(Box<Expression>, Box<Expression>, bool),
    LineMatches(String),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Assign(Box<Expression>, Box<Expression>),
    /// `x++`: what, by how much, and whether the new value is meant.
    Step(Box<Expression>, i8, bool),
    In(Box<Expression>, String),
    Choose(Box<Expression>, Box<Expression>, Box<Expression>),
    Call(String, Vec<Expression>),
    Two(Operator, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    And,
    Or,
    Join,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Compare(Comparison),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    Unequal,
    More,
    MoreOrEqual,
}

impl Comparison {
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Equal => ordering.is_eq(),
            Self::Unequal => ordering.is_ne(),
            Self::More => ordering.is_gt(),
            Self::MoreOrEqual => ordering.is_ge(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(String),
    Text(String),
    Pattern(String),
    Name(String),
    Mark(&'static str),
    End,
}

const MARKS: [&str; 33] = [
    "&&", "||", "==", "!=", "<=", ">=", "!~", "++", "--", "+=", "-=", "*=", "/=", "{", "}", "(", ")", "[", "]", ";",
    ",", "+", "-", "*", "/", "%", "!", "<", ">", "~", "=", "?", ":",
];

const FUNCTIONS: [&str; 7] = ["length", "tolower", "toupper", "int", "index", "substr", "sprintf"];

/// Reads a program.
///
/// # Errors
/// What can't be read, in a few words.
pub fn parse(text: &str) -> Result<Vec<Rule>, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let mut rules = vec![];
    parser.skip_ends();
    while *parser.peek() != Token::End {
        rules.push(parser.rule()?);
        parser.skip_ends();
    }
    if rules.is_empty() {
        return Err("the program is empty".to_owned());
    }
    Ok(rules)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out: Vec<Token> = vec![];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let value_before = match out.last() {
            Some(Token::Number(_) | Token::Text(_) | Token::Name(_)) => true,
            Some(Token::Mark(mark)) => [")", "]", "$"].contains(mark),
            _ => false,
        };
        if c == '\n' {
            out.push(Token::Mark(";"));
            rest = &rest[1..];
        } else if c.is_whitespace() {
            rest = &rest[c.len_utf8()..];
        } else if c == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if c == '$' {
            out.push(Token::Mark("$"));
            rest = &rest[1..];
        } else if c.is_ascii_digit() {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            out.push(Token::Number(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if c.is_alphabetic() || c == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            out.push(Token::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if c == '"' {
            let (token, after) = quoted(&rest[1..])?;
            out.push(token);
            rest = after;
        } else if c == '/' && !value_before {
            let (token, after) = pattern(&rest[1..])?;
            out.push(token);
            rest = after;
        } else {
            let mark = MARKS.iter().find(|mark| rest.starts_with(**mark)).ok_or_else(|| format!("unexpected {c}"))?;
            out.push(Token::Mark(mark));
            rest = &rest[mark.len()..];
        }
    }
    out.push(Token::End);
    Ok(out)
}

fn quoted(rest: &str) -> Result<(Token, &str), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Text(text), &rest[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, c)) => text.push(c),
                None => break,
            },
            _ => text.push(c),
        }
    }
    Err("a text that begins with \" has no end".to_owned())
}

fn pattern(rest: &str) -> Result<(Token, &str), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '/' => return Ok((Token::Pattern(text), &rest[at + 1..])),
            '\\' => match chars.next() {
                Some((_, '/')) => text.push('/'),
                Some((_, c)) => text.extend(['\\', c]),
                None => break,
            },
            _ => text.push(c),
        }
    }
    Err("a pattern that begins with / has no end".to_owned())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = matches!(self.peek(), Token::Mark(here) if *here == mark);
        self.at += usize::from(found);
        found
    }

    fn name(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Name(here) if here == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: &str) -> Parsed<()> {
        if self.take(mark) { Ok(()) } else { Err(format!("expected {mark}{}", self.near())) }
    }

    fn near(&self) -> String {
        match self.peek() {
            Token::End => " at the end".to_owned(),
            Token::Mark(mark) => format!(" before {mark}"),
            Token::Name(text) | Token::Number(text) | Token::Text(text) | Token::Pattern(text) => {
                format!(" before {}", text.chars().take(20).collect::<String>())
            }
        }
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > DEEPEST { Err("too deep".to_owned()) } else { Ok(()) }
    }

    fn skip_ends(&mut self) {
        while self.take(";") {}
    }

    fn rule(&mut self) -> Parsed<Rule> {
        let pattern = if self.name("BEGIN") {
            Pattern::Begin
        } else if self.name("END") {
            Pattern::End
        } else if matches!(self.peek(), Token::Mark("{")) {
            Pattern::Every
        } else {
            Pattern::Where(self.expression()?)
        };
        let action =
            if matches!(self.peek(), Token::Mark("{")) { self.block()? } else { vec![Statement::Print(vec![])] };
        Ok(Rule { pattern, action })
    }

    fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.deeper()?;
        self.expect("{")?;
        let mut all = vec![];
        self.skip_ends();
        while !self.take("}") {
            all.push(self.statement()?);
            if !matches!(self.peek(), Token::Mark("}" | ";"))
                && !matches!(self.tokens[self.at - 1], Token::Mark("}" | ";"))
            {
                return Err(format!("expected ; or }}{}", self.near()));
            }
            self.skip_ends();
        }
        self.depth -= 1;
        Ok(all)
    }

    /// A block, or one statement.
    fn body(&mut self) -> Parsed<Vec<Statement>> {
        if matches!(self.peek(), Token::Mark("{")) {
            return self.block();
        }
        self.deeper()?;
        let statement = self.statement()?;
        self.depth -= 1;
        Ok(vec![statement])
    }

    fn statement(&mut self) -> Parsed<Statement> {
        if self.name("next") {
            return Ok(Statement::Next);
        }
        if self.name("print") {
            return Ok(Statement::Print(self.list()?));
        }
        if self.name("printf") {
            return Ok(Statement::Printf(self.list()?));
        }
        if self.name("if") {
            self.expect("(")?;
            let condition = self.expression()?;
            self.expect(")")?;
            let then = self.body()?;
            let before = self.at;
            self.skip_ends();
            let otherwise = if self.name("else") {
                self.body()?
            } else {
                self.at = before;
                vec![]
            };
            return Ok(Statement::If(condition, then, otherwise));
        }
        if self.name("for") {
            self.expect("(")?;
            let (Token::Name(variable), Token::Name(word), Token::Name(array)) =
                (self.next(), self.next(), self.next())
            else {
                return Err("only for (NAME in ARRAY) is known".to_owned());
            };
            self.expect(")")?;
            if word != "in" {
                return Err("only for (NAME in ARRAY) is known".to_owned());
            }
            return Ok(Statement::ForIn(variable, array, self.body()?));
        }
        Ok(Statement::Do(self.expression()?))
    }

    fn list(&mut self) -> Parsed<Vec<Expression>> {
        let mut all = vec![];
        if matches!(self.peek(), Token::Mark(";" | "}") | Token::End) {
            return Ok(all);
        }
        loop {
            all.push(self.expression()?);
            if !self.take(",") {
                return Ok(all);
            }
        }
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        let left = self.choice()?;
        let assigns = [("=", None), ("+=", Some(Operator::Add)), ("-=", Some(Operator::Subtract))];
        let assigns = assigns.into_iter().chain([("*=", Some(Operator::Multiply)), ("/=", Some(Operator::Divide))]);
        let mut result = left;
        for (mark, operator) in assigns {
            if !matches!(result, Expression::Variable(_) | Expression::Element(..) | Expression::Field(_)) {
                break;
            }
            let before = self.at;
            if self.take(mark) {
                let value = self.expression()?;
                let value = match operator {
                    None => value,
                    Some(operator) => {
                        let after = std::mem::replace(&mut self.at, before);
                        let again = self.again(before)?;
                        self.at = after;
                        Expression::Two(operator, Box::new(again), Box::new(value))
                    }
                };
                result = Expression::Assign(Box::new(result), Box::new(value));
                break;
            }
        }
        self.depth -= 1;
        Ok(result)
    }

    /// Reads what stands before an assignment a second time, as its old value.
    fn again(&mut self, end: usize) -> Parsed<Expression> {
        let mut start = end;
        let mut open = 0_usize;
        while start > 0 {
            start -= 1;
            match &self.tokens[start] {
                Token::Mark("]" | ")") => open += 1,
                Token::Mark("[" | "(") => open = open.saturating_sub(1),
                Token::Name(_)
                    if open == 0
                        && !matches!(start.checked_sub(1).map(|at| &self.tokens[at]), Some(Token::Mark("$"))) =>
                {
                    break;
                }
                Token::Mark("$") if open == 0 => break,
                _ => {}
            }
        }
        self.at = start;
        self.primary()
    }

    fn choice(&mut self) -> Parsed<Expression> {
        let condition = self.or()?;
        if !self.take("?") {
            return Ok(condition);
        }
        let then = self.expression()?;
        self.expect(":")?;
        let otherwise = self.expression()?;
        Ok(Expression::Choose(Box::new(condition), Box::new(then), Box::new(otherwise)))
    }

    fn or(&mut self) -> Parsed<Expression> {
        let mut left = self.and()?;
        while self.take("||") {
            left = Expression::Two(Operator::Or, Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expression> {
        let mut left = self.membership()?;
        while self.take("&&") {
            left = Expression::Two(Operator::And, Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expression> {
        let left = self.matching()?;
        if self.name("in") {
            let Token::Name(array) = self.next() else { return Err("expected an array after in".to_owned()) };
            return Ok(Expression::In(Box::new(left), array));
        }
        Ok(left)
    }

    fn matching(&mut self) -> Parsed<Expression> {
        let left = self.comparison()?;
        let wanted = if self.take("~") {
            true
        } else if self.take("!~") {
            false
        } else {
            return Ok(left);
        };
        let pattern = if let Token::Pattern(text) = self.peek().clone() {
            self.at += 1;
            Expression::Text(text)
        } else {
            self.comparison()?
        };
        Ok(Expression::Matches(Box::new(left), Box::new(pattern), wanted))
    }

    fn comparison(&mut self) -> Parsed<Expression> {
        let left = self.joined()?;
        let marks = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::MoreOrEqual),
            ("==", Comparison::Equal),
            ("!=", Comparison::Unequal),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        for (mark, comparison) in marks {
            if self.take(mark) {
                let right = self.joined()?;
                return Ok(Expression::Two(Operator::Compare(comparison), Box::new(left), Box::new(right)));
            }
        }
        Ok(left)
    }

    fn joined(&mut self) -> Parsed<Expression> {
        let mut left = self.sum()?;
        let begins = |token: &Token| match token {
            Token::Number(_) | Token::Text(_) => true,
            Token::Name(name) => !["in", "print", "printf", "next", "if", "else", "for"].contains(&name.as_str()),
            Token::Mark(mark) => ["$", "("].contains(mark),
            Token::Pattern(_) | Token::End => false,
        };
        while begins(self.peek()) {
            left = Expression::Two(Operator::Join, Box::new(left), Box::new(self.sum()?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed<Expression> {
        let mut left = self.product()?;
        loop {
            let operator = if self.take("+") {
                Operator::Add
            } else if self.take("-") {
                Operator::Subtract
            } else {
                return Ok(left);
            };
            left = Expression::Two(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Parsed<Expression> {
        let mut left = self.unary()?;
        loop {
            let operator = if self.take("*") {
                Operator::Multiply
            } else if self.take("/") {
                Operator::Divide
            } else if self.take("%") {
                Operator::Modulo
            } else {
                return Ok(left);
            };
            left = Expression::Two(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        let result = if self.take("!") {
            Expression::Not(Box::new(self.unary()?))
        } else if self.take("-") {
            Expression::Negative(Box::new(self.unary()?))
        } else if self.take("++") {
            Expression::Step(Box::new(self.primary()?), 1, true)
        } else if self.take("--") {
            Expression::Step(Box::new(self.primary()?), -1, true)
        } else {
            let value = self.primary()?;
            if self.take("++") {
                Expression::Step(Box::new(value), 1, false)
            } else if self.take("--") {
                Expression::Step(Box::new(value), -1, false)
            } else {
                value
            }
        };
        self.depth -= 1;
        Ok(result)
    }

    fn primary(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        let near = self.near();
        let result = match self.next() {
            Token::Number(text) => Expression::Number(text),
            Token::Text(text) => Expression::Text(text),
            Token::Pattern(text) => Expression::LineMatches(text),
            Token::Mark("$") => Expression::Field(Box::new(self.primary()?)),
            Token::Mark("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                inner
            }
            Token::Name(name) if FUNCTIONS.contains(&name.as_str()) => {
                let mut values = vec![];
                if self.take("(") && !self.take(")") {
                    loop {
                        values.push(self.expression()?);
                        if !self.take(",") {
                            break;
                        }
                    }
                    self.expect(")")?;
                }
                Expression::Call(name, values)
            }
            Token::Name(name) if self.take("[") => {
                let key = self.expression()?;
                self.expect("]")?;
                Expression::Element(name, Box::new(key))
            }
            Token::Name(name) if matches!(self.peek(), Token::Mark("(")) => {
                return Err(format!("there is no function {name} here"));
            }
            Token::Name(name) => Expression::Variable(name),
            Token::Mark(_) | Token::End => return Err(format!("something is missing{near}")),
        };
        self.depth -= 1;
        Ok(result)
    }
}
