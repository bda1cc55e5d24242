//! What a WebAssembly host calls: `take` memory, write the question there, `answer`, read, `give` both back.
#![allow(unsafe_code, reason = "a host hands over addresses; each function says what it trusts the host for")]

use std::alloc::{Layout, alloc, dealloc};

/// Memory for so many bytes; null when there is none.
///
/// # Safety
/// Nothing is asked of the host.
#[unsafe(no_mangle)]
pub extern "C" fn take(length: usize) -> *mut u8 {
    match Layout::array::<u8>(length.max(1)) {
        // SAFETY: the layout is not empty.
        Ok(layout) => unsafe { alloc(layout) },
        Err(_) => std::ptr::null_mut(),
    }
}

/// Frees what `take` or `answer` handed out.
///
/// # Safety
/// The host passes an address that `take` returned for this length, or `answer` with this length, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn give(at: *mut u8, length: usize) {
    if let Ok(layout) = Layout::array::<u8>(length.max(1)) {
        // SAFETY: the caller's promise.
        unsafe { dealloc(at, layout) };
    }
}

/// Answers the question in memory: the answer's address in the upper half, its length in the lower.
///
/// # Safety
/// The host passes an address from `take` for this length, and has written every byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn answer(at: *const u8, length: usize) -> u64 {
    // SAFETY: the caller's promise.
    let bytes = unsafe { std::slice::from_raw_parts(at, length) };
    let answer = crate::answer(&String::from_utf8_lossy(bytes)).into_bytes().into_boxed_slice();
    let length = answer.len() as u64;
    let at = Box::into_raw(answer).cast::<u8>() as u64;
    (at << 32) | length
}
