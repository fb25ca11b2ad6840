//! Lines that are keys, and lines that are not.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::{Fingerprint, KINDS, SshKey, base64};

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINBAMfae/WjJ+p7DQvIcyiX6DYUhawanLXDE7x4n0Ce4 ana@laptop";
const P256: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBB+ziRe3wDOLAwn0DC13hnrHeVwEYVN2/VbFloBp9lie65VSHgR8h2S0erMRQF3yuFnHpBJ2KsCOgXSsYgeJuxs=";
const P521: &str = "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAGcQr/sErYK67BvJK+FHOeVIlefT35NojFjDxvc1gic+Y7TUC599Si9gSNNxlsIfJUmtnTxua0cUp0g/g8j4VJXJwFGiQlMCq47FPdf7or/RM/XYEFUG98dI71eP2kZB2eduknsGDlnQcniu8GT0oizTPreaXDUn/jjn92LW3fog28aEg==";

/// A line of a kind whose bytes are these strings after the kind's name.
fn line(kind: &str, parts: &[&[u8]]) -> String {
    let mut blob = Vec::new();
    for part in [&[kind.as_bytes()], parts].concat() {
        blob.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend(part);
    }
    format!("{kind} {}", base64::encode(&blob))
}

fn rsa(bits: usize) -> String {
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] >>= (8 - bits % 8) % 8;
    if modulus[0] >= 0x80 {
        modulus.insert(0, 0);
    }
    line("ssh-rsa", &[&[1, 0, 1], &modulus])
}

fn point(length: usize) -> Vec<u8> {
    let mut point = vec![7; length];
    point[0] = 4;
    point
}

#[test]
fn every_listed_kind_is_taken_and_comes_out_as_it_went_in() {
    let sk = line("sk-ssh-ed25519@openssh.com", &[&[1; 32], b"ssh:"]);
    let sk_ecdsa = line(
        "sk-ecdsa-sha2-nistp256@openssh.com",
        &[b"nistp256", &point(65), b"ssh:"],
    );
    let p384 = line("ecdsa-sha2-nistp384", &[b"nistp384", &point(97)]);
    let rsas = [rsa(3072), rsa(4096), rsa(16_384)];
    let lines = [ED25519, P256, P521, &sk, &sk_ecdsa, &p384];
    for line in lines.into_iter().chain(rsas.iter().map(String::as_str)) {
        let key = SshKey::parse(line).unwrap();
        assert_eq!(key.to_string(), line);
        let kept = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<SshKey>(&kept).unwrap(), key);
    }
    let key = SshKey::parse(&format!("  {ED25519} ")).unwrap();
    assert_eq!(key.comment(), Some("ana@laptop"));
    let fingerprint = "SHA256:IwdLirrryDmTyjcZjLlmWaE2NKKUolQnT5srhbZLAD4";
    assert_eq!(key.fingerprint().to_string(), fingerprint);
    assert_eq!(
        fingerprint.parse::<Fingerprint>().unwrap(),
        key.fingerprint()
    );
    assert_eq!(
        Fingerprint::of_encoded(&key.encoded()),
        Some(key.fingerprint())
    );
    assert!(key.fingerprint().is_meant_by("IwdLir"));
    assert!(!key.fingerprint().is_meant_by("IwdLi") && !key.fingerprint().is_meant_by("SHA256:"));
}

#[test]
fn whatever_is_not_one_line_of_a_listed_kind_is_refused_with_the_reason() {
    let encoded = ED25519.split(' ').nth(1).unwrap();
    let longer = line("ssh-ed25519", &[&[1; 33]]);
    let trailing = line("ssh-ed25519", &[&[1; 32], b""]);
    let other_curve = line("ecdsa-sha2-nistp256", &[b"nistp384", &point(97)]);
    let compressed = line("ecdsa-sha2-nistp256", &[b"nistp256", &[2; 65]]);
    let even = line("ssh-rsa", &[&[2], &[1; 500]]);
    let negative = line("ssh-rsa", &[&[1, 0, 1], &[0x80; 400]]);
    let nameless = line("sk-ssh-ed25519@openssh.com", &[&[1; 32], b""]);
    let swapped = P256.replacen("ecdsa-sha2-nistp256", "ssh-ed25519", 1);
    let cases = [
        (format!("{ED25519}\n{P256}"), "more than one line"),
        (format!("{ED25519}\r"), "more than one line"),
        (format!("command=\"sh\" {ED25519}"), "begins with options"),
        (format!("no-pty {ED25519}"), "begins with options"),
        (format!("restrict {ED25519}"), "begins with options"),
        (
            format!("environment=\"A=b\",pty {ED25519}"),
            "begins with options",
        ),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nx".into(),
            "is a private key",
        ),
        (
            format!("ssh-ed25519-cert-v01@openssh.com {encoded}"),
            "is a certificate",
        ),
        (format!("ssh-dss {encoded}"), "no longer safe"),
        (format!("SSH-ED25519 {encoded}"), "of no kind that is taken"),
        (encoded.into(), "of no kind that is taken"),
        (String::new(), "of no kind that is taken"),
        ("ssh-ed25519".into(), "cannot be decoded"),
        (format!("ssh-ed25519 {encoded}="), "cannot be decoded"),
        (
            format!("ssh-ed25519 {}", &encoded[1..]),
            "cannot be decoded",
        ),
        (
            format!("ssh-ed25519 {}", encoded.replace('+', "-")),
            "cannot be decoded",
        ),
        (format!("ssh-ed25519  {encoded}"), "cannot be decoded"),
        (longer, "not a whole key"),
        (trailing, "not a whole key"),
        (other_curve, "not a whole key"),
        (compressed, "not a whole key"),
        (even, "not a whole key"),
        (negative, "not a whole key"),
        (nameless, "not a whole key"),
        (swapped, "not a whole key"),
        (rsa(3071), "RSA of 3071 bits"),
        (rsa(2048), "RSA of 2048 bits"),
        (rsa(16_385), "RSA of 16385 bits"),
        (
            format!("{ED25519}{}", "x".repeat(200)),
            "comment of more than 200",
        ),
        (format!("{ED25519}\u{202e}"), "control or invisible"),
        (format!("{ED25519}\u{1b}[2J"), "control or invisible"),
        ("x".repeat(5_000), "longer than 4,096"),
    ];
    for (line, why) in cases {
        let error = SshKey::parse(&line).expect_err(&line).to_string();
        assert!(error.contains(why), "{line:.80}: {error}");
    }
}

proptest! {
    #[test]
    fn bytes_come_back_from_base64_and_no_two_texts_are_the_same_bytes(bytes: Vec<u8>, text in "[A-D+/=]{0,12}") {
        let encoded = base64::encode(&bytes);
        let decoded = base64::decode(&encoded);
        prop_assert_eq!(decoded, (!bytes.is_empty()).then_some(bytes));
        if let Some(read) = base64::decode(&text) {
            prop_assert_eq!(base64::encode(&read), text);
        }
    }

    #[test]
    fn no_bytes_make_it_panic_and_what_is_taken_is_one_line(kind in 0..KINDS.len(), blob: Vec<u8>, rest in ".{0,40}") {
        let line = format!("{} {} {rest}", KINDS[kind].0, base64::encode(&blob));
        if let Ok(key) = SshKey::parse(&line) {
            prop_assert_eq!(key.to_string().lines().count(), 1);
        }
        let _ = SshKey::parse(&rest);
    }
}
