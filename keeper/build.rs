//! Has the keeper compiled anew when a file of the page comes or goes, which the macro that embeds them does not notice.

fn main() {
    println!("cargo:rerun-if-changed=page");
}
