/** What comes of an expression for an entry. */
import type { Expression } from "./expression.ts";
import type { Log } from "./log.ts";
import type { Subject, Test } from "./subject.ts";

/** Evaluates from left to right, and no more than is needed. */
export function evaluate(expression: Expression<Test>, subject: Subject, log: Log | undefined): boolean {
  if (expression.op === "test") {
    const { name, words, test } = expression;
    const shown = test.shown ?? words;
    log?.write(test.logsItself || shown.length === 0 ? name : `${name}(${shown.join(",")})`);
    const result = test.matches(subject, log);
    log?.result(result);
    return result;
  }
  if (expression.op === "!") {
    log?.write("!");
    return !evaluate(expression.of, subject, log);
  }
  log?.write("(");
  let result = evaluate(expression.left, subject, log);
  if (result === (expression.op === "&&")) {
    log?.write(expression.op);
    result = evaluate(expression.right, subject, log);
  }
  log?.write(")");
  return result;
}
