//! The slot of a key, as the specification of Redis Cluster computes it.

/// The number of slots of a cluster.
pub(super) const SLOTS: u16 = 16384;

/// Returns the slot of a key: the CRC16 (XMODEM) of the key, or of what stands between its first `{` and the next `}`
/// if that is not empty.
pub(super) fn slot(key: &[u8]) -> u16 {
    let tag = key.iter().position(|&byte| byte == b'{').and_then(|open| {
        let rest = key.get(open.checked_add(1)?..)?;
        let close = rest.iter().position(|&byte| byte == b'}')?;
        rest.get(..close).filter(|tag| !tag.is_empty())
    });
    let crc = tag.unwrap_or(key).iter().fold(0_u16, |crc, &byte| {
        (0..8).fold(
            crc ^ (u16::from(byte) << 8),
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            },
        )
    });
    crc % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are what `CLUSTER KEYSLOT` of Redis 7.0.15 answers; 12739 is the example of the specification.
    #[test]
    fn slots_are_those_of_redis() {
        for (key, expected) in [
            ("123456789", 12739),
            ("", 0),
            ("foo", 12182),
            ("{user1000}.following", 3443),
            ("user1000", 3443),
            ("foo{}{bar}", 8363),
            ("foo{{bar}}zap", 4015),
            ("foo{bar}{zap}", 5061),
            ("bar", 5061),
            ("{", 4092),
        ] {
            assert_eq!(slot(key.as_bytes()), expected, "{key}");
        }
    }
}
