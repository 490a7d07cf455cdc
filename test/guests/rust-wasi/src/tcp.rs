use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::IpAddressFamily;
use wasi::sockets::tcp::{ShutdownType, TcpSocket};
use wasi::sockets::tcp_create_socket::create_tcp_socket;

use crate::addresses::{address, families, loopback, name_of, to_bind, to_reach};
use crate::say::{outcome, say};
use crate::tcp_pairs::{bound, connected, finish, listening, refused, Side};

/// A socket of TCP in each of its states, and with each kind of address.
pub fn all() {
    for family in families() {
        let name = name_of(family);
        states(&name, family);
        addresses(&name, family);
    }
}

fn states(name: &str, family: IpAddressFamily) {
    calls(&format!("{name} unbound"), &|| {
        create_tcp_socket(family).unwrap()
    });
    calls(&format!("{name} bind started"), &|| {
        let socket = create_tcp_socket(family).unwrap();
        socket
            .start_bind(&instance_network(), loopback(family, 0))
            .unwrap();
        socket
    });
    calls(&format!("{name} bound"), &|| bound(family));
    calls(&format!("{name} listen started"), &|| {
        let socket = bound(family);
        socket.start_listen().unwrap();
        socket
    });
    calls(&format!("{name} listening"), &|| listening(family));
    calls(&format!("{name} refused"), &|| refused(family));
    let listener = listening(family);
    let connect = || {
        let socket = create_tcp_socket(family).unwrap();
        socket
            .start_connect(&instance_network(), listener.local_address().unwrap())
            .unwrap();
        socket
    };
    calls(&format!("{name} connect started"), &connect);
    calls(&format!("{name} connected"), &|| {
        let socket = connect();
        drop(finish(&socket, TcpSocket::finish_connect).unwrap());
        socket
    });
    calls(&format!("{name} accepted"), &|| {
        let Side {
            input,
            output,
            socket,
        } = connected(family).server;
        drop((input, output));
        socket
    });
}

/// Each function that depends on the state, on a socket of its own.
fn calls(state: &str, make: &dyn Fn() -> TcpSocket) {
    let network = instance_network();
    let say = |function: &str, given: String| say(format!("{state} {function}"), given);
    let family = make().address_family();
    say("address-family", format!("{family:?}"));
    say("is-listening", make().is_listening().to_string());
    say("local-address", address(make().local_address()));
    say("remote-address", address(make().remote_address()));
    say(
        "start-bind",
        outcome(make().start_bind(&network, loopback(family, 0))),
    );
    say("finish-bind", outcome(make().finish_bind()));
    say(
        "start-connect",
        outcome(make().start_connect(&network, loopback(family, 9))),
    );
    say("start-listen", outcome(make().start_listen()));
    say(
        "finish-listen",
        outcome(finish(&make(), TcpSocket::finish_listen)),
    );
    let connecting = make();
    say(
        "finish-connect",
        outcome(finish(&connecting, TcpSocket::finish_connect)),
    );
    say(
        "set-listen-backlog-size 0",
        outcome(make().set_listen_backlog_size(0)),
    );
    say(
        "set-listen-backlog-size 1",
        outcome(make().set_listen_backlog_size(1)),
    );
    say(
        "set-listen-backlog-size max",
        outcome(make().set_listen_backlog_size(u64::MAX)),
    );
    for how in [
        ShutdownType::Receive,
        ShutdownType::Send,
        ShutdownType::Both,
    ] {
        say(&format!("shutdown {how:?}"), outcome(make().shutdown(how)));
    }
    let accepted = make();
    say("accept", outcome(accepted.accept()));
}

fn addresses(name: &str, family: IpAddressFamily) {
    let network = instance_network();
    for (what, odd) in to_bind() {
        let socket = create_tcp_socket(family).unwrap();
        let started = outcome(socket.start_bind(&network, odd));
        let finished = outcome(finish(&socket, TcpSocket::finish_bind));
        say(
            format!("{name} bind {what}"),
            format!(
                "{started}, then {finished}, {}",
                address(socket.local_address())
            ),
        );
        let again = outcome(socket.start_bind(&network, loopback(family, 0)));
        let finished = outcome(finish(&socket, TcpSocket::finish_bind));
        say(
            format!("{name} bind after {what}"),
            format!("{again}, then {finished}"),
        );
    }
    for (what, odd) in to_reach() {
        let socket = create_tcp_socket(family).unwrap();
        let started = outcome(socket.start_connect(&network, odd));
        let finished = outcome(finish(&socket, TcpSocket::finish_connect));
        say(
            format!("{name} connect {what}"),
            format!("{started}, then {finished}"),
        );
    }
    let taken = listening(family);
    let socket = create_tcp_socket(family).unwrap();
    let started = outcome(socket.start_bind(&network, taken.local_address().unwrap()));
    let finished = outcome(finish(&socket, TcpSocket::finish_bind));
    say(
        format!("{name} bind where another listens"),
        format!("{started}, then {finished}"),
    );
}
