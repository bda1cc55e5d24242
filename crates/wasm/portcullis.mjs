// Loads portcullis_wasm.wasm and answers questions with it. No network, no clock: the caller brings both.

/** @param {BufferSource} bytes the module */
export async function load(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const { memory, take, give, answer } = instance.exports;

  /** What the hook will do: an object with `allowed`, or with `undecided` and `read`, or with `error`. */
  return function evaluate(question) {
    const text = new TextEncoder().encode(JSON.stringify(question));
    const at = take(text.length);
    if (at === 0) throw new Error("out of memory");
    new Uint8Array(memory.buffer, at, text.length).set(text);
    // A trap ends the instance and throws here, so it is never taken for an answer.
    const packed = BigInt.asUintN(64, answer(at, text.length));
    give(at, text.length);
    const [found, length] = [Number(packed >> 32n), Number(packed & 0xffffffffn)];
    const result = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(memory.buffer, found, length));
    give(found, length);
    return JSON.parse(result);
  };
}
