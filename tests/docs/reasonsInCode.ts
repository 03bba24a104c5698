import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Parts that are no part of the service. */
const OF_TESTS = /\.test\.ts$|^testing\//;

/**
 * For tests of the documentation: every reason that a run, the queue or the history can give, found in the sources. A
 * reason is what stands for a parameter or a property called `reason`, as a literal in UpperCamelCase.
 * @param dir the sources. What only answers requests (`http/`) has reasons of its own.
 */
export function reasonsInCode(dir: string): Set<string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !OF_TESTS.test(file) && !file.startsWith('http'))
    .map(file => readFileSync(join(dir, file), 'utf8'))
    .map((text, index) => ts.createSourceFile(`${index}.ts`, text, ts.ScriptTarget.Latest, true));
  return new Set(files.flatMap(reasonsOf));
}

function reasonsOf(file: ts.SourceFile): string[] {
  // `new StageError(stage, reason, …)`, and the functions of this file that take a reason.
  const places = new Map([['StageError', 1]]);
  const found: string[] = [];
  const add = (node: ts.Node | undefined) => {
    if (node && ts.isStringLiteral(node) && /^[A-Z][A-Za-z]+$/.test(node.text))
      found.push(node.text);
  };
  const learn = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const name = (ts.isVariableDeclaration(node.parent) ? node.parent : node).name?.getText();
      const at = node.parameters.findIndex(parameter => parameter.name.getText() === 'reason');
      if (name && at >= 0) places.set(name, at);
    }
    node.forEachChild(learn);
  };
  const look = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const at = places.get(node.expression.getText());
      if (at !== undefined) add(node.arguments?.[at]);
    } else if (ts.isPropertyAssignment(node) && node.name.getText() === 'reason') {
      add(node.initializer);
    }
    node.forEachChild(look);
  };
  learn(file);
  look(file);
  return found;
}
