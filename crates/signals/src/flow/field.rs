//! The catalogue of fields.

/// How a field is stored in a Parquet file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// A number of 32 bits.
    Int32,
    /// A number of 64 bits.
    Int64,
    /// A text.
    Text,
}

/// Whose a field is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// AWS's, since this version of the records.
    Aws(u8),
    /// Ginnel's own.
    Own,
}

use Column::{Int32, Int64, Text};
use Origin::{Aws, Own};

macro_rules! fields {
    ($($variant:ident $name:literal $origin:expr, $column:ident, $told:literal, $meaning:literal;)+) => {
        /// Something that a record can tell.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $(#[doc = $meaning] $variant,)+
        }

        impl Field {
            /// Every field, AWS's first, in the order of their documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in formats and in the header of a file.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What it tells, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)+
                }
            }

            /// How Parquet files store it.
            pub fn column(self) -> Column {
                match self {
                    $(Self::$variant => $column,)+
                }
            }

            /// Whether there is anything here that it could tell; if not, it is always `-`.
            pub fn is_told(self) -> bool {
                match self {
                    $(Self::$variant => $told,)+
                }
            }

            fn origin(self) -> Origin {
                match self {
                    $(Self::$variant => $origin,)+
                }
            }
        }
    };
}

fields! {
    Version "version" Aws(2), Int32, true, "The highest version among the chosen fields.";
    AccountId "account-id" Aws(2), Text, true, "The account that owns the interface.";
    InterfaceId "interface-id" Aws(2), Text, true, "The interface whose traffic it is.";
    SrcAddr "srcaddr" Aws(2), Text, true, "The source, with the interface's primary address for its own side.";
    DstAddr "dstaddr" Aws(2), Text, true, "The destination, with the interface's primary address for its own side.";
    SrcPort "srcport" Aws(2), Int32, true, "The source port.";
    DstPort "dstport" Aws(2), Int32, true, "The destination port.";
    Protocol "protocol" Aws(2), Int32, true, "The IANA number of the protocol.";
    Packets "packets" Aws(2), Int64, true, "Packets in the interval.";
    Bytes "bytes" Aws(2), Int64, true, "Bytes in the interval.";
    Start "start" Aws(2), Int64, true, "The second of the first packet in the interval.";
    End "end" Aws(2), Int64, true, "The second of the last packet in the interval.";
    Action "action" Aws(2), Text, true, "ACCEPT, or REJECT.";
    LogStatus "log-status" Aws(2), Text, true, "OK, NODATA (no traffic) or SKIPDATA (records were lost).";
    VpcId "vpc-id" Aws(3), Text, true, "The interface's VPC.";
    SubnetId "subnet-id" Aws(3), Text, true, "The interface's subnet.";
    InstanceId "instance-id" Aws(3), Text, true, "The instance that the interface is attached to.";
    TcpFlags "tcp-flags" Aws(3), Int32, true, "FIN 1, SYN 2, RST 4, SYN-ACK 18, all that were seen.";
    Type "type" Aws(3), Text, true, "IPv4 or IPv6.";
    PktSrcAddr "pkt-srcaddr" Aws(3), Text, true, "The source in the packet.";
    PktDstAddr "pkt-dstaddr" Aws(3), Text, true, "The destination in the packet.";
    Region "region" Aws(4), Text, true, "The interface's region.";
    AzId "az-id" Aws(4), Text, true, "The id of the interface's zone.";
    SublocationType "sublocation-type" Aws(4), Text, false, "There are no wavelength zones or outposts.";
    SublocationId "sublocation-id" Aws(4), Text, false, "There are no wavelength zones or outposts.";
    PktSrcAwsService "pkt-src-aws-service" Aws(5), Text, false, "No address belongs to a service of AWS.";
    PktDstAwsService "pkt-dst-aws-service" Aws(5), Text, false, "No address belongs to a service of AWS.";
    FlowDirection "flow-direction" Aws(5), Text, true, "ingress or egress, seen from the interface.";
    TrafficPath "traffic-path" Aws(5), Int32, true, "The way out of an egress flow.";
    EcsClusterArn "ecs-cluster-arn" Aws(7), Text, false, "There are no containers of ECS.";
    EcsClusterName "ecs-cluster-name" Aws(7), Text, false, "There are no containers of ECS.";
    EcsContainerInstanceArn "ecs-container-instance-arn" Aws(7), Text, false, "There are no containers of ECS.";
    EcsContainerInstanceId "ecs-container-instance-id" Aws(7), Text, false, "There are no containers of ECS.";
    EcsContainerId "ecs-container-id" Aws(7), Text, false, "There are no containers of ECS.";
    EcsSecondContainerId "ecs-second-container-id" Aws(7), Text, false, "There are no containers of ECS.";
    EcsServiceName "ecs-service-name" Aws(7), Text, false, "There are no containers of ECS.";
    EcsTaskDefinitionArn "ecs-task-definition-arn" Aws(7), Text, false, "There are no containers of ECS.";
    EcsTaskArn "ecs-task-arn" Aws(7), Text, false, "There are no containers of ECS.";
    EcsTaskId "ecs-task-id" Aws(7), Text, false, "There are no containers of ECS.";
    RejectReason "reject-reason" Aws(8), Text, false, "Public access is not blocked, and encryption not demanded, by account.";
    ResourceId "resource-id" Aws(9), Text, false, "Only interfaces are recorded.";
    EncryptionStatus "encryption-status" Aws(10), Text, false, "Nothing is encrypted between hosts.";
    VpceId "vpce-id" Own, Text, true, "The endpoint that the flow went through.";
    VpceServiceId "vpce-service-id" Own, Text, true, "The endpoint service behind it.";
    NlbSrcAddr "nlb-srcaddr" Own, Text, true, "The load balancer's address that the target saw.";
    NlbSrcPort "nlb-srcport" Own, Int32, true, "The port beside it.";
    TargetAddr "target-addr" Own, Text, true, "The address of the target that was chosen.";
    TargetPort "target-port" Own, Int32, true, "The port of the target.";
    DropReason "drop-reason" Own, Text, true, "Why it was refused, as docs/verdicts.md names it.";
}

impl Field {
    /// The field of this name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|field| field.name() == name)
    }

    /// The version of AWS's records that brought it; none for Ginnel's own fields.
    pub fn version(self) -> Option<u8> {
        match self.origin() {
            Aws(version) => Some(version),
            Own => None,
        }
    }

    /// Whether AWS does not have it.
    pub fn is_own(self) -> bool {
        self.origin() == Own
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, Field};

    #[test]
    fn the_catalogue_is_as_documented() {
        let of = |version| {
            let all = Field::ALL.iter();
            all.filter(|field| field.version() == Some(version)).count()
        };
        let counts = [2, 3, 4, 5, 6, 7, 8, 9, 10].map(of);
        assert_eq!(counts, [14, 7, 4, 4, 0, 10, 1, 1, 1]);
        assert_eq!(Field::ALL.iter().filter(|field| field.is_own()).count(), 7);
        let of = |column| {
            let all = Field::ALL.iter().filter(|field| !field.is_own());
            let names = all.filter(|field| field.column() == column);
            names
                .map(|field| field.name())
                .collect::<alloc::vec::Vec<_>>()
        };
        assert_eq!(
            of(Column::Int32),
            [
                "version",
                "srcport",
                "dstport",
                "protocol",
                "tcp-flags",
                "traffic-path"
            ]
        );
        assert_eq!(of(Column::Int64), ["packets", "bytes", "start", "end"]);
    }

    #[test]
    fn a_name_is_one_field() {
        for field in Field::ALL {
            assert_eq!(Field::parse(field.name()), Some(*field));
        }
        assert_eq!(Field::parse("colour"), None);
    }
}
