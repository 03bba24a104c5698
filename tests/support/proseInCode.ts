import ts from 'typescript';
import { STAGES } from '../../sidecar/api/index.ts';

export interface Prose {
  /** Where it is shown: `message` and `hint` of a failure or a log line, `text` for other strings, `comment`. */
  kind: 'message' | 'hint' | 'text' | 'comment';
  line: number;
  /** `…` is in place of each value. A comment is without its marks and in one line. */
  text: string;
}

/** Which argument of a call is what. Functions with parameters of these names are found by themselves. */
const TAKERS: ReadonlyMap<string, readonly Place[]> = new Map([
  ['StageError', [at(2, 'message'), at(3, 'hint')]],
]);
interface Place {
  index: number;
  kind: 'message' | 'hint';
}
function at(index: number, kind: Place['kind']): Place {
  return { index, kind };
}

const LOG_CALL = /(?:^|\.)log(?:ger)?\??\.(?:debug|info|warn|error|fatal)$/;
const PROPERTIES: ReadonlyMap<string, Place['kind']> = new Map([
  ['message', 'message'],
  ['hint', 'hint'],
  ['detail', 'message'],
]);

/** @returns every text of a source that a person reads, with its place */
export function proseOf(file: string, source: string): Prose[] {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  return [...stringsOf(parsed), ...commentsOf(parsed, source)];
}

function stringsOf(file: ts.SourceFile): Prose[] {
  const takers = new Map([...TAKERS, ...takersOf(file)]);
  const found = new Map<ts.Node, Prose>();
  const add = (node: ts.Node | undefined, kind: Prose['kind']): void => {
    if (node === undefined) return;
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) add(node.expression, kind);
    else if (ts.isConditionalExpression(node)) {
      add(node.whenTrue, kind);
      add(node.whenFalse, kind);
    } else if (ts.isBinaryExpression(node)) {
      const isFallback = node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
      if (isFallback && !isLiteral(node.right, text => text === '')) add(node.right, kind);
    } else if (isText(node) && !found.has(node)) {
      found.set(node, { kind, line: lineOf(file, node.getStart()), text: textOf(node) });
    }
  };
  const look = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isLiteralTypeNode(node)) return;
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const callee = node.expression.getText();
      for (const { index, kind } of takers.get(callee) ?? []) add(node.arguments?.[index], kind);
      if (LOG_CALL.test(callee)) add(node.arguments?.at(-1), 'message');
    } else if (ts.isPropertyAssignment(node)) {
      const kind = PROPERTIES.get(node.name.getText());
      if (kind) add(node.initializer, kind);
    } else if (ts.isArrayLiteralExpression(node) && isFailure(node)) {
      add(node.elements[2], 'message');
      add(node.elements[3], 'hint');
    }
    if (isText(node) && !found.has(node) && isProse(textOf(node))) add(node, 'text');
    node.forEachChild(look);
  };
  look(file);
  return [...found.values()];
}

/** @returns functions of the file that take a message or a hint */
function takersOf(file: ts.SourceFile): [string, Place[]][] {
  const found: [string, Place[]][] = [];
  const look = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const name = (ts.isVariableDeclaration(node.parent) ? node.parent : node).name?.getText();
      const places = node.parameters.flatMap((parameter, index) => {
        const kind = PROPERTIES.get(parameter.name.getText());
        return kind ? [at(index, kind)] : [];
      });
      if (name && places.length > 0) found.push([name, places]);
    }
    node.forEachChild(look);
  };
  look(file);
  return found;
}

/** A failure is also written as a list of what a `StageError` takes: stage, reason, message, hint, class. */
const isFailure = ({ elements }: ts.ArrayLiteralExpression): boolean =>
  elements.length >= 4 &&
  STAGES.some(stage => isLiteral(elements[0], text => text === stage)) &&
  isLiteral(elements[1], text => /^[A-Z]/.test(text));

const isLiteral = (node: ts.Node | undefined, fits: (text: string) => boolean): boolean =>
  node !== undefined && ts.isStringLiteral(node) && fits(node.text);

const isText = (
  node: ts.Node
): node is ts.StringLiteral | ts.NoSubstitutionTemplateLiteral | ts.TemplateExpression =>
  ts.isStringLiteral(node) ||
  ts.isNoSubstitutionTemplateLiteral(node) ||
  ts.isTemplateExpression(node);

const textOf = (
  node: ts.StringLiteral | ts.NoSubstitutionTemplateLiteral | ts.TemplateExpression
): string =>
  ts.isTemplateExpression(node)
    ? node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('')
    : node.text;

/** Two words beside each other, and not a statement of SQL or a line of a script. */
const isProse = (text: string): boolean =>
  /[a-z,…] [a-z…]/.test(text) &&
  !/\b(SELECT|INSERT|UPDATE|DELETE|PRAGMA|ALTER|exec|echo|LC_ALL)\b|\$[1-9]/.test(text);

const lineOf = (file: ts.SourceFile, position: number): number =>
  file.getLineAndCharacterOfPosition(position).line + 1;

function commentsOf(file: ts.SourceFile, source: string): Prose[] {
  const found = new Map<number, Prose>();
  const look = (node: ts.Node): void => {
    const ranges = [
      ...(ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.getEnd()) ?? []),
    ];
    for (const { pos, end } of ranges) {
      found.set(pos, {
        kind: 'comment',
        line: lineOf(file, pos),
        text: commentText(source.slice(pos, end)),
      });
    }
    node.getChildren(file).forEach(look);
  };
  look(file);
  return [...found.values()];
}

const commentText = (comment: string): string =>
  comment
    .replace(/^\/\*+|\*+\/$/g, '')
    .replace(/^\s*(?:\/\/|\*)/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
