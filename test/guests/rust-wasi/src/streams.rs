use wasi::cli::{stderr::get_stderr, stdin::get_stdin, stdout::get_stdout};
use wasi::filesystem::types::Descriptor;
use wasi::io::poll::poll;
use wasi::io::streams::InputStream;

use crate::say::{outcome, result, say};
use crate::tree::{new_file, new_tree};

/// Streams of files, and the three that a command has; its input is `abc`, and then ends.
pub fn all() {
    let tree = new_tree();
    reads(&tree);
    writes(&tree);
    splices(&tree);
    input();
    outputs();
    lists(&tree);
}

fn reads(tree: &Descriptor) {
    let file = new_file(tree, "reads");
    let stream = file.read_via_stream(0).unwrap();
    stream.subscribe().block();
    say("read 0", result(stream.read(0)));
    say("blocking-read 0", result(stream.blocking_read(0)));
    say("blocking-read 2", result(stream.blocking_read(2)));
    say("blocking-skip 0", result(stream.blocking_skip(0)));
    say("skip 0", result(stream.skip(0)));
    say("blocking-skip 3", result(stream.blocking_skip(3)));
    say("read the rest", result(stream.blocking_read(u64::MAX)));
    stream.subscribe().block();
    say("ready at the end", stream.subscribe().ready());
    at_end("file", &stream);
    let others = file.read_via_stream(5).unwrap();
    file.set_size(7).unwrap();
    say("read what was cut", result(others.blocking_read(100)));
    say("then", result(others.blocking_read(100)));
    file.write(b"ABC", 7).unwrap();
    say("read what was added", result(others.blocking_read(100)));
}

fn at_end(what: &str, stream: &InputStream) {
    say(
        format!("{what} end: blocking-read"),
        result(stream.blocking_read(1)),
    );
    say(format!("{what} end: read"), result(stream.read(1)));
    say(format!("{what} end: read 0"), result(stream.read(0)));
    say(
        format!("{what} end: blocking-read 0"),
        result(stream.blocking_read(0)),
    );
    say(format!("{what} end: skip"), result(stream.skip(1)));
    say(format!("{what} end: skip 0"), result(stream.skip(0)));
    say(
        format!("{what} end: blocking-skip"),
        result(stream.blocking_skip(1)),
    );
}

fn writes(tree: &Descriptor) {
    let file = new_file(tree, "writes");
    let stream = file.write_via_stream(2).unwrap();
    say("ready to write", stream.subscribe().ready());
    say(
        "check-write",
        result(stream.check_write().map(|permit| permit > 0)),
    );
    say("write", result(stream.write(b"ab")));
    say("blocking-flush", result(stream.blocking_flush()));
    say("flush", result(stream.flush()));
    stream.subscribe().block();
    say(
        "check-write",
        result(stream.check_write().map(|permit| permit > 0)),
    );
    say("write-zeroes", result(stream.write_zeroes(2)));
    say("blocking-flush", result(stream.blocking_flush()));
    say(
        "blocking-write-zeroes-and-flush",
        result(stream.blocking_write_zeroes_and_flush(1)),
    );
    say(
        "blocking-write-zeroes-and-flush 0",
        result(stream.blocking_write_zeroes_and_flush(0)),
    );
    say(
        "blocking-write-and-flush",
        result(stream.blocking_write_and_flush(b"cd")),
    );
    say(
        "blocking-write-and-flush nothing",
        result(stream.blocking_write_and_flush(b"")),
    );
    say(
        "blocking-write-and-flush 4096",
        result(stream.blocking_write_and_flush(&[b'x'; 4096])),
    );
    say(
        "blocking-write-zeroes-and-flush 4096",
        result(stream.blocking_write_zeroes_and_flush(4096)),
    );
    say("written", result(file.read(12, 0)));
    say("size", result(file.stat().map(|stat| stat.size)));
    let append = file.append_via_stream().unwrap();
    say("append", result(append.blocking_write_and_flush(b"end")));
    file.set_size(5).unwrap();
    say(
        "append after a cut",
        result(append.blocking_write_and_flush(b"end")),
    );
    say("written", result(file.read(100, 0)));
    let no_file = file.write_via_stream(u64::MAX - 5);
    say(
        "write beyond the end of all files",
        outcome(no_file.map(drop)),
    );
}

fn splices(tree: &Descriptor) {
    let source = new_file(tree, "source");
    let target = new_file(tree, "target");
    let input = source.read_via_stream(0).unwrap();
    let output = target.write_via_stream(1).unwrap();
    say("splice 0", result(output.splice(&input, 0)));
    say(
        "blocking-splice 0",
        result(output.blocking_splice(&input, 0)),
    );
    say(
        "blocking-splice 3",
        result(output.blocking_splice(&input, 3)),
    );
    output.blocking_flush().unwrap();
    input.subscribe().block();
    say("splice 2", result(output.splice(&input, 2)));
    output.blocking_flush().unwrap();
    say(
        "blocking-splice the rest",
        result(output.blocking_splice(&input, u64::MAX)),
    );
    output.blocking_flush().unwrap();
    say(
        "blocking-splice at the end",
        result(output.blocking_splice(&input, 10)),
    );
    say("splice at the end", result(output.splice(&input, 10)));
    say("spliced", result(target.read(100, 0)));
}

fn input() {
    let stream = get_stdin();
    stream.subscribe().block();
    say("stdin ready", stream.subscribe().ready());
    say("stdin read 0", result(stream.read(0)));
    say("stdin blocking-read 1", result(stream.blocking_read(1)));
    say("stdin blocking-skip 1", result(stream.blocking_skip(1)));
    let again = get_stdin();
    say("stdin once more", result(again.blocking_read(100)));
    at_end("stdin", &stream);
    at_end("stdin once more", &again);
}

fn outputs() {
    for (what, stream) in [("stdout", get_stdout()), ("stderr", get_stderr())] {
        say(format!("{what} ready"), stream.subscribe().ready());
        say(
            format!("{what} check-write"),
            result(stream.check_write().map(|permit| permit > 0)),
        );
        say(
            format!("{what} write"),
            result(stream.write(format!("{what} says\n").as_bytes())),
        );
        say(
            format!("{what} blocking-flush"),
            result(stream.blocking_flush()),
        );
        say(
            format!("{what} blocking-write-and-flush"),
            result(stream.blocking_write_and_flush(b"more\n")),
        );
        say(
            format!("{what} blocking-write-zeroes-and-flush"),
            result(stream.blocking_write_zeroes_and_flush(2)),
        );
        say(
            format!("{what} check-write then"),
            outcome(stream.check_write()),
        );
    }
    drop(get_stdout());
    say(
        "stdout after it was dropped",
        result(get_stdout().blocking_write_and_flush(b"still\n")),
    );
}

fn lists(tree: &Descriptor) {
    let file = new_file(tree, "polled");
    let (reader, writer) = (
        file.read_via_stream(0).unwrap(),
        file.write_via_stream(0).unwrap(),
    );
    let one = reader.subscribe();
    let other = writer.subscribe();
    let never = wasi::clocks::monotonic_clock::subscribe_duration(u64::MAX / 4);
    say("poll one", format!("{:?}", poll(&[&one])));
    say("poll the same twice", format!("{:?}", poll(&[&one, &one])));
    say(
        "poll one that is never ready",
        format!("{:?}", poll(&[&never, &other, &never])),
    );
    say("poll all", format!("{:?}", poll(&[&one, &never, &other])));
}
