// Usage: node compare.mjs MODULE QUESTIONS. Each line of QUESTIONS is {"question", "answer"}; prints how many differ.
import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { load } from "../portcullis.mjs";

const [module, questions] = process.argv.slice(2);
const evaluate = await load(readFileSync(module));
const count = { cases: 0, allowed: 0, undecided: 0, differences: 0 };
for await (const line of createInterface({ input: createReadStream(questions) })) {
  const { question, answer } = JSON.parse(line);
  const found = evaluate(question);
  count.cases += 1;
  count.allowed += found.allowed === true ? 1 : 0;
  count.undecided += "undecided" in found ? 1 : 0;
  if (!isDeepStrictEqual(found, answer)) {
    count.differences += 1;
    if (count.differences <= 5) console.error(`${line}\n  here: ${JSON.stringify(found)}`);
  }
}
console.log(JSON.stringify(count));
process.exitCode = count.differences === 0 && count.cases > 0 ? 0 : 1;
