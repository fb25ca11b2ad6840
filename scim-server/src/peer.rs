//! Where a request comes from: whoever is connected, unless that is a proxy which was named as trusted; then the last
//! address in `X-Forwarded-For` that is no trusted proxy. A header from anybody else is a claim and is not looked at.

use std::net::IpAddr;

use hyper::header::HeaderMap;
use hyper::http::request::Parts;

use crate::route::App;

/// Whoever is connected, kept with each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connected(pub(crate) IpAddr);

/// Where a request comes from; unknown only when the connection ended already.
pub(crate) fn of(app: &App, head: &Parts) -> Option<IpAddr> {
    let connected = head.extensions.get::<Connected>()?;
    Some(source(connected.0, &head.headers, &app.trusted_proxies))
}

/// The address that a request comes from.
fn source(connected: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let is_trusted = |it: IpAddr| trusted.iter().any(|known| known.to_canonical() == it);
    let connected = connected.to_canonical();
    if !is_trusted(connected) {
        return connected;
    }
    let said = headers.get_all("x-forwarded-for").iter();
    let mut hops: Vec<&str> = said
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','))
        .collect();
    let mut nearest = connected;
    while let Some(hop) = hops.pop() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            return nearest;
        };
        nearest = address.to_canonical();
        if !is_trusted(nearest) {
            return nearest;
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(connected: &str, said: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for it in said {
            headers.append("x-forwarded-for", it.parse().expect("a header"));
        }
        let address = |it: &str| it.parse::<IpAddr>().expect("an address");
        let trusted: Vec<IpAddr> = trusted.iter().map(|it| address(it)).collect();
        source(address(connected), &headers, &trusted).to_string()
    }

    #[test]
    fn a_forwarded_address_is_believed_of_a_trusted_proxy_only() {
        assert_eq!(from("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(
            from("203.0.113.9", &["198.51.100.1"], &["127.0.0.1"]),
            "203.0.113.9"
        );
        let proxy = &["127.0.0.1"];
        assert_eq!(from("127.0.0.1", &["198.51.100.1"], proxy), "198.51.100.1");
        assert_eq!(
            from("::ffff:127.0.0.1", &["198.51.100.1"], proxy),
            "198.51.100.1"
        );
        assert_eq!(from("127.0.0.1", &[], proxy), "127.0.0.1");
        // What the client itself wrote stands further left, and is not taken.
        assert_eq!(
            from("127.0.0.1", &["10.0.0.1, 198.51.100.1"], proxy),
            "198.51.100.1"
        );
        assert_eq!(
            from("127.0.0.1", &["10.0.0.1", "198.51.100.1,127.0.0.1"], proxy),
            "198.51.100.1"
        );
        assert_eq!(
            from("127.0.0.1", &["10.0.0.1, nonsense"], proxy),
            "127.0.0.1"
        );
    }
}
