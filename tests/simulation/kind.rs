//! Names the kinds of requests.

/// The deed of a request, or of an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    WriteA,
    WriteB,
    /// Stores more than a cookie holds.
    Grow,
    /// Removes that again.
    Shrink,
    /// Regenerates and sets this user.
    Login(u8),
    /// The same, with a call of `begin_login` before the handler looks whether the user is banned.
    StrictLogin(u8),
    /// Sets this user and keeps the id, as an application that forgets to regenerate.
    LoginKeep(u8),
    /// Destroys the session and logs this user in.
    Relogin(u8),
    /// Regenerates a session that came.
    Renew,
    /// Regenerates and writes, if somebody is logged in.
    StepUp,
    /// Regenerates and makes it the session of user 2, if somebody is logged in.
    Switch,
    /// Makes it the session of user 2 under the same id, if somebody is logged in.
    SwitchKeep,
    Logout,
    /// Destroys a session for which the backends were not asked.
    LogoutUnasked,
    /// "Log out my other devices", if somebody is logged in.
    Others,
    /// Revokes user 1, from outside.
    Reset,
    /// Notes that user 1 is banned, then revokes him.
    Ban,
    /// Revokes the id of the session that there was at the start, from outside.
    Kill,
}

impl Kind {
    pub(crate) fn is_login(self) -> bool {
        matches!(self, Self::Login(_) | Self::StrictLogin(_) | Self::Relogin(_))
    }

    /// Returns the user whose session it becomes.
    pub(crate) fn user(self) -> Option<u8> {
        match self {
            Self::Login(user) | Self::StrictLogin(user) | Self::LoginKeep(user) | Self::Relogin(user) => Some(user),
            Self::Switch | Self::SwitchKeep => Some(2),
            _ => None,
        }
    }

    /// Returns true when the request comes from no browser.
    pub(crate) fn is_from_outside(self) -> bool {
        matches!(self, Self::Reset | Self::Ban | Self::Kill)
    }

    /// Returns true when the session becomes another subject's under the id that it had.
    pub(crate) fn keeps_id_for_another(self) -> bool {
        matches!(self, Self::LoginKeep(_) | Self::SwitchKeep)
    }

    /// Returns the name of this kind in the story.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Read => "read".to_owned(),
            Self::WriteA => "write a".to_owned(),
            Self::WriteB => "write b".to_owned(),
            Self::Grow => "grow".to_owned(),
            Self::Shrink => "shrink".to_owned(),
            Self::Login(user) => format!("login as {user}"),
            Self::StrictLogin(user) => format!("begin_login as {user}"),
            Self::LoginKeep(user) => format!("login as {user}, same id"),
            Self::Relogin(user) => format!("destroy, login as {user}"),
            Self::Renew => "renew".to_owned(),
            Self::StepUp => "renew and write a".to_owned(),
            Self::Switch => "become 2".to_owned(),
            Self::SwitchKeep => "become 2, same id".to_owned(),
            Self::Logout => "logout".to_owned(),
            Self::LogoutUnasked => "logout by load".to_owned(),
            Self::Others => "log out others".to_owned(),
            Self::Reset => "revoke subject 1".to_owned(),
            Self::Ban => "ban 1".to_owned(),
            Self::Kill => "revoke id".to_owned(),
        }
    }
}
