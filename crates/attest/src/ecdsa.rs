//! ECDSA over secp256k1 as the chain knows it.

use alloy_primitives::{Address, B256, b256};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};

/// Half the order of the curve, rounded down. A signature with a higher `s` has a twin with a lower one.
const HALF_ORDER: B256 = b256!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/// Whether `s` is at most half the order of the curve.
pub(crate) fn is_low(s: B256) -> bool {
    s <= HALF_ORDER
}

/// What the precompile ECRECOVER answers: the signer, or none where it answers nothing.
///
/// Like the precompile it takes a high `s`, and no `v` but 27 and 28.
#[must_use]
pub fn recover(digest: B256, v: u8, r: B256, s: B256) -> Option<Address> {
    let odd = match v {
        27 => false,
        28 => true,
        _ => return None,
    };
    // Zero and what is not below the order is refused here.
    let signature = Signature::from_scalars(r.0, s.0).ok()?;
    // The library recovers from the lower twin alone, whose point is the negative.
    let (signature, odd) = signature.normalize_s().map_or((signature, odd), |low| (low, !odd));
    let key = VerifyingKey::recover_from_prehash(digest.as_slice(), &signature, RecoveryId::new(odd, false)).ok()?;
    Some(address(&key)).filter(|signer| !signer.is_zero())
}

/// Signs a digest: `r ‖ s ‖ v`, low `s`, the same bytes every time (RFC 6979).
///
/// None when the key is zero or not below the order of the curve.
#[must_use]
pub fn sign(key: &B256, digest: B256) -> Option<[u8; 65]> {
    let key = SigningKey::from_slice(key.as_slice()).ok()?;
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice()).ok()?;
    // One in 2^127 signatures has an `r` that the chain cannot recover from.
    if recovery.is_x_reduced() {
        return None;
    }
    let mut bytes = [0; 65];
    let (scalars, v) = bytes.split_at_mut(64);
    scalars.copy_from_slice(&signature.to_bytes());
    v.copy_from_slice(&[if recovery.is_y_odd() { 28 } else { 27 }]);
    Some(bytes)
}

/// The address of a key; none when the key is zero or not below the order of the curve.
#[must_use]
pub fn signer(key: &B256) -> Option<Address> {
    SigningKey::from_slice(key.as_slice()).ok().map(|key| address(key.verifying_key()))
}

/// Takes `r ‖ s ‖ v` apart.
pub(crate) fn parts(signature: &[u8; 65]) -> (B256, B256, u8) {
    let [scalars @ .., v] = signature;
    let (r, s) = scalars.split_at(32);
    (B256::from_slice(r), B256::from_slice(s), *v)
}

fn address(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    // The first byte says that the point is not compressed.
    point.as_bytes().split_first().map_or(Address::ZERO, |(_, point)| Address::from_raw_public_key(point))
}
