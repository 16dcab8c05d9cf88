"""Prefix lists: AWS's own and one's own."""

from lab import by, case, tags, wait


@case
def lists_of_aws(lab):
    ec2 = lab.tenant().ec2
    told = ec2.describe_prefix_lists(Filters=by("prefix-list-name", "com.amazonaws.us-east-1.s3"))["PrefixLists"]
    assert told[0]["Cidrs"] and told[0]["PrefixListId"].startswith("pl-"), told
    ec2.describe_prefix_lists(PrefixListIds=[told[0]["PrefixListId"]])


@case
def lists_of_ones_own(lab):
    tenant = lab.tenant()
    ec2 = tenant.ec2
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4",
        Entries=[{"Cidr": "10.1.0.0/16", "Description": "one"}], TagSpecifications=tags("prefix-list"),
    )["PrefixList"]
    name = made["PrefixListId"]

    def told():
        return ec2.describe_managed_prefix_lists(PrefixListIds=[name])["PrefixLists"][0]

    wait("the list", lambda: told()["State"] == "create-complete")
    ec2.modify_managed_prefix_list(
        PrefixListId=name, CurrentVersion=1, AddEntries=[{"Cidr": "10.2.0.0/16"}], RemoveEntries=[{"Cidr": "10.1.0.0/16"}]
    )
    wait("the change", lambda: told()["State"] == "modify-complete" and told()["Version"] == 2)
    entries = ec2.get_managed_prefix_list_entries(PrefixListId=name)["Entries"]
    assert [one["Cidr"] for one in entries] == ["10.2.0.0/16"], entries
    ec2.get_managed_prefix_list_associations(PrefixListId=name)
    ec2.describe_managed_prefix_lists(Filters=by("owner-id", tenant.account))
    ec2.delete_managed_prefix_list(PrefixListId=name)
