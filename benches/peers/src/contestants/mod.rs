//! Every contestant. The first is this crate, and the second is its floor.

mod actix;
mod bare;
mod cookie_rs;
mod floor;
pub mod ours;
mod seshcookie;
mod tideway;
mod tower_sessions;

use crate::contestant::Contestant;

pub fn all() -> Vec<Box<dyn Contestant>> {
    vec![
        Box::new(ours::Ours),
        Box::new(floor::ItsFloor),
        Box::new(cookie_rs::PrivateJar),
        Box::new(seshcookie::Seshcookie),
        Box::new(tower_sessions::CookieStore),
        Box::new(actix::ActixSession),
        Box::new(tideway::Tideway),
        Box::new(actix::OursInActix),
        Box::new(bare::Tower),
        Box::new(bare::Extension),
        Box::new(bare::Actix),
    ]
}
