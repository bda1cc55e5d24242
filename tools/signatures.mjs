// Writes crates/report/src/signatures.txt: what functions, events and errors of common standards and contracts are
// called, as their own packages say. Nobody writes that file by hand.
//
//   npm install --no-save --prefix FOLDER @openzeppelin/contracts@5.4.0 @uniswap/permit2-sdk@1.4.0 \
//     canonical-weth@1.4.0 @lidofinance/lido-ethereum-sdk@4.9.0
//   node tools/signatures.mjs FOLDER/node_modules node_modules > crates/report/src/signatures.txt
//
// Of two that name the arguments of one signature differently, the one that comes first here counts.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, ours] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const version = (folder) => read(join(folder, "package.json")).version;

const find = (folder, name) => {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) {
      const found = find(path, name);
      if (found) return found;
    } else if (entry === name) {
      return path;
    }
  }
  return undefined;
};

// A JSON file with an ABI, or one that is an ABI.
const artifacts = (folder, names) =>
  names.flatMap((name) => {
    const path = find(folder, `${name}.json`);
    if (!path) throw new Error(`${folder} has no ${name}.json`);
    const artifact = read(path);
    return Array.isArray(artifact) ? artifact : artifact.abi;
  });

const modules = async (folder, paths) => {
  const all = [];
  for (const path of paths) {
    const loaded = await import(pathToFileURL(join(folder, path)));
    all.push(...Object.values(loaded).filter(Array.isArray).flat());
  }
  return all;
};

// The deposit contract is no package: solidity_deposit_contract/deposit_contract.sol of ethereum/consensus-specs.
const bytes = (name) => ({ name, type: "bytes" });
const deposit = [
  {
    type: "function",
    name: "deposit",
    inputs: [bytes("pubkey"), bytes("withdrawal_credentials"), bytes("signature"), { name: "deposit_data_root", type: "bytes32" }],
  },
  { type: "function", name: "get_deposit_root", inputs: [] },
  { type: "function", name: "get_deposit_count", inputs: [] },
  {
    type: "event",
    name: "DepositEvent",
    inputs: ["pubkey", "withdrawal_credentials", "amount", "signature", "index"].map(bytes),
  },
];

const openzeppelin = join(packages, "@openzeppelin/contracts");
const lido = join(packages, "@lidofinance/lido-ethereum-sdk");
const permit2 = join(packages, "@uniswap/permit2-sdk");
const weth = join(packages, "canonical-weth");
const safes = [
  ["@safe-global/safe-smart-account", ["Safe", "MultiSend", "MultiSendCallOnly", "SafeProxyFactory", "SignMessageLib", "CreateCall", "CompatibilityFallbackHandler", "SimulateTxAccessor", "SafeMigration"]],
  ["@safe-global/safe-contracts", ["Safe", "SafeProxyFactory", "CompatibilityFallbackHandler"]],
  ["@gnosis.pm/safe-contracts", ["GnosisSafe", "GnosisSafeProxyFactory", "CompatibilityFallbackHandler"]],
];

const sections = [
  [
    `ERC-20, ERC-721, ERC-1155, ERC-2612 and ERC-4626: @openzeppelin/contracts ${version(openzeppelin)}`,
    artifacts(openzeppelin, [
      "IERC20", "IERC20Metadata", "IERC20Permit", "IERC20Errors", "IERC721", "IERC721Metadata", "IERC721Enumerable",
      "IERC721Receiver", "IERC721Errors", "IERC1155", "IERC1155MetadataURI", "IERC1155Receiver", "IERC1155Errors",
      "IERC4626", "IERC1271",
    ]),
  ],
  ...safes.map(([name, contracts]) => [
    `Safe: ${name} ${version(join(ours, name))}`,
    artifacts(join(ours, name, "build/artifacts"), contracts),
  ]),
  [`Permit2: @uniswap/permit2-sdk ${version(permit2)}`, artifacts(join(permit2, "dist/cjs"), ["Permit2"])],
  [`WETH: canonical-weth ${version(weth)}`, artifacts(join(weth, "build"), ["WETH9"])],
  ["The deposit contract: ethereum/consensus-specs, solidity_deposit_contract/deposit_contract.sol", deposit],
  [
    `Lido: @lidofinance/lido-ethereum-sdk ${version(lido)}`,
    await modules(lido, ["dist/esm/core/abi/lido.js", "dist/esm/wrap/abi/wsteth.js", "dist/esm/unsteth/abi/unsteth-abi.js"]),
  ],
];

const type = (input) =>
  input.type.startsWith("tuple") ? `(${input.components.map(type).join(",")})${input.type.slice(5)}` : input.type;
const input = (one) => [type(one), one.indexed ? "indexed" : "", one.name ?? ""].filter(Boolean).join(" ");
const seen = new Set();
const lines = ["# Written by tools/signatures.mjs. Edit that, not this."];
for (const [title, abi] of sections) {
  const found = [];
  for (const item of abi.filter((item) => ["function", "event", "error"].includes(item.type))) {
    const key = `${item.type} ${item.name}(${item.inputs.map((one) => type(one) + (one.indexed ? "!" : "")).join(",")})`;
    if (seen.has(key)) continue;
    seen.add(key);
    found.push(`${item.type} ${item.name}(${item.inputs.map(input).join(",")})`);
  }
  lines.push(`# ${title}`, ...found.sort());
}
console.log(lines.join("\n"));
