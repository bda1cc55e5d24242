// A Safe transaction as an application makes it that knows Safe's own SDK and nothing of Portcullis: made, signed by
// each owner and executed with @safe-global/protocol-kit, on a Safe that may have Portcullis as its guard.
//
//   SAFE=0x… NODE=http://… OWNERS=ANN,BOB PAYER=PAYER node tools/protocol-kit.mjs TRANSACTION…
//
// TRANSACTION is a file in the format of `portcullis simulate`; OWNERS and PAYER name the variables that hold the keys.
// stdout has a line of JSON for each. Ends with 3 where the policy denied one, and with 0 where all were executed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Safe from "@safe-global/protocol-kit";
import { createPublicClient, decodeErrorResult, http } from "viem";

const root = join(import.meta.dirname, "..");

const variable = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`the environment variable ${name} is not set`);
  return value;
};

// What the chain returned, wherever the SDK's error keeps it.
const revertData = (error) => {
  for (let cause = error; cause; cause = cause.cause) {
    for (const data of [cause.raw, cause.data]) {
      if (typeof data === "string" && /^0x[0-9a-f]{8,}$/i.test(data)) return data;
    }
  }
  return undefined;
};

// Why the hook refused, as docs/reason-codes.md names it.
const reason = (data) => {
  const { abi } = JSON.parse(readFileSync(join(root, "crates/bindings/artifacts/PolicyHook.json"), "utf8"));
  const { errorName, args } = decodeErrorResult({ abi, data });
  if (errorName !== "Denied") return { error: errorName };
  const [number, effect, rule] = args;
  const pattern = new RegExp(`^\\| ${number} \\| \`(\\w+)\` \\| ([^|]*) \\| ([^|]*) \\|`, "m");
  const [, name, cause, remedy] = pattern.exec(readFileSync(join(root, "docs/reason-codes.md"), "utf8"));
  return { number, name, cause, remedy, effect, rule };
};

const [provider, safeAddress] = [variable("NODE"), variable("SAFE")];
const owners = variable("OWNERS").split(",").map(variable);
const payer = variable(variable("PAYER"));
const chain = createPublicClient({ transport: http(provider) });

const execute = async (file) => {
  const { actions } = JSON.parse(readFileSync(file, "utf8"));
  let kit = await Safe.init({ provider, signer: owners[0], safeAddress });
  let transaction = await kit.createTransaction({ transactions: actions });
  for (const signer of owners) {
    kit = await kit.connect({ signer });
    transaction = await kit.signTransaction(transaction);
  }
  const safeTxHash = await kit.getTransactionHash(transaction);
  kit = await kit.connect({ signer: payer });
  try {
    const { hash } = await kit.executeTransaction(transaction);
    const { status } = await chain.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error(`transaction ${hash} is in the chain, and failed`);
    return { safeTxHash, transaction: hash };
  } catch (error) {
    const data = revertData(error);
    if (!data) throw error;
    return { safeTxHash, denied: reason(data) };
  }
};

for (const file of process.argv.slice(2)) {
  const outcome = await execute(file);
  console.log(JSON.stringify(outcome));
  if (outcome.denied) {
    const { error, name, number, cause, remedy } = outcome.denied;
    console.error(`${file}: ${error ?? `denied: ${name} (${number}): ${cause} ${remedy}`}`);
    process.exitCode = 3;
  }
}
