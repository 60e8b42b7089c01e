//! The content of every workload as one struct, as an application would declare it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Content {
    address: Option<Address>,
    cart: Vec<Item>,
    csrf_token: Option<String>,
    currency: Option<String>,
    flash: Option<Flash>,
    locale: Option<String>,
    login_at: Option<u64>,
    return_to: Option<String>,
    role: Option<String>,
    roles: Vec<String>,
    tenant_id: Option<u64>,
    user_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Address {
    name: String,
    line1: String,
    city: String,
    post: String,
    country: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Item {
    sku: String,
    name: String,
    qty: u32,
    price: u32,
    gift: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Flash {
    level: String,
    message: String,
}
