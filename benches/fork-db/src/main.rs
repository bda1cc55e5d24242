//! One call on a node's state through foundry-fork-db: `fork-db URL BLOCK CHAIN_ID TIME BENEFICIARY FROM TO DATA`.
//! Prints how long it took from the first request to the result, in milliseconds, and the gas that it used.
//!
//! The block's environment is given, so that only what the fork database asks for is measured.

use std::time::Instant;

use alloy_provider::network::AnyNetwork;
use alloy_provider::{Provider, ProviderBuilder};
use alloy_rpc_types::BlockId;
use eyre::{Result, WrapErr, bail, eyre};
use foundry_fork_db::{BlockchainDb, SharedBackend, cache::BlockchainDbMeta};
use revm::context::{BlockEnv, Context, TxEnv};
use revm::database::CacheDB;
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Address, B256, Bytes, TxKind, U256};
use revm::{ExecuteEvm, MainBuilder, MainContext};

/// The most that one transaction may use since EIP-7825.
const GAS_LIMIT: u64 = 1 << 24;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, block, chain_id, time, beneficiary, from, to, data] = &words[..] else {
        bail!("give a URL, a block, a chain's id, a time, a beneficiary, a sender, a target and calldata");
    };
    let number: u64 = block.parse().wrap_err("the block")?;
    let chain_id: u64 = chain_id.parse().wrap_err("the chain's id")?;
    let env = BlockEnv {
        number: U256::from(number.checked_add(1).ok_or_else(|| eyre!("the block is the last"))?),
        timestamp: U256::from(time.parse::<u64>().wrap_err("the time")?),
        beneficiary: beneficiary.parse::<Address>().wrap_err("the beneficiary")?,
        gas_limit: u64::MAX,
        basefee: 0,
        prevrandao: Some(B256::ZERO),
        ..BlockEnv::default()
    };
    let transaction = TxEnv::builder()
        .caller(from.parse::<Address>().wrap_err("the sender")?)
        .kind(TxKind::Call(to.parse::<Address>().wrap_err("the target")?))
        .data(data.parse::<Bytes>().wrap_err("the calldata")?)
        .chain_id(Some(chain_id))
        .gas_limit(GAS_LIMIT)
        .build()
        .map_err(|error| eyre!("{error:?}"))?;

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().wrap_err("no runtime")?;
    let _inside = runtime.enter();
    let started = Instant::now();
    let provider =
        ProviderBuilder::new().network::<AnyNetwork>().connect_http(url.parse().wrap_err("the node's URL")?).erased();
    let meta = BlockchainDbMeta::new(env.clone(), url.clone());
    let backend = SharedBackend::<AnyNetwork>::spawn_backend_thread(
        provider,
        BlockchainDb::new(meta, None),
        Some(BlockId::number(number)),
    );
    let context = Context::mainnet()
        .with_db(CacheDB::new(backend))
        .modify_cfg_chained(|cfg| {
            cfg.chain_id = chain_id;
            cfg.disable_nonce_check = true;
            cfg.set_spec_and_mainnet_gas_params(SpecId::OSAKA);
        })
        .with_block(env);
    let ran = context.build_mainnet().transact(transaction).map_err(|error| eyre!("{error:?}"))?;
    let took = started.elapsed();
    if !ran.result.is_success() {
        bail!("the call fails: {:?}", ran.result);
    }
    println!("{}", serde_json::json!({ "ms": took.as_secs_f64() * 1_000.0, "gas": ran.result.tx_gas_used() }));
    Ok(())
}
