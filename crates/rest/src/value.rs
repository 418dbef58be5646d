//! What a method returns, before it is spelt in XML or JSON: [`Value`].

/// The value of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Nothing: an empty element, `null`.
    Null,
    /// A boolean: `1` or `0` in XML, `true` or `false` in JSON.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A text: a string in JSON.
    Text(String),
    /// A list; its items' elements are named after it, with `_elt` appended.
    List(Vec<Value>),
    /// Named members, in order.
    Fields(Vec<(String, Value)>),
}
