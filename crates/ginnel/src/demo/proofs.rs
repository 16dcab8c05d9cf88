//! What the demo proves, each with a real client.

use anyhow::{Result, bail, ensure};
use aws::Service;
use serde_json::{Value, json};

use super::stage::Stage;
use super::tell::Teller;
use super::tenants::{Doors, TARGETS};

pub(super) fn run(stage: &Stage, tell: &Teller, doors: &Doors) -> Result<()> {
    let curl = |who: &str, address: &str| format!("ip netns exec {who} curl http://{address}/");
    stage.go_on()?;
    tell.proof(
        "the consumer reaches both targets through the endpoint, though both VPCs have the same addresses",
        &curl(&doors.client, &doors.address),
        || both_targets(stage, doors),
    )?;
    tell.proof(
        "the provider saw its own load balancer's address, not the consumer's",
        "",
        || provider_saw(stage, doors),
    )?;
    stage.go_on()?;
    tell.proof(
        "there is no other way: the provider's own address is out of reach",
        &curl(&doors.client, &format!("{}:8080", TARGETS[1])),
        || unreachable(stage, &doors.client, &format!("{}:8080", TARGETS[1])),
    )?;
    tell.proof(
        "a third namespace, which the endpoint's security group does not admit, is refused, and the drop says why",
        &curl(&doors.stranger, &doors.address),
        || refused(stage, doors),
    )?;
    stage.go_on()?;
    tell.proof(
        "the provider rejects the connection: traffic stops",
        &format!(
            "aws ec2 reject-vpc-endpoint-connections --service-id {} --vpc-endpoint-ids {}",
            doors.service, doors.endpoint
        ),
        || rejected(stage, doors),
    )
}

fn fetch(stage: &Stage, who: &str, address: &str) -> Result<Option<String>> {
    let output = stage.curl(who, &format!("http://{address}/"))?;
    Ok(output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

fn both_targets(stage: &Stage, doors: &Doors) -> Result<String> {
    let (mut one, mut two) = (0, 0);
    // The choice is random: 40 answers of one target only would be one case in 10^12.
    for _ in 0..40 {
        match fetch(stage, &doors.client, &doors.address)? {
            Some(body) if body.contains("served-by=target-1") => one += 1,
            Some(body) if body.contains("served-by=target-2") => two += 1,
            other => bail!("curl through the endpoint failed: {other:?}"),
        }
        if one > 0 && two > 0 {
            return Ok(format!(
                "target-1 answered {one} times, target-2 {two} times"
            ));
        }
    }
    bail!("only one target answered ({one} and {two} times)")
}

fn provider_saw(stage: &Stage, doors: &Doors) -> Result<String> {
    let body = fetch(stage, &doors.client, &doors.address)?.unwrap_or_default();
    let interfaces = doors.provider.aws(
        Service::Ec2,
        "DescribeNetworkInterfaces",
        &[
            ("Filter.1.Name", "interface-type"),
            ("Filter.1.Value.1", "network_load_balancer"),
        ],
    )?;
    let address = interfaces.need("privateIpAddress")?;
    ensure!(
        body.ends_with(&format!("peer={address}")),
        "the provider answered {body:?}; its load balancer {} has {address}",
        doors.balancer
    );
    Ok(body)
}

fn unreachable(stage: &Stage, who: &str, address: &str) -> Result<String> {
    let output = stage.curl(who, &format!("http://{address}/"))?;
    ensure!(!output.status.success(), "{address} answered");
    Ok(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

fn refused(stage: &Stage, doors: &Doors) -> Result<String> {
    let seen = unreachable(stage, &doors.stranger, &doors.address)?;
    // Counters are reported every second.
    for _ in 0..60 {
        let status = doors.admin.ginnel("Status", &json!({}))?;
        let interfaces = status.get("interfaces").and_then(Value::as_array);
        let stranger = interfaces
            .into_iter()
            .flatten()
            .find(|eni| eni.get("id").and_then(Value::as_str) == Some(&doors.stranger_eni));
        let drops = stranger.and_then(|eni| eni.pointer("/drops/security-group")?.as_u64());
        if let Some(count) = drops.filter(|count| *count > 0) {
            return Ok(format!(
                "{seen}; {} dropped {count} packets: security-group",
                doors.stranger_eni
            ));
        }
        super::stage::pause(std::time::Duration::from_millis(50));
    }
    bail!("curl was refused ({seen}), but no drop was counted for it")
}

fn rejected(stage: &Stage, doors: &Doors) -> Result<String> {
    doors.provider.aws(
        Service::Ec2,
        "RejectVpcEndpointConnections",
        &[
            ("ServiceId", &doors.service),
            ("VpcEndpointId.1", &doors.endpoint),
        ],
    )?;
    unreachable(stage, &doors.client, &doors.address)
}
