//! The ways to seal.

use std::rc::Rc;

use aes::cipher::BlockCipherEncrypt;
use aes::cipher::consts::U12;
use aes::{Aes256, Aes256Enc};
use aes_gcm::AesGcm;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aws_lc_rs::{aead, cipher, cmac as aws_cmac};
use cmac::{Cmac, Mac};
use xaes_256_gcm::Xaes256Gcm;
use zeroize::Zeroizing;

/// Seals a message in place, and returns the tag.
pub type Way = Rc<dyn Fn(&mut [u8]) -> [u8; 16]>;

const KEY: [u8; 32] = *b"thirty-two bytes that are no key";
const NONCE: [u8; 24] = *b"a nonce of no importance";
const AAD: [u8; 16] = [3; 16];

/// The end of the name of a way that does only a part of the work.
pub const PART: &str = "alone";

pub fn all() -> Vec<(&'static str, Way)> {
    let (aes, k1, cmac) = (Aes256Enc::new(&KEY.into()), k1(), <Cmac<Aes256Enc> as KeyInit>::new(&KEY.into()));
    let xaes = Xaes256Gcm::new(&KEY.into());
    let by_crate: Way =
        Rc::new(move |message| xaes.encrypt_inout_detached((&NONCE).into(), &AAD, message.into()).unwrap().into());
    let by_cmac = move || key(|block| *block = cmac.clone().chain_update(&*block).finalize().into_bytes().into());
    let by_blocks = move || {
        key(|block| {
            block.iter_mut().zip(&k1).for_each(|(byte, k1)| *byte ^= k1);
            aes.encrypt_block(block.into());
        })
    };
    let aws_key = aws_cmac::Key::new(aws_cmac::AES_256, &KEY).unwrap();
    let by_aws_cmac =
        move || key(|block| *block = aws_cmac::sign(&aws_key, block).unwrap().as_ref().try_into().unwrap());
    let unbound = cipher::UnboundCipherKey::new(&cipher::AES_256, &KEY).unwrap();
    let aws_aes = cipher::EncryptingKey::ecb(unbound).unwrap();
    let by_aws_blocks = move || {
        let mut key = key(|block| block.iter_mut().zip(&k1).for_each(|(byte, k1)| *byte ^= k1));
        aws_aes.encrypt(&mut *key).unwrap();
        key
    };
    let of_blocks = by_blocks.clone();
    vec![
        ("the crate `xaes-256-gcm`", by_crate),
        ("two AES blocks, and AES-GCM with both key schedules", way(of_blocks, gcm::<Aes256>)),
        ("two AES blocks, and AES-GCM with the schedule for encryption", way(by_blocks, gcm::<Aes256Enc>)),
        ("the crate `cmac`, and AES-GCM with the schedule for encryption", way(by_cmac, gcm::<Aes256Enc>)),
        ("AWS-LC's CMAC, and its AES-GCM", way(by_aws_cmac, aws_gcm)),
        ("AWS-LC's AES for two blocks, and its AES-GCM", way(by_aws_blocks, aws_gcm)),
        ("AWS-LC's AES-GCM with a new key, alone", way(|| Zeroizing::new(KEY), aws_gcm)),
    ]
}

fn way(
    derive: impl Fn() -> Zeroizing<[u8; 32]> + 'static,
    seal: impl Fn(&[u8; 32], &mut [u8]) -> [u8; 16] + 'static,
) -> Way {
    Rc::new(move |message| seal(&derive(), message))
}

/// Returns K1 of CMAC: AES of the zero block, doubled (SP 800-38B section 6.1).
fn k1() -> [u8; 16] {
    let mut block = [0; 16].into();
    Aes256Enc::new(&KEY.into()).encrypt_block(&mut block);
    let number = u128::from_be_bytes(block.into());
    ((number << 1) ^ if number >> 127 == 1 { 0x87 } else { 0 }).to_be_bytes()
}

/// Makes the key of a message of two blocks, each of which `mac` replaces by its CMAC.
fn key(mut mac: impl FnMut(&mut [u8; 16])) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    for (counter, half) in (1..).zip(key.as_chunks_mut().0) {
        half[..4].copy_from_slice(&[0, counter, b'X', 0]);
        half[4..].copy_from_slice(&NONCE[..12]);
        mac(half);
    }
    key
}

fn gcm<Aes>(key: &[u8; 32], message: &mut [u8]) -> [u8; 16]
where
    AesGcm<Aes, U12>:
        AeadInOut<NonceSize = U12, TagSize = aes::cipher::consts::U16> + KeyInit<KeySize = aes::cipher::consts::U32>,
{
    let nonce: &[u8; 12] = NONCE.last_chunk().unwrap();
    AesGcm::<Aes, U12>::new(key.into()).encrypt_inout_detached(nonce.into(), &AAD, message.into()).unwrap().into()
}

fn aws_gcm(key: &[u8; 32], message: &mut [u8]) -> [u8; 16] {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key).unwrap());
    let nonce = aead::Nonce::try_assume_unique_for_key(&NONCE[12..]).unwrap();
    let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(&AAD), message).unwrap();
    tag.as_ref().try_into().unwrap()
}
