use wasi::sockets::instance_network::instance_network;
use wasi::sockets::ip_name_lookup::{resolve_addresses, ResolveAddressStream};
use wasi::sockets::network::{ErrorCode, IpAddress};

use crate::say::{outcome, result, say};

const NAMES: &[&str] = &[
    "127.0.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "::1",
    "::",
    "[::1]",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "fe80::1",
    "fe80::1%lo",
    "2001:DB8::1",
    "1:2:3:4:5:6:7:8",
    "127.1",
    "127.0.0.256",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "127.0.0.1.",
    "127.0.0.1:80",
    "[127.0.0.1]",
    "[::1]:80",
    "1.2.3.4.5",
    ":::",
    "",
    "..",
    "a..b",
    ".a",
    " ",
    "a b",
    "localhost:80",
    "http://localhost",
    "localhost/",
    "localhost?x",
    "localhost#x",
    "localhost\\x",
    "local\thost",
    "user@localhost",
    "local\0host",
    "%",
    "@",
    "%31%32%37.0.0.1",
];

/// Addresses come back as they are; what is no name is refused at once. No name server is asked for any of them.
pub fn all() {
    let long = ["n".repeat(64), "n.".repeat(200), "n".repeat(300)];
    for name in NAMES.iter().map(|name| name.to_string()).chain(long) {
        let label = name.escape_debug().take(40).collect::<String>();
        say(
            format!("resolve {label:?}[{}]", name.len()),
            resolved(&name),
        );
    }
    let mut found =
        addresses(&resolve_addresses(&instance_network(), "localhost").unwrap()).unwrap();
    found.sort();
    found.dedup();
    say("resolve localhost", format!("{found:?}"));
    say(
        "resolve LOCALHOST",
        outcome(resolve_addresses(&instance_network(), "LOCALHOST")),
    );
}

/// A host that finds nothing may say so at once, if it is quick.
fn resolved(name: &str) -> String {
    result(resolve_addresses(&instance_network(), name).and_then(|stream| addresses(&stream)))
}

fn addresses(stream: &ResolveAddressStream) -> Result<Vec<String>, ErrorCode> {
    let mut found = Vec::new();
    loop {
        match stream.resolve_next_address() {
            Err(ErrorCode::WouldBlock) => stream.subscribe().block(),
            Err(code) => return Err(code),
            Ok(None) => return Ok(found),
            Ok(Some(IpAddress::Ipv4(address))) => found.push(format!("{address:?}")),
            Ok(Some(IpAddress::Ipv6(address))) => found.push(format!("{address:?}")),
        }
    }
}
