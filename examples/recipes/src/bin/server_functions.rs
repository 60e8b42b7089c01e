//! Server functions of Leptos that read and write the session: the half of the server. Run
//! `cargo run --bin server_functions`.

use axum::Router;
use axum::routing::{get, post};
use leptos::prelude::*;
use leptos_axum::{extract, handle_server_fns, render_app_async};
use sealed_session::tower::SessionLayer;
use sealed_session::{Error, Session};

#[tokio::main]
async fn main() {
    let manager = recipes::or_exit(recipes::config().build());
    recipes::or_exit(any_spawner::Executor::init_tokio()); // in an application, `generate_route_list` does this
    let router = Router::new()
        .route("/", get(render_app_async(Page)))
        .route("/api/{*name}", post(handle_server_fns))
        .layer(SessionLayer::new(manager));
    recipes::serve(router).await;
}

/// A page that is rendered on the server, where it calls the server function without a request of its own.
#[component]
fn Page() -> impl IntoView {
    let greet = |me: &Result<Option<String>, ServerFnError>| match me {
        Ok(Some(name)) => format!("Hello, {name}."),
        _ => "Hello, stranger.".to_owned(),
    };
    view! { <Await future=me() blocking=true let:me><p>{greet(me)}</p></Await> }
}

#[server(endpoint = "me")]
async fn me() -> Result<Option<String>, ServerFnError> {
    let session: Session = extract().await?;
    session.get("user_id").map_err(internal)
}

#[server(endpoint = "login")]
async fn login(name: String, password: String) -> Result<bool, ServerFnError> {
    let is_right = (name.as_str(), password.as_str()) == ("ada", "lovelace"); // in your database
    if is_right {
        let session: Session = extract().await?;
        log_in(&session, &name).map_err(internal)?;
    }
    Ok(is_right)
}

#[server(endpoint = "logout")]
async fn logout() -> Result<(), ServerFnError> {
    let session: Session = extract().await?;
    session.destroy();
    leptos_axum::redirect("/");
    Ok(())
}

fn log_in(session: &Session, name: &str) -> Result<(), Error> {
    session.regenerate()?;
    session.set("user_id", name)?;
    Ok(())
}

/// Makes the error that the client gets. `?` alone would send the text of ours, which names keys of the session.
fn internal(error: impl Into<Error>) -> ServerFnError {
    eprintln!("{}", error.into());
    ServerFnError::ServerError("internal error".into())
}
