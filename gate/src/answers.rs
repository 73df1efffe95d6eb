//! Answers that are kept for requests that come again under the same name.

/// An answer that is kept for the credit whose job it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The key that its sender has, by which the names of different ones are told apart.
    pub caller: String,
    /// The request's name, given by its sender.
    pub name: String,
    /// Hash of the request, by which another one of the same name is known.
    pub request: [u8; 32],
    /// The status of the answer.
    pub status: u16,
    /// Its headers, in a form of the caller's.
    pub head: String,
    /// Its body; `None` where it was too large to be kept, or has been dropped for others.
    pub body: Option<Vec<u8>>,
}
