import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { STAGES } from '../../sidecar/api/index.ts';

/** Files that are not part of the service. */
const OF_TESTS = /\.test\.ts$|^testing\//;

/**
 * For tests of the documentation: every reason that a run, the queue or the history can give, found in the sources. A
 * reason is the value of a parameter or a property called `reason`, as a literal in UpperCamelCase; the second of a list
 * that begins with a stage; and the name of a property whose value is a list that begins with a stage.
 * @param dir the sources. Routes (`http/`) have reasons of their own, which are not among them.
 */
export function reasonsInCode(dir: string): Set<string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !OF_TESTS.test(file) && !file.startsWith('http'))
    .map(file => readFileSync(join(dir, file), 'utf8'))
    .map((text, index) => ts.createSourceFile(`${index}.ts`, text, ts.ScriptTarget.Latest, true));
  const shared = new Map([['StageError', 1], ...files.flatMap(file => takersOf(file, true))]);
  return new Set(files.flatMap(file => reasonsOf(file, new Map([...shared, ...takersOf(file)]))));
}

/** @returns functions that take a reason, and which of their parameters that is. */
function takersOf(file: ts.SourceFile, isExported = false): [string, number][] {
  const found: [string, number][] = [];
  const look = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const isVariable = ts.isVariableDeclaration(node.parent);
      const name = (isVariable ? node.parent : node).name?.getText();
      const at = node.parameters.findIndex(parameter => parameter.name.getText() === 'reason');
      const statement = isVariable ? node.parent.parent.parent : node;
      const fits = !isExported || statement.getText().startsWith('export ');
      if (name && at >= 0 && fits) found.push([name, at]);
    }
    node.forEachChild(look);
  };
  look(file);
  return found;
}

/** @param places what takes a reason: `new StageError(stage, reason, …)` and functions */
function reasonsOf(file: ts.SourceFile, places: ReadonlyMap<string, number>): string[] {
  const found: string[] = [];
  const addText = (text: string) => {
    if (/^[A-Z][A-Za-z]+$/.test(text)) found.push(text);
  };
  const add = (node: ts.Node | undefined) => {
    if (node && ts.isStringLiteral(node)) addText(node.text);
  };
  const look = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const at = places.get(node.expression.getText());
      if (at !== undefined) add(node.arguments?.[at]);
    } else if (ts.isPropertyAssignment(node) && node.name.getText() === 'reason') {
      add(node.initializer);
    } else if (ts.isPropertyAssignment(node) && beginsWithStage(node.initializer)) {
      addText(node.name.getText());
    } else if (beginsWithStage(node)) {
      add(node.elements[1]);
    }
    node.forEachChild(look);
  };
  look(file);
  return found;
}

/** A failure is also written as a list of what a `StageError` takes, so that it can be spread into one. */
const beginsWithStage = (node: ts.Node): node is ts.ArrayLiteralExpression => {
  const first = ts.isArrayLiteralExpression(node) ? node.elements[0] : undefined;
  return (
    first !== undefined && ts.isStringLiteral(first) && STAGES.some(stage => stage === first.text)
  );
};
