//! Which function carries out which operation of Service Quotas.

use super::route;
use crate::api::service_quotas;

route! { Quotas quotas
    read ListServices service_quotas::list_services;
    read ListServiceQuotas service_quotas::list;
    read GetServiceQuota service_quotas::get;
    read ListAWSDefaultServiceQuotas service_quotas::list_defaults;
    read GetAWSDefaultServiceQuota service_quotas::get_default;
}
