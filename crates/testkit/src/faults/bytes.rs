//! Small changes of a program's bytes.

use std::ops::Range;

/// Changes one, if it is there.
pub(super) fn change(program: &mut [u8], at: usize, change: impl FnOnce(u8) -> u8) {
    if let Some(byte) = program.get_mut(at) {
        *byte = change(*byte);
    }
}

/// Adds or takes one; nothing beyond the ends.
pub(super) fn bump(program: &mut [u8], number: Range<usize>, up: bool) {
    let Some(number) = program.get_mut(number) else { return };
    let (end, start) = if up { (0xff, 0) } else { (0, 0xff) };
    if number.iter().all(|byte| *byte == end) {
        return;
    }
    for byte in number.iter_mut().rev() {
        if *byte != end {
            *byte = if up { byte.wrapping_add(1) } else { byte.wrapping_sub(1) };
            return;
        }
        *byte = start;
    }
}
