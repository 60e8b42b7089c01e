//! A GraphQL schema whose resolvers read and write the session. Run `cargo run --bin graphql`.

use async_graphql::{Context, EmptySubscription, Object, Request, Response, Result, Schema};
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use sealed_session::tower::SessionLayer;
use sealed_session::{Error, Session};

type Shop = Schema<Query, Mutation, EmptySubscription>;

#[tokio::main]
async fn main() {
    let manager = recipes::or_exit(recipes::config().build());
    let schema = Schema::new(Query, Mutation, EmptySubscription);
    let router = Router::new().route("/graphql", post(graphql)).with_state(schema).layer(SessionLayer::new(manager));
    recipes::serve(router).await;
}

/// Answers a request in JSON. A form of another site can't send one: `Json` asks for its content type.
async fn graphql(State(shop): State<Shop>, session: Session, Json(request): Json<Request>) -> Json<Response> {
    Json(shop.execute(request.data(session)).await)
}

struct Query;

#[Object]
impl Query {
    /// The name of the user, if somebody is logged in.
    async fn me(&self, context: &Context<'_>) -> Result<Option<String>> {
        session(context)?.get("user_id").map_err(internal)
    }

    /// The goods that the visitor put into the cart.
    async fn cart(&self, context: &Context<'_>) -> Result<Vec<String>> {
        Ok(session(context)?.get("cart").map_err(internal)?.unwrap_or_default())
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn login(&self, context: &Context<'_>, name: String, password: String) -> Result<bool> {
        let is_right = (name.as_str(), password.as_str()) == ("ada", "lovelace"); // in your database
        if is_right {
            log_in(session(context)?, &name).map_err(internal)?;
        }
        Ok(is_right)
    }

    async fn add_to_cart(&self, context: &Context<'_>, item: String) -> Result<Vec<String>> {
        add(session(context)?, item).map_err(internal)
    }

    async fn logout(&self, context: &Context<'_>) -> Result<bool> {
        session(context)?.destroy();
        Ok(true)
    }
}

/// Returns the session that the handler put into the request.
fn session<'c>(context: &Context<'c>) -> Result<&'c Session> {
    context.data::<Session>()
}

fn log_in(session: &Session, name: &str) -> Result<(), Error> {
    session.regenerate()?;
    session.set("user_id", name)?;
    Ok(())
}

fn add(session: &Session, item: String) -> Result<Vec<String>, Error> {
    let mut cart: Vec<String> = session.get("cart")?.unwrap_or_default();
    cart.push(item);
    session.set("cart", &cart)?;
    Ok(cart)
}

/// Makes the error that the client gets. `?` alone would send the text of ours, which names keys of the session.
fn internal(error: impl Into<Error>) -> async_graphql::Error {
    eprintln!("{}", error.into());
    async_graphql::Error::new("internal error")
}
