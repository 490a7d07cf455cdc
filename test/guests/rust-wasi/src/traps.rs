use wasi::io::poll::poll;

use crate::say::{outcome, say};
use crate::tree::{new_file, new_tree};
use crate::udp_datagrams;

/// Calls that end the guest, one a run: what is said last says how far it came.
pub fn run(name: &str) {
    let tree = new_tree();
    let stream = new_file(&tree, "file").write_via_stream(0).unwrap();
    let input = new_file(&tree, "other").read_via_stream(0).unwrap();
    say("begins", name);
    let given = match name {
        "poll nothing" => format!("{:?}", poll(&[])),
        "write without a permit" => outcome(stream.write(b"abc")),
        "write more than permitted" => {
            let permit = stream.check_write().unwrap();
            outcome(stream.write(&vec![0; permit as usize + 1]))
        }
        "write zeroes more than permitted" => {
            let permit = stream.check_write().unwrap();
            outcome(stream.write_zeroes(permit + 1))
        }
        "write-zeroes of all" => outcome(stream.write_zeroes(u64::MAX)),
        "blocking-write-and-flush 4097" => outcome(stream.blocking_write_and_flush(&[0; 4097])),
        "blocking-write-zeroes-and-flush 4097" => {
            outcome(stream.blocking_write_zeroes_and_flush(4097))
        }
        "random too large" => format!("{}", wasi::random::random::get_random_bytes(u64::MAX).len()),
        "stream dropped before its pollable" => {
            let pollable = input.subscribe();
            drop(input);
            format!("{}", pollable.ready())
        }
        "send without a permit" => udp_datagrams::send_unchecked(),
        other => panic!("no such trap: {other}"),
    };
    say(name, given);
}
