//! Drives each program over TCP, as its clients do.

mod axum_login;
mod browser;
mod connections;
mod email_link;
mod graphql;
mod openid_connect;
mod pages;
mod program;
mod provider;
mod server_functions;
