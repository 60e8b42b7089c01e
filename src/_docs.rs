//! The pages of the folder `docs/`, for readers of docs.rs. They are no part of the API: no compiler ever sees this
//! module.

// A page links to others by references, such as `[stores.md]`, and defines them at its end, for readers of the file.
// For rustdoc, these definitions stand before the page. In Markdown the first definition of a reference counts.
macro_rules! links {
    () => {
        concat!(
            "[README.md]: crate\n",
            "[SECURITY.md]: crate::_docs::security\n",
            "[architecture.md]: crate::_docs::architecture\n",
            "[cli.md]: crate::_docs::cli\n",
            "[coming-from.md]: crate::_docs::coming_from\n",
            "[connections.md]: crate::_docs::recipe_connections\n",
            "[device-bound.md]: crate::_docs::device_bound\n",
            "[docs/device-bound.md]: crate::_docs::device_bound\n",
            "[docs/logout.md]: crate::_docs::logout\n",
            "[docs/stores.md]: crate::_docs::stores\n",
            "[docs/stores.md#a-list-that-is-asked-less-often]: crate::_docs::stores#a-list-that-is-asked-less-often\n",
            "[edge.md]: crate::_docs::edge\n",
            "[errors.md]: crate::_docs::errors\n",
            "[frameworks.md]: crate::_docs::frameworks\n",
            "[lifetime.md]: crate::_docs::lifetime\n",
            "[logout.md]: crate::_docs::logout\n",
            "[managers.md]: crate::_docs::managers\n",
            "[migrating.md]: crate::_docs::migrating\n",
            "[observability.md]: crate::_docs::observability\n",
            "[operations.md]: crate::_docs::operations\n",
            "[performance.md]: crate::_docs::performance\n",
            "[soak.md]: crate::_docs::soak\n",
            "[stores.md]: crate::_docs::stores\n",
            "[stores.md#after-the-response]: crate::_docs::stores#after-the-response\n",
            "[values.md]: crate::_docs::values\n",
            "[wire-format.md]: crate::_docs::wire_format\n",
            "[CHANGELOG.md]: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/blob/main/CHANGELOG.md\n",
            "[CONTRIBUTING.md]: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/blob/main/CONTRIBUTING.md\n",
            "[benches/workloads]: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/tree/main/benches/workloads\n",
            "[examples/demo.rs]: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/blob/main/examples/demo.rs\n",
            "[examples/live_keys/key_watch.rs]: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/blob/main/examples/live_keys/key_watch.rs\n",
            "[examples/metrics.rs]: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/blob/main/examples/metrics.rs\n",
            "[performance.svg]: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/raw/main/docs/performance.svg\n",
            "\n"
        )
    };
}

// A page and its module. `programs` says when the page's programs are doctests: `always`, or with some features.
// Without it they are none, because another package compiles them or because they need what a test does not have.
macro_rules! page {
    ($name:ident, $path:literal, programs: always) => {
        #[doc = links!()]
        #[doc = include_str!($path)]
        pub mod $name {}
    };
    ($name:ident, $path:literal, programs: $($feature:literal),+) => {
        #[cfg(any(not(doctest), all($(feature = $feature),+)))]
        page!($name, $path, programs: always);
    };
    ($name:ident, $path:literal) => {
        #[cfg(not(doctest))]
        page!($name, $path, programs: always);
    };
}

page!(architecture, "../docs/architecture.md");
page!(cli, "../docs/cli.md");
page!(coming_from, "../docs/coming-from.md");
page!(device_bound, "../docs/device-bound.md", programs: "axum", "dbsc");
page!(edge, "../docs/edge.md");
page!(errors, "../docs/errors.md", programs: "actix-web", "axum", "rocket");
page!(frameworks, "../docs/frameworks.md");
page!(lifetime, "../docs/lifetime.md", programs: always);
page!(logout, "../docs/logout.md", programs: always);
page!(managers, "../docs/managers.md", programs: "axum");
page!(migrating, "../docs/migrating.md", programs: "actix-web", "axum", "rocket");
page!(observability, "../docs/observability.md");
page!(operations, "../docs/operations.md");
page!(performance, "../docs/performance.md");
page!(recipe_axum_login, "../docs/recipes/axum-login.md"); // examples/recipes has the programs of the recipes
page!(recipe_connections, "../docs/recipes/connections.md");
page!(recipe_email_link, "../docs/recipes/email-link.md");
page!(recipe_graphql, "../docs/recipes/graphql.md");
page!(recipe_openid_connect, "../docs/recipes/openid-connect.md");
page!(recipe_server_functions, "../docs/recipes/server-functions.md");
page!(security, "../SECURITY.md");
page!(soak, "../docs/soak.md");
page!(stores, "../docs/stores.md", programs: always);
page!(testing, "../docs/testing.md", programs: "axum", "test-util");
page!(values, "../docs/values.md", programs: always);
page!(wire_format, "../docs/wire-format.md");

/// Makes the programs of the README doctests.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
pub mod readme {}
