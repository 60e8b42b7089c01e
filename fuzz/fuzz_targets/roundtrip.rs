//! Checks that any session that can be stored is sealed and comes back the same, unless it is too large or not valid
//! now. The target computes sizes and times itself, by docs/wire-format.md, sections 1 and 7.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use sealed_session::{Codec, DecodeError, EncodeError, SessionConfig, SessionData, SessionId, Timeout, ValueError};
use sealed_session_fuzz::{
    EntryKey, FIRST_KEY, Json, Never, Pairs, Unserializable, at, entries_len, key, set_cookie_overhead, store,
    value_len,
};

#[derive(Arbitrary, Debug)]
struct Input {
    id: [u8; 16],
    /// The three times of the session. They may be in the wrong order, which must be refused.
    times: [Moment; 3],
    now: Moment,
    cut_off: Moment,
    clock_skew: u16,
    absolute_timeout: u64,
    schema: u8,
    other_schema: bool,
    persistent: bool,
    padding_block: u16,
    max_cookie_bytes: u16,
    name_len: u8,
    entries: Vec<Entry>,
}

impl Input {
    fn padding_block(&self) -> usize {
        usize::from(self.padding_block % 1024) + 1
    }
}

/// A time. It is often near the others, or near an end of the range.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Moment {
    Early(u8),
    Usual(u8),
    Late(u8),
    Any(u64),
}

impl Moment {
    fn seconds(self) -> u64 {
        match self {
            Self::Early(seconds) => u64::from(seconds),
            Self::Usual(seconds) => 1_700_000_000 + u64::from(seconds),
            Self::Late(seconds) => MAX - u64::from(seconds),
            Self::Any(seconds) => seconds & MAX,
        }
    }
}

#[derive(Arbitrary, Debug)]
enum Entry {
    Data(EntryKey, Json),
    Flash(EntryKey, Json),
    Discard(EntryKey),
    TakeNone(EntryKey),
    Fail(EntryKey),
}

const MAX: u64 = (1 << 40) - 1;

fn fill(session: &mut SessionData, entries: &[Entry]) -> [Pairs; 2] {
    let (mut data, mut flash) = (Pairs::new(), Pairs::new());
    for entry in entries {
        match entry {
            Entry::Data(key, value) => {
                let key = key.text();
                assert_eq!(session.set(&key, value), store(&mut data, &flash, &key, value));
            }
            Entry::Flash(key, value) => {
                let key = key.text();
                assert_eq!(session.set_flash(&key, value), store(&mut flash, &data, &key, value));
            }
            Entry::Discard(key) => {
                let key = key.text();
                let before = data.len();
                data.retain(|(known, _)| *known != key);
                assert_eq!(session.discard(&key), data.len() != before);
            }
            Entry::TakeNone(key) => {
                let key = key.text();
                // `Never` can be read from no JSON text, so the flash value stays.
                let taken = session.take_flash::<Never>(&key);
                assert_eq!(taken.is_err(), flash.iter().any(|(known, _)| *known == key));
            }
            Entry::Fail(key) => {
                let key = key.text();
                assert_eq!(session.set(&key, Unserializable), Err(ValueError::Serialize { key }));
            }
        }
    }
    [data, flash]
}

fn check_content(session: &SessionData, content: &[Pairs; 2]) {
    let own = |(key, json): (&str, &str)| (key.to_owned(), json.to_owned());
    assert_eq!(session.entries().map(own).collect::<Pairs>(), content[0]);
    assert_eq!(session.flash().map(own).collect::<Pairs>(), content[1]);
    assert_eq!(session.len(), content[0].len());
}

/// Returns the rules that a session breaks at `now`.
fn broken(input: &Input, times: [u64; 3], absolute: u64) -> Vec<&'static str> {
    let [created_at, issued_at, expires_at] = times.map(i128::from);
    let now = i128::from(input.now.seconds());
    let rules = [
        (issued_at > now + i128::from(input.clock_skew), "not_yet_valid"),
        // No session lives past the last time of the format, where both timeouts end.
        (now >= (created_at + i128::from(absolute)).min(i128::from(MAX)), "expired_absolute"),
        (now >= expires_at, "expired_idle"),
        (created_at < i128::from(input.cut_off.seconds()), "before_cutoff"),
        (input.other_schema, "unsupported_schema"),
    ];
    rules.iter().filter(|(is_broken, _)| *is_broken).map(|(_, name)| *name).collect()
}

fn check_refusal(reason: DecodeError, input: &Input, times: [u64; 3]) {
    let now = at(input.now.seconds());
    match reason {
        DecodeError::NotYetValid { now: found, issued_at } => assert_eq!((found, issued_at), (now, at(times[1]))),
        DecodeError::Expired { timeout: Timeout::Idle, now: found, expires_at } => {
            assert_eq!((found, expires_at), (now, at(times[2])));
        }
        DecodeError::Expired { now: found, expires_at, .. } => assert!(found == now && expires_at <= now),
        DecodeError::BeforeCutoff { created_at, not_before } => {
            assert_eq!((created_at, not_before), (at(times[0]), at(input.cut_off.seconds())));
        }
        DecodeError::UnsupportedSchema { schema } => assert_eq!(schema, input.schema),
        other => panic!("{other:?}"),
    }
}

/// Seals a session and returns the value. `None` when the session is too large, and the error said so rightly.
fn encode(codec: &Codec, session: &SessionData, content: &[Pairs; 2], input: &Input) -> Option<String> {
    let chars = value_len(entries_len(content.iter().flatten()), input.padding_block());
    let around = set_cookie_overhead(codec.cookie_name());
    let limit = usize::from(input.max_cookie_bytes).min(4096 - codec.cookie_name().len() + around);
    match codec.encode(session) {
        Ok(value) => {
            assert!(around + chars <= limit, "{chars} {limit}");
            assert_eq!(value.len(), chars);
            Some(value)
        }
        Err(EncodeError::TooLarge { size, limit: found, largest }) => {
            assert!(size > limit && size == around + chars && found == limit, "{size} {found} {chars} {limit}");
            let mut sizes: Vec<_> = content.iter().flatten().map(|(key, json)| 3 + key.len() + json.len()).collect();
            sizes.sort_by_key(|size| std::cmp::Reverse(*size));
            sizes.truncate(3);
            assert_eq!(largest.iter().map(|(_, size)| *size).collect::<Vec<_>>(), sizes);
            None
        }
        Err(other) => panic!("{other:?}"),
    }
}

fuzz_target!(|input: Input| {
    let now = at(input.now.seconds());
    let absolute = input.absolute_timeout.clamp(1, MAX);
    let padding_block = input.padding_block();
    let name = "n".repeat(usize::from(input.name_len).max(1));
    let config = |schema: u8| {
        SessionConfig::new(key(FIRST_KEY))
            .clock(move || now)
            .cookie_name(&name)
            .clock_skew(Duration::from_secs(input.clock_skew.into()))
            .idle_timeout(Duration::from_secs(1))
            .absolute_timeout(Duration::from_secs(absolute))
            .not_before(at(input.cut_off.seconds()))
            .padding_block(padding_block)
            .max_cookie_bytes(input.max_cookie_bytes.into())
            .schema(schema)
    };
    let manager = match config(input.schema).build() {
        Ok(manager) => manager,
        Err(error) => {
            let smallest = set_cookie_overhead(&name) + value_len(0, padding_block);
            assert_eq!(error.problems().len(), 1);
            assert_eq!(error.problems()[0].setting(), "max_cookie_bytes");
            assert!(smallest > input.max_cookie_bytes.into());
            return;
        }
    };
    let codec = manager.codec();
    let other_schema = input.schema.wrapping_add(1);
    let reader =
        if input.other_schema { config(other_schema).build().expect("good settings") } else { manager.clone() };

    let mut session = codec.create().expect("an id");
    session.set_id(SessionId::from_bytes(input.id));
    session.set_schema(input.schema);
    session.set_persistent(input.persistent);
    let times = input.times.map(Moment::seconds);
    let set = session.set_times(at(times[0]), at(times[1]), at(times[2]));
    assert_eq!(set, if times.is_sorted() { Ok(()) } else { Err(EncodeError::TimesOutOfOrder) });
    if set.is_err() {
        return;
    }
    let content = fill(&mut session, &input.entries);
    check_content(&session, &content);

    let Some(value) = encode(codec, &session, &content, &input) else { return };
    assert!(value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    if input.other_schema {
        let error = EncodeError::Schema { found: input.schema, expected: other_schema };
        assert_eq!(reader.codec().encode(&session), Err(error));
    }
    let loaded = reader.load([format!("{}={value}", codec.cookie_name())]);
    let broken = broken(&input, times, absolute);
    match reader.codec().decode(&value) {
        Ok(read) => {
            assert!(broken.is_empty(), "{broken:?}");
            assert_eq!(read, session);
            check_content(&read, &content);
            let again = codec.encode(&read).expect("it was sealed before");
            assert!(again.len() == value.len() && again != value);
            assert_eq!(loaded.snapshot(), Ok(session));
        }
        Err(reason) => {
            assert!(broken.contains(&reason.as_str()), "{reason:?} {broken:?}");
            check_refusal(reason, &input, times);
            assert_eq!(loaded.rejected(), Some(reason));
        }
    }
});
