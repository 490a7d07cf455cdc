use wasi::sockets::instance_network::instance_network;
use wasi::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasi::sockets::tcp_create_socket::create_tcp_socket;

use crate::say::result;

/// Those that the machine has: IPv6 may be off.
pub fn families() -> Vec<IpAddressFamily> {
    let both = [IpAddressFamily::Ipv4, IpAddressFamily::Ipv6];
    both.into_iter()
        .filter(|family| {
            let socket = create_tcp_socket(*family);
            let start =
                socket.map(|socket| socket.start_bind(&instance_network(), loopback(*family, 0)));
            matches!(start, Ok(Ok(())))
        })
        .collect()
}

/// As it is told.
pub fn name_of(family: IpAddressFamily) -> String {
    format!("{family:?}").replace("IpAddressFamily::", "")
}

pub fn loopback(family: IpAddressFamily, port: u16) -> IpSocketAddress {
    match family {
        IpAddressFamily::Ipv4 => v4((127, 0, 0, 1), port),
        IpAddressFamily::Ipv6 => v6((0, 0, 0, 0, 0, 0, 0, 1), port),
    }
}

fn v4(address: (u8, u8, u8, u8), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address })
}

fn v6(address: (u16, u16, u16, u16, u16, u16, u16, u16), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv6(Ipv6SocketAddress {
        port,
        flow_info: 0,
        address,
        scope_id: 0,
    })
}

/// Addresses that are no one's, or of another kind.
fn odd_addresses() -> Vec<Named> {
    vec![
        ("0.0.0.0", v4((0, 0, 0, 0), 0)),
        ("127.0.0.1", v4((127, 0, 0, 1), 0)),
        ("127.0.0.1 with a port", v4((127, 0, 0, 1), 7)),
        ("multicast", v4((224, 0, 0, 1), 0)),
        ("broadcast", v4((255, 255, 255, 255), 0)),
        ("240.0.0.1", v4((240, 0, 0, 1), 0)),
        ("192.0.2.1, not ours", v4((192, 0, 2, 1), 0)),
        ("0.0.0.0 with a port", v4((0, 0, 0, 0), 7)),
        ("multicast with a port", v4((224, 0, 0, 1), 7)),
        ("broadcast with a port", v4((255, 255, 255, 255), 7)),
        ("::", v6((0, 0, 0, 0, 0, 0, 0, 0), 0)),
        ("::1", v6((0, 0, 0, 0, 0, 0, 0, 1), 0)),
        (":: with a port", v6((0, 0, 0, 0, 0, 0, 0, 0), 7)),
        (
            "::ffff:127.0.0.1",
            v6((0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), 0),
        ),
        (
            "::ffff:127.0.0.1 with a port",
            v6((0, 0, 0, 0, 0, 0xffff, 0x7f00, 1), 7),
        ),
        ("::127.0.0.1", v6((0, 0, 0, 0, 0, 0, 0x7f00, 1), 0)),
        (
            "::127.0.0.1 with a port",
            v6((0, 0, 0, 0, 0, 0, 0x7f00, 1), 7),
        ),
        ("ff02::1", v6((0xff02, 0, 0, 0, 0, 0, 0, 1), 0)),
        ("ff02::1 with a port", v6((0xff02, 0, 0, 0, 0, 0, 0, 1), 7)),
        (
            "2001:db8::1, not ours",
            v6((0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 0),
        ),
    ]
}

type Named = (&'static str, IpSocketAddress);

/// For a port that is free.
pub fn to_bind() -> impl Iterator<Item = Named> {
    odd_addresses()
        .into_iter()
        .filter(|(what, _)| !what.ends_with("with a port"))
}

/// Without those that a router would have to look for.
pub fn to_reach() -> impl Iterator<Item = Named> {
    odd_addresses()
        .into_iter()
        .filter(|(what, _)| !what.contains("not ours"))
}

/// Without the port, which is another in each run.
pub fn address(given: Result<IpSocketAddress, ErrorCode>) -> String {
    result(given.map(|address| match address {
        IpSocketAddress::Ipv4(at) => format!("{:?} port {}", at.address, at.port > 0),
        IpSocketAddress::Ipv6(at) => {
            format!(
                "{:?} port {} flow {} scope {}",
                at.address,
                at.port > 0,
                at.flow_info,
                at.scope_id
            )
        }
    }))
}

pub fn port_of(address: IpSocketAddress) -> u16 {
    match address {
        IpSocketAddress::Ipv4(at) => at.port,
        IpSocketAddress::Ipv6(at) => at.port,
    }
}
