//! A command that tells what an interface of WASI answers: a line for each call. Its first argument names the table.
mod addresses;
mod cli;
mod clocks;
mod descriptors;
mod flags;
mod names;
mod paths;
mod say;
mod streams;
mod tcp;
mod tcp_options;
mod tcp_pairs;
mod tcp_streams;
mod times;
mod traps;
mod tree;
mod two_paths;
mod udp;
mod udp_datagrams;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("paths") => paths::all(),
        Some("two-paths") => two_paths::all(),
        Some("flags") => flags::all(),
        Some("descriptors") => descriptors::all(),
        Some("times") => times::all(),
        Some("streams") => streams::all(),
        Some("clocks") => clocks::all(),
        Some("cli") => cli::all(),
        Some("tcp") => tcp::all(),
        Some("tcp-options") => tcp_options::all(),
        Some("tcp-streams") => tcp_streams::all(),
        Some("udp") => udp::all(),
        Some("udp-datagrams") => udp_datagrams::all(),
        Some("names") => names::all(),
        Some("trap") => traps::run(&arguments[1]),
        other => panic!("no such table: {other:?}"),
    }
}
