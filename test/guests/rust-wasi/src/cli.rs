use wasi::cli::environment::{get_arguments, get_environment, initial_cwd};
use wasi::cli::terminal_stderr::get_terminal_stderr;
use wasi::cli::terminal_stdin::get_terminal_stdin;
use wasi::cli::terminal_stdout::get_terminal_stdout;
use wasi::filesystem::preopens::get_directories;

use crate::say::say;

/// What the host gave; the second argument says how the command ends.
pub fn all() {
    let arguments = get_arguments();
    say("get-arguments", format!("{:?}", &arguments[1..]));
    say("get-environment", format!("{:?}", get_environment()));
    say("initial-cwd", format!("{:?}", initial_cwd()));
    say("get-terminal-stdin", get_terminal_stdin().is_some());
    say("get-terminal-stdout", get_terminal_stdout().is_some());
    say("get-terminal-stderr", get_terminal_stderr().is_some());
    for (folder, name) in get_directories() {
        say(
            format!("folder {name:?}"),
            format!("{:?}", folder.get_flags()),
        );
    }
    match arguments[2].as_str() {
        "exit ok" => wasi::cli::exit::exit(Ok(())),
        "exit error" => wasi::cli::exit::exit(Err(())),
        code => wasi::cli::exit::exit_with_code(code.parse().unwrap()),
    }
}
