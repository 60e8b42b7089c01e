//! Holds [`Content`], the session as a struct, as a handler would declare it.

use serde::{Deserialize, Serialize};

/// The values of all four workloads. Each workload lacks some of them.
#[derive(Deserialize, Serialize, Default, Clone, PartialEq, Debug)]
#[serde(default)]
pub struct Content {
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flash: Option<Flash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cart: Vec<Item>,
}

#[derive(Deserialize, Serialize, Clone, PartialEq, Debug)]
struct Flash {
    level: String,
    message: String,
}

#[derive(Deserialize, Serialize, Clone, PartialEq, Debug)]
struct Address {
    name: String,
    line1: String,
    city: String,
    post: String,
    country: String,
}

#[derive(Deserialize, Serialize, Clone, PartialEq, Debug)]
struct Item {
    sku: String,
    name: String,
    qty: u32,
    price: u32,
    gift: bool,
}

impl Content {
    /// Returns the workload as a struct, and checks that the struct has all of it.
    pub fn of(workload: &crate::workloads::Workload) -> Self {
        let map = workload.map();
        let content: Self = serde_json::from_value(map.clone().into()).unwrap();
        assert_eq!(serde_json::to_value(&content).unwrap(), serde_json::Value::Object(map));
        content
    }

    pub fn user_id(&self) -> &str {
        &self.user_id
    }
}
