//! Measures the program on its real ELF.

fn main() {}
