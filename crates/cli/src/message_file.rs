//! Messages from files: typed data as `eth_signTypedData_v4` takes it.

use crate::policy_file;
use alloy_dyn_abi::eip712::TypedData;
use eyre::{Result, WrapErr, ensure, eyre};
use portcullis_attest::SignedMessage;
use std::path::Path;

/// A message, and what it is called.
#[derive(Debug)]
pub(crate) struct MessageFile {
    pub(crate) message: SignedMessage,
    /// The type, as its hash wants it written.
    pub(crate) kind: String,
}

/// Reads a message.
pub(crate) fn load(path: &Path) -> Result<MessageFile> {
    parse(&policy_file::text(path)?).wrap_err_with(|| path.display().to_string())
}

fn parse(text: &str) -> Result<MessageFile> {
    let help = "write `types`, `primaryType`, `domain` and `message`, as eth_signTypedData_v4 takes them";
    let typed: TypedData = serde_json::from_str(text).wrap_err(help)?;
    let bad = |error: alloy_dyn_abi::Error| eyre!("{error}").wrap_err("the message does not fit its types");
    let kind = typed.encode_type().map_err(bad)?;
    let message = SignedMessage {
        domain: typed.domain.separator(),
        type_hash: typed.type_hash().map_err(bad)?,
        encoded: typed.encode_data().map_err(bad)?.into(),
    };
    // What is shown to the chain must hash to what wallets sign.
    let signed = typed.eip712_signing_hash().map_err(bad)?;
    ensure!(signed == message.digest(), "the message's digest `{signed}` is not that of its parts");
    Ok(MessageFile { message, kind })
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// The example of EIP-712 itself.
    const MAIL: &str = r#"{
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" }, { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" }, { "name": "verifyingContract", "type": "address" }
            ],
            "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
            "Mail": [
                { "name": "from", "type": "Person" }, { "name": "to", "type": "Person" },
                { "name": "contents", "type": "string" }
            ]
        },
        "primaryType": "Mail",
        "domain": {
            "name": "Ether Mail", "version": "1", "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"
        },
        "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!"
        }
    }"#;

    #[test]
    fn parts_hash_to_what_wallets_sign() {
        let mail = parse(MAIL).unwrap();
        let digest = "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2";
        assert_eq!(mail.message.digest().to_string(), digest);
        assert_eq!(mail.kind, "Mail(Person from,Person to,string contents)Person(string name,address wallet)");
    }

    #[test]
    fn what_is_no_typed_data_is_told_what_to_write() {
        for text in ["{}", "[]", "{\"types\": {}}", "hello"] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.starts_with("write `types`, `primaryType`, `domain` and `message`"), "{error}");
        }
        let error =
            format!("{:#}", parse(&MAIL.replace("\"contents\": \"Hello, Bob!\"", "\"content\": \"\"")).unwrap_err());
        assert!(error.starts_with("the message does not fit its types"), "{error}");
    }
}
