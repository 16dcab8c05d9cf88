//! Which function carries out which operation of IAM.

use super::route;
use crate::api::iam::{
    access_key, attach, boundary, group, inline, membership, policy, policy_use, policy_version,
    role, simulate, tags, user,
};

route! { Iam iam
    // user
    write CreateUser user::create;
    read GetUser user::get;
    read ListUsers user::list;
    done UpdateUser user::update;
    done DeleteUser user::delete;
    // group
    write CreateGroup group::create;
    read GetGroup group::get;
    read ListGroups group::list;
    done UpdateGroup group::update;
    done DeleteGroup group::delete;
    done AddUserToGroup membership::add;
    done RemoveUserFromGroup membership::remove;
    read ListGroupsForUser membership::list_for_user;
    // role
    write CreateRole role::create;
    read GetRole role::get;
    read ListRoles role::list;
    write UpdateRole role::update;
    done UpdateAssumeRolePolicy role::update_trust;
    done DeleteRole role::delete;
    read ListInstanceProfilesForRole role::list_instance_profiles;
    // policy
    write CreatePolicy policy::create;
    read GetPolicy policy::get;
    read ListPolicies policy::list;
    done DeletePolicy policy::delete;
    write CreatePolicyVersion policy_version::create;
    read GetPolicyVersion policy_version::get;
    read ListPolicyVersions policy_version::list;
    done SetDefaultPolicyVersion policy_version::set_default;
    done DeletePolicyVersion policy_version::delete;
    read ListEntitiesForPolicy policy_use::list_entities;
    // attached policies
    done AttachUserPolicy attach::attach_user;
    done AttachGroupPolicy attach::attach_group;
    done AttachRolePolicy attach::attach_role;
    done DetachUserPolicy attach::detach_user;
    done DetachGroupPolicy attach::detach_group;
    done DetachRolePolicy attach::detach_role;
    read ListAttachedUserPolicies attach::list_user;
    read ListAttachedGroupPolicies attach::list_group;
    read ListAttachedRolePolicies attach::list_role;
    // inline policies
    done PutUserPolicy inline::put_user;
    done PutGroupPolicy inline::put_group;
    done PutRolePolicy inline::put_role;
    read GetUserPolicy inline::get_user;
    read GetGroupPolicy inline::get_group;
    read GetRolePolicy inline::get_role;
    done DeleteUserPolicy inline::delete_user;
    done DeleteGroupPolicy inline::delete_group;
    done DeleteRolePolicy inline::delete_role;
    read ListUserPolicies inline::list_user;
    read ListGroupPolicies inline::list_group;
    read ListRolePolicies inline::list_role;
    // permissions boundaries
    done PutUserPermissionsBoundary boundary::put_user;
    done PutRolePermissionsBoundary boundary::put_role;
    done DeleteUserPermissionsBoundary boundary::delete_user;
    done DeleteRolePermissionsBoundary boundary::delete_role;
    // access key
    write CreateAccessKey access_key::create;
    read ListAccessKeys access_key::list;
    done UpdateAccessKey access_key::update;
    done DeleteAccessKey access_key::delete;
    read GetAccessKeyLastUsed access_key::last_used;
    // tags
    done TagUser tags::tag_user;
    done TagRole tags::tag_role;
    done TagPolicy tags::tag_policy;
    done UntagUser tags::untag_user;
    done UntagRole tags::untag_role;
    done UntagPolicy tags::untag_policy;
    read ListUserTags tags::list_user;
    read ListRoleTags tags::list_role;
    read ListPolicyTags tags::list_policy;
    // account
    read ListAccountAliases role::list_aliases;
    // simulation
    read SimulateCustomPolicy simulate::custom;
    read SimulatePrincipalPolicy simulate::principal;
}
