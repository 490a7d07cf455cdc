use wasi::sockets::network::IpAddressFamily;
use wasi::sockets::tcp::{ShutdownType, TcpSocket};

use crate::addresses::{address, families, name_of, port_of};
use crate::say::{outcome, result, say};
use crate::tcp_pairs::{connected, Pair};

/// Connections, and how they end.
pub fn all() {
    for family in families() {
        let name = name_of(family);
        connections(&name, family);
    }
}

fn connections(name: &str, family: IpAddressFamily) {
    let pair = connected(family);
    let is_peer = |left: &TcpSocket, right: &TcpSocket| {
        port_of(left.local_address().unwrap()) == port_of(right.remote_address().unwrap())
    };
    let (client, server) = (&pair.client, &pair.server);
    let agree = is_peer(&client.socket, &server.socket) && is_peer(&server.socket, &client.socket);
    say(format!("{name} addresses agree"), agree);
    say(
        format!("{name} listener's address"),
        address(pair.listener.local_address()),
    );
    say(
        format!("{name} write"),
        result(client.output.blocking_write_and_flush(b"ping")),
    );
    server.input.subscribe().block();
    say(
        format!("{name} read"),
        result(server.input.blocking_read(100)),
    );
    say(
        format!("{name} read nothing yet"),
        result(server.input.read(100)),
    );
    say(
        format!("{name} splice nothing yet"),
        result(server.output.splice(&server.input, 5)),
    );
    for how in [
        ShutdownType::Receive,
        ShutdownType::Send,
        ShutdownType::Both,
    ] {
        shut_down(&format!("{name} {how:?}"), family, how);
    }
    dropped(name, family);
}

fn shut_down(name: &str, family: IpAddressFamily, how: ShutdownType) {
    let Pair {
        client,
        server,
        listener: _listener,
    } = connected(family);
    server.output.blocking_write_and_flush(b"queued").unwrap();
    client.input.subscribe().block();
    say(
        format!("{name} shutdown"),
        outcome(client.socket.shutdown(how)),
    );
    say(
        format!("{name} shutdown again"),
        outcome(client.socket.shutdown(how)),
    );
    say(
        format!("{name} then read"),
        result(client.input.blocking_read(100)),
    );
    say(
        format!("{name} then check-write"),
        outcome(client.output.check_write()),
    );
    say(
        format!("{name} then write"),
        outcome(client.output.blocking_write_and_flush(b"late")),
    );
    say(
        format!("{name} then local-address"),
        address(client.socket.local_address()),
    );
    say(
        format!("{name} then remote-address"),
        address(client.socket.remote_address()),
    );
    if how == ShutdownType::Send {
        say(
            format!("{name} then the peer reads"),
            result(server.input.blocking_read(100)),
        );
        say(
            format!("{name} then the peer writes"),
            outcome(server.output.blocking_write_and_flush(b"answer")),
        );
        say(
            format!("{name} then read the answer"),
            result(client.input.blocking_read(100)),
        );
    }
}

/// A peer that is gone: what it sent is still there, and then the stream ends.
fn dropped(name: &str, family: IpAddressFamily) {
    let Pair {
        client,
        server,
        listener: _listener,
    } = connected(family);
    server
        .output
        .blocking_write_and_flush(b"last words")
        .unwrap();
    drop(server);
    say(
        format!("{name} dropped peer, read"),
        result(client.input.blocking_read(100)),
    );
    say(
        format!("{name} dropped peer, at the end"),
        result(client.input.blocking_read(100)),
    );
    say(
        format!("{name} dropped peer, once more"),
        result(client.input.blocking_read(100)),
    );
}
