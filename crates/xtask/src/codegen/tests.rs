//! Names of fields, and that the committed files are what the generator writes.

use super::*;

#[test]
fn fields_are_words_joined_by_underscores() {
    for (member, field) in [
        ("VpcId", "vpc_id"),
        ("DNSName", "dns_name"),
        ("IPv6Address", "ipv6_address"),
        ("PrivateIPv4Address", "private_ipv4_address"),
        ("EnableDns64", "enable_dns64"),
        ("Ipv6CidrBlock", "ipv6_cidr_block"),
        ("Type", "r#type"),
    ] {
        assert_eq!(snake(member), field);
    }
}

#[test]
fn the_committed_files_are_what_codegen_writes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    run(&root, Mode::Check).expect("cargo xtask codegen");
}
