//! A CGI program: the rest of the path says what to do.
use std::io::{Read, Write};

fn main() {
    match std::env::var("PATH_INFO").unwrap_or_default().as_str() {
        "/environment" => environment(),
        "/echo" => echo(),
        "/long" => long(),
        "/redirect" => println!("location: /elsewhere\n"),
        "/status" => print!("status: 418 I'm a teapot\ncontent-type: text/plain\n\nshort and stout"),
        "/exit" => {
            print!("content-type: text/plain\n\nbye");
            std::process::exit(0);
        }
        "/fail" => std::process::exit(3),
        "/bad" => print!("x-own: 1\n\nbody"),
        "/bad-status" => print!("status: fine\n\nbody"),
        "/head-only" => print!("content-type: text/plain"),
        _ => {}
    }
}

fn environment() {
    println!("content-type: text/plain\n");
    println!("arguments {:?}", std::env::args().collect::<Vec<_>>());
    for (name, value) in std::env::vars() {
        println!("{name}={value}");
    }
}

fn echo() {
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body).unwrap();
    print!("content-type: application/octet-stream\r\n\r\n");
    std::io::stdout().write_all(&body).unwrap();
}

/// More than the guest's memory may hold at once.
fn long() {
    print!("content-type: text/plain\n\n");
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        std::io::stdout().write_all(&chunk).unwrap();
    }
}
