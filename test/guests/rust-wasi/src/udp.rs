use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::{ErrorCode, IpAddressFamily};
use wasi::sockets::udp::UdpSocket;
use wasi::sockets::udp_create_socket::create_udp_socket;

use crate::addresses::{address, families, loopback, name_of, to_bind, to_reach};
use crate::say::{outcome, result, say};
use crate::udp_datagrams::send;

const SIZES: &[u64] = &[0, 1, 4096, 65_536, 1 << 40, u64::MAX];

/// A socket of UDP in each of its states, and with each kind of address.
pub fn all() {
    for family in families() {
        let name = name_of(family);
        states(&name, family);
        addresses(&name, family);
    }
}

fn finish(socket: &UdpSocket) -> Result<(), ErrorCode> {
    loop {
        match socket.finish_bind() {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            given => return given,
        }
    }
}

pub fn bound(family: IpAddressFamily) -> UdpSocket {
    let socket = create_udp_socket(family).unwrap();
    socket
        .start_bind(&instance_network(), loopback(family, 0))
        .unwrap();
    finish(&socket).unwrap();
    socket
}

fn states(name: &str, family: IpAddressFamily) {
    let unbound = || create_udp_socket(family).unwrap();
    calls(&format!("{name} unbound"), &unbound);
    calls(&format!("{name} bind started"), &|| {
        let socket = unbound();
        socket
            .start_bind(&instance_network(), loopback(family, 0))
            .unwrap();
        socket
    });
    calls(&format!("{name} bound"), &|| bound(family));
    let peer = bound(family);
    calls(&format!("{name} connected"), &|| {
        let socket = bound(family);
        drop(socket.stream(Some(peer.local_address().unwrap())).unwrap());
        socket
    });
}

fn calls(state: &str, make: &dyn Fn() -> UdpSocket) {
    let say = |function: &str, given: String| say(format!("{state} {function}"), given);
    let family = make().address_family();
    say("address-family", format!("{family:?}"));
    say("local-address", address(make().local_address()));
    say("remote-address", address(make().remote_address()));
    say(
        "start-bind",
        outcome(make().start_bind(&instance_network(), loopback(family, 0))),
    );
    say("finish-bind", outcome(finish(&make())));
    say("stream", outcome(make().stream(None)));
    say(
        "stream to a peer",
        outcome(make().stream(Some(loopback(family, 9)))),
    );
    let socket = make();
    say("unicast-hop-limit", result(socket.unicast_hop_limit()));
    for hops in [0, 1, 64, 255] {
        let set = outcome(socket.set_unicast_hop_limit(hops));
        say(
            &format!("set-unicast-hop-limit {hops}"),
            format!("{set}, then {}", result(socket.unicast_hop_limit())),
        );
    }
    // Of sizes it is the kernel that decides.
    for size in SIZES {
        let set = outcome(socket.set_receive_buffer_size(*size));
        let got = result(socket.receive_buffer_size().map(|size| size > 0));
        say(
            &format!("set-receive-buffer-size {size}"),
            format!("{set}, then {got}"),
        );
        let set = outcome(socket.set_send_buffer_size(*size));
        let got = result(socket.send_buffer_size().map(|size| size > 0));
        say(
            &format!("set-send-buffer-size {size}"),
            format!("{set}, then {got}"),
        );
    }
}

fn addresses(name: &str, family: IpAddressFamily) {
    let network = instance_network();
    for (what, odd) in to_bind() {
        let socket = create_udp_socket(family).unwrap();
        let started = outcome(socket.start_bind(&network, odd));
        let finished = outcome(finish(&socket));
        say(
            format!("{name} bind {what}"),
            format!(
                "{started}, then {finished}, {}",
                address(socket.local_address())
            ),
        );
    }
    for (what, odd) in to_reach().filter(|(what, _)| has_no_route(what)) {
        let socket = bound(family);
        say(
            format!("{name} stream to {what}"),
            outcome(socket.stream(Some(odd))),
        );
        say(
            format!("{name} then remote-address"),
            address(socket.remote_address()),
        );
        let (_incoming, outgoing) = socket.stream(None).unwrap();
        say(
            format!("{name} send to {what}"),
            result(send(&outgoing, &[(b"x", Some(odd))])),
        );
    }
    let taken = bound(family);
    let socket = create_udp_socket(family).unwrap();
    let started = outcome(socket.start_bind(&network, taken.local_address().unwrap()));
    let finished = outcome(finish(&socket));
    say(
        format!("{name} bind where another is"),
        format!("{started}, then {finished}"),
    );
}

/// Where the others are sent is for the machine's routes to say.
fn has_no_route(what: &str) -> bool {
    !(what.contains("with a port") && (what.contains("multicast") || what.contains("ff02")))
}
