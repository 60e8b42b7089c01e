//! Services without a session. The HTTP level is measured as the time over theirs.

use std::sync::{Arc, LazyLock};

use actix_web::{HttpResponse, web};
use tower::service_fn;

use crate::contestant::{COOKIE_NAME, Case, Contestant, What, header};
use crate::contestants::{actix, ours};
use crate::http::{self, Request, answer};
use crate::workloads::Workload;

pub struct Tower;

/// A layer that hands something to the handler by the request's extensions. Any such layer costs as much.
pub struct Extension;

pub struct Actix;

/// Returns the Cookie header that the requests of the other contestants carry too.
fn cookie(workload: &Workload) -> String {
    let manager = ours::manager(ours::KEY);
    let value = manager.codec().encode(&ours::session(manager.codec(), workload.map())).unwrap();
    header(&format!("{COOKIE_NAME}={value}"))
}

impl Contestant for Tower {
    fn name(&self) -> &'static str {
        "no layer (tower)"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let cookie = cookie(workload);
        let service = service_fn(async |request: Request| answer(request));
        vec![http::case(What::HttpUntouched, &cookie, service)]
    }
}

impl Contestant for Extension {
    fn name(&self) -> &'static str {
        "an extension and no session (tower)"
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let cookie = cookie(workload);
        let service = service_fn(async |mut request: Request| {
            request.extensions_mut().insert(Arc::clone(&SOMETHING));
            answer(request)
        });
        vec![http::case(What::HttpUntouched, &cookie, service)]
    }
}

static SOMETHING: LazyLock<Arc<str>> = LazyLock::new(|| "something".into());

impl Contestant for Actix {
    fn name(&self) -> &'static str {
        "no layer (actix-web)"
    }

    fn bare(&self) -> &'static str {
        self.name()
    }

    fn cases(&self, workload: &'static Workload) -> Vec<Case> {
        let app = actix_web::App::new().route("/", web::get().to(HttpResponse::Ok));
        vec![actix::case(What::HttpUntouched, &cookie(workload), app)]
    }
}
