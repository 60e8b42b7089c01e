//! This library is empty, since a package needs one. The tests are in tests/real_crates.
