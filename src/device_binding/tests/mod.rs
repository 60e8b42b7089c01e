//! Tests of device binding as a whole: a site without a framework, and a browser that does what Chromium 156 was seen
//! to do.
//!
//! `site` answers requests, and `browser` sends them. `life` follows a session through the states of its browser.
//! `thief` has what was copied out of a browser. `races` crosses requests with a registration or a refresh, and
//! `crossings` with the end of a session. `lost_marks` follows sessions that lost their mark in such a race, and
//! `connections` what outlives a request. `limits` shows what the design does not give. `revoked` has lists of
//! revocations and stores, `unsure` has lists that fail between two questions, and `answers` the answers of the route
//! one by one. `mark` shows what an application can do to the mark. `attributes` compares the two texts that tell a
//! browser of the bound cookie, and `vectors` holds the parts to another implementation.

mod answers;
mod attributes;
mod browser;
mod connections;
mod crossings;
mod life;
mod limits;
mod lost_marks;
mod mark;
mod races;
mod revoked;
mod site;
mod thief;
mod unsure;
mod vectors;
