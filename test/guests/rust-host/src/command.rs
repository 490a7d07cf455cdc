//! A command: its first argument says what to do.
use std::io::{Read, Write};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("arguments") => println!("{:?}", &arguments[1..]),
        Some("environment") => println!("{:?}", std::env::vars().collect::<Vec<_>>()),
        Some("exit") => std::process::exit(arguments[1].parse().unwrap()),
        Some("panic") => panic!("asked to"),
        Some("trap") => core::arch::wasm32::unreachable(),
        Some("copy") => copy(),
        Some("read") => match std::fs::read_to_string(&arguments[1]) {
            Ok(text) => print!("{text}"),
            Err(error) => println!("{error}"),
        },
        Some("write") => std::fs::write(&arguments[1], &arguments[2]).unwrap(),
        Some("sleep") => {
            println!("started");
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
        Some("spin") => {
            println!("started");
            loop {
                std::hint::black_box(&arguments);
            }
        }
        _ => println!("Hello from a command"),
    }
}

/// From the input to the output, in capitals; the count goes to the error output.
fn copy() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    std::io::stdout()
        .write_all(text.to_uppercase().as_bytes())
        .unwrap();
    eprintln!("{} bytes", text.len());
}
