//! Every adapter passes the same checks. Each framework has the same small application, which the tests call in memory.
//! An adapter is tested if its feature is on, so `cargo test --all-features` runs all of them.
#![cfg(any(feature = "axum", feature = "actix-web", feature = "rocket"))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]

#[cfg(feature = "actix-web")]
mod actix;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "axum")]
mod bearer;
#[cfg(feature = "dbsc")]
mod binding;
mod checks;
mod common;
mod errors;
#[path = "../helpers/mod.rs"]
mod helpers;
#[cfg(feature = "rocket")]
mod rocket;
mod several;

/// Makes a test of each check in the module of each framework. The checks of the first list also run with a store and a
/// list of revocations.
macro_rules! contract {
    ($($check:ident)* ; $($of_backends:ident)*) => {
        macro_rules! framework {
            ($framework:ident) => {
                $(#[test]
                fn $check() {
                    crate::checks::$check(&crate::$framework::send);
                })*
                $(#[test]
                fn $of_backends() {
                    crate::checks::$of_backends(&crate::$framework::send);
                })*
                mod with_backends {
                    $(#[test]
                    fn $check() {
                        crate::common::be(crate::common::with_backends());
                        crate::checks::$check(&crate::$framework::send);
                    })*
                }
            };
        }
    };
}

contract! {
    a_session_nobody_looks_at_adds_no_header
    a_session_that_is_read_varies_by_cookie_and_sends_none
    a_change_is_sealed_and_kept_from_caches
    what_the_handler_says_of_caching_stands
    the_cookie_comes_back_whichever_header_it_is_in
    a_handler_that_fails_keeps_its_changes
    a_logout_deletes
    a_session_that_can_not_be_kept_is_an_empty_500_and_no_cookie
    the_application_may_answer_that_in_its_own_way
    a_typed_session_is_read_and_saved
    values_of_another_type_are_an_empty_500_and_stay
    an_error_of_a_handler_is_an_empty_500_and_its_reason_is_in_the_log
    a_handler_without_an_error_answers_as_it_wants
    a_route_without_a_layer_is_a_500_that_says_why_to_the_log_and_to_the_developer
    what_must_be_sent_makes_a_shared_response_private_and_is_told_in_the_log
    a_layer_inside_of_another_one_leaves_the_commit_to_it
    a_response_to_an_error_or_to_a_panic_keeps_what_was_set
    ;
    a_route_that_is_polled_keeps_no_session_alive
    an_extension_waits_for_a_response_that_is_not_shared
    a_new_key_waits_for_a_response_that_is_not_shared
    a_stream_that_is_the_first_to_look_gets_its_headers
    a_change_in_a_stream_is_lost_and_told_once
    a_change_in_a_task_is_lost_and_told_once
    what_a_backend_keeps_is_kept_by_a_commit_in_a_stream
    a_commit_in_a_stream_gives_the_clients_cookie_no_longer_life
    what_needs_a_cookie_is_too_late_for_a_commit_in_a_stream
    a_layer_inside_of_another_one_asks_no_backend_again
    a_handler_that_ran_is_not_answered_for
    values_of_another_type_begin_anew_on_request
    the_values_go_to_the_store_before_the_cookie_goes_out
    a_logout_ends_every_copy_of_the_cookie
    a_store_that_fails_gives_an_empty_session_in_which_nothing_can_be_kept
    a_store_that_fails_is_an_error_without_a_handler_on_request
    a_session_that_another_request_ended_is_an_empty_409
}

/// Makes a test of each check of device binding in the module of each framework.
#[cfg(feature = "dbsc")]
macro_rules! binding {
    ($framework:ident: $($check:ident)*) => {
        mod binding {
            $(#[test]
            fn $check() {
                crate::binding::$check(&crate::$framework::send);
            })*
        }
    };
    ($framework:ident) => {
        binding! { $framework:
            a_login_is_offered_a_binding_and_the_session_is_bound_and_refreshed
            a_link_on_another_site_to_a_stale_session_is_bounced_without_a_handler
            other_requests_to_the_route_are_the_applications
            a_store_that_fails_is_a_503_at_the_route_whatever_the_application_answers
        }
    };
}

mod tests {
    #[cfg(feature = "axum")]
    mod axum {
        framework!(axum);
        #[cfg(feature = "dbsc")]
        binding!(axum);
    }
    #[cfg(feature = "actix-web")]
    mod actix_web {
        framework!(actix);
        #[cfg(feature = "dbsc")]
        binding!(actix);
    }
    #[cfg(feature = "rocket")]
    mod rocket {
        framework!(rocket);
        #[cfg(feature = "dbsc")]
        binding!(rocket);
    }
}
