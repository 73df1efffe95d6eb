//! The server a GPU provider runs.
