use alloy_primitives::Address;

/// A program of one rule, written by hand from `docs/program.md`: transfers of `token` to `payee` of at most
/// 255 units pass.
pub(crate) fn pay_only(token: Address, payee: Address) -> Vec<u8> {
    let directory = 64;
    let entries = directory + 3 * 2;
    let bodies = entries + 32 * 2;
    let body = [&[0x01, 0, 0, 0, 0, 0, 0x03, 0, 0, (bodies + 13) as u8, 0x05, 1, 255][..]].concat();
    let list = [&[0, 1, 0][..], payee.as_slice()].concat();
    let entry = |kind: u8, offset: u8, length: u8| {
        [&[kind][..], token.as_slice(), &[0; 4], &[0, 0, 0, 0, offset, 0, length]].concat()
    };

    let mut program = vec![0x00, 0x01, 0x00, 0];
    program.extend([0, 0, 0x02, 0]); // kind 2 has keys of subject only
    program.push(0); // no limits
    program.extend(86_400_u32.to_be_bytes());
    program.extend([0; 6]);
    program.extend([0, 1]);
    program.extend([0; 11]);
    program.extend([0; 32]);
    program.extend([0, 0, entries as u8, 0, 0, bodies as u8]);
    program.extend(entry(0x00, 0, 1)); // the token is an ERC-20
    program.extend(entry(0x42, bodies as u8, 13));
    program.extend(body);
    program.extend(list);
    program
}
