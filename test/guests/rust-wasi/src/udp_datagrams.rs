use wasi::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress};
use wasi::sockets::udp::{IncomingDatagramStream, OutgoingDatagram, OutgoingDatagramStream};

use crate::addresses::{address, families, loopback, name_of, port_of};
use crate::say::{outcome, result, say};
use crate::udp::bound;

/// Datagrams, to any peer and to one.
pub fn all() {
    for family in families() {
        let name = name_of(family);
        exchange(&name, family);
        connected(&name, family);
        limits(&name, family);
    }
}

pub fn send(
    stream: &OutgoingDatagramStream,
    datagrams: &[(&[u8], Option<IpSocketAddress>)],
) -> Result<u64, ErrorCode> {
    let datagrams: Vec<OutgoingDatagram> = datagrams
        .iter()
        .map(|(data, remote_address)| OutgoingDatagram {
            data: data.to_vec(),
            remote_address: *remote_address,
        })
        .collect();
    stream.check_send()?;
    stream.send(&datagrams)
}

/// As many datagrams as are there, waiting for the first.
fn receive(stream: &IncomingDatagramStream, port: u16) -> String {
    stream.subscribe().block();
    result(stream.receive(100).map(|datagrams| {
        let told = datagrams.iter().map(|datagram| {
            let is_from = port_of(datagram.remote_address) == port;
            (datagram.data.len(), is_from, datagram.data.first().copied())
        });
        told.collect::<Vec<_>>()
    }))
}

fn exchange(name: &str, family: IpAddressFamily) {
    let (left, right) = (bound(family), bound(family));
    let (to_left, to_right) = (
        left.local_address().unwrap(),
        right.local_address().unwrap(),
    );
    let (_, outgoing) = left.stream(None).unwrap();
    let (incoming, back) = right.stream(None).unwrap();
    say(
        format!("{name} check-send"),
        result(outgoing.check_send().map(|permit| permit > 0)),
    );
    say(
        format!("{name} receive nothing yet"),
        result(incoming.receive(10).map(|found| found.len())),
    );
    say(
        format!("{name} receive none"),
        result(incoming.receive(0).map(|found| found.len())),
    );
    say(format!("{name} send none"), result(send(&outgoing, &[])));
    say(
        format!("{name} send without an address"),
        result(send(&outgoing, &[(b"x", None)])),
    );
    say(
        format!("{name} send"),
        result(send(&outgoing, &[(b"one", Some(to_right))])),
    );
    say(
        format!("{name} received"),
        receive(&incoming, port_of(to_left)),
    );
    say(
        format!("{name} send empty"),
        result(send(&outgoing, &[(b"", Some(to_right))])),
    );
    say(
        format!("{name} received empty"),
        receive(&incoming, port_of(to_left)),
    );
    let none = loopback(family, 0);
    say(
        format!("{name} send, the first wrong"),
        result(send(
            &outgoing,
            &[(b"x", Some(none)), (b"y", Some(to_right))],
        )),
    );
    say(
        format!("{name} send, the second wrong"),
        result(send(
            &outgoing,
            &[(b"y", Some(to_right)), (b"x", Some(none))],
        )),
    );
    say(
        format!("{name} received the first"),
        receive(&incoming, port_of(to_left)),
    );
    say(
        format!("{name} answer"),
        result(send(&back, &[(b"two", Some(to_left))])),
    );
}

fn connected(name: &str, family: IpAddressFamily) {
    let (left, right, other) = (bound(family), bound(family), bound(family));
    let [to_left, to_right] = [&left, &right].map(|socket| socket.local_address().unwrap());
    let (incoming, outgoing) = left.stream(Some(to_right)).unwrap();
    let (at_right, back) = right.stream(None).unwrap();
    let (_, from_other) = other.stream(None).unwrap();
    say(
        format!("{name} connected, remote-address is the peer's"),
        port_of(left.remote_address().unwrap()) == port_of(to_right),
    );
    say(
        format!("{name} connected, send"),
        result(send(&outgoing, &[(b"a", None)])),
    );
    say(
        format!("{name} connected, received"),
        receive(&at_right, port_of(to_left)),
    );
    say(
        format!("{name} connected, send to the peer by name"),
        result(send(&outgoing, &[(b"b", Some(to_right))])),
    );
    say(
        format!("{name} connected, received"),
        receive(&at_right, port_of(to_left)),
    );
    let another = other.local_address().unwrap();
    say(
        format!("{name} connected, send to another"),
        result(send(&outgoing, &[(b"c", Some(another))])),
    );
    say(
        format!("{name} another sends"),
        result(send(&from_other, &[(b"d", Some(to_left))])),
    );
    say(
        format!("{name} the peer sends"),
        result(send(&back, &[(b"e", Some(to_left))])),
    );
    say(
        format!("{name} received from the peer"),
        receive(&incoming, port_of(to_right)),
    );
    drop((incoming, outgoing));
    let streams = left.stream(None);
    say(format!("{name} disconnected"), outcome(streams));
    say(
        format!("{name} disconnected, remote-address"),
        address(left.remote_address()),
    );
}

fn limits(name: &str, family: IpAddressFamily) {
    let (left, right) = (bound(family), bound(family));
    let to_right = right.local_address().unwrap();
    let (_incoming, outgoing) = left.stream(None).unwrap();
    let (incoming, _outgoing) = right.stream(None).unwrap();
    let from = port_of(left.local_address().unwrap());
    let overhead = if family == IpAddressFamily::Ipv4 {
        28
    } else {
        8
    };
    let largest = vec![7; 65_535 - overhead];
    say(
        format!("{name} send the largest"),
        result(send(&outgoing, &[(&largest, Some(to_right))])),
    );
    say(
        format!("{name} received the largest"),
        receive(&incoming, from),
    );
    let larger = vec![7; 65_535 - overhead + 1];
    say(
        format!("{name} send larger"),
        result(send(&outgoing, &[(&larger, Some(to_right))])),
    );
}

pub fn send_unchecked() -> String {
    let socket = bound(IpAddressFamily::Ipv4);
    let (_incoming, outgoing) = socket.stream(None).unwrap();
    let remote_address = Some(socket.local_address().unwrap());
    outcome(outgoing.send(&[OutgoingDatagram {
        data: vec![1],
        remote_address,
    }]))
}
