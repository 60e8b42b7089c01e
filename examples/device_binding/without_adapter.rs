//! Device binding in a framework for which there is no adapter: three calls around the handler. Feature `dbsc`.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use sealed_session::{BindingAnswer, BindingRequest, DeviceBinding, Session, SessionConfig, SessionManager};

const PATH: &str = "/device-binding";

/// Turns device binding on.
pub(crate) fn configure(config: SessionConfig) -> SessionConfig {
    config.device_binding(DeviceBinding::new().path(PATH))
}

/// Answers a request before the handler, if it is one to the route, or a link on another site to a session that has to
/// be refreshed first.
pub(crate) async fn answer(
    manager: &SessionManager,
    session: &Session,
    (method, path, headers): (&Method, &str, &HeaderMap),
) -> Option<Response> {
    let binding = BindingRequest::from_headers(|name| headers.get(name).and_then(|value| value.to_str().ok()));
    match (method, path) {
        (&Method::POST, PATH) => Some(response(&manager.answer_binding(session, &binding).await)),
        (&Method::GET, _) => manager.binding_bounce(session, &binding).as_ref().map(response),
        _ => None,
    }
}

/// Adds the offer to the response to a login, after the commit.
pub(crate) fn offer(manager: &SessionManager, session: &Session, headers: &mut HeaderMap) {
    if let Some((name, value)) = manager.binding_offer(session)
        && let Ok(value) = HeaderValue::try_from(value)
    {
        headers.append(name, value);
    }
}

fn response(answer: &BindingAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body().to_owned()).into_response();
    response.headers_mut().clear(); // the type of the body is among the answer's headers
    for (name, value) in answer.headers() {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
