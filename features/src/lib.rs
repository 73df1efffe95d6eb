//! No code. The manifest chooses the features that the workspace as a whole chooses for dependencies of the embedded cluster.
//!
//! Without it `cargo run -p blockable-demo` and `cargo test --workspace` choose different ones, and the second command compiles
//! the cluster once more (350 crates). Every package that builds the cluster depends on this crate.
